"""Measuring once more, and with a trial of the router's port where the person agrees to one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tui.conductor import Conductor
from tui.networks import PRACTICE
from tui.saying import Saying
from tui.settings import Settings
from tui.sources import Opened

if TYPE_CHECKING:
    from probes.report import Report
    from tui.fixing.progress import Progress
    from tui.proving.proof import Proof
    from tui.sources import Source


class Remeasuring(Saying):
    """An app that measures the same source again."""

    settings: Settings
    conductor: Conductor

    if TYPE_CHECKING:

        @property
        def progress(self) -> Progress:
            """How far the person is with the fixes of the network that is looked at."""

        def report_now(self) -> Report:
            """What is known of what is looked at, with the paths as they were seen last."""

    def action_retest(self) -> None:
        """Measure the same source once more."""
        source = self.conductor.source
        if isinstance(source, Opened):
            self.say_elsewhere()
        elif source is not None:
            self.conductor.measure(source, self._held_against(source))

    def _held_against(self, source: Source) -> Proof | None:
        """What testing everything again is held against in Prove; None where it is the first test
        that comes to its end."""
        known = self.conductor.latest
        held = self.conductor.proofs.get(source.title)
        if known.title != source.title or not known.closed or known.fault:
            return held
        from tui.proving.proof import Proof
        from tui.proving.testing import before_of, followed

        before = before_of(self.progress, held, self.report_now())
        held = held or Proof(before)
        remedy = held.pretended[-1] if held.pretended else followed(self.progress)
        return replace(held, before=before, remedy=remedy, only=frozenset(), tested=True)

    def say_elsewhere(self) -> None:
        """Why nothing happens: no key makes another device measure."""
        self.say("This report was made elsewhere, so it cannot be measured again from here.")

    def action_map_test(self) -> None:
        """Ask once whether the router may be tried with a port, then measure with it."""
        if isinstance(self.conductor.source, Opened):
            self.say_elsewhere()
            return
        if self.conductor.latest.closed and not self.settings.options.map_test:
            from tui.explain.settling import trial_left

            if not trial_left(self.conductor.latest.report):
                from tui import content

                self.say(content.plain(content.notice("no-trial")))
                return
        source = self.conductor.source
        real = source is not None and not source.title.startswith(PRACTICE)
        if real and not self.settings.save:
            from tui import content

            self.say(content.notice("no-record"))
            return
        if self.settings.options.map_test:
            self.action_retest()
            return
        from tui.screens.consent import ConsentScreen

        self.push_screen(ConsentScreen(), self._consented)

    def _consented(self, yes: bool | None) -> None:
        if not yes:
            return
        options = replace(self.settings.options, map_test=True)
        self.settings = replace(self.settings, options=options)
        self.action_retest()
