"""Which single change, on which side, makes a pair direct.

Each remedy is applied to the facts of one side, and the pair is predicted again. Those that flip it
are told cheapest first: what this person can do, then the routers' owners, then whoever runs the
network, then the provider; on this side before the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from probes.diagnosis.facts import Facts
from probes.diagnosis.model import (
    Actor,
    Cause,
    CauseId,
    Confidence,
    Filtering,
    Nat,
    NatClass,
    Result,
)
from probes.diagnosis.model import Mapping as NatMapping
from probes.diagnosis.outlook import PEERS
from probes.diagnosis.pair import predict
from probes.diagnosis.reach import NO_UDP, Reach
from probes.diagnosis.remedies import REMEDIES, Remedy, RemedyId
from probes.diagnosis.remedy import HOW_FAR
from probes.diagnosis.sides import Place, Side, side_from
from probes.values import dataclass


class Whose(StrEnum):
    """On which side a change is made."""

    THIS = "this"
    OTHER = "other"


def distance(remedy: Remedy, whose: Whose, *, managed: bool = False) -> tuple[int, bool]:
    """How far away a change is: the nearest first, this side before the other, a peer relay last.

    `managed`: whoever runs this network runs its router as well.
    """
    if remedy.id is RemedyId.PEER_RELAY:
        return len(HOW_FAR), False
    if remedy.id is RemedyId.MEND_RELAY_MAP and whose is Whose.THIS:
        return 0, False  # what is wrong for the whole tailnet is mended, not gone around
    tier, other = HOW_FAR[remedy.acts], whose is Whose.OTHER
    if managed and remedy.acts is Actor.ROUTER:
        tier = HOW_FAR[Actor.NETWORK_ADMIN]
    # Whoever runs this network is nearer than somebody at the far end, whatever they have to do.
    return (max(tier, HOW_FAR[Actor.PEER]) if other else tier, other)


@dataclass(frozen=True, slots=True)
class Fix:
    """A change on one side, and what would come of it."""

    remedy: Remedy
    side: Whose
    result: Result

    @property
    def flips(self) -> bool:
        """The pair is direct then."""
        return self.result is Result.DIRECT


def fixes(a: Side, b: Side) -> tuple[Fix, ...]:
    """Every change that makes the pair direct, the first one first. Empty where it is direct
    already, or where nothing can be judged.

    A peer relay comes last: it is for a pair that no single change makes direct, too.
    """
    now = predict(a, b)
    if now.result in (Result.DIRECT, Result.UNKNOWN):
        return ()
    found = [fix for remedy in REMEDIES for fix in _applied(remedy, a, b) if fix.flips]
    found.sort(key=lambda fix: distance(fix.remedy, fix.side, managed=a.managed))
    if now.relay is not None and _may_relay(a) and _may_relay(b):
        relay = next(each for each in REMEDIES if each.id is RemedyId.PEER_RELAY)
        found.append(Fix(relay, Whose.THIS, now.result))
    return tuple(found)


def _may_relay(side: Side) -> bool:
    """A peer relay needs UDP as well."""
    if side.overruled is not None:
        return False
    return all(leg.udp for leg in side.four.legs) or all(leg.udp for leg in side.six.legs)


def _applied(remedy: Remedy, a: Side, b: Side) -> Iterable[Fix]:
    ours, theirs = remedy.change(a), remedy.change(b)
    if ours is not None:
        yield Fix(remedy, Whose.THIS, predict(ours, b).result)
    if theirs is not None:
        yield Fix(remedy, Whose.OTHER, predict(a, theirs).result)


def flip(a: Side, b: Side) -> Fix | None:
    """The first change that makes the pair direct."""
    return next((fix for fix in fixes(a, b) if fix.flips), None)


# --- for one side, with peers of each kind --------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Advised:
    """A change, and with which kinds of peer it makes the difference."""

    remedy: Remedy
    side: Whose
    causes: tuple[CauseId, ...]
    """The causes of this report that it goes to the root of."""
    flips: Mapping[NatClass, bool]


def peer(kind: NatClass) -> Side:
    """An ordinary peer of a kind, with IPv4 alone."""
    steady = NatMapping.VARIES if kind is NatClass.HARD else NatMapping.ENDPOINT_INDEPENDENT
    return Side(PEERS[kind], Reach((NO_UDP,)), _nat(kind, steady), _NO_NAT, Place())


def _nat(kind: NatClass, mapping: NatMapping) -> Nat:
    return Nat(kind, mapping, Filtering.UNKNOWN, None, Confidence.CERTAIN, ())


_NO_NAT = _nat(NatClass.UNKNOWN, NatMapping.UNKNOWN)
"""Over IPv6, which these peers do not have."""


def flips_of(facts: Facts) -> dict[NatClass, Fix | None]:
    """For each kind of peer, the first change that makes it direct; None where it is direct or
    nothing helps."""
    side = side_from(facts)
    return {kind: flip(side, peer(kind)) for kind in PEERS}


def advice(facts: Facts, causes: Iterable[Cause]) -> tuple[Advised, ...]:
    """Every change that makes the difference with some kind of peer, in order."""
    side, named = side_from(facts), {cause.id for cause in causes}
    by_kind = {kind: fixes(side, peer(kind)) for kind in PEERS}
    found: dict[tuple[RemedyId, Whose], tuple[Remedy, set[NatClass]]] = {}
    for kind, each in by_kind.items():
        for fix in each:
            entry = found.setdefault((fix.remedy.id, fix.side), (fix.remedy, set()))
            if fix.flips:
                entry[1].add(kind)
    advised = [
        Advised(
            remedy,
            whose,
            tuple(cause for cause in remedy.causes if cause in named and whose is Whose.THIS),
            {kind: kind in helps for kind in PEERS},
        )
        for (_, whose), (remedy, helps) in found.items()
    ]
    return tuple(
        sorted(
            advised,
            key=lambda each: (
                distance(each.remedy, each.side, managed=side.managed),
                REMEDIES.index(each.remedy),
            ),
        )
    )
