"""A device: interfaces, routes, open sockets, its own firewall. What the seam stands on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from random import Random

from probes.model import Endpoint, Family, IPAddress
from probes.network.seam import (
    Bind,
    IcmpError,
    NetworkError,
    NotPermitted,
    Unreachable,
    Unsupported,
)
from probes.network.simulated.box import refusal
from probes.network.simulated.firewall import Action, Firewall, Rule, first_match
from probes.network.simulated.link import Line
from probes.network.simulated.node import Above, Clock
from probes.network.simulated.packet import Bounce, Packet, Transport
from probes.readings.local import Interface
from probes.values import dataclass

_EPHEMERAL = (32768, 60999)  # Linux net.ipv4.ip_local_port_range
_ECHO_IDS = (1, 0xFFFF)


@dataclass(slots=True, eq=False)
class HostInterface:
    """One interface and the line that leaves by it."""

    shape: Interface
    line: Line
    above: Above | None
    """None: it leads nowhere (loopback, a container bridge)."""
    gateways: tuple[IPAddress, ...] = ()
    """Default routers behind it; a point-to-point link has none."""
    default_route: frozenset[Family] = frozenset()
    """The families whose default route leads through it."""
    metric: int = 0
    """The default route with the lowest one is used."""
    bindable: bool = True
    """Sockets may be bound to it."""
    mac: str = ""
    """Hardware address of the IPv4 router behind it, as the neighbour table has it."""
    host: Host | None = field(default=None, repr=False)

    def reaches(self, address: IPAddress) -> bool:
        """Whether it is one of its addresses."""
        return self.shape.up and any(each.ip == address for each in self.shape.addresses)

    def inward(self, packet: Packet) -> None:
        """A packet arrives."""
        if self.host is not None and self.shape.up:
            self.host.arrive(packet, self)

    def source(self, family: Family) -> IPAddress | None:
        """The address that packets to the internet carry; link-local ones do not."""
        addresses = (each.ip for each in self.shape.addresses if each.version == family)
        return next((each for each in addresses if not each.is_link_local), None)

    def on_link(self, address: IPAddress) -> bool:
        """Whether the address is in one of its prefixes."""
        return any(
            address in each.network
            for each in self.shape.addresses
            if each.version == address.version
        )


@dataclass(frozen=True, slots=True)
class Port:
    """Something on the host that takes packets: a socket, a connection, a ping."""

    transport: Transport
    family: Family
    number: int
    address: IPAddress | None
    """Takes only packets to this address; None: to any."""
    interface: str
    """Takes only packets that arrive here; "": anywhere."""
    deliver: Callable[[Packet], None]


@dataclass(slots=True, eq=False)
class Host:
    """A device on the simulated network."""

    name: str
    clock: Clock
    rng: Random
    interfaces: list[HostInterface]
    os_ipv6: bool = True
    system: str = "linux"
    rules: tuple[Rule, ...] = ()
    """Its own outbound rules: what they refuse fails when it is sent (EPERM)."""
    firewall: Firewall | None = None
    ports: dict[tuple[Transport, Family, int], list[Port]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock.on_new_loop.append(self._forget)
        for each in self.interfaces:
            each.host = self

    def _forget(self) -> None:
        if self.firewall is not None:
            self.firewall.reset()

    # --- routes ---------------------------------------------------------------------------------

    def default_routes(self, family: Family) -> list[HostInterface]:
        """The interfaces with a default route, the one in use first."""
        found = [each for each in self.interfaces if each.shape.up and family in each.default_route]
        return sorted(found, key=lambda each: each.metric)

    def route(self, to: IPAddress, bound: str = "") -> HostInterface:
        """The interface that a packet leaves by. Raises Unreachable."""
        family = Family.of(to)
        faces = [each for each in self.interfaces if each.shape.up]
        if bound:
            faces = [each for each in faces if each.shape.name == bound]
        direct = next((each for each in faces if each.on_link(to)), None)
        if direct is not None:
            return direct
        routed = next((each for each in self.default_routes(family) if each in faces), None)
        if routed is None or routed.source(family) is None:
            raise Unreachable("The network is unreachable: there is no route.")
        return routed

    # --- ports ----------------------------------------------------------------------------------

    def open(self, transport: Transport, bind: Bind, deliver: Callable[[Packet], None]) -> Port:
        """Open a port. Raises NetworkError, NotPermitted or Unsupported."""
        if bind.family is Family.V6 and not self.os_ipv6:
            raise Unsupported("This system has no IPv6.")
        self.check_bind(bind)
        number = bind.port or self._free_number(transport, bind.family)
        port = Port(transport, bind.family, number, bind.address, bind.interface, deliver)
        holders = self.ports.setdefault((transport, bind.family, number), [])
        if any(
            None in (each.address, bind.address) or each.address == bind.address for each in holders
        ):
            raise NetworkError(f"Port {number} is in use.")
        holders.append(port)
        return port

    def close(self, port: Port) -> None:
        """Close a port. Idempotent."""
        key = (port.transport, port.family, port.number)
        left = [each for each in self.ports.get(key, ()) if each is not port]
        if left:
            self.ports[key] = left
        else:
            self.ports.pop(key, None)

    def check_bind(self, bind: Bind) -> None:
        """Whether a socket may be bound so. Raises NetworkError or NotPermitted."""
        if bind.interface:
            face = next(
                (each for each in self.interfaces if each.shape.name == bind.interface), None
            )
            if face is None:
                raise NetworkError(f"There is no interface {bind.interface}.")
            if not face.bindable:
                raise NotPermitted(f"A socket may not be bound to {bind.interface}.")
        address = bind.address
        if address is None or address.is_unspecified:
            return
        if not any(each.reaches(address) for each in self.interfaces):
            raise NetworkError(f"{address} is not an address of this device.")

    def _free_number(self, transport: Transport, family: Family) -> int:
        low, high = _ECHO_IDS if transport is Transport.ICMP else _EPHEMERAL
        while True:
            number = self.rng.randint(low, high)
            if (transport, family, number) not in self.ports:
                return number

    # --- packets --------------------------------------------------------------------------------

    def send(self, packet: Packet, bound: str, fixed: IPAddress | None) -> None:
        """Send a packet whose source address is still open. Raises Unreachable or NotPermitted."""
        face = self.route(packet.destination.address, bound)
        address = fixed if fixed is not None and not fixed.is_unspecified else None
        address = address or face.source(packet.family) or _link_local(face, packet.family)
        if address is None:
            raise Unreachable("The network is unreachable: there is no address to send from.")
        self._leave(packet.sent_from(Endpoint(address, packet.source.port)), face)

    def _leave(self, packet: Packet, face: HostInterface) -> None:
        if first_match(self.rules, packet, outward=True) is not None:
            raise NotPermitted("A firewall on this device does not let it out.")
        if self.firewall is not None:
            self.firewall.outward(packet, self.clock.now())
        target = packet.destination.address
        own = next((each for each in self.interfaces if each.reaches(target)), None)
        if own is not None:
            self.arrive(packet, own)
            return
        above = face.above
        if above is not None:
            face.line.carry(packet, lambda arrived: above.outward(arrived, face))

    def arrive(self, packet: Packet, face: HostInterface) -> None:
        """A packet for this host: through its firewall, to whoever listens."""
        if self.firewall is not None and not self.firewall.inward(packet, self.clock.now()):
            if self.firewall.behavior.action is Action.REJECT:
                self._refuse(packet, face, IcmpError.PROHIBITED)
            return
        about = packet.payload.about if isinstance(packet.payload, Bounce) else None
        transport = about.transport if about else packet.transport
        holders = self.ports.get((transport, packet.family, packet.destination.port), ())
        port = next((each for each in holders if _takes(each, packet, face)), None)
        if port is not None:
            port.deliver(packet)
        elif about is None and packet.transport is not Transport.ICMP:
            self._refuse(packet, face, IcmpError.PORT)

    def _refuse(self, packet: Packet, face: HostInterface, error: IcmpError) -> None:
        answer = refusal(packet, error, packet.destination)
        if answer is not None and face.above is not None:
            above = face.above
            face.line.carry(answer, lambda arrived: above.outward(arrived, face))


def _takes(port: Port, packet: Packet, face: HostInterface) -> bool:
    if port.interface and port.interface != face.shape.name:
        return False
    own = port.address
    return own is None or own.is_unspecified or own == packet.destination.address


def _link_local(face: HostInterface, family: Family) -> IPAddress | None:
    addresses = (each.ip for each in face.shape.addresses if each.version == family)
    return next(iter(addresses), None)
