"""Watching the paths to peers: a polite look now and then, and what changed between two looks.

`tailscale status` costs no packet. Only where the person named relays or STUN servers of their own
are those asked, too, and rarely; no public server is ever asked again and again.

One look is one moment; `probes.tailscale.history` makes a timeline of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import field, replace

from probes.identity import Fingerprint, fingerprint
from probes.model import Endpoint, Family
from probes.network.seam import Bind, Datagram, Network, NetworkError, UdpSocket
from probes.options import HostPort, Options
from probes.readings.tailscale import Backend, Peer
from probes.tailscale.cli import Program, Said, Silent, Trouble, ask, find
from probes.tailscale.derp_map import BadDerpMap, parse_derp_map
from probes.tailscale.loose import Unreadable
from probes.tailscale.status import MOST_BYTES, Status, parse_status
from probes.values import dataclass
from probes.wire.stun import Malformed, binding_request, parse

EVERY_S = 5.0
"""Between two looks. Longer than a path is trusted without an answer would be too rarely."""
ASK_EVERY_S = 30.0
"""Between two questions to the person's own servers: as rarely as tailscaled asks its relays."""
MOST_SERVERS = 2
SOFTWARE = ("whyrelay", "tailnode")
"""Our own name, and the one without which relays do not answer."""
STATUS_TIMEOUT_S = 4.0
_ANSWER_S = 1.5


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen at one moment."""

    at_s: float
    """Since the watch began."""
    clock: str
    """RFC 3339, UTC."""
    state: Backend | None = None
    """None: the program did not say."""
    trouble: str = ""
    """Why it did not, cleaned."""
    peers: tuple[Peer, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    """What the daemon tells its peers."""
    place: Fingerprint = field(default_factory=Fingerprint)
    """Which network this is."""
    public: tuple[Endpoint, ...] | None = None
    """What the person's own servers saw of one socket; None: not asked this time."""


async def watch(
    network: Network, options: Options, *, every_s: float = EVERY_S
) -> AsyncGenerator[Look, None]:
    """Look again and again until nobody listens. Outlives every change of the network."""
    began, asked_at, program = network.now(), float("-inf"), None
    servers = own_servers(options)
    async with network.session():
        while True:
            at = network.now()
            if program is None:
                program = await _program(network)
            public: tuple[Endpoint, ...] | None = None
            if servers and at - asked_at >= ASK_EVERY_S:
                asked_at, public = at, await _ask_own(network, servers)
            clock = network.wall().isoformat(timespec="seconds").replace("+00:00", "Z")
            look = Look(at - began, clock, place=await fingerprint(network), public=public)
            yield await _status(network, program, look)
            await asyncio.sleep(max(0.2, at + every_s - network.now()))


async def _program(network: Network) -> Program | None:
    with suppress(NetworkError):
        return await find(network)
    return None


async def _status(network: Network, program: Program | None, look: Look) -> Look:
    if program is None:
        return replace(look, state=Backend.NOT_INSTALLED)
    outcome = await ask(
        network, program, ("status", "--json"), timeout_s=STATUS_TIMEOUT_S, most=MOST_BYTES
    )
    if isinstance(outcome, Silent):
        state = {
            Trouble.NO_DAEMON: Backend.NO_DAEMON,
            Trouble.NO_RIGHTS: Backend.NO_RIGHTS,
            Trouble.NOT_INSTALLED: Backend.NOT_INSTALLED,
        }.get(outcome.trouble)
        return replace(look, state=state, trouble=outcome.detail or str(outcome.trouble))
    assert isinstance(outcome, Said)
    try:
        status: Status = parse_status(outcome.stdout)
    except Unreadable as error:
        return replace(look, trouble=str(error))
    return replace(look, state=status.state, peers=status.peers, endpoints=status.endpoints)


# --- the person's own servers ---------------------------------------------------------------------


def own_servers(options: Options) -> tuple[HostPort, ...]:
    """Those that the person named: STUN servers, and the relays of a map of their own."""
    found = list(options.stun)
    if options.derp_map_text:
        with suppress(BadDerpMap):
            for region in parse_derp_map(options.derp_map_text).regions:
                found += [
                    HostPort(str(node.ipv4 or node.host), node.stun_port)
                    for node in region.nodes[:1]
                    if node.stun_port is not None
                ]
    return tuple(found[:MOST_SERVERS])


async def _ask_own(network: Network, servers: Sequence[HostPort]) -> tuple[Endpoint, ...]:
    """The public endpoints of one fresh socket, one question to each server."""
    with suppress(NetworkError):
        socket = await network.udp(Bind(Family.V4))
        try:
            return await _mapped(network, socket, servers)
        finally:
            socket.close()
    return ()


async def _mapped(
    network: Network, socket: UdpSocket, servers: Sequence[HostPort]
) -> tuple[Endpoint, ...]:
    waiting: set[bytes] = set()
    for server in servers:
        with suppress(NetworkError):
            address = (await network.resolve(server.host, Family.V4))[0]
            transaction = network.random_bytes(12)
            request = binding_request(transaction, software=SOFTWARE)
            socket.send(request, Endpoint(address, server.port))
            waiting.add(transaction)
    found: list[Endpoint] = []
    with suppress(TimeoutError, NetworkError):
        async with asyncio.timeout(_ANSWER_S):
            while waiting:
                arrival = await socket.receive()
                if not isinstance(arrival, Datagram):
                    continue
                with suppress(Malformed):
                    message = parse(arrival.data)
                    if message.transaction in waiting and message.mapped is not None:
                        waiting.discard(message.transaction)
                        found.append(message.mapped)
    return tuple(found)
