"""What would change an answer: the readings that are not known, and what would settle each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from probes.diagnosis.model import Weight
from probes.model import CheckId, CheckStatus, Known, Reason, Unknown
from probes.options import OPT_IN
from probes.readings import KEYS, tailscale
from probes.readings.key import Key
from probes.report import Report
from tui import content
from tui.explain.words import why_unknown
from tui.state import Measurement
from tui.widgets.page import Block, gap, heading, prose

_BEHAVIOR = (CheckId.BEHAVIOR, CheckId.COLLISION, CheckId.CLASSIC, CheckId.LIFETIME)
"""Checks that want a server with two addresses."""


def settle(report: Report, key: Key[Any]) -> str:
    """What would make a reading known, in words of ours; "" where nothing is to be done."""
    reading = report[key]
    if isinstance(reading, Known):
        return ""
    which = _which(report, key, reading.reason if isinstance(reading, Unknown) else None)
    return content.settle(which, key.check) if which else ""


def _which(report: Report, key: Key[Any], reason: Reason | None) -> str:
    state = report.checks.get(key.check)
    if why_unknown(report, key) == "measuring":
        return "wait"
    if report.elsewhere or reason is Reason.MEASURED_ELSEWHERE:
        return "elsewhere"
    if key is tailscale.PINGS:
        return "ping"
    if key is tailscale.PEER_TOLD:
        return "other-side"
    if state is None or state.status is CheckStatus.SKIPPED or reason is Reason.SKIPPED:
        return "opt-in" if key.check in OPT_IN else "left-out"
    match reason:
        case Reason.NEEDS_CONSENT:
            return "consent"
        case Reason.NO_SERVER:
            return "behavior-server" if key.check in _BEHAVIOR else "server"
        case Reason.NO_RIGHTS:
            return "rights"
        case Reason.UNSUPPORTED_SYSTEM:
            return "system"
        case Reason.THROUGH_TUNNEL:
            return "tunnel"
        case Reason.NOT_APPLICABLE:
            return ""
        case _:
            return "again"


def open_lines(report: Report, readings: Iterable[str]) -> list[Block]:
    """A line for each of these readings that could still be known."""
    blocks: list[Block] = []
    said: set[str] = set()
    for name in dict.fromkeys(readings):
        key = KEYS[name]
        how = settle(report, key)
        if not how:
            continue
        label = content.plain(content.unknown(why_unknown(report, key)).label)
        blocks.append(prose(f"- {key.doc.rstrip('.')}: {label}."))
        if how not in said:
            said.add(how)
            blocks.append(prose(f"  {how}", "$note"))
    return blocks


def open_questions(measurement: Measurement) -> list[Block]:
    """The page on the whole answer."""
    report, diagnosis = measurement.report, measurement.diagnosis
    page = content.page("mind")
    claims: list[tuple[str, tuple[str, ...]]] = []
    if diagnosis.peer is not None:
        claims.append((f"With {diagnosis.peer.name}", diagnosis.peer.missing))
    nats = (("Your NAT over IPv4", diagnosis.nat4), ("Your NAT over IPv6", diagnosis.nat6))
    claims += [(name, nat.missing) for name, nat in nats]
    ranked = sorted(diagnosis.causes, key=lambda each: each.weight is Weight.NOTES)
    claims += [(content.cause(each.id).title, each.missing) for each in ranked]
    blocks: list[Block] = []
    for name, missing in claims:
        if lines := open_lines(report, missing):
            blocks += [gap, heading(name), *lines]
    opening = page.opening if blocks else page.sections["Nothing is open"]
    elsewhere = "And on another network"
    return [
        prose(opening),
        *blocks,
        gap,
        heading(elsewhere),
        prose(page.sections[elsewhere]),
    ]
