"""The changes that can make a connection direct: each as what it does to the facts of one side.

Ids are stable: scripts and saved progress hang on them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from probes.diagnosis.model import Actor, CauseId, Confidence, NatClass
from probes.diagnosis.openings import APDF, EIF, Held
from probes.diagnosis.pairing import Leg
from probes.diagnosis.reach import ANY_UDP, EASY, NO_UDP, Reach
from probes.diagnosis.remedy import Remedy as Remedy
from probes.diagnosis.remedy import RemedyId as RemedyId
from probes.diagnosis.remedy import Risk as Risk
from probes.diagnosis.sides import Side
from probes.diagnosis.untold import UNTOLD
from probes.model import CheckId
from probes.readings.firewall import Fate


def _drop_strangers(side: Side) -> Side | None:
    if not any(leg.takes_strangers for leg in side.four.legs):
        return None
    return _four(side, lambda leg: replace(leg, takes_strangers=False))


def _allow_inbound(side: Side) -> Side | None:
    if side.four.host is not Fate.BLOCKED and not _ends_here(side.four):
        return None

    def opened(leg: Leg) -> Leg:
        return replace(leg, filtering=EIF, host_filtered=False) if leg.host_filtered else leg

    changed = _four(side, opened)
    return replace(changed, four=replace(changed.four, host=Fate.ALLOWED))


def _ends_here(reach: Reach) -> bool:
    """The router lets strangers in, and rules that nobody could read may stop them."""
    unread = reach.host is Fate.UNKNOWN and reach.opening is Held.YES
    return unread and any(leg.host_filtered for leg in reach.legs)


def _one_line(side: Side) -> Side | None:
    """What is left is an address that keeps its port."""
    if not side.several_lines:
        return None
    return _four(side, lambda leg: replace(leg, stable=True, source=True) if leg.udp else leg)


def _translated(side: Side) -> bool:
    return side.nat4.nat_class in (NatClass.EASY, NatClass.HARD) and side.four.has_udp


def _mapped(side: Side) -> Side:
    """With a way in through the router; the computer's own firewall stays as it is."""

    def mapped(leg: Leg) -> Leg:
        shut = side.four.host is Fate.BLOCKED
        filtering = APDF if shut else EIF
        new = replace(leg, stable=True, filtering=filtering, host_filtered=shut)
        return replace(new, takes_strangers=False)

    changed = _four(side, mapped)
    return replace(changed, four=replace(changed.four, opening=Held.YES))


def _one_nat(side: Side) -> bool:
    """What the router opens leads to this device, and is open to the internet."""
    inner = side.second_router or side.within or side.boxed
    return not inner and side.place.behind_carrier is not True


def _port_mapping(side: Side) -> Side | None:
    fits = _translated(side) and _one_nat(side) and not side.offers_mapping
    return _mapped(side) if fits and side.four.opening is not Held.YES else None


def _forward_port(side: Side) -> Side | None:
    """A daemon that no relay answers over STUN cannot tell its peers where the forward is."""
    fits = _translated(side) and _one_nat(side) and side.four.opening is not Held.YES
    if side.four.blind:
        return None
    return _mapped(side) if fits else None


def _keep_one_port(side: Side) -> Side | None:
    if side.nat4.nat_class is not NatClass.HARD or side.several_lines or not side.keeps_ports:
        return None
    if side.second_router or side.place.behind_carrier is True:
        return None
    return _four(side, lambda leg: replace(leg, stable=True, source=True) if leg.udp else leg)


def _enable_ipv6(side: Side) -> Side | None:
    if any(leg.udp for leg in side.six.legs):
        return None
    if NO_UDP in side.four.legs:
        return None  # a network that stops UDP over IPv4 mostly stops it over IPv6, too
    return replace(side, six=Reach((Leg(),), confidence=Confidence.LIKELY))


def _bridge(side: Side) -> Side | None:
    """What the inner router then offers is of use."""
    if not side.second_router or not _translated(side) or not side.offers_mapping:
        return None
    return _mapped(replace(side, second_router=False))


def _unblock_udp(side: Side) -> Side | None:
    """What kind of NAT there is shows only then."""
    if side.offline or side.udp_seen or all(leg.udp for leg in side.four.legs):
        return None
    return replace(side, four=Reach(ANY_UDP, settled=False))


def _unblock_stun(side: Side) -> Side | None:
    return _told_by_relays(side) if side.managed else None


def _mend_relay_map(side: Side) -> Side | None:
    return None if side.managed else _told_by_relays(side)


def _told_by_relays(side: Side) -> Side | None:
    """The relays say where they see this side."""
    if not side.four.blind:
        return None
    known = side.nat4.nat_class in (NatClass.EASY, NatClass.NONE)
    return replace(side, four=Reach(EASY) if known else Reach(ANY_UDP, settled=False))


def _open_firewall(side: Side) -> Side | None:
    own = side.nat4.nat_class is NatClass.NONE and side.four.host is not Fate.BLOCKED
    if not own or all(leg.filtering is EIF for leg in side.four.legs):
        return None
    return _four(side, lambda leg: replace(leg, filtering=EIF, host_filtered=False))


def _public_address(side: Side) -> Side | None:
    if side.place.behind_carrier is not True or not _translated(side):
        return None
    return _mapped(replace(side, place=replace(side.place, behind_carrier=False)))


def _peer_relay(_side: Side) -> Side | None:
    return None


def _four(side: Side, change: Callable[[Leg], Leg]) -> Side:
    legs = tuple(dict.fromkeys(change(leg) for leg in side.four.legs if leg != NO_UDP))
    # A doubt about what is changed is no doubt about what comes of it.
    return replace(side, four=replace(side.four, legs=legs or side.four.legs, doubts=()))


_NAT = (CheckId.STUN, CheckId.BEHAVIOR)
_MAPPING = (CheckId.UPNP, CheckId.NAT_PMP, CheckId.PCP)

REMEDIES: tuple[Remedy, ...] = (
    Remedy(
        RemedyId.ONE_LINE,
        Actor.ROUTER,
        Risk.NONE,
        _NAT,
        (CauseId.MULTI_WAN, CauseId.HARD_NAT),
        _one_line,
    ),
    Remedy(
        RemedyId.DROP_STRANGERS,
        Actor.ROUTER,
        Risk.NONE,
        (CheckId.COLLISION,),
        (CauseId.NAT_STATE_COLLISION,),
        _drop_strangers,
    ),
    Remedy(
        RemedyId.ALLOW_INBOUND,
        Actor.THIS_DEVICE,
        Risk.ONE_PORT,
        (CheckId.FIREWALL, CheckId.BEHAVIOR),
        (CauseId.HOST_FIREWALL, CauseId.INBOUND_BLOCKED),
        _allow_inbound,
    ),
    Remedy(
        RemedyId.UNBLOCK_UDP,
        Actor.NETWORK_ADMIN,
        Risk.RULES,
        (CheckId.STUN,),
        (CauseId.UDP_BLOCKED,),
        _unblock_udp,
    ),
    Remedy(
        RemedyId.UNBLOCK_STUN,
        Actor.NETWORK_ADMIN,
        Risk.RULES,
        (CheckId.STUN,),
        (CauseId.STUN_BLOCKED,),
        _unblock_stun,
    ),
    Remedy(
        RemedyId.OPEN_FIREWALL,
        Actor.NETWORK_ADMIN,
        Risk.ONE_PORT,
        (CheckId.BEHAVIOR,),
        (CauseId.INBOUND_BLOCKED,),
        _open_firewall,
    ),
    Remedy(
        RemedyId.PORT_MAPPING,
        Actor.ROUTER,
        Risk.ANY_PROGRAM,
        _MAPPING,
        (CauseId.PORT_MAPPING_OFF, CauseId.HARD_NAT),
        _port_mapping,
    ),
    Remedy(
        RemedyId.FORWARD_PORT,
        Actor.ROUTER,
        Risk.ONE_PORT,
        (CheckId.BEHAVIOR,),
        (CauseId.PORT_MAPPING_BROKEN, CauseId.HARD_NAT),
        _forward_port,
    ),
    Remedy(
        RemedyId.KEEP_ONE_PORT,
        Actor.ROUTER,
        Risk.NONE,
        _NAT,
        (CauseId.HARD_NAT,),
        _keep_one_port,
    ),
    Remedy(
        RemedyId.ENABLE_IPV6,
        Actor.ROUTER,
        Risk.REACHABLE,
        (CheckId.LOCAL, CheckId.STUN),
        (CauseId.IPV6_MISSING, CauseId.IPV6_OFF, CauseId.IPV6_FILTERED),
        _enable_ipv6,
    ),
    Remedy(
        RemedyId.BRIDGE,
        Actor.SECOND_ROUTER,
        Risk.OUTAGE,
        (CheckId.LAYERS, *_MAPPING),
        (CauseId.DOUBLE_NAT,),
        _bridge,
    ),
    Remedy(
        RemedyId.PUBLIC_ADDRESS,
        Actor.ISP,
        Risk.MONEY,
        (CheckId.LAYERS, *_NAT),
        (CauseId.CGNAT,),
        _public_address,
    ),
    Remedy(
        RemedyId.MEND_RELAY_MAP,
        Actor.TAILNET_ADMIN,
        Risk.NONE,
        (CheckId.STUN,),
        (CauseId.RELAY_MAP_WITHOUT_STUN,),
        _mend_relay_map,
    ),
    *UNTOLD,
    Remedy(RemedyId.PEER_RELAY, Actor.TAILNET_ADMIN, Risk.ONE_PORT, (), (), _peer_relay),
)
"""Cheap and safe first; who has to act comes before that."""
