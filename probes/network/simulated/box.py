"""Routers between hosts and the internet: NAT, firewall, rules, middleboxes; and the internet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, replace
from ipaddress import ip_network

from probes.model import Endpoint, Family, IPAddress
from probes.network.seam import IcmpError
from probes.network.simulated.firewall import Action, Firewall, Rule, first_match
from probes.network.simulated.link import Line
from probes.network.simulated.middlebox import Answered, Middlebox
from probes.network.simulated.nat import Nat, Refusal
from probes.network.simulated.node import Above, Below, Clock
from probes.network.simulated.packet import Echo, Packet, Reset, Transport
from probes.network.simulated.stun_server import Reply
from probes.readings.local import IPInterface
from probes.values import dataclass

_NOT_ROUTED = tuple(
    ip_network(prefix)
    for prefix in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),  # RFC 1918
        *("100.64.0.0/10", "169.254.0.0/16"),  # RFC 6598, RFC 3927
        *("fc00::/7", "fe80::/10"),  # RFC 4193, RFC 4291
    )
)


def refusal(packet: Packet, error: IcmpError, reporter: Endpoint) -> Packet | None:
    """How a router or host says no: RST for TCP, an ICMP error else."""
    if packet.transport is Transport.TCP:
        return None if isinstance(packet.payload, Reset) else packet.answer(Reset())
    return packet.bounce(error, reporter)


@dataclass(slots=True, eq=False)
class Box:
    """A router. What its sides do not name, it does not do: an empty one only routes."""

    name: str
    line: Line
    above: Above
    clock: Clock
    inside: tuple[IPInterface, ...] = ()
    """Its addresses on the inside, with their prefixes."""
    outside: frozenset[IPAddress] = frozenset()
    """Its own addresses on the outside."""
    nats: Mapping[Family, Nat] = field(default_factory=dict)
    firewalls: Mapping[Family, Firewall] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    middleboxes: tuple[Middlebox, ...] = ()
    isolates: bool = False
    """Those below it cannot reach each other."""
    services: Mapping[tuple[Transport, int], Callable[[Packet], Iterable[Reply]]] = field(
        default_factory=dict
    )
    """What it answers on its inside addresses, and to a multicast from inside, by port."""
    silent: bool = False
    """It says nothing on closed ports of its inside address, nor about expired packets."""
    below: list[Below] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock.on_new_loop.append(self._forget)

    def _forget(self) -> None:
        for nat in self.nats.values():
            nat.reset()
        for firewall in self.firewalls.values():
            firewall.reset()

    def reaches(self, address: IPAddress) -> bool:
        """Whether packets to the address come to this box from above."""
        nat = self.nats.get(Family.of(address))
        if nat is not None:
            return nat.owns(address)
        return address in self.outside or self._child(address) is not None

    def _child(self, address: IPAddress) -> Below | None:
        return next((child for child in self.below if child.reaches(address)), None)

    # --- from inside ----------------------------------------------------------------------------

    def outward(self, packet: Packet, below: Below) -> None:
        """A packet from below: answer it, turn it round, refuse it or pass it up."""
        target = packet.destination.address
        if any(target == each.ip for each in self.inside):
            return self._answer(packet, below)
        if target.is_multicast:
            return self._serve(packet, below)
        nat, firewall = self.nats.get(packet.family), self.firewalls.get(packet.family)
        if target in self.outside or (nat is not None and nat.owns(target)):
            return self._hairpin(packet, below, nat)
        sibling = self._child(target)
        if sibling is not None:
            if not self.isolates:
                sibling.line.carry(packet, sibling.inward)
            return None
        if packet.ttl <= 1:
            return self._reply(below, packet, IcmpError.TTL)
        packet = replace(packet, ttl=packet.ttl - 1)
        rule = first_match(self.rules, packet, outward=True)
        if rule is not None:
            if rule.action is Action.REJECT:
                self._send_down(below, refusal(packet, rule.error, self._inside_end(packet)))
            return None
        for middlebox in self.middleboxes:
            outcome = middlebox.outward(packet)
            if isinstance(outcome, Answered):
                return self._send_down(below, outcome.reply)
            packet = outcome
        if firewall is not None:
            firewall.outward(packet, self.clock.now())
        leaving = nat.outward(packet, self.clock.now()) if nat is not None else packet
        if leaving is not None:
            self._send_up(leaving)
        return None

    def _answer(self, packet: Packet, below: Below) -> None:
        if packet.payload == Echo(reply=False):
            self._send_down(below, packet.answer(Echo(reply=True)))
        elif (packet.transport, packet.destination.port) in self.services:
            self._serve(packet, below)
        elif packet.transport is not Transport.ICMP:
            self._reply(below, packet, IcmpError.PORT)

    def _serve(self, packet: Packet, below: Below) -> None:
        service = self.services.get((packet.transport, packet.destination.port))
        for reply in service(packet) if service is not None else ():

            def deliver(answer: Packet) -> None:
                self._send_down(below, answer)

            self.clock.later(reply.after_s, deliver, reply.packet)

    def _hairpin(self, packet: Packet, below: Below, nat: Nat | None) -> None:
        """RFC 4787 section 6: towards one of the NAT's own public addresses."""
        if nat is None or not nat.behavior.hairpin:
            return
        turned = nat.outward(packet, self.clock.now())
        if turned is not None:
            self.inward(turned)

    def _reply(self, below: Below, packet: Packet, error: IcmpError) -> None:
        if not self.silent:
            self._send_down(below, refusal(packet, error, self._inside_end(packet)))

    def _inside_end(self, packet: Packet) -> Endpoint:
        """The address that errors come from."""
        addresses = [each.ip for each in self.inside if each.version == packet.family]
        return Endpoint(addresses[0], 0) if addresses else packet.destination

    @staticmethod
    def _send_down(below: Below, packet: Packet | None) -> None:
        if packet is not None:
            below.line.carry(packet, below.inward)

    def _send_up(self, packet: Packet) -> None:
        self.line.carry(packet, lambda arrived: self.above.outward(arrived, self))

    # --- from outside ---------------------------------------------------------------------------

    def inward(self, packet: Packet) -> None:
        """A packet from above: translate it, look at it, pass it down."""
        now = self.clock.now()
        nat, firewall = self.nats.get(packet.family), self.firewalls.get(packet.family)
        if nat is not None:
            result = nat.inward(packet, now)
            if result is Refusal.FOR_ROUTER:
                self._say_closed(packet)
            if isinstance(result, Refusal):
                return
            inner = result
        else:
            inner = packet
        rule = first_match(self.rules, inner, outward=False)
        if rule is not None:
            if rule.action is Action.REJECT:
                self._refuse_upward(inner, rule.error)
            return
        if firewall is not None and not firewall.inward(inner, now):
            if firewall.behavior.action is Action.REJECT:
                self._refuse_upward(inner, IcmpError.PROHIBITED)
            return
        for middlebox in self.middleboxes:
            inner = middlebox.inward(inner)
        child = self._child(inner.destination.address)
        if child is not None:
            child.line.carry(inner, child.inward)

    def _say_closed(self, packet: Packet) -> None:
        """Linux answers for a closed port of its own, even where its table keeps the flow."""
        answer = refusal(packet, IcmpError.PORT, packet.destination)
        if answer is not None:
            self._send_up(answer)

    def _refuse_upward(self, inner: Packet, error: IcmpError) -> None:
        """Say no as the inside end of the flow, so that the NAT translates it back."""
        answer = refusal(inner, error, inner.destination)
        nat = self.nats.get(inner.family)
        if answer is not None and nat is not None:
            answer = nat.outward(answer, self.clock.now())
        if answer is not None:
            self._send_up(answer)


@dataclass(slots=True, eq=False)
class Internet:
    """The middle: knows where every public address is, and drops what is none."""

    hops: tuple[IPAddress, ...] = ()
    """Routers that a packet passes, whatever its destination."""
    below: list[Below] = field(default_factory=list)

    def outward(self, packet: Packet, below: Below) -> None:
        """A packet from one of the sites or servers."""
        hops = [hop for hop in self.hops if Family.of(hop) is packet.family]
        if packet.ttl <= len(hops):
            expired = packet.bounce(IcmpError.TTL, Endpoint(hops[max(packet.ttl, 1) - 1], 0))
            if expired is not None:
                below.line.carry(expired, below.inward)
            return
        target = packet.destination.address
        if any(target in prefix for prefix in _NOT_ROUTED if prefix.version == target.version):
            return
        child = next((each for each in self.below if each.reaches(target)), None)
        if child is not None:
            onward = replace(packet, ttl=packet.ttl - len(hops))
            child.line.carry(onward, child.inward)
