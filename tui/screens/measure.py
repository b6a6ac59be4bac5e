"""Measure: every check live, why it asks, what answered, and how far the relays are."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from probes.model import CheckId, CheckStatus
from tui import content
from tui.commands import NEXT, PLOT
from tui.content import Tone
from tui.screens.pane import Pane
from tui.state import Measurement, Step
from tui.theme import LOOKS, SPINNER
from tui.widgets.bars import bar
from tui.widgets.detail import Detail
from tui.widgets.page import Block, Page, data, gap, heading, prose, title
from tui.widgets.rows import Row, RowList, head
from tui.widgets.text import fit, hint, join, say

if TYPE_CHECKING:
    from probes.report import Report
    from tui.screens.answers import Answer

# What needs the readings is imported with the first of them: it is a good part of the program, and
# the first picture need not wait for it.

_FIRST = (CheckId.LOCAL, CheckId.STUN, CheckId.RELAY_TCP)
"""The checks that are listed before a run has said which it makes."""
_BAR = 10
_LOWEST, _TALLEST = 4, 12
"""Lines of a plot."""


class Chart(VerticalScroll):
    """Has nothing to do with the keys that it would take, unless there is more than is seen."""

    class Resized(Message):
        """There is room for more, or for less."""

    def on_resize(self) -> None:
        """The list above takes more lines as it fills; the terminal changes, too."""
        # Not in the middle of a layout: it would not be laid out once more.
        self.call_after_refresh(self.post_message, self.Resized())

    def allow_focus(self) -> bool:
        """Only to scroll."""
        return self.max_scroll_y > 0


class MeasurePane(Pane):
    """The run, as it goes on."""

    STEP: ClassVar[Step] = Step.MEASURE

    def __init__(self) -> None:
        super().__init__()
        self._at_work: list[str] = []
        self._plot = False

    def compose(self) -> ComposeResult:
        """Checks, the explanation of one of them, latencies."""
        yield RowList("checks", panel="Checks")
        yield Detail("check-detail")
        with Chart(id="latency", classes="panel") as latency:
            latency.border_title = say("Relay latency")
            yield Static(markup=False, id="latency-chart")

    def on_mount(self) -> None:
        """Follow the run, and the running sign."""
        super().on_mount()
        self.watch(self.app, "beat", self._beat, init=False)

    @property
    def _rows(self) -> RowList:
        return self.query_one("#checks", RowList)

    def first_focus(self) -> Widget | None:
        """The list of checks."""
        return self._rows

    def topic(self) -> str:
        """The check that the cursor is on."""
        row = self._rows.cursor
        return f"check:{row.partition('/')[0]}" if row else "step:measure"

    def to_copy(self) -> str:
        """The check that is explained, with its answers."""
        return self.query_one("#check-detail", Detail).page.plain()

    def show(self, measurement: Measurement) -> None:
        """Render the run as far as it is."""
        if measurement.begun is None:
            self._rows.set_rows([_waiting(check) for check in _FIRST])
        else:
            from tui.screens.answers import answers

            found = answers(measurement.begun)
            self._at_work = [each.id for each in found if each.running]
            names = max((len(each.title) for each in found), default=0) + 2
            self._rows.set_rows([self._row(each, names) for each in found])
            if measurement.begun.elsewhere:
                self._rows.set_rows([head("No check was made here: see beside what was read.")])
            self._chart(measurement.begun)
        self._rows.border_subtitle = (
            hint(NEXT, "what it means") if measurement.closed else Content("")
        )
        self._explain()

    async def point_at(self, row: str) -> None:
        """To a check."""
        if row in self._rows.ids:
            self._rows.cursor = row

    def toggle_plot(self) -> None:
        """Bars, or the same as a plot over the regions."""
        self._plot = not self._plot
        if (begun := self.measurement.begun) is not None:
            self._chart(begun)
            self._explain()

    def _chart(self, report: Report) -> None:
        panel = self.query_one("#latency", Chart)
        panel.border_subtitle = hint(PLOT, "bars" if self._plot else "plot")
        self.query_one("#latency-chart", Static).update(Page(self._latency(report)))
        if self._plot:
            panel.scroll_home(animate=False)

    def on_chart_resized(self) -> None:
        """What is drawn depends on the room there is."""
        if (begun := self.measurement.begun) is not None and self._awake:
            self._chart(begun)

    def _latency(self, report: Report) -> list[Block]:
        """Bars or columns; one below the other where there is room for both."""
        from tui.screens.answers import latencies, latency_over_regions

        room = self.query_one("#latency", Chart).content_size
        if self._plot:
            return [latency_over_regions(report, _even(room.height - 3))]
        bars = latencies(report)  # a region that answers over IPv6 too takes two lines
        spare = room.height - len(bars(room.width)) - 1 - 3
        if spare < _LOWEST:
            return [bars]
        return [bars, gap, latency_over_regions(report, _even(spare))]

    def _beat(self, beat: int) -> None:
        if self._awake:
            self._rows.redraw(*self._at_work)

    def _row(self, answer: Answer, names: int) -> Row:
        stopped = answer.tone is Tone.RUNNING and not self.measurement.running
        look = LOOKS[Tone.UNKNOWN if stopped else answer.tone]

        def lay(width: int) -> Content:
            sign, room = look.glyph, names if width >= 58 else 17
            if look is LOOKS[Tone.RUNNING] and (beat := self.whyrelay.beat) >= 0:
                sign = SPINNER[beat % len(SPINNER)]
            quiet = answer.tone in (Tone.WAITING, Tone.UNKNOWN)
            parts = [
                say(f"{sign} ", f"{look.style} bold"),
                fit(say(answer.title, "$quiet" if quiet else ""), min(names, room) - 1),
                Content(" "),
            ]
            if answer.share is not None:
                cells = _BAR if width >= 64 else 6
                parts += [bar(answer.share, cells), Content("  ")]
            style = look.style if answer.tone is not Tone.GOOD else ""
            return fit(join(*parts, say(answer.text, style)), width)

        return Row(answer.id, lay)

    def on_row_list_moved(self, message: RowList.Moved) -> None:
        """The cursor came to another check."""
        self._explain()

    def on_row_list_chosen(self, message: RowList.Chosen) -> None:
        """To its explanation."""
        self.query_one("#check-detail", Detail).focus()

    def _explain(self) -> None:
        row, held = self._rows.cursor, self.measurement
        detail = self.query_one("#check-detail", Detail)
        if held.fault:
            detail.show("fault", _broken(held.fault), title="The run broke off")
        elif held.begun is not None and held.begun.elsewhere:
            from tui.screens.answers import elsewhere

            opened = self.whyrelay.conductor.opened.get(held.title)
            notes = opened.notes if opened is not None else ()
            masker = self.whyrelay.conductor.masker()
            if masker is not None:
                notes = tuple(masker.text(note) for note in notes)
            detail.show("elsewhere", elsewhere(held.begun, notes), title="Measured elsewhere")
        elif held.begun is None or not row:
            detail.show("", [prose("The first answers are on their way.", "$quiet")])
        else:
            from tui.screens.answers import explanation, latencies, latency_over_regions

            name, blocks = explanation(held.begun, row)
            if self.screen.has_class("-narrow"):  # the panel beside it has no room
                plot = latency_over_regions(held.begun, _LOWEST)
                chart = plot if self._plot else latencies(held.begun)
                blocks += [gap, heading("Relay latency"), chart]
            detail.show(row, blocks, title=name)


def _even(lines: int) -> int:
    """So many that half the scale has a line of its own."""
    return min(max(lines, _LOWEST), _TALLEST) // 2 * 2


def _waiting(check: CheckId) -> Row:
    name, words = content.check(check).title, content.label(CheckStatus.WAITING)
    sign = LOOKS[Tone.WAITING].glyph

    def lay(width: int) -> Content:
        return fit(join(say(f"{sign} {name}".ljust(20), "$quiet"), say(words, "$quiet")), width)

    return Row(str(check), lay)


def _broken(fault: str) -> list[Block]:
    return [
        title("The run could not go on.", Tone.BAD),
        data(fault),
        gap,
        prose("What was found before it broke off stays on the screen."),
    ]
