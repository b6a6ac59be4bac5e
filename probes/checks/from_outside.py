"""Is a mapped port reachable from outside? Asked of servers that can answer from elsewhere.

Seen from outside means that a datagram from an address that the mapped socket never sent to comes
in through the external port. Servers with RESPONSE-PORT (RFC 5780 section 7.5) send one on request
of another socket. Where none can, a reply from a changed source proves it only if the mapped socket
leaves by exactly that external port and an unmapped one gets no such reply.

Silence leaves open who dropped the packet: the router, or this computer's own firewall. So the
mapped socket then sends the server one packet that the first router throws away (TTL 1; over IPv6
the hop limit). To this computer the next knock is an answer; to the router its sender is as much a
stranger as before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Protocol, runtime_checkable

from probes.checks.behavior_test import silence_s
from probes.checks.context import Context
from probes.checks.inquiry import KNOCKS_S, SENDS_S
from probes.checks.ways_out import bind_for, way_out
from probes.model import Endpoint, Family, Reason
from probes.network.seam import Bind, Datagram, Network, NetworkError, UdpSocket
from probes.options import DEFAULT_PORT, HostPort
from probes.readings import stun as stun_readings
from probes.readings.port_mapping import FORWARD, Forward
from probes.values import dataclass
from probes.wire import stun
from probes.wire.stun import Attribute, AttributeType, ChangeRequest, MessageClass

SHORTEST_S = 1.4
MOST_SERVERS = 3
RESOLVE_S = 1.5
SOFTWARE = ("whyrelay",)
_BYTES = 12


@runtime_checkable
class HasBehaviorServers(Protocol):
    """A network that brings its own servers: a practice network."""

    @property
    def behavior_servers(self) -> tuple[HostPort, ...]:
        """The servers, by name."""


async def able_servers(context: Context, family: Family) -> tuple[Endpoint, ...]:
    """The servers that may be asked to answer elsewhere. Whether they can shows when they are."""
    network, named = context.network, context.options.behavior_servers
    if not named and isinstance(network, HasBehaviorServers):
        named = network.behavior_servers
    found: list[Endpoint] = []
    for server in named[:MOST_SERVERS]:
        with suppress(NetworkError, TimeoutError):
            async with asyncio.timeout(RESOLVE_S):
                addresses = await network.resolve(server.host, family)
            found += [Endpoint(address, server.port) for address in addresses[:1]]
    return tuple(found)


async def seen_from_outside(
    network: Network,
    socket: UdpSocket,
    outer: Endpoint,
    bind: Bind,
    servers: Sequence[Endpoint],
) -> Outside:
    """Whether `socket`, which has sent nothing yet, is reached through `outer`."""
    for server in servers:
        seen = await _by_response_port(network, socket, outer, bind, server)
        if seen is None:
            continue
        how = f"RESPONSE-PORT {outer.port} with {server}"
        if seen:
            return Outside(True, how)
        through = await _by_response_port(network, socket, outer, bind, server, ajar=True)
        return Outside(False, how, through)
    for server in servers:
        if await _by_changed_source(network, socket, outer, bind, server):
            return Outside(True, f"an answer from elsewhere, by {server}")
    return Outside(None, "no server could send a packet from elsewhere" if servers else "")


@dataclass(frozen=True, slots=True)
class Outside:
    """How far a stranger's packet came."""

    seen: bool | None
    """To the socket. None: no server was able to send one from an address never sent to."""
    how: str
    let_through: bool | None = None
    """Of one that was not seen: it came through the router, and this computer's own firewall kept
    it out. None: that did not show."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """A success response, and how long it took since the first try."""

    mapped: Endpoint
    other: Endpoint | None
    after_s: float


async def _by_response_port(
    network: Network,
    socket: UdpSocket,
    outer: Endpoint | int,
    bind: Bind,
    server: Endpoint,
    *,
    ajar: bool = False,
) -> bool | None:
    """None: the server cannot do it, or would send to another address than the router's.

    `outer` as a mere port stands for the public address that the server sees. `ajar`: this
    computer's own firewall is made to expect the server, and the router is not.
    """
    asking, hearing = await network.udp(bind), await network.udp(bind)
    try:
        first = await _exchange(network, asking, asking, server)
        if first is None:
            return None
        if isinstance(outer, Endpoint):
            if first.mapped.address != outer.address:
                return None
            port = outer.port
        else:
            port = outer
        second = await _exchange(network, hearing, hearing, server)
        if second is None:
            return None
        # Ability first: the answer to one socket's question has to arrive at another that the
        # server may already talk to. A server that ignores the attribute answers the asker.
        aside = _response_port(second.mapped.port)
        wait_s = silence_s(first.after_s * 1000.0)
        if await _exchange(network, asking, hearing, server, aside, wait_s) is None:
            return None
        if ajar:
            socket.send(network.random_bytes(_BYTES), server, ttl=1)
        wanted = _response_port(port)
        told = await _exchange(network, asking, socket, server, wanted, wait_s, sends_s=KNOCKS_S)
        return told is not None
    except NetworkError:
        return None
    finally:
        asking.close()
        hearing.close()


def _response_port(port: int) -> Attribute:
    return Attribute(AttributeType.RESPONSE_PORT, port)


_ELSEWHERE = Attribute(AttributeType.CHANGE_REQUEST, ChangeRequest(ip=True, port=True))


async def _by_changed_source(
    network: Network, socket: UdpSocket, outer: Endpoint, bind: Bind, server: Endpoint
) -> bool:
    control = await network.udp(bind)
    try:
        plain = await _exchange(network, socket, socket, server)
        if plain is None or plain.mapped != outer or plain.other is None:
            return False
        if await _exchange(network, control, control, server) is None:
            return False
        elsewhere = replace(server, address=plain.other.address, port=plain.other.port)
        if await _exchange(network, control, control, server, _ELSEWHERE, source=elsewhere):
            return False  # the NAT lets anybody in: the mapping proves nothing
        told = await _exchange(network, socket, socket, server, _ELSEWHERE, source=elsewhere)
        return told is not None
    except NetworkError:
        return False
    finally:
        control.close()


async def _exchange(
    network: Network,
    asking: UdpSocket,
    hearing: UdpSocket,
    server: Endpoint,
    attribute: Attribute | None = None,
    wait_s: float = SHORTEST_S,
    source: Endpoint | None = None,
    sends_s: Sequence[float] = SENDS_S,
) -> _Answer | None:
    """Ask from one socket, hear the answer at another (or the same). None: silence or a no.

    The answer has to come from `source`, which is `server` unless told otherwise.
    """
    transaction = network.random_bytes(stun.TRANSACTION_BYTES)
    more = () if attribute is None else (attribute,)
    request = stun.binding_request(transaction, *more, software=SOFTWARE)
    listening = asyncio.ensure_future(_hear(hearing, transaction, source or server))
    began = network.now()
    try:
        for number, offset in enumerate(sends_s):
            asking.send(request, server)
            last = number == len(sends_s) - 1
            until = wait_s if last else sends_s[number + 1]
            await asyncio.wait({listening}, timeout=max(0.0, until - offset))
            if listening.done():
                message = listening.result()
                if message is None or message.mapped is None:
                    return None
                return _Answer(message.mapped, message.other, network.now() - began)
        return None
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def _hear(socket: UdpSocket, transaction: bytes, source: Endpoint) -> stun.Message | None:
    """The success response; None for an error response (420 above all)."""
    while True:
        arrival = await socket.receive()
        if not isinstance(arrival, Datagram) or arrival.source != source:
            continue
        try:
            message = stun.parse(arrival.data)
        except stun.Malformed:
            continue
        if message.transaction == transaction:
            return message if message.message_class is MessageClass.SUCCESS else None


async def tell_forward(context: Context) -> None:
    """Is the VPN's port forwarded to this host for good? Tells it where a server can knock."""
    port = context.options.port or DEFAULT_PORT
    way = await way_out(context, Family.V4)
    if way is None or way.through_tunnel:
        reason = Reason.NOT_APPLICABLE if way is None else Reason.THROUGH_TUNNEL
        context.unknown(FORWARD, reason, "no IPv4 way out of this network's own")
        return
    await context.board.reading(stun_readings.UDP)
    if context.board.report.value(stun_readings.UDP) is False:
        context.unknown(FORWARD, Reason.NO_ANSWER, "nothing answers over UDP here")
        return
    servers = await able_servers(context, Family.V4)
    if not servers:
        context.unknown(FORWARD, Reason.NO_SERVER, "no server that could knock was named")
        return
    bind = bind_for(way)
    try:
        socket = await context.network.udp(replace(bind, port=port))
    except NetworkError:
        # Most likely the VPN itself: what it receives is its own.
        detail = f"UDP port {port} is in use on this device"
        context.unknown(FORWARD, Reason.NOT_APPLICABLE, detail)
        return
    try:
        for server in servers:
            seen = await _by_response_port(context.network, socket, port, bind, server)
            if seen is not None:
                how = f"RESPONSE-PORT {port} with {server}"
                context.known(FORWARD, Forward(port, seen, how), how)
                return
    finally:
        socket.close()
    context.unknown(FORWARD, Reason.NO_SERVER, "no server could send a packet from elsewhere")
