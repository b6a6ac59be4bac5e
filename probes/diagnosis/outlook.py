"""What this side can expect with a peer of each class, over IPv4 alone.

The rule (both sides know each other's candidates through the relay): a side can be aimed at if its
endpoint is stable, and admits a packet if its filter lets the sender's address in or its own packet
went there before. A pair is direct if one of the two admits the other. An *easy* peer stands for
the usual home router (endpoint-independent mapping, address-and-port-dependent filtering); a
*hard* one for a router that picks another port for every destination.
"""

from __future__ import annotations

from probes.diagnosis.facts import Facts
from probes.diagnosis.model import Filtering, Mechanism, NatClass, Outlook, Outlooks, Result
from probes.readings import local, relays, stun


def outlook_of(facts: Facts) -> Outlooks:
    """The three outlooks."""
    if facts.tunnel:
        way_outs = (local.WAY_OUT4.id,)
        return _all(Outlook(Result.UNKNOWN, Mechanism.NOT_MEASURED, way_outs))
    if facts.no_way_out:
        because = (local.WAY_OUT4.id, local.WAY_OUT6.id)
        return _all(Outlook(Result.UNKNOWN, Mechanism.NO_NETWORK, because))
    if facts.is_false(stun.UDP):
        return _without_udp(facts)
    nat = facts.nat4
    match nat.nat_class:
        case NatClass.NONE | NatClass.EASY:
            none = Outlook(Result.DIRECT, Mechanism.WE_REACH_PEER, nat.because)
            easy = Outlook(Result.DIRECT, Mechanism.HOLE_PUNCHED, nat.because)
            return Outlooks(none, easy, _hard_peer(facts))
        case NatClass.HARD:
            moving = Outlook(Result.RELAYED, Mechanism.MOVING_PORT, nat.because)
            none = Outlook(Result.DIRECT, Mechanism.WE_REACH_PEER, nat.because)
            return Outlooks(none, moving, moving)
        case NatClass.UNKNOWN:
            return _all(Outlook(Result.UNKNOWN, Mechanism.NOT_MEASURED, nat.because))


def _hard_peer(facts: Facts) -> Outlook:
    """A hard peer comes from a port that nobody can foresee: this side's filter decides."""
    nat = facts.nat4
    match nat.filtering:
        case Filtering.ENDPOINT_INDEPENDENT:
            return Outlook(Result.DIRECT, Mechanism.PEER_REACHES_US, nat.because)
        case Filtering.ADDRESS_DEPENDENT:
            # Our packet to the peer's address opens it for every port there; but a pool of
            # addresses on the peer's side would spoil it, so it is no promise.
            return Outlook(Result.POSSIBLE, Mechanism.HOLE_PUNCHED, nat.because)
        case Filtering.ADDRESS_AND_PORT_DEPENDENT:
            return Outlook(Result.RELAYED, Mechanism.MOVING_PORT, nat.because)
        case Filtering.UNKNOWN:
            return Outlook(Result.POSSIBLE, Mechanism.FILTER_DECIDES, nat.because)


def _without_udp(facts: Facts) -> Outlooks:
    if facts.value(stun.ELSEWHERE):
        # UDP works, but this side never learns its public endpoint from the relays.
        because = (stun.UDP.id, stun.ELSEWHERE.id)
        reach = Outlook(Result.DIRECT, Mechanism.WE_REACH_PEER, because)
        blind = Outlook(Result.RELAYED, Mechanism.NO_ENDPOINT, because)
        return Outlooks(reach, blind, blind)
    if facts.is_true(relays.TCP) or facts.is_true(relays.ICMP4):
        return _all(Outlook(Result.RELAYED, Mechanism.NO_UDP, (stun.UDP.id, relays.TCP.id)))
    if facts.is_false(relays.TCP):
        return _all(Outlook(Result.UNKNOWN, Mechanism.NO_NETWORK, (stun.UDP.id, relays.TCP.id)))
    return _all(Outlook(Result.UNKNOWN, Mechanism.NOT_MEASURED, (stun.UDP.id,)))


def _all(outlook: Outlook) -> Outlooks:
    return Outlooks(outlook, outlook, outlook)
