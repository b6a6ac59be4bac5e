"""What was measured, and what each fact means, as lines of the plain report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from probes.diagnosis.model import Diagnosis, NatClass
from probes.model import Family
from probes.readings import relays, stun
from probes.report import Report
from tui import content
from tui.explain import (
    Evidence,
    Explained,
    explain_fields,
    explain_nat,
    latency_rows,
    mapping_rows,
    question_lines,
)
from tui.explain.account import forward_lines
from tui.explain.elsewhere import told
from tui.explain.facts import no_way_out, relays_asked
from tui.explain.router import PROTOCOL_OF, router_says
from tui.explain.way import layer_lines, ledger_lines, server_lines
from tui.explain.words import milliseconds, number


def sentence(text: str) -> str:
    """With one full stop, whether it brought its own or not."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


def measured(report: Report) -> Iterator[str]:
    if report.elsewhere:
        yield from told(report)
        return
    for line in question_lines(report):
        yield sentence(f"{line.title}: {line.text}")
    source = report.value(relays.MAP_SOURCE)
    if source is not None:
        regions = f", {number(source.regions, 'region')}" if source.regions else ""
        yield f"Relay map: {source.where}{regions}."
        for each in source.passed_over:
            yield sentence(f"Relay map, tried before: {each}")
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
        yield sentence(f"Observed: {said}")
    for said in forward_lines(report):
        yield sentence(said)
    for said in server_lines(report):
        yield f"Server with two addresses: {said}."
    for ignored in report.value(stun.REJECTED) or ():
        detail = f" ({ignored.detail})" if ignored.detail else ""
        times = f", {ignored.count} times" if ignored.count > 1 else ""
        yield f"Did not count: {ignored.host}: {content.label(ignored.fault)}{detail}{times}."


def router(report: Report) -> Iterator[str]:
    """What the router says, where it says anything."""
    yield from (
        sentence(f"{content.check(check).title}: {part.heading}: {said}")
        for check in PROTOCOL_OF
        for part in router_says(report, check)
        for said in part.lines
    )


def fields(report: Report) -> Iterator[str]:
    for field in explain_fields(report):
        yield from explained(field)


def explained(found: Explained) -> Iterator[str]:
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
    yield from rests_on(found.evidence)
    yield ""


def rests_on(evidence: Iterable[Evidence]) -> Iterator[str]:
    for each in evidence:
        yield sentence(f"{'Rests on' if each.known else 'Open'}: {each.reading}: {each.text}")


def nats(report: Report, diagnosis: Diagnosis) -> Iterator[str]:
    for family, nat in ((Family.V4, diagnosis.nat4), (Family.V6, diagnosis.nat6)):
        if no_way_out(report, family):
            yield f"NAT over IPv{family.value}: nothing to judge, for there is no way out."
            yield ""
            continue
        found = explain_nat(nat, report, family)
        if nat.nat_class is NatClass.UNKNOWN:
            found = replace(found, facts=())  # there is nothing to be sure of
        yield from explained(found)
