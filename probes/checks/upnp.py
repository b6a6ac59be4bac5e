"""The `upnp` check: does the router open ports over UPnP (Internet Gateway Device 1 and 2)?

Our own search finds the router, our own reader checks its description; only then the UPnP library
drives it, in a process that can be killed. Asking opens nothing; a test mapping needs consent.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import field
from ipaddress import ip_address
from urllib.parse import urlsplit

from probes.checks.context import Context
from probes.checks.gateway import Asked, whom
from probes.checks.mapping_leftovers import tell_leftovers
from probes.checks.upnp_drive import DRIVEN, STEPS, Drive
from probes.checks.upnp_search import Location, Search, may_contact
from probes.clean import clean
from probes.model import CheckId, Reason, Unknown
from probes.network.igd import IgdService
from probes.network.seam import HttpReply, NetworkError
from probes.readings.igd import FIREWALL6, IGD, STRANGE, Igd, StrangeReason
from probes.readings.local import IPInterface
from probes.readings.port_mapping import UPNP
from probes.values import dataclass
from probes.wire import igd_description

FETCH_S = 2.0
"""A lost SYN is sent again after one second, and after two more."""
MOST_SERVICES = 3
_TEXT = 80
_TOLD = (*DRIVEN, FIREWALL6)
"""What only a router that was found can tell."""


class UpnpCheck:
    """See the module."""

    id = CheckId.UPNP
    budget_ms = 25_000.0
    """With a test mapping on a slow router; without one it is over in one or two seconds."""

    async def run(self, context: Context) -> None:
        """Search, describe, ask; with consent, try a mapping."""
        asked = await whom(context)
        if isinstance(asked, Unknown):
            for key in (UPNP.present, IGD, STRANGE, *_TOLD):
                context.unknown(key, asked.reason, asked.detail)
            return
        view = await context.network.local()
        beside = tuple(each for face in view.interfaces if face.up for each in face.addresses)
        async with asyncio.TaskGroup() as group:
            group.create_task(tell_leftovers(context, asked))
            group.create_task(_Run(context, asked, beside, Search(context, asked, beside)).go())


async def find_services(context: Context, asked: Asked) -> tuple[IgdService, ...]:
    """The connection services of the router that answers first, and describes itself properly.

    For whoever wants one driven outside this check. Raises NetworkError.
    """
    view = await context.network.local()
    beside = tuple(each for face in view.interfaces if face.up for each in face.addresses)
    found = await _Run(context, asked, beside, Search(context, asked, beside)).find()
    return () if found is None else found.services


@dataclass(frozen=True, slots=True)
class _Driven:
    """A router whose description was read and found plausible."""

    services: tuple[IgdService, ...]
    firewall: str
    """The control address of its IPv6 firewall, or ""."""


@dataclass(slots=True)
class _Run:
    context: Context
    asked: Asked
    beside: tuple[IPInterface, ...]
    search: Search
    told: list[str] = field(default_factory=list)
    """What went wrong with those that answered."""
    may_try_again: bool = True
    """Once a run: a packet may get lost, and a router that drips must not hold us for long."""

    async def go(self) -> None:
        context = self.context
        context.progress(0, STEPS, "search", str(self.asked.gateway))
        context.known(STRANGE, (), "nothing odd answered the search so far")
        try:
            router = await self.find()
        except NetworkError as error:
            for key in (UPNP.present, IGD, *_TOLD):
                context.unknown(key, Reason.NOT_APPLICABLE, str(error))
            return
        if router is not None:
            await Drive(context, self.asked, router.services, router.firewall).go()
        elif self.search.answered:
            why = "; ".join(self.told) or "the router's answers point nowhere that may be asked"
            for key in (IGD, *_TOLD):
                context.unknown(key, Reason.CONTRADICTORY, why)
        elif self.search.unsent:
            for key in (UPNP.present, IGD, *_TOLD):
                context.unknown(key, Reason.NO_RIGHTS, self.search.unsent)
        else:
            self._absent()
        self.search.tell_strange()
        context.progress(STEPS, STEPS, "search", str(self.asked.gateway))

    async def find(self) -> _Driven | None:
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
        for key in (IGD, *_TOLD):
            self.context.unknown(key, Reason.NOT_APPLICABLE, "the router does not speak UPnP")
        self.context.spawn(self._late())

    async def _late(self) -> None:
        await self.search.late()
        self._present("")

    # --- the description ------------------------------------------------------------------------

    async def _describe(self, place: Location) -> _Driven | None:
        self.context.progress(2, STEPS, "describe", str(place.host))
        try:
            reply = await self._fetch(place)
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
        return _Driven(services, self._firewall(found, place))

    async def _fetch(self, place: Location) -> HttpReply:
        """Raises NetworkError, TimeoutError."""
        try:
            return await self._fetch_once(place)
        except TimeoutError:
            if not self.may_try_again:
                raise
        self.may_try_again = False
        return await self._fetch_once(place)

    async def _fetch_once(self, place: Location) -> HttpReply:
        async with asyncio.timeout(FETCH_S):
            return await self.context.network.http_get(
                place.url, most=igd_description.MOST_BYTES, bind=self.asked.bind
            )

    def _services(
        self, found: igd_description.Description, place: Location
    ) -> tuple[IgdService, ...]:
        """Those whose control address is the router's. Raises Malformed."""
        named = found.services[:MOST_SERVICES]
        urls = [(found.control(service, place.url), service.type) for service in named]
        return tuple(IgdService(url, kind) for url, kind in urls if self._is_routers(url, place))

    def _is_routers(self, url: str, place: Location) -> bool:
        try:
            host = ip_address(urlsplit(url).hostname or "")
        except ValueError:
            return False
        return host == place.host or may_contact(host, self.asked, self.beside)

    def _firewall(self, found: igd_description.Description, place: Location) -> str:
        if found.firewall is None:
            return ""
        try:
            url = found.control(found.firewall, place.url)
        except igd_description.Malformed:
            return ""
        return url if self._is_routers(url, place) else ""

    def _bad(self, reason: StrangeReason, place: Location, why: str) -> None:
        self.told.append(f"{place.host}: {why}")
        self.search.strange(reason, str(place.host), why)
