"""Understand: the verdict, a picture of the way, and every finding with what it means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from tui.commands import COPY, EVIDENCE, FORGET, OTHER
from tui.screens.between import other_side
from tui.screens.evidence import Made, evidence_blocks
from tui.screens.findings import (
    ASK,
    MEASURED,
    PARTS,
    About,
    Entry,
    entries,
    line_of,
    meaning,
    title_of,
)
from tui.screens.pane import Pane
from tui.state import Measurement, Step
from tui.widgets.detail import Detail
from tui.widgets.page import Block, Page
from tui.widgets.path import brief, hops, picture
from tui.widgets.rows import Row, RowList, head
from tui.widgets.text import hint, join
from tui.widgets.verdict import Band, outlook_line


class UnderstandPane(Pane):
    """What the readings mean."""

    STEP: ClassVar[Step] = Step.UNDERSTAND

    def __init__(self) -> None:
        super().__init__()
        self._evidence = False
        self._entries: dict[str, Entry] = {}
        self._title = ""
        """Of what was shown last."""

    def compose(self) -> ComposeResult:
        """The verdict and the way on top; below, the findings and one of them explained."""
        yield Band(markup=False)
        yield Static(markup=False, id="way")
        with Horizontal():
            yield RowList("findings", panel="Findings")
            yield Detail("meaning")

    @property
    def _rows(self) -> RowList:
        return self.query_one("#findings", RowList)

    def first_focus(self) -> Widget | None:
        """The list of findings."""
        return self._rows

    def topic(self) -> str:
        """The finding that the cursor is on."""
        return f"finding:{self._rows.cursor}" if self._rows.cursor else "step:understand"

    def to_copy(self) -> str:
        """The finding that is explained, or what it gives to send."""
        entry = self._entries.get(self._rows.cursor)
        if isinstance(entry, Made) and entry.to_copy:
            return entry.to_copy
        return self.query_one("#meaning", Detail).page.plain()

    def show(self, measurement: Measurement) -> None:
        """Render what is known."""
        self.query_one(Band).show(measurement)
        self.query_one("#way", Static).update(
            Page([_way(measurement, next(filter(self.screen.has_class, _HEIGHTS), ""))])
        )
        self._entries = entries(measurement, self.whyrelay.peers_now(measurement))
        self._rows.set_rows(self._lines())
        self._lead(measurement)
        self._explain()

    def _lead(self, measurement: Measurement) -> None:
        """What stands in the way may be found while somebody looks on: until they move the cursor,
        it is on what matters most. Once the run is over nothing moves by itself."""
        if measurement.title != self._title:
            self._title, self._rows.touched = measurement.title, False
        if not self._rows.touched:
            self._rows.cursor = next(iter(self._rows.ids), "")
        self._rows.touched |= measurement.closed

    def _lines(self) -> list[Row]:
        rows: list[Row] = []
        part = ""
        for key, entry in self._entries.items():
            if (kind := key.partition(":")[0]) != part:
                part = kind
                rows.append(head(PARTS[kind]))
            rows.append(Row(key, line_of(entry)))
        return rows

    def on_row_list_moved(self, message: RowList.Moved) -> None:
        """The cursor came to another finding."""
        self._explain()

    def on_row_list_chosen(self, message: RowList.Chosen) -> None:
        """To its explanation."""
        self.query_one("#meaning", Detail).focus()

    async def point_at(self, row: str) -> None:
        """To a finding, and to what it means: the readings are for who asks for them there."""
        if row in self._rows.ids:
            self._evidence = False
            self._rows.touched, self._rows.cursor = True, row
            self._explain()

    def toggle_evidence(self) -> None:
        """Between the words and the readings."""
        self._evidence = not self._evidence
        self._explain()

    def _explain(self) -> None:
        key = self._rows.cursor
        entry = self._entries.get(key)
        if entry is None:
            return
        detail = self.query_one("#meaning", Detail)
        if isinstance(entry, About) or (isinstance(entry, Made) and not entry.because):
            # It claims nothing that evidence could carry.
            edge = Content("")
            if key == ASK:
                edge = join(hint(COPY, "copies"), "   ", hint(OTHER, "gives the answer"))
            detail.show(key, meaning(entry, self.measurement), title=title_of(entry), hint=edge)
        elif self._evidence:
            blocks = evidence_blocks(key, entry, self.measurement)
            edge = hint(EVIDENCE, "explanation")
            detail.show(f"{key}/evidence", blocks, title="Evidence", hint=edge)
        else:
            edge = hint(EVIDENCE, "evidence")
            if key == MEASURED:
                edge = join(edge, "   ", hint(FORGET, "forgets"))
            detail.show(key, meaning(entry, self.measurement), title=title_of(entry), hint=edge)


_HEIGHTS = _SHORT, _TALL = "-short", "-tall"
"""Where the way is drawn in another manner: in one line, and with room around it."""


def _way(measurement: Measurement, height: str) -> Block:
    stops = hops(measurement.report, measurement.judged)

    def lay(width: int) -> Sequence[Content]:
        if height == _SHORT:
            return [brief(stops, width)]
        between = [Content("")] if height == _TALL else []
        return [
            *picture(stops, width),
            *between,
            *outlook_line(measurement, *other_side(measurement), width),
        ]

    return lay
