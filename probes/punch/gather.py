"""Opening an end's sockets and finding out where a peer may aim at them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from probes.checks.inquiry import Asker, Inquiry
from probes.model import Endpoint, Family, IPAddress
from probes.network.seam import Bind, LocalView, Network, NetworkError, UdpSocket
from probes.punch.meeting import End
from probes.punch.offer import NONCE_BYTES, Candidate, CandidateKind, Offer
from probes.readings.local import InterfaceKind

STUN_S = 1.5
_NOT_TOLD = (InterfaceKind.LOOPBACK, InterfaceKind.TAILSCALE)
"""The tailnet's own addresses are what a direct path is wanted for."""


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
        try:
            sockets[bind.family] = await network.udp(bind)
        except NetworkError:
            continue  # this family is not to be had here
    view = await network.local()
    found = list(extra)
    for family, socket in sockets.items():
        mapped = await _ask(network, socket, [each for each in servers if each.family is family])
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
