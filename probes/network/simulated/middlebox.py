"""Things on the path that answer in another's place: accelerators, inspectors, portals."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol, TypeAlias

from probes.network.simulated.certificate import Certificate
from probes.network.simulated.packet import (
    HttpAnswer,
    HttpRequest,
    Packet,
    ServerHello,
    Syn,
    SynAck,
    Transport,
)
from probes.values import dataclass

_HTTPS, _HTTP = 443, 80


@dataclass(frozen=True, slots=True)
class Answered:
    """The packet goes no further; this goes back."""

    reply: Packet


Outcome: TypeAlias = Packet | Answered


class Middlebox(Protocol):
    """Looks at what passes."""

    def outward(self, packet: Packet) -> Outcome:
        """A packet from inside: what goes on, or the answer."""

    def inward(self, packet: Packet) -> Packet:
        """A packet from outside: what goes on."""


@dataclass(frozen=True, slots=True)
class TcpAccelerator:
    """Answers every SYN itself, as satellite modems do: the real round trip shows only later."""

    def outward(self, packet: Packet) -> Outcome:
        """Answer a SYN."""
        if isinstance(packet.payload, Syn):
            return Answered(packet.answer(SynAck()))
        return packet

    def inward(self, packet: Packet) -> Packet:
        """Let pass."""
        return packet


@dataclass(frozen=True, slots=True)
class TlsInspector:
    """Breaks TLS open: every server seems to have a certificate of the inspector's authority."""

    issuer: str

    def outward(self, packet: Packet) -> Outcome:
        """Let pass."""
        return packet

    def inward(self, packet: Packet) -> Packet:
        """Exchange the certificate."""
        hello = packet.payload
        if not isinstance(hello, ServerHello) or packet.source.port != _HTTPS:
            return packet
        if hello.certificate is None:
            return packet
        forged = Certificate(hello.certificate.names, self.issuer)
        return replace(packet, payload=ServerHello(forged))


@dataclass(frozen=True, slots=True)
class CaptivePortal:
    """Answers plain HTTP with its sign-in page until somebody has signed in."""

    location: str

    def outward(self, packet: Packet) -> Outcome:
        """Redirect a web page."""
        if packet.transport is not Transport.TCP or packet.destination.port != _HTTP:
            return packet
        if isinstance(packet.payload, Syn):
            return Answered(packet.answer(SynAck()))
        if isinstance(packet.payload, HttpRequest):
            return Answered(packet.answer(HttpAnswer(302, (("location", self.location),))))
        return packet

    def inward(self, packet: Packet) -> Packet:
        """Let pass."""
        return packet
