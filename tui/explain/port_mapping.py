"""The PortMapping field: which services the router offers, and whether a port opened works."""

from __future__ import annotations

from typing import Any

from probes.diagnosis.facts import Facts
from probes.diagnosis.layers import in_cloud, within
from probes.diagnosis.model import NatClass, Result
from probes.diagnosis.nat import nat_of
from probes.diagnosis.outlook import outlook_of
from probes.model import Family, Reason
from probes.readings import local, port_mapping, stun
from probes.readings.key import Key
from probes.readings.port_mapping import MappingTest
from probes.report import Report
from tui.explain.device import open_port, port_held
from tui.explain.words import Choice, listed, why_unknown

_SERVICES = (
    ("UPnP", port_mapping.UPNP),
    ("NAT-PMP", port_mapping.NAT_PMP),
    ("PCP", port_mapping.PCP),
)
"""With the names that netcheck prints, in its order."""


def _goes_direct(report: Report) -> bool:
    """With an ordinary peer: a NAT may be easy, and something else stand in the way."""
    nat4, nat6 = (nat_of(report, each) for each in Family)
    return outlook_of(Facts(report, nat4, nat6)).easy.result is Result.DIRECT


def choose(report: Report) -> Choice:
    """Which words fit."""
    offered = [name for name, service in _SERVICES if report.value(service.present)]
    open_ = [name for name, service in _SERVICES if not report.known(service.present)]
    tests = {
        name: test
        for name, service in _SERVICES
        if (test := report.value(service.test)) is not None
    }
    opened = [name for name, test in tests.items() if test.ok]
    seen = [name for name in opened if tests[name].seen_from_outside]
    keys: list[Key[Any]] = [service.present for _, service in _SERVICES]
    keys += [service.test for name, service in _SERVICES if name in tests]
    filling = {
        "services": ", ".join(offered),
        "linked": _linked(offered),
        "proven": _linked(seen or opened),
        "open": listed(open_) if open_ else "",
        "gateway": _asked(report),
        "held": port_held(report),
    }
    return Choice(_value(report, offered, open_, tests), tuple(keys), filling)


def _asked(report: Report) -> str:
    """The address of the box that was asked."""
    gateway = report.value(local.GATEWAY4)
    return str((gateway and gateway.address) or "the first box on the way")


def _linked(names: list[str]) -> str:
    return listed(f"[[{name}]]" for name in names) if names else ""


def _value(
    report: Report, offered: list[str], open_: list[str], tests: dict[str, MappingTest]
) -> str:
    nat = nat_of(report, Family.V4).nat_class
    opened = [test for test in tests.values() if test.ok]
    if opened:
        return "proven" if any(test.seen_from_outside for test in opened) else "opened"
    if offered:
        if tests and all(test.ok is False for test in tests.values()):
            return "broken"
        return "offered-hard" if nat is NatClass.HARD else "offered"
    if len(open_) == len(_SERVICES):
        reasons = {why_unknown(report, service.present) for _, service in _SERVICES}
        reason = reasons.pop() if len(reasons) == 1 else Reason.NOT_MEASURED
        return "not-checked" if reason == Reason.NOT_MEASURED else str(reason)
    if open_:
        return "partly"
    if within(report) and nat is not NatClass.NONE and report.value(stun.UDP) is not False:
        return "none-within"
    if in_cloud(report) and report.value(stun.UDP) is not False:
        return "none-cloud"
    if nat is NatClass.EASY and open_port(report):
        return "none-open"
    match nat:
        case NatClass.HARD:
            return "none-hard"
        case NatClass.NONE:
            return "none-no-nat"
        case NatClass.EASY if _goes_direct(report):
            return "none-easy"
        case NatClass.EASY:
            return "none-other"
        case NatClass.UNKNOWN:
            return "none-no-udp" if report.value(stun.UDP) is False else "none"
