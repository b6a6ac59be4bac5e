"""The simulated `igd` port: the router's model, driven as the library drives a router."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from probes.model import Endpoint
from probes.network.igd import IgdEntry, IgdFault, IgdSession
from probes.network.seam import NetworkError, Unsupported
from probes.network.simulated.port_mapping import PortMapper
from probes.values import dataclass

_NO_ENTRY, _CONFLICT = 714, 718


@dataclass(slots=True)
class SimulatedIgd:
    """Drives the model as the library drives a router (`IgdSession`)."""

    mapper: PortMapper

    async def status(self) -> tuple[str, int, str]:
        """GetStatusInfo."""
        await self._pause()
        return self.mapper.spec.status, self.mapper.spec.epoch_s, "ERROR_NONE"

    async def external_address(self) -> str:
        """GetExternalIPAddress."""
        await self._pause()
        return str(self.mapper.external)

    async def entry(self, index: int) -> IgdEntry | None:
        """GetGenericPortMappingEntry."""
        await self._pause()
        self.mapper.expire()
        ports = list(self.mapper.table)
        return self._entry(ports[index]) if index < len(ports) else None

    async def find(self, external_port: int) -> IgdEntry | None:
        """GetSpecificPortMappingEntry."""
        await self._pause()
        self.mapper.expire()
        return self._entry(external_port) if external_port in self.mapper.table else None

    async def add(
        self, external_port: int, client: str, internal_port: int, description: str, lease_s: int
    ) -> None:
        """AddPortMapping."""
        await self._pause()
        if self.mapper.spec.upnp_error:
            raise IgdFault(self.mapper.spec.upnp_error)
        to = Endpoint.of(client, internal_port)
        self.mapper.expire()
        holder = self.mapper.table.get(external_port)
        if holder is not None and holder.to != to:
            raise IgdFault(_CONFLICT)
        self.mapper.put(external_port, to, lease_s, description)

    async def delete(self, external_port: int) -> None:
        """DeletePortMapping."""
        await self._pause()
        if external_port not in self.mapper.table:
            raise IgdFault(_NO_ENTRY)
        self.mapper.drop(external_port)

    async def _pause(self) -> None:
        await asyncio.sleep(self.mapper.spec.answer_after_ms / 1000.0)

    def _entry(self, port: int) -> IgdEntry:
        held = self.mapper.table[port]
        left = 0 if held.until is None else max(0, round(held.until - self.mapper.clock.now()))
        return IgdEntry(
            "UDP", port, str(held.to.address), held.to.port, held.description, True, "", left
        )


@asynccontextmanager
async def drive(
    mappers: Iterable[PortMapper], url: str, installed: bool
) -> AsyncIterator[IgdSession]:
    """A session with the router behind a control address.

    Raises Unsupported without the library, NetworkError where there is nothing to drive.
    """
    if not installed:
        raise Unsupported("The UPnP library (miniupnpc) is not installed.")
    mapper = next((each for each in mappers if each.controls(url)), None)
    if mapper is None:
        raise NetworkError("Nothing at that address can be driven.")
    yield SimulatedIgd(mapper)
