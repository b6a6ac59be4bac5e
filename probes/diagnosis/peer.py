"""The pair with the peer that the person chose: its path today, what is known of its side, and what
is to be expected.

What Tailscale does today comes first: a direct path is direct, and one that was not found within
ten seconds is not there. Of the peer's side there are hints only. Whatever does not fit the path
that was seen is ruled out (`_narrowed`), so a relay that stays tells something about the peer where
this side is known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from probes.diagnosis.facts import Facts
from probes.diagnosis.meeting import least
from probes.diagnosis.model import (
    Confidence,
    Filtering,
    Mapping,
    Mechanism,
    Nat,
    NatClass,
    Result,
)
from probes.diagnosis.pair import Neighbours, Prediction, Relay, neighbours, predict
from probes.diagnosis.pairing import Leg, Outcome, pair
from probes.diagnosis.peer_side import NOBODY, side_told
from probes.diagnosis.reach import Reach
from probes.diagnosis.sides import Place, Side, side_from
from probes.diagnosis.spread import Spread, spread_of
from probes.diagnosis.what_if import Fix, fixes
from probes.model import Endpoint, Family
from probes.readings import tailscale
from probes.readings.tailscale import Peer, PeerPath, PeerPing
from probes.report import Report
from probes.tailscale.loose import endpoint_of
from probes.tailscale.status import choose_peer


class HintId(StrEnum):
    """What is known of the other side, and no more than a hint."""

    DIRECT_NOW = "direct-now"
    TURNED_DIRECT = "turned-direct"
    """It began on a relay and turned direct while it was watched."""
    RELAYED_NOW = "relayed-now"
    STAYS_RELAYED = "stays-relayed"
    """No direct path was found within ten seconds."""
    PEER_RELAY = "peer-relay"
    IDLE = "idle"
    OFFLINE = "offline"
    IN_THIS_NETWORK = "in-this-network"
    """It is reached at an address of this local network."""
    HARD_ENDPOINTS = "hard-endpoints"
    """What it tells others looks like a hard NAT."""
    EASY_ENDPOINTS = "easy-endpoints"
    """What it tells others looks like one steady address."""
    NO_ENDPOINT = "no-endpoint"
    """It has no public address to tell others."""
    OTHERS_DIRECT = "others-direct"
    """This device reaches other peers directly."""
    OTHERS_RELAYED = "others-relayed"
    """Every active peer of this device is relayed."""


@dataclass(frozen=True, slots=True)
class Hint:
    """One hint, and the reading that it comes from."""

    id: HintId
    because: str


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
    choice = _choice(report, asked)
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
    now = _now(report, peer)
    told = report.value(tailscale.PEER_TOLD)
    theirs = side_told(told if told is not None and told.name == peer.name else None)
    unseen = predict(ours, theirs)
    if now.path in _RELAYED:
        theirs = _narrowed(ours, theirs)
    outlook = _concluded(now, unseen, predict(ours, theirs), ours)
    changes = fixes(ours, theirs) if outlook.result in _CHANGEABLE else ()
    outlook = replace(
        outlook,
        name=peer.name,
        because=tuple(dict.fromkeys((now.because, *outlook.because))),
        missing=() if now.settled else (tailscale.PINGS.id,),
        nat=theirs.nat4.nat_class,
        hints=tuple(_hints(report, peer, now, ours)),
        flip=next((each for each in changes if each.flips), None),
        fixes=changes,
    )
    near = neighbours(ours.place, theirs.place)
    return Between(ours, theirs, outlook, near, now.settled, now.ping, spread)


@dataclass(frozen=True, slots=True)
class _Now:
    """How packets to the peer travel today."""

    path: PeerPath
    via: str
    ping: PeerPing | None
    settled: bool
    """Direct, or watched for long enough."""
    because: str


def _now(report: Report, peer: Peer) -> _Now:
    """A row of pings shows it better than the list of peers, which is one moment."""
    rows = report.value(tailscale.PINGS) or ()
    ping = next((each for each in rows if each.name in (peer.name, peer.dns_name)), None)
    if ping is not None and ping.path is not PeerPath.UNKNOWN:
        return _Now(ping.path, ping.via, ping, True, tailscale.PINGS.id)
    direct = peer.path is PeerPath.DIRECT
    return _Now(peer.path, peer.via, ping, direct, tailscale.PEERS.id)


_RELAYED = (PeerPath.DERP, PeerPath.PEER_RELAY)
_CHANGEABLE = (Result.RELAYED, Result.POSSIBLE)


def _choice(report: Report, asked: str) -> tailscale.PeerChoice | None:
    """By name among the peers; else the one that the run itself looked up (names may be masked)."""
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


def _concluded(now: _Now, unseen: Prediction, found: Prediction, ours: Side) -> PeerOutlook:
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
            endpoint = _endpoint(now.via)
            near = endpoint is not None and _within(endpoint, ours.place)
            how = Mechanism.SAME_LAN if near else Mechanism.SEEN_DIRECT
            family = None if endpoint is None else endpoint.family
            return replace(said(Result.DIRECT, how, Confidence.CERTAIN, ()), family=family)
        case PeerPath.OFFLINE:
            return said(Result.UNKNOWN, Mechanism.PEER_OFFLINE, Confidence.CERTAIN, ())
        case PeerPath.DERP | PeerPath.PEER_RELAY if now.settled:
            # The path itself is certain; the mechanism is as sure as what it was concluded from.
            agrees = found.result is Result.RELAYED
            how = found.mechanism if agrees else Mechanism.SEEN_RELAYED
            return said(Result.RELAYED, how, Confidence.CERTAIN, because if agrees else ())
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


def _endpoint(via: str) -> Endpoint | None:
    try:
        return endpoint_of(via)
    except ValueError:
        return None


def _within(endpoint: Endpoint, place: Place) -> bool:
    """An address of a local network that this device is in."""
    return any(
        endpoint.address.version == prefix.version and endpoint.address in prefix
        for prefix in place.prefixes
    )


_BY_PATH = {
    PeerPath.DIRECT: HintId.DIRECT_NOW,
    PeerPath.DERP: HintId.RELAYED_NOW,
    PeerPath.PEER_RELAY: HintId.PEER_RELAY,
    PeerPath.IDLE: HintId.IDLE,
    PeerPath.OFFLINE: HintId.OFFLINE,
}


_TOLD = {
    NatClass.HARD: HintId.HARD_ENDPOINTS,
    NatClass.EASY: HintId.EASY_ENDPOINTS,
    NatClass.NONE: HintId.EASY_ENDPOINTS,
}


def _hints(report: Report, peer: Peer, now: _Now, ours: Side) -> Iterable[Hint]:
    ping = now.ping
    if ping is not None and ping.path is PeerPath.DIRECT:
        known = HintId.TURNED_DIRECT if ping.relayed_first else HintId.DIRECT_NOW
        yield Hint(known, tailscale.PINGS.id)
    elif now.settled and now.path in _RELAYED:
        yield Hint(HintId.STAYS_RELAYED, tailscale.PINGS.id)
    elif now.path in _BY_PATH:
        yield Hint(_BY_PATH[now.path], tailscale.PEERS.id)
    endpoint = _endpoint(now.via) if now.path is PeerPath.DIRECT else None
    if endpoint is not None and _within(endpoint, ours.place):
        yield Hint(HintId.IN_THIS_NETWORK, now.because)
    told = report.value(tailscale.PEER_TOLD)
    if told is not None and told.name == peer.name:
        side = side_told(told)
        if (known_by := _TOLD.get(side.nat4.nat_class)) is not None:
            yield Hint(known_by, tailscale.PEER_TOLD.id)
        elif told.endpoints and not side.place.public:
            yield Hint(HintId.NO_ENDPOINT, tailscale.PEER_TOLD.id)
    others = spread_of(report, without=peer.name)
    if others.direct:
        yield Hint(HintId.OTHERS_DIRECT, tailscale.PEERS.id)
    elif others.relayed and now.path in _RELAYED:
        yield Hint(HintId.OTHERS_RELAYED, tailscale.PEERS.id)
