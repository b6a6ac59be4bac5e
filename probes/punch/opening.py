"""A port of the router that leads to the meeting socket, for as long as the meeting lasts.

Only with the person's consent. As with a test mapping the record is written before the router is
asked, the lease is short (and renewed meanwhile), and whoever is interrupted leaves the removal to
a process of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from ipaddress import ip_address

from probes.checks.context import Context
from probes.checks.gateway import Asked, Silence, Talk, round_trip_s, whom
from probes.checks.mapping_leftovers import tell_leftovers
from probes.checks.mapping_service import (
    Granted,
    NatPmpService,
    PcpService,
    Service,
    UpnpService,
    read_nat_pmp,
    read_pcp,
)
from probes.checks.mapping_trial import FIRST_PORT, LAST_PORT, PORTS_TRIED
from probes.checks.upnp import find_services
from probes.mappings import LEASE_S, TestMapping
from probes.model import Endpoint, IPAddress, Unknown
from probes.network.igd import IgdFault
from probes.network.seam import NetworkError
from probes.punch.offer import Opening
from probes.values import dataclass
from probes.wire import natpmp, pcp
from probes.wire.pcp import NONCE_BYTES

RENEWED_AFTER_S = LEASE_S / 3
LOOK_S = 1.4
"""As long as the search over UPnP takes where nobody answers: the two are made side by side."""


@dataclass(frozen=True, slots=True)
class _Able:
    """A router that speaks one of the languages."""

    service: Service
    external: IPAddress | None
    """Its outer address; None where only the grant tells."""
    control_url: str = ""
    type: str = ""


@asynccontextmanager
async def opened(context: Context, port: int) -> AsyncIterator[Opening | None]:
    """Have the router open a port that leads to `port` here. None: it opens none."""
    asked = await whom(context)
    if isinstance(asked, Unknown):
        yield None
        return
    await tell_leftovers(context, asked)
    async with AsyncExitStack() as stack:
        lease = await _first(context, asked, port, stack)
        if lease is None:
            yield None
            return
        async with lease.held():
            yield lease.opening


async def _first(context: Context, asked: Asked, port: int, stack: AsyncExitStack) -> _Lease | None:
    """In the order in which tailscaled tries them; all three are looked for side by side."""
    ways: list[Awaitable[_Able | None]] = [
        _pcp(context, asked, stack),
        _nat_pmp(context, asked, stack),
        _upnp(context, asked, stack),
    ]
    for found in await asyncio.gather(*map(_or_none, ways)):
        if found is None:
            continue
        lease = _Lease(context, found, _blank(context, asked, port, found))
        if await lease.take():
            return lease
    return None


async def _or_none(work: Awaitable[_Able | None]) -> _Able | None:
    with suppress(NetworkError, IgdFault):
        return await work
    return None


async def _pcp(context: Context, asked: Asked, stack: AsyncExitStack) -> _Able | None:
    talk = await _talk(context, asked, pcp.PORT, stack)

    def read(data: bytes) -> pcp.Reply | None:
        reply = read_pcp(data)
        announced = isinstance(reply, pcp.Reply) and reply.opcode == pcp.Opcode.ANNOUNCE
        return reply if isinstance(reply, pcp.Reply) and announced else None

    answer = await talk.ask(pcp.announce_request(asked.own), read, at_least_s=LOOK_S)
    return None if isinstance(answer, Silence) else _Able(PcpService(talk), None)


async def _nat_pmp(context: Context, asked: Asked, stack: AsyncExitStack) -> _Able | None:
    talk = await _talk(context, asked, natpmp.PORT, stack)

    def read(data: bytes) -> natpmp.Reply | None:
        reply = read_nat_pmp(data)
        told = isinstance(reply, natpmp.Reply) and reply.opcode == natpmp.Opcode.ADDRESS
        return reply if isinstance(reply, natpmp.Reply) and told else None

    answer = await talk.ask(natpmp.address_request(), read, at_least_s=LOOK_S)
    if isinstance(answer, Silence) or answer.external is None:
        return None
    return _Able(NatPmpService(talk), answer.external)


async def _talk(context: Context, asked: Asked, port: int, stack: AsyncExitStack) -> Talk:
    talk = await Talk.open(context.network, asked, port, lambda: round_trip_s(context, asked))
    stack.callback(talk.close)
    return talk


async def _upnp(context: Context, asked: Asked, stack: AsyncExitStack) -> _Able | None:
    for service in await find_services(context, asked):
        session = await stack.enter_async_context(context.network.igd(service, asked.bind))
        with suppress(IgdFault, ValueError):
            address = ip_address((await session.external_address()).strip())
            return _Able(UpnpService(session), address, service.control_url, service.type)
    return None


def _blank(context: Context, asked: Asked, port: int, able: _Able) -> TestMapping:
    return TestMapping(
        id=context.network.random_bytes(8).hex(),
        protocol=able.service.protocol,
        made_at="",
        lease_s=LEASE_S,
        gateway=asked.gateway,
        client=asked.own,
        interface=asked.bind.interface,
        internal_port=port,
        external_port=1,
        nonce=context.network.random_bytes(NONCE_BYTES).hex(),
        control_url=able.control_url,
        service=able.type,
    )


@dataclass(slots=True)
class _Lease:
    """One mapping, from the question to its removal."""

    context: Context
    able: _Able
    mapping: TestMapping
    opening: Opening | None = None

    async def take(self) -> bool:
        """Ask the router. False: it says no, or what it gives is of no use."""
        try:
            for _ in range(PORTS_TRIED):
                chance = int.from_bytes(self.context.network.random_bytes(4))
                port = FIRST_PORT + chance % (LAST_PORT - FIRST_PORT + 1)
                self.mapping = replace(self.mapping, external_port=port)
                if not self._record():
                    return False  # without a record no mapping is made
                if await self._ask():
                    return True
        except NetworkError:
            # It fell silent: it may have made the mapping all the same.
            await self._remove()
        except BaseException:
            self._leave()
            raise
        return False

    async def _ask(self) -> bool:
        answer = await self.able.service.add(self.mapping)
        if not isinstance(answer, Granted):
            self._forget()
            return False
        self.mapping = replace(self.mapping, external_port=answer.external_port)
        self._record()
        address = answer.external_address or self.able.external
        if address is None:
            await self._remove()
            return False
        endpoint = Endpoint(address, answer.external_port)
        self.opening = Opening(self.mapping.protocol, endpoint)
        return True

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Renewed now and then, and removed at the end, however that comes."""
        renewing = asyncio.create_task(self._renew())
        try:
            yield
            renewing.cancel()
            await self._remove()
        except BaseException:
            # The end is here and now (ctrl+c, a fault): nobody waits for a router.
            self._leave()
            raise
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEWED_AFTER_S)
            self._record()
            with suppress(NetworkError):
                await self.able.service.add(self.mapping)

    def _record(self) -> bool:
        made_at = self.context.network.wall().isoformat(timespec="seconds")
        self.mapping = replace(self.mapping, made_at=made_at)
        return self.context.options.journal.write(self.mapping.id, self.mapping.to_text())

    async def _remove(self) -> None:
        with suppress(NetworkError):
            if await self.able.service.remove(self.mapping) or self.able.service.restarted:
                self._forget()

    def _leave(self) -> None:
        journal = self.context.options.journal
        record = journal.file(self.mapping.id)
        self.context.network.remove_later(self.mapping.to_text(), record)

    def _forget(self) -> None:
        self.context.options.journal.erase(self.mapping.id)
