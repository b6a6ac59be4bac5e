"""A router that opens ports on request: NAT-PMP, PCP and UPnP, over one table of mappings."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from urllib.parse import urlsplit

from probes.model import Endpoint, IPAddress
from probes.network.igd import IgdEntry, IgdFault, IgdSession
from probes.network.seam import NetworkError, Unsupported
from probes.network.simulated import schema
from probes.network.simulated.nat import Nat
from probes.network.simulated.node import Clock
from probes.network.simulated.packet import (
    HttpAnswer,
    HttpRequest,
    Packet,
    Syn,
    SynAck,
    Transport,
)
from probes.network.simulated.stun_server import Reply
from probes.wire import igd_description, natpmp, pcp, ssdp

_HTTP_PORT = 5000
_CONTROL = "/ctl/IPConn"
_DESCRIPTION = "/rootDesc.xml"
_NO_ENTRY, _CONFLICT = 714, 718


@dataclass(frozen=True, slots=True)
class EntrySpec:
    """A mapping that the router holds from the beginning."""

    port: int
    to: Endpoint
    description: str = ""


@dataclass(frozen=True, slots=True)
class PortMappingSpec:
    """What a router offers, and how it fails."""

    nat_pmp: bool = False
    pcp: bool = False
    upnp: bool = False
    external: IPAddress | None = None
    """What it takes for its outer address; its real one unless told otherwise."""
    nat_pmp_result: int = 0
    """It answers everything with that code."""
    pcp_result: int = 0
    upnp_error: int = 0
    """It answers every new mapping with that code."""
    answer_after_ms: float = 0.0
    upnp_version: int = 1
    name: str = "Practice router"
    maker: str = "whyrelay"
    model: str = "simulated"
    status: str = "Connected"
    shortest_lease_s: int = 0
    epoch_s: int = 86_400
    """Age of its table when the network starts."""
    useless: bool = False
    """It grants mappings, and nothing ever comes in by them."""
    entry: dict[str, EntrySpec] = field(default_factory=dict)


@dataclass(slots=True)
class _Held:
    to: Endpoint
    description: str
    until: float | None
    """None: for ever."""
    nonce: bytes = b""


@dataclass(slots=True, eq=False)
class PortMapper:
    """The port mapping side of one router."""

    spec: PortMappingSpec
    inside: IPAddress
    outside: IPAddress
    clock: Clock
    nat: Nat | None
    """None: there is nothing to open ports in."""
    table: dict[int, _Held] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock.on_new_loop.append(self.reset)
        self.reset()

    def reset(self) -> None:
        """As after a restart."""
        self.table = {}
        for each in self.spec.entry.values():
            self.put(each.port, each.to, 0, each.description)

    @property
    def external(self) -> IPAddress:
        """What it says its outer address is."""
        return self.spec.external or self.outside

    def services(self) -> dict[tuple[Transport, int], Callable[[Packet], list[Reply]]]:
        """What it answers, by transport and port."""
        found: dict[tuple[Transport, int], Callable[[Packet], list[Reply]]] = {}
        if self.spec.nat_pmp or self.spec.pcp:
            found[Transport.UDP, natpmp.PORT] = self._datagram
        if self.spec.upnp:
            found[Transport.UDP, ssdp.PORT] = self._search
            found[Transport.TCP, _HTTP_PORT] = self._http
        return found

    # --- NAT-PMP and PCP ------------------------------------------------------------------------

    def _datagram(self, packet: Packet) -> list[Reply]:
        data = packet.payload
        if not isinstance(data, bytes) or not data:
            return []
        answer = self._nat_pmp(data, packet) if data[0] == natpmp.VERSION else None
        if data[0] != natpmp.VERSION:
            answer = self._pcp(data, packet)
        return [] if answer is None else [self._reply(packet.answer(answer))]

    def _reply(self, packet: Packet) -> Reply:
        return Reply(packet, self.spec.answer_after_ms / 1000.0)

    def _epoch(self) -> int:
        return self.spec.epoch_s + int(self.clock.since_start())

    def _nat_pmp(self, data: bytes, packet: Packet) -> bytes | None:
        if not self.spec.nat_pmp:
            # A server that speaks PCP alone says so in PCP (RFC 6887 section 9).
            return pcp.build(pcp.Reply(data[1], pcp.ResultCode.UNSUPP_VERSION, 0, self._epoch()))
        try:
            wanted = natpmp.parse_request(data)
        except natpmp.Malformed:
            return None
        opcode = wanted.opcode if wanted else natpmp.Opcode.ADDRESS
        if self.spec.nat_pmp_result:
            return natpmp.build(natpmp.Reply(opcode, self.spec.nat_pmp_result, self._epoch()))
        if wanted is None:
            external = self.external
            assert isinstance(external, IPv4Address)
            return natpmp.build(natpmp.Reply(opcode, 0, self._epoch(), external=external))
        to = Endpoint(packet.source.address, wanted.internal_port)
        port, lease_s = 0, 0
        if wanted.lifetime_s == 0:
            self._release(lambda held: held.to == to)
        else:
            port, lease_s = self._hold(wanted.external_port, to, wanted.lifetime_s, "NAT-PMP")
        granted = natpmp.Granted(wanted.internal_port, port, lease_s)
        return natpmp.build(natpmp.Reply(opcode, 0, self._epoch(), granted=granted))

    def _pcp(self, data: bytes, packet: Packet) -> bytes | None:
        if not self.spec.pcp:
            return natpmp.build(
                natpmp.Reply(data[1], natpmp.ResultCode.UNSUPPORTED_VERSION, self._epoch())
            )
        try:
            asked = pcp.parse_request(data)
        except pcp.Malformed:
            return None
        result = self.spec.pcp_result
        if asked.client != packet.source.address:
            result = pcp.ResultCode.ADDRESS_MISMATCH
        if result or asked.map is None:
            return pcp.build(pcp.Reply(asked.opcode, result, 0, self._epoch(), asked.map))
        wanted = asked.map
        to = Endpoint(packet.source.address, wanted.internal_port)
        port, lease_s = wanted.external_port, 0
        if asked.lifetime_s == 0:
            self._release(lambda held: held.to == to and held.nonce == wanted.nonce)
        else:
            port, lease_s = self._hold(port, to, asked.lifetime_s, "PCP", wanted.nonce)
        outer = self.external if to.address.version == 4 else to.address
        granted = pcp.Map(wanted.nonce, wanted.internal_port, port, outer)
        return pcp.build(pcp.Reply(asked.opcode, 0, lease_s, self._epoch(), granted))

    # --- the table ------------------------------------------------------------------------------

    def _hold(
        self, port: int, to: Endpoint, lease_s: int, description: str, nonce: bytes = b""
    ) -> tuple[int, int]:
        """Open a port: the wanted one, or the next free one. The port and seconds granted."""
        self.expire()
        while (holder := self.table.get(port)) is not None and holder.to != to:
            port = port % 0xFFFF + 1
        lease_s = max(lease_s, self.spec.shortest_lease_s)
        self.put(port, to, lease_s, description, nonce)
        return port, lease_s

    def put(
        self, port: int, to: Endpoint, lease_s: int, description: str, nonce: bytes = b""
    ) -> None:
        """Open a port, whoever holds it."""
        until = self.clock.now() + lease_s if lease_s else None
        self.table[port] = _Held(to, description, until, nonce)
        if self.nat is not None and to.address.version == 4 and not self.spec.useless:
            self.nat.open_port(Transport.UDP, port, to)

    def drop(self, port: int) -> None:
        """Close a port."""
        del self.table[port]
        if self.nat is not None:
            self.nat.close_port(Transport.UDP, port)

    def forget(self, port: int, to: Endpoint) -> None:
        """Close a port if it leads there."""
        held = self.table.get(port)
        if held is not None and held.to == to:
            self.drop(port)

    def _release(self, which: Callable[[_Held], bool]) -> None:
        for port in [port for port, held in self.table.items() if which(held)]:
            self.drop(port)

    def expire(self) -> None:
        """Close what has lived long enough."""
        now = self.clock.now()
        self._release(lambda held: held.until is not None and held.until <= now)

    # --- UPnP -----------------------------------------------------------------------------------

    def _search(self, packet: Packet) -> list[Reply]:
        if not isinstance(packet.payload, bytes):
            return []
        try:
            target = ssdp.parse_search(packet.payload)
        except ssdp.Malformed:
            return []
        own = (ssdp.GATEWAY_1, ssdp.GATEWAY_2)[: self.spec.upnp_version]
        if target not in (ssdp.ALL, *own):
            return []
        found = ssdp.Found(
            f"http://{self.inside}:{_HTTP_PORT}{_DESCRIPTION}",
            own[-1] if target == ssdp.ALL else target,
            f"uuid:practice::{own[-1]}",
            "simulated UPnP/1.1",
        )
        answer = packet.answer(ssdp.build(found), source=Endpoint(self.inside, ssdp.PORT))
        return [self._reply(answer)]

    def _http(self, packet: Packet) -> list[Reply]:
        match packet.payload:
            case Syn():
                return [self._reply(packet.answer(SynAck()))]
            case HttpRequest(_, path) if path == _DESCRIPTION:
                body = igd_description.build(
                    f"urn:schemas-upnp-org:service:WANIPConnection:{self.spec.upnp_version}",
                    _CONTROL,
                    version=self.spec.upnp_version,
                    name=self.spec.name,
                    maker=self.spec.maker,
                    model=self.spec.model,
                )
                return [self._reply(packet.answer(HttpAnswer(200, body=body)))]
            case HttpRequest():
                return [self._reply(packet.answer(HttpAnswer(404)))]
            case _:
                return []

    def controls(self, url: str) -> bool:
        """Whether a control address is this router's."""
        parts = urlsplit(url)
        here = parts.hostname == str(self.inside) and parts.port == _HTTP_PORT
        return self.spec.upnp and here and parts.path == _CONTROL


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


_RESULT = schema.integer(0, 0xFFFF)
PORT_MAPPING = schema.table(
    PortMappingSpec,
    nat_pmp=schema.boolean,
    pcp=schema.boolean,
    upnp=schema.boolean,
    external=schema.address4,
    nat_pmp_result=_RESULT,
    pcp_result=schema.integer(0, 255),
    upnp_error=_RESULT,
    answer_after_ms=schema.MILLISECONDS,
    upnp_version=schema.integer(1, 2),
    name=schema.text,
    maker=schema.text,
    model=schema.text,
    status=schema.text,
    shortest_lease_s=schema.integer(0, 86_400),
    epoch_s=schema.integer(0, 0xFFFFFFFF),
    useless=schema.boolean,
    entry=schema.mapping(
        schema.table(EntrySpec, port=schema.PORT, to=schema.endpoint, description=schema.text)
    ),
)
"""Reads a router's `port_mapping` table."""
