"""The NAT class of one family, with what it rests on (RFC 4787 section 4.1, RFC 5780 4.3)."""

from __future__ import annotations

from probes.addresses import may_be_public
from probes.diagnosis.model import Confidence, Filtering, Mapping, Nat, NatClass
from probes.model import Family, IPAddress
from probes.readings import local, stun
from probes.readings.local import InterfaceKind
from probes.readings.stun import BY_FAMILY, StunAnswer
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


def nat_of(report: Report, family: Family) -> Nat:
    """What this side's NAT is, as far as the readings carry."""
    keys = BY_FAMILY[family]
    answers = mapping_answers(report, family)
    preserved = report.value(keys.port_preserved)
    evidence = tuple(
        key.id
        for key in (keys.answers, stun.ELSEWHERE)
        if any(each.server.family is family for each in report.value(key) or ())
    )
    if through_tunnel(report, family):
        way_out = local.way_out_key(family).id
        return _nat(NatClass.UNKNOWN, Mapping.UNKNOWN, None, Confidence.CERTAIN, (way_out,))
    if not answers:
        return _nat(
            NatClass.UNKNOWN,
            Mapping.UNKNOWN,
            None,
            Confidence.CERTAIN,
            (),
            missing=(keys.answers.id,),
        )
    mapped = {answer.mapped for answer in answers}
    own = {each.address for each in mapped} & _own_addresses(report)
    if len(mapped) > 1:
        # An own address among others would be a device with several ways out: still not one aim.
        return _nat(NatClass.HARD, Mapping.VARIES, preserved, Confidence.CERTAIN, evidence)
    if own and all(may_be_public(address) for address in own):
        because = (*evidence, local.INTERFACES.id)
        mapping = Mapping.ENDPOINT_INDEPENDENT
        return _nat(NatClass.NONE, mapping, preserved, Confidence.CERTAIN, because)
    if len({answer.server.address for answer in answers}) < 2:
        return _nat(
            NatClass.UNKNOWN,
            Mapping.UNKNOWN,
            preserved,
            Confidence.CERTAIN,
            evidence,
            missing=(keys.varies.id,),
        )
    sure = Confidence.CERTAIN if len(answers) >= CERTAIN_ANSWERS else Confidence.LIKELY
    return _nat(NatClass.EASY, Mapping.ENDPOINT_INDEPENDENT, preserved, sure, evidence)


def _nat(
    nat_class: NatClass,
    mapping: Mapping,
    port_preserved: bool | None,
    confidence: Confidence,
    because: tuple[str, ...],
    missing: tuple[str, ...] = (),
) -> Nat:
    return Nat(nat_class, mapping, Filtering.UNKNOWN, port_preserved, confidence, because, missing)


def _own_addresses(report: Report) -> set[IPAddress]:
    """Addresses of this device's own ways out: never the tailnet's or another tunnel's."""
    return {
        address.ip
        for face in report.value(local.INTERFACES) or ()
        if face.kind not in (InterfaceKind.TUNNEL, InterfaceKind.TAILSCALE)
        for address in face.addresses
    }
