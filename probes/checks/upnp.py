"""The `upnp` check: does the router open ports over UPnP (Internet Gateway Device 1 and 2)?

Our own search finds the router, our own reader checks its description; only then the UPnP library
drives it, in a process that can be killed. Asking opens nothing; a test mapping needs consent.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from probes.checks import mapping_errors
from probes.checks.context import Context
from probes.checks.gateway import Asked, whom
from probes.checks.mapping_leftovers import tell_leftovers
from probes.checks.mapping_service import UpnpService
from probes.checks.mapping_trial import try_mapping
from probes.checks.upnp_search import Location, Search, may_contact
from probes.clean import clean
from probes.mappings import DESCRIPTION
from probes.model import CheckId, IPAddress, Reason, Unknown
from probes.network.igd import IgdEntry, IgdFault, IgdService, IgdSession
from probes.network.seam import NetworkError, Unsupported
from probes.readings.local import IPInterface
from probes.readings.port_mapping import (
    ENTRIES,
    IGD,
    STATUS,
    STRANGE,
    UPNP,
    AddressKind,
    Entries,
    Entry,
    EntryOwner,
    Igd,
    IgdStatus,
    StrangeReason,
)
from probes.wire import igd_description

FETCH_S = 2.0
MOST_ENTRIES = 64
ENTRIES_S = 3.0
"""Some routers take a tenth of a second an entry; the first ones tell enough."""
MOST_SERVICES = 3
_TEXT = 80
_TAILSCALE = "tailscale-portmap"
"""What tailscaled calls its mappings (tailscale/net/portmapper/upnp.go)."""
_DRIVEN = (UPNP.external, UPNP.error, UPNP.test, STATUS, ENTRIES)
_STEPS = 4


class UpnpCheck:
    """See the module."""

    id = CheckId.UPNP
    budget_ms = 25_000.0
    """With a test mapping on a slow router; without one it is over in one or two seconds."""

    async def run(self, context: Context) -> None:
        """Search, describe, ask; with consent, try a mapping."""
        asked = await whom(context)
        if isinstance(asked, Unknown):
            for key in (UPNP.present, IGD, STRANGE, *_DRIVEN):
                context.unknown(key, asked.reason, asked.detail)
            return
        view = await context.network.local()
        beside = tuple(each for face in view.interfaces if face.up for each in face.addresses)
        async with asyncio.TaskGroup() as group:
            group.create_task(tell_leftovers(context, asked))
            group.create_task(_Run(context, asked, beside, Search(context, asked, beside)).go())


@dataclass(frozen=True, slots=True)
class _Driven:
    """A router whose description was read and found plausible."""

    igd: Igd
    services: tuple[IgdService, ...]


@dataclass(slots=True)
class _Run:
    context: Context
    asked: Asked
    beside: tuple[IPInterface, ...]
    search: Search
    told: list[str] = field(default_factory=list)
    """What went wrong with those that answered."""

    async def go(self) -> None:
        context = self.context
        context.progress(0, _STEPS, "search", str(self.asked.gateway))
        context.known(STRANGE, (), "nothing odd answered the search so far")
        try:
            router = await self._find()
        except NetworkError as error:
            for key in (UPNP.present, IGD, *_DRIVEN):
                context.unknown(key, Reason.NOT_APPLICABLE, str(error))
            return
        if router is not None:
            await self._drive(router)
        elif self.search.answered:
            why = "; ".join(self.told) or "the router's answers point nowhere that may be asked"
            for key in (IGD, *_DRIVEN):
                context.unknown(key, Reason.CONTRADICTORY, why)
        elif self.search.unsent:
            for key in (UPNP.present, IGD, *_DRIVEN):
                context.unknown(key, Reason.NO_RIGHTS, self.search.unsent)
        else:
            self._absent()
        self.search.tell_strange()
        context.progress(_STEPS, _STEPS, "search", str(self.asked.gateway))

    async def _find(self) -> _Driven | None:
        """The first router whose description is good. Raises NetworkError: nobody can be asked."""
        async with aclosing(self.search.locations()) as locations:
            async for place in locations:
                self._present(place.software)
                router = await self._describe(place)
                if router is not None:
                    return router
        if self.search.answered:
            self._present("")
        return None

    def _present(self, software: str) -> None:
        more = f" ({software})" if software else ""
        source = f"an answer of {self.asked.gateway} to an SSDP search{more}"
        self.context.known(UPNP.present, True, source)

    def _absent(self) -> None:
        source = f"{self.asked.gateway} answered neither a multicast nor a direct SSDP search"
        self.context.known(UPNP.present, False, source)
        for key in (IGD, *_DRIVEN):
            self.context.unknown(key, Reason.NOT_APPLICABLE, "the router does not speak UPnP")
        self.context.spawn(self._late())

    async def _late(self) -> None:
        await self.search.late()
        self._present("")

    # --- the description ------------------------------------------------------------------------

    async def _describe(self, place: Location) -> _Driven | None:
        self.context.progress(2, _STEPS, "describe", str(place.host))
        try:
            async with asyncio.timeout(FETCH_S):
                reply = await self.context.network.http_get(
                    place.url, most=igd_description.MOST_BYTES, bind=self.asked.bind
                )
            if reply.status != 200:
                raise igd_description.Malformed(f"the answer is {reply.status}")
            if reply.truncated:
                raise igd_description.Malformed("it is too large")
            found = igd_description.parse(reply.body)
            services = self._services(found, place)
        except (NetworkError, igd_description.Malformed) as error:
            self._bad(StrangeReason.BAD_DESCRIPTION, place, str(error))
            return None
        except TimeoutError:
            self._bad(StrangeReason.BAD_DESCRIPTION, place, "it does not come in time")
            return None
        if not services:
            self._bad(StrangeReason.CONTROL_ELSEWHERE, place, "it names another host")
            return None
        igd = Igd(
            host=str(place.host),
            version=found.version,
            service=found.services[0].short,
            name=clean(found.name, _TEXT),
            maker=clean(found.maker, _TEXT),
            model=clean(found.model, _TEXT),
            software=place.software,
        )
        self.context.known(IGD, igd, f"its description at {clean(place.url, _TEXT)}")
        return _Driven(igd, services)

    def _services(
        self, found: igd_description.Description, place: Location
    ) -> tuple[IgdService, ...]:
        """Those whose control address is the router's. Raises Malformed."""
        kept = []
        for service in found.services[:MOST_SERVICES]:
            url = found.control(service, place.url)
            try:
                host = ip_address(urlsplit(url).hostname or "")
            except ValueError:
                continue
            if host == place.host or may_contact(host, self.asked, self.beside):
                kept.append(IgdService(url, service.type))
        return tuple(kept)

    def _bad(self, reason: StrangeReason, place: Location, why: str) -> None:
        self.told.append(f"{place.host}: {why}")
        self.search.strange(reason, str(place.host), why)

    # --- driving --------------------------------------------------------------------------------

    async def _drive(self, router: _Driven) -> None:
        """With the first service that is connected; with the best one where none is."""
        try:
            if len(router.services) > 1:
                for service in router.services:
                    if await self._drive_one(service, fussy=True):
                        return
            await self._drive_one(router.services[0], fussy=False)
        except Unsupported as error:
            for key in _DRIVEN:
                self.context.unknown(key, Reason.UNSUPPORTED_SYSTEM, str(error))
        except NetworkError as error:
            self._gave_up(str(error))

    async def _drive_one(self, service: IgdService, *, fussy: bool) -> bool:
        """Everything that is to be asked. False: `fussy`, and the service is not connected."""
        self.context.progress(3, _STEPS, "ask", str(self.asked.gateway))
        async with self.context.network.igd(service, self.asked.bind) as session:
            if not await self._status(session) and fussy:
                return False
            await self._external(session)
            await self._entries(session)
            await try_mapping(
                self.context,
                self.asked,
                UpnpService(session),
                UPNP.test,
                UPNP.external,
                control_url=service.control_url,
                service_type=service.type,
            )
        return True

    async def _status(self, session: IgdSession) -> bool:
        try:
            status, uptime_s, error = await session.status()
        except IgdFault as fault:
            self._fault(fault, "GetStatusInfo")
            told = mapping_errors.upnp(fault.code)
            self.context.unknown(STATUS, Reason.NO_ANSWER, told.name or str(told.code))
            return False
        found = IgdStatus(clean(status, _TEXT), max(0, uptime_s), clean(error, _TEXT))
        self.context.known(STATUS, found, "GetStatusInfo")
        return found.connected

    async def _external(self, session: IgdSession) -> None:
        try:
            text = await session.external_address()
            address: IPAddress = ip_address(text.strip())
        except IgdFault as fault:
            self._fault(fault, "GetExternalIPAddress")
            told = mapping_errors.upnp(fault.code)
            self.context.unknown(UPNP.external, Reason.NO_ANSWER, told.name or str(told.code))
            return
        except ValueError:
            said = clean(text, _TEXT) or "nothing"
            detail = f"the router says {said}, which is no address"
            self.context.unknown(UPNP.external, Reason.NO_ANSWER, detail)
            self.context.known(UPNP.error, None, "GetExternalIPAddress")
            return
        source = f"GetExternalIPAddress: a {AddressKind.of(address)} address"
        self.context.known(UPNP.external, address, source)
        self.context.known(UPNP.error, None, source)

    async def _entries(self, session: IgdSession) -> None:
        found: list[Entry] = []
        seen: set[tuple[str, int, str]] = set()
        complete = False
        network = self.context.network
        ends_at = network.now() + ENTRIES_S
        while len(found) < MOST_ENTRIES and network.now() < ends_at:
            try:
                raw = await session.entry(len(found))
            except IgdFault as fault:
                # Past the end routers answer many things; a no to the first is a no to all.
                complete = bool(found)
                if not found:
                    self._fault(fault, "GetGenericPortMappingEntry")
                    told = mapping_errors.upnp(fault.code)
                    self.context.unknown(ENTRIES, Reason.NO_RIGHTS, told.name or str(told.code))
                    return
                break
            if raw is None:
                complete = True
                break
            entry = _entry(raw)
            key = (entry.protocol, entry.external_port, entry.remote_host)
            if key in seen:
                break  # a router that does not count would go on for ever
            seen.add(key)
            found.append(entry)
        entries = Entries(tuple(found), complete)
        self.context.known(ENTRIES, entries, "GetGenericPortMappingEntry")

    def _fault(self, fault: IgdFault, doing: str) -> None:
        self.context.known(UPNP.error, mapping_errors.upnp(fault.code), doing)

    def _gave_up(self, why: str) -> None:
        """The router fell silent in the middle: what is known stays, the rest is unknown."""
        for key in _DRIVEN:
            if key.id not in self.context.board.report.readings:
                self.context.unknown(key, Reason.NO_ANSWER, why)


def _entry(raw: IgdEntry) -> Entry:
    description = clean(raw.description, _TEXT)
    owner = EntryOwner.OTHER
    if description.startswith(_TAILSCALE):
        owner = EntryOwner.TAILSCALE
    elif description == DESCRIPTION:
        owner = EntryOwner.THIS_PROGRAM
    return Entry(
        protocol=clean(raw.protocol, 8),
        external_port=raw.external_port,
        client=clean(raw.client, _TEXT),
        internal_port=raw.internal_port,
        description=description,
        enabled=raw.enabled,
        remote_host=clean(raw.remote_host, _TEXT),
        lease_s=raw.lease_s,
        owner=owner,
    )
