"""The causes that lie in what translates and filters: the NAT, another one, a firewall in front."""

from __future__ import annotations

from probes.diagnosis import layers
from probes.diagnosis.facts import Concluded
from probes.diagnosis.layers import Evidence
from probes.diagnosis.model import Actor, Confidence, Filtering, NatClass, Weight
from probes.diagnosis.nat import several_lines, ways_in
from probes.diagnosis.rule import Match
from probes.diagnosis.surroundings import who_acts
from probes.readings import behavior, firewall, lifetime, port_mapping
from probes.readings.firewall import Fate


def hard_nat(known: Concluded) -> Match | None:
    """Another port for each destination. A way in from outside takes the sting out of it."""
    nat = known.facts.nat4
    if not nat.varies:
        return None
    weight = Weight.BLOCKS if nat.nat_class is NatClass.HARD else Weight.NOTES
    # What the own router opens does not get through a provider's NAT before it.
    usual = Actor.ISP if layers.carrier_nat(known.facts.report) is not None else Actor.ROUTER
    return Match(weight, who_acts(known.facts, usual), nat.because, nat.confidence)


def multi_wan(known: Concluded) -> Match | None:
    """Answers differ in the address, while each address keeps its port."""
    nat = known.facts.nat4
    if not nat.varies or not several_lines(known.facts.report):
        return None
    # A note: it names what the hard NAT is made of, and stands beside it.
    return Match(Weight.NOTES, Actor.ROUTER, nat.because, Confidence.LIKELY)


def _layer(evidence: Evidence | None, acts: Actor, known: Concluded) -> Match | None:
    """A second NAT on the way: in itself no obstacle, but a hard NAT's remedies end at it."""
    if evidence is None:
        return None
    nat = known.facts.nat4
    if nat.nat_class is NatClass.HARD:
        because = tuple(dict.fromkeys((*evidence.because, *nat.because)))
        return Match(Weight.LIMITS, acts, because, evidence.confidence)
    return Match(Weight.NOTES, acts, evidence.because, evidence.confidence)


def double_nat(known: Concluded) -> Match | None:
    """A second router of the home's own."""
    return _layer(layers.double_nat(known.facts.report), Actor.SECOND_ROUTER, known)


def cgnat(known: Concluded) -> Match | None:
    """The provider's NAT."""
    return _layer(layers.carrier_nat(known.facts.report), Actor.ISP, known)


def inbound_blocked(known: Concluded) -> Match | None:
    """A public address on the device itself, but strangers' packets do not get in."""
    nat = known.facts.nat4
    found = known.facts.value(behavior.FILTERING4)
    if nat.nat_class is not NatClass.NONE or found is None:
        return None
    if found.filtering in (Filtering.ENDPOINT_INDEPENDENT, Filtering.UNKNOWN):
        return None
    if ways_in(known.facts.report):
        return None  # the test used other ports: strangers do reach the VPN's own
    because = (*nat.because, behavior.FILTERING4.id)
    host = known.facts.value(firewall.INBOUND4)
    if host is not None and host.fate is Fate.BLOCKED:
        # No need to look further: this computer's own rules keep strangers out.
        because = (*because, firewall.INBOUND4.id)
        return Match(Weight.LIMITS, Actor.THIS_DEVICE, because, found.confidence)
    if host is not None and host.lets_this_port_in:
        # The rules let the VPN's port in by name: they may have dropped what the test sent.
        possible, missing = Confidence.POSSIBLE, (port_mapping.FORWARD.id,)
        return Match(Weight.LIMITS, Actor.NETWORK_ADMIN, because, possible, missing)
    return Match(Weight.LIMITS, Actor.NETWORK_ADMIN, because, found.confidence)


def nat_state_collision(known: Concluded) -> Match | None:
    """A note where strangers are let in anyway: such a packet is never the router's own."""
    if not known.facts.is_true(behavior.COLLISION):
        return None
    opened = ways_in(known.facts.report)
    weight = Weight.NOTES if opened else Weight.LIMITS
    return Match(weight, Actor.ROUTER, (behavior.COLLISION.id, *opened))


VERY_SHORT_S = 30
"""Gone by then, a mapping dies between the keepalives of most programs."""
SHORT_S = 120
"""What a NAT owes at least (RFC 4787 REQ-5)."""


def short_mapping_lifetime(known: Concluded) -> Match | None:
    found = known.facts.value(lifetime.LIFETIME4)
    if found is None or found.expired_s is None or found.expired_s >= SHORT_S:
        return None
    # What the router lets in for good does not hang on what it remembers.
    opened = ways_in(known.facts.report)
    limits = found.expired_s <= VERY_SHORT_S and not opened
    weight = Weight.LIMITS if limits else Weight.NOTES
    return Match(weight, Actor.ROUTER, (lifetime.LIFETIME4.id, *opened))


def mtu(known: Concluded) -> Match | None:
    """Large packets are lost on the way out, while small ones pass."""
    found = known.facts.value(behavior.LARGE4)
    if found is None or found.passed or known.facts.tunnel:
        return None
    because = (behavior.LARGE4.id,)
    return Match(Weight.LIMITS, Actor.NETWORK_ADMIN, because, Confidence.LIKELY)
