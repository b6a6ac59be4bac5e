"""Understand: the verdict, a picture of the way, and every finding with what it means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias, assert_never

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from probes.diagnosis.model import NatClass, Weight
from probes.model import Family
from tui.content import FieldId, Tone, plain
from tui.explain import (
    CauseText,
    Explained,
    OutlookWords,
    explain_cause,
    explain_disagreements,
    explain_field,
    explain_nat,
    explain_outlook,
    ignored,
    map_lines,
    notices,
)
from tui.screens.evidence import evidence_blocks
from tui.screens.pane import Pane
from tui.state import Measurement, Step
from tui.theme import LOOKS
from tui.widgets.detail import Detail
from tui.widgets.page import Block, Page, data, gap, heading, pairs, prose, title
from tui.widgets.path import hops, picture
from tui.widgets.rows import Row, RowList, head
from tui.widgets.text import fit, glyph, hint, join, say
from tui.widgets.verdict import Band, outlook_line

_PEERS = {"none": NatClass.NONE, "easy": NatClass.EASY, "hard": NatClass.HARD}


class UnderstandPane(Pane):
    """What the readings mean."""

    STEP: ClassVar[Step] = Step.UNDERSTAND

    def __init__(self) -> None:
        super().__init__()
        self._evidence = False
        self._entries: dict[str, Entry] = {}

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
        """The finding that is explained."""
        return self.query_one("#meaning", Detail).page.plain()

    def show(self, measurement: Measurement) -> None:
        """Render what is known."""
        self.query_one(Band).show(measurement)
        self.query_one("#way", Static).update(
            Page([_way(measurement, roomy=self.screen.has_class("-tall"))])
        )
        self._entries = _entries(measurement)
        self._rows.set_rows(self._lines())
        self._explain()

    def _lines(self) -> list[Row]:
        rows: list[Row] = []
        part = ""
        for key, entry in self._entries.items():
            if (kind := key.partition(":")[0]) != part:
                part = kind
                rows.append(head(_PARTS[kind]))
            rows.append(Row(key, _line(entry)))
        return rows

    def on_row_list_moved(self, message: RowList.Moved) -> None:
        """The cursor came to another finding."""
        self._explain()

    def on_row_list_chosen(self, message: RowList.Chosen) -> None:
        """To its explanation."""
        self.query_one("#meaning", Detail).focus()

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
        if self._evidence and not isinstance(entry, About):
            blocks = evidence_blocks(key, entry, self.measurement)
            detail.show(
                f"{key}/evidence", blocks, title="Evidence", hint=hint("e explanation", "evidence")
            )
        else:
            edge = hint("" if isinstance(entry, About) else "e evidence", "evidence")
            detail.show(key, _meaning(entry), title=_title(entry), hint=edge)


@dataclass(frozen=True, slots=True)
class About:
    """What is to be said of the run as a whole."""

    notices: tuple[str, ...]
    map: tuple[str, ...]
    ignored: tuple[str, ...]
    taken_at: str
    title: str = "About this run"
    tone: Tone = Tone.NOTE


Entry: TypeAlias = Explained | CauseText | OutlookWords | About

_PARTS = {
    "cause": "What stands in the way",
    "field": "What netcheck reports",
    "nat": "Your NAT",
    "peer": "With a peer behind",
    "differ": "Where witnesses differ",
    "note": "Worth knowing",
}
"""The parts of the list, in order, by what their rows' ids begin with."""


def _entries(measurement: Measurement) -> dict[str, Entry]:
    report, diagnosis = measurement.report, measurement.diagnosis
    found: dict[str, Entry] = {}
    notes = [cause for cause in diagnosis.causes if cause.weight is Weight.NOTES]
    for cause in diagnosis.causes:
        if cause.weight is not Weight.NOTES:
            found[f"cause:{cause.id}"] = explain_cause(cause, report)
    for field in FieldId:
        found[f"field:{field}"] = explain_field(report, field)
    found["nat:4"] = explain_nat(diagnosis.nat4, report, Family.V4)
    found["nat:6"] = explain_nat(diagnosis.nat6, report, Family.V6)
    outlooks = (diagnosis.outlook.none, diagnosis.outlook.easy, diagnosis.outlook.hard)
    for (name, kind), outlook in zip(_PEERS.items(), outlooks, strict=True):
        found[f"peer:{name}"] = explain_outlook(outlook, kind)
    for each in explain_disagreements(report):
        found[each.id] = each
    for cause in notes:
        found[f"note:{cause.id}"] = explain_cause(cause, report)
    found["note:run"] = About(notices(report), map_lines(report), ignored(report), report.taken_at)
    return found


def _title(entry: Entry) -> str:
    return f"{entry.peer} on the other side" if isinstance(entry, OutlookWords) else entry.title


def _value(entry: Entry) -> str:
    match entry:
        case Explained():
            return entry.value
        case CauseText():
            return entry.weight
        case OutlookWords():
            return entry.result
        case About():
            return ""
        case _:
            assert_never(entry)


def _line(entry: Entry) -> Callable[[int], Content]:
    look = LOOKS[entry.tone]
    name = entry.peer if isinstance(entry, OutlookWords) else entry.title
    value = say(plain(_value(entry)), look.style)

    def lay(width: int) -> Content:
        room = width - 2
        if isinstance(entry, CauseText):
            line = say(name)  # the sign says as much; the words are beside it
        elif room >= 44:
            line = join(fit(say(name), 24), value)
        else:
            kept = max(room - 1 - value.cell_length, min(len(name), room - 10))
            line = join(fit(say(name), kept), " ", value)
        sign = say("·", "$quiet") if isinstance(entry, About) else glyph(entry.tone)
        return fit(join(sign, " ", line), width)

    return lay


def _meaning(entry: Entry) -> list[Block]:
    match entry:
        case Explained():
            return _finding(entry)
        case CauseText():
            return _cause(entry)
        case OutlookWords():
            return _outlook(entry)
        case About():
            return _about(entry)
        case _:
            assert_never(entry)


def _finding(entry: Explained) -> list[Block]:
    blocks: list[Block] = [
        prose(entry.question, "$quiet"),
        title(plain(entry.label), entry.tone),
        gap,
        prose(entry.meaning),
        gap,
        heading("For you"),
        prose(entry.interpretation),
        gap,
        heading("Next"),
        prose(entry.next_step),
    ]
    if entry.facts:
        rows = [(fact.name, say(plain(fact.value))) for fact in entry.facts]
        blocks[2:2] = [gap, pairs(rows)]
    return blocks


def _cause(entry: CauseText) -> list[Block]:
    return [
        title(plain(entry.sentence), entry.tone),
        gap,
        prose(entry.for_you),
        gap,
        heading("First"),
        prose(entry.first),
        gap,
        heading("Why"),
        prose(entry.why),
        gap,
        pairs(
            [
                ("Weight", say(entry.weight)),
                ("How sure", say(entry.confidence)),
                ("Who can act", say(entry.actor)),
            ]
        ),
    ]


def _outlook(entry: OutlookWords) -> list[Block]:
    return [
        title(f"{entry.result}: {plain(entry.label)}", entry.tone),
        gap,
        prose(entry.sentence),
        gap,
        heading("Why"),
        prose(entry.why),
    ]


def _about(entry: About) -> list[Block]:
    blocks: list[Block] = []
    for notice in entry.notices:
        blocks += [prose(notice), gap]
    if entry.ignored:
        blocks += [heading("Did not count"), *(data(line) for line in entry.ignored), gap]
    if entry.map:
        blocks += [heading("Relay map"), *(data(line) for line in entry.map), gap]
    return [*blocks, pairs([("Measured at", say(entry.taken_at or "not yet"))])]


def _way(measurement: Measurement, *, roomy: bool) -> Block:
    stops = hops(measurement.report, measurement.diagnosis)

    def lay(width: int) -> Sequence[Content]:
        between = [Content("")] if roomy else []
        return [*picture(stops, width), *between, *outlook_line(measurement, width)]

    return lay
