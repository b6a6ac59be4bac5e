"""Reports built by hand, from events as a run would tell them."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address, ip_interface
from typing import Any

from probes.events import CheckFinished, CheckStarted, Event, Observed, RunFinished, RunStarted
from probes.model import (
    CheckId,
    CheckStatus,
    Endpoint,
    Failed,
    Family,
    Known,
    Reading,
    Reason,
    Unknown,
)
from probes.readings import KEYS, local, relays, stun
from probes.readings.key import Key
from probes.report import Report, report_of

CHECKS = (CheckId.LOCAL, CheckId.STUN, CheckId.RELAY_TCP)
REGION_CODES = ("nyc", "fra", "syd")
REGIONS = tuple(
    relays.RegionName(number, code, name)
    for number, (code, name) in enumerate(
        zip(REGION_CODES, ("New York City", "Frankfurt", "Sydney"), strict=True), start=1
    )
)
RTT_MS = (12.4, 35.0, 280.0)

Readings = Mapping[str, Any]
"""Values or readings, by the ids of their keys."""


def by_id(*pairs: tuple[Key[Any], Any]) -> Readings:
    """Readings that are given by their keys."""
    return {key.id: value for key, value in pairs}


def report(
    readings: Readings | None = None,
    status: Mapping[CheckId, CheckStatus] | None = None,
    *,
    closed: bool = True,
    skipped: tuple[CheckId, ...] = (),
) -> Report:
    """A report with these facts: values are wrapped in Known, readings are taken as they are."""
    states = {check: CheckStatus.DONE for check in CHECKS if check not in skipped}
    states |= status or {}
    events: list[Event] = [
        RunStarted(0.0, "2026-01-01T00:00:00Z", tuple(states), skipped, "simulated:hand")
    ]
    events += [
        CheckStarted(0.0, check, 1000.0)
        for check, each in states.items()
        if each is not CheckStatus.WAITING
    ]
    for name, value in (readings or {}).items():
        key = KEYS[name]
        reading: Reading[Any] = (
            value
            if isinstance(value, Known | Unknown | Failed)
            else Known(value, f"said by {name}", 1.0)
        )
        events.append(Observed(1.0, key.check, name, reading))
    events += [
        CheckFinished(5.0, check, each, "boom" if each is CheckStatus.FAILED else "")
        for check, each in states.items()
        if each.over
    ]
    if closed:
        events.append(RunFinished(9.0, "", changed=False))
    return report_of(events)


def answer(
    mapped: str, region: int = 1, here: str = "192.168.1.20:40000", host: str = ""
) -> stun.StunAnswer:
    """One relay's answer."""
    code = REGION_CODES[region - 1] if region else "elsewhere"
    port = host.rpartition(":")[2] if ":" in host else "3478"
    return stun.StunAnswer(
        region,
        host or f"{code}.example",
        Endpoint.parse(
            f"198.51.100.{region}:{port}" if "[" not in mapped else "[2001:db8::1]:3478"
        ),
        Endpoint.parse(mapped),
        Endpoint.parse(here),
        RTT_MS[region - 1] if region else 20.0,
        1,
    )


def way_out(
    family: Family = Family.V4, *, tunnel: str = "", bound: bool = False, source: str = ""
) -> local.WayOut:
    """The way out by wlan0."""
    usual = "192.168.1.20" if family is Family.V4 else "2001:db8:1::20"
    name = tunnel if tunnel and not bound else "wlan0"
    return local.WayOut(family, name, ip_address(source or usual), bound, tunnel)


def device(*addresses: str) -> tuple[local.Interface, ...]:
    """One network card with these addresses."""
    return (
        local.Interface(
            "wlan0",
            local.InterfaceKind.PHYSICAL,
            True,
            1500,
            tuple(ip_interface(each) for each in addresses),
        ),
    )


def mapped(*endpoints: str, here: str = "192.168.1.20:40000") -> dict[str, Any]:
    """The IPv4 readings of a stun check whose relays saw these endpoints, one a relay."""
    answers = tuple(answer(each, region, here) for region, each in enumerate(endpoints, start=1))
    varies: Any = len({each.mapped for each in answers}) > 1
    if len(answers) < 2:
        varies = Unknown(Reason.TOO_FEW_ANSWERS if answers else Reason.NO_ANSWER)
    return {
        stun.UDP.id: bool(answers),
        stun.ANSWERS4.id: answers,
        stun.ENDPOINT4.id: answers[0].mapped if answers else Unknown(Reason.NO_ANSWER),
        stun.VARIES4.id: varies,
        stun.PREFERRED.id: 1 if answers else 0,
    }


HOME: dict[str, Any] = {
    local.INTERFACES.id: device("192.168.1.20/24"),
    local.GATEWAY4.id: local.Gateway(ip_address("192.168.1.1"), "wlan0"),
    local.GATEWAY6.id: None,
    local.OS_IPV6.id: True,
    local.WAY_OUT4.id: way_out(),
    local.WAY_OUT6.id: None,
    relays.MAP_SOURCE.id: relays.MapSource(relays.MapOrigin.PUBLIC, "https://example", 3, ()),
    relays.REGIONS.id: REGIONS,
    relays.TCP.id: True,
    relays.RELAY_RTT.id: 12.0,
    relays.TLS_INSPECTED.id: False,
}
"""An ordinary home, before any answer over UDP."""

EASY: dict[str, Any] = {
    **HOME,
    **mapped("45.83.223.10:51820", "45.83.223.10:51820", "45.83.223.10:51820"),
}
HARD: dict[str, Any] = {
    **HOME,
    **mapped("45.83.223.10:51820", "45.83.223.10:33017", "45.83.223.10:40001"),
}
