"""`whyrelay explain`: conclude from what was measured elsewhere, without a screen."""

from __future__ import annotations

import sys

from probes.report import Report
from tui.answer import answer
from tui.exits import Exit
from tui.output import NobodyReads, require_stdout, say, write_out
from tui.reading import Input
from tui.terminal import is_terminal, unfit


def app_wanted(*, piped: bool) -> bool:
    """Whether the answer is for eyes at a terminal: nothing takes it that comes after this program.

    `piped`: standard input is what is read, so that the keys have to come from elsewhere.
    """
    return is_terminal(sys.__stdout__) and not unfit(keys=not piped)


def conclude(given: Input, *, as_json: bool, ascii_only: bool, redact: bool) -> Exit:
    """Write what follows, and return the status. Raises Complaint."""
    require_stdout()
    tell(given, redact=redact)
    report = shown(given.report, redact=redact)
    found = answer(report, as_json=as_json, ascii_only=ascii_only, elsewhere=True, masked=redact)
    try:
        write_out(found.text)
    except NobodyReads as error:
        say(str(error))
    return found.status


def tell(given: Input, *, redact: bool) -> None:
    """What was read, and what could not be: narration. A line's text may hold addresses."""
    say(f"Read from {given.name}: {', '.join(given.holds)}.")
    for note in given.notes:
        say(note.partition(", beginning with:")[0] + "." if redact else note)


def shown(report: Report, *, redact: bool) -> Report:
    """The report, masked where that was asked for."""
    if not redact:
        return report
    from tui.masking import Masker

    return Masker().report(report)
