"""One whole meeting from this end: sockets, candidates, the other end's offer, the try."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from enum import StrEnum

from probes.model import CheckId, Family
from probes.network.seam import Bind, Network, NetworkError, UdpSocket
from probes.options import DEFAULT_PORT, Options
from probes.punch.desk import desk
from probes.punch.gather import binds_of, end_of, kept_open, open_sockets
from probes.punch.meeting import Meeting
from probes.punch.offer import Candidate, CandidateKind, Offer, Opening
from probes.punch.rendezvous import Rendezvous
from probes.punch.servers import stun_servers
from probes.values import dataclass

WAIT_S = 600.0
"""For the other end: somebody has to walk over to it."""
_PORTS_TRIED = 5


class Stage(StrEnum):
    """How far a meeting is."""

    GATHERING = "gathering"
    WAITING = "waiting"
    TRYING = "trying"


class NoWay(Exception):
    """There is no socket to meet from. One sentence."""


class NoPort(Exception):
    """The port that the person named cannot be had. One sentence."""


@dataclass(frozen=True, slots=True)
class Encounter:
    """What came of a meeting, and what it stood on."""

    port: int
    """The UDP port that was met from."""
    own: Offer
    peer: Offer | None
    """None: the other end did not come."""
    meeting: Meeting | None
    opening: Opening | None
    """What the router opened for it; None: not asked to, or it opened nothing."""
    waited_s: float
    """For the other end."""


async def hold(
    network: Network,
    options: Options,
    rendezvous: Rendezvous,
    tell: Callable[[Stage], None],
) -> Encounter:
    """Meet the other end. `options.timeout_s` is the longest wait for it.

    Raises NoWay, NoPort, NoMap (of a relay map that was named), NetworkError, and whatever the
    rendezvous raises.
    """
    async with network.session():
        try:
            return await _hold(network, options, rendezvous, tell)
        finally:
            await rendezvous.leave()


async def _hold(
    network: Network,
    options: Options,
    rendezvous: Rendezvous,
    tell: Callable[[Stage], None],
) -> Encounter:
    tell(Stage.GATHERING)
    view = await network.local()
    binds = await binds_of(network, view)
    if not binds:
        raise NoWay("This device has no network address to meet from.")
    sockets = await _sockets(network, binds, options.port)
    port = next(iter(sockets.values())).local.port
    servers = await stun_servers(network, options, sockets)
    async with _opened(network, options, sockets) as opening:
        extra = () if opening is None else (_mapped(opening),)
        end = await end_of(network, view, sockets, servers, extra)
        tell(Stage.WAITING)
        began = network.now()
        async with kept_open(end, servers):
            peer = await _find(rendezvous, end.own, options.timeout_s or WAIT_S)
        waited_s = network.now() - began
        if peer is None:
            return Encounter(port, end.own, None, None, opening, waited_s)
        tell(Stage.TRYING)
        meeting = await end.meet(peer, peer_began=rendezvous.peer_began)
        return Encounter(port, end.own, peer, meeting, opening, waited_s)


def _mapped(opening: Opening) -> Candidate:
    return Candidate(CandidateKind.PORT_MAPPING, opening.endpoint)


async def _sockets(
    network: Network, binds: tuple[Bind, ...], port: int | None
) -> dict[Family, UdpSocket]:
    """On the port that was named; else on the VPN's own, where a forward would lead, if it is free.

    Raises NoWay, or NoPort for the one that was named.
    """
    if port is not None:
        try:
            return await open_sockets(network, binds, port)
        except NetworkError as error:
            raise NoPort(f"UDP port {port} cannot be used: {error}.") from None
    for attempt in (DEFAULT_PORT, *(0,) * _PORTS_TRIED):
        try:
            return await open_sockets(network, binds, attempt)
        except NetworkError as error:
            why = str(error)
    raise NoWay(f"No UDP port can be opened: {why}.")


async def _find(rendezvous: Rendezvous, own: Offer, wait_s: float) -> Offer | None:
    limit = asyncio.timeout(wait_s)
    try:
        async with limit:
            return await rendezvous.find(own)
    except TimeoutError:
        if limit.expired():
            return None
        raise


@asynccontextmanager
async def _opened(
    network: Network, options: Options, sockets: dict[Family, UdpSocket]
) -> AsyncIterator[Opening | None]:
    socket = sockets.get(Family.V4)
    if not options.map_test or socket is None:
        yield None
        return
    from probes.punch.opening import opened  # half of all modules, and seldom wanted

    async with (
        desk(network, options, CheckId.UPNP) as context,
        opened(context, socket.local.port) as opening,
    ):
        yield opening
