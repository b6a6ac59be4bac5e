"""The schema of netcheck's report, as `tailscale netcheck --format=json` prints it."""

from __future__ import annotations

from probes.readings.codec import Json
from tui.schemas.shapes import BOOL, INT, STRING, or_null, record, table


def netcheck() -> Json:
    """netcheck's Report; null where a thing was not measured."""
    yes_or_no, latency = or_null(BOOL), or_null(table(INT, "^[0-9]+$"))
    counters, endpoint = or_null(table(INT)), or_null(STRING)
    fields = {
        "Now": or_null(STRING),
        **dict.fromkeys(
            (
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
            ),
            yes_or_no,
        ),
        "PreferredDERP": or_null(INT, "0: none"),
        "RegionLatency": latency,
        "RegionV4Latency": latency,
        "RegionV6Latency": latency,
        "GlobalV4Counters": counters,
        "GlobalV6Counters": counters,
        "GlobalV4": endpoint,
        "GlobalV6": endpoint,
        "CaptivePortal": yes_or_no,
    }
    return record(
        fields,
        "what `tailscale netcheck --format=json` would print from here: "
        'durations in nanoseconds, "" = none found, null = not measured',
    )
