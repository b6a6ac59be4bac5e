"""The `layers` check: the first hops on the way out, by UDP packets that expire on the way.

Each router that drops an expired packet says so (ICMP time exceeded, RFC 792). Where the system
hands such errors to an unprivileged socket (IP_RECVERR on Linux), that shows the addresses of the
first boxes: a second private one is a second router, one in 100.64.0.0/10 is the provider's.
"""

from __future__ import annotations

import asyncio

from probes.addresses import AddressKind
from probes.checks.context import Context
from probes.checks.ways_out import bind_for
from probes.checks.ways_out import way_out as find_way_out
from probes.model import CheckId, Endpoint, Family, IPAddress, Reason
from probes.network.seam import (
    Bounced,
    Datagram,
    IcmpError,
    Network,
    NetworkError,
    UdpSocket,
)
from probes.readings import layers, relays, stun
from probes.readings.layers import Hop
from probes.relays import relay_map
from probes.tailscale.derp_map import DerpMap
from probes.wire import pref64

FARTHEST = 5
"""A home's and a provider's boxes are among the first five."""
TRIES = 3
"""Only for boxes that have not answered yet."""
TRY_EVERY_S = 0.2
SHORTEST_S, LONGEST_S = 0.4, 1.5
ROUND_TRIPS = 1.5
"""The boxes on the way are nearer than the relay: its round trip says how long to wait."""
FIRST_PORT = 33434
"""Where traceroute begins: nobody listens there. One port a packet tells the answers apart."""
RESOLVE_S = 3.0
"""Longest wait for the name that shows NAT64."""
HEAD_START_S = 0.7
"""By then all tries over STUN are sent."""
_BYTES = 12


class LayersCheck:
    """See the module."""

    id = CheckId.LAYERS
    budget_ms = 6_000.0

    async def run(self, context: Context) -> None:
        """Send the packets, gather what comes back; ask for NAT64 where IPv4 is not native."""
        await _tell_hops(context)
        await _tell_nat64(context)


async def _tell_hops(context: Context) -> None:
    way_out = await find_way_out(context, Family.V4)
    if way_out is None:
        context.unknown(layers.HOPS4, Reason.NOT_APPLICABLE, "no IPv4 way out")
        return
    if way_out.through_tunnel:
        context.unknown(layers.HOPS4, Reason.THROUGH_TUNNEL, way_out.tunnel)
        return
    target = _target((await relay_map(context)).map)
    if target is None:
        context.unknown(layers.HOPS4, Reason.NO_SERVER, "no relay with an IPv4 address")
        return
    if not context.network.reports_icmp_errors:
        detail = "this system does not show who dropped a packet without special rights"
        context.unknown(layers.HOPS4, Reason.UNSUPPORTED_SYSTEM, detail)
        return
    await _let_stun_go_first(context)
    socket = await context.network.udp(bind_for(way_out))
    hops = await _Trace(context, socket, target).run()
    if hops:
        source = f"expired packets towards {target.address}"
        context.known(layers.HOPS4, hops, source)
    else:
        context.unknown(layers.HOPS4, Reason.NO_ANSWER, "no box on the way made itself known")


async def _tell_nat64(context: Context) -> None:
    """One name is asked for, and only where IPv6 has a way out and IPv4 has none of its own."""
    four = await find_way_out(context, Family.V4)
    six = await find_way_out(context, Family.V6)
    if six is None or six.through_tunnel:
        context.unknown(layers.NAT64, Reason.NOT_APPLICABLE, "no IPv6 way out")
        return
    if four is not None and AddressKind.of(four.source) is not AddressKind.TRANSITION:
        context.unknown(layers.NAT64, Reason.NOT_APPLICABLE, "IPv4 has a way out of its own")
        return
    try:
        async with asyncio.timeout(RESOLVE_S):
            found = await context.network.resolve(pref64.NAME, Family.V6)
    except (NetworkError, TimeoutError):
        found = ()
    prefix = pref64.prefix_of(found)
    if prefix is None:
        # A name server that is dead and one that makes up no addresses look the same from here.
        detail = f"the name server gives no IPv6 address for {pref64.NAME}"
        context.unknown(layers.NAT64, Reason.NO_ANSWER, detail)
        return
    context.known(layers.NAT64, str(prefix), f"the name server's answer for {pref64.NAME}")


async def _let_stun_go_first(context: Context) -> None:
    """A router sends only so many ICMP errors a second, and what it says to STUN matters more."""
    try:
        async with asyncio.timeout(HEAD_START_S):
            await context.board.reading(stun.UDP)
    except TimeoutError:
        pass


def _target(found: DerpMap) -> Endpoint | None:
    for region in found.regions:
        for node in region.nodes:
            if node.ipv4 is not None:
                return Endpoint(node.ipv4, FIRST_PORT)
    return None


class _Trace:
    """One trace: each packet has a destination port of its own, by which its error is known."""

    def __init__(self, context: Context, socket: UdpSocket, target: Endpoint) -> None:
        self.context = context
        self.network: Network = context.network
        self.socket = socket
        self.target = target
        self.sent: dict[Endpoint, tuple[int, float]] = {}
        self.hops: dict[int, Hop] = {}
        self.arrived = FARTHEST + 1
        """The shortest way that reached the relay itself; no farther box is on it."""
        self.changed = asyncio.Event()

    async def run(self) -> tuple[Hop, ...]:
        """The hops that answered, in order."""
        listening = asyncio.create_task(self._listen())
        try:
            for number in range(TRIES):
                for ttl in range(1, FARTHEST + 1):
                    if ttl not in self.hops and ttl < self.arrived:
                        self._send(ttl, number)
                self.context.progress(number + 1, TRIES, "trace", str(self.target.address))
                if await self._complete(TRY_EVERY_S):
                    break
            else:
                await self._complete(self._grace_s() - TRY_EVERY_S)
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            self.socket.close()
        return tuple(self.hops[ttl] for ttl in sorted(self.hops))

    def _grace_s(self) -> float:
        rtt_ms = self.context.board.report.value(relays.RELAY_RTT)
        if rtt_ms is None:
            return LONGEST_S
        return min(max(SHORTEST_S, ROUND_TRIPS * rtt_ms / 1000.0), LONGEST_S)

    async def _complete(self, seconds: float) -> bool:
        """Wait for what is still out; True once every box as far as the relay has answered."""
        try:
            async with asyncio.timeout(seconds):
                while any(ttl not in self.hops for ttl in range(1, self.arrived)):
                    self.changed.clear()
                    await self.changed.wait()
        except TimeoutError:
            return False
        return True

    def _send(self, ttl: int, number: int) -> None:
        to = Endpoint(self.target.address, FIRST_PORT + number * FARTHEST + ttl)
        self.sent[to] = (ttl, self.network.now())
        try:
            self.socket.send(self.network.random_bytes(_BYTES), to, ttl=ttl)
        except NetworkError:
            del self.sent[to]

    async def _listen(self) -> None:
        while True:
            arrival = await self.socket.receive()
            match arrival:
                case Datagram():
                    continue  # nobody was asked anything
                case Bounced(error, destination, reporter, at):
                    found = self.sent.get(destination)
                    if found is not None and reporter is not None:
                        self._bounced(error, reporter, at, *found)

    def _bounced(
        self, error: IcmpError, reporter: IPAddress, at: float, ttl: int, sent_at: float
    ) -> None:
        if error is IcmpError.TTL:
            hop = Hop(ttl, reporter, round((at - sent_at) * 1000.0, 3))
            self.hops.setdefault(ttl, hop)
        elif reporter == self.target.address:
            self.arrived = min(self.arrived, ttl)
        self.changed.set()  # another error comes from a filter: no hop
