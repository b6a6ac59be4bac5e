"""`tailscale netcheck --format=json`, read tolerantly (net/netcheck.Report).

The keys have no tags, so they are Go's own names; durations are nanoseconds; a null is "not
checked". Versions up to 1.66 also print HairPinning.
"""

from __future__ import annotations

from typing import Any

from probes.model import Endpoint
from probes.readings.netcheck import Netcheck, NetcheckRegion, SeenEndpoint
from probes.tailscale.loose import Loose, endpoint_of, json_object

MOST_BYTES = 2_000_000
"""A report on thirty regions has some 4 kB."""
MOST_ENTRIES = 2_000
"""No map has more regions, and no run more probes."""

_KEYS = (
    "Now UDP IPv6 IPv4 IPv6CanSend IPv4CanSend OSHasIPv6 ICMPv4 MappingVariesByDestIP HairPinning "
    "UPnP PMP PCP PreferredDERP RegionLatency RegionV4Latency RegionV6Latency GlobalV4Counters "
    "GlobalV6Counters GlobalV4 GlobalV6 CaptivePortal"
)
_KNOWN = frozenset(_KEYS.split())


def parse_netcheck_json(text: str | bytes) -> Netcheck:
    """Read the first report in the text. Raises Unreadable where there is none."""
    return netcheck_of(json_object(text, "The output of tailscale netcheck", MOST_BYTES))


def netcheck_of(values: dict[str, Any]) -> Netcheck:
    """Read a report that is an object already."""
    notes: dict[str, None] = {}
    top = Loose(values, notes)
    top.unknown_keys(_KNOWN)
    preferred = top.number("PreferredDERP")
    return Netcheck(
        taken_at=top.text("Now"),
        udp=top.flag("UDP", needed=True),
        ipv4=top.flag("IPv4", needed=True),
        ipv6=top.flag("IPv6", needed=True),
        ipv4_can_send=top.flag("IPv4CanSend"),
        ipv6_can_send=top.flag("IPv6CanSend"),
        os_has_ipv6=top.flag("OSHasIPv6"),
        icmpv4=top.flag("ICMPv4"),
        mapping_varies=top.flag("MappingVariesByDestIP", needed=True),
        hair_pinning=top.flag("HairPinning"),
        upnp=top.flag("UPnP"),
        nat_pmp=top.flag("PMP"),
        pcp=top.flag("PCP"),
        captive_portal=top.flag("CaptivePortal"),
        global4=top.endpoint(top.text("GlobalV4"), "GlobalV4"),
        global6=top.endpoint(top.text("GlobalV6"), "GlobalV6"),
        seen4=_counters(top, "GlobalV4Counters"),
        seen6=_counters(top, "GlobalV6Counters"),
        nearest=str(preferred) if preferred else "",
        regions=_regions(top),
        unread=tuple(notes),
    )


def _counters(top: Loose, key: str) -> tuple[SeenEndpoint, ...]:
    found: list[SeenEndpoint] = []
    for text, count in list(top.mapping(key).items())[:MOST_ENTRIES]:
        if not isinstance(count, int) or isinstance(count, bool):
            top.note(f"{key} holds something that is no count")
            continue
        try:
            endpoint: Endpoint = endpoint_of(text)
        except ValueError:
            top.note(f"{key} holds something that is no address with a port")
            continue
        found.append(SeenEndpoint(endpoint, count))
    return tuple(sorted(found, key=lambda seen: (-seen.count, str(seen.endpoint))))


def _regions(top: Loose) -> tuple[NetcheckRegion, ...]:
    best, four, six = (
        _latencies(top, key) for key in ("RegionLatency", "RegionV4Latency", "RegionV6Latency")
    )
    return tuple(
        NetcheckRegion(region, "", "", best.get(region), four.get(region), six.get(region))
        for region in sorted({*best, *four, *six})
    )


def _latencies(top: Loose, key: str) -> dict[int, float]:
    """Milliseconds by region."""
    found: dict[int, float] = {}
    for text, nanoseconds in list(top.mapping(key).items())[:MOST_ENTRIES]:
        good = isinstance(nanoseconds, int) and not isinstance(nanoseconds, bool)
        if not (good and text.isascii() and text.isdigit() and len(text) < 10):
            top.note(f"{key} holds something that is no latency of a region")
            continue
        found[int(text)] = nanoseconds / 1e6
    return found
