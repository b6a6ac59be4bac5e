"""Fix: what can be done about each cause, as far as this program can tell today."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widget import Widget

from probes.diagnosis.model import Verdict, Weight
from tui import content
from tui.content import plain
from tui.explain import CauseText, explain_cause
from tui.screens.pane import Pane
from tui.state import Measurement, Step
from tui.theme import LOOKS
from tui.widgets.detail import Detail
from tui.widgets.page import Block, gap, heading, pairs, prose, title
from tui.widgets.rows import Row, RowList
from tui.widgets.text import fit, glyph, join, say

_LIMITS = "limits"


class FixPane(Pane):
    """The causes, first things first, each with the first thing to do."""

    STEP: ClassVar[Step] = Step.FIX

    def __init__(self) -> None:
        super().__init__()
        self._causes: dict[str, CauseText] = {}

    def compose(self) -> ComposeResult:
        """The causes, and what to do about one of them."""
        yield RowList("causes", panel="First things first")
        yield Detail("remedy")

    @property
    def _rows(self) -> RowList:
        return self.query_one(RowList)

    def first_focus(self) -> Widget | None:
        """The causes."""
        return self._rows

    def topic(self) -> str:
        """The cause that the cursor is on."""
        row = self._rows.cursor
        return f"finding:cause:{row}" if row in self._causes else "step:fix"

    def to_copy(self) -> str:
        """What to do."""
        return self.query_one(Detail).page.plain()

    def show(self, measurement: Measurement) -> None:
        """Render the causes."""
        found = [explain_cause(each, measurement.report) for each in measurement.diagnosis.causes]
        self._causes = {str(each.id): each for each in found}
        limits = Row(
            _LIMITS, lambda width: fit(say("  What this step cannot do yet", "$quiet"), width)
        )
        self._rows.set_rows([*(_row(each) for each in found), limits])
        self._explain()

    def on_row_list_moved(self, message: RowList.Moved) -> None:
        """The cursor came to another cause."""
        self._explain()

    def on_row_list_chosen(self, message: RowList.Chosen) -> None:
        """To its explanation."""
        self.query_one(Detail).focus()

    def _explain(self) -> None:
        row, detail = self._rows.cursor, self.query_one(Detail)
        cause = self._causes.get(row)
        if cause is None:
            page = content.page("fix")
            detail.show(row, _limits(page, self.measurement), title=page.title)
        else:
            detail.show(row, _remedy(cause), title=cause.title)


def page_blocks(page: content.Page) -> list[Block]:
    """A page of words."""
    blocks: list[Block] = [prose(page.opening)]
    for name, text in page.sections.items():
        blocks += [gap, heading(name), prose(text)]
    return blocks


_STATES = {"nothing to fix", "nothing known"}
"""Sections that hold only where there is no cause."""


def _limits(page: content.Page, measurement: Measurement) -> list[Block]:
    diagnosis = measurement.diagnosis
    unknown = diagnosis.verdict is Verdict.UNKNOWN
    state = "nothing known" if unknown else "nothing to fix"
    blocks: list[Block] = []
    if not any(cause.weight is not Weight.NOTES for cause in diagnosis.causes):
        blocks += [prose(page.sections[state]), gap]
    sections = {name: text for name, text in page.sections.items() if name not in _STATES}
    return [*blocks, *page_blocks(replace(page, sections=sections))]


def _row(cause: CauseText) -> Row:
    def lay(width: int) -> Content:
        room = width - 2
        value = say(cause.weight, LOOKS[cause.tone].style)
        line = say(cause.title)
        if line.cell_length + 2 + value.cell_length <= room:  # else the sign says as much
            line = join(fit(line, room - value.cell_length), value)
        return fit(join(glyph(cause.tone), " ", line), width)

    return Row(str(cause.id), lay)


def _remedy(cause: CauseText) -> list[Block]:
    return [
        title(plain(cause.sentence), cause.tone),
        gap,
        heading("First"),
        prose(cause.first),
        gap,
        heading("Why that helps"),
        prose(cause.why),
        gap,
        heading("How it shows"),
        prose(cause.worked),
        gap,
        pairs([("Who can act", say(cause.actor)), ("How sure", say(cause.confidence))]),
        prose(cause.who, "$quiet"),
    ]
