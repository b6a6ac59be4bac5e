"""Removing test mappings: at once, from a process of its own, or at the next start.

Only what is recorded here is ever removed, and only where it leads to this very host.
"""

from __future__ import annotations

import asyncio

from probes.checks.context import Context
from probes.checks.gateway import Asked, Talk
from probes.checks.mapping_service import (
    NatPmpService,
    PcpService,
    Service,
    UpnpService,
    leads_to,
)
from probes.mappings import LONGEST_LEASE_S, TestMapping
from probes.network.igd import IgdService
from probes.network.seam import LocalView, Network, NetworkError
from probes.readings.port_mapping import LEFTOVERS, Leftover, LeftoverState, MappingProtocol
from probes.wire import natpmp, pcp

MOST = 20
"""More records than that are somebody's mistake; the rest waits for the next start."""
LIMIT_S = 5.0


async def remove(network: Network, mapping: TestMapping) -> LeftoverState:
    """Remove one mapping, if it is there and leads here. Raises NetworkError, TimeoutError."""
    asked = Asked(mapping.gateway, mapping.client, mapping.bind)
    match mapping.protocol:
        case MappingProtocol.NAT_PMP:
            talk = await Talk.open(network, asked, natpmp.PORT)
            return await _removed(NatPmpService(talk), mapping, talk)
        case MappingProtocol.PCP:
            talk = await Talk.open(network, asked, pcp.PORT)
            return await _removed(PcpService(talk), mapping, talk)
        case MappingProtocol.UPNP:
            service = IgdService(mapping.control_url, mapping.service)
            async with network.igd(service, mapping.bind) as session:
                found = await session.find(mapping.external_port)
                if found is None:
                    return LeftoverState.GONE
                if not leads_to(found, mapping):
                    return LeftoverState.NOT_OURS
                return await _removed(UpnpService(session), mapping)


async def _removed(
    service: Service, mapping: TestMapping, talk: Talk | None = None
) -> LeftoverState:
    try:
        gone = await service.remove(mapping)
    finally:
        if talk is not None:
            talk.close()
    return LeftoverState.REMOVED if gone else LeftoverState.STILL_THERE


async def tell_leftovers(context: Context, asked: Asked) -> None:
    """Once a run: remove what earlier runs left on this router, and say so."""
    await context.board.once("left-over test mappings", lambda: _tell(context, asked))


async def _tell(context: Context, asked: Asked) -> None:
    journal, found = context.options.journal, []
    kept = journal.load()[:MOST]
    view = await context.network.local() if kept else None
    for text in kept:
        try:
            mapping = TestMapping.from_text(text)
        except ValueError:
            continue  # damaged, or written by a later version: whoever wrote it knows better
        assert view is not None
        state = await _one(context.network, mapping, _is_here(mapping, asked, view))
        if state is None:
            continue
        if state is not LeftoverState.STILL_THERE:
            journal.erase(mapping.id)
        found.append(Leftover(mapping.protocol, mapping.external_port, mapping.made_at, state))
    context.known(LEFTOVERS, tuple(found), "records of earlier runs on this device")


def _is_here(mapping: TestMapping, asked: Asked, view: LocalView) -> bool:
    """The mapping leads to this host, and its router is this network's."""
    own = {each.ip for face in view.interfaces if face.up for each in face.addresses}
    routers = {route.address for route in (*view.gateways4, *view.gateways6)} | {asked.gateway}
    return mapping.client in own and mapping.gateway in routers


async def _one(network: Network, mapping: TestMapping, here: bool) -> LeftoverState | None:
    """What became of one; None where nothing can be said of it from this network."""
    over = mapping.over(network.wall())
    forgotten = mapping.over(network.wall(), LONGEST_LEASE_S)
    if not here:
        return LeftoverState.EXPIRED if forgotten else None
    try:
        async with asyncio.timeout(LIMIT_S):
            state = await remove(network, mapping)
    except (NetworkError, TimeoutError):
        return LeftoverState.EXPIRED if forgotten else LeftoverState.STILL_THERE
    if over and mapping.protocol is not MappingProtocol.UPNP:
        # Here nobody can look. Where a mapping has ended by itself, one router confirms its end
        # (RFC 6887 section 15.1), and another refuses to remove what it does not have (miniupnpd).
        return LeftoverState.EXPIRED
    return LeftoverState.EXPIRED if state is LeftoverState.STILL_THERE and forgotten else state
