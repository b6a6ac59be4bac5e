"""A report as text that can be read from top to bottom, by eye or by a screen reader.

No boxes, no columns, nothing that moves the cursor: headings are words, every line says one fact.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from textwrap import TextWrapper
from typing import assert_never

from probes.diagnosis.model import Diagnosis, NatClass, Verdict
from probes.model import Failed, Family, Known, Reason, Unknown
from probes.readings import KEYS, local, relays, stun
from probes.report import Report
from probes.version import __version__
from tui import content
from tui.exits import Exit
from tui.explain import (
    CauseText,
    Evidence,
    Explained,
    PeerWords,
    explain_cause,
    explain_disagreements,
    explain_fields,
    explain_nat,
    explain_outlook,
    explain_peer,
    headline,
    latency_rows,
    mapping_rows,
    question_lines,
)
from tui.explain.elsewhere import told
from tui.explain.facts import relays_asked
from tui.explain.router import PROTOCOL_OF, router_says
from tui.explain.settling import claims, open_readings
from tui.explain.way import layer_lines, ledger_lines, server_lines
from tui.explain.words import milliseconds, number
from tui.fixing.telling import COMMAND, plan_lines
from tui.glyphs import printable
from tui.status import exit_status

WIDTH = 78
_WRAP = TextWrapper(WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)

_EXIT_WORDS = {
    Exit.DIRECT: "direct connections are to be expected",
    Exit.RELAYED: "relayed, or it depends",
    Exit.UNKNOWN: "could not tell",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the report, under a title of its own."""

    title: str
    lines: Iterable[str]


def parts(report: Report, diagnosis: Diagnosis) -> Iterator[Part]:
    """The report, part by part."""
    yield Part("Verdict", _verdict(report, diagnosis))
    yield Part("What was told" if report.elsewhere else "What was measured", _measured(report))
    yield from _router(report)
    yield Part("What netcheck would say, and what it means", _fields(report))
    yield Part("The NAT", _nats(report, diagnosis))
    yield from _pair(report, diagnosis)
    yield Part("What to expect", _outlook(diagnosis))
    yield Part("Causes", _causes(report, diagnosis))
    plan = list(plan_lines(report, diagnosis))
    if plan:
        yield Part("What to do", plan)
    yield from _contradictions(report)
    yield from _open(report, diagnosis)
    yield Part("What is not known, and why", _unknown(report, diagnosis))


def report_to_text(report: Report, diagnosis: Diagnosis) -> str:
    """The whole report, in numbered sections."""
    sections = (*parts(report, diagnosis), Part("Exit status", _exit(diagnosis.verdict)))
    lines = [f"whyrelay {__version__}", *_taken(report)]
    for count, part in enumerate(sections, 1):
        lines += ["", f"{count}. {part.title}", "", *part.lines]
    return "".join(_wrapped(lines))


def _wrapped(lines: Iterable[str]) -> Iterator[str]:
    blank = False
    for line in lines:
        if line.startswith(COMMAND):
            # To be copied as it is: a line that was broken would be two commands.
            yield printable(line) + "\n"
            blank = False
            continue
        # Links to the glossary are for screens; a reader hears their words. An arrow is read out
        # as an arrow.
        text = printable(" ".join(content.plain(line).split())).replace(" → ", " to ")
        if text or not blank:
            yield (_WRAP.fill(text) if text else "") + "\n"
        blank = not text


def _sentence(text: str) -> str:
    """With one full stop, whether it brought its own or not."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _taken(report: Report) -> Iterator[str]:
    if report.elsewhere:
        when = report.taken_at[:19].replace("T", " ")
        yield "Measured elsewhere" + (f", {when} UTC." if when else ", at a time that is not said.")
        return
    practice = report.network.removeprefix("simulated:")
    what = "this network" if report.network == "real" else f"practice network {practice}"
    when = report.taken_at[:19].replace("T", " ")
    yield f"Measured: {what}, {when} UTC, in {report.elapsed_ms / 1000:.1f} s."
    if report.network_changed:
        yield "The network changed while it was measured, so little here can be relied on."
    if not report.closed or report.cancelled:
        yield "The run did not come to its end."


def _verdict(report: Report, diagnosis: Diagnosis) -> Iterator[str]:
    yield headline(diagnosis, report)


def _measured(report: Report) -> Iterator[str]:
    if report.elsewhere:
        yield from told(report)
        return
    for line in question_lines(report):
        yield _sentence(f"{line.title}: {line.text}")
    source = report.value(relays.MAP_SOURCE)
    if source is not None:
        regions = f", {number(source.regions, 'region')}" if source.regions else ""
        yield f"Relay map: {source.where}{regions}."
        for each in source.passed_over:
            yield _sentence(f"Relay map, tried before: {each}")
    silent = "no answer" if relays_asked(report) else "not asked"
    for row in latency_rows(report):
        ways = [
            f"{milliseconds(ms)} over {way}"
            for way, ms in (("IPv4", row.v4_ms), ("IPv6", row.v6_ms), ("TCP", row.tcp_ms))
            if ms is not None
        ]
        nearest = ", the nearest" if row.preferred else ""
        yield f"Relay {row.name} ({row.code}){nearest}: {', '.join(ways) or silent}."
    for family in Family:
        for seen in mapping_rows(report, family):
            differs = ", another than the first" if seen.differs else ""
            yield f"{seen.server} saw this device as {seen.mapped}{differs}."
    for answer in report.value(stun.ELSEWHERE) or ():
        yield f"{answer.host}, which is no relay, saw this device as {answer.mapped}."
    for said in layer_lines(report):
        yield f"On the way: {said}."
    for said in ledger_lines(report):
        yield _sentence(f"Observed: {said}")
    for said in server_lines(report):
        yield f"Server with two addresses: {said}."
    for ignored in report.value(stun.REJECTED) or ():
        detail = f" ({ignored.detail})" if ignored.detail else ""
        times = f", {ignored.count} times" if ignored.count > 1 else ""
        yield f"Did not count: {ignored.host}: {content.label(ignored.fault)}{detail}{times}."


def _router(report: Report) -> Iterator[Part]:
    """The section on what the router says, where it says anything."""
    lines = [
        _sentence(f"{content.check(check).title}: {part.heading}: {said}")
        for check in PROTOCOL_OF
        for part in router_says(report, check)
        for said in part.lines
    ]
    if lines:
        yield Part("What the router says", lines)


def _fields(report: Report) -> Iterator[str]:
    for field in explain_fields(report):
        yield from _explained(field)


def _explained(found: Explained) -> Iterator[str]:
    if found.value == found.label:
        yield f"{found.title}: {found.value}."
    else:
        yield f"{found.title}: {found.value}. {found.label}."
    yield f"It asks: {found.question}"
    yield f"Meaning: {found.meaning}"
    yield f"For you: {found.interpretation}"
    yield f"Next: {found.next_step}"
    for fact in found.facts:
        yield f"{fact.name}: {fact.value}."
    yield from _rests_on(found.evidence)
    yield ""


def _rests_on(evidence: Iterable[Evidence]) -> Iterator[str]:
    for each in evidence:
        yield _sentence(f"{'Rests on' if each.known else 'Open'}: {each.reading}: {each.text}")


def _nats(report: Report, diagnosis: Diagnosis) -> Iterator[str]:
    for family, nat in ((Family.V4, diagnosis.nat4), (Family.V6, diagnosis.nat6)):
        way = local.way_out_key(family)
        if report.known(way) and report.value(way) is None:
            yield f"NAT over IPv{family.value}: nothing to judge, for there is no way out."
            yield ""
            continue
        found = explain_nat(nat, report, family)
        if nat.nat_class is NatClass.UNKNOWN:
            found = replace(found, facts=())  # there is nothing to be sure of
        yield from _explained(found)


_PEERS = {
    NatClass.NONE: "without NAT",
    NatClass.EASY: "behind an easy NAT",
    NatClass.HARD: "behind a hard NAT",
}


def _pair(report: Report, diagnosis: Diagnosis) -> Iterator[Part]:
    """The section on the chosen peer, where one was chosen."""
    if diagnosis.peer is not None:
        words = explain_peer(diagnosis.peer, report)
        yield Part(f"With {words.name}", _peer(words))


def _peer(words: PeerWords) -> Iterator[str]:
    yield _sentence(f"Its path now: {words.now}")
    yield _sentence(f"What to expect: {words.result}: {words.label}")
    yield f"How: {words.sentence}"
    yield f"Why: {words.why}"
    yield f"How sure: {words.confidence}."
    if words.meanwhile:
        yield words.meanwhile
    if words.nat:
        yield f"Its NAT, as a hint: {words.nat}."
    for hint in words.hints:
        yield _sentence(f"Known of the other side, as a hint: {hint}")
    yield from _rests_on(words.evidence)
    yield from _rests_on(words.missing)


def _outlook(diagnosis: Diagnosis) -> Iterator[str]:
    kinds = (
        (NatClass.NONE, diagnosis.outlook.none),
        (NatClass.EASY, diagnosis.outlook.easy),
        (NatClass.HARD, diagnosis.outlook.hard),
    )
    for kind, outlook in kinds:
        words = explain_outlook(outlook, kind)
        yield _sentence(f"With a peer {_PEERS[kind]}: {words.result}: {words.label}")
        yield f"How: {words.sentence}"
        yield f"Why: {words.why}"
        yield ""


def _causes(report: Report, diagnosis: Diagnosis) -> Iterator[str]:
    if not diagnosis.causes:
        yield "None was found."
    for count, cause in enumerate(diagnosis.causes, 1):
        yield from _cause(count, explain_cause(cause, report))


def _cause(count: int, cause: CauseText) -> Iterator[str]:
    yield f"Cause {count}: {cause.title}."
    yield f"Weight: {cause.weight}."
    yield f"How sure: {cause.confidence}."
    yield f"Who acts: {cause.actor}."
    yield f"What it is: {cause.sentence}"
    yield f"For you: {cause.for_you}"
    yield f"First: {cause.first}"
    yield f"Why: {cause.why}"
    yield f"How it shows that it worked: {cause.worked}"
    yield f"Who can do it: {cause.who}"
    yield from _rests_on(cause.evidence)
    yield from _rests_on(cause.missing)
    yield ""


def _open(report: Report, diagnosis: Diagnosis) -> Iterator[Part]:
    """The section on what could still be known, and would change what is said above."""
    lines = tuple(_settling(report, diagnosis))
    if lines:
        yield Part("What would change my mind", lines)


def _settling(report: Report, diagnosis: Diagnosis) -> Iterator[str]:
    said: set[str] = set()
    for claim, readings in claims(report, diagnosis):
        for each in open_readings(report, readings):
            yield f"{claim}: {each.what}"
            if each.how not in said:
                said.add(each.how)
                yield f"To settle it: {each.how}"


def _contradictions(report: Report) -> Iterator[Part]:
    """The section on witnesses that contradict each other, where any do."""
    found = explain_disagreements(report)
    if found:
        lines = (line for each in found for line in _explained(each))
        yield Part("Where witnesses contradict each other", lines)


def _unknown(report: Report, diagnosis: Diagnosis) -> Iterator[str]:
    nothing = True
    wanted = {*diagnosis.nat4.missing, *diagnosis.nat6.missing}
    wanted.update(key for cause in diagnosis.causes for key in cause.missing)
    for key in KEYS.values():
        if key.check not in report.checks and key.id not in wanted:
            continue  # a check that this version does not make, and that nothing waits for
        match report[key]:
            case Known() | Unknown(Reason.NOT_APPLICABLE):
                continue
            case Unknown(reason, detail):
                why = content.unknown(reason).label + (f" ({detail})" if detail else "")
            case Failed(error):
                why = f"{content.unknown('failed').label}: {error}"
            case reading:
                assert_never(reading)
        nothing = False
        yield _sentence(f"{key.doc.rstrip('.')}: {why}: {key.id}")
    if nothing:
        yield "Everything that was asked was answered."


def _exit(verdict: Verdict) -> Iterator[str]:
    status = exit_status(verdict)
    for each, words in _EXIT_WORDS.items():
        here = " This is the status of this run." if each is status else ""
        yield f"{each.value}: {words}.{here}"
