"""Fix: one cause at a time, its ways out with the cheapest first, and the steps of one of them."""

from __future__ import annotations

from dataclasses import replace

from tui import content
from tui.command import Command
from tui.commands import (
    COPY,
    EXPLAIN,
    IMPOSSIBLE,
    MAP_TEST,
    NEXT,
    PALETTE,
    QUIT,
    RETEST,
    RUN,
    SHOW,
    TICK,
)
from tui.fixing.circumstances import Brand, System
from tui.fixing.progress import Progress
from tui.fixing.ways import key_of, name_of
from tui.screens import fix_run
from tui.screens.fix_list import At
from tui.screens.fix_page import TRY_FIRST
from tui.screens.fix_view import FixView
from tui.state import Step
from tui.terminal import may_refuse_copies
from tui.widgets.rows import RowList
from tui.widgets.steps import StepPage

_TO_TEST = ("nothing known", "broke off", "peer offline")
"""States out of which another test leads."""


class FixPane(FixView):
    """What Fix shows, and what can be done there."""

    def topic(self) -> str:
        """The way or the cause that the cursor is on."""
        if self._way is not None:
            return f"way:{key_of(self._way[1])}"
        kind, _, rest = self._rows.cursor.partition(":")
        cause = rest.partition(":")[0]
        return f"finding:cause:{cause}" if kind in ("cause", "again") else "step:fix"

    def to_copy(self) -> str:
        """The command of the step under the cursor; where it has none, the page."""
        command = step.command if (step := self._step) is not None else None
        return self._page.page.plain() if command is None else command.text

    def to_copy_name(self) -> str:
        """What that is."""
        step = self._step
        has = step is not None and step.command is not None
        return f"the command ({SHOW.key} shows it alone)" if has else super().to_copy_name()

    def copied(self) -> None:
        """A command that may not have arrived is shown by itself, to be selected."""
        step = self._step
        if step is not None and step.command is not None and may_refuse_copies():
            self._show_alone()

    def footer(self) -> tuple[Command, ...]:
        """A step can be ticked, run or copied only where there is one; what is to be done before
        any step has the keys for that."""
        step, at = self._step, self._way
        if step is None or at is None:
            state = self._state()
            first = (MAP_TEST,) if state == TRY_FIRST else (RETEST,) if state in _TO_TEST else ()
            return (*first, NEXT, EXPLAIN, PALETTE, QUIT)
        if step.command is None:
            return super().footer()
        does = RUN if self._hindrance(step, at[1]) is None else COPY
        return (TICK, does, IMPOSSIBLE, NEXT, PALETTE, QUIT)

    # --- moving about -----------------------------------------------------------------------------

    def on_descendant_focus(self) -> None:
        """On a narrow screen the list makes room for the steps while they are read."""
        self.set_class(self._page.has_focus, "-reading")

    def on_row_list_moved(self, message: RowList.Moved) -> None:
        """The cursor came to another row."""
        self._explain()
        progress = self._progress
        if progress.begun and (at := self._way) is not None:
            self.whyrelay.keeper.change(self._here(progress, at))

    def on_row_list_chosen(self, message: RowList.Chosen) -> None:
        """To the steps; from a cause to its first way, wherever that stands."""
        plan, again = self._listed.plans.get(message.id), self._listed.again.get(message.id)
        if again is not None:
            plan = replace(again.plan, ways=again.again)
        if plan is not None:
            self._rows.cursor = self._listed.row_of(self._first_of(plan) or plan.ways[0])
        elif message.id in self._listed.ways:
            self._page.to_steps()

    def on_step_page_moved(self) -> None:
        """What a key does depends on the step."""
        self.keys_changed()

    def on_step_page_ticked(self, message: StepPage.Ticked) -> None:
        """The mouse."""
        self._tick(message.id)

    def _here(self, progress: Progress, at: At) -> Progress:
        return replace(progress, step=Step.FIX, cause=str(at[0].cause.id), way=key_of(at[1]))

    def _change(self, progress: Progress) -> None:
        """Another state: kept, and shown."""
        at = self._way
        if at is not None:
            progress = self._here(progress, at)
        self.whyrelay.keeper.change(progress, self.whyrelay.report_now())
        self._changed_here()

    def _changed_here(self) -> None:
        self._books, self._mattering = {}, {}
        self._rows.redraw(*self._rows.ids)
        self._explain()
        self._tell_done()

    # --- what can be done -------------------------------------------------------------------------

    def act(self, what: str) -> None:
        """One of the step's own actions."""
        if what == "anew":
            self._begin_anew()
        elif not self._listed.ways:
            self.whyrelay.say("There is nothing to fix here yet.")
        elif what in ("tick", "impossible", "run") and self._way is None:
            before = self._rows.cursor
            self.on_row_list_chosen(RowList.Chosen(self._rows, before))
            if self._rows.cursor == before:
                self.whyrelay.say(content.fixing("choose a change"))
        elif what in ("tick", "impossible") and self.measurement.running:
            self.whyrelay.say("Wait until the measuring is over: more may come of it.")
        else:
            self._act(what)

    def _act(self, what: str) -> None:
        match what:
            case "tick":
                if (step := self._step) is not None:
                    self._tick(step.id)
            case "impossible":
                self._cannot()
            case "run":
                self._ask_to_run()
            case "show":
                self._show_alone()
            case "system":
                self._pick("For which system?", System, self._circumstances().system)
            case "router":
                self._pick("Which router is it?", Brand, self._circumstances().brand)
            case _:
                raise ValueError(what)

    def _begin_anew(self) -> None:
        if not self._progress.begun:
            self.whyrelay.say("Nothing was begun here: there is nothing to forget.")
            return
        from tui.screens.consent import ConsentScreen

        def answered(yes: bool | None) -> None:
            if yes:
                self.whyrelay.keeper.forget()
                self._changed_here()
                self.whyrelay.say("Begun anew: no step is ticked.")

        self.app.push_screen(ConsentScreen("anew", "Yes, forget it"), answered)

    def _tick(self, step: str) -> None:
        at = self._way
        if at is None:
            return
        key, steps = key_of(at[1]), [each.id for each in self._book(self._rows.cursor).steps]
        done = not self._progress.done(key, step)
        self._page.cursor = step
        self._change(self._progress.with_tick(key, step, done))
        if not done:
            return
        held = self._progress
        after = [*steps[steps.index(step) + 1 :], *steps[: steps.index(step)]]
        waiting = next((each for each in after if not held.done(key, each)), "")
        if waiting:
            self._page.cursor = waiting
        else:
            self.whyrelay.say(content.fixing("now prove"))

    def _cannot(self) -> None:
        at = self._way
        if at is None:
            return
        key = key_of(at[1])
        impossible = key not in self._progress.impossible
        self._change(self._progress.with_impossible(key, impossible))
        if not impossible:
            self.whyrelay.say(content.fixing("is possible"))
            return
        row = self._listed.after(at[0], self._not_to_begin)
        if row:
            plan, way = self._listed.ways[row]
            self._rows.cursor = row
            same = plan is at[0]
            lead = "Next" if same else "Nothing else helps there. For the next cause"
            self.whyrelay.say(f"{lead}: {name_of(way)}.")
        else:
            self.whyrelay.say(content.fixing("nothing left"))

    def _pick(self, question: str, kind: type[System] | type[Brand], now_: System | Brand) -> None:
        from tui.screens.fix_pick import PickScreen

        choices = [("", "as found")] + [(each.value, content.label(each)) for each in kind]

        def picked(choice: str | None) -> None:
            if choice is None:
                return
            name = "system" if kind is System else "brand"
            progress = self._progress
            self._change(
                replace(progress, system=choice)
                if name == "system"
                else replace(progress, brand=choice)
            )

        self.app.push_screen(PickScreen(question, choices, now_.value), picked)

    def _show_alone(self) -> None:
        step = self._step
        if step is None or step.command is None:
            self.whyrelay.say("This step has no command.")
            return
        from tui.screens.fix_show import ShowScreen

        self.app.push_screen(ShowScreen(step.command.text, step.command.shell))

    def _ask_to_run(self) -> None:
        at, step = self._way, self._step
        if at is None or step is None or step.command is None:
            self.whyrelay.say("This step has no command to run.")
            return
        why_not = self._hindrance(step, at[1])
        if why_not is not None:
            self.whyrelay.say(f"Not run from here: {content.label(why_not)}.")
            return
        of, session = (key_of(at[1]), step.id), self._logged_in()
        fix_run.ask_to_run(self.whyrelay, step.command, of, session, self._change)
