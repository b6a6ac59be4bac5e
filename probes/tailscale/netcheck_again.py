"""netcheck's JSON again, from a report of netcheck's that was read: the same keys and types.

What the text form does not hold (region numbers, who could send) is null.
"""

from __future__ import annotations

from probes.model import Endpoint
from probes.readings.codec import Json
from probes.readings.netcheck import Netcheck, NetcheckRegion, SeenEndpoint


def netcheck_again(report: Netcheck, taken_at: str) -> dict[str, Json]:
    """The keys in netcheck's order; durations in nanoseconds."""
    numbered = not report.regions or any(each.region for each in report.regions)
    preferred = int(report.nearest) if report.nearest.isdecimal() else None
    return {
        "Now": taken_at or None,
        "UDP": report.udp,
        "IPv6": report.ipv6,
        "IPv4": report.ipv4,
        "IPv6CanSend": report.ipv6_can_send,
        "IPv4CanSend": report.ipv4_can_send,
        "OSHasIPv6": report.os_has_ipv6,
        "ICMPv4": report.icmpv4,
        "MappingVariesByDestIP": report.mapping_varies,
        "UPnP": report.upnp,
        "PMP": report.nat_pmp,
        "PCP": report.pcp,
        "PreferredDERP": preferred if preferred is not None or report.nearest else 0,
        "RegionLatency": _latency(report.regions, "rtt_ms") if numbered else None,
        "RegionV4Latency": _latency(report.regions, "rtt4_ms") if numbered else None,
        "RegionV6Latency": _latency(report.regions, "rtt6_ms") if numbered else None,
        "GlobalV4Counters": _counters(report.seen4),
        "GlobalV6Counters": _counters(report.seen6),
        "GlobalV4": _endpoint(report.global4),
        "GlobalV6": _endpoint(report.global6),
        "CaptivePortal": report.captive_portal,
    }


def _latency(regions: tuple[NetcheckRegion, ...], which: str) -> dict[str, int]:
    found = ((str(each.region), getattr(each, which)) for each in regions)
    return {region: round(ms * 1_000_000) for region, ms in found if ms is not None}


def _counters(seen: tuple[SeenEndpoint, ...]) -> dict[str, int] | None:
    return {str(each.endpoint): each.count for each in seen} or None


def _endpoint(found: Endpoint | None) -> str:
    return "" if found is None else str(found)
