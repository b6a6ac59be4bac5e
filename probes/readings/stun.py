"""What the `stun` check finds out: UDP, public endpoints, and whether the mapping varies."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from probes.model import CheckId, Endpoint, Family
from probes.readings.codec import BOOL, ENDPOINT, FLOAT, INT, STR, enum, many, record
from probes.readings.key import Key
from probes.values import dataclass


@dataclass(frozen=True, slots=True)
class StunAnswer:
    """One accepted Binding response."""

    region: int
    """Region of the relay map; 0 for a server that is not in it."""
    host: str
    server: Endpoint
    mapped: Endpoint
    """The address and port that the server saw (XOR-MAPPED-ADDRESS)."""
    local: Endpoint
    """The local address and port that asked."""
    rtt_ms: float
    tries: int
    """How many requests had been sent when the answer came."""


class Fault(StrEnum):
    """Why an answer was ignored, or a server's wait ended."""

    GARBAGE = "garbage"
    """Not a STUN message."""
    WRONG_TRANSACTION = "wrong-transaction"
    """STUN, but an answer to nothing that was asked (forged, or very late)."""
    WRONG_SOURCE = "wrong-source"
    """The right transaction id, from an address that was not asked."""
    ERROR_RESPONSE = "error-response"
    NO_ADDRESS = "no-address"
    """A success response that names no address."""
    REFUSED = "refused"
    """An ICMP error came back: something on the path says no."""
    UNSENT = "unsent"
    """The system refused to send (a local firewall, or no route)."""
    UNRESOLVED = "unresolved"
    """The host name did not resolve."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """Something that did not count as an answer, and why."""

    fault: Fault
    host: str
    """The server as asked, or the sender's address where nobody was."""
    detail: str
    count: int


STUN_ANSWER = record(
    StunAnswer,
    region=INT,
    host=STR,
    server=ENDPOINT,
    mapped=ENDPOINT,
    local=ENDPOINT,
    rtt_ms=FLOAT,
    tries=INT,
)
REJECTED_RECORD = record(Rejected, fault=enum(Fault), host=STR, detail=STR, count=INT)

UDP = Key("stun.udp", CheckId.STUN, BOOL, "Whether any relay answered over UDP, IPv4 or IPv6.")
ANSWERS4 = Key(
    "stun.answers4", CheckId.STUN, many(STUN_ANSWER), "The relays' STUN answers over IPv4."
)
ANSWERS6 = Key(
    "stun.answers6", CheckId.STUN, many(STUN_ANSWER), "The relays' STUN answers over IPv6."
)
ENDPOINT4 = Key(
    "stun.endpoint4", CheckId.STUN, ENDPOINT, "The public IPv4 endpoint that a relay saw first."
)
ENDPOINT6 = Key(
    "stun.endpoint6", CheckId.STUN, ENDPOINT, "The public IPv6 endpoint that a relay saw first."
)
CAN_SEND4 = Key("stun.can_send4", CheckId.STUN, BOOL, "Whether the system let IPv4 UDP out.")
CAN_SEND6 = Key("stun.can_send6", CheckId.STUN, BOOL, "Whether the system let IPv6 UDP out.")
VARIES4 = Key(
    "stun.mapping_varies4",
    CheckId.STUN,
    BOOL,
    "Whether relays saw different public IPv4 endpoints of one socket (two answers at least).",
)
VARIES6 = Key(
    "stun.mapping_varies6",
    CheckId.STUN,
    BOOL,
    "Whether relays saw different public IPv6 endpoints of one socket (two answers at least).",
)
PORT_PRESERVED4 = Key(
    "stun.port_preserved4",
    CheckId.STUN,
    BOOL,
    "Whether every public IPv4 endpoint has the local port.",
)
PORT_PRESERVED6 = Key(
    "stun.port_preserved6",
    CheckId.STUN,
    BOOL,
    "Whether every public IPv6 endpoint has the local port.",
)
PREFERRED = Key(
    "stun.preferred_region", CheckId.STUN, INT, "The region with the lowest latency; 0: none."
)
ELSEWHERE = Key(
    "stun.elsewhere",
    CheckId.STUN,
    many(STUN_ANSWER),
    "Answers of STUN servers outside the relay map (other ports, or named with --stun).",
)
REJECTED = Key(
    "stun.rejected", CheckId.STUN, many(REJECTED_RECORD), "What did not count as an answer."
)

KEYS = (
    UDP,
    ANSWERS4,
    ANSWERS6,
    ENDPOINT4,
    ENDPOINT6,
    CAN_SEND4,
    CAN_SEND6,
    VARIES4,
    VARIES6,
    PORT_PRESERVED4,
    PORT_PRESERVED6,
    PREFERRED,
    ELSEWHERE,
    REJECTED,
)


@dataclass(frozen=True, slots=True)
class FamilyKeys:
    """The keys that one family's mapping test fills."""

    answers: Key[tuple[StunAnswer, ...]]
    endpoint: Key[Endpoint]
    can_send: Key[bool]
    varies: Key[bool]
    port_preserved: Key[bool]

    def all(self) -> tuple[Key[Any], ...]:
        """Every one of them."""
        return (self.answers, self.endpoint, self.can_send, self.varies, self.port_preserved)


BY_FAMILY = {
    Family.V4: FamilyKeys(ANSWERS4, ENDPOINT4, CAN_SEND4, VARIES4, PORT_PRESERVED4),
    Family.V6: FamilyKeys(ANSWERS6, ENDPOINT6, CAN_SEND6, VARIES6, PORT_PRESERVED6),
}
