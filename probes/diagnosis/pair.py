"""What a connection between two given sides will do, and why.

In this order: what leaves one side only the relays; one network (the local one comes first, and a
router seldom sends packets for its own public address back inside); IPv6; the pair rule over IPv4.
A pair is direct if either family is. What no reading settles is tried in every way, so a missing
reading can only make the answer weaker.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum
from itertools import product
from typing import assert_never

from probes.diagnosis.meeting import Met, confidence_of, meet, result_of
from probes.diagnosis.model import Confidence, Mechanism, Result
from probes.diagnosis.pairing import Outcome
from probes.diagnosis.reach import Reach
from probes.diagnosis.sides import Place, Side
from probes.diagnosis.sureness import least, rank
from probes.model import Family
from probes.readings import local
from probes.values import dataclass


class Relay(StrEnum):
    """What carries the packets where no direct path is found."""

    PEER_RELAY = "peer-relay"
    """Another node of the tailnet, over UDP: it is in use already."""
    DERP = "derp"


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a pair does."""

    result: Result
    mechanism: Mechanism
    family: Family | None
    """The IP version that decides; None where none does."""
    confidence: Confidence
    ours: tuple[str, ...]
    """Ids of the readings of this side that carry it."""
    theirs: tuple[str, ...]
    """The same of the other side."""
    relay: Relay | None = None
    """What is used meanwhile, where the result is not direct."""


class Neighbours(StrEnum):
    """How near two sides are."""

    APART = "apart"
    """Different public addresses, or not known."""
    ONE_LAN = "one-lan"
    """One public address and one local network."""
    ONE_ROUTER = "one-router"
    """One public address, and different local networks or none known."""


def predict(a: Side, b: Side) -> Prediction:
    """What the two do. `a` is "this side" in the mechanism's words."""
    found = _predict(a, b)
    if found.result is Result.DIRECT or Mechanism.NO_NETWORK is found.mechanism:
        return found
    seen = bool(a.peer_relay or b.peer_relay)
    can = _may_use_udp(a) and _may_use_udp(b)
    relay = Relay.PEER_RELAY if seen and can else Relay.DERP
    return replace(found, relay=relay)


def _may_use_udp(side: Side) -> bool:
    return side.overruled is None and (_sends(side.four) or _sends(side.six))


def _predict(a: Side, b: Side) -> Prediction:
    if a.offline or b.offline:
        ours = (*a.four.because, *a.six.because) if a.offline else ()
        theirs = (*b.four.because, *b.six.because) if b.offline else ()
        return _prediction(
            Result.UNKNOWN, Mechanism.NO_NETWORK, None, Confidence.LIKELY, ours, theirs
        )
    above = a.overruled or b.overruled
    if above is not None:
        ours = a.overruled.because if a.overruled is not None else ()
        theirs = b.overruled.because if b.overruled is not None else ()
        mechanism, sure = above.by.mechanism, above.confidence
        return _prediction(Result.RELAYED, mechanism, None, sure, ours, theirs)
    near = neighbours(a.place, b.place)
    match near:
        case Neighbours.ONE_LAN:
            # Some Wi-Fi networks keep their clients apart, and no reading shows it.
            return _at_home(a, b, Result.DIRECT, Mechanism.SAME_LAN, Confidence.LIKELY)
        case Neighbours.ONE_ROUTER:
            return _one_router(a, b)
        case Neighbours.APART:
            return _apart(a, b)
        case _:
            assert_never(near)


def neighbours(a: Place, b: Place) -> Neighbours:
    """Whether the two sit behind one public address, and in one local network.

    Behind a provider's NAT strangers share an address, and half the world's homes share a prefix.
    Every practice network is a home of its own, though they all have the same addresses.
    """
    if a.practice and b.practice and a.practice != b.practice:
        return Neighbours.APART
    if a.network_id and a.network_id == b.network_id and _overlap(a, b):
        return Neighbours.ONE_LAN
    four = {each for each in a.public & b.public if each.version == 4}
    if not four:
        return Neighbours.APART
    if four & (a.addresses | b.addresses):
        return Neighbours.APART  # the address is on one of them: the other one is behind it
    shared = a.behind_carrier or b.behind_carrier
    return Neighbours.ONE_LAN if _overlap(a, b) and not shared else Neighbours.ONE_ROUTER


def _overlap(a: Place, b: Place) -> bool:
    if a.prefixes and b.prefixes:
        return any(
            one.version == other.version and one.overlaps(other)
            for one, other in product(a.prefixes, b.prefixes)
        )
    # The daemon tells addresses without their prefixes; homes nearly always use /24.
    return any(
        str(one).rpartition(".")[0] == str(other).rpartition(".")[0]
        for one, other in product(a.addresses, b.addresses)
        if one.version == other.version == 4
    )


def _at_home(
    a: Side, b: Side, result: Result, mechanism: Mechanism, sure: Confidence
) -> Prediction:
    return _prediction(result, mechanism, Family.V4, sure, a.place.because, b.place.because)


def _one_router(a: Side, b: Side) -> Prediction:
    """Behind one address, and not in one local network as far as is known.

    A router may pass packets between its own networks, or keep them apart (a guest network): both
    reports look the same. Without hairpinning that alone decides; with it, the pair rule does.
    """
    said = {each for each in (a.place.hairpin, b.place.hairpin) if each is not None}
    six = meet(a.six, b.six)
    apart = bool(a.place.prefixes and b.place.prefixes) and not (
        a.place.behind_carrier or b.place.behind_carrier
    )
    if said == {True}:
        found = _apart(a, b)
        if found.result is Result.DIRECT:
            sure = least(found.confidence, Confidence.LIKELY)
            return replace(found, mechanism=Mechanism.HAIRPIN, family=Family.V4, confidence=sure)
    if said == {False} and apart and six.doubted == {Outcome.RELAYED}:
        return _at_home(a, b, Result.POSSIBLE, Mechanism.NO_HAIRPIN, Confidence.POSSIBLE)
    return _at_home(a, b, Result.POSSIBLE, Mechanism.LAN_DECIDES, Confidence.POSSIBLE)


def _apart(a: Side, b: Side) -> Prediction:
    six, four = meet(a.six, b.six), meet(a.four, b.four)
    if six.outcomes == {Outcome.DIRECT} and not (
        four.outcomes == {Outcome.DIRECT} and _surer(four, six)
    ):
        return _by(a, b, Family.V6, six)
    if four.outcomes == {Outcome.DIRECT}:
        return _by(a, b, Family.V4, four)
    outcomes = _best(six.outcomes, four.outcomes)
    doubted = _best(six.doubted, four.doubted)
    if len(outcomes) == 1 and Outcome.RELAYED in outcomes:
        sure = confidence_of(outcomes, doubted, a.four, b.four, *_open(a.six, b.six))
        mechanism = four.mechanism
        if _have_no_family_in_common(a, b):
            # A network that translates might carry it, though nobody tells Tailscale how.
            mechanism, sure = Mechanism.NO_COMMON_FAMILY, least(sure, Confidence.LIKELY)
        return _prediction(
            Result.RELAYED,
            mechanism,
            Family.V4,
            sure,
            (*a.four.because, *_decided(a.six, b.six)),
            (*b.four.because, *_decided(b.six, a.six)),
        )
    if four.outcomes == {Outcome.RELAYED}:
        # IPv4 is settled; IPv6 is what is open.
        result = result_of(outcomes, settled=a.four.settled and b.four.settled)
        mechanism = Mechanism.IPV6_DECIDES if result is Result.POSSIBLE else Mechanism.NOT_MEASURED
        return _prediction(
            result, mechanism, Family.V6, Confidence.POSSIBLE, a.four.because, b.four.because
        )
    return _by(a, b, Family.V4, four)


def _have_no_family_in_common(a: Side, b: Side) -> bool:
    """One side has no way out for IPv4 and sends UDP over IPv6, the other the other way round."""
    return any(
        local.WAY_OUT4.id in six.four.because
        and not _sends(six.four)
        and _sends(six.six)
        and _sends(four.four)
        and not _sends(four.six)
        for six, four in ((a, b), (b, a))
    )


def _sends(reach: Reach) -> bool:
    return any(leg.udp for leg in reach.legs)


def _surer(one: Met, other: Met) -> bool:
    return rank(one.confidence) > rank(other.confidence)


def _open(*reaches: Reach) -> tuple[Reach, ...]:
    """The IPv6 reaches, where one of them alone does not rule IPv6 out for certain."""
    shut = [each for each in reaches if not any(leg.udp for leg in (*each.legs, *each.doubts))]
    return (max(shut, key=lambda reach: rank(reach.confidence)),) if shut else reaches


def _decided(mine: Reach, other: Reach) -> tuple[str, ...]:
    """This side's IPv6 readings count where they are what rules IPv6 out."""
    return mine.because if not any(leg.udp for leg in mine.legs) else ()


_BETTER = (Outcome.DIRECT, Outcome.WHO_STARTS, Outcome.RELAYED)


def _best(six: Iterable[Outcome], four: Iterable[Outcome]) -> frozenset[Outcome]:
    """Either family is enough."""
    return frozenset(min(each, key=_BETTER.index) for each in product(six, four))


def _by(a: Side, b: Side, family: Family, met: Met) -> Prediction:
    ours, theirs = a.reach(family), b.reach(family)
    return _prediction(
        met.result, met.mechanism, family, met.confidence, ours.because, theirs.because
    )


def _prediction(
    result: Result,
    mechanism: Mechanism,
    family: Family | None,
    confidence: Confidence,
    ours: Iterable[str],
    theirs: Iterable[str],
) -> Prediction:
    return Prediction(
        result,
        mechanism,
        family,
        confidence,
        tuple(dict.fromkeys(ours)),
        tuple(dict.fromkeys(theirs)),
    )
