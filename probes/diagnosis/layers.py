"""Which box is which between this device and the internet, with what each observation says.

Observations are kept apart: a router's own word about its outer address, the first hops, the STUN
address. Each supports a layer or contradicts one. Never taken for a layer: the tailnet's own 100.x
addresses, and the address that STUN saw.
"""

from __future__ import annotations

from enum import StrEnum
from ipaddress import IPv4Network

from probes.addresses import AddressKind
from probes.diagnosis.cloud import cloud_address
from probes.diagnosis.facts import unasked
from probes.diagnosis.model import Confidence
from probes.diagnosis.surroundings import adds_nat
from probes.model import IPAddress
from probes.readings import environment, layers, local, port_mapping, stun
from probes.readings.environment import Surrounding
from probes.readings.port_mapping import SERVICES, MappingFault
from probes.report import Report
from probes.values import dataclass


class LayerKind(StrEnum):
    """What a box on the way is."""

    HOST = "host"
    """This device; at hop 1 the computer that it runs on, which has a NAT for it."""
    ROUTER = "router"
    SECOND_ROUTER = "second-router"
    CARRIER = "carrier"
    CLOUD = "cloud"
    """The public address of a cloud's machine, translated one to one."""
    PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class Layer:
    """One box, from the inside out."""

    hop: int
    """How many boxes away; 0 is this device."""
    address: IPAddress
    kind: LayerKind
    how: str
    """Id of the reading that shows it."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something that speaks for a second NAT."""

    confidence: Confidence
    because: tuple[str, ...]


_WITHIN = (
    *(Surrounding.CONTAINER, Surrounding.WSL),
    *(Surrounding.VIRTUAL_MACHINE, Surrounding.KUBERNETES),
)


def within(report: Report) -> bool:
    """The first box is no router: it is the NAT of the computer that a container, a pod or a
    virtual machine runs on. An address alone, without any sign of such a thing, does not show that.
    """
    return any(
        each.kind in _WITHIN and each.sure is not Confidence.POSSIBLE and adds_nat(report, each)
        for each in report.value(environment.EVIDENCE) or ()
    )


def in_cloud(report: Report) -> bool:
    """This machine is rented: whatever routes there is the provider's, and opens no ports."""
    evidence = report.value(environment.EVIDENCE) or ()
    return any(each.kind is Surrounding.CLOUD for each in evidence)


def layers_of(report: Report) -> tuple[Layer, ...]:
    """The boxes that are known, in order, without gaps being filled by guesses."""
    found: list[Layer] = []
    way_out = report.value(local.WAY_OUT4)
    if way_out is not None and not way_out.through_tunnel:
        found.append(Layer(0, way_out.source, LayerKind.HOST, local.WAY_OUT4.id))
    gateway = report.value(local.GATEWAY4)
    first = gateway.address if gateway is not None else None
    hops = report.value(layers.HOPS4) or ()
    if any(hop.ttl > 1 and hop.address == first for hop in hops):
        first = None  # named by the person, and farther away: it has its place among the hops
    own = LayerKind.HOST if within(report) else None
    if first is not None:
        found.append(Layer(1, first, own or _first(first), local.GATEWAY4.id))
    for hop in hops:
        kind = (own or _first(hop.address)) if hop.ttl == 1 else _kind(hop.address)
        if own and hop.ttl == 2 and kind is LayerKind.SECOND_ROUTER:
            kind = LayerKind.ROUTER  # the first one outside that computer
        if hop.address != first and kind is not None:
            found.append(Layer(hop.ttl, hop.address, kind, layers.HOPS4.id))
    endpoint = report.value(stun.ENDPOINT4)
    if endpoint is not None:
        last = max((layer.hop for layer in found), default=0)
        here = way_out is not None and endpoint.address == way_out.source
        if not here:
            found.append(_outside(report, last + 1, endpoint.address))
    return tuple(found)


def _outside(report: Report, hop: int, address: IPAddress) -> Layer:
    """What the internet sees: the last translator's address, whoever holds it."""
    cloud = cloud_address(report)
    if cloud is None or not cloud.settled:
        return Layer(hop, address, LayerKind.PUBLIC, stun.ENDPOINT4.id)
    return Layer(hop, address, LayerKind.CLOUD, cloud.because[0])


def _kind(address: IPAddress) -> LayerKind | None:
    match AddressKind.of(address):
        case AddressKind.PRIVATE:
            return LayerKind.SECOND_ROUTER
        case AddressKind.CARRIER | AddressKind.TRANSITION:
            return LayerKind.CARRIER
        case AddressKind.PUBLIC | AddressKind.UNSPECIFIED | AddressKind.OTHER:
            return None


def _first(address: IPAddress) -> LayerKind:
    """What the first box is: the router, unless the provider's NAT comes right after the host."""
    carrier = AddressKind.of(address) in _CARRIERS
    return LayerKind.CARRIER if carrier else LayerKind.ROUTER


def double_nat(report: Report) -> Evidence | None:
    """A second router of the home's own in front of the first one.

    The NAT of the computer around a container or a virtual machine is none: it has a name of its
    own, and nobody sets it to bridge mode. Where nobody looked for such a computer, and the first
    box may be it by its address, nothing is said.
    """
    if unasked(report, environment.EVIDENCE) and _like_a_guest(report):
        return None
    return second_nat(report)


_GUESTS = tuple(map(IPv4Network, ("192.168.5.0/24", "192.168.64.0/24", "192.168.122.0/24")))
"""Networks of homes' own kind that programs for virtual machines give out by default."""


def _like_a_guest(report: Report) -> bool:
    """Homes mostly use 192.168.0.0/16, and engines of containers and machines mostly do not."""
    gateway = report.value(local.GATEWAY4)
    first = gateway.address if gateway is not None else None
    return first is None or first not in _HOMES or any(first in each for each in _GUESTS)


def second_nat(report: Report) -> Evidence | None:
    """Another NAT between the first box and the internet, whoever's it and that box are."""
    return _second(report, AddressKind.PRIVATE, LayerKind.SECOND_ROUTER) or _nat_between(report)


def carrier_nat(report: Report) -> Evidence | None:
    """The provider's NAT (RFC 6598), also where IPv4 reaches it inside IPv6 (RFC 7335)."""
    found = _second(report, AddressKind.CARRIER, LayerKind.CARRIER)
    return found or _second(report, AddressKind.TRANSITION, LayerKind.CARRIER) or _clat(report)


def _clat(report: Report) -> Evidence | None:
    """464XLAT: this device's own IPv4 address is a stand-in, and NAT64 translates what it sends."""
    way_out = report.value(local.WAY_OUT4)
    if way_out is None or AddressKind.of(way_out.source) is not AddressKind.TRANSITION:
        return None
    shown = (layers.NAT64.id,) if report.known(layers.NAT64) else ()
    sure = Confidence.CERTAIN if shown else Confidence.LIKELY
    return Evidence(sure, (local.WAY_OUT4.id, *shown))


_CARRIERS = (AddressKind.CARRIER, AddressKind.TRANSITION)
_HOMES = IPv4Network("192.168.0.0/16")


def _second(report: Report, outer: AddressKind, kind: LayerKind) -> Evidence | None:
    """The router's own word is certain. A hop alone is less: a private one may belong to an office
    or a provider that only routes, unless it is of 192.168.0.0/16, which homes use.
    """
    # Whatever the computer around this device has outside is the home's own address.
    asked = () if outer is AddressKind.PRIVATE and within(report) else SERVICES.values()
    said = tuple(
        keys.external.id
        for keys in asked
        if (address := report.value(keys.external)) is not None and AddressKind.of(address) is outer
    )
    seen = [layer.address for layer in layers_of(report) if layer.kind is kind]
    hop = (layers.HOPS4.id,) if report.known(layers.HOPS4) else (local.GATEWAY4.id,)
    if said:
        return Evidence(Confidence.CERTAIN, (*said, *(hop if seen else ())))
    if not seen or one_nat(report):
        return None
    plain = kind is LayerKind.CARRIER or any(address in _HOMES for address in seen)
    return Evidence(Confidence.LIKELY if plain else Confidence.POSSIBLE, hop)


def one_nat(report: Report) -> bool:
    """The router's outer address is the one that STUN saw: nothing translates beyond it."""
    endpoint = report.value(stun.ENDPOINT4)
    return endpoint is not None and any(
        report.value(keys.external) == endpoint.address for keys in SERVICES.values()
    )


def _nat_between(report: Report) -> Evidence | None:
    """PCP's ADDRESS_MISMATCH: the server sees another address than this host's own (RFC 6887)."""
    reading = mismatch(report)
    if reading is None or within(report):
        return None
    return Evidence(Confidence.LIKELY, (reading,))


def mismatch(report: Report) -> str | None:
    """The reading that holds PCP's ADDRESS_MISMATCH, if it was said. Some routers find out only
    when they are asked for a port.
    """
    keys = port_mapping.PCP
    test = report.value(keys.test)
    said = {
        keys.error.id: report.value(keys.error),
        keys.test.id: test.error if test is not None else None,
    }
    between = MappingFault.NAT_BETWEEN
    return next((key for key, each in said.items() if each and each.fault is between), None)
