"""What the `behavior` and `collision` checks find out (RFC 4787, measured as in RFC 5780)."""

from __future__ import annotations

from enum import StrEnum

from probes.model import CheckId, Confidence, Endpoint, Family, Filtering, Mapping
from probes.readings.codec import BOOL, ENDPOINT, INT, STR, Codec, enum, many, optional, record
from probes.readings.key import Key
from probes.values import dataclass


class ServerState(StrEnum):
    """What a behaviour server turned out to be."""

    ABLE = "able"
    """It has a second address, and that answers."""
    UNRESOLVED = "unresolved"
    SILENT = "silent"
    """No answer to a plain request."""
    NO_OTHER_ADDRESS = "no-other-address"
    """A plain STUN server: it names no second address, or a useless one."""
    OTHER_SILENT = "other-silent"
    """Its second address does not answer, so its silence proves nothing."""
    LIAR = "liar"
    """It answered a request for another source from its first address, or from a third."""
    REFUSES = "refuses"
    """It says that it cannot change the source (error 420)."""


@dataclass(frozen=True, slots=True)
class BehaviorServer:
    """One server, and why it counted or not."""

    host: str
    address: Endpoint | None
    other: Endpoint | None
    """OTHER-ADDRESS (RFC 5780 section 7.4)."""
    state: ServerState


@dataclass(frozen=True, slots=True)
class MappingFound:
    """The mapping behaviour (RFC 4787 section 4.1)."""

    mapping: Mapping
    confidence: Confidence
    servers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FilteringFound:
    """The filtering behaviour (RFC 4787 section 5)."""

    filtering: Filtering
    confidence: Confidence
    servers: tuple[str, ...]


LARGE_BYTES = 1340
"""The VPN's largest packet over IPv4: 1280 bytes inside (Tailscale's MTU), WireGuard's 32 around
them, UDP's 8 and IP's 20."""


@dataclass(frozen=True, slots=True)
class LargeFound:
    """Whether packets of this size get out."""

    size: int
    """Bytes, with the IP header."""
    passed: bool
    servers: tuple[str, ...]


SERVER = record(
    BehaviorServer,
    host=STR,
    address=optional(ENDPOINT),
    other=optional(ENDPOINT),
    state=enum(ServerState),
)
_MAPPING: Codec[MappingFound] = record(
    MappingFound, mapping=enum(Mapping), confidence=enum(Confidence), servers=many(STR)
)
_FILTERING: Codec[FilteringFound] = record(
    FilteringFound, filtering=enum(Filtering), confidence=enum(Confidence), servers=many(STR)
)
_LARGE: Codec[LargeFound] = record(LargeFound, size=INT, passed=BOOL, servers=many(STR))

SERVERS = Key(
    "behavior.servers",
    CheckId.BEHAVIOR,
    many(SERVER),
    "The RFC 5780 servers that were asked, and which of them counted.",
)
MAPPING4 = Key("behavior.mapping4", CheckId.BEHAVIOR, _MAPPING, "IPv4 mapping (RFC 5780 4.3).")
MAPPING6 = Key("behavior.mapping6", CheckId.BEHAVIOR, _MAPPING, "IPv6 mapping (RFC 5780 4.3).")
FILTERING4 = Key(
    "behavior.filtering4", CheckId.BEHAVIOR, _FILTERING, "IPv4 filtering (RFC 5780 4.4)."
)
FILTERING6 = Key(
    "behavior.filtering6", CheckId.BEHAVIOR, _FILTERING, "IPv6 filtering (RFC 5780 4.4)."
)
COLLISION = Key(
    "collision.present",
    CheckId.COLLISION,
    BOOL,
    "Whether an unsolicited packet makes the router move this device to another port.",
)

LARGE4 = Key(
    "behavior.large4",
    CheckId.BEHAVIOR,
    _LARGE,
    "Whether IPv4 packets as large as the VPN's get out: a server answered one.",
)

KEYS = (SERVERS, MAPPING4, MAPPING6, FILTERING4, FILTERING6, LARGE4, COLLISION)

MAPPING = {Family.V4: MAPPING4, Family.V6: MAPPING6}
FILTERING = {Family.V4: FILTERING4, Family.V6: FILTERING6}
