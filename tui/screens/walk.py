"""The one screen with the five steps. A step is imported and made when it is first visited."""

from __future__ import annotations

from asyncio import Lock
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import ContentSwitcher, Input

from tui import content
from tui.commands import WALK
from tui.screens.pane import Pane
from tui.screens.panes import first_step, make
from tui.sources import Opened, Source
from tui.state import STEPS, Measurement, Step
from tui.widgets.keybar import KeyBar
from tui.widgets.masthead import Masthead
from tui.widgets.note import Note

if TYPE_CHECKING:
    from tui.app import WhyrelayApp
    from tui.screens.prove import ProvePane


class WalkScreen(Screen[object]):
    """Masthead, the step that is seen, and the keys."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        *(command.binding() for command in WALK if command.keys),
        Binding("escape", "leave", "Back to the list", show=False),
    ]

    @property
    def whyrelay(self) -> WhyrelayApp:
        """The app, by its own type."""
        return cast("WhyrelayApp", self.app)

    def compose(self) -> ComposeResult:
        """The first step is there with the first paint."""
        self.step = first_step(self.whyrelay.settings.source)
        self._going = Lock()
        pane = self._make(self.step)
        yield Masthead()
        with ContentSwitcher(initial=str(self.step)):
            yield pane
        yield Note()
        yield KeyBar()

    def on_mount(self) -> None:
        """Follow the app."""
        app, masthead = self.whyrelay, self.query_one(Masthead)
        masthead.masked = app.privacy
        self.watch(app, "measurement", self._measured)
        self.watch(app, "followed", self._followed, init=False)
        self.watch(app, "beat", lambda beat: setattr(masthead, "beat", beat))
        self.watch(app, "privacy", lambda masked: setattr(masthead, "masked", masked))
        self.watch(app, "note", lambda text: setattr(self.query_one(Note), "text", text))
        self._entered(self.pane)

    def on_screen_resume(self) -> None:
        """Seen again, after another screen."""
        self.whyrelay.say_here()

    def _make(self, step: Step) -> Pane:
        """A step's pane, with the style sheet that lies beside it."""
        sheet, known = Path(__file__).with_name(f"{step}.tcss"), self.app.stylesheet
        if not known.has_source(str(sheet), ""):
            known.read(sheet)
            known.parse()
        return make(step)

    def _measured(self, measurement: Measurement) -> None:
        masthead = self.query_one(Masthead)
        if measurement.title != masthead.measurement.title:
            masthead.seen = masthead.achieved = frozenset()
        masthead.measurement = measurement
        self._followed()
        proof = self.whyrelay.conductor.proofs.get(measurement.title)
        if proof is not None and proof.pretended:
            masthead.achieved |= {Step.FIX}
        self._seen()

    def _followed(self) -> None:
        """The path to the device at the other end may be another one."""
        chosen, masthead = self.whyrelay.measurement.chosen, self.query_one(Masthead)
        now = () if chosen is None else self.whyrelay.peers_now(self.whyrelay.measurement)
        masthead.peer = next((each for each in now if chosen and each.key == chosen.key), chosen)

    def _seen(self) -> None:
        """What there is to know of a step was there when the person looked."""
        masthead = self.query_one(Masthead)
        if masthead.measurement.closed:
            masthead.seen |= {self.step}

    def on_pane_keys(self) -> None:
        """Other keys matter in the step that is seen."""
        self.query_one(KeyBar).commands = self.pane.footer()

    def on_pane_achieved(self, message: Pane.Achieved) -> None:
        """Something came of a step."""
        masthead, step = self.query_one(Masthead), frozenset({message.step})
        masthead.achieved = masthead.achieved | step if message.so else masthead.achieved - step

    @property
    def pane(self) -> Pane:
        """The step that is seen."""
        return self.query_one(f"#{self.step}", Pane)

    async def go(self, step: Step) -> None:
        """Go to a step.

        The step is the one before until the new one is there: while that is made, other things
        happen, and they ask for the pane of the step.
        """
        async with self._going:
            if step is self.step:
                return
            switcher = self.query_one(ContentSwitcher)
            if not switcher.query(f"#{step}"):
                await switcher.add_content(self._make(step), id=str(step))
            before, self.step = self.pane, step
            before.rest()
            switcher.current = str(step)
            self._entered(self.pane)

    def _entered(self, pane: Pane) -> None:
        self.query_one(Masthead).step = self.step
        self._seen()
        self.query_one(KeyBar).commands = pane.footer()
        self.whyrelay.returning.entered(self.step)
        pane.wake()
        if (target := pane.first_focus()) is not None:
            target.focus()

    async def on_masthead_step_clicked(self, message: Masthead.StepClicked) -> None:
        """A step was clicked."""
        await self.go(message.step)

    def choose(self, source: Source, peer: str = "") -> None:
        """Look at a source, measuring it if need be, with one peer in mind."""
        self.whyrelay.leave_pings(source.title, peer)
        self.whyrelay.conductor.look(source, peer)
        self.call_later(self._look_at, first_step(source), "tailscale" if peer else "")

    async def _look_at(self, step: Step, row: str) -> None:
        """Go to a step, with the cursor on a line of it."""
        await self.go(step)
        if row:
            await self.pane.point_at(row)

    async def action_go(self, step: str) -> None:
        """Go to a step by its name."""
        self.whyrelay.clear_notifications()
        await self.go(Step(step))

    async def action_next(self) -> None:
        """The next step."""
        await self._move(1)

    async def action_back(self) -> None:
        """The step before."""
        await self._move(-1)

    async def _move(self, by: int) -> None:
        self.whyrelay.clear_notifications()
        at = STEPS.index(self.step) + by
        if 0 <= at < len(STEPS):
            await self.go(STEPS[at])

    async def action_retest(self) -> None:
        """Measure again, and watch it; in Prove, what the change touches."""
        if self.step is Step.PROVE:
            self._proving().test_again()
            return
        self.whyrelay.action_retest()
        await self.go(Step.MEASURE)

    def _proving(self) -> ProvePane:
        return cast("ProvePane", self.pane)

    async def action_pretend(self) -> None:
        """On a practice network, the change under the cursor counts as done."""
        from tui.screens.fix import FixPane

        pane, way = self.pane, ""
        if isinstance(pane, FixPane):
            way = pane.looked_at
            if way and pane.cannot_pretend():
                self.whyrelay.say(content.proof("not pretended"))
                return
        await self.go(Step.PROVE)
        self._proving().pretend(way)

    async def action_ping(self) -> None:
        """Ping the peer under the cursor, or stop."""
        await self.go(Step.PROVE)
        self._proving().ping()

    async def action_watch_paths(self) -> None:
        """Begin to watch the paths, or stop."""
        await self.go(Step.PROVE)
        self._proving().watch_paths()

    async def action_save(self) -> None:
        """Keep before and after as a file."""
        await self.go(Step.PROVE)
        self._proving().save()

    def action_afresh(self) -> None:
        """A practice network as it was before anything was pretended on it."""
        app = self.whyrelay
        proof = app.conductor.proofs.get(app.conductor.latest.title)
        if proof is None or proof.afresh is None:
            app.say("Nothing was pretended here.")
            return
        app.conductor.proofs.pop(proof.afresh.title)
        app.conductor.measure(proof.afresh)

    async def action_take(self) -> None:
        """Measure what the cursor is on."""
        from tui.screens.choose import ChoosePane

        await self.go(Step.CHOOSE)
        cast(ChoosePane, self.pane).take()

    def action_open(self) -> None:
        """Paste or name what was measured elsewhere, and look at it."""
        from tui.screens.open import OpenScreen

        def opened(source: Opened | None) -> None:
            if source is not None:
                self.choose(source)

        self.app.push_screen(OpenScreen(), opened)

    def action_events(self) -> None:
        """Everything that the run told."""
        from tui.screens.events import EventsScreen

        self.app.push_screen(EventsScreen())

    async def action_plot(self) -> None:
        """Between bars and a plot of the relays' latency."""
        from tui.screens.measure import MeasurePane

        await self.go(Step.MEASURE)
        cast(MeasurePane, self.pane).toggle_plot()

    def action_other_side(self) -> None:
        """Paste or name what was measured at the other end of what is looked at."""
        from tui.screens.open import OpenScreen
        from tui.state import OtherSide

        async def answered(found: Opened | None) -> None:
            if found is not None:
                self.whyrelay.conductor.pair_with(OtherSide(found.title, found.report))
                await self.go(Step.UNDERSTAND)
                await self.pane.point_at("pair:measured")

        self.app.push_screen(OpenScreen("other-answer"), answered)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What comes before all other keys is typed where one types."""
        return action != "filter" or not isinstance(self.focused, Input)

    def action_forget_answer(self) -> None:
        """The other side is not known any more."""
        conductor = self.whyrelay.conductor
        if conductor.latest.other is None:
            self.whyrelay.say("There is no answer of the other side to forget.")
            return
        conductor.pair_with(None)
        self.whyrelay.say("The other side's answer is forgotten.")

    async def action_filter(self) -> None:
        """To the filter of the list of networks."""
        from tui.screens.choose import ChoosePane

        await self.go(Step.CHOOSE)
        cast(ChoosePane, self.pane).filter()

    async def action_evidence(self) -> None:
        """Between the words and the readings behind them."""
        from tui.screens.understand import UnderstandPane

        await self.go(Step.UNDERSTAND)
        cast(UnderstandPane, self.pane).toggle_evidence()

    async def action_go_on(self) -> None:
        """Back to the fix that was begun before this start."""
        found = self.whyrelay.returning.go_on()
        if found is None:
            self.whyrelay.say("Nothing was begun before.")
            return
        source, step = found
        self.whyrelay.conductor.look(source)
        self.whyrelay.returning.measured()
        await self.go(step)

    async def action_fix(self, what: str) -> None:
        """An action of Fix. Elsewhere it leads there first, and changes nothing unseen."""
        from tui.screens.fix import FixPane

        seen = self.step is Step.FIX
        if not seen and what == "tick":
            return
        await self.go(Step.FIX)
        if seen or what != "impossible":
            cast(FixPane, self.pane).act(what)
        else:
            self.whyrelay.say(content.fixing("choose what cannot be"))

    def action_copy(self) -> None:
        """What is selected with the mouse, else what is explained."""
        if selected := self.get_selected_text():
            self.whyrelay.copy_text(selected, "the selection")
        elif text := self.pane.to_copy():
            self.whyrelay.copy_text(text, self.pane.to_copy_name())
            self.pane.copied()
        else:
            self.whyrelay.say("There is nothing to copy here.")

    def action_copy_verdict(self) -> None:
        """The verdict and the fields."""
        from tui.screens.summary import summary

        self.whyrelay.copy_text(summary(self.whyrelay.measurement), "the verdict")

    def action_leave(self) -> None:
        """From a detail back to its list."""
        self.clear_selection()
        if (target := self.pane.first_focus()) is not None:
            target.focus()

    def topic(self) -> str:
        """The help topic of what the cursor is on."""
        return self.pane.topic()
