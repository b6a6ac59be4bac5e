"""What stands in more than one schema: causes, and single changes."""

from __future__ import annotations

from probes.diagnosis.model import Actor, CauseId, Confidence, Result, Weight
from probes.diagnosis.remedies import RemedyId, Risk
from probes.diagnosis.what_if import Whose
from probes.model import CheckId
from probes.readings import KEYS
from tui.schemas.shapes import STRING, many, one_of, or_null, record

PROGRAM = record({"name": {"const": "whyrelay"}, "version": STRING})

READING_IDS = many({"enum": list(KEYS)}, "ids of readings")

CAUSE = record(
    {
        "id": one_of(CauseId),
        "weight": one_of(Weight),
        "confidence": one_of(Confidence),
        "acts": one_of(Actor, "who has to act"),
        "because": READING_IDS,
        "missing": READING_IDS,
    }
)

FLIP = or_null(
    record({"remedy": one_of(RemedyId), "side": one_of(Whose)}),
    "the first single change that makes it direct",
)

FIX = record(
    {
        "id": one_of(RemedyId),
        "side": one_of(Whose, "this is a, other is b"),
        "acts": one_of(Actor, "who has to act on that side"),
        "result": one_of(Result, "what the pair does then"),
        "risk": one_of(Risk),
        "retest": many(one_of(CheckId), "the checks that show whether it worked"),
    }
)
