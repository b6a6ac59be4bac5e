"""What became of a cause, in words: for app and text. Pure."""

from __future__ import annotations

from probes.diagnosis.model import CauseId, Weight
from tui import content
from tui.content import plain
from tui.proving.compare import CauseFate, CauseLine

_STAYS = (CauseId.SAME_NETWORK, CauseId.BOTH_HARD)
"""What they say of the network may still hold where they are no obstacle any more."""


def harmless(each: CauseLine) -> bool:
    """It is known still, or may be so still, and stands in nobody's way."""
    if each.fate is CauseFate.GONE:
        return each.cause.id in _STAYS
    return each.fate is CauseFate.LIGHTER and each.cause.weight is Weight.NOTES


def fate_words(each: CauseLine) -> str:
    """What became of it: "gone", "no longer in the way"."""
    return plain(content.proof("harmless")) if harmless(each) else content.label(each.fate)


def fate_short(each: CauseLine) -> str:
    """In a word, for a narrow list; "" where the sign says as much."""
    if harmless(each):
        return plain(content.proof("harmless short"))
    if each.fate is CauseFate.STILL:
        return ""
    heft = each.fate in (CauseFate.LIGHTER, CauseFate.HEAVIER)
    return plain(content.proof(f"{each.fate} short")) if heft else content.label(each.fate)
