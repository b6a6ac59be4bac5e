"""The netcheck view of a report: what `tailscale netcheck --format=json` would print from here.

Keys, order, spelling and types are those of netcheck's Report (net/netcheck/netcheck.go): durations
are integer nanoseconds, the keys of the latency tables are region ids as text, "" says that no
address was found. Where netcheck has no way to say that something was not measured, null says it.
Servers outside the relay map never enter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TypeVar, assert_never

from probes.model import Failed, Family, Known, Reason, Unknown
from probes.readings import captive_portal, local, relays, stun
from probes.readings.codec import Json
from probes.readings.key import Key
from probes.readings.port_mapping import NAT_PMP, PCP, TAILSCALE_ASKS, UPNP
from probes.readings.relays import MapOrigin, TcpAnswer
from probes.readings.stun import StunAnswer
from probes.report import Report

T = TypeVar("T")

_ASKED_IN_VAIN = frozenset({Reason.NO_ANSWER, Reason.NOT_APPLICABLE})
"""Reasons that netcheck prints as a no: nothing came back, or there was nothing to ask from."""


KEYS = (
    "Now",
    "UDP",
    "IPv6",
    "IPv4",
    "IPv6CanSend",
    "IPv4CanSend",
    "OSHasIPv6",
    "ICMPv4",
    "MappingVariesByDestIP",
    "UPnP",
    "PMP",
    "PCP",
    "PreferredDERP",
    "RegionLatency",
    "RegionV4Latency",
    "RegionV6Latency",
    "GlobalV4Counters",
    "GlobalV6Counters",
    "GlobalV4",
    "GlobalV6",
    "CaptivePortal",
)
"""In netcheck's order."""


def netcheck_view(report: Report) -> dict[str, Json]:
    """The report as netcheck would have it."""
    if _without_relays(report):
        return {**dict.fromkeys(KEYS), "Now": _closed_at(report), **_system(report)}
    udp = report.value(stun.UDP)
    answers4, answers6 = _relays(report, stun.ANSWERS4), _relays(report, stun.ANSWERS6)
    # As netcheck: the HTTPS and ICMP fallbacks speak only where no STUN answer came at all.
    fallback = () if udp is not False else report.value(relays.TCP_ANSWERS) or ()
    latency = _region_latency(answers4, answers6, fallback)
    return {
        "Now": _closed_at(report),
        "UDP": udp,
        "IPv6": _works(report, Family.V6, answers6, fallback),
        "IPv4": _works(report, Family.V4, answers4, fallback),
        **_system(report),
        "ICMPv4": report.value(relays.ICMP4),
        "MappingVariesByDestIP": report.value(stun.VARIES4),
        **_port_mapping(report),
        "PreferredDERP": _preferred(report, latency),
        "RegionLatency": latency,
        "RegionV4Latency": _stun_latency(answers4),
        "RegionV6Latency": _stun_latency(answers6),
        "GlobalV4Counters": _counters(answers4),
        "GlobalV6Counters": _counters(answers6),
        "GlobalV4": _endpoint(report, Family.V4),
        "GlobalV6": _endpoint(report, Family.V6),
        "CaptivePortal": report.value(captive_portal.PRESENT),
    }


def _port_mapping(report: Report) -> dict[str, Json]:
    """netcheck says yes only to a service that answered without an error.

    It asks private (RFC 1918) routers alone: of any other it says no without asking.
    """
    services = {"UPnP": UPNP, "PMP": NAT_PMP, "PCP": PCP}
    if report.value(TAILSCALE_ASKS) is False:
        return dict.fromkeys(services, False)
    found: dict[str, Json] = {}
    for name, keys in services.items():
        present = report.value(keys.present)
        # Over UPnP it looks no further than the answer to the search.
        refused = keys is not UPNP and report.value(keys.error) is not None
        found[name] = present and not refused
    return found


def _without_relays(report: Report) -> bool:
    """No relay map could be had: plain STUN servers stood in, and netcheck would not have run."""
    source = report.value(relays.MAP_SOURCE)
    return source is not None and source.origin is MapOrigin.BUILT_IN


def _system(report: Report) -> dict[str, Json]:
    """What the system alone decides."""
    return {
        "IPv6CanSend": _yes_or_no(report, stun.CAN_SEND6),
        "IPv4CanSend": _yes_or_no(report, stun.CAN_SEND4),
        "OSHasIPv6": report.value(local.OS_IPV6),
    }


def _closed_at(report: Report) -> str | None:
    """When the report was stored: netcheck's Now is the end of its work, not the beginning."""
    try:
        began = datetime.fromisoformat(report.taken_at)
        ended = began + timedelta(milliseconds=report.elapsed_ms)
    except (ValueError, OverflowError):
        return None
    return ended.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _relays(report: Report, key: Key[tuple[StunAnswer, ...]]) -> tuple[StunAnswer, ...] | None:
    """The answers of the map's relays; None where nobody was asked."""
    match report[key]:
        case Known(answers):
            return tuple(answer for answer in answers if answer.region)
        case Unknown(reason):
            return () if reason in _ASKED_IN_VAIN else None
        case Failed():
            return None
        case reading:
            assert_never(reading)


def _yes_or_no(report: Report, key: Key[bool]) -> bool | None:
    """netcheck's no covers "no address to send from"; a null stays for what was not measured."""
    match report[key]:
        case Known(value):
            return value
        case Unknown(reason):
            return False if reason in _ASKED_IN_VAIN else None
        case Failed():
            return None
        case reading:
            assert_never(reading)


def _works(
    report: Report,
    family: Family,
    answers: tuple[StunAnswer, ...] | None,
    fallback: Iterable[TcpAnswer],
) -> bool | None:
    """IPv4 or IPv6: over STUN, else over HTTPS, and for IPv4 else over ICMP.

    So `UDP` false beside `IPv4` true is what a network that blocks UDP looks like.
    """
    if answers or any(Family.of(answer.address) is family for answer in fallback):
        return True
    blocked = report.value(stun.UDP) is False
    if family is Family.V4 and blocked and report.value(relays.ICMP4):
        return True
    return None if answers is None else False


def _region_latency(
    answers4: tuple[StunAnswer, ...] | None,
    answers6: tuple[StunAnswer, ...] | None,
    fallback: Iterable[TcpAnswer],
) -> dict[str, int] | None:
    if answers4 is None and answers6 is None:
        return None
    over_stun = ((each.region, each.rtt_ms) for each in (*(answers4 or ()), *(answers6 or ())))
    # netcheck times the request, not the dial: the ServerHello is the same one round trip.
    over_tcp = (
        (each.region, each.connect_ms if each.server_hello_ms is None else each.server_hello_ms)
        for each in fallback
    )
    return _fastest((*over_stun, *over_tcp))


def _stun_latency(answers: tuple[StunAnswer, ...] | None) -> dict[str, int] | None:
    if answers is None:
        return None
    return _fastest((each.region, each.rtt_ms) for each in answers)


def _fastest(latencies: Iterable[tuple[int, float]]) -> dict[str, int]:
    """The lowest of each region, in nanoseconds; keys in Go's order, which is that of text."""
    best: dict[str, int] = {}
    for region, rtt_ms in latencies:
        key, nanoseconds = str(region), round(rtt_ms * 1_000_000)
        best[key] = min(best.get(key, nanoseconds), nanoseconds)
    return dict(sorted(best.items()))


def _preferred(report: Report, latency: dict[str, int] | None) -> int | None:
    """0: none. Where UDP is blocked, netcheck takes the region that HTTPS reaches fastest."""
    region = report.value(stun.PREFERRED)
    if region:
        return region
    if latency:
        return int(min(latency, key=lambda each: latency[each]))
    return region if latency is None else 0


def _counters(answers: tuple[StunAnswer, ...] | None) -> dict[str, int] | None:
    """How many relays saw each public endpoint; null where none did, as netcheck prints it."""
    if not answers:
        return None
    return dict(sorted(Counter(str(answer.mapped) for answer in answers).items()))


def _endpoint(report: Report, family: Family) -> str | None:
    match report[stun.BY_FAMILY[family].endpoint]:
        case Known(endpoint):
            return str(endpoint)
        case Unknown(reason):
            return "" if reason in _ASKED_IN_VAIN else None
        case Failed():
            return None
        case reading:
            assert_never(reading)
