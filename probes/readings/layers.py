"""What the `layers` check finds out: the first hops towards the internet."""

from __future__ import annotations

from probes.model import CheckId, IPAddress
from probes.readings.codec import ADDRESS, FLOAT, INT, STR, many, record
from probes.readings.key import Key
from probes.values import dataclass


@dataclass(frozen=True, slots=True)
class Hop:
    """A box on the way that sent back an expired packet."""

    ttl: int
    address: IPAddress
    rtt_ms: float


HOP = record(Hop, ttl=INT, address=ADDRESS, rtt_ms=FLOAT)

HOPS4 = Key(
    "layers.hops4",
    CheckId.LAYERS,
    many(HOP),
    "The first IPv4 hops towards a relay that made themselves known, in order.",
)

NAT64 = Key(
    "layers.nat64_prefix",
    CheckId.LAYERS,
    STR,
    "The prefix through which this network reaches IPv4 over IPv6 (NAT64).",
)

KEYS = (HOPS4, NAT64)
