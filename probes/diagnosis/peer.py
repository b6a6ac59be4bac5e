"""The pair with the peer that the person chose: its path today, what is known of its side, and what
is to be expected.

What Tailscale does today comes first: a direct path is direct, and one that was not found within
ten seconds is not there. Of the peer's side there are hints only. Whatever does not fit the path
that was seen is ruled out (`_narrowed`), so a relay that stays tells something about the peer where
this side is known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from probes.diagnosis.facts import Facts
from probes.diagnosis.model import Confidence, Filtering, Mapping, Mechanism, Nat, NatClass, Result
from probes.diagnosis.pair import Neighbours, Prediction, Relay, neighbours, predict
from probes.diagnosis.pairing import Leg, Outcome, pair
from probes.diagnosis.peer_hints import RELAYED, Hint, Now, endpoint_at, hints_of, now_of, within
from probes.diagnosis.peer_side import NOBODY, side_told
from probes.diagnosis.reach import Reach
from probes.diagnosis.sides import Side, side_from
from probes.diagnosis.spread import Spread, spread_of
from probes.diagnosis.sureness import least
from probes.diagnosis.what_if import Fix, fixes
from probes.model import Family
from probes.readings import tailscale
from probes.readings.tailscale import PeerPath, PeerPing
from probes.report import Report
from probes.tailscale.status import choose_peer
from probes.values import dataclass


@dataclass(frozen=True, slots=True)
class PeerOutlook:
    """What is to be expected of the connection with one peer."""

    name: str
    """Its short name, or what the person asked for where no such peer is known."""
    path: PeerPath
    """How packets travel now."""
    via: str
    """The peer's endpoint, the peer relay's, or the code of the relay; "" if none."""
    result: Result
    mechanism: Mechanism
    family: Family | None
    confidence: Confidence
    because: tuple[str, ...]
    """Ids of readings."""
    missing: tuple[str, ...] = ()
    """Ids of the readings that would settle it."""
    nat: NatClass = NatClass.UNKNOWN
    """The peer's NAT, as far as hints go."""
    hints: tuple[Hint, ...] = ()
    relay: Relay | None = None
    """What carries it meanwhile, where it is not direct."""
    flip: Fix | None = None
    """The first single change that makes it direct."""
    fixes: tuple[Fix, ...] = ()
    """Every such change, the first one first; a peer relay last."""
    reason: Confidence | None = None
    """How sure the mechanism is, where the result was seen and its reason was not."""
    measured: bool = False
    """A report of the other side says enough of it: nobody need be sent there for one."""


@dataclass(frozen=True, slots=True)
class Between:
    """All that the causes of a pair may look at."""

    ours: Side
    theirs: Side
    outlook: PeerOutlook
    near: Neighbours
    settled: bool
    """The path was watched for long enough to call it what it is."""
    ping: PeerPing | None
    spread: Spread


def between(facts: Facts, asked: str) -> Between | None:
    """The pair with the peer that `asked` names, or the one that the report was made for.

    None: no peer was chosen. One that is not found has an outlook that says so.
    """
    report = facts.report
    choice = choice_of(report, asked)
    if choice is None and not asked:
        return None
    ours = side_from(facts)
    spread = spread_of(report)
    if choice is None or len(choice.found) != 1:
        name = choice.asked if choice is not None else asked
        because = (tailscale.PEERS.id,) if report.known(tailscale.PEERS) else ()
        missing = () if because else (tailscale.PEERS.id,)
        unknown, mechanism = Result.UNKNOWN, Mechanism.PEER_NOT_LISTED
        sure, path = Confidence.CERTAIN, PeerPath.UNKNOWN
        outlook = PeerOutlook(name, path, "", unknown, mechanism, None, sure, because, missing)
        return Between(ours, NOBODY, outlook, Neighbours.APART, False, None, spread)
    (peer,) = choice.found
    now = now_of(report, peer)
    told = report.value(tailscale.PEER_TOLD)
    theirs = side_told(told if told is not None and told.name == peer.name else None)
    unseen = predict(ours, theirs)
    if now.path in RELAYED:
        theirs = _narrowed(ours, theirs)
    outlook = _concluded(now, unseen, predict(ours, theirs), ours)
    changes = fixes(ours, theirs) if outlook.result in _CHANGEABLE else ()
    outlook = replace(
        outlook,
        name=peer.name,
        because=tuple(dict.fromkeys((now.because, *outlook.because))),
        missing=() if now.settled else (tailscale.PINGS.id,),
        nat=theirs.nat4.nat_class,
        hints=tuple(hints_of(report, peer, now, ours)),
        flip=next((each for each in changes if each.flips), None),
        fixes=changes,
    )
    near = neighbours(ours.place, theirs.place)
    return Between(ours, theirs, outlook, near, now.settled, now.ping, spread)


_CHANGEABLE = (Result.RELAYED, Result.POSSIBLE)


def choice_of(report: Report, asked: str) -> tailscale.PeerChoice | None:
    """The device that is meant, by name among the peers; else the one that the run itself looked up
    (names may be masked). None: nobody can tell."""
    peers, chosen = report.value(tailscale.PEERS), report.value(tailscale.CHOSEN)
    found = choose_peer(peers, asked) if asked and peers is not None else None
    return found if found is not None and (found.found or chosen is None) else chosen


# --- the other side -------------------------------------------------------------------------------


def _narrowed(ours: Side, theirs: Side) -> Side:
    """The other side without what would have been direct with ours."""
    four, six = (_fitting(ours.reach(each), theirs.reach(each)) for each in Family)
    narrowed = replace(theirs, four=four, six=six)
    kinds = {leg.stable for leg in four.legs}
    varies = kinds == {False} and any(leg.udp for leg in four.legs)
    if not varies or theirs.nat4.nat_class is not NatClass.UNKNOWN:
        return narrowed
    sure = Confidence.LIKELY
    nat = Nat(NatClass.HARD, Mapping.VARIES, Filtering.UNKNOWN, None, sure, (tailscale.PEERS.id,))
    return replace(narrowed, nat4=nat)


def _fitting(ours: Reach, theirs: Reach) -> Reach:
    if not ours.settled:
        return theirs
    legs = [leg for leg in theirs.legs if _may_be_relayed(ours.legs, leg)]
    legs = legs or [
        leg
        for leg in (*theirs.legs, *theirs.doubts)
        if _may_be_relayed((*ours.legs, *ours.doubts), leg)
    ]
    likely = [leg for leg in legs if not _rare(leg)] or legs
    if not legs:
        return theirs  # nothing fits: what is known of either side is wrong
    doubts = tuple(leg for leg in (*legs, *theirs.doubts) if leg not in likely)
    sure = least(theirs.confidence, Confidence.LIKELY)
    return replace(theirs, legs=tuple(likely), doubts=doubts, settled=True, confidence=sure)


def _rare(leg: Leg) -> bool:
    """A kind of side that is seldom met: UDP that is blocked, a router that takes strangers'
    packets for itself, a mapping before a firewall that drops what comes through it."""
    return not leg.udp or leg.takes_strangers or leg.host_filtered


def _may_be_relayed(ours: Iterable[Leg], theirs: Leg) -> bool:
    return any(pair(one, theirs)[0] is not Outcome.DIRECT for one in ours)


# --- what is to be expected -----------------------------------------------------------------------


def _concluded(now: Now, unseen: Prediction, found: Prediction, ours: Side) -> PeerOutlook:
    """What was seen decides; where nothing was, the prediction. `unseen` is the one from the two
    sides alone, without the path of today."""
    because = (*found.ours, *found.theirs)
    relay = {PeerPath.DERP: Relay.DERP, PeerPath.PEER_RELAY: Relay.PEER_RELAY}.get(now.path)

    def said(
        result: Result, mechanism: Mechanism, sure: Confidence, ids: Collection[str] = because
    ) -> PeerOutlook:
        family = found.family if result is found.result else None
        return PeerOutlook(
            "", now.path, now.via, result, mechanism, family, sure, tuple(ids), relay=relay
        )

    match now.path:
        case PeerPath.DIRECT:
            endpoint = endpoint_at(now.via)
            near = endpoint is not None and within(endpoint, ours.place)
            how = Mechanism.SAME_LAN if near else Mechanism.SEEN_DIRECT
            family = None if endpoint is None else endpoint.family
            return replace(said(Result.DIRECT, how, Confidence.CERTAIN, ()), family=family)
        case PeerPath.OFFLINE:
            return said(Result.UNKNOWN, Mechanism.PEER_OFFLINE, Confidence.CERTAIN, ())
        case PeerPath.DERP | PeerPath.PEER_RELAY if now.settled:
            # The path itself is certain; the mechanism is as sure as what it was concluded from.
            agrees = found.result is Result.RELAYED
            how = found.mechanism if agrees else Mechanism.SEEN_RELAYED
            seen = said(Result.RELAYED, how, Confidence.CERTAIN, because if agrees else ())
            return replace(seen, reason=found.confidence if agrees else None)
        case PeerPath.DERP | PeerPath.PEER_RELAY:
            if unseen.result is Result.RELAYED:
                return said(Result.RELAYED, unseen.mechanism, unseen.confidence)
            sure = least(found.confidence, Confidence.POSSIBLE)
            return said(Result.POSSIBLE, Mechanism.RELAYED_NOW, sure, ())
        case PeerPath.IDLE | PeerPath.UNKNOWN:
            mechanism = found.mechanism
            if found.result is Result.UNKNOWN and ours.four.settled and not ours.offline:
                mechanism = Mechanism.PEER_NOT_MEASURED
            expected = said(found.result, mechanism, found.confidence)
            return replace(expected, relay=found.relay)
