"""What Fix shows: the causes with their ways, and the steps of the one under the cursor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widget import Widget

from probes.diagnosis.plan import CausePlan, Way, plan_of
from probes.diagnosis.remedies import RemedyId
from probes.diagnosis.what_if import Whose
from tui import content
from tui.commands import TICK
from tui.content import Tone
from tui.explain import CauseText, explain_cause
from tui.fixing.circumstances import Brand, Circumstances, System, circumstances, fitting
from tui.fixing.first import OFFLINE, RELAYED_BESIDES, optional, relayed_now
from tui.fixing.keeper import Trouble
from tui.fixing.offer import Hindrance
from tui.fixing.playbook import Playbook, PlayStep, playbook
from tui.fixing.progress import Progress
from tui.fixing.telling import Before, before_all
from tui.fixing.tried import all_done, closed
from tui.fixing.ways import Told, first_open, key_of, name_of, names_of
from tui.networks import PRACTICE
from tui.screens import fix_page, fix_run
from tui.screens.fix_list import At, Listed, again_line, cause_line, listed, way_line
from tui.screens.fix_step import Shown, stops
from tui.screens.pane import Pane
from tui.session import Session, this_session
from tui.sources import Changeable
from tui.state import Measurement, Step
from tui.widgets.rows import Row, RowList, head
from tui.widgets.steps import StepPage
from tui.widgets.text import fit, glyph, hint, join, say

FIRST, NOTHING, STANDS = "First things first", "Nothing in the way", "How it stands"
_CALM = ("only notes", "nothing to fix")
"""States in which all is well."""
_ABOUT = "about"
"""The row that says how it stands, where there is nothing to list or not all of it yet."""
_FIRST_OF_ALL = (fix_page.TRY_FIRST, OFFLINE, "only notes", "nothing known", "nothing told")
"""States that are to be read before any change."""


class FixView(Pane):
    """The list on the left, one of its rows on the right. What keys do is `FixPane`'s."""

    STEP: ClassVar[Step] = Step.FIX

    def __init__(self) -> None:
        super().__init__()
        self._listed = Listed()
        self._books: dict[str, Playbook] = {}
        self._mattering: dict[str, tuple[bool, bool]] = {}
        self._becomes: dict[RemedyId, bool] = {}
        """Whether a practice network says what comes of a change."""
        self._found: Circumstances | None = None
        self._placed = ""
        self._optional = False
        """Nothing of the list has to be done."""
        self._before = Before.NOTHING
        """What is to be done before anything of it."""
        self._session: Session | None = None

    def compose(self) -> ComposeResult:
        """The list, and one of its rows explained."""
        yield RowList("causes", panel=FIRST)
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

    def cannot_pretend(self) -> bool:
        """It is a practice network, and nobody can say what it becomes by what is looked at."""
        source, at = self.whyrelay.conductor.source, self._way
        if at is None or not isinstance(source, Changeable):
            return False
        _, way = at
        if way.whose is not Whose.THIS:
            return True
        if way.remedy.id not in self._becomes:  # it takes reading files
            self._becomes[way.remedy.id] = source.after(way.remedy.id) is not None
        return not self._becomes[way.remedy.id]

    @property
    def _way(self) -> At | None:
        """The way that the cursor is on."""
        return self._listed.ways.get(self._rows.cursor)

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
        return fitting(self._found, self._progress.system, self._progress.brand)

    def _book(self, row: str) -> Playbook:
        if row not in self._books:
            plan, way = self._listed.ways[row]
            found = self._circumstances()
            self._books[row] = playbook(way, plan.cause, self.measurement.report, found)
        return self._books[row]

    def first_focus(self) -> Widget | None:
        """The list."""
        return self._rows

    # --- rendering --------------------------------------------------------------------------------

    def show(self, measurement: Measurement) -> None:
        """Render the plan as far as it is known."""
        report = measurement.report
        plans = plan_of(report, measurement.judged) if measurement.title else ()
        peer = measurement.chosen.name if measurement.chosen is not None else ""
        self._found = circumstances(report, peer=peer)
        if self.whyrelay.privacy:  # a make and a system name nobody; what told of them may
            seen = circumstances(self.whyrelay.conductor.latest.report)
            self._found = replace(self._found, system=seen.system, brand=seen.brand, masked=True)
        self._books, self._mattering, self._becomes = {}, {}, {}
        self._listed = listed(plans)
        self._rows.set_rows(list(self._list()))
        self._optional = bool(plans) and optional(measurement.judged, plans)
        self._before = before_all(measurement.report, measurement.judged)
        named = FIRST if self._listed.ways else STANDS
        self._rows.border_title = say(NOTHING if self._state() in _CALM else named)
        self._place()
        self._explain()
        self._tell_done()

    def _tell_done(self) -> None:
        """A way that was followed to its end counts, and so does what was pretended."""
        proof = self.whyrelay.conductor.proofs.get(self.measurement.title)
        pretended = proof is not None and bool(proof.pretended)
        self.achieved(
            pretended or any(self._all_done(way) for _, way in self._listed.ways.values())
        )

    def _list(self) -> Iterator[Row]:
        if state := self._state():
            calm = Tone.GOOD if state in _CALM else Tone.NOTE
            tone = Tone.RUNNING if self.measurement.running else calm
            words = content.fixing(f"{state} short")
            yield Row(_ABOUT, lambda width: fit(join(glyph(tone), " ", say(words)), width))
        notes = any(each.cause.in_the_way for each in self._listed.plans.values())
        for row, plan in self._listed.plans.items():
            if notes and not plan.cause.in_the_way:
                yield head("Not in the way by themselves", "Not in the way alone", "")
                notes = False
            yield Row(row, cause_line(self._cause(plan)))
            for key, (of, way) in self._listed.ways.items():
                if of is plan:
                    yield Row(key, partial(self._lay_way, key, plan, way))
            again = f"again:{plan.cause.id}"
            if (told := self._listed.again.get(again)) is not None:
                yield Row(again, partial(self._lay_again, told))

    def _lay_way(self, row: str, plan: CausePlan, way: Way, width: int) -> Content:
        progress, key = self._progress, key_of(way)
        ticked = progress.ticked.get(key, frozenset())
        steps = [each.id for each in self._book(row).steps] if ticked else []
        lay = way_line(
            names_of(way),
            done=sum(each in ticked for each in steps),
            of=len(steps),
            impossible=key in progress.impossible,
            recommended=self._first_of(plan) is way and not self._optional,
            begin=self._begin_words if row == self._listed.begin(self._not_to_begin) else "",
        )
        return lay(width)

    @property
    def _begin_words(self) -> str:
        return "then this" if self._before else "begin here"

    def _lay_again(self, told: Told, width: int) -> Content:
        impossible = self._progress.impossible
        lay = again_line(
            len(told.again),
            open_=sum(key_of(way) not in impossible for way in told.again),
            done=sum(self._all_done(way) for way in told.again),
        )
        return lay(width)

    def _all_done(self, way: Way) -> bool:
        """Every step of it is ticked."""
        begun = key_of(way) in self._progress.ticked
        return begun and all_done(self._progress, way, self._book(self._listed.row_of(way)))

    @property
    def _not_to_begin(self) -> frozenset[str]:
        """The ways that are no place to begin, by their keys."""
        return closed(
            self._listed.plans.values(),
            self._progress,
            lambda _, way: self._book(self._listed.row_of(way)),
            self.whyrelay.conductor.proofs.get(self.measurement.title),
            tested=not self.whyrelay.keeper.untested,
        )

    def _stands(self, way: Way) -> str:
        """How it stands with a way, in a word or two; "" where nothing was said of it yet."""
        if key_of(way) in self._progress.impossible:
            return "not possible for you"
        if self._all_done(way):
            return "done"
        return "begun" if self._progress.ticked.get(key_of(way)) else ""

    def _cause(self, plan: CausePlan) -> CauseText:
        return explain_cause(plan.cause, self.measurement.report)

    def _first_of(self, plan: CausePlan) -> Way | None:
        return first_open(plan, self._not_to_begin)

    def _place(self) -> None:
        """Once for each network: where the person was, or where to begin."""
        held = self.whyrelay.conductor.latest
        here = f"{held.title}|{held.report.network_id}|{held.closed}"
        if here == self._placed or not self._listed.ways:
            return
        moved = self._placed.rpartition("|")[0] == here.rpartition("|")[0]
        self._placed = here
        progress = self._progress
        was = self._listed.places.get(progress.goes_on, "")
        if progress.begun and was and not self._all_done(self._listed.ways[was][1]):
            self._rows.cursor = was
        elif not moved and self._state() in _FIRST_OF_ALL:
            self._rows.cursor = _ABOUT
        elif not moved:
            self._rows.cursor = self._listed.begin(self._not_to_begin) or next(
                iter(self._listed.ways)
            )

    def _explain(self) -> None:
        row, page = self._rows.cursor, self._page
        if row in self._listed.ways:
            self._explain_way(row)
        elif (plan := self._listed.plans.get(row)) is not None:
            cause = self._cause(plan)
            told = self._listed.again.get(f"again:{plan.cause.id}")
            ways = [self._named(way, told) for way in plan.ways]
            page.show(row, fix_page.cause_page(plan, cause, ways), title=cause.title)
        elif (told := self._listed.again.get(row)) is not None:
            ways = [self._named(way) for way in told.again]
            page.show(row, fix_page.again_page(ways), title=self._cause(told.plan).title)
        else:
            state = self._state() or "nothing known"
            page.show(row, fix_page.about(state, self._relayed()), title="Fix")
        self.keys_changed()

    def _state(self) -> str:
        found = fix_page.stands(self.measurement, self._listed.plans.values())
        return RELAYED_BESIDES if not found and self._relayed() else found

    def _relayed(self) -> str:
        """Which devices are on a relay all the same."""
        known = self.measurement
        now = self.whyrelay.peers_now(known)
        return relayed_now(known.report, known.diagnosis, now) if known.closed else ""

    def _named(self, way: Way, told: Told | None = None) -> str:
        """With how it stands, and where, if it is not here."""
        above = "as above" if told is not None and way in told.again else ""
        marks = ", ".join(filter(None, (above, self._stands(way))))
        return f"{name_of(way)} ({marks})" if marks else name_of(way)

    def _explain_way(self, row: str) -> None:
        shown = self._to_show(row)
        waiting = (step.id for step in shown.book.steps if not shown.done(step))
        self._page.show(
            f"{row}|{shown.found.system}|{shown.found.brand}",
            fix_page.before_steps(shown),
            stops(shown),
            fix_page.after_steps(shown),
            title=self._cause(self._listed.ways[row][0]).title,
            hint=hint(TICK, "ticks"),
            cursor=next(waiting, ""),
        )

    def _to_show(self, row: str) -> Shown:
        _, way = self._listed.ways[row]
        book, progress, found = self._book(row), self._progress, self._circumstances()
        trouble = self.whyrelay.keeper.trouble if progress.begun else Trouble.NONE
        return Shown(
            key=key_of(way),
            way=way,
            book=book,
            progress=progress,
            found=found,
            chosen=(progress.system in set(System), progress.brand in set(Brand)),
            matters=self._matters(row),
            hindrances={step.id: self._hindrance(step, way) for step in book.steps if step.command},
            session=self._logged_in(),
            recommended=row == self._listed.begin(self._not_to_begin) and not self._optional,
            after=self._before,
            pretends=progress.title.startswith(PRACTICE) and not self.cannot_pretend(),
            trouble="" if trouble is Trouble.NONE else content.label(trouble),
        )

    def _matters(self, row: str) -> tuple[bool, bool]:
        """Whether anything on the page of a way would be other for another system, or router."""
        if row in self._mattering:
            return self._mattering[row]
        plan, way = self._listed.ways[row]
        report, found, book = self.measurement.report, self._circumstances(), self._book(row)

        def other(person: Circumstances) -> bool:
            return playbook(way, plan.cause, report, person) != book

        self._mattering[row] = (
            any(other(replace(found, system=each)) for each in System),
            any(other(replace(found, brand=each)) for each in Brand),
        )
        return self._mattering[row]

    def _logged_in(self) -> Session:
        if self._session is None:
            self._session = self.whyrelay.settings.session or this_session()
        return self._session

    def _hindrance(self, step: PlayStep, way: Way) -> Hindrance | None:
        assert step.command is not None
        assert self._found is not None
        shown, found = self._circumstances().system, self._found.system
        return fix_run.hindrance(self.whyrelay, step.command, way.whose, shown, found)
