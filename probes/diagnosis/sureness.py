"""Comparing how sure two conclusions are."""

from __future__ import annotations

from probes.diagnosis.model import Confidence

_ORDER = (Confidence.POSSIBLE, Confidence.LIKELY, Confidence.CERTAIN)


def rank(found: Confidence) -> int:
    """The higher, the surer."""
    return _ORDER.index(found)


def least(*found: Confidence) -> Confidence:
    """The weakest of several."""
    return min(found, key=rank)
