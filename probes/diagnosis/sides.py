"""What is known of one side of a connection, for pairing it with another.

A side is made of a report, wherever that came from: measured here, saved by this program on another
device, or read from what `tailscale netcheck` or `tailscale status` printed.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from typing import TypeAlias

from probes.addresses import may_be_public
from probes.diagnosis.facts import Facts
from probes.diagnosis.layers import carrier_nat, one_nat, second_nat, within
from probes.diagnosis.model import Nat
from probes.diagnosis.nat import mapping_answers, nat_of, several_lines
from probes.diagnosis.overruled import Overruled, overruled
from probes.diagnosis.reach import Reach, reach_of, udp_seen
from probes.diagnosis.surroundings import ACTORS, keeps_ports, translator
from probes.model import Family, IPAddress
from probes.readings import lifetime, local, relays, stun, tailscale
from probes.readings.local import InterfaceKind
from probes.readings.port_mapping import SERVICES
from probes.report import SIMULATED, Report
from probes.values import dataclass

IPNetwork: TypeAlias = IPv4Network | IPv6Network

_OWN = (InterfaceKind.PHYSICAL, InterfaceKind.BRIDGE)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a side sits, as far as it matters for whether another sits there too."""

    public: frozenset[IPAddress] = frozenset()
    """The addresses that the internet sees, both families."""
    addresses: frozenset[IPAddress] = frozenset()
    """The device's own, without tunnels'."""
    prefixes: frozenset[IPNetwork] = frozenset()
    """The local networks that it is in."""
    network_id: str = ""
    """Equal only for runs on one computer in one network."""
    hairpin: bool | None = None
    """The router sends packets for its own public address back inside."""
    behind_carrier: bool | None = None
    """The provider translates as well, so strangers share the public address. None: not known."""
    because: tuple[str, ...] = ()
    practice: str = ""
    """The practice network that it is; "" for a real one, and where nobody says."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side."""

    four: Reach
    six: Reach
    nat4: Nat
    nat6: Nat
    place: Place
    offline: bool = False
    """No way to the internet, or nothing there answered: there is nothing to judge."""
    udp_seen: tuple[str, ...] = ()
    """The readings that show UDP to work, over any family."""
    peer_relay: tuple[str, ...] = ()
    """The readings that show a peer relay in use in this side's tailnet."""
    second_router: bool = False
    """Another router of the home's own stands before the first one."""
    within: bool = False
    """The NAT of the computer that this device runs on comes before the router."""
    offers_mapping: bool = False
    """The router answers where it is asked for a port, whether or not that is of any use."""
    several_lines: bool = False
    """It leaves by several public addresses, each of which keeps its port."""
    boxed: bool = False
    """A box around this device translates as well (a container's engine, a cloud): the settings of
    a router beyond it do not reach this device."""
    keeps_ports: bool = True
    """Its NAT may be told to keep one port for all destinations."""
    managed: bool = False
    """Whoever runs this network stops UDP, or the relays' STUN port: the router is theirs, too."""
    overruled: Overruled | None = None
    """What leaves this side only the relays, whatever its network would allow."""

    def reach(self, family: Family) -> Reach:
        """How it can be reached over one IP version."""
        return self.four if family is Family.V4 else self.six


def side_of(report: Report) -> Side:
    """What the report says of its side."""
    return side_from(Facts(report, nat_of(report, Family.V4), nat_of(report, Family.V6)))


def side_from(facts: Facts) -> Side:
    """The same, where both families' NAT is concluded already."""
    seen = (*udp_seen(facts, Family.V4), *udp_seen(facts, Family.V6))
    four = reach_of(facts, Family.V4)
    return Side(
        four=four,
        six=reach_of(facts, Family.V6),
        nat4=facts.nat4,
        nat6=facts.nat6,
        place=_place(facts.report),
        offline=_offline(facts),
        udp_seen=tuple(dict.fromkeys(seen)),
        peer_relay=_peer_relay(facts.report),
        second_router=second_nat(facts.report) is not None,
        within=within(facts.report),
        offers_mapping=any(facts.is_true(keys.present) for keys in SERVICES.values()),
        several_lines=facts.nat4.varies and several_lines(facts.report),
        boxed=translator(facts, *ACTORS) is not None,
        keeps_ports=keeps_ports(facts),
        managed=_managed(facts, four),
        overruled=overruled(facts),
    )


def _managed(facts: Facts, four: Reach) -> bool:
    """Not where the relays themselves have no STUN to answer with."""
    stopped = four.blind or not any(leg.udp for leg in four.legs)
    return stopped and facts.value(relays.STUN_REGIONS) != 0


def _offline(facts: Facts) -> bool:
    if facts.no_way_out:
        return True
    silent = facts.is_false(stun.UDP) and not facts.value(stun.ELSEWHERE)
    return silent and facts.is_false(relays.TCP) and not facts.is_true(relays.ICMP4)


def _peer_relay(report: Report) -> tuple[str, ...]:
    peers = report.value(tailscale.PEERS) or ()
    used = any(peer.path is tailscale.PeerPath.PEER_RELAY for peer in peers)
    return (tailscale.PEERS.id,) if used else ()


def _place(report: Report) -> Place:
    public, because = _public(report)
    own = [
        address
        for face in report.value(local.INTERFACES) or ()
        if face.kind in _OWN and face.up
        for address in face.addresses
        if not address.ip.is_link_local and not address.ip.is_loopback
    ]
    # A container bridge is in the same private prefix on every host: only real ways out tell.
    prefixes = [
        address.network
        for face in report.value(local.INTERFACES) or ()
        if face.kind is InterfaceKind.PHYSICAL and face.up
        for address in face.addresses
        if not address.ip.is_link_local and address.network.num_addresses > 1
    ]
    return Place(
        public=frozenset(public),
        addresses=frozenset(address.ip for address in own) | _told(report),
        prefixes=frozenset(prefixes),
        network_id=report.network_id,
        hairpin=_hairpin(report),
        behind_carrier=_behind_carrier(report),
        because=because,
        practice=report.network if report.network.startswith(SIMULATED) else "",
    )


def _told(report: Report) -> frozenset[IPAddress]:
    """The device's addresses as the daemon tells its peers, where the system's are not known."""
    endpoints = report.value(tailscale.SELF_ENDPOINTS) or ()
    local_kind = tailscale.EndpointKind.LOCAL
    return frozenset(each.endpoint.address for each in endpoints if each.kind is local_kind)


def _public(report: Report) -> tuple[set[IPAddress], tuple[str, ...]]:
    found: set[IPAddress] = set()
    because: list[str] = []
    for family in Family:
        keys = stun.BY_FAMILY[family]
        seen = {answer.mapped.address for answer in mapping_answers(report, family)}
        endpoint = report.value(keys.endpoint)
        if endpoint is not None:
            seen.add(endpoint.address)
        seen = {address for address in seen if may_be_public(address)}
        if seen:
            because += [keys.answers.id] if report.value(keys.answers) else []
            because += [keys.endpoint.id] if endpoint is not None else []
        found |= seen
    if not found:
        told = report.value(tailscale.SELF_ENDPOINTS) or ()
        found = {each.endpoint.address for each in told if may_be_public(each.endpoint.address)}
        because = [tailscale.SELF_ENDPOINTS.id] if found else []
    return found, tuple(because)


def _hairpin(report: Report) -> bool | None:
    measured = report.value(lifetime.HAIRPIN4)
    if measured is not None:
        return measured
    netcheck = report.value(tailscale.NETCHECK)
    return netcheck.hair_pinning if netcheck is not None else None


def _behind_carrier(report: Report) -> bool | None:
    if carrier_nat(report) is not None:
        return True
    return False if one_nat(report) else None
