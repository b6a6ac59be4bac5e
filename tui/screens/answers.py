"""What a run has found so far, for the step that shows it live: lines, tables, latencies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from textual.content import Content

from probes.model import CheckId, CheckStatus, Family
from probes.readings import local, relays, stun
from probes.report import Report
from probes.values import dataclass
from tui import content
from tui.content import QuestionId, Tone
from tui.explain import check_line, ignored, latency_rows, map_lines, mapping_rows, question_line
from tui.explain.account import account
from tui.explain.elsewhere import told
from tui.explain.router import PROTOCOL_OF, Told, router_says
from tui.explain.way import layer_lines, ledger_lines
from tui.explain.words import milliseconds
from tui.widgets.bars import latency_chart, share_done
from tui.widgets.page import Block, data, gap, heading, pairs, prose, table, title
from tui.widgets.plot import latency_plot
from tui.widgets.text import say, wrapped

_QUESTIONS: dict[CheckId, tuple[QuestionId, ...]] = {
    CheckId.STUN: (QuestionId.MAPPING, QuestionId.IPV6)
}
"""What a check answers besides its own line."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One line of the list."""

    id: str
    """The check's, with the question's behind a slash where it answers several."""
    title: str
    text: str
    tone: Tone
    share: float | None
    """How much of it is done, 0 to 1; None where no bar is wanted."""
    running: bool


def answers(report: Report) -> list[Answer]:
    """Every check of the run, with the questions that it answers."""
    found: list[Answer] = []
    # In one order, also where a part was measured again and the rest was kept.
    for check in (each for each in CheckId if each in report.checks):
        state = report.checks[check]
        running = state.status is CheckStatus.RUNNING
        share = share_done(state, report.elapsed_ms) if running else None
        line = check_line(report, check)
        found.append(Answer(str(check), line.title, line.text, line.tone, share, running))
        for question in _QUESTIONS.get(check, ()):
            line = question_line(report, question)
            name = f"{check}/{question}"
            found.append(Answer(name, line.title, line.text, line.tone, None, running))
    return found


def check_of(row: str) -> CheckId:
    """The check that a line belongs to."""
    return CheckId(row.partition("/")[0])


def explanation(report: Report, row: str) -> tuple[str, list[Block]]:
    """The title and the page of one line: what is asked, what came back, why, what is sent."""
    check, question = check_of(row), row.partition("/")[2]
    words = content.check(check)
    if question:
        asked = content.question(QuestionId(question))
        about, why, line = asked.question, asked.why, question_line(report, QuestionId(question))
    else:
        about, why, line = words.question, words.why, check_line(report, check)
    blocks: list[Block] = [prose(about, "$strong"), title(line.text, line.tone), gap]
    blocks += _tables(report, check, QuestionId(question) if question else None)
    blocks += [heading("Why do you ask?"), prose(why)]
    blocks += [gap, heading("What is sent"), prose(words.sent)]
    return line.title, blocks


def elsewhere(report: Report, notes: Sequence[str]) -> list[Block]:
    """A report that was made by another program: what it says, and what it cannot."""
    page = content.page("elsewhere")
    blocks: list[Block] = [prose(page.opening)]
    if notes:
        blocks += [gap, *(data(note, "$note") for note in notes)]
    if lines := [*told(report)]:
        blocks += [gap, heading("What it says"), *(data(line) for line in lines)]
    for name, text in page.sections.items():
        blocks += [gap, heading(name), prose(text)]
    return blocks


def latency_over_regions(report: Report, height: int) -> Block:
    """How far the relays are, as columns over the regions."""
    rows = latency_rows(report)

    def lay(width: int) -> Sequence[Content]:
        return latency_plot(rows, width, height) or (say(_silent(report), "$quiet"),)

    return lay


def latencies(report: Report) -> Block:
    """How far the relays are."""
    rows = latency_rows(report)
    silent = _silent(report)

    def lay(width: int) -> Sequence[Content]:
        if not any(row.best_ms is not None for row in rows):
            return (say(silent, "$quiet"),)
        return latency_chart(rows, width, silent)

    return lay


def _silent(report: Report) -> str:
    """In the place of a latency: of a relay that nobody asked it is not said that it was silent."""
    if report.elsewhere:
        return "not measured here"
    return "no answer" if report.closed else "no answer yet"


_Table: TypeAlias = list[tuple[Content, ...]]


def _tables(report: Report, check: CheckId, question: QuestionId | None) -> list[Block]:
    """What answered so far, as tables."""
    if check is CheckId.LOCAL:
        faces = _local(report)
        return [pairs(faces), gap] if faces else []
    if check is CheckId.RELAY_TCP:
        found = [_tcp(report)]
    elif check in PROTOCOL_OF:
        return _parts(router_says(report, check))
    elif check is CheckId.LAYERS:
        return [*_boxes(report), *_parts(account(report, check))]
    elif check is not CheckId.STUN:
        return _parts(account(report, check))
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


def _parts(parts: Iterable[Told]) -> list[Block]:
    """Headings with the lines below them."""
    blocks: list[Block] = []
    for part in parts:
        blocks += [heading(part.heading), *map(_hung, part.lines), gap]
    return blocks


def _boxes(report: Report) -> list[Block]:
    """The boxes on the way, and what speaks for and against each, observation by observation."""
    blocks: list[Block] = []
    for title_, lines in (
        ("From here to the internet", layer_lines(report)),
        ("What speaks for and against", ledger_lines(report)),
    ):
        if hung := [_hung(line) for line in lines]:
            blocks += [heading(title_), *hung, gap]
    return blocks


def _hung(text: str) -> Block:
    """Somebody else's words; what does not fit on the line hangs below it."""
    return lambda width: wrapped(say(text), width, 2, say("- ", "$quiet"))


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
