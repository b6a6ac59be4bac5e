"""From a scenario's plain values to a network that runs: nodes, lines, tables, servers, names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_interface

from probes.model import Endpoint, Family, IPAddress
from probes.network.simulated.box import Box, Internet
from probes.network.simulated.firewall import Firewall, FirewallBehavior
from probes.network.simulated.host import Host, HostInterface
from probes.network.simulated.link import LineQuality
from probes.network.simulated.mapping_spec import PortMappingSpec
from probes.network.simulated.metadata import MetadataService
from probes.network.simulated.middlebox import (
    CaptivePortal,
    Middlebox,
    TcpAccelerator,
    TlsInspector,
)
from probes.network.simulated.nat import Nat
from probes.network.simulated.nat_behavior import NatBehavior
from probes.network.simulated.node import Clock, Surroundings
from probes.network.simulated.packet import HttpAnswer
from probes.network.simulated.pinholes import Pinholes
from probes.network.simulated.port_mapping import PortMapper
from probes.network.simulated.scenario import (
    HERE,
    INTERNET,
    BoxSpec,
    HostSpec,
    InterfaceSpec,
    Scenario,
    ServerSpec,
    StunSpec,
)
from probes.network.simulated.schema import ScenarioError, closest
from probes.network.simulated.server import Server, TcpPort, TlsKind
from probes.network.simulated.stun_server import StunKind, StunServer
from probes.readings.local import Interface
from probes.values import dataclass

_HTTP = 80
_METADATA = ip_interface("169.254.169.254/32")
_USUAL_RTT_MS = 20.0


@dataclass(frozen=True, slots=True)
class World:
    """Everything of one simulated network."""

    clock: Clock
    hosts: dict[str, Host]
    boxes: dict[str, Box]
    servers: dict[str, Server]
    names: dict[str, tuple[IPAddress, ...]]
    """What DNS knows."""
    mappers: tuple[PortMapper, ...] = ()
    """The routers' port mapping sides."""


def build(scenario: Scenario) -> World:
    """Put the network together. Raises ScenarioError where the parts do not fit."""
    return _Builder(scenario).build()


class _Builder:
    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.clock = Clock()
        self.around = Surroundings(str(scenario.seed), self.clock)
        self.internet = Internet(scenario.hops)
        self.boxes: dict[str, Box] = {}
        self.mappers: dict[str, PortMapper] = {}
        self.servers: dict[str, Server] = {}
        self.names: dict[str, tuple[IPAddress, ...]] = {}

    def build(self) -> World:
        if HERE not in self.scenario.host:
            raise ScenarioError(f"host.{HERE} is missing: it is the device that measures.")
        for name in self.scenario.box:
            self._box(name, ())
        for region in self.scenario.region.values():
            for name, node in region.node.items():
                relay = replace(
                    node,
                    stun=node.stun or StunSpec(StunKind.RELAY),
                    tls=node.tls or TlsKind.VALID,
                    rtt_ms=region.rtt_ms if node.rtt_ms is None else node.rtt_ms,
                )
                self._server(f"relay {name}", relay)
        for name, spec in self.scenario.server.items():
            self._server(f"server {name}", spec)
        for name, host in self.scenario.host.items():
            self._check_peers(name, host)
        hosts = {name: self._host(name, spec) for name, spec in self.scenario.host.items()}
        for known, addresses in self.scenario.dns.name.items():
            self.names[known.lower()] = addresses
        self._refuse_twins()
        return World(
            self.clock, hosts, self.boxes, self.servers, self.names, tuple(self.mappers.values())
        )

    # --- boxes ----------------------------------------------------------------------------------

    def _above(self, via: str, path: str, on_the_way: tuple[str, ...] = ()) -> Box | Internet:
        if via == INTERNET:
            return self.internet
        if via in on_the_way:
            raise ScenarioError(f"{path} is {via!r}, which leads round in a circle.")
        if via not in self.scenario.box:
            hint = closest(via, (*self.scenario.box, INTERNET))
            raise ScenarioError(f"{path} is {via!r}, and there is no such box{hint}.")
        return self._box(via, on_the_way)

    def _box(self, name: str, on_the_way: tuple[str, ...]) -> Box:
        if name in self.boxes:
            return self.boxes[name]
        spec = self.scenario.box[name]
        above = self._above(spec.via, f"box.{name}.via", (*on_the_way, name))
        box = Box(
            name=name,
            line=self.around.line(f"box {name}", spec.line),
            above=above,
            clock=self.clock,
            inside=spec.inside,
            outside=frozenset(spec.outside),
            nats=dict(self._nats(name, spec)),
            firewalls=dict(_firewalls(spec)),
            rules=tuple(spec.rule.values()),
            middleboxes=tuple(_middleboxes(spec)),
            isolates=spec.isolates,
            silent=spec.silent,
        )
        if spec.port_mapping is not None:
            self.mappers[name] = self._mapper(name, box, spec, spec.port_mapping)
            box.services = self.mappers[name].services()
        if spec.metadata is not None:
            box.inside = (*box.inside, _METADATA)
            box.services = {**box.services, **MetadataService(spec.metadata).services()}
        above.below.append(box)
        self.boxes[name] = box
        return box

    def _mapper(self, name: str, box: Box, whole: BoxSpec, spec: PortMappingSpec) -> PortMapper:
        inside = [each.ip for each in whole.inside if each.version == 4]
        outside = [each for each in whole.outside if each.version == 4]  # in the file's order
        if not inside or not outside:
            raise ScenarioError(f"box.{name}.port_mapping needs an IPv4 address on both sides.")
        pinholes = Pinholes(self.clock, box.firewalls.get(Family.V6), not spec.useless)
        nat = box.nats.get(Family.V4)
        gateways = frozenset(each.ip for each in box.inside)
        return PortMapper(spec, inside[0], outside[0], self.clock, nat, pinholes, gateways)

    def _nats(self, name: str, spec: BoxSpec) -> Iterator[tuple[Family, Nat]]:
        for family, behavior in ((Family.V4, spec.nat), (Family.V6, spec.nat6)):
            if behavior is None:
                continue
            own = tuple(each for each in spec.outside if each.version == family)
            addresses = behavior.addresses or own or tuple(behavior.one_to_one)
            if not addresses:
                raise ScenarioError(f"box.{name} has a NAT but no IPv{family} address outside.")
            whole: NatBehavior = replace(behavior, addresses=addresses)
            yield family, Nat(whole, self.around.rng(f"nat {name} {family}"))

    # --- servers --------------------------------------------------------------------------------

    def _server(self, name: str, spec: ServerSpec) -> None:
        stun = spec.stun
        others = (stun.other_ipv4, stun.other_ipv6) if stun else ()
        addresses = [each for each in (spec.ipv4, spec.ipv6, *others) if each is not None]
        if spec.ipv4 is None and spec.ipv6 is None:
            raise ScenarioError(f"The {name} has no address.")
        rtt_ms = _USUAL_RTT_MS if spec.rtt_ms is None else spec.rtt_ms
        quality: LineQuality = replace(spec.line, delay_ms=rtt_ms / 2)
        server = Server(
            name=name,
            line=self.around.line(name, quality),
            above=self.internet,
            clock=self.clock,
            addresses=tuple(addresses),
            stun=dict(self._stun(name, spec, stun)) if stun else {},
            tcp=dict(_tcp_ports(spec)),
            answers_ping=spec.answers_ping,
            dead=spec.dead,
        )
        self.internet.below.append(server)
        self.servers[name.split(" ", 1)[1]] = server
        if spec.host:
            own = [each for each in (spec.ipv4, spec.ipv6) if each is not None]
            self.names[spec.host.lower()] = tuple(own)

    def _stun(
        self, name: str, spec: ServerSpec, stun: StunSpec
    ) -> Iterator[tuple[Endpoint, StunServer]]:
        for first, other in ((spec.ipv4, stun.other_ipv4), (spec.ipv6, stun.other_ipv6)):
            if first is None:
                continue
            addresses = (first,) if other is None else (first, other)
            two_ports = stun.kind is StunKind.BEHAVIOR
            groups = (
                [(stun.ports[0], stun.other_port)]
                if two_ports
                else [(each,) for each in stun.ports]
            )
            for ports in groups:
                server = StunServer(
                    kind=stun.kind,
                    addresses=addresses,
                    ports=ports,
                    rng=self.around.rng(f"stun {name} {first}"),
                    fault=stun.fault,
                    answer_after_s=stun.answer_after_ms / 1000.0,
                    ignores_first=stun.ignores_first,
                    software=stun.software,
                )
                for address in addresses:
                    for port in ports:
                        yield Endpoint(address, port), server

    def _check_peers(self, host: str, spec: HostSpec) -> None:
        """Each peer of the tailnet is reached through a relay of the scenario's."""
        for name, peer in (spec.tailscale.peer if spec.tailscale else {}).items():
            if peer.relay not in self.scenario.region:
                path = f"host.{host}.tailscale.peer.{name}.relay"
                hint = closest(peer.relay, self.scenario.region)
                raise ScenarioError(f"{path} is {peer.relay!r}, and there is no such region{hint}.")

    # --- hosts ----------------------------------------------------------------------------------

    def _host(self, name: str, spec: HostSpec) -> Host:
        faces = [self._face(name, face, each) for face, each in spec.interface.items()]
        return Host(
            name=name,
            clock=self.clock,
            rng=self.around.rng(f"host {name}"),
            interfaces=faces,
            os_ipv6=spec.os_ipv6,
            system=spec.system,
            rules=tuple(spec.rule.values()),
            firewall=Firewall(spec.firewall) if spec.firewall else None,
        )

    def _face(self, host: str, name: str, spec: InterfaceSpec) -> HostInterface:
        path = f"host.{host}.interface.{name}"
        families = {Family.of(each) for each in spec.gateways}
        if len(families) < len(spec.gateways):
            raise ScenarioError(f"{path}.gateways has two routers of one family.")
        above = self._above(spec.via, f"{path}.via") if spec.via else None
        face = HostInterface(
            shape=Interface(name, spec.kind, spec.up, spec.mtu, spec.addresses),
            line=self.around.line(path, spec.line),
            above=above,
            gateways=spec.gateways,
            default_route=frozenset((*families, *spec.default_route)),
            metric=spec.metric,
            bindable=spec.bindable,
            mac=spec.mac,
        )
        if above is not None:
            above.below.append(face)
        return face

    def _refuse_twins(self) -> None:
        """One public address at two places would make the network depend on the file's order."""
        seen: dict[IPAddress, str] = {}
        public: list[tuple[str, tuple[IPAddress, ...]]] = [
            *((name, server.addresses) for name, server in self.servers.items()),
            *(
                (f"box.{name}", spec.outside)
                for name, spec in self.scenario.box.items()
                if spec.via == INTERNET
            ),
        ]
        for name, addresses in public:
            for address in addresses:
                if address in seen:
                    raise ScenarioError(f"{seen[address]} and {name} both have {address}.")
                seen[address] = name


def _firewalls(spec: BoxSpec) -> Iterator[tuple[Family, Firewall]]:
    pairs: tuple[tuple[Family, FirewallBehavior | None], ...] = (
        (Family.V4, spec.firewall),
        (Family.V6, spec.firewall6),
    )
    for family, behavior in pairs:
        if behavior is not None:
            yield family, Firewall(behavior)


def _middleboxes(spec: BoxSpec) -> Iterator[Middlebox]:
    if spec.captive_portal:
        yield CaptivePortal(spec.captive_portal)
    if spec.tcp_accelerator:
        yield TcpAccelerator()
    if spec.tls_inspector:
        yield TlsInspector(spec.tls_inspector)


def _tcp_ports(spec: ServerSpec) -> Iterator[tuple[int, TcpPort]]:
    pages = {
        path: HttpAnswer(
            page.status,
            tuple((name.lower(), value) for name, value in page.headers.items()),
            page.body.encode(),
        )
        for path, page in spec.page.items()
    }
    names = (spec.host,) if spec.host else (str(spec.ipv4 or spec.ipv6),)
    if spec.tls is not None:
        yield spec.tls_port, TcpPort(names, spec.tls, pages, spec.issuer)
    if pages:
        yield _HTTP, TcpPort(names, None, pages)
