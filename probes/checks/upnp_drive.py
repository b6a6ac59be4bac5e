"""What is asked of a router over UPnP, once its description was found plausible.

The UPnP library drives the connection service, in a process that can be killed. What it cannot ask,
the state of the IPv6 firewall, is one question of our own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from ipaddress import ip_address

from probes.addresses import AddressKind
from probes.checks import mapping_errors
from probes.checks.context import Context
from probes.checks.gateway import Asked
from probes.checks.mapping_service import UpnpService
from probes.checks.mapping_trial import try_mapping
from probes.clean import clean
from probes.mappings import DESCRIPTION
from probes.model import IPAddress, Reason
from probes.network.igd import IgdEntry, IgdFault, IgdService, IgdSession
from probes.network.seam import HttpAsk, NetworkError, Unsupported
from probes.readings.igd import (
    ENTRIES,
    FIREWALL6,
    STATUS,
    Entries,
    Entry,
    EntryOwner,
    FirewallControl,
    IgdStatus,
)
from probes.readings.port_mapping import UPNP
from probes.values import dataclass
from probes.wire import igd_description, soap

MOST_ENTRIES = 64
ENTRIES_S = 3.0
"""Some routers take a tenth of a second an entry; the first ones tell enough."""
ANSWER_S = 2.0
STEPS = 4
DRIVEN = (UPNP.external, UPNP.error, UPNP.test, STATUS, ENTRIES)
_TEXT = 80
_TAILSCALE = "tailscale-portmap"
"""What tailscaled calls its mappings (tailscale/net/portmapper/upnp.go)."""
_ASKS_FIREWALL = "GetFirewallStatus"
_YES_AND_NO = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
"""How UPnP writes a boolean (UPnP Device Architecture 1.1 section 2.5)."""


@dataclass(slots=True)
class Drive:
    """One router."""

    context: Context
    asked: Asked
    services: Sequence[IgdService]
    """Connection services, best first."""
    firewall: str
    """The control address of its IPv6 firewall; "" where it names none, or not its own."""

    async def go(self) -> None:
        """One question after the other: a small router's web server takes no two at once."""
        await self._drive()
        await self._firewall()

    async def _drive(self) -> None:
        """With the first service that is connected; with the best one where none is."""
        try:
            if len(self.services) > 1:
                for service in self.services:
                    if await self._drive_one(service, fussy=True):
                        return
            await self._drive_one(self.services[0], fussy=False)
        except Unsupported as error:
            for key in DRIVEN:
                self.context.unknown(key, Reason.UNSUPPORTED_SYSTEM, str(error))
        except NetworkError as error:
            self._gave_up(str(error))

    async def _drive_one(self, service: IgdService, *, fussy: bool) -> bool:
        """Everything that is to be asked. False: `fussy`, and the service is not connected."""
        self.context.progress(3, STEPS, "ask", str(self.asked.gateway))
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

    async def _firewall(self) -> None:
        if not self.firewall:
            detail = "the router names no control of an IPv6 firewall"
            self.context.unknown(FIREWALL6, Reason.NOT_APPLICABLE, detail)
            return
        headers, body = soap.question(igd_description.FIREWALL, _ASKS_FIREWALL)
        try:
            async with asyncio.timeout(ANSWER_S):
                reply = await self.context.network.http(
                    self.firewall,
                    HttpAsk("POST", headers, body),
                    most=igd_description.MOST_BYTES,
                    bind=self.asked.bind,
                )
            said = soap.parse(reply.body, _ASKS_FIREWALL)
            enabled, allowed = (
                _YES_AND_NO[said[name].lower()]
                for name in ("FirewallEnabled", "InboundPinholeAllowed")
            )
        except soap.Fault as fault:
            told = mapping_errors.upnp(fault.code)
            detail = f"the router answered {told.name or told.code}"
            self.context.unknown(FIREWALL6, Reason.NO_ANSWER, detail)
        except (NetworkError, TimeoutError):
            self.context.unknown(FIREWALL6, Reason.NO_ANSWER, "the router did not say")
        except (soap.Malformed, KeyError):
            self.context.unknown(FIREWALL6, Reason.NO_ANSWER, "what the router said is no answer")
        else:
            self.context.known(FIREWALL6, FirewallControl(enabled, allowed), _ASKS_FIREWALL)

    def _fault(self, fault: IgdFault, doing: str) -> None:
        self.context.known(UPNP.error, mapping_errors.upnp(fault.code), doing)

    def _gave_up(self, why: str) -> None:
        """The router fell silent in the middle: what is known stays, the rest is unknown."""
        for key in DRIVEN:
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
