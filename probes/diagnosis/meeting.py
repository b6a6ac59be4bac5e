"""What two sides' packets do over one IP version, where more than one leg is left on either.

Every leg of one side meets every leg of the other. What all meetings agree on is a finding; where
they differ, it is told which side, and what about it, decides.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from probes.diagnosis.model import Confidence, Mechanism, Result
from probes.diagnosis.pairing import Leg, Outcome, pair
from probes.diagnosis.reach import Reach
from probes.diagnosis.sureness import least
from probes.values import dataclass

_RESULTS = {
    Outcome.DIRECT: Result.DIRECT,
    Outcome.WHO_STARTS: Result.POSSIBLE,
    Outcome.RELAYED: Result.RELAYED,
}


@dataclass(frozen=True, slots=True)
class Met:
    """What follows from all meetings."""

    outcomes: frozenset[Outcome]
    """Of the legs that are to be expected."""
    doubted: frozenset[Outcome]
    """The same with the doubts."""
    result: Result
    mechanism: Mechanism
    confidence: Confidence


def result_of(outcomes: Collection[Outcome], *, settled: bool) -> Result:
    """What the outcomes agree on. Differing ones are `possible` only where the sides' kinds are
    known: else too little is known to say even that."""
    if len(outcomes) == 1:
        return _RESULTS[next(iter(outcomes))]
    return Result.POSSIBLE if settled else Result.UNKNOWN


def confidence_of(
    outcomes: Collection[Outcome], doubted: Collection[Outcome], *reaches: Reach
) -> Confidence:
    """How sure a result is: no surer than each side, and less where a doubt would change it."""
    if len(outcomes) > 1:
        return Confidence.POSSIBLE
    doubt = Confidence.CERTAIN if len(doubted) == 1 else Confidence.LIKELY
    return least(doubt, *(reach.confidence for reach in reaches))


def meet(ours: Reach, theirs: Reach) -> Met:
    """Everything that may happen between the two."""
    outcomes = _outcomes(ours.legs, theirs.legs)
    doubted = outcomes | _outcomes((*ours.legs, *ours.doubts), (*theirs.legs, *theirs.doubts))
    settled = ours.settled and theirs.settled
    result = result_of(outcomes, settled=settled)
    return Met(
        outcomes,
        doubted,
        result,
        _mechanism(ours, theirs, result, outcomes),
        confidence_of(outcomes, doubted, ours, theirs),
    )


def _outcomes(ours: Iterable[Leg], theirs: Collection[Leg]) -> frozenset[Outcome]:
    return frozenset(pair(one, other)[0] for one in ours for other in theirs)


def _mechanism(
    ours: Reach, theirs: Reach, result: Result, outcomes: frozenset[Outcome]
) -> Mechanism:
    if result is Result.UNKNOWN:
        return Mechanism.NOT_MEASURED
    if len(outcomes) > 1:
        return what_decides(ours, theirs)
    # The strictest legs: what it takes at the most.
    mechanism = pair(ours.legs[-1], theirs.legs[-1])[1]
    if mechanism is Mechanism.MOVING_PORT and (ours.blind or theirs.blind):
        return Mechanism.NO_ENDPOINT
    return mechanism


def what_decides(ours: Reach, theirs: Reach) -> Mechanism:
    """Which open question the result hangs on; this side's first, since it can be answered here."""
    if any(len(_outcomes(ours.legs, (leg,))) > 1 for leg in theirs.legs):
        return _open_question(ours.legs, peer=False)
    return _open_question(theirs.legs, peer=True)


def _open_question(legs: Collection[Leg], *, peer: bool) -> Mechanism:
    if not all(leg.udp for leg in legs):
        return Mechanism.NO_UDP
    if len({leg.stable for leg in legs}) > 1:
        return Mechanism.PEER_MAPPING_DECIDES if peer else Mechanism.MAPPING_DECIDES
    return Mechanism.PEER_FILTER_DECIDES if peer else Mechanism.FILTER_DECIDES
