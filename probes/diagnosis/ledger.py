"""The ledger of boxes: what each observation speaks for and against, side by side.

No observation is thrown away because another one is stronger: a person who doubts a conclusion sees
here what it rests on and what would not fit. (methods: Moonlight's and RFC 6598's, RFC 6887's)
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from probes.addresses import AddressKind
from probes.diagnosis.cloud import OneToOne, cloud_address
from probes.diagnosis.layers import mismatch, within
from probes.diagnosis.nat import own_addresses
from probes.model import IPAddress
from probes.readings import environment, layers, local, stun
from probes.readings.port_mapping import SERVICES
from probes.report import Report
from probes.values import dataclass


class Claim(StrEnum):
    """What may lie between this device and the internet."""

    NO_NAT = "no-nat"
    COMPUTER = "computer"
    """A NAT in the computer that this device runs on, before any router."""
    ONE_ROUTER = "one-router"
    SECOND_ROUTER = "second-router"
    CARRIER = "carrier"
    """The provider's NAT, whichever way IPv4 gets there."""
    IPV4_IN_IPV6 = "ipv4-in-ipv6"
    """DS-Lite, 464XLAT or NAT64."""
    CLOUD = "cloud"


class Sign(StrEnum):
    """What was observed."""

    ADDRESS_HERE = "address-here"
    ADDRESS_ELSEWHERE = "address-elsewhere"
    ROUTER_HAS_IT = "router-has-it"
    ROUTER_HAS_ANOTHER = "router-has-another"
    ROUTER_PRIVATE = "router-private"
    ROUTER_CARRIER = "router-carrier"
    ROUTER_TRANSITION = "router-transition"
    ROUTER_WITHOUT = "router-without"
    PCP_MISMATCH = "pcp-mismatch"
    COMPUTER_AROUND = "computer-around"
    """The first box is the NAT of the computer that this device runs on."""
    HOP_PRIVATE = "hop-private"
    HOP_CARRIER = "hop-carrier"
    HOP_TRANSITION = "hop-transition"
    HOPS_PUBLIC = "hops-public"
    OWN_TRANSITION = "own-transition"
    ONLY_IPV6 = "only-ipv6"
    NAT64_PREFIX = "nat64-prefix"
    CLOUD_CONFIRMED = "cloud-confirmed"
    CLOUD_SHOWN = "cloud-shown"
    CLOUD_LIKELY = "cloud-likely"


@dataclass(frozen=True, slots=True)
class Observation:
    """One line of the ledger."""

    sign: Sign
    reading: str
    """Id of the reading that holds it."""
    what: str
    """The address or prefix that it is about."""
    supports: tuple[Claim, ...]
    contradicts: tuple[Claim, ...]


_C = Claim
_SAYS: dict[Sign, tuple[tuple[Claim, ...], tuple[Claim, ...]]] = {
    Sign.ADDRESS_HERE: ((_C.NO_NAT,), (_C.ONE_ROUTER, _C.SECOND_ROUTER, _C.CARRIER)),
    Sign.ADDRESS_ELSEWHERE: ((), (_C.NO_NAT,)),
    Sign.ROUTER_HAS_IT: ((_C.ONE_ROUTER,), (_C.SECOND_ROUTER, _C.CARRIER)),
    Sign.ROUTER_HAS_ANOTHER: ((_C.SECOND_ROUTER, _C.CARRIER), (_C.ONE_ROUTER,)),
    Sign.ROUTER_PRIVATE: ((_C.SECOND_ROUTER,), (_C.ONE_ROUTER,)),
    Sign.ROUTER_CARRIER: ((_C.CARRIER,), (_C.ONE_ROUTER,)),
    Sign.ROUTER_TRANSITION: ((_C.CARRIER, _C.IPV4_IN_IPV6), (_C.ONE_ROUTER,)),
    Sign.ROUTER_WITHOUT: ((_C.IPV4_IN_IPV6,), ()),
    Sign.PCP_MISMATCH: ((_C.SECOND_ROUTER,), (_C.ONE_ROUTER,)),
    Sign.COMPUTER_AROUND: ((_C.COMPUTER,), (_C.NO_NAT,)),
    Sign.HOP_PRIVATE: ((_C.SECOND_ROUTER,), ()),
    Sign.HOP_CARRIER: ((_C.CARRIER,), (_C.ONE_ROUTER,)),
    Sign.HOP_TRANSITION: ((_C.CARRIER, _C.IPV4_IN_IPV6), (_C.ONE_ROUTER,)),
    Sign.HOPS_PUBLIC: ((_C.ONE_ROUTER,), (_C.SECOND_ROUTER,)),
    Sign.OWN_TRANSITION: ((_C.CARRIER, _C.IPV4_IN_IPV6), (_C.ONE_ROUTER,)),
    Sign.ONLY_IPV6: ((_C.IPV4_IN_IPV6,), ()),
    Sign.NAT64_PREFIX: ((_C.IPV4_IN_IPV6,), ()),
    Sign.CLOUD_CONFIRMED: ((_C.CLOUD,), (_C.ONE_ROUTER, _C.CARRIER)),
    Sign.CLOUD_SHOWN: ((_C.CLOUD,), (_C.CARRIER,)),
    Sign.CLOUD_LIKELY: ((_C.CLOUD,), ()),
}
"""For and against. A router without an IPv4 address may also just be offline; a private hop may
belong to a provider that only routes: neither is held against anything."""

_OUTER = {
    AddressKind.PRIVATE: Sign.ROUTER_PRIVATE,
    AddressKind.CARRIER: Sign.ROUTER_CARRIER,
    AddressKind.TRANSITION: Sign.ROUTER_TRANSITION,
}
_HOP = {
    AddressKind.PRIVATE: Sign.HOP_PRIVATE,
    AddressKind.CARRIER: Sign.HOP_CARRIER,
    AddressKind.TRANSITION: Sign.HOP_TRANSITION,
}
_CLOUD = {
    OneToOne.CONFIRMED: Sign.CLOUD_CONFIRMED,
    OneToOne.SHOWN: Sign.CLOUD_SHOWN,
    OneToOne.LIKELY: Sign.CLOUD_LIKELY,
}


def ledger(report: Report) -> tuple[Observation, ...]:
    """Every observation about the boxes on the way, in the order of the list in `Sign`."""
    found = (*_stun(report), *_router(report), *_hops(report), *_ipv6(report), *_cloud(report))
    return tuple(
        Observation(sign, reading, str(what), *_SAYS[sign]) for sign, reading, what in found
    )


_Seen = tuple[Sign, str, IPAddress | str]


def _stun(report: Report) -> Iterator[_Seen]:
    endpoint = report.value(stun.ENDPOINT4)
    way = report.value(local.WAY_OUT4)
    if endpoint is None or (way is not None and way.through_tunnel):
        return
    here = endpoint.address in own_addresses(report)
    sign = Sign.ADDRESS_HERE if here else Sign.ADDRESS_ELSEWHERE
    yield sign, stun.ENDPOINT4.id, endpoint.address


def _router(report: Report) -> Iterator[_Seen]:
    endpoint = report.value(stun.ENDPOINT4)
    for keys in SERVICES.values():
        address = report.value(keys.external)
        if address is None:
            continue
        kind = AddressKind.of(address)
        if kind in _OUTER:
            yield _OUTER[kind], keys.external.id, address
        elif kind is AddressKind.UNSPECIFIED and report.value(local.WAY_OUT6) is not None:
            yield Sign.ROUTER_WITHOUT, keys.external.id, address
        elif kind is AddressKind.PUBLIC and endpoint is not None:
            same = address == endpoint.address
            sign = Sign.ROUTER_HAS_IT if same else Sign.ROUTER_HAS_ANOTHER
            yield sign, keys.external.id, address
    reading = mismatch(report)
    if reading is not None:
        yield Sign.PCP_MISMATCH, reading, "ADDRESS_MISMATCH"


def _hops(report: Report) -> Iterator[_Seen]:
    hops = report.value(layers.HOPS4) or ()
    gateway = report.value(local.GATEWAY4)
    first = gateway.address if gateway is not None else None
    inside = within(report)
    if inside:
        yield Sign.COMPUTER_AROUND, environment.EVIDENCE.id, first or "The first box"
    # There the first box outside is the router itself, and no sign of another.
    router = 2 if inside else 1
    beyond = [hop for hop in hops if hop.ttl > router and hop.address != first]
    kinds = [(AddressKind.of(hop.address), hop.address) for hop in beyond]
    signs = [(_HOP[kind], address) for kind, address in kinds if kind in _HOP]
    yield from ((sign, layers.HOPS4.id, address) for sign, address in signs)
    if not signs and beyond:
        yield Sign.HOPS_PUBLIC, layers.HOPS4.id, beyond[0].address


def _ipv6(report: Report) -> Iterator[_Seen]:
    four, six = report.value(local.WAY_OUT4), report.value(local.WAY_OUT6)
    if four is not None and AddressKind.of(four.source) is AddressKind.TRANSITION:
        yield Sign.OWN_TRANSITION, local.WAY_OUT4.id, four.source
    if report.known(local.WAY_OUT4) and four is None and six is not None:
        yield Sign.ONLY_IPV6, local.WAY_OUT4.id, six.source
    prefix = report.value(layers.NAT64)
    if prefix is not None:
        yield Sign.NAT64_PREFIX, layers.NAT64.id, prefix


def _cloud(report: Report) -> Iterator[_Seen]:
    found, endpoint = cloud_address(report), report.value(stun.ENDPOINT4)
    if found is not None and endpoint is not None:
        yield _CLOUD[found.how], found.because[0], endpoint.address
