"""What a verdict means to a script."""

from __future__ import annotations

from typing import assert_never

from probes.diagnosis.model import Verdict
from tui.exits import Exit


def exit_status(verdict: Verdict) -> Exit:
    """The exit status."""
    match verdict:
        case Verdict.DIRECT:
            return Exit.DIRECT
        case Verdict.DEPENDS | Verdict.RELAYED:
            return Exit.RELAYED
        case Verdict.UNKNOWN:
            return Exit.UNKNOWN
        case _:
            assert_never(verdict)
