"""`whyrelay check`: measure and conclude, without a screen.

What only some runs want, and what is wanted after the first packet, is imported where it is used.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from enum import Enum
from importlib import import_module
from typing import Any

from probes.events import Event, Observed, Progressed
from probes.model import CheckId, Failed
from probes.readings import relays, tailscale
from probes.report import Report, broken_off, reduce
from probes.values import dataclass
from tui.exits import Complaint, Exit
from tui.interrupt import run_interruptibly
from tui.narration import Narrator, narrator
from tui.output import NobodyReads, require_stdout, say, write_out
from tui.settings import Settings
from tui.sources import Source, closing


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
    report = told(settings, source, form, virtual=virtual)
    from tui.answer import answer

    found = answer(
        report,
        as_json=form is Form.JSON,
        ascii_only=settings.ascii,
        peer=settings.options.peer,
        masked=settings.privacy,
    )
    try:
        write_out(found.text)
    except NobodyReads as error:
        # Whoever took the first lines and left had enough: the verdict stands.
        say(str(error))
    _complain_about_recording(settings, source)
    return found.status


def measured(settings: Settings, form: Form, *, virtual: bool) -> Report:
    """Measure, and narrate it; for whoever writes another answer. Nothing in it is masked."""
    source = source_of(replace(settings, privacy=False))
    report = told(settings, source, form, virtual=virtual)
    _complain_about_recording(settings, source)
    return report


def told(
    settings: Settings, source: Source, form: Form, *, virtual: bool, ear: Narrator | None = None
) -> Report:
    """Measure a source to its end, and narrate it."""
    still = form is Form.PLAIN or settings.reduced_motion
    if ear is None:
        ear = narrator(by_line=still, ascii_only=settings.ascii)
    run = _Run(settings, source, ear, None if virtual else form)
    try:
        report = run_interruptibly(run.measure, _runner(virtual=virtual))
    finally:
        ear.end()
    if not report.closed:
        say("The recording ends before its run did; here is what it holds.")
        return broken_off(report)
    return report


def source_of(settings: Settings) -> Source:
    """What is measured: masked and recorded where that was asked for."""
    source = settings.source
    if source is None:
        from tui.networks import Everything

        source = Everything().this()
    if settings.privacy:
        from tui.masking import Masked

        source = Masked(source)
    if settings.record is not None:
        from tui.recorder import Recorded

        source = Recorded(source, settings.record)
    return source


def _complain_about_recording(settings: Settings, source: Source) -> None:
    """A recording that is not whole is told after the answer."""
    if settings.record is not None:
        from tui.recorder import Recorded

        if isinstance(source, Recorded) and source.fault is not None:
            raise source.fault


def _runner(*, virtual: bool) -> Callable[[Coroutine[Any, Any, Report | None]], Report | None]:
    if virtual:
        from probes.network.simulated import run_virtual

        return run_virtual
    return asyncio.run


@dataclass(slots=True)
class _Run:
    settings: Settings
    source: Source
    ear: Narrator
    form: Form | None
    """What will be needed for the answer; None: nobody waits meanwhile."""

    async def measure(self) -> Report:
        """The run, to its end. Raises Complaint."""
        report = Report()
        async with closing(self.source.run(self.settings.options)) as run:
            async for event in run:
                report = reduce(report, event)
                self.ear.tell(report, event)
                self._complain_about_map(event)
                self._complain_about_peer(report, event)
                if self.form is not None and _waits_for_answers(event):
                    _load_meanwhile(self.form)
                    self.form = None
        return report

    def _complain_about_map(self, event: Event) -> None:
        """A relay map that the person named and that cannot be had is unreadable input."""
        if (
            self.settings.options.derp_map
            and isinstance(event, Observed)
            and event.key == relays.MAP_SOURCE.id
            and isinstance(event.reading, Failed)
        ):
            raise Complaint(event.reading.error)

    def _complain_about_peer(self, report: Report, event: Event) -> None:
        """A name that fits none of the tailnet's devices, or several, is wrong usage."""
        asked = self.settings.options.peer
        # Under a mask no name fits any more: there the run's own look decides.
        looked_up = _LOOKED_UP_MASKED if self.settings.privacy else _LOOKED_UP
        if asked and isinstance(event, Observed) and event.key in looked_up:
            from tui.which_peer import which_peer

            why = which_peer(report, asked, masked=self.settings.privacy)
            if why:
                raise Complaint(why)


_LOOKED_UP_MASKED = (tailscale.CHOSEN.id,)
_LOOKED_UP = (tailscale.PEERS.id, *_LOOKED_UP_MASKED)


def _waits_for_answers(event: Event) -> bool:
    """The first requests are out."""
    if not isinstance(event, Progressed):
        return False
    return event.check is not CheckId.LOCAL and event.total > 0


def _load_meanwhile(form: Form) -> None:
    """Import what the answer is written with, while the network is waited for.

    In a thread that yields within half a millisecond, so that no answer waits for it. It saves
    about what a near relay takes to answer.
    """

    def load() -> None:
        with suppress(Exception):  # whoever needs a broken module imports it again, and is told
            import_module("tui.answer")
            import_module("tui.json_view" if form is Form.JSON else "tui.plain")

    sys.setswitchinterval(0.0005)
    threading.Thread(target=load, daemon=True).start()
