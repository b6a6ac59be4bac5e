"""What a `tailscale netcheck` report says: the value of `tailscale.netcheck`."""

from __future__ import annotations

from probes.model import Endpoint
from probes.readings.codec import (
    BOOL,
    ENDPOINT,
    FLOAT,
    INT,
    STR,
    many,
    optional,
    record,
)
from probes.values import dataclass


@dataclass(frozen=True, slots=True)
class NetcheckRegion:
    """One line of netcheck's latency table."""

    region: int
    """0 where the text form does not tell it."""
    code: str
    """"" in the JSON form, which has only numbers."""
    name: str
    rtt_ms: float | None
    """The best of all ways to measure it."""
    rtt4_ms: float | None
    """Over IPv4 STUN alone."""
    rtt6_ms: float | None
    """Over IPv6 STUN alone."""


@dataclass(frozen=True, slots=True)
class SeenEndpoint:
    """A public endpoint, and how many of netcheck's probes came from it."""

    endpoint: Endpoint
    count: int


@dataclass(frozen=True, slots=True)
class Netcheck:
    """A `tailscale netcheck` report, from JSON or text, of any version. None: it does not say."""

    taken_at: str
    udp: bool | None
    ipv4: bool | None
    ipv6: bool | None
    ipv4_can_send: bool | None
    ipv6_can_send: bool | None
    os_has_ipv6: bool | None
    icmpv4: bool | None
    mapping_varies: bool | None
    hair_pinning: bool | None
    """Printed by versions up to 1.66."""
    upnp: bool | None
    nat_pmp: bool | None
    pcp: bool | None
    captive_portal: bool | None
    global4: Endpoint | None
    global6: Endpoint | None
    seen4: tuple[SeenEndpoint, ...]
    seen6: tuple[SeenEndpoint, ...]
    nearest: str
    """The nearest relay's name or region number as printed; "" where none answered."""
    regions: tuple[NetcheckRegion, ...]
    unread: tuple[str, ...]
    """Keys or lines that this program does not know, or could not read."""


_REGION = record(
    NetcheckRegion,
    region=INT,
    code=STR,
    name=STR,
    rtt_ms=optional(FLOAT),
    rtt4_ms=optional(FLOAT),
    rtt6_ms=optional(FLOAT),
)
_SEEN = record(SeenEndpoint, endpoint=ENDPOINT, count=INT)
NETCHECK_RECORD = record(
    Netcheck,
    taken_at=STR,
    udp=optional(BOOL),
    ipv4=optional(BOOL),
    ipv6=optional(BOOL),
    ipv4_can_send=optional(BOOL),
    ipv6_can_send=optional(BOOL),
    os_has_ipv6=optional(BOOL),
    icmpv4=optional(BOOL),
    mapping_varies=optional(BOOL),
    hair_pinning=optional(BOOL),
    upnp=optional(BOOL),
    nat_pmp=optional(BOOL),
    pcp=optional(BOOL),
    captive_portal=optional(BOOL),
    global4=optional(ENDPOINT),
    global6=optional(ENDPOINT),
    seen4=many(_SEEN),
    seen6=many(_SEEN),
    nearest=STR,
    regions=many(_REGION),
    unread=many(STR),
)
