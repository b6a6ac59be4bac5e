"""Opening an end's sockets and finding out where a peer may aim at them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from probes.checks.inquiry import SOFTWARE, Asker, Inquiry
from probes.checks.ways_out import bind_for, find
from probes.model import Endpoint, Family, IPAddress
from probes.network.seam import Bind, LocalView, Network, NetworkError, UdpSocket
from probes.punch.meeting import End
from probes.punch.offer import NONCE_BYTES, Candidate, CandidateKind, Offer
from probes.readings.local import InterfaceKind
from probes.wire import stun

STUN_S = 1.5
KEEP_S = 20.0
"""Home routers forget an unanswered UDP flow after 30 s (Linux), so a waiting socket speaks up."""
_NOT_TOLD = (InterfaceKind.LOOPBACK, InterfaceKind.TAILSCALE)
"""The tailnet's own addresses are what a direct path is wanted for."""


async def binds_of(network: Network, view: LocalView) -> tuple[Bind, ...]:
    """Where the sockets are bound to: around a tunnel that holds the default route, if need be."""
    found: list[Bind] = []
    for family in Family:
        way = await find(network, view, family)
        if way is not None:
            found.append(bind_for(way))
        elif _own(view, family):
            found.append(Bind(family))  # no way to the internet, but maybe one to a neighbour
    return tuple(found)


async def open_sockets(
    network: Network, binds: Sequence[Bind], port: int
) -> dict[Family, UdpSocket]:
    """A socket for each bind, all on one port; 0: one that is free. Raises NetworkError."""
    sockets: dict[Family, UdpSocket] = {}
    try:
        for bind in binds:
            socket = await network.udp(replace(bind, port=port))
            sockets[bind.family] = socket
            port = socket.local.port
    except BaseException:
        for socket in sockets.values():
            socket.close()
        raise
    return sockets


async def open_end(
    network: Network,
    servers: Sequence[Endpoint],
    *,
    binds: Sequence[Bind],
    extra: Sequence[Candidate] = (),
) -> End:
    """Sockets, one for each bind, and their candidates. `servers` are asked over STUN.

    `extra` are candidates known from elsewhere: a port mapping that leads to the socket.
    """
    sockets: dict[Family, UdpSocket] = {}
    for bind in binds:
        with suppress(NetworkError):  # this family is not to be had here
            sockets[bind.family] = await network.udp(bind)
    return await end_of(network, await network.local(), sockets, servers, extra)


async def end_of(
    network: Network,
    view: LocalView,
    sockets: dict[Family, UdpSocket],
    servers: Sequence[Endpoint],
    extra: Sequence[Candidate] = (),
) -> End:
    """The end that has these sockets, with its candidates."""
    asked = [
        _ask(network, socket, [each for each in servers if each.family is family])
        for family, socket in sockets.items()
    ]
    found = list(extra)
    for (family, socket), mapped in zip(sockets.items(), await asyncio.gather(*asked), strict=True):
        found += [Candidate(CandidateKind.STUN, each) for each in mapped]
        if len(mapped) > 1:
            here = Endpoint(mapped[0].address, socket.local.port)
            found.append(Candidate(CandidateKind.STUN_LOCAL_PORT, here))
        found += [
            Candidate(CandidateKind.LOCAL, Endpoint(address, socket.local.port))
            for address in _own(view, family)
        ]
    unique = tuple({each.endpoint: each for each in reversed(found)}.values())[::-1]
    return End(network, sockets, Offer(network.random_bytes(NONCE_BYTES), unique))


def _own(view: LocalView, family: Family) -> list[IPAddress]:
    return [
        address.ip
        for face in view.interfaces
        if face.up and face.kind not in _NOT_TOLD
        for address in face.addresses
        if Family.of(address.ip) is family and not address.ip.is_link_local
    ]


async def _ask(network: Network, socket: UdpSocket, servers: Sequence[Endpoint]) -> list[Endpoint]:
    """The endpoints that the servers see, each once, in the order of the answers."""
    found: list[Endpoint] = []

    def tell(inquiry: Inquiry) -> None:
        mapped = inquiry.replies[0][2].mapped
        if mapped is not None and mapped not in found:
            found.append(mapped)

    asker = Asker(network, socket, tell)
    inquiries = [asker.inquire(str(each), 0, (each,)) for each in servers]
    tasks = [asyncio.create_task(asker.listen())]
    tasks += [asyncio.create_task(asker.ask(each)) for each in inquiries]
    try:
        async with asyncio.timeout(STUN_S):
            for inquiry in inquiries:
                await inquiry.over.wait()
    except TimeoutError:
        pass
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return found


@asynccontextmanager
async def kept_open(end: End, servers: Sequence[Endpoint]) -> AsyncIterator[None]:
    """Keep the routers' mappings of the end's sockets alive while the peer is waited for.

    One server of each family is asked again now and then. Its answers are not looked at.
    """
    keeping = asyncio.create_task(_keep(end, servers))
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


async def _keep(end: End, servers: Sequence[Endpoint]) -> None:
    while True:
        await asyncio.sleep(KEEP_S)
        for family, socket in end.sockets.items():
            for server in [each for each in servers if each.family is family][:1]:
                transaction = end.network.random_bytes(stun.TRANSACTION_BYTES)
                request = stun.binding_request(transaction, software=SOFTWARE)
                with suppress(NetworkError):
                    socket.send(request, server)
