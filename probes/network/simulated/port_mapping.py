"""A router that opens ports on request: NAT-PMP, PCP and UPnP, over one table of mappings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from ipaddress import IPv4Address
from urllib.parse import urlsplit

from probes.model import Endpoint, IPAddress
from probes.network.seam import HttpAsk
from probes.network.simulated.mapping_spec import PortMappingSpec
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
from probes.network.simulated.pinholes import Pinholes
from probes.network.simulated.stun_server import Reply
from probes.values import dataclass
from probes.wire import igd_description, natpmp, pcp, soap, ssdp

_HTTP_PORT = 5000
_CONTROL, _FIREWALL = "/ctl/IPConn", "/ctl/IP6FCtl"
_DESCRIPTION = "/rootDesc.xml"
_INVALID_ACTION = 401


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
    pinholes: Pinholes
    gateways: frozenset[IPAddress] = frozenset()
    """The addresses at which it may be asked, of either family."""
    table: dict[int, _Held] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock.on_new_loop.append(self.reset)
        self.reset()

    def reset(self) -> None:
        """As after a restart."""
        self.table = {}
        self.pinholes.reset()
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
        if to.address.version == 6:
            return self._pinhole(asked, wanted, to)
        port, lease_s = wanted.external_port, 0
        if asked.lifetime_s == 0:
            self._release(lambda held: held.to == to and held.nonce == wanted.nonce)
        else:
            port, lease_s = self._hold(port, to, asked.lifetime_s, "PCP", wanted.nonce)
        granted = pcp.Map(wanted.nonce, wanted.internal_port, port, self.external)
        return pcp.build(pcp.Reply(asked.opcode, 0, lease_s, self._epoch(), granted))

    def _pinhole(self, asked: pcp.Request, wanted: pcp.Map, to: Endpoint) -> bytes:
        """An opening translates nothing: port and address stay (RFC 6887 section 11.3)."""
        result, lease_s = pcp.ResultCode.SUCCESS, 0
        if not self.spec.pinholes_allowed:
            result = pcp.ResultCode.NOT_AUTHORIZED
        elif asked.lifetime_s == 0:
            self.pinholes.drop(to, wanted.nonce)
        else:
            lease_s = max(asked.lifetime_s, self.spec.shortest_lease_s)
            if not self.pinholes.put(to, lease_s, wanted.nonce):
                result, lease_s = pcp.ResultCode.NOT_AUTHORIZED, 0
        granted = pcp.Map(wanted.nonce, to.port, to.port, to.address)
        return pcp.build(pcp.Reply(asked.opcode, result, lease_s, self._epoch(), granted))

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
        if self.nat is not None and not self.spec.useless:
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
        self.pinholes.forget(to)

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
                    firewall_path=_FIREWALL if self.spec.firewall_control else "",
                )
                return [self._reply(packet.answer(HttpAnswer(200, body=body)))]
            case HttpRequest(_, path, ask) if path == _FIREWALL and self.spec.firewall_control:
                return [self._reply(packet.answer(self._firewall(ask)))]
            case HttpRequest():
                return [self._reply(packet.answer(HttpAnswer(404)))]
            case _:
                return []

    def _firewall(self, ask: HttpAsk) -> HttpAnswer:
        action = "GetFirewallStatus"
        wanted = f'"{igd_description.FIREWALL}#{action}"'
        if ask.method != "POST" or dict(ask.headers).get("SOAPAction") != wanted:
            return HttpAnswer(500, body=soap.fault(_INVALID_ACTION))
        values = {
            "FirewallEnabled": str(int(self.spec.firewall_enabled)),
            "InboundPinholeAllowed": str(int(self.spec.pinholes_allowed)),
        }
        return HttpAnswer(200, body=soap.answer(igd_description.FIREWALL, action, values))

    def controls(self, url: str) -> bool:
        """Whether a control address is this router's."""
        parts = urlsplit(url)
        here = parts.hostname == str(self.inside) and parts.port == _HTTP_PORT
        return self.spec.upnp and here and parts.path == _CONTROL
