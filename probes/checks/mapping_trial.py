"""One short-lived test mapping: record, add, read back, compare, look from outside, remove.

Nothing here happens without the person's consent. The record is written before the router is
asked, and is erased only when the router says that the mapping is gone. Whoever ends the trial
half-way leaves the rest to a process of its own.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import field, replace

from probes.checks.context import Context
from probes.checks.from_outside import able_servers, seen_from_outside
from probes.checks.gateway import Asked
from probes.checks.mapping_leftovers import tell_leftovers
from probes.checks.mapping_service import Granted, Service
from probes.mappings import LEASE_S, TestMapping
from probes.model import CheckId, Endpoint, Family, IPAddress, Known, Reason
from probes.network.seam import NetworkError, UdpSocket
from probes.readings import stun
from probes.readings.key import Key
from probes.readings.port_mapping import THROUGH, MappingError, MappingFault, MappingTest
from probes.report import Report
from probes.values import dataclass
from probes.wire.pcp import NONCE_BYTES

FIRST_PORT, LAST_PORT = 49152, 65535
"""The dynamic range (RFC 6335 section 6): nobody forwards those for good."""
PORTS_TRIED = 3
STUN_WAIT_S = 3.0
"""Longest wait for an address to compare with: the mapping lives all the while."""
_TRY_ANOTHER_PORT = frozenset(
    {MappingFault.CONFLICT, MappingFault.OTHER_MECHANISM, MappingFault.CANNOT_PROVIDE_EXTERNAL}
)
_STEPS = 6


async def try_mapping(
    context: Context,
    asked: Asked,
    service: Service,
    key: Key[MappingTest],
    external: Key[IPAddress] | None,
    *,
    control_url: str = "",
    service_type: str = "",
) -> None:
    """Make a mapping and remove it again, if the person has consented.

    `external` is where the router's outer address is told, or was told before.
    """
    if not context.options.map_test:
        context.unknown(key, Reason.NEEDS_CONSENT, f"--map-test tries {service.protocol}")
        return
    # What an earlier run left may hold a port, and its record is not to be mistaken for this one's.
    await tell_leftovers(context, asked)
    # One at a time: a small router's table is not a place for races, and neither is its CPU.
    lock = await context.board.once("one test mapping at a time", _lock)
    async with lock:
        blank = TestMapping(
            id=context.network.random_bytes(8).hex(),
            protocol=service.protocol,
            made_at=context.network.wall().isoformat(timespec="seconds"),
            lease_s=LEASE_S,
            gateway=asked.gateway,
            client=asked.own,
            interface=asked.bind.interface,
            internal_port=1,
            external_port=1,
            nonce=context.network.random_bytes(NONCE_BYTES).hex(),
            control_url=control_url,
            service=service_type,
        )
        await _Trial(context, asked, service, key, external, blank).go()


async def _lock() -> asyncio.Lock:
    return asyncio.Lock()


@dataclass(slots=True)
class _Trial:
    context: Context
    asked: Asked
    service: Service
    key: Key[MappingTest]
    external: Key[IPAddress] | None
    mapping: TestMapping
    pending: bool = False
    """The router may hold the mapping: somebody has to remove it."""
    found: MappingTest | None = field(default=None)

    async def go(self) -> None:
        try:
            socket = await self.context.network.udp(self.asked.bind)
        except NetworkError as error:
            self.context.unknown(self.key, Reason.NOT_APPLICABLE, str(error))
            return
        try:
            await self._with(socket)
        except BaseException:
            # The run ends here and now (ctrl+c, a deadline, a fault): nobody waits for a router.
            if self.pending:
                journal = self.context.options.journal
                self.context.network.remove_later(
                    self.mapping.to_text(), journal.file(self.mapping.id)
                )
            raise
        finally:
            socket.close()

    async def _with(self, socket: UdpSocket) -> None:
        granted = await self._add(socket.local.port)
        if granted is None:
            return
        await self._examine(socket, granted)
        await self._remove()

    # --- adding ---------------------------------------------------------------------------------

    async def _add(self, internal_port: int) -> Granted | None:
        self._progress(1, "add")
        for left in reversed(range(PORTS_TRIED)):
            port = self._port(internal_port)
            self.mapping = replace(self.mapping, internal_port=internal_port, external_port=port)
            if not self._record():
                detail = "no record of it could be kept, so no mapping was made"
                self.context.unknown(self.key, Reason.NO_RIGHTS, detail)
                return None
            self.pending = True
            try:
                answer = await self.service.add(self.mapping)
            except NetworkError as error:
                await self._unanswered(error)
                return None
            if isinstance(answer, Granted):
                return self._granted(answer)
            # The router said no: there is nothing to remove.
            self._forget()
            if answer.fault not in _TRY_ANOTHER_PORT or not left:
                self._tell_refused(answer)
                return None
        return None

    def _port(self, internal_port: int) -> int:
        if Family.of(self.asked.own) is Family.V6:
            return internal_port  # a pinhole translates nothing
        chance = int.from_bytes(self.context.network.random_bytes(4))
        return FIRST_PORT + chance % (LAST_PORT - FIRST_PORT + 1)

    def _record(self) -> bool:
        return self.context.options.journal.write(self.mapping.id, self.mapping.to_text())

    def _granted(self, granted: Granted) -> Granted:
        lease_s = self.mapping.lease_s if granted.lease_s is None else granted.lease_s
        self.mapping = replace(self.mapping, external_port=granted.external_port, lease_s=lease_s)
        self._record()
        address = granted.external_address
        if address is not None and self.external is not None:
            source = f"the answer of {self.asked.gateway} to a test mapping"
            self.context.known(self.external, address, source)
        elif self.external is not None:
            address = self.context.board.report.value(self.external)
        self.found = MappingTest(
            granted=True,
            error=None,
            internal_port=self.mapping.internal_port,
            external_port=granted.external_port,
            external_address=address,
            lease_s=granted.lease_s,
            read_back=None,
            address_matches=None,
            seen_from_outside=None,
            how="",
            removed=None,
        )
        self._tell()
        return granted

    async def _unanswered(self, error: NetworkError) -> None:
        """The router fell silent: it may have made the mapping all the same."""
        try:
            removed: bool | None = await self.service.remove(self.mapping)
        except NetworkError:
            removed = False
        if removed:
            self._forget()
        self.found = self._refused(None, removed)
        self._tell(f", but {error}")

    def _tell_refused(self, error: MappingError) -> None:
        if self.external is not None and not self.context.board.report.known(self.external):
            detail = f"the router answered {error.name or error.code} to a test mapping"
            self.context.unknown(self.external, Reason.NO_ANSWER, detail)
        self.found = self._refused(error, None)
        self._tell(f", which answered {error.name or error.code}")

    def _refused(self, error: MappingError | None, removed: bool | None) -> MappingTest:
        return MappingTest(
            granted=False,
            error=error,
            internal_port=self.mapping.internal_port,
            external_port=None,
            external_address=None,
            lease_s=None,
            read_back=None,
            address_matches=None,
            seen_from_outside=None,
            how="",
            removed=removed,
        )

    # --- examining ------------------------------------------------------------------------------

    async def _examine(self, socket: UdpSocket, granted: Granted) -> None:
        assert self.found is not None
        self._progress(2, "read-back")
        try:
            read_back = await self.service.read_back(self.mapping)
        except NetworkError:
            read_back = None
        self.found = replace(self.found, read_back=read_back)
        self._progress(3, "compare")
        self.found = replace(self.found, address_matches=await self._matches())
        self._tell()
        address = self.found.external_address
        if address is None:
            return
        servers = await able_servers(self.context, Family.of(self.asked.own))
        if not servers:
            return
        self._progress(4, "look-from-outside")
        outer = Endpoint(address, granted.external_port)
        outside = await seen_from_outside(
            self.context.network, socket, outer, self.asked.bind, servers
        )
        # A stranger's packet to that very address arrived: it is the router's, whoever saw it.
        matches = True if outside.seen or outside.let_through else self.found.address_matches
        self.found = replace(
            self.found,
            address_matches=matches,
            seen_from_outside=outside.seen,
            how=outside.how,
        )
        self._tell()
        if outside.seen is False:
            self._tell_let_through(THROUGH[outer.family], outside.let_through, outside.how)

    async def _matches(self) -> bool | None:
        assert self.found is not None
        address = self.found.external_address
        if address is None:
            return None
        keys = stun.BY_FAMILY[Family.of(address)]
        try:
            async with asyncio.timeout(STUN_WAIT_S):
                await self.context.board.reading(keys.endpoint)
        except TimeoutError:
            return None
        report = self.context.board.report
        endpoint = report[keys.endpoint]
        if not isinstance(endpoint, Known):
            return None
        if address == endpoint.value.address:
            return True

        # Another line of the router's may be seen by another relay only, and later.
        def seen(known: Report) -> bool:
            return address in {each.mapped.address for each in known.value(keys.answers) or ()}

        def settled(known: Report) -> bool:
            state = known.checks.get(CheckId.STUN)
            return seen(known) or state is None or state.status.over

        with suppress(TimeoutError):
            async with asyncio.timeout(STUN_WAIT_S):
                await self.context.board.wait(settled)
        return seen(self.context.board.report)

    # --- removing -------------------------------------------------------------------------------

    async def _remove(self) -> None:
        assert self.found is not None
        self._progress(5, "remove")
        try:
            removed = await self.service.remove(self.mapping)
        except NetworkError:
            removed = False
        # A router that restarted has forgotten it by itself.
        removed = removed or self.service.restarted
        if removed:
            self._forget()
        self.found = replace(self.found, removed=removed)
        self._tell(", which restarted meanwhile" if self.service.restarted else "")
        self._progress(_STEPS, "remove")

    def _forget(self) -> None:
        self.pending = False
        self.context.options.journal.erase(self.mapping.id)

    # --- telling --------------------------------------------------------------------------------

    def _tell(self, more: str = "") -> None:
        assert self.found is not None
        source = f"{self.service.protocol} mapping asked of {self.asked.gateway}{more}"
        self.context.known(self.key, self.found, source)

    def _tell_let_through(self, key: Key[bool], through: bool | None, how: str) -> None:
        """Of several services one that works is enough."""
        known = self.context.board.report.known(key)
        if through is None and not known:
            self.context.unknown(key, Reason.NO_ANSWER, f"{how} fell silent")
        elif through or (through is False and not known):
            source = f"{how}, expected by this computer's firewall alone"
            self.context.known(key, through, source)

    def _progress(self, step: int, doing: str) -> None:
        self.context.progress(step, _STEPS, doing, str(self.asked.gateway))
