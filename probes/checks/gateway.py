"""The router that is asked for a port: which one it is, how fast it answers, and talking to it.

Only the default router is ever asked, one question at a time, and only what comes from its own
address and port counts as its answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import field, replace
from typing import TypeVar

from probes.addresses import is_rfc1918
from probes.checks.context import Context
from probes.checks.ways_out import bind_for, own_gateway, way_out
from probes.model import Endpoint, Family, IPAddress, Known, Reason, Unknown
from probes.network.seam import (
    Bind,
    Bounced,
    Datagram,
    Network,
    NetworkError,
    Refused,
    UdpSocket,
)
from probes.readings import port_mapping
from probes.readings.local import GATEWAY4, GATEWAY6, WayOut
from probes.values import dataclass

T = TypeVar("T")

TRIES = 3
SHORTEST_S = 0.3
LONGEST_S = 2.0
ROUND_TRIPS = 20
"""A router answers these from its slow path: leave it many times what a SYN takes."""
_TCP_PORT = 80
"""Open or closed: either way the router's own TCP answers, and its time is all that matters."""
_MOMENT_S = 0.0001
"""What is left to wait may be less than a clock can tell, and then it never passes."""
MOST_IGNORED = 1000
"""A flood beyond that is not even counted."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The router that is asked, and the way to it."""

    gateway: IPAddress
    own: IPAddress
    """This device's address towards it."""
    bind: Bind


async def whom(context: Context, family: Family = Family.V4) -> Asked | Unknown:
    """The router to ask, or why there is none. Tells which one it is."""
    way = await way_out(context, family)
    if way is None:
        return Unknown(Reason.NOT_APPLICABLE, f"no usable IPv{int(family)} address or route")
    if way.through_tunnel:
        return Unknown(Reason.THROUGH_TUNNEL, f"everything leaves through {way.tunnel}")
    found = await _gateway(context, family, way)
    if isinstance(found, Unknown):
        return found
    if family is Family.V4:
        context.known(port_mapping.GATEWAY, found, f"the router behind {way.interface}")
        asks = is_rfc1918(found)
        what = "is" if asks else "is not"
        source = f"{found} {what} a private (RFC 1918) address, and Tailscale asks no other"
        context.known(port_mapping.TAILSCALE_ASKS, asks, source)
    through = port_mapping.THROUGH[family]
    if through.id not in context.board.report.readings:
        detail = "no packet to a test mapping was kept out"
        context.unknown(through, Reason.NOT_APPLICABLE, detail)
    # A PCP server compares the address in a request with the sender's (RFC 6887 section 8.1), and
    # to a link-local router IPv6 would choose a link-local sender.
    own = way.source if family is Family.V6 else None
    bind = replace(bind_for(way), address=own)
    if found.is_link_local and not bind.interface and way.interface:
        # Such an address means one router on each line: only the interface tells which.
        tied = replace(bind, interface=way.interface)
        bind = tied if await context.network.can_bind(tied) else bind
    return Asked(found, way.source, bind)


async def _gateway(context: Context, family: Family, way: WayOut) -> IPAddress | Unknown:
    named = context.options.gateway
    if named is not None and Family.of(named) is family:
        return named
    key = GATEWAY4 if family is Family.V4 else GATEWAY6
    reading = await context.board.reading(key)
    if isinstance(reading, Known):
        gateway = reading.value
    else:  # the local check was left out, or broke
        try:
            gateway = own_gateway(await context.network.local(), family, way)
        except NetworkError:
            return Unknown(Reason.NO_SERVER, "the system does not say which router it uses")
    if gateway is None:
        return Unknown(Reason.NOT_APPLICABLE, f"there is no IPv{int(family)} router")
    if gateway.address is None:
        return Unknown(Reason.NOT_APPLICABLE, "the router of this line has no address of its own")
    return gateway.address


async def round_trip_s(context: Context, asked: Asked) -> float | None:
    """Seconds that the router's own TCP takes to answer; None: it does not, nor does its ICMP."""
    return await context.board.once(
        f"round trip to {asked.gateway}", lambda: measure_round_trip(context.network, asked)
    )


async def measure_round_trip(network: Network, asked: Asked) -> float | None:
    """Whichever of the two the router answers first."""
    tasks = {asyncio.ensure_future(_connect(network, asked))}
    tasks.add(asyncio.ensure_future(_ping(network, asked)))
    waiting = set(tasks)
    try:
        while waiting:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            found = [each.result() for each in done]
            answered = [each for each in found if each is not None]
            if answered:
                return min(answered)
        return None
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _connect(network: Network, asked: Asked) -> float | None:
    began = network.now()
    try:
        async with asyncio.timeout(LONGEST_S):
            await network.connect_ms(Endpoint(asked.gateway, _TCP_PORT), asked.bind)
    except Refused:
        pass  # a closed port answers as fast as an open one
    except (NetworkError, TimeoutError):
        return None
    return network.now() - began


async def _ping(network: Network, asked: Asked) -> float | None:
    with suppress(NetworkError):
        found = await network.ping_ms(asked.gateway, asked.bind)
        return None if found is None else found / 1000.0
    return None


def absent_after_s(
    round_trip: float | None, waited: float, at_least_s: float = SHORTEST_S
) -> float:
    """Seconds of silence after which a service is absent.

    While the round trip is not known it is at least as long as has been `waited` for it.
    """
    known = waited if round_trip is None else round_trip
    return min(max(ROUND_TRIPS * known, at_least_s), LONGEST_S)


@dataclass(frozen=True, slots=True)
class Silence:
    """No answer came."""

    why: str
    """A short technical phrase."""
    refused: bool = False
    """An ICMP error said at once that nobody listens."""
    unsent: bool = False
    """The system did not let the question out."""


def is_same(one: Endpoint, other: Endpoint) -> bool:
    """Whether two ends are one, where a link-local address may or may not name its interface.

    The system adds the name to what arrives; the routes do not hold it (RFC 4007 section 11).
    """
    scopes = {getattr(each.address, "scope_id", None) for each in (one, other)} - {None}
    same = one.family is other.family and int(one.address) == int(other.address)
    return same and one.port == other.port and len(scopes) < 2


@dataclass(slots=True)
class Talk:
    """Questions to the router from one socket. Behaves as a connected socket does."""

    network: Network
    server: Endpoint
    socket: UdpSocket
    learn: Callable[[], Awaitable[float | None]]
    """Finds out the router's round trip, in seconds."""
    ignored: dict[str, int] = field(default_factory=dict)
    """What did not count, by a short phrase, and how often."""

    @classmethod
    async def open(
        cls,
        network: Network,
        asked: Asked,
        port: int,
        learn: Callable[[], Awaitable[float | None]] | None = None,
    ) -> Talk:
        """Open the socket. Raises NetworkError. Without `learn` the round trip is measured here."""
        socket = await network.udp(asked.bind)
        server = Endpoint(asked.gateway, port)
        return cls(network, server, socket, learn or (lambda: measure_round_trip(network, asked)))

    async def ask(
        self,
        request: bytes,
        read: Callable[[bytes], T | None],
        tell: Callable[[int, float], None] = lambda sent, spent: None,
        at_least_s: float = SHORTEST_S,
    ) -> T | Silence:
        """Send until `read` makes an answer of what arrives, or the router is silent too long.

        `read` returns None for a datagram that is no answer to this question. `tell` is called at
        each try with its number and the share of the time budget that is used up (0 to 1).
        `at_least_s` is for what a router has to work for.
        """
        network = self.network
        learning = asyncio.ensure_future(self.learn())
        listening = asyncio.ensure_future(self._listen(read))
        began, sent = network.now(), 0
        try:
            while True:
                waited = network.now() - began
                limit = absent_after_s(
                    learning.result() if learning.done() else None, waited, at_least_s
                )
                due = limit * min(sent / TRIES, 1.0)
                if sent < TRIES and waited + _MOMENT_S >= due:
                    tell(sent + 1, waited / limit)
                    self.socket.send(request, self.server)
                    sent += 1
                    continue
                if waited + _MOMENT_S >= limit:
                    return Silence(f"no answer to {sent} tries within {waited:.1f} s")
                watched = {listening} if learning.done() else {listening, learning}
                await asyncio.wait(
                    watched, timeout=due - waited, return_when=asyncio.FIRST_COMPLETED
                )
                if listening.done():
                    return listening.result()
        except NetworkError as error:
            return Silence(str(error), unsent=True)
        finally:
            learning.cancel()
            listening.cancel()
            await asyncio.gather(learning, listening, return_exceptions=True)

    async def _listen(self, read: Callable[[bytes], T | None]) -> T | Silence:
        while True:
            arrival = await self.socket.receive()
            match arrival:
                case Bounced():
                    if is_same(arrival.destination, self.server):
                        by = f" from {arrival.reporter}" if arrival.reporter else ""
                        return Silence(f"ICMP {arrival.error}{by}", refused=True)
                case Datagram():
                    if not is_same(arrival.source, self.server):
                        self._ignore(f"an answer from {arrival.source}, which was not asked")
                        continue
                    found = read(arrival.data)
                    if found is not None:
                        return found
                    self._ignore("an answer from the router that fits no question")

    async def later(self, read: Callable[[bytes], T | None]) -> T:
        """Keep listening after the verdict: a late answer still wins. Waits for ever; cancel it."""
        while True:
            answer = await self._listen(read)
            if not isinstance(answer, Silence):
                return answer

    def _ignore(self, what: str) -> None:
        if what in self.ignored or len(self.ignored) < MOST_IGNORED:
            self.ignored[what] = self.ignored.get(what, 0) + 1

    def notes(self) -> str:
        """What did not count, for a reading's source; "" where there was nothing."""
        if not self.ignored:
            return ""
        worst = max(self.ignored, key=lambda what: self.ignored[what])
        return f"; ignored {sum(self.ignored.values())} datagrams, among them {worst}"

    def close(self) -> None:
        """Close the socket."""
        self.socket.close()
