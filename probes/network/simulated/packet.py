"""What travels through the simulated network: UDP datagrams, TCP segments, ICMP messages.

TCP is modelled by the messages that tell something about a path (handshake, TLS greeting, one
HTTP exchange); each is one packet, so that loss, delay and filters treat it as they treat UDP.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import TypeAlias

from probes.model import Endpoint, Family
from probes.network.seam import GET, HttpAsk, IcmpError
from probes.network.simulated.certificate import Certificate
from probes.values import dataclass

USUAL_TTL = 64
_HEADERS = {Family.V4: 28, Family.V6: 48}


class Transport(StrEnum):
    """The protocol inside IP."""

    UDP = "udp"
    TCP = "tcp"
    ICMP = "icmp"


@dataclass(frozen=True, slots=True)
class Syn:
    """TCP: I want to connect."""


@dataclass(frozen=True, slots=True)
class SynAck:
    """TCP: you may."""


@dataclass(frozen=True, slots=True)
class Reset:
    """TCP: no, or no more."""


@dataclass(frozen=True, slots=True)
class ClientHello:
    """TLS: the client's greeting."""

    server_name: str


@dataclass(frozen=True, slots=True)
class ServerHello:
    """TLS: the server's greeting with its certificate; None: what came back is no TLS."""

    certificate: Certificate | None


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """What a web server is asked, inside TLS or not."""

    host: str
    path: str
    ask: HttpAsk = GET


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """Its answer."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


Segment: TypeAlias = Syn | SynAck | Reset | ClientHello | ServerHello | HttpRequest | HttpAnswer


@dataclass(frozen=True, slots=True)
class Echo:
    """ICMP echo; its identifier stands in the port of the end that asks."""

    reply: bool


@dataclass(frozen=True, slots=True)
class Bounce:
    """An ICMP error about a packet, which it carries as the reporter saw it."""

    error: IcmpError
    about: Packet


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet on its way."""

    transport: Transport
    source: Endpoint
    destination: Endpoint
    payload: bytes | Segment | Echo | Bounce
    ttl: int = USUAL_TTL

    @property
    def family(self) -> Family:
        """IPv4 or IPv6."""
        return self.destination.family

    @property
    def size(self) -> int:
        """Bytes of the IP packet, where they matter: those of a UDP datagram."""
        data = self.payload if isinstance(self.payload, bytes) else b""
        return _HEADERS[self.family] + len(data)

    def sent_from(self, source: Endpoint) -> Packet:
        """The same with another source."""
        return replace(self, source=source)

    def sent_to(self, destination: Endpoint) -> Packet:
        """The same with another destination."""
        return replace(self, destination=destination)

    def answer(self, payload: bytes | Segment | Echo, *, source: Endpoint | None = None) -> Packet:
        """A packet back to the sender, from where this one was sent to unless told otherwise."""
        return Packet(self.transport, source or self.destination, self.source, payload)

    def bounce(self, error: IcmpError, reporter: Endpoint) -> Packet | None:
        """The ICMP error about this packet; None where there must be none (RFC 1122 3.2.2)."""
        if self.transport is Transport.ICMP and isinstance(self.payload, Bounce):
            return None
        return Packet(Transport.ICMP, reporter, self.source, Bounce(error, self))
