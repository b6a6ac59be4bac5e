"""The causes that lie in the router's port mapping: it offers none, or none that is of use."""

from __future__ import annotations

from typing import assert_never

from probes.addresses import AddressKind, is_rfc1918
from probes.diagnosis.facts import Concluded, Facts
from probes.diagnosis.model import Actor, Confidence, NatClass, Weight
from probes.diagnosis.rule import Match
from probes.diagnosis.sureness import least
from probes.diagnosis.surroundings import who_acts
from probes.readings import firewall, local, port_mapping
from probes.readings.firewall import Fate, FirewallName
from probes.readings.port_mapping import SERVICES, MappingProtocol, MappingTest, ServiceKeys


def _weight(facts: Facts) -> Weight | None:
    """What a missing port mapping does: a hard NAT needs one, the others do without."""
    match facts.nat4.nat_class:
        case NatClass.HARD:
            return Weight.LIMITS
        case NatClass.NONE | NatClass.EASY:
            return Weight.NOTES
        case NatClass.UNKNOWN:
            return None
        case _:
            assert_never(facts.nat4.nat_class)


def port_mapping_off(known: Concluded) -> Match | None:
    """An ordinary router that answers in none of the three languages."""
    facts = known.facts
    gateway, weight = facts.value(local.GATEWAY4), _weight(facts)
    absent = all(facts.is_false(keys.present) for keys in SERVICES.values())
    if not absent or weight is None or gateway is None or gateway.address is None:
        return None
    if not is_rfc1918(gateway.address):
        return None
    because = (local.GATEWAY4.id, *(keys.present.id for keys in SERVICES.values()))
    return Match(weight, who_acts(facts, Actor.ROUTER), because)


def port_mapping_broken(known: Concluded) -> Match | None:
    """The router offers it, and every way that it offers is of no use."""
    facts = known.facts
    weight = _weight(facts)
    offered = {protocol: facts.value(keys.present) for protocol, keys in SERVICES.items()}
    if weight is None or None in offered.values() or not any(offered.values()):
        return None
    found = [_failure(facts, protocol) for protocol, present in offered.items() if present]
    failures = [each for each in found if each is not None]
    if len(failures) < len(found):
        return None
    acts = who_acts(facts, Actor.ROUTER)
    acts = next((each.acts for each in failures if each.acts is not Actor.ROUTER), acts)
    return Match(
        weight,
        acts,
        tuple(dict.fromkeys(key for each in failures for key in each.because)),
        least(*(each.confidence for each in failures)),
        tuple(dict.fromkeys(key for each in failures for key in each.missing)),
    )


_USELESS = {
    AddressKind.PRIVATE: Actor.SECOND_ROUTER,
    AddressKind.CARRIER: Actor.ISP,
    AddressKind.TRANSITION: Actor.ISP,
    AddressKind.UNSPECIFIED: Actor.ROUTER,
}
"""Outer addresses that no peer can be told, and whose box stands in front."""


def _failure(facts: Facts, protocol: MappingProtocol) -> Match | None:
    """How one offered service fails, None where it works or may work."""
    keys = SERVICES[protocol]
    test, external = facts.value(keys.test), facts.value(keys.external)
    if test is not None:
        return _failed_test(facts, keys, test)
    acts = None if external is None else _USELESS.get(AddressKind.of(external))
    if acts is not None:
        return Match(Weight.NOTES, acts, (keys.present.id, keys.external.id))
    if facts.value(keys.error) is not None:
        because, missing = (keys.present.id, keys.error.id), (keys.test.id,)
        return Match(Weight.NOTES, Actor.ROUTER, because, Confidence.LIKELY, missing)
    return None


def _failed_test(facts: Facts, keys: ServiceKeys, test: MappingTest) -> Match | None:
    because: tuple[str, ...] = (keys.present.id, keys.test.id)
    if not test.granted or test.address_matches is False:
        return Match(Weight.NOTES, Actor.ROUTER, because)
    if test.seen_from_outside is not False:
        return None
    host = facts.value(firewall.INBOUND4)
    through = facts.value(port_mapping.LET_THROUGH)
    if through is not None:
        # It came through the router and was dropped by this computer, which is another cause. Or
        # the router dropped it: whom this computer has sent to, it lets in.
        because = (*because, port_mapping.LET_THROUGH.id)
        nobody_here = host is not None and host.fate is Fate.ALLOWED and not host.lets_this_port_in
        sure = Confidence.CERTAIN if nobody_here else Confidence.LIKELY
        return None if through else Match(Weight.NOTES, Actor.ROUTER, because, sure)
    # The packet may have come through the router, and been dropped by this computer.
    if host is not None and host.lets_this_port_in and host.by is not FirewallName.TAILSCALE:
        return None  # it lets the VPN's port in by name, and the test had another one
    if host is not None and host.fate is Fate.BLOCKED and host.sure:
        return None  # it drops every stranger's packet: that is a cause of its own
    fate, rules = Fate.UNKNOWN if host is None else host.fate, firewall.INBOUND4.id
    missing = port_mapping.LET_THROUGH.id
    match fate:
        case Fate.BLOCKED:
            return Match(
                Weight.NOTES, Actor.THIS_DEVICE, (*because, rules), Confidence.LIKELY, (missing,)
            )
        case Fate.ALLOWED:
            return Match(Weight.NOTES, Actor.ROUTER, (*because, rules))
        case Fate.UNKNOWN:
            return Match(Weight.NOTES, Actor.ROUTER, because, Confidence.POSSIBLE, (rules, missing))
        case _:
            assert_never(fate)
