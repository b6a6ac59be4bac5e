"""The NAT class of one family, with what it rests on (RFC 4787 section 4.1, RFC 5780 4.3)."""

from __future__ import annotations

from typing import TypeAlias

from probes.addresses import may_be_public
from probes.diagnosis.cloud import cloud_address
from probes.diagnosis.model import Confidence, Filtering, Mapping, Nat, NatClass
from probes.model import Family, IPAddress
from probes.readings import behavior, firewall, local, port_mapping, stun, tailscale
from probes.readings.local import InterfaceKind
from probes.readings.port_mapping import MappingTest
from probes.readings.stun import BY_FAMILY, StunAnswer
from probes.readings.tailscale import OwnSocket
from probes.report import Report

CERTAIN_ANSWERS = 3
"""So many equal answers leave no room for chance."""


def through_tunnel(report: Report, family: Family) -> bool:
    """The family's probes left through a tunnel: they speak of another network."""
    way_out = report.value(local.way_out_key(family))
    return way_out is not None and way_out.through_tunnel


def mapping_answers(report: Report, family: Family) -> tuple[StunAnswer, ...]:
    """All answers to the family's one socket: the relays', and those of other servers."""
    relays = report.value(BY_FAMILY[family].answers) or ()
    others = report.value(stun.ELSEWHERE) or ()
    return relays + tuple(each for each in others if each.server.family is family)


def several_lines(report: Report) -> bool:
    """The IPv4 answers differ in the address, while each address keeps its port."""
    mapped = [answer.mapped for answer in mapping_answers(report, Family.V4)]
    addresses = {each.address for each in mapped}
    ports = {each.port for each in mapped}
    # One answer for each address shows nothing about keeping, unless all have the same port.
    if len(addresses) < 2 or len(set(mapped)) > len(addresses):
        return False
    return len(ports) == 1 or len(mapped) > len(addresses)


def nat_of(report: Report, family: Family) -> Nat:
    """What this side's NAT is, as far as the readings carry."""
    keys = BY_FAMILY[family]
    preserved = report.value(keys.port_preserved)
    if through_tunnel(report, family):
        tunnel: tuple[str, ...] = (local.way_out_key(family).id,)
        return Nat(
            NatClass.UNKNOWN,
            Mapping.UNKNOWN,
            Filtering.UNKNOWN,
            None,
            Confidence.CERTAIN,
            tunnel,
        )
    found = report.value(behavior.FILTERING[family])
    filtering = found.filtering if found is not None else Filtering.UNKNOWN
    nat_class, mapping, confidence, because = _classify(report, family)
    opened = ways_in(report) if family is Family.V4 else ()
    if nat_class is NatClass.HARD and opened:
        # A peer can aim at what the router lets in, whatever it does with the rest.
        nat_class, because = NatClass.EASY, (*because, *opened)
    missing: tuple[str, ...] = ()
    if nat_class is NatClass.UNKNOWN:
        missing = (keys.varies.id,)
    elif filtering is Filtering.UNKNOWN:
        missing = (behavior.FILTERING[family].id,)
    return Nat(nat_class, mapping, filtering, preserved, confidence, because, missing)


def ways_in(report: Report) -> tuple[str, ...]:
    """The readings that show a way in from outside: a mapping that was tried, a static forward."""
    forward = report.value(port_mapping.FORWARD)
    found = (port_mapping.FORWARD.id,) if forward is not None and forward.open else ()
    tried = [(keys.test, report.value(keys.test)) for keys in port_mapping.SERVICES.values()]
    works = tuple(key.id for key, test in tried if test is not None and _works(test))
    if works or not _let_in_by_name(report):
        return (*found, *works)
    granted = tuple(key.id for key, test in tried if test is not None and test.address_matches)
    return (*found, *granted, port_mapping.LET_THROUGH.id, firewall.INBOUND4.id)


def _let_in_by_name(report: Report) -> bool:
    """Strangers come through the router, and this computer's rules let in to the VPN's port."""
    host = report.value(firewall.INBOUND4)
    through = report.value(port_mapping.LET_THROUGH) is True
    return through and host is not None and host.lets_this_port_in


def _works(test: MappingTest) -> bool:
    """It is of use. A stranger's packet that came in says more than two equal addresses."""
    return test.ok or (test.ok is None and test.seen_from_outside is True)


_Classified: TypeAlias = tuple[NatClass, Mapping, Confidence, tuple[str, ...]]


def _classify(report: Report, family: Family) -> _Classified:
    """Class and mapping from all answers to one socket, refined by the behaviour test."""
    answers = mapping_answers(report, family)
    key = behavior.MAPPING[family]
    tested = report.value(key)
    evidence = _evidence(report, family)
    mapped = {answer.mapped for answer in answers}
    asked_from = {answer.local.address for answer in answers}
    own = {each.address for each in mapped} & (own_addresses(report) | asked_from)
    if len(mapped) > 1:
        # An own address among others would be a device with several ways out: still not one aim.
        mapping = Mapping.VARIES
        if tested is not None and tested.mapping in _DEPENDENT:
            mapping, evidence = tested.mapping, (*evidence, key.id)
        return NatClass.HARD, mapping, Confidence.CERTAIN, evidence
    if tested is not None and tested.mapping in _DEPENDENT:
        return NatClass.HARD, tested.mapping, tested.confidence, (key.id,)
    if own and all(may_be_public(address) for address in own):
        because = (*evidence, local.INTERFACES.id)
        return NatClass.NONE, Mapping.ENDPOINT_INDEPENDENT, Confidence.CERTAIN, because
    steady = tested is not None and tested.mapping is Mapping.ENDPOINT_INDEPENDENT
    if len({answer.server.address for answer in answers}) < 2 and not steady:
        said = _reported(report, family) if not answers else None
        if said is not None:
            return said
        return NatClass.UNKNOWN, Mapping.UNKNOWN, Confidence.CERTAIN, evidence
    cloud = cloud_address(report) if family is Family.V4 else None
    if cloud is not None and cloud.settled:
        mapping = Mapping.ENDPOINT_INDEPENDENT
        return NatClass.NONE, mapping, cloud.confidence, (*evidence, *cloud.because)
    if steady:
        evidence = (*evidence, key.id)
    certain = steady or len(answers) >= CERTAIN_ANSWERS
    sure = Confidence.CERTAIN if certain else Confidence.LIKELY
    return NatClass.EASY, Mapping.ENDPOINT_INDEPENDENT, sure, evidence


def _reported(report: Report, family: Family) -> _Classified | None:
    """The class where this program has no answers of its own: from netcheck's comparison, or else
    from the endpoints that the daemon tells its peers (a hint: it shows no more than ports)."""
    keys = BY_FAMILY[family]
    varies = report.value(keys.varies)
    if varies is not None:
        because = (keys.varies.id,)
        if varies:
            return NatClass.HARD, Mapping.VARIES, Confidence.LIKELY, because
        return NatClass.EASY, Mapping.ENDPOINT_INDEPENDENT, Confidence.LIKELY, because
    hint = _HINTS.get(report.value(tailscale.OWN_SOCKET)) if family is Family.V4 else None
    return None if hint is None else (*hint, (tailscale.OWN_SOCKET.id,))


_STEADY = Mapping.ENDPOINT_INDEPENDENT
_HINTS: dict[OwnSocket | None, tuple[NatClass, Mapping, Confidence]] = {
    OwnSocket.ON_DEVICE: (NatClass.NONE, _STEADY, Confidence.LIKELY),
    OwnSocket.PORT_KEPT: (NatClass.EASY, _STEADY, Confidence.LIKELY),
    OwnSocket.PORT_CHANGED: (NatClass.EASY, _STEADY, Confidence.POSSIBLE),
    OwnSocket.SEVERAL_PORTS: (NatClass.HARD, Mapping.VARIES, Confidence.POSSIBLE),
}

_DEPENDENT = (
    Mapping.ADDRESS_DEPENDENT,
    Mapping.ADDRESS_AND_PORT_DEPENDENT,
    Mapping.VARIES,
)


def _evidence(report: Report, family: Family) -> tuple[str, ...]:
    """The ids of the readings that hold answers of this family."""
    return tuple(
        key.id
        for key in (BY_FAMILY[family].answers, stun.ELSEWHERE)
        if any(each.server.family is family for each in report.value(key) or ())
    )


def own_addresses(report: Report) -> set[IPAddress]:
    """Addresses of this device's own ways out: never the tailnet's or another tunnel's."""
    return {
        address.ip
        for face in report.value(local.INTERFACES) or ()
        if face.kind not in (InterfaceKind.TUNNEL, InterfaceKind.TAILSCALE)
        for address in face.addresses
    }
