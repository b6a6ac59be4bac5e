"""What would change an answer: what is not known, and what would settle each. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from probes.diagnosis.model import Diagnosis, Verdict
from probes.diagnosis.overruled import LOOKED_FOR
from probes.model import CheckId, CheckStatus, Family, Known, Reason, Unknown
from probes.options import OPT_IN
from probes.readings import KEYS, behavior, captive_portal, port_mapping, stun, tailscale
from probes.readings.key import Key
from probes.report import Report
from probes.values import dataclass
from tui import content
from tui.explain.facts import answers, any_tunnel, nothing_out, udp_stopped
from tui.explain.verdict import cause_words
from tui.explain.words import asked_of, why_unknown

_BEHAVIOR = (CheckId.BEHAVIOR, CheckId.COLLISION, CheckId.CLASSIC, CheckId.LIFETIME)
"""Checks that want a server with two addresses."""

_HIDDEN: tuple[Key[Any], ...] = (
    *(behavior.MAPPING4, behavior.FILTERING4, captive_portal.PRESENT),
    *(keys.present for keys in port_mapping.SERVICES.values()),
)
"""What a tunnel that carries the tests keeps from being seen."""


def trial_left(report: Report) -> bool:
    """The router offers to open ports, and was not tried: that wants the person's yes."""
    if report.elsewhere:
        return False
    tests = (report[each.test] for each in port_mapping.SERVICES.values())
    return any(isinstance(each, Unknown) and each.reason is Reason.NEEDS_CONSENT for each in tests)


def trial_decides(report: Report, diagnosis: Diagnosis) -> bool:
    """Such a trial may turn "it depends" into an answer."""
    return diagnosis.verdict is Verdict.DEPENDS and trial_left(report)


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
        case Reason.NO_ANSWER:
            return _silence(report, key)
        case _:
            return "again"


def _silence(report: Report, key: Key[Any]) -> str:
    """What kept the answers away, where that is known; else a packet may have been lost."""
    if nothing_out(report):
        return "network"
    if report.value(stun.UDP) is not False:
        six = key is stun.VARIES6 and not answers(report, Family.V6)
        return "udp6" if six else "again"
    if report.value(captive_portal.PRESENT):
        return "sign-in"
    if udp_stopped(report):
        return "udp"
    return "stun-port" if report.value(stun.ELSEWHERE) and key.check in _BEHAVIOR else "again"


@dataclass(frozen=True, slots=True)
class Open:
    """A reading that could still be known."""

    what: str
    """What it would say, and why it is not known."""
    how: str
    """What would settle it."""


def open_readings(report: Report, readings: Iterable[str]) -> Iterator[Open]:
    """Those of the readings that could still be known."""
    for name in dict.fromkeys(readings):
        key = KEYS[name]
        how = settle(report, key)
        if how:
            label = content.plain(content.unknown(why_unknown(report, key)).label)
            yield Open(f"{asked_of(key)}: {label}.", how)


def claims(report: Report, diagnosis: Diagnosis) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Everything that is claimed, with the readings that would change it; notes last."""
    if diagnosis.peer is not None:
        yield f"With {diagnosis.peer.name}", diagnosis.peer.missing
    yield "Your NAT over IPv4", diagnosis.nat4.missing
    yield "Your NAT over IPv6", diagnosis.nat6.missing
    for cause in sorted(diagnosis.causes, key=lambda each: not each.in_the_way):
        yield cause_words(cause.id, report).title, cause.missing
    if any_tunnel(report):
        yield "Your own network", tuple(key.id for key in _HIDDEN if not report.known(key))
    if not report.elsewhere and report.closed:
        # What would stand above all this, where nobody could look for it.
        above = tuple(key.id for key in LOOKED_FOR if not report.known(key))
        yield "The answer as a whole", above
