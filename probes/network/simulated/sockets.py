"""What a check holds in its hands: a UDP socket, a TCP connection, a ping."""

from __future__ import annotations

import asyncio
from dataclasses import field
from ipaddress import IPv4Address, IPv6Address

from probes.model import Endpoint, Family, IPAddress
from probes.network.seam import (
    Arrival,
    Bind,
    Bounced,
    Datagram,
    HttpAsk,
    IcmpError,
    NetworkError,
    Refused,
    Unreachable,
)
from probes.network.simulated.host import Host, Port
from probes.network.simulated.packet import (
    USUAL_TTL,
    Bounce,
    ClientHello,
    Echo,
    HttpAnswer,
    HttpRequest,
    Packet,
    Reset,
    Segment,
    ServerHello,
    Syn,
    SynAck,
    Transport,
)
from probes.values import dataclass

_ANY: dict[Family, IPAddress] = {Family.V4: IPv4Address(0), Family.V6: IPv6Address(0)}
TELLS_ICMP = ("linux",)
"""Systems that tell an unconnected socket about ICMP errors (IP_RECVERR)."""
_FIRST_RETRY_S = 1.0  # RFC 6298 section 2.1
_MOST_RETRIES = 6  # Linux tcp_syn_retries: gives up after 127 s
_PING_WAIT_S = 1.0


class SimulatedUdpSocket:
    """An unconnected UDP socket of a simulated host."""

    def __init__(self, host: Host, bind: Bind) -> None:
        self._host = host
        self._arrivals: asyncio.Queue[Arrival | None] = asyncio.Queue()
        self._closed = False
        self._port: Port = host.open(Transport.UDP, bind, self._deliver)

    @property
    def local(self) -> Endpoint:
        """Address and port it is bound to; the address may be unspecified."""
        return Endpoint(self._port.address or _ANY[self._port.family], self._port.number)

    def send(self, data: bytes, to: Endpoint, *, ttl: int | None = None) -> None:
        """Send one datagram. Raises NotPermitted, Unreachable or NetworkError."""
        if self._closed:
            raise NetworkError("The socket is closed.")
        if to.family is not self._port.family:
            raise NetworkError(f"{to} is not of the socket's address family.")
        source = Endpoint(_ANY[to.family], self._port.number)
        packet = Packet(Transport.UDP, source, to, data, USUAL_TTL if ttl is None else ttl)
        self._host.send(packet, self._port.interface, self._port.address)

    def _deliver(self, packet: Packet) -> None:
        now = self._host.clock.now()
        match packet.payload:
            case Bounce(error, about):
                if self._host.system in TELLS_ICMP:
                    reporter = packet.source.address
                    self._arrivals.put_nowait(Bounced(error, about.destination, reporter, now))
            case bytes(data):
                self._arrivals.put_nowait(Datagram(data, packet.source, now))
            case _:
                pass  # no other payload is addressed to a UDP port

    async def receive(self) -> Arrival:
        """The next datagram or ICMP error. Raises NetworkError once the socket is closed."""
        arrival = None if self._closed and self._arrivals.empty() else await self._arrivals.get()
        if arrival is None:
            self._arrivals.put_nowait(None)  # for whoever else waits
            raise NetworkError("The socket is closed.")
        return arrival

    def close(self) -> None:
        """Close it. Idempotent."""
        if not self._closed:
            self._closed = True
            self._host.close(self._port)
            self._arrivals.put_nowait(None)


@dataclass(slots=True, eq=False)
class TcpConnection:
    """A TCP connection that sends again what got lost."""

    host: Host
    to: Endpoint
    bind: Bind
    _arrivals: asyncio.Queue[Packet] = field(default_factory=asyncio.Queue)
    _port: Port | None = None

    async def connect(self) -> float:
        """The handshake: milliseconds of it. Raises Refused, Unreachable or NetworkError."""
        self._port = self.host.open(Transport.TCP, self.bind, self._arrivals.put_nowait)
        began = self.host.clock.now()
        await self._exchange(Syn(), SynAck)
        return (self.host.clock.now() - began) * 1000.0

    async def hello(self, server_name: str) -> ServerHello:
        """The TLS greeting. Raises NetworkError."""
        answer = await self._exchange(ClientHello(server_name), ServerHello)
        assert isinstance(answer, ServerHello)
        return answer

    async def ask(self, host: str, path: str, ask: HttpAsk) -> HttpAnswer:
        """One HTTP exchange. Raises NetworkError."""
        answer = await self._exchange(HttpRequest(host, path, ask), HttpAnswer)
        assert isinstance(answer, HttpAnswer)
        return answer

    async def _exchange(self, segment: Segment, wanted: type[Segment]) -> Segment:
        wait = _FIRST_RETRY_S
        for _ in range(_MOST_RETRIES + 1):
            self._send(segment)
            try:
                async with asyncio.timeout(wait):
                    return await self._answer(wanted)
            except TimeoutError:
                wait *= 2
        raise NetworkError(f"{self.to} did not answer.")

    async def _answer(self, wanted: type[Segment]) -> Segment:
        while True:
            payload = (await self._arrivals.get()).payload
            if isinstance(payload, Reset):
                raise Refused(f"{self.to} refused the connection.")
            if isinstance(payload, Bounce) and payload.error is not IcmpError.TTL:
                if payload.error is IcmpError.PORT:
                    raise Refused(f"{self.to} refused the connection.")
                raise Unreachable(f"{self.to} is unreachable ({payload.error}).")
            if isinstance(payload, wanted):
                return payload

    def _send(self, segment: Segment) -> None:
        assert self._port is not None, "not connected"
        source = Endpoint(_ANY[self.to.family], self._port.number)
        packet = Packet(Transport.TCP, source, self.to, segment)
        self.host.send(packet, self.bind.interface, self.bind.address)

    def close(self) -> None:
        """Close it. Idempotent."""
        if self._port is not None:
            self.host.close(self._port)


async def ping(host: Host, to: IPAddress, bind: Bind) -> float | None:
    """Milliseconds of one ICMP echo; None: no answer in time. Raises NetworkError."""
    answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def deliver(packet: Packet) -> None:
        if packet.payload == Echo(reply=True) and not answered.done():
            answered.set_result(None)

    port = host.open(Transport.ICMP, bind, deliver)
    began = host.clock.now()
    try:
        source = Endpoint(_ANY[bind.family], port.number)
        packet = Packet(Transport.ICMP, source, Endpoint(to, 0), Echo(reply=False))
        host.send(packet, bind.interface, bind.address)
        async with asyncio.timeout(_PING_WAIT_S):
            await answered
    except TimeoutError:
        return None
    finally:
        host.close(port)
    return (host.clock.now() - began) * 1000.0
