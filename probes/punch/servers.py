"""Which STUN servers tell an end its public endpoints."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from probes.model import CheckId, Endpoint, Family
from probes.network.seam import Network, NetworkError
from probes.options import HostPort, Options
from probes.punch.desk import desk
from probes.relays import BUILT_IN, relay_map, stun_nodes

MOST_RELAYS = 3
"""Two show whether the port changes from one to the next; a third is for one that is silent."""
RESOLVE_S = 1.5


async def stun_servers(
    network: Network, options: Options, families: Collection[Family]
) -> tuple[Endpoint, ...]:
    """The first relays of the map in use, and the servers that the person named.

    Raises NoMap where a relay map was named that cannot be had.
    """
    async with desk(network, options, CheckId.STUN) as context:
        found = await relay_map(context)
    regions = [each for each in found.map.regions if each.measured and stun_nodes(each)]
    nodes = [stun_nodes(region)[0] for region in regions[:MOST_RELAYS]]
    work = [
        _endpoint(network, HostPort(node.host, node.stun_port), family, node.literal(family))
        for family in families
        for node in nodes
        if node.stun_port is not None
        and (node.literal(family) is not None or family in node.asks_dns)
    ]
    plain = (*options.stun, *(() if nodes else BUILT_IN))
    work += [_endpoint(network, each, family) for family in families for each in plain]
    return tuple(each for each in await asyncio.gather(*work) if each is not None)


async def _endpoint(
    network: Network, server: HostPort, family: Family, literal: object = None
) -> Endpoint | None:
    try:
        async with asyncio.timeout(RESOLVE_S):
            addresses = await network.resolve(str(literal or server.host), family)
    except (NetworkError, TimeoutError):
        return None
    return Endpoint(addresses[0], server.port) if addresses else None
