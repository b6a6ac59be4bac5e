"""Measure: every check live, why it asks, what answered, and how far the relays are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, TypeAlias

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from probes.checks.registry import CHECKS
from probes.model import CheckId, CheckStatus, Family
from probes.readings import local, relays, stun
from probes.report import Report
from tui import content
from tui.content import QuestionId, Tone
from tui.explain import check_line, ignored, latency_rows, map_lines, mapping_rows, question_line
from tui.explain.words import Line, milliseconds
from tui.screens.pane import Pane
from tui.state import Measurement, Step
from tui.theme import LOOKS, SPINNER
from tui.widgets.bars import bar, latency_chart, share_done
from tui.widgets.detail import Detail
from tui.widgets.page import Block, Page, data, gap, heading, pairs, prose, table, title
from tui.widgets.rows import Row, RowList
from tui.widgets.text import fit, join, say

_QUESTIONS: dict[CheckId, tuple[QuestionId, ...]] = {
    CheckId.STUN: (QuestionId.MAPPING, QuestionId.IPV6)
}
"""What a check answers besides its own line."""
_NAMES = 17
_BAR = 10


class MeasurePane(Pane):
    """The run, as it goes on."""

    STEP: ClassVar[Step] = Step.MEASURE

    def compose(self) -> ComposeResult:
        """Checks, the explanation of one of them, latencies."""
        yield RowList("checks", panel="Checks")
        yield Detail("check-detail")
        with VerticalScroll(id="latency", classes="panel") as latency:
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
        return f"check:{_check_of(self._rows.cursor)}" if self._rows.cursor else "step:measure"

    def to_copy(self) -> str:
        """The check that is explained, with its answers."""
        return self.query_one("#check-detail", Detail).page.plain()

    def show(self, measurement: Measurement) -> None:
        """Render the run as far as it is."""
        self._rows.set_rows(self._lines(measurement.report))
        self._rows.border_subtitle = say("n what it means" if measurement.report.closed else "")
        self._explain()
        chart = self.query_one("#latency-chart", Static)
        chart.update(Page([_latencies(measurement.report)]))

    def _beat(self, beat: int) -> None:
        running = [
            row
            for row in self._rows.ids
            if self.measurement.report.checks[_check_of(row)].status is CheckStatus.RUNNING
        ]
        if self._awake and running:
            self._rows.redraw(*running)

    def _lines(self, report: Report) -> list[Row]:
        rows: list[Row] = []
        for check in CHECKS:
            if check in report.checks:
                rows.append(self._row(report, str(check), check_line(report, check)))
                rows += [
                    self._row(report, f"{check}/{question}", question_line(report, question))
                    for question in _QUESTIONS.get(check, ())
                ]
        return rows

    def _row(self, report: Report, row: str, line: Line) -> Row:
        state = report.checks[_check_of(row)]
        stopped = line.tone is Tone.RUNNING and not self.measurement.running
        look = LOOKS[Tone.UNKNOWN if stopped else line.tone]
        barred = state.status is CheckStatus.RUNNING and "/" not in row

        def lay(width: int) -> Content:
            sign = look.glyph
            if look is LOOKS[Tone.RUNNING] and (beat := self.whyrelay.beat) >= 0:
                sign = SPINNER[beat % len(SPINNER)]
            quiet = line.tone in (Tone.WAITING, Tone.UNKNOWN)
            parts = [
                say(f"{sign} ", f"{look.style} bold"),
                fit(say(line.title, "$quiet" if quiet else ""), _NAMES),
            ]
            if barred:
                cells = _BAR if width >= 64 else 6
                parts += [bar(share_done(state, report.elapsed_ms), cells), Content("  ")]
            style = look.style if line.tone is not Tone.GOOD else ""
            return fit(join(*parts, say(line.text, style)), width)

        return Row(row, lay)

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
            return
        if not row or _check_of(row) not in held.report.checks:
            detail.show("", [prose("The first answers are on their way.", "$quiet")])
            return
        check, report = _check_of(row), held.report
        words = content.check(check)
        question = _question_of(row)
        blocks: list[Block] = []
        if question is None:
            asked, why = words.question, words.why
            line = check_line(report, check)
        else:
            asked, why = content.question(question).question, content.question(question).why
            line = question_line(report, question)
        blocks += [prose(asked, "$strong"), title(line.text, line.tone), gap]
        blocks += _answers(report, check, question)
        blocks += [heading("Why do you ask?"), prose(why)]
        blocks += [gap, heading("What is sent"), prose(words.sent)]
        if self.app.screen.has_class("-narrow"):
            blocks += [gap, heading("Relay latency"), _latencies(report)]
        detail.show(row, blocks, title=line.title)


def _check_of(row: str) -> CheckId:
    return CheckId(row.partition("/")[0])


def _question_of(row: str) -> QuestionId | None:
    question = row.partition("/")[2]
    return QuestionId(question) if question else None


def _broken(fault: str) -> list[Block]:
    return [
        title("The run could not go on.", Tone.BAD),
        data(fault),
        gap,
        prose("What was found before it broke off stays on the screen."),
    ]


def _latencies(report: Report) -> Block:
    rows = latency_rows(report)
    silent = "no answer" if report.closed else "no answer yet"

    def lay(width: int) -> Sequence[Content]:
        if not any(row.best_ms is not None for row in rows):
            return (say(silent, "$quiet"),)
        return latency_chart(rows, width, silent)

    return lay


_Table: TypeAlias = list[tuple[Content, ...]]


def _answers(report: Report, check: CheckId, question: QuestionId | None) -> list[Block]:
    """What answered so far, as tables."""
    if check is CheckId.LOCAL:
        faces = _local(report)
        return [pairs(faces), gap] if faces else []
    if check is CheckId.RELAY_TCP:
        found = [_tcp(report)]
    elif question is QuestionId.IPV6:
        found = [_mapped(report, Family.V6)]
    elif question is QuestionId.MAPPING:
        found = [_mapped(report, Family.V4)]
    else:
        found = [_mapped(report, family) for family in Family]
    tables = [block for rows in found if rows for block in (table(rows), gap)]
    if check is CheckId.STUN and question is None:
        tables += _besides(report)
    return tables


def _mapped(report: Report, family: Family) -> _Table:
    return [
        (
            say(row.server, "$quiet"),
            say(str(row.mapped)),
            say(milliseconds(row.rtt_ms).rjust(6), "$quiet"),
            say("← differs" if row.differs else "", "$bad"),
        )
        for row in mapping_rows(report, family)
    ]


def _tcp(report: Report) -> _Table:
    codes = {region.region: region.code for region in report.value(relays.REGIONS) or ()}
    rows: _Table = []
    for answer in report.value(relays.TCP_ANSWERS) or ():
        hello = answer.server_hello_ms
        other = answer.certificate is relays.Certificate.OTHER
        rows.append(
            (
                say(codes.get(answer.region) or answer.host, "$quiet"),
                say(f"TCP {milliseconds(answer.connect_ms)}"),
                say(f"TLS {milliseconds(hello)}" if hello is not None else "no TLS"),
                say(f"← signed by {answer.issuer or 'somebody else'}" if other else "", "$note"),
            )
        )
    return rows


def _local(report: Report) -> list[tuple[str, Content]]:
    rows: list[tuple[str, Content]] = []
    for face in report.value(local.INTERFACES) or ():
        if face.kind is local.InterfaceKind.LOOPBACK or not (face.up or face.addresses):
            continue
        kind = content.label(face.kind) + ("" if face.up else ", down")
        rows.append((face.name, say(kind, "$quiet")))
        rows += [("", say(str(address))) for address in face.addresses]
    return rows


def _besides(report: Report) -> list[Block]:
    """Where the map came from, who else was asked, and what did not count."""
    blocks: list[Block] = []
    found = [
        (
            say(f"{answer.host}", "$quiet"),
            say(str(answer.mapped)),
            say(milliseconds(answer.rtt_ms).rjust(6), "$quiet"),
        )
        for answer in report.value(stun.ELSEWHERE) or ()
    ]
    if found:
        blocks += [heading("Servers outside the relay map"), table(found), gap]
    if lines := ignored(report):
        blocks += [heading("Did not count"), *(data(line, "$note") for line in lines), gap]
    if lines := map_lines(report):
        blocks += [heading("Relay map"), *(data(line) for line in lines), gap]
    return blocks
