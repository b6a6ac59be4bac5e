"""How good a verdict, and what to expect of one pair, is for the person."""

from __future__ import annotations

from probes.diagnosis.model import Result, Verdict
from tui.content import Tone

VERDICT_TONES = {
    Verdict.DIRECT: Tone.GOOD,
    Verdict.DEPENDS: Tone.NOTE,
    Verdict.RELAYED: Tone.BAD,
    Verdict.UNKNOWN: Tone.UNKNOWN,
}
RESULT_TONES = {
    Result.DIRECT: Tone.GOOD,
    Result.POSSIBLE: Tone.NOTE,
    Result.RELAYED: Tone.BAD,
    Result.UNKNOWN: Tone.UNKNOWN,
}
