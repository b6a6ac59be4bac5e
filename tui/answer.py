"""What follows from a report, as the text of `check` and the exit status that goes with it."""

from __future__ import annotations

from probes.diagnosis.diagnose import diagnose
from probes.report import Report
from probes.values import dataclass
from tui.exits import Exit
from tui.explain import headline
from tui.output import plain_ascii, unicode_stdout
from tui.status import exit_status


@dataclass(frozen=True, slots=True)
class Answer:
    """What is printed, and how the program ends."""

    text: str
    status: Exit


def answer(
    report: Report,
    *,
    as_json: bool,
    ascii_only: bool,
    elsewhere: bool = False,
    peer: str = "",
    masked: bool = False,
) -> Answer:
    """Conclude, and put it in words or in JSON. `elsewhere`: the report was given, not measured;
    `masked`: its addresses and names are masks."""
    diagnosis = diagnose(report, peer)
    if as_json:
        from tui.json_view import report_to_json, to_text

        sentence = headline(diagnosis, report)
        value = report_to_json(report, diagnosis, sentence, elsewhere=elsewhere)
        text = to_text(value, ascii_only=ascii_only or not unicode_stdout())
    else:
        from tui.plain import report_to_text

        text = report_to_text(report, diagnosis, masked=masked)
        text = plain_ascii(text) if ascii_only else text
    return Answer(text, exit_status(diagnosis.verdict))
