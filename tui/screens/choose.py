"""Choose: this network, already being measured, or one to practise on."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input

from tui import content
from tui.content import Tone
from tui.networks import PRACTICE, Practice
from tui.screens.pane import Pane
from tui.state import Measurement, Step
from tui.theme import LOOKS
from tui.widgets.detail import Detail
from tui.widgets.page import Block, data, gap, heading, prose, title
from tui.widgets.rows import Row, RowList, head
from tui.widgets.text import fit, glyph, join, say

if TYPE_CHECKING:
    from tui.screens.walk import WalkScreen
    from tui.sources import Source

_THIS = "this"
_GIVEN = "given"
"""What the program was started on, where that is no network of the list: a recording."""
_HERE = "this network"
"""The title of its runs."""
_NOT_YET = "Not yet"
"""The section of the words about this step that says what it cannot do."""
_NAMES = 20


class Filter(Input):
    """One line above the list; up and down move in the list meanwhile."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "list(-1)", "Up", show=False),
        Binding("down", "list(1)", "Down", show=False),
        Binding("escape", "clear", "Clear", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(placeholder="/ to filter by name or description", compact=True)
        self.cursor_blink = False

    @property
    def _pane(self) -> ChoosePane:
        return self.query_ancestor(ChoosePane)

    def action_list(self, by: int) -> None:
        """Move in the list without leaving the filter."""
        self._pane.query_one(RowList).action_move(by)

    def action_clear(self) -> None:
        """Everything again, and back to the list."""
        self.value = ""
        self._pane.query_one(RowList).focus()

    def on_input_submitted(self) -> None:
        """Enter takes what the cursor is on."""
        self._pane.take()


class ChoosePane(Pane):
    """What can be measured."""

    STEP: ClassVar[Step] = Step.CHOOSE

    def __init__(self) -> None:
        super().__init__()
        self._practice: tuple[Practice, ...] = ()

    def compose(self) -> ComposeResult:
        """The list with its filter, and what the cursor is on."""
        with Vertical(id="networks", classes="panel") as panel:
            panel.border_title = say("What do you want to look at?")
            yield Filter()
            yield RowList("network-rows")
        yield Detail("network-detail")

    def on_mount(self) -> None:
        """The practice networks are read after the first paint, unless one is looked at."""
        super().on_mount()
        if self.whyrelay.settings.source is not None:
            self._list_practice()
            return
        self._fill()
        self.call_after_refresh(self._list_practice)

    def _list_practice(self) -> None:
        self._practice = self.whyrelay.networks.practice()
        self._fill()
        self._explain()

    def wake(self) -> None:
        """Enter measures what the cursor is on: it begins on what is looked at."""
        super().wake()
        if (row := self._row_of(self.measurement.title)) in self._rows.ids:
            self._rows.cursor = row

    def _row_of(self, title: str) -> str:
        if (given := self._given()) is not None and title == given.title:
            return _GIVEN
        return title.removeprefix(PRACTICE) if title.startswith(PRACTICE) else _THIS

    def _given(self) -> Source | None:
        """What the program was started on, if it is not in the list anyway."""
        given = self.whyrelay.settings.source
        if given is None or given.title == _HERE:
            return None
        listed = {f"{PRACTICE}{each.name}" for each in self._practice}
        return None if given.title in listed else given

    @property
    def _rows(self) -> RowList:
        return self.query_one(RowList)

    def first_focus(self) -> Widget | None:
        """The list."""
        return self._rows

    def topic(self) -> str:
        """What choosing means."""
        return "step:choose"

    def to_copy(self) -> str:
        """The description of the network."""
        return self.query_one(Detail).page.plain()

    def filter(self) -> None:
        """Go and type."""
        self.query_one(Filter).focus()

    def show(self, measurement: Measurement) -> None:
        """The line of what is being measured changes with the run."""
        self._rows.redraw(*self._rows.ids)
        self._explain()

    def _fill(self) -> None:
        words = self.query_one(Filter).value.casefold().split()

        def fits(*texts: str) -> bool:
            text = " ".join(texts).casefold()
            return all(word in text for word in words)

        rows: list[Row] = []
        if (given := self._given()) is not None and fits(given.title):
            rows.append(Row(_GIVEN, partial(self._lay_known, given.title, given.title, "")))
        if fits("this network", "here now"):
            where = "where this device is now"
            rows.append(Row(_THIS, partial(self._lay_known, _HERE, "This network", where)))
        found = [each for each in self._practice if fits(each.name, each.description)]
        if found:
            rows.append(head("Practice networks, in memory: nothing is sent"))
            rows += [self._row(each) for each in found]
        self._rows.set_rows(rows or [head("Nothing fits.")])

    def _row(self, practice: Practice) -> Row:
        name_of = f"{PRACTICE}{practice.name}"

        def lay(width: int) -> Content:
            known = self.whyrelay.conductor.held(name_of)
            sign = say(" ") if known is None else glyph(_tone(known))
            name = fit(say(practice.name), min(_NAMES, width // 2))
            return fit(join(sign, " ", name, " ", say(practice.description, "$quiet")), width)

        return Row(practice.name, lay)

    def _lay_known(self, title_: str, name_: str, unknown: str, width: int) -> Content:
        name = fit(say(name_), max(min(_NAMES, width // 2), min(len(name_), width - 24)))
        known = self.whyrelay.conductor.held(title_)
        if known is None:
            return fit(join("  ", name, " ", say(unknown, "$quiet")), width)
        tone, state = _tone(known), "being measured"
        if known.fault:
            state = "the run broke off"
        elif known.closed:
            state = content.label(known.diagnosis.verdict)
        line = join(glyph(tone), " ", name, " ", say(state, LOOKS[tone].style))
        return fit(line, width)

    def on_input_changed(self) -> None:
        """Filter as it is typed."""
        self._fill()
        self._explain()

    def on_row_list_moved(self, message: RowList.Moved) -> None:
        """The cursor came to another network."""
        self._explain()

    def on_row_list_chosen(self, message: RowList.Chosen) -> None:
        """Enter, or a double click."""
        self.take()

    def take(self) -> None:
        """Measure what the cursor is on, or show what is known of it."""
        row, networks = self._rows.cursor, self.whyrelay.networks
        if row:
            given = self._given() if row == _GIVEN else None
            source = given or (networks.this() if row == _THIS else networks.open(row))
            cast("WalkScreen", self.screen).choose(source)

    def _explain(self) -> None:
        row, detail = self._rows.cursor, self.query_one(Detail)
        if not row:
            detail.show("", [prose("Press escape to see everything again.", "$quiet")], title="–")
            return
        if row == _GIVEN and (given := self._given()) is not None:
            known = _known(self.whyrelay.conductor.held(given.title))
            blocks = [prose("What the program was started on. Enter shows it."), *known]
            detail.show(row, blocks, title=given.title)
            return
        if row == _THIS:
            held = self.whyrelay.conductor.held(_HERE)
            blocks = [*_this(held), *_known(held), gap, heading(_NOT_YET)]
            later = content.page("choose").sections[_NOT_YET]
            detail.show(row, [*blocks, prose(later, "$quiet")], title="This network")
            return
        practice = next(each for each in self._practice if each.name == row)
        held = self.whyrelay.conductor.held(f"{PRACTICE}{row}")
        blocks = [data(practice.description), gap, *_PRACTICE_BLOCKS, *_known(held)]
        detail.show(row, blocks, title=practice.name)


_BEGUN = "Measuring has already begun in the background; Enter shows it."
_MEASURED = "It has been measured; Enter shows how, and r in the next step measures it again."
_NOT_BEGUN = "Enter measures it."


def _this(known: Measurement | None) -> list[Block]:
    return [
        prose("The network that this device is on. No VPN is needed, and nothing is changed."),
        gap,
        prose(_NOT_BEGUN if known is None else _BEGUN if known.running else _MEASURED),
    ]


_PRACTICE_BLOCKS: list[Block] = [
    prose(
        "A network in this computer's memory, with routers and relays of its own. "
        "The same checks run on it, so what you learn here holds outside."
    ),
]


def _tone(known: Measurement) -> Tone:
    if known.fault:
        return Tone.BAD
    if not known.closed:
        return Tone.RUNNING
    from tui.widgets.verdict import verdict_tone

    return verdict_tone(known)


def _known(measurement: Measurement | None) -> list[Block]:
    if measurement is None or not measurement.closed:
        return []
    from tui.widgets.verdict import sentence

    return [
        gap,
        heading("Measured a moment ago"),
        title(sentence(measurement), _tone(measurement)),
    ]
