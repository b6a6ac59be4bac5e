"""What this side can expect with one kind of peer, over IPv4 alone.

The peers are ordinary ones of their kind, fully known. This side is all that its readings leave
(`reach`): if the pair rule says the same for all of that, that is the outlook; if not, it is
`possible`. So a missing reading can only make an outlook weaker.
"""

from __future__ import annotations

from dataclasses import replace

from probes.diagnosis.facts import Facts
from probes.diagnosis.meeting import meet
from probes.diagnosis.model import Mechanism, Nat, NatClass, Outlook, Outlooks, Result
from probes.diagnosis.openings import EIF
from probes.diagnosis.overruled import Overruled, overruled
from probes.diagnosis.pairing import Leg
from probes.diagnosis.reach import HARD, Reach, is_blind, reach_of
from probes.model import Family, Reason, Unknown
from probes.readings import captive_portal, local, relays, stun

NO_NAT_PEER = Reach((Leg(filtering=EIF),))
"""Open to the internet, and nothing filters."""
EASY_PEER = Reach((Leg(),))
"""The usual home router: endpoint-independent mapping, filtering by address and port."""
HARD_PEER = Reach((HARD,))
"""Another port for every destination, filtering by address and port, no port mapping."""
PEERS = {NatClass.NONE: NO_NAT_PEER, NatClass.EASY: EASY_PEER, NatClass.HARD: HARD_PEER}


def needs_no_port(nat: Nat, outlook: Outlooks) -> bool:
    """No router need open a port: the address is its own, or every peer gets in already."""
    three = (outlook.none, outlook.easy, outlook.hard)
    return nat.nat_class is NatClass.NONE or all(each.result is Result.DIRECT for each in three)


def outlook_of(facts: Facts, above: Overruled | None = None) -> Outlooks:
    """The three outlooks. `above`: what leaves only the relays, whatever the network would allow;
    None looks for it."""
    nothing = _nothing_to_say(facts)
    above = above or overruled(facts)
    if above is not None and (nothing is None or nothing.mechanism is not Mechanism.NO_NETWORK):
        nothing = Outlook(Result.RELAYED, above.by.mechanism, above.because)
    if nothing is not None:
        return Outlooks(nothing, nothing, nothing)
    found = outlooks(reach_of(facts, Family.V4))
    return _without_relays(found) if _nobody_asked_the_relays(facts) else found


def _nobody_asked_the_relays(facts: Facts) -> bool:
    """The NAT is known from other servers; whether the relays tell the VPN its address is not."""
    nat, udp = facts.nat4, facts.report[stun.UDP]
    left_out = isinstance(udp, Unknown) and udp.reason is Reason.SKIPPED
    return left_out and nat.nat_class is NatClass.EASY and not nat.varies


def _without_relays(found: Outlooks) -> Outlooks:
    """What hangs on the relays' answers is then unknown, rather than possible or relayed."""
    open_ = replace(found.easy, result=Result.UNKNOWN, mechanism=Mechanism.NOT_MEASURED)
    easy = found.easy if found.easy.result is Result.DIRECT else open_
    hard = found.hard if found.hard.result is Result.DIRECT else open_
    return Outlooks(found.none, easy, hard)


def outlooks(reach: Reach) -> Outlooks:
    """The outlooks of a side that can be judged."""
    none, easy, hard = (_outlook(reach, peer) for peer in PEERS.values())
    if reach.blind and all(leg.udp for leg in reach.legs):
        # Not only where the result hangs on it: what stands in the way is that nobody can be told.
        easy, hard = (_blind(each) for each in (easy, hard))
    return Outlooks(none, easy, hard)


def _blind(outlook: Outlook) -> Outlook:
    if outlook.result is not Result.RELAYED:
        return outlook  # a router that opens a port says where it is
    return replace(outlook, mechanism=Mechanism.NO_ENDPOINT)


def _outlook(reach: Reach, peer: Reach) -> Outlook:
    met = meet(reach, peer)
    return Outlook(met.result, met.mechanism, reach.because)


def _nothing_to_say(facts: Facts) -> Outlook | None:
    """The outlook with any peer where this side alone settles it."""
    if facts.tunnel:
        return Outlook(Result.UNKNOWN, Mechanism.NOT_MEASURED, (local.WAY_OUT4.id,))
    if facts.no_way_out:
        because = (local.WAY_OUT4.id, local.WAY_OUT6.id)
        return Outlook(Result.UNKNOWN, Mechanism.NO_NETWORK, because)
    if facts.report.known(local.WAY_OUT4) and facts.value(local.WAY_OUT4) is None:
        six = facts.report.known(stun.ENDPOINT6)
        why = Mechanism.NO_COMMON_FAMILY if six else Mechanism.NOT_MEASURED
        return Outlook(Result.UNKNOWN, why, (local.WAY_OUT4.id,))
    silent = facts.is_false(stun.UDP) and not facts.value(stun.ELSEWHERE)
    if silent and facts.is_false(relays.TCP) and not facts.is_true(relays.ICMP4):
        because = (stun.UDP.id, relays.TCP.id)
        answers = facts.value(captive_portal.ANSWERS)
        page = facts.is_true(captive_portal.PRESENT)
        why = Mechanism.NOT_MEASURED if answers or page else Mechanism.NO_NETWORK
        return Outlook(Result.UNKNOWN, why, because)
    if facts.nat4.nat_class is NatClass.UNKNOWN and not is_blind(facts):
        reach = reach_of(facts, Family.V4)
        if not reach.settled:
            return Outlook(Result.UNKNOWN, Mechanism.NOT_MEASURED, reach.because)
    return None
