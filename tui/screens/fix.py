"""Fix: one cause at a time, its ways out with the cheapest first, and the steps of one of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar, assert_never

from textual.app import ComposeResult
from textual.content import Content
from textual.widget import Widget

from probes.diagnosis.model import Verdict, Weight
from probes.diagnosis.plan import CausePlan, Way, plan_of
from tui import content
from tui.content import Tone
from tui.explain import CauseText, explain_cause
from tui.fixing import offer
from tui.fixing.circumstances import Brand, Circumstances, System, circumstances
from tui.fixing.keeper import Trouble, now
from tui.fixing.offer import Hindrance
from tui.fixing.playbook import Command, Playbook, PlayStep, playbook
from tui.fixing.progress import Progress, Ran, RanState
from tui.fixing.running import Job, job, outcome, sudo_words
from tui.fixing.ways import first_open, key_of, name_of, next_after
from tui.screens import fix_page
from tui.screens.fix_run import can_step_aside, run_aside
from tui.screens.pane import Pane
from tui.session import Session, this_session
from tui.state import Measurement, Step
from tui.terminal import may_refuse_copies
from tui.widgets.page import Block, gap, heading, prose, title
from tui.widgets.rows import Row, RowList, head
from tui.widgets.steps import StepPage
from tui.widgets.text import fit, glyph, hint, join, say

if TYPE_CHECKING:
    from tui.screens.fix_ask import AskScreen

_ABOUT = "about"
"""The row that says how it stands, where there is nothing to list or not all of it yet."""


class FixPane(Pane):
    """The causes with their ways on the left, the steps of one way on the right."""

    STEP: ClassVar[Step] = Step.FIX

    def __init__(self) -> None:
        super().__init__()
        self._plans: dict[str, CausePlan] = {}
        self._ways: dict[str, tuple[CausePlan, Way]] = {}
        self._books: dict[str, Playbook] = {}
        self._found: Circumstances | None = None
        self._placed = ""
        self._session: Session | None = None

    def compose(self) -> ComposeResult:
        """The list, and one of its rows explained."""
        yield RowList("causes", panel="First things first")
        yield StepPage("remedy")

    # --- what there is ----------------------------------------------------------------------------

    @property
    def _rows(self) -> RowList:
        return self.query_one(RowList)

    @property
    def _page(self) -> StepPage:
        return self.query_one(StepPage)

    @property
    def _progress(self) -> Progress:
        return self.whyrelay.progress

    @property
    def looked_at(self) -> str:
        """The way under the cursor, as saved progress names it; "" for none."""
        return key_of(self._way[1]) if self._way is not None else ""

    @property
    def _way(self) -> tuple[CausePlan, Way] | None:
        """The way that the cursor is on."""
        return self._ways.get(self._rows.cursor)

    @property
    def _step(self) -> PlayStep | None:
        """The step that the cursor is on."""
        if self._way is None:
            return None
        steps = self._book(self._rows.cursor).steps
        return next((each for each in steps if each.id == self._page.cursor), steps[0])

    def _circumstances(self) -> Circumstances:
        """For whom: what was found, unless the person said otherwise."""
        assert self._found is not None
        progress, found = self._progress, self._found
        if progress.system in set(System):
            found = replace(found, system=System(progress.system), system_from="")
        if progress.brand in set(Brand):
            found = replace(found, brand=Brand(progress.brand), brand_from="")
        return found

    def _book(self, row: str) -> Playbook:
        if row not in self._books:
            plan, way = self._ways[row]
            found = self._circumstances()
            self._books[row] = playbook(way, plan.cause, self.measurement.report, found)
        return self._books[row]

    def first_focus(self) -> Widget | None:
        """The list."""
        return self._rows

    def topic(self) -> str:
        """The cause that the cursor is on, or whose way it is on."""
        kind, _, rest = self._rows.cursor.partition(":")
        cause = rest.partition(":")[0]
        return f"finding:cause:{cause}" if kind in ("cause", "way") else "step:fix"

    def to_copy(self) -> str:
        """The command of the step under the cursor; where it has none, the page."""
        command = step.command if (step := self._step) is not None else None
        return self._page.page.plain() if command is None else command.text

    def to_copy_name(self) -> str:
        """What that is."""
        step = self._step
        has = step is not None and step.command is not None
        return "the command (v shows it alone)" if has else super().to_copy_name()

    def copied(self) -> None:
        """A command that may not have arrived is shown by itself, to be selected."""
        step = self._step
        if step is not None and step.command is not None and may_refuse_copies():
            self._show_alone()

    # --- rendering --------------------------------------------------------------------------------

    def show(self, measurement: Measurement) -> None:
        """Render the plan as far as it is known."""
        report = measurement.report
        plans = plan_of(report, measurement.diagnosis) if measurement.title else ()
        self._found = circumstances(report)
        if self.whyrelay.privacy:  # a make and a system name nobody; what told of them may
            seen = circumstances(self.whyrelay.conductor.latest.report)
            self._found = replace(self._found, system=seen.system, brand=seen.brand)
        self._books = {}
        self._plans = {f"cause:{plan.cause.id}": plan for plan in plans}
        self._ways = {
            f"way:{plan.cause.id}:{key_of(way)}": (plan, way) for plan in plans for way in plan.ways
        }
        self._rows.set_rows(list(self._list()))
        self._place()
        self._explain()

    def _list(self) -> Iterator[Row]:
        state = _state(self.measurement, bool(self._plans))
        if state:
            tone = Tone.RUNNING if self.measurement.running else Tone.NOTE
            words = content.fixing(f"{state} short")
            yield Row(_ABOUT, lambda width: fit(join(glyph(tone), " ", say(words)), width))
        notes = any(each.cause.weight is not Weight.NOTES for each in self._plans.values())
        for row, plan in self._plans.items():
            if notes and plan.cause.weight is Weight.NOTES:
                yield head("Not in the way by themselves")
                notes = False
            yield Row(row, fix_page.cause_line(self._cause(plan)))
            for way in plan.ways:
                key = f"way:{plan.cause.id}:{key_of(way)}"
                yield Row(key, partial(self._lay_way, key, plan, way))

    def _lay_way(self, row: str, plan: CausePlan, way: Way, width: int) -> Content:
        progress, key = self._progress, key_of(way)
        ticked = progress.ticked.get(key, frozenset())
        steps = [each.id for each in self._book(row).steps] if ticked else []
        lay = fix_page.way_line(
            name_of(way),
            done=sum(each in ticked for each in steps),
            of=len(steps),
            impossible=key in progress.impossible,
            recommended=self._first_of(plan) is way,
            begin=row == self._begin(),
        )
        return lay(width)

    def _cause(self, plan: CausePlan) -> CauseText:
        return explain_cause(plan.cause, self.measurement.report)

    def _first_of(self, plan: CausePlan) -> Way | None:
        return first_open(plan, self._progress.impossible)

    def _place(self) -> None:
        """Once for each network: where the person was, or where to begin."""
        held = self.whyrelay.conductor.latest
        here = f"{held.title}|{held.report.network_id}|{held.closed}"
        if here == self._placed or not self._ways:
            return
        moved = self._placed.rpartition("|")[0] == here.rpartition("|")[0]
        self._placed = here
        progress = self._progress
        was = f"way:{progress.cause}:{progress.way}"
        if progress.begun and was in self._ways:
            self._rows.cursor = was
        elif not moved:
            self._rows.cursor = self._begin() or next(iter(self._ways))

    def _begin(self) -> str:
        """The row of the first way that is possible."""
        for plan in self._plans.values():
            if (way := self._first_of(plan)) is not None:
                return f"way:{plan.cause.id}:{key_of(way)}"
        return ""

    def _explain(self) -> None:
        row, page = self._rows.cursor, self._page
        if row in self._ways:
            self._explain_way(row)
        elif (plan := self._plans.get(row)) is not None:
            cause = self._cause(plan)
            ways = [name_of(way) for way in plan.ways]
            page.show(row, fix_page.cause_page(plan, cause, ways), title=cause.title)
        else:
            state = _state(self.measurement, bool(self._plans)) or "nothing known"
            words = content.fixing(state)
            page.show(row, _about(content.fixing(f"{state} short"), words), title="Fix")

    def _explain_way(self, row: str) -> None:
        shown = self._to_show(row)
        waiting = (step.id for step in shown.book.steps if not shown.done(step))
        self._page.show(
            f"{row}|{shown.found.system}|{shown.found.brand}",
            fix_page.before_steps(shown),
            fix_page.stops(shown),
            fix_page.after_steps(shown),
            title=self._cause(self._ways[row][0]).title,
            hint=hint("space ticks", "fix('tick')"),
            cursor=next(waiting, ""),
        )

    def _to_show(self, row: str) -> fix_page.Shown:
        plan, way = self._ways[row]
        book, progress, found = self._book(row), self._progress, self._circumstances()
        trouble = self.whyrelay.keeper.trouble if progress.begun else Trouble.NONE
        return fix_page.Shown(
            key=key_of(way),
            way=way,
            book=book,
            progress=progress,
            found=found,
            chosen=(progress.system in set(System), progress.brand in set(Brand)),
            hindrances={step.id: self._hindrance(step, way) for step in book.steps if step.command},
            session=self._logged_in(),
            recommended=self._first_of(plan) is way,
            trouble="" if trouble is Trouble.NONE else content.label(trouble),
        )

    def _logged_in(self) -> Session:
        if self._session is None:
            self._session = self.whyrelay.settings.session or this_session()
        return self._session

    def _hindrance(self, step: PlayStep, way: Way) -> Hindrance | None:
        assert step.command is not None
        assert self._found is not None
        is_root, has_sudo = offer.root_now()
        at = offer.Setting(
            title=self.measurement.title,
            report=self.measurement.report,
            whose=way.whose,
            shown=self._circumstances().system,
            found=self._found.system,
            steps_aside=can_step_aside(self.app),
            masked=self.whyrelay.privacy,
            measuring=self.measurement.running,
            is_root=is_root,
            has_sudo=has_sudo,
        )
        return offer.hindrance(step.command, at)

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
        """To the steps; from a cause to its first way."""
        plan = self._plans.get(message.id)
        way = None if plan is None else self._first_of(plan)
        if plan is not None and way is not None:
            self._rows.cursor = f"way:{plan.cause.id}:{key_of(way)}"
        elif message.id in self._ways:
            self._page.to_steps()

    def on_step_page_moved(self) -> None:
        """What a key does depends on the step, and nothing else does."""

    def on_step_page_ticked(self, message: StepPage.Ticked) -> None:
        """The mouse."""
        self._tick(message.id)

    def _here(self, progress: Progress, at: tuple[CausePlan, Way]) -> Progress:
        return replace(progress, step=Step.FIX, cause=str(at[0].cause.id), way=key_of(at[1]))

    def _change(self, progress: Progress) -> None:
        """Another state: kept, and shown."""
        at = self._way
        if at is not None:
            progress = self._here(progress, at)
        self.whyrelay.keeper.change(progress, self.whyrelay.conductor.latest.report)
        self._changed_here()

    def _changed_here(self) -> None:
        self._books = {}
        self._rows.redraw(*self._rows.ids)
        self._explain()

    # --- what can be done -------------------------------------------------------------------------

    def act(self, what: str) -> None:
        """One of the step's own actions."""
        if not self._ways:
            self.whyrelay.say("There is nothing to fix here yet.")
        elif what in ("tick", "impossible", "run") and self._way is None:
            self.on_row_list_chosen(RowList.Chosen(self._rows, self._rows.cursor))
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
            case "anew":
                self.whyrelay.keeper.forget()
                self._changed_here()
                self.whyrelay.say("Begun anew: no step is ticked.")
            case _:
                raise ValueError(what)

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
            self.whyrelay.say("All steps are done. Now prove it: press n.")

    def _cannot(self) -> None:
        at = self._way
        if at is None:
            return
        key = key_of(at[1])
        impossible = key not in self._progress.impossible
        self._change(self._progress.with_impossible(key, impossible))
        if not impossible:
            self.whyrelay.say("It is possible again.")
            return
        row = self._after(at[0])
        if row:
            plan, way = self._ways[row]
            self._rows.cursor = row
            same = plan is at[0]
            lead = "Next" if same else "Nothing else helps there. Next cause"
            self.whyrelay.say(f"{lead}: {name_of(way)}.")
        else:
            self.whyrelay.say(content.fixing("nothing left"))

    def _after(self, plan: CausePlan) -> str:
        """The row to go on with, where a way is not possible."""
        found = next_after(list(self._plans.values()), plan, self._progress.impossible)
        return "" if found is None else f"way:{found[0].cause.id}:{key_of(found[1])}"

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

        self.app.push_screen(ShowScreen(step.command.text))

    # --- running a command ------------------------------------------------------------------------

    def _ask_to_run(self) -> None:
        at, step = self._way, self._step
        if at is None or step is None or step.command is None:
            self.whyrelay.say("This step has no command to run.")
            return
        why_not = self._hindrance(step, at[1])
        if why_not is not None:
            self.whyrelay.say(f"Not run from here: {content.label(why_not)}.")
            return
        command, (is_root, _) = step.command, offer.root_now()
        undo = command.undo if command.cuts else ""
        ready = job(command.text, as_root=command.as_root, is_root=is_root, undo=undo)
        self.app.push_screen(
            self._question(ready, command), partial(self._answered, ready, key_of(at[1]), step.id)
        )

    def _question(self, ready: Job, command: Command) -> AskScreen:
        from tui.screens.fix_ask import AskScreen, shell_text

        which = "ask timed" if ready.timed else "ask"
        blocks: list[Block] = [prose(content.fixing(which))]
        if ready.timed:
            blocks += [gap, heading("The command"), shell_text(command.text)]
            blocks += [gap, heading("What takes it back"), shell_text(command.undo)]
            blocks += [gap, heading("The whole script")]
        blocks += [gap, shell_text(ready.shown)]
        if ready.root:
            blocks += [gap, prose(content.fixing(sudo_words(ready)))]
        if ready.timed and self._logged_in().remote:
            tailnet = self._logged_in().over_tailnet
            said = content.fixing("cuts tailnet" if tailnet else "cuts you")
            blocks = [title(said, Tone.NOTE), gap, *blocks]
        return AskScreen("Run this?", blocks, yes="Yes, run it", no="No")

    def _answered(self, ready: Job, way: str, step: str, yes: bool | None) -> None:
        if not yes:
            return
        at = now()
        # Written first: if this cuts the person off, the next start knows that it was begun.
        self._change(self._progress.with_ran(way, step, Ran(RanState.BEGUN, None, at)))
        ended = run_aside(self.app, ready)
        if ended is None:
            self.whyrelay.say(f"Not run: {content.label(Hindrance.NO_STEPPING_ASIDE)}.")
            return
        status, ends = ended
        ran = outcome(ready, status, at)
        progress = self._progress.with_ran(way, step, ran)
        self._change(progress.with_tick(way, step, True) if ran.well else progress)
        if ends:
            self.app.exit(128 + ends)
        else:
            self.whyrelay.say(_came_of(ran))


def _came_of(ran: Ran) -> str:
    match ran.state:
        case RanState.ENDED | RanState.KEPT:
            return "It ran well, and the step is ticked." if ran.well else "It did not end well."
        case RanState.TAKEN_BACK:
            return "It was taken back, or will be when its time is over."
        case RanState.BEGUN:
            return "It was begun."
        case _:
            assert_never(ran.state)


def _state(measurement: Measurement, any_plan: bool) -> str:
    """How it stands, as an id of the words; "" where the list says all."""
    if not measurement.title:
        return "nothing chosen"
    if measurement.fault:
        return "broke off"
    if measurement.running:
        return "still measuring"
    if any_plan:
        return ""
    unknown = measurement.diagnosis.verdict is Verdict.UNKNOWN
    return "nothing known" if unknown else "nothing to fix"


def _about(short: str, words: str) -> list[Block]:
    return [title(short), gap, prose(words)]


def page_blocks(page: content.Page) -> list[Block]:
    """A page of words."""
    blocks: list[Block] = [prose(page.opening)]
    for name, text in page.sections.items():
        blocks += [gap, heading(name), prose(text)]
    return blocks
