"""What this side can expect with one kind of peer, over IPv4 alone.

The pair rule (`pairing`) wants both sides fully known. What is open on this side is tried in every
way that the readings leave: if the rule says the same in all of them, that is the outlook; if not,
it is `possible`. So a missing reading can only make an outlook weaker.
"""

from __future__ import annotations

from typing import assert_never

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
    if facts.is_false(stun.UDP) and not _blind(facts):
        if facts.is_true(relays.TCP) or facts.is_true(relays.ICMP4):
            return Outlook(Result.RELAYED, Mechanism.NO_UDP, (stun.UDP.id, relays.TCP.id))
        if facts.is_false(relays.TCP):
            because = (stun.UDP.id, relays.TCP.id)
            return Outlook(Result.UNKNOWN, Mechanism.NO_NETWORK, because)
        return Outlook(Result.UNKNOWN, Mechanism.NOT_MEASURED, (stun.UDP.id,))
    if facts.nat4.nat_class is NatClass.UNKNOWN and not _blind(facts):
        return Outlook(Result.UNKNOWN, Mechanism.NOT_MEASURED, facts.nat4.because)
    return None


def _blind(facts: Facts) -> bool:
    """UDP works, but the relays' STUN does not: this side never learns its public endpoint."""
    elsewhere = facts.value(stun.ELSEWHERE)
    return facts.is_false(stun.UDP) and bool(elsewhere)


def _legs(facts: Facts) -> tuple[tuple[Leg, ...], tuple[str, ...]]:
    """Every way in which this side may be, and the readings that leave just these."""
    if _blind(facts):
        return (Leg(stable=False, source=False),), (stun.UDP.id, stun.ELSEWHERE.id)
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
