"""How one side can be reached over one IP version: every way that the readings leave.

The pair rule (`pairing`) wants a side fully known. What is open is kept as several legs, so a
missing reading adds legs and never takes any away. Some legs are only doubts: no reading speaks for
them and none rules them out (a router that takes strangers' packets for itself, a port that was
forwarded by hand). Doubts lower the confidence of what the other legs agree on.
"""

from __future__ import annotations

from itertools import chain
from typing import assert_never

from probes.addresses import may_be_public
from probes.diagnosis.facts import Facts
from probes.diagnosis.model import Confidence, Filtering, Nat, NatClass
from probes.diagnosis.openings import (
    APDF,
    EIF,
    Held,
    HostFilter,
    Opening,
    Ways,
    host_filter,
    opened,
    opening,
)
from probes.diagnosis.pairing import Leg
from probes.model import Family, Reason, Unknown
from probes.readings import behavior, local, port_mapping, relays, stun, tailscale
from probes.readings.firewall import Fate
from probes.readings.tailscale import OwnSocket
from probes.tailscale.loose import endpoint_of
from probes.values import dataclass

ADF = Filtering.ADDRESS_DEPENDENT
FILTERINGS = (EIF, ADF, APDF)
"""From the loosest to the strictest."""

NO_UDP = Leg(udp=False, stable=False, source=False)
HARD = Leg(stable=False, source=False)
"""Another port for every destination; or a side that cannot tell anybody where to aim."""
EASY = tuple(Leg(filtering=each) for each in FILTERINGS)
STEALING = Leg(takes_strangers=True)
MAPPED_HARD = (
    Leg(source=False, filtering=EIF),
    Leg(source=False, filtering=APDF),
    Leg(source=False, filtering=APDF, host_filtered=True),
)
ANY_UDP = (*EASY, STEALING, *MAPPED_HARD, HARD)
"""Everything that a side may be whose UDP works."""
ANYTHING = (*ANY_UDP, NO_UDP)
"""Everything that a side of which nothing is known may be."""


@dataclass(frozen=True, slots=True)
class Reach:
    """One side over one IP version."""

    legs: tuple[Leg, ...]
    """Every way in which it may be, the strictest last."""
    doubts: tuple[Leg, ...] = ()
    """Ways that nothing speaks for and nothing rules out."""
    settled: bool = True
    """What kind of side it is, is known; what is open are details."""
    blind: bool = False
    """UDP works, but the side never learns its public endpoint."""
    opening: Held = Held.NO
    """Whether the router lets strangers in to the VPN's port."""
    confidence: Confidence = Confidence.CERTAIN
    because: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    """Readings that would narrow it."""
    host: Fate = Fate.UNKNOWN
    """What this computer's own firewall does with strangers."""

    @property
    def has_udp(self) -> bool:
        """UDP surely works."""
        return all(leg.udp for leg in (*self.legs, *self.doubts))


def reach_of(facts: Facts, family: Family) -> Reach:
    """What the readings leave."""
    nat = facts.nat4 if family is Family.V4 else facts.nat6
    key = local.way_out_key(family)
    way_out = facts.value(key)
    if way_out is not None and way_out.through_tunnel:
        return Reach(ANYTHING, settled=False, because=(key.id,))
    if facts.report.known(key) and way_out is None:
        return Reach((NO_UDP,), because=(key.id,))
    silent = _silent4(facts) if family is Family.V4 else _silent6(facts)
    if silent is not None:
        return silent
    return _answered(facts, family, nat)


# --- no answer from the relays --------------------------------------------------------------------


def _silent4(facts: Facts) -> Reach | None:
    """The relays are silent over UDP, and nobody else is known to have answered."""
    elsewhere = facts.value(stun.ELSEWHERE)
    if elsewhere or not facts.is_false(stun.UDP):
        return None
    if facts.nat4.nat_class is not NatClass.UNKNOWN:
        return None  # servers with two addresses answered
    others = tuple(key.id for key in (relays.TCP, relays.ICMP4) if facts.is_true(key))
    if not others:
        return Reach(ANYTHING, settled=False, because=(stun.UDP.id,), missing=(relays.TCP.id,))
    because, missing = (stun.UDP.id, *others), (stun.ELSEWHERE.id,)
    if facts.report.known(stun.ELSEWHERE):
        return Reach((NO_UDP,), because=(*because, stun.ELSEWHERE.id))
    # It may be the relays' STUN port alone that is shut. A device that has a public address of its
    # own would not need them.
    likely = Confidence.LIKELY
    way_out = facts.value(local.WAY_OUT4)
    if way_out is not None and not may_be_public(way_out.source):
        return Reach((HARD, NO_UDP), confidence=likely, because=because, missing=missing)
    if _elsewhere(facts.report[stun.ELSEWHERE]):
        return Reach(
            (HARD, NO_UDP), EASY, blind=True, confidence=likely, because=because, missing=missing
        )
    return Reach((*EASY, HARD, NO_UDP), confidence=likely, because=because, missing=missing)


def _elsewhere(reading: object) -> bool:
    return isinstance(reading, Unknown) and reading.reason is Reason.MEASURED_ELSEWHERE


def _silent6(facts: Facts) -> Reach | None:
    """IPv6 is off, or nothing answered over it."""
    if facts.is_false(local.OS_IPV6):
        return Reach((NO_UDP,), because=(local.OS_IPV6.id,))
    answers, key = facts.value(stun.ANSWERS6), stun.ANSWERS6
    if answers or facts.value(stun.ENDPOINT6) is not None:
        return None
    elsewhere = facts.value(stun.ELSEWHERE) or ()
    if any(answer.server.family is Family.V6 for answer in elsewhere):
        return None
    if elsewhere and facts.is_false(stun.UDP) and facts.report.known(key):
        # STUN's own port is shut, for IPv4 as well. A public address needs nobody to tell it.
        because = (key.id, stun.UDP.id, stun.ELSEWHERE.id)
        return Reach((*EASY, NO_UDP), confidence=Confidence.LIKELY, because=because)
    if facts.report.known(key):
        return Reach((NO_UDP,), confidence=Confidence.LIKELY, because=(key.id,))
    if facts.is_false(stun.UDP):
        return Reach((NO_UDP,), confidence=Confidence.POSSIBLE, because=(stun.UDP.id,))
    return None


# --- something answered ---------------------------------------------------------------------------


def _answered(facts: Facts, family: Family, nat: Nat) -> Reach:
    if family is Family.V4 and is_blind(facts):
        silent = stun.UDP if facts.is_false(stun.UDP) else relays.STUN_REGIONS
        base = Reach((), blind=True, because=(silent.id, stun.ELSEWHERE.id))
        return _with_openings(facts, family, Ways((HARD,)), base)
    host = host_filter(facts.report, family)
    # What lets strangers in is added below; it does not change what the NAT does by itself.
    by_itself = NatClass.HARD if nat.varies else nat.nat_class
    match by_itself:
        case NatClass.HARD:
            base = Reach((), confidence=nat.confidence, because=nat.because)
            return _with_openings(facts, family, Ways((HARD,)), base)
        case NatClass.NONE:
            ways, because = _no_nat(nat, host)
        case NatClass.EASY:
            ways, because = _easy(facts, family, nat)
        case NatClass.UNKNOWN:
            return _unknown(facts, family)
        case _:
            assert_never(by_itself)
    if family is Family.V4 and nat.nat_class is NatClass.EASY and not facts.is_true(stun.UDP):
        # The class is known from other servers alone: the relays may be silent, or not.
        extra = (HARD,) if facts.is_false(stun.UDP) or not _daemon_speaks(nat) else ()
        ways = Ways((*ways.legs, *extra), ways.doubts)
    base = Reach((), confidence=nat.confidence, because=because, missing=nat.missing)
    return _with_openings(facts, family, ways, base)


def _daemon_speaks(nat: Nat) -> bool:
    """The class is the daemon's own word, which it has from the relays."""
    return tailscale.OWN_SOCKET.id in nat.because


def is_blind(facts: Facts) -> bool:
    """UDP works, but no relay's STUN does: this side never learns its public endpoint.

    A device that has the public address itself needs nobody to tell it.
    """
    elsewhere = facts.value(stun.ELSEWHERE)
    no_stun = facts.is_false(stun.UDP) or facts.value(relays.STUN_REGIONS) == 0
    return no_stun and bool(elsewhere) and facts.nat4.nat_class is not NatClass.NONE


def _no_nat(nat: Nat, host: HostFilter) -> tuple[Ways, tuple[str, ...]]:
    """The public address is here. What filters is a router's firewall, or this computer's own.

    The filtering test uses ports of its own. If the computer's rules drop strangers, nothing else
    matters; if they let them in to the VPN's port alone, what the test met may have been them.
    """
    seen = nat.filtering
    if seen is EIF and host.fate is not Fate.BLOCKED:
        return Ways((Leg(filtering=EIF),)), nat.because
    shut = Leg(host_filtered=True)
    if host.fate is Fate.BLOCKED:
        because = (*nat.because, *host.because)
        if host.sure and seen is not EIF:
            return Ways((shut,)), because
        return Ways((Leg(filtering=EIF), shut)), because
    if seen is Filtering.UNKNOWN or (host.fate is Fate.ALLOWED and host.rules):
        return Ways(EASY), (*nat.because, *host.because)
    doubts = () if host.fate is Fate.ALLOWED else (Leg(filtering=EIF),)
    return Ways((Leg(filtering=seen),), doubts), nat.because


def _easy(facts: Facts, family: Family, nat: Nat) -> tuple[Ways, tuple[str, ...]]:
    """A NAT that keeps one mapping for all. Its own filter is what the test met."""
    known = nat.filtering is not Filtering.UNKNOWN
    filterings = (nat.filtering,) if known else FILTERINGS
    if family is Family.V6:
        return Ways(tuple(Leg(filtering=each) for each in filterings)), nat.because
    steals = facts.value(behavior.COLLISION)
    legs = tuple(Leg(filtering=each, takes_strangers=bool(steals)) for each in filterings)
    because = (*nat.because, *((behavior.COLLISION.id,) if steals else ()))
    doubts = (STEALING,) if steals is None and APDF in filterings else ()
    return Ways(legs, doubts), because


def _unknown(facts: Facts, family: Family) -> Reach:
    """The kind of NAT is not known; whether UDP works may be."""
    keys = stun.BY_FAMILY[family]
    missing = (keys.varies.id,)
    if family is Family.V6 and facts.value(keys.endpoint) is not None:
        # Nobody compares IPv6 endpoints, since a NAT in its way is rare.
        sure = Confidence.LIKELY
        return Reach(EASY, (HARD,), confidence=sure, because=(keys.endpoint.id,))
    because = udp_seen(facts, family)
    if because:
        return Reach(ANY_UDP, settled=False, because=because, missing=missing)
    if family is Family.V4 and facts.value(tailscale.OWN_SOCKET) is OwnSocket.NO_PUBLIC:
        because = (tailscale.OWN_SOCKET.id,)
        return Reach((HARD, NO_UDP), ANY_UDP, True, False, Held.NO, Confidence.POSSIBLE, because)
    return Reach(ANYTHING, settled=False, missing=missing)


def udp_seen(facts: Facts, family: Family) -> tuple[str, ...]:
    """The readings that show a UDP answer from the internet, or a direct path to a peer there."""
    keys = stun.BY_FAMILY[family]
    found = [keys.answers.id] if facts.value(keys.answers) else []
    found += [keys.endpoint.id] if facts.value(keys.endpoint) else []
    elsewhere = facts.value(stun.ELSEWHERE) or ()
    if any(answer.server.family is family for answer in elsewhere):
        found.append(stun.ELSEWHERE.id)
    if any(_over_internet(peer, family) for peer in facts.value(tailscale.PEERS) or ()):
        found.append(tailscale.PEERS.id)
    return tuple(found)


def _over_internet(peer: tailscale.Peer, family: Family) -> bool:
    if peer.path is not tailscale.PeerPath.DIRECT:
        return False
    try:
        endpoint = endpoint_of(peer.via)
    except ValueError:
        return False
    return endpoint.family is family and may_be_public(endpoint.address)


def _with_openings(facts: Facts, family: Family, ways: Ways, base: Reach) -> Reach:
    """Add what the router may let in besides."""
    way_in = _no_opening(facts, family) or opening(facts.report, family)
    host = host_filter(facts.report, family)
    each = [opened(leg, way_in, host) for leg in ways.legs]
    also = [opened(leg, way_in, host) for leg in ways.doubts]
    legs = tuple(dict.fromkeys(chain.from_iterable(found.legs for found in each)))
    rest = chain.from_iterable(
        (*found.legs, *found.doubts) if number >= len(each) else found.doubts
        for number, found in enumerate((*each, *also))
    )
    said = way_in.because if way_in.held in (Held.YES, Held.MAYBE) else ()
    return Reach(
        tuple(sorted(legs, key=_strictness)),
        tuple(leg for leg in dict.fromkeys(rest) if leg not in legs),
        base.settled,
        base.blind,
        way_in.held,
        base.confidence,
        tuple(dict.fromkeys((*base.because, *said, *(host.because if said else ())))),
        tuple(dict.fromkeys((*base.missing, *way_in.missing))),
        host.fate,
    )


def _strictness(leg: Leg) -> tuple[bool, bool, int]:
    return (not leg.udp, not leg.stable, FILTERINGS.index(leg.filtering))


def _no_opening(facts: Facts, family: Family) -> Opening | None:
    """Over IPv4 without NAT there is nothing to map; a router in front filters, or nothing does."""
    if family is Family.V4 and facts.nat4.nat_class is NatClass.NONE:
        found = facts.value(port_mapping.FORWARD)
        if found is None or not found.open:
            return Opening(Held.NO, False, ())
    return None
