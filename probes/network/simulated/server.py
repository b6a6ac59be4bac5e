"""Servers on the internet: STUN over UDP, TLS and HTTP over TCP, ICMP echo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import assert_never

from probes.model import Endpoint, IPAddress
from probes.network.seam import IcmpError
from probes.network.simulated.box import refusal
from probes.network.simulated.certificate import PUBLIC_AUTHORITY, Certificate
from probes.network.simulated.link import Line
from probes.network.simulated.node import Above, Clock
from probes.network.simulated.packet import (
    ClientHello,
    Echo,
    HttpAnswer,
    HttpRequest,
    Packet,
    ServerHello,
    Syn,
    SynAck,
    Transport,
)
from probes.network.simulated.stun_server import StunServer
from probes.values import dataclass


class TlsKind(StrEnum):
    """How a TCP port that should speak TLS behaves."""

    VALID = "valid"
    """A certificate for its name, from an authority that everybody trusts."""
    OTHER = "other"
    """A trusted certificate, but for another name."""
    UNTRUSTED = "untrusted"
    """A certificate for its name that it signed itself."""
    NO_TLS = "no-tls"
    """It answers, but not with TLS."""
    SILENT = "silent"
    """It takes the connection and says nothing."""
    CLOSED = "closed"
    """It resets the connection."""
    DROPPED = "dropped"
    """It does not answer a SYN."""


@dataclass(frozen=True, slots=True)
class TcpPort:
    """What a TCP port serves."""

    names: tuple[str, ...]
    """Host names that it stands for."""
    tls: TlsKind | None
    """None: plain HTTP."""
    pages: Mapping[str, HttpAnswer] = field(default_factory=dict)
    """Answers by path."""
    issuer: str = ""
    """Who signed the certificate, where it is not the usual authority."""

    @property
    def certificate(self) -> Certificate | None:
        """What a ServerHello carries."""
        match self.tls:
            case TlsKind.VALID:
                return Certificate(self.names, self.issuer or PUBLIC_AUTHORITY)
            case TlsKind.OTHER:
                return Certificate(("elsewhere.example",), self.issuer or PUBLIC_AUTHORITY)
            case TlsKind.UNTRUSTED:
                return Certificate(self.names, self.issuer or self.names[0])
            case None | TlsKind.NO_TLS | TlsKind.SILENT | TlsKind.CLOSED | TlsKind.DROPPED:
                return None
            case _:
                assert_never(self.tls)

    def answer(self, packet: Packet) -> Packet | None:
        """The answer to a segment; None for silence."""
        if self.tls is TlsKind.DROPPED:
            return None
        if self.tls is TlsKind.CLOSED:
            return refusal(packet, IcmpError.PORT, packet.destination)
        match packet.payload:
            case Syn():
                return packet.answer(SynAck())
            case ClientHello() if self.tls is not TlsKind.SILENT:
                return packet.answer(ServerHello(self.certificate))
            case HttpRequest(_, path) if self.tls is not TlsKind.SILENT:
                return packet.answer(self.pages.get(path, HttpAnswer(404)))
            case _:
                return None


@dataclass(slots=True, eq=False)
class Server:
    """A host on the internet that only answers."""

    name: str
    line: Line
    above: Above
    clock: Clock
    addresses: tuple[IPAddress, ...]
    stun: Mapping[Endpoint, StunServer] = field(default_factory=dict)
    tcp: Mapping[int, TcpPort] = field(default_factory=dict)
    answers_ping: bool = True
    dead: bool = False
    """Nothing answers, on any port."""

    def reaches(self, address: IPAddress) -> bool:
        """Whether it is one of its addresses."""
        return address in self.addresses

    def inward(self, packet: Packet) -> None:
        """A packet arrives: answer it."""
        if self.dead:
            return
        match packet.transport:
            case Transport.UDP:
                self._datagram(packet)
            case Transport.TCP:
                port = self.tcp.get(packet.destination.port)
                self._send(port.answer(packet) if port else self._closed(packet))
            case Transport.ICMP:
                if packet.payload == Echo(reply=False) and self.answers_ping:
                    self._send(packet.answer(Echo(reply=True)))
            case _:
                assert_never(packet.transport)

    def _datagram(self, packet: Packet) -> None:
        stun = self.stun.get(packet.destination)
        if stun is None:
            self._send(self._closed(packet))
            return
        for reply in stun.answer(packet):
            self.clock.later(reply.after_s, self._send, reply.packet)

    @staticmethod
    def _closed(packet: Packet) -> Packet | None:
        return refusal(packet, IcmpError.PORT, packet.destination)

    def _send(self, packet: Packet | None) -> None:
        if packet is not None:
            self.line.carry(packet, lambda arrived: self.above.outward(arrived, self))
