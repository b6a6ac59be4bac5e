"""What this side can expect with one kind of peer, over IPv4 alone.

The pair rule (`pairing`) wants both sides fully known. What is open on this side is tried in every
way that the readings leave: if the rule says the same in all of them, that is the outlook; if not,
it is `possible`. So a missing reading can only make an outlook weaker.
"""

from __future__ import annotations

from typing import assert_never

from probes.addresses import may_be_public
from probes.diagnosis.facts import Facts
from probes.diagnosis.model import (
    Filtering,
    Mechanism,
    NatClass,
    Outlook,
    Outlooks,
    Result,
)
from probes.diagnosis.pairing import Leg, Outcome, pair
from probes.readings import behavior, local, relays, stun

NO_NAT_PEER = Leg(filtering=Filtering.ENDPOINT_INDEPENDENT)
"""Open to the internet, and nothing filters."""
EASY_PEER = Leg()
"""The usual home router: endpoint-independent mapping, filtering by address and port."""
HARD_PEER = Leg(stable=False, source=False)
"""Another port for every destination, filtering by address and port, no port mapping."""

_EVERY_FILTERING = (
    Filtering.ENDPOINT_INDEPENDENT,
    Filtering.ADDRESS_DEPENDENT,
    Filtering.ADDRESS_AND_PORT_DEPENDENT,
)


def outlook_of(facts: Facts) -> Outlooks:
    """The three outlooks."""
    nothing = _nothing_to_say(facts)
    if nothing is not None:
        return Outlooks(nothing, nothing, nothing)
    silent = _silent(facts)
    if silent is not None:
        return silent
    legs, because = _legs(facts)
    none, easy, hard = (
        _outlook(legs, peer, because) for peer in (NO_NAT_PEER, EASY_PEER, HARD_PEER)
    )
    if _blind(facts):
        easy, hard = (Outlook(each.result, Mechanism.NO_ENDPOINT, because) for each in (easy, hard))
    return Outlooks(none, easy, hard)


def _nothing_to_say(facts: Facts) -> Outlook | None:
    """The outlook with any peer where this side alone settles it."""
    if facts.tunnel:
        return Outlook(Result.UNKNOWN, Mechanism.NOT_MEASURED, (local.WAY_OUT4.id,))
    if facts.no_way_out:
        because = (local.WAY_OUT4.id, local.WAY_OUT6.id)
        return Outlook(Result.UNKNOWN, Mechanism.NO_NETWORK, because)
    elsewhere = facts.value(stun.ELSEWHERE)
    if facts.is_false(stun.UDP) and not elsewhere:
        if facts.is_true(relays.TCP) or facts.is_true(relays.ICMP4):
            return None
        if facts.is_false(relays.TCP):
            because = (stun.UDP.id, relays.TCP.id)
            return Outlook(Result.UNKNOWN, Mechanism.NO_NETWORK, because)
        return Outlook(Result.UNKNOWN, Mechanism.NOT_MEASURED, (stun.UDP.id,))
    if facts.nat4.nat_class is NatClass.UNKNOWN and not _blind(facts):
        return Outlook(Result.UNKNOWN, Mechanism.NOT_MEASURED, facts.nat4.because)
    return None


def _silent(facts: Facts) -> Outlooks | None:
    """The relays are silent over UDP, but reachable otherwise, and nobody else answered either.

    If no other server could even be asked, it may be their STUN port alone that is blocked; and a
    device with a public address of its own would not need them.
    """
    elsewhere = facts.value(stun.ELSEWHERE)
    if not facts.is_false(stun.UDP) or elsewhere:
        return None
    others = tuple(key.id for key in (relays.TCP, relays.ICMP4) if facts.is_true(key))
    because = (stun.UDP.id, *others)
    relayed = Outlook(Result.RELAYED, Mechanism.NO_UDP, because)
    if facts.report.known(stun.ELSEWHERE):
        return Outlooks(relayed, relayed, relayed)
    possible = Outlook(Result.POSSIBLE, Mechanism.NO_UDP, because)
    way_out = facts.value(local.WAY_OUT4)
    private = way_out is not None and not may_be_public(way_out.source)
    return Outlooks(possible, relayed, relayed) if private else Outlooks(*(possible,) * 3)


def _blind(facts: Facts) -> bool:
    """UDP works, but no relay's STUN does: this side never learns its public endpoint.

    A device that has the public address itself needs nobody to tell it.
    """
    elsewhere = facts.value(stun.ELSEWHERE)
    no_stun = facts.is_false(stun.UDP) or facts.value(relays.STUN_REGIONS) == 0
    return no_stun and bool(elsewhere) and facts.nat4.nat_class is not NatClass.NONE


def _legs(facts: Facts) -> tuple[tuple[Leg, ...], tuple[str, ...]]:
    """Every way in which this side may be, and the readings that leave just these."""
    if _blind(facts):
        silent = stun.UDP if facts.is_false(stun.UDP) else relays.STUN_REGIONS
        return (_BLIND,), (silent.id, stun.ELSEWHERE.id)
    legs, because = _by_class(facts)
    if not facts.is_true(stun.UDP) and facts.nat4.nat_class is NatClass.EASY:
        # The class is known from other servers alone: the relays may be silent, or not.
        return (*legs, _BLIND), because
    return legs, because


_BLIND = Leg(stable=False, source=False)
"""A side that cannot tell anybody where to aim."""


def _by_class(facts: Facts) -> tuple[tuple[Leg, ...], tuple[str, ...]]:
    nat = facts.nat4
    match nat.nat_class:
        case NatClass.HARD:
            return (Leg(stable=False, source=False),), nat.because
        case NatClass.NONE | NatClass.EASY:
            known = nat.filtering is not Filtering.UNKNOWN
            filterings = (nat.filtering,) if known else _EVERY_FILTERING
            steals = facts.is_true(behavior.COLLISION)
            because = (*nat.because, *((behavior.COLLISION.id,) if steals else ()))
            legs = (Leg(filtering=each, takes_strangers=steals) for each in filterings)
            return tuple(legs), because
        case NatClass.UNKNOWN:
            return (), nat.because
        case _:
            assert_never(nat.nat_class)


_RESULTS = {
    Outcome.DIRECT: Result.DIRECT,
    Outcome.WHO_STARTS: Result.POSSIBLE,
    Outcome.RELAYED: Result.RELAYED,
}


def _outlook(legs: tuple[Leg, ...], peer: Leg, because: tuple[str, ...]) -> Outlook:
    found = [pair(leg, peer) for leg in legs]
    outcomes = {outcome for outcome, _ in found}
    if len(outcomes) > 1:
        return Outlook(Result.POSSIBLE, Mechanism.FILTER_DECIDES, because)
    outcome, mechanism = found[-1]  # the strictest filter: what it takes at the most
    return Outlook(_RESULTS[outcome], mechanism, because)
