"""`whyrelay check`: measure and conclude, without a screen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from enum import Enum
from typing import Any, assert_never

from probes.diagnosis.diagnose import diagnose
from probes.diagnosis.model import Diagnosis
from probes.events import Event, Observed
from probes.model import Failed
from probes.readings import relays
from probes.report import Report, reduce
from tui.exits import Complaint, Exit
from tui.interrupt import run_interruptibly
from tui.narration import Narrator, narrator
from tui.output import NobodyReads, plain_ascii, require_stdout, say, unicode_stdout, write_out
from tui.recorder import Recorded
from tui.settings import Settings
from tui.sources import Source, closing
from tui.status import exit_status


class Form(Enum):
    """How the answer is written."""

    JSON = "json"
    PLAIN = "plain"
    """Asked for: nothing moves the cursor, the narration neither."""
    DEFAULT = "default"


def run_check(settings: Settings, form: Form, *, virtual: bool) -> Exit:
    """Measure, write what was found, and return the status. Raises Complaint.

    `virtual`: a practice network has a clock of its own, for which nobody need wait.
    """
    require_stdout()
    source = source_of(settings)
    ear = narrator(by_line=form is Form.PLAIN, ascii_only=settings.ascii)
    try:
        report = run_interruptibly(
            lambda: _measure(settings, source, ear), _runner(virtual=virtual)
        )
    finally:
        ear.end()
    if not report.closed:
        say("The recording ends before its run did; here is what it holds.")
    diagnosis = diagnose(report)
    try:
        write_out(rendered(report, diagnosis, form, settings))
    except NobodyReads as error:
        # Whoever took the first lines and left had enough: the verdict stands.
        say(str(error))
    if isinstance(source, Recorded) and source.fault is not None:
        raise source.fault
    return exit_status(diagnosis.verdict)


def source_of(settings: Settings) -> Source:
    """What is measured: masked and recorded where that was asked for."""
    source = settings.source
    if source is None:
        from tui.networks import Everything

        source = Everything().this()
    if settings.privacy:
        from tui.masking import Masked

        source = Masked(source)
    return source if settings.record is None else Recorded(source, settings.record)


def _runner(*, virtual: bool) -> Callable[[Coroutine[Any, Any, Report | None]], Report | None]:
    if virtual:
        from probes.network.simulated import run_virtual

        return run_virtual
    return asyncio.run


def rendered(report: Report, diagnosis: Diagnosis, form: Form, settings: Settings) -> str:
    """The answer as text."""
    from tui.explain import headline

    match form:
        case Form.JSON:
            from tui.json_view import report_to_json, to_text

            value = report_to_json(report, diagnosis, headline(diagnosis, report))
            return to_text(value, ascii_only=settings.ascii or not unicode_stdout())
        case Form.PLAIN | Form.DEFAULT:
            from tui.plain import report_to_text

            text = report_to_text(report, diagnosis)
            return plain_ascii(text) if settings.ascii else text
        case _:
            assert_never(form)


async def _measure(settings: Settings, source: Source, ear: Narrator) -> Report:
    report = Report()
    async with closing(source.run(settings.options)) as run:
        async for event in run:
            report = reduce(report, event)
            ear.tell(report, event)
            _complain_about_map(settings, event)
    return report


def _complain_about_map(settings: Settings, event: Event) -> None:
    """A relay map that the person named and that cannot be had is unreadable input."""
    if (
        settings.options.derp_map
        and isinstance(event, Observed)
        and event.key == relays.MAP_SOURCE.id
        and isinstance(event.reading, Failed)
    ):
        raise Complaint(event.reading.error)
