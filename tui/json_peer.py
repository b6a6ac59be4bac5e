"""The pair with the chosen peer as JSON: the shape of ``pair --json``, with the path of today."""

from __future__ import annotations

from probes.diagnosis.model import Cause
from probes.diagnosis.peer import PeerOutlook
from probes.diagnosis.what_if import Fix
from probes.readings.codec import Json


def peer_to_json(found: PeerOutlook) -> Json:
    """What is to be expected of the connection with one peer."""
    return {
        "name": found.name,
        "path": str(found.path),
        "via": found.via or None,
        "nat": str(found.nat),
        "hints": [{"id": str(each.id), "because": each.because} for each in found.hints],
        "result": str(found.result),
        "mechanism": str(found.mechanism),
        "family": None if found.family is None else found.family.value,
        "relay": None if found.relay is None else str(found.relay),
        "because": list(found.because),
        "missing": list(found.missing),
        "confidence": str(found.confidence),
        "flip": flip_to_json(found.flip),
        "remedies": [fix_to_json(each) for each in found.fixes],
    }


def cause_to_json(cause: Cause) -> Json:
    """A cause, with the readings that carry it."""
    return {
        "id": str(cause.id),
        "weight": str(cause.weight),
        "confidence": str(cause.confidence),
        "acts": str(cause.acts),
        "because": list(cause.because),
        "missing": list(cause.missing),
    }


def flip_to_json(fix: Fix | None) -> Json:
    """The first change that makes it direct."""
    return None if fix is None else {"remedy": str(fix.remedy.id), "side": str(fix.side)}


def fix_to_json(fix: Fix) -> Json:
    """A change on one side, and what the pair does then."""
    return {
        "id": str(fix.remedy.id),
        "side": str(fix.side),
        "acts": str(fix.remedy.acts),
        "result": str(fix.result),
        "risk": str(fix.remedy.risk),
        "retest": [str(check) for check in fix.remedy.retest],
    }
