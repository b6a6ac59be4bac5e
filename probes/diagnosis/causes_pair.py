"""The causes that are only there between two sides: a table of rules, as in `causes`.

Each looks at the pair with the chosen peer, and at nothing that was not seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from probes.diagnosis.model import (
    Actor,
    Cause,
    CauseId,
    Confidence,
    Mechanism,
    NatClass,
    Result,
    Weight,
)
from probes.diagnosis.pair import Neighbours, Prediction, neighbours, predict
from probes.diagnosis.peer import Between, PeerOutlook
from probes.diagnosis.rule import Match
from probes.diagnosis.sides import Side
from probes.diagnosis.spread import Spread
from probes.diagnosis.what_if import peer as ordinary
from probes.readings import tailscale
from probes.readings.tailscale import PeerPath

WhenPaired: TypeAlias = Callable[[Between], Match | None]

_WEIGHTS = {
    Result.DIRECT: Weight.NOTES,
    Result.POSSIBLE: Weight.LIMITS,
    Result.RELAYED: Weight.BLOCKS,
}


def _same_network(found: Between) -> Match | None:
    """Both are behind one public address: the way inside is what counts. Those who meet there are
    held up by nothing."""
    weight = _WEIGHTS.get(found.outlook.result)
    if weight is None or found.outlook.result is Result.DIRECT:
        return None
    if found.outlook.mechanism is Mechanism.SAME_LAN or found.near is not Neighbours.APART:
        return Match(weight, Actor.ROUTER, found.outlook.because, found.outlook.confidence)
    return None


def _both_hard(found: Between) -> Match | None:
    """Neither side can be aimed at."""
    ours, theirs, weight = found.ours.nat4, found.theirs.nat4, _WEIGHTS.get(found.outlook.result)
    hard = ours.nat_class is NatClass.HARD and theirs.nat_class is NatClass.HARD
    if not hard or weight is None or found.near is not Neighbours.APART:
        return None
    because = tuple(dict.fromkeys((*ours.because, *found.outlook.because)))
    return Match(weight, Actor.TAILNET_ADMIN, because, theirs.confidence)


def _peer_side(found: Between) -> Match | None:
    """This side goes direct with an ordinary peer, and with this one it does not."""
    outlook = found.outlook
    seen = outlook.path in (PeerPath.DERP, PeerPath.PEER_RELAY)
    if not seen and not _foretold(found.theirs):
        return None
    if outlook.result not in (Result.RELAYED, Result.POSSIBLE):
        return None
    if found.near is not Neighbours.APART or found.ours.overruled is not None:
        return None
    expected = predict(found.ours, ordinary(NatClass.EASY))
    fine = expected.result is Result.DIRECT
    if not fine and not found.spread.reachable:
        return None
    if not fine and (found.ours.four.settled or found.ours.nat4.nat_class is NatClass.HARD):
        return None  # what was measured here keeps peers away: those that are direct may be open
    sure = Confidence.LIKELY if found.settled and fine else Confidence.POSSIBLE
    if outlook.measured:
        sure = outlook.confidence  # nobody has to guess from what was seen here
    ours = expected.ours if fine else ()
    because = tuple(dict.fromkeys((*outlook.because, *ours)))
    missing = () if found.settled or not seen else (tailscale.PINGS.id,)
    return Match(_WEIGHTS[outlook.result], Actor.PEER, because, sure, missing)


def _foretold(theirs: Side) -> bool:
    """What is known of the other side says that it is the one in the way."""
    expected = predict(theirs, ordinary(NatClass.EASY)).result
    return theirs.overruled is not None or (
        theirs.four.settled and expected in (Result.RELAYED, Result.POSSIBLE)
    )


def _settling(found: Between) -> Match | None:
    """Relayed for the first seconds only: every connection begins so, and after a pause again."""
    ping = found.ping
    if ping is None or ping.path is not PeerPath.DIRECT or not ping.relayed_first:
        return None
    return Match(Weight.NOTES, Actor.NOBODY, (tailscale.PINGS.id,))


PAIR_RULES: dict[CauseId, WhenPaired] = {
    CauseId.SAME_NETWORK: _same_network,
    CauseId.BOTH_HARD: _both_hard,
    CauseId.PEER_SIDE: _peer_side,
    CauseId.SETTLING: _settling,
}
"""One rule for each cause that takes two sides."""


def causes_between(ours: Side, theirs: Side, found: Prediction) -> tuple[Cause, ...]:
    """The causes that lie between two sides that are both known, each from a report of its own."""
    outlook = PeerOutlook(
        name="",
        path=PeerPath.UNKNOWN,
        via="",
        result=found.result,
        mechanism=found.mechanism,
        family=found.family,
        confidence=found.confidence,
        because=found.ours,
        measured=is_measured(theirs),
    )
    near = neighbours(ours.place, theirs.place)
    pair = Between(ours, theirs, outlook, near, True, None, Spread())
    matches = ((cause, when(pair)) for cause, when in PAIR_RULES.items())
    causes = (
        Cause(cause, match.weight, match.confidence, match.acts, match.because, match.missing)
        for cause, match in matches
        if match is not None
    )
    read = found.mechanism if outlook.measured else None
    return tuple(
        replace(each, there=read) if each.id is CauseId.PEER_SIDE else each for each in causes
    )


def is_measured(theirs: Side) -> bool:
    """The other side's report says enough of it: nobody need be sent there for more."""
    return theirs.four.settled or theirs.overruled is not None
