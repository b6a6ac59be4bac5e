"""The relay map in use, and what the `relay-tcp` check finds out about its relays."""

from __future__ import annotations

from enum import StrEnum

from probes.model import CheckId, IPAddress
from probes.readings.codec import ADDRESS, BOOL, FLOAT, INT, STR, enum, many, optional, record
from probes.readings.key import Key
from probes.values import dataclass


class MapOrigin(StrEnum):
    """Where the relay map came from, in the order in which they are tried."""

    FILE = "file"
    URL = "url"
    """The URL that the person named."""
    DAEMON = "daemon"
    """`tailscale debug derp-map`."""
    CACHE = "cache"
    """The last good copy that this program kept."""
    PUBLIC = "public"
    """Tailscale's public default map, over HTTPS."""
    BUILT_IN = "built-in"
    """No map could be had: a short list of plain STUN servers."""
    SIMULATED = "simulated"


@dataclass(frozen=True, slots=True)
class MapSource:
    """Which relay map is in use."""

    origin: MapOrigin
    where: str
    """The file, URL or command."""
    regions: int
    passed_over: tuple[str, ...]
    """Each earlier source that gave nothing, and why."""


@dataclass(frozen=True, slots=True)
class RegionName:
    """A relay region as the map names it."""

    region: int
    code: str
    name: str


class Certificate(StrEnum):
    """What a relay's TLS certificate says about the path."""

    VALID = "valid"
    OTHER = "other"
    """Not one for this relay: something on the path answered in its place."""
    NOT_CHECKED = "not-checked"
    """The map says not to (InsecureForTests), or the handshake did not get so far."""


@dataclass(frozen=True, slots=True)
class TcpAnswer:
    """One relay reached over TCP."""

    region: int
    host: str
    address: IPAddress
    port: int
    connect_ms: float
    """Until the SYN-ACK."""
    server_hello_ms: float | None
    """From the ClientHello to the first bytes back: one round trip; None without TLS."""
    certificate: Certificate
    issuer: str
    """Who signed a certificate that is not the relay's, else ""."""


MAP_SOURCE_RECORD = record(
    MapSource, origin=enum(MapOrigin), where=STR, regions=INT, passed_over=many(STR)
)
REGION_NAME = record(RegionName, region=INT, code=STR, name=STR)
TCP_ANSWER = record(
    TcpAnswer,
    region=INT,
    host=STR,
    address=ADDRESS,
    port=INT,
    connect_ms=FLOAT,
    server_hello_ms=optional(FLOAT),
    certificate=enum(Certificate),
    issuer=STR,
)

MAP_SOURCE = Key(
    "relays.source",
    CheckId.STUN,
    MAP_SOURCE_RECORD,
    "Which relay map the probes use.",
    shared=True,
)
REGIONS = Key(
    "relays.regions",
    CheckId.STUN,
    many(REGION_NAME),
    "The regions of the relay map.",
    shared=True,
)
STUN_REGIONS = Key(
    "relays.stun_regions",
    CheckId.STUN,
    INT,
    "How many regions of the relay map offer STUN.",
    shared=True,
)
TCP_ANSWERS = Key(
    "relay_tcp.answers",
    CheckId.RELAY_TCP,
    many(TCP_ANSWER),
    "The relays that were reached over TCP, with latencies in milliseconds.",
)
TCP = Key("relay_tcp.reachable", CheckId.RELAY_TCP, BOOL, "Whether any relay answered over TCP.")
TLS_INSPECTED = Key(
    "relay_tcp.tls_inspected",
    CheckId.RELAY_TCP,
    BOOL,
    "Whether something on the path answers TLS in a relay's place.",
)
ICMP4 = Key(
    "relay_tcp.icmp4", CheckId.RELAY_TCP, BOOL, "Whether a relay answered an ICMPv4 echo request."
)
RELAY_RTT = Key(
    "relay_tcp.rtt_ms",
    CheckId.RELAY_TCP,
    FLOAT,
    "Shortest round trip to a relay over TLS (TCP where TLS fails), in milliseconds.",
)

KEYS = (MAP_SOURCE, REGIONS, STUN_REGIONS, TCP_ANSWERS, TCP, TLS_INSPECTED, ICMP4, RELAY_RTT)
