"""`whyrelay pair A B`: the outlook for two devices, each side anything that `explain` takes."""

from __future__ import annotations

from tui.check import Form, measured
from tui.exits import Complaint, Exit
from tui.explaining import tell
from tui.json_view import to_text
from tui.output import NobodyReads, plain_ascii, require_stdout, say, unicode_stdout, write_out
from tui.pair_view import Given, exit_of, pair_of, pair_to_json, pair_to_text
from tui.reading import read_input
from tui.settings import Settings

HERE = "-"
"""Stands for this network, measured now."""


def run_pair(sides: tuple[str, str], settings: Settings, form: Form, *, virtual: bool) -> Exit:
    """Read, measure if asked to, write the prediction, and return the status. Raises Complaint."""
    require_stdout()
    if sides == (HERE, HERE):
        raise Complaint("One side can be this network; the other has to be a file.")
    # Files first: what cannot be read is told before anything is measured.
    given = {where: _read(where, settings) for where in sides if where != HERE}
    if HERE in sides:
        report = measured(settings, form, virtual=virtual)
        title = settings.source.title if settings.source is not None else "this network"
        given[HERE] = Given(title, report)
    a, b = (given[where] for where in sides)
    if settings.privacy:
        from tui.masking import Masker

        masker = Masker()  # one for both: equal addresses stay equal
        a, b = (Given(each.name, masker.report(each.report)) for each in (a, b))
    found = pair_of(a, b)
    if form is Form.JSON:
        text = to_text(pair_to_json(found), ascii_only=settings.ascii or not unicode_stdout())
    else:
        text = pair_to_text(found, masked=settings.privacy)
        text = plain_ascii(text) if settings.ascii else text
    try:
        write_out(text)
    except NobodyReads as error:
        say(str(error))
    return exit_of(found.prediction.result)


def _read(where: str, settings: Settings) -> Given:
    found = read_input(where)
    tell(found, redact=settings.privacy)
    return Given(found.name, found.report)
