"""Coming back: what was begun before the program ended, offered again; and on another network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.state import Measurement, Step

if TYPE_CHECKING:
    from tui.app import WhyrelayApp
    from tui.fixing.progress import Progress
    from tui.sources import Source


class Returning:
    """What was begun earlier, and whether the network at hand is the one where that was."""

    def __init__(self, app: WhyrelayApp) -> None:
        self.found: Progress | None = None
        """What was worked on last, before this start; None where nothing was."""
        self._app = app
        self._looked = False
        self._wanted: Progress | None = None
        self._seen: Measurement | None = None

    def look(self) -> Progress | None:
        """Look it up, once."""
        if not self._looked:
            self._looked = True
            self.found = self._app.keeper.latest()
        return self.found

    def welcome(self) -> None:
        """Say so, where the row that goes on with it is seen."""
        if self.found is not None:
            from tui import content

            self._app.say(content.fixing("welcome back"))

    def go_on(self) -> tuple[Source, Step] | None:
        """Where to go on: what to measure, and the step. None where nothing was begun."""
        if self.found is None:
            return None
        from tui.fixing.progress import HERE
        from tui.networks import PRACTICE

        held = self._app.keeper.progress
        self._seen = None  # what is measured already is looked at once more
        self._wanted = found = held if held.key == self.found.key else self.found
        networks = self._app.networks
        name = found.title.removeprefix(PRACTICE)
        source = networks.this() if found.title == HERE else networks.open(name)
        return source, found.step

    def entered(self, step: Step) -> None:
        """The person went to a step: where they are is kept, if anything is."""
        if step not in (Step.FIX, Step.PROVE) or not self._app.keeper.progress.begun:
            return
        from dataclasses import replace

        keeper = self._app.keeper
        keeper.change(replace(keeper.progress, step=step))

    def measured(self) -> None:
        """A run is over, so it shows which network this is."""
        held = self._app.conductor.latest
        if not held.closed or held is self._seen:
            return
        self._seen = held
        keeper = self._app.keeper
        before = self._wanted if self._wanted is not None else keeper.progress
        here = keeper.open(held.title, held.report.network_id)
        if not here.key:
            return  # nothing tells which network it is, or it is nobody's to come back to
        wanted, self._wanted = self._wanted, None
        same = before.title == here.title and before.begun and before.key
        if same and before.key != here.key and not here.begun:
            self._ask(before, held)
        elif here.begun and wanted is None and before is not here and before.title != here.title:
            from tui import content

            self._app.say(content.fixing("begun here"))

    def _ask(self, before: Progress, held: Measurement) -> None:
        from tui import content
        from tui.screens.fix_ask import AskScreen
        from tui.widgets.page import prose

        words = content.fill(content.fixing("another network"), way=describe(before))
        # A text of ours with a name of ours in it: nothing of it came from a network.
        screen = AskScreen(
            "Another network", [prose(words)], yes="Go on with it here", no="No, begin anew"
        )

        def answered(yes: bool | None) -> None:
            if yes:
                self._app.keeper.adopt(before, held.title, held.report.network_id)
                self._app.conductor.show_again()

        self._app.push_screen(screen, answered)


def describe(progress: Progress) -> str:
    """What is to be gone on with, in a few words."""
    from probes.diagnosis.remedies import RemedyId
    from tui import content

    remedy = progress.goes_on.partition(":")[0]
    if remedy in set(RemedyId):
        return content.label(RemedyId(remedy))
    return content.fixing("some fix")


def standing(progress: Progress) -> str:
    """How far that change is, and since when. What was ticked for others is said as theirs."""
    from tui.explain.words import number

    way = progress.goes_on
    elsewhere = sum(map(len, progress.ticked.values()))
    if done := len(progress.ticked.get(way, ())):
        steps = f"{number(done, 'step')} done"
    elif way and way == progress.under_way:
        steps = "begun"
    else:
        of_another = f", {elsewhere} of another change" if elsewhere else ""
        steps = f"no step done yet{of_another}"
    day = progress.saved_at[:10]
    return f"{steps}, {day}" if day else steps
