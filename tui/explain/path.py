"""The path from this device to its peer, hop by hop, with the obstacle on the hop where it sits.

The hops are what the readings carry, no more. Where nothing tells the boxes between this device and
the internet apart, there is one hop for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable

from probes.addresses import AddressKind
from probes.diagnosis.layers import (
    LayerKind,
    carrier_nat,
    double_nat,
    in_cloud,
    layers_of,
    one_nat,
    within,
)
from probes.diagnosis.model import (
    Actor,
    Cause,
    CauseId,
    Diagnosis,
    Headline,
    Mechanism,
    Nat,
    NatClass,
    Verdict,
)
from probes.diagnosis.peer import PeerOutlook
from probes.model import Family
from probes.readings import local, tailscale
from probes.readings.tailscale import PeerPath
from probes.report import Report
from probes.values import dataclass
from tui import content
from tui.content import Tone
from tui.explain import facts
from tui.explain.device import open_port
from tui.explain.hop import Hop, HopId
from tui.explain.words import milliseconds


def path(diagnosis: Diagnosis, report: Report) -> tuple[Hop, ...]:
    """The hops from this device to the other side. At most one is the obstacle."""
    if (peer := diagnosis.peer) is not None and _past_the_nat(peer):
        return _short_way(peer, diagnosis, report)
    tunnel = facts.any_tunnel(report)
    boxes = (HopId.WAY_OUT,) if tunnel else _boxes(report)
    found = _obstacle(diagnosis, report, boxes)
    hops = [HopId.DEVICE, *boxes, HopId.INTERNET, HopId.RELAY, HopId.PEER]
    if tunnel:
        hops.insert(1, HopId.TUNNEL)
    details = {
        HopId.DEVICE: _own_address(report),
        HopId.TUNNEL: tunnel,
        boxes[0]: _gateway(report),
        boxes[-1]: "" if tunnel else _way_out(report),
        HopId.RELAY: _relay(diagnosis, report),
    }
    if HopId.SECOND_ROUTER in boxes and not details[boxes[-1]]:
        details[HopId.SECOND_ROUTER] = facts.beyond_router(report, AddressKind.PRIVATE)
    return tuple(
        Hop(
            each,
            _name(each, diagnosis, report),
            details.get(each, ""),
            content.plain(content.fill(found.note, **_counts(report)))
            if each is found.where
            else _remark(each, boxes, diagnosis, report),
            found.tone if each is found.where else _tone(each, diagnosis, report),
            each is found.where,
        )
        for each in hops
    )


def _past_the_nat(peer: PeerOutlook) -> bool:
    """Tailscale reaches it, and no NAT of IPv4 has a part in it: inside, or over IPv6."""
    if peer.path is not PeerPath.DIRECT:
        return False
    return peer.mechanism is Mechanism.SAME_LAN or peer.family is Family.V6


def _short_way(peer: PeerOutlook, diagnosis: Diagnosis, report: Report) -> tuple[Hop, ...]:
    """The way that packets really take to such a peer, up to the address where it is met."""
    inside, family = peer.mechanism is Mechanism.SAME_LAN, peer.family or Family.V4
    found = _obstacle(diagnosis, report, (HopId.WAY_OUT,))
    note = content.plain(content.fill(found.note, **_counts(report)))
    nat6 = diagnosis.nat6.nat_class
    way = report.value(local.way_out_key(family))
    device = str(way.source) if way is not None else _own_address(report)
    stops: dict[HopId, tuple[str, str, Tone]] = {HopId.DEVICE: (device, "", Tone.NOTE)}
    if inside:
        stops[HopId.LAN] = "", "", Tone.GOOD
    else:
        stops[HopId.WAY_OUT] = "IPv6", content.label(nat6), _CLASS_TONE[nat6]
        stops[HopId.INTERNET] = "", "", Tone.NOTE
    stops[HopId.PEER] = peer.via, "", Tone.GOOD
    return tuple(
        Hop(each, _name(each, diagnosis, report), detail, note, found.tone, obstacle=True)
        if each is found.where and each is not HopId.WAY_OUT
        else Hop(each, _name(each, diagnosis, report), detail, said, tone, obstacle=False)
        for each, (detail, said, tone) in stops.items()
    )


def hops_taken(diagnosis: Diagnosis, report: Report) -> tuple[Hop, ...]:
    """The hops that packets take: a direct connection has no relay on its way."""
    found, peer = path(diagnosis, report), diagnosis.peer
    if diagnosis.verdict is Verdict.DIRECT and (peer is None or peer.relay is None):
        return tuple(hop for hop in found if hop.id is not HopId.RELAY)
    return found


def _boxes(report: Report) -> tuple[HopId, ...]:
    """What lies between this device and the internet, from the inside out."""
    own = any(layer.kind is LayerKind.ROUTER for layer in layers_of(report))
    if within(report):
        beyond = HopId.ROUTER if own else HopId.WAY_OUT
        return HopId.HOST, beyond if carrier_nat(report) is None else HopId.CARRIER
    if in_cloud(report):
        return (HopId.CLOUD,)
    if carrier_nat(report) is not None:
        return (HopId.ROUTER, HopId.CARRIER) if own else (HopId.CARRIER,)
    if double_nat(report) is not None:
        return HopId.ROUTER, HopId.SECOND_ROUTER
    return (HopId.ROUTER,) if one_nat(report) else (HopId.WAY_OUT,)


_ACTS = {
    Actor.ROUTER: HopId.ROUTER,
    Actor.SECOND_ROUTER: HopId.SECOND_ROUTER,
    Actor.ISP: HopId.CARRIER,
}


def _box(boxes: tuple[HopId, ...], causes: Iterable[Cause]) -> HopId:
    """Which of them it is: that of whoever has to act; the outermost where that says nothing."""
    acting = (_ACTS.get(each.acts) for each in causes if each.in_the_way)
    return next((box for box in acting if box in boxes), boxes[-1])


def _name(hop: HopId, diagnosis: Diagnosis, report: Report) -> str:
    peer = diagnosis.peer
    if hop is HopId.DEVICE and report.elsewhere:
        return content.reported("device")
    if hop is HopId.PEER and peer is not None and peer.name:
        return peer.name
    return content.label(hop)


_WHERE = {
    Headline.CAPTIVE_PORTAL: HopId.WAY_OUT,
    Headline.DEPENDS_PORT_STOLEN: HopId.WAY_OUT,
    Headline.DEPENDS_MAPPING: HopId.WAY_OUT,
    Headline.DEPENDS_OWN_FIREWALL: HopId.DEVICE,
    Headline.DEPENDS_TOLD_BY_ROUTER: HopId.WAY_OUT,
    Headline.DEPENDS_UDP: HopId.WAY_OUT,
    Headline.DEPENDS_PORT_DOUBTED: HopId.WAY_OUT,
    Headline.RELAYED_HARD_NAT: HopId.WAY_OUT,
    Headline.RELAYED_MULTI_WAN: HopId.WAY_OUT,
    Headline.RELAYED_UDP_BLOCKED: HopId.WAY_OUT,
    Headline.RELAYED_STUN_BLOCKED: HopId.WAY_OUT,
    Headline.RELAYED_MAP_WITHOUT_STUN: HopId.RELAY,
    Headline.RELAYED_FORCED: HopId.DEVICE,
    Headline.RELAYED_SHUT_IN: HopId.DEVICE,
    Headline.PEER_BOTH_HARD: HopId.WAY_OUT,
    Headline.PEER_SAME_NETWORK: HopId.WAY_OUT,
    Headline.PEER_OTHER_SIDE: HopId.PEER,
    Headline.UNKNOWN_NO_NETWORK: HopId.WAY_OUT,
    Headline.UNKNOWN_TUNNEL: HopId.TUNNEL,
}
_OF_THE_NAT = (Headline.RELAYED_HARD_NAT, Headline.PEER_BOTH_HARD)
_OBSTACLE_TONE = {
    Headline.UNKNOWN_TUNNEL: Tone.NOTE,
    Headline.DEPENDS_PORT_STOLEN: Tone.NOTE,
    Headline.DEPENDS_MAPPING: Tone.NOTE,
    Headline.DEPENDS_OWN_FIREWALL: Tone.NOTE,
}
"""Also where, with a chosen peer, more than this stands in the way."""


_AS_WITHOUT_PEER = (Headline.PEER_OWN_SIDE, Headline.PEER_DEPENDS, Headline.PEER_UNKNOWN)


@dataclass(frozen=True, slots=True)
class _Obstacle:
    where: HopId | None = None
    note: str = ""
    tone: Tone = Tone.BAD


def _obstacle(diagnosis: Diagnosis, report: Report, boxes: tuple[HopId, ...]) -> _Obstacle:
    """What the headline names; where that names nothing in the way, what the first cause does."""
    shown = diagnosis.headline
    if shown in _AS_WITHOUT_PEER:
        shown = diagnosis.here  # what stands in the way has nothing to do with the peer
    where = _WHERE.get(shown)
    if where is None:
        return _of_cause(diagnosis, boxes)
    if shown is Headline.UNKNOWN_NO_NETWORK and facts.no_way_out(report):
        where = HopId.DEVICE
    if where is HopId.WAY_OUT and HopId.HOST in boxes and shown in _OF_THE_NAT:
        where = HopId.HOST  # the first NAT on the way, as the sentence says
    elif where is HopId.WAY_OUT:
        where = _box(boxes, diagnosis.causes)
    # What it only depends on may let the two through.
    tone = Tone.NOTE if diagnosis.verdict is Verdict.DEPENDS else Tone.BAD
    read = _read_there(diagnosis.causes) if shown is Headline.PEER_OTHER_SIDE else ""
    note = read or content.obstacle(shown)
    return _Obstacle(where, note, _OBSTACLE_TONE.get(shown, tone))


def _read_there(causes: Iterable[Cause]) -> str:
    """What was read at the other side, where that was measured; ""."""
    found = (each.there for each in causes if each.there is not None)
    return next((content.there(each)[1] for each in found), "")


_ALSO_NOTES = (CauseId.NOT_CONNECTED, CauseId.EXIT_NODE)
"""Of no weight for a connection that is foretold, and in its way as long as they last."""


def _of_cause(diagnosis: Diagnosis, boxes: tuple[HopId, ...]) -> _Obstacle:
    for cause in diagnosis.causes:
        weighs = cause.in_the_way or cause.id in _ALSO_NOTES
        if not weighs or cause.id not in content.PLACED:
            continue
        match cause.acts:
            case Actor.THIS_DEVICE | Actor.TAILNET_ADMIN:
                where = HopId.DEVICE
            case Actor.PEER:
                where = HopId.PEER
            case _:
                where = _box(boxes, (cause,))
        return _Obstacle(where, content.hindering(cause.id), Tone.NOTE)
    return _Obstacle()


def _counts(report: Report) -> dict[str, object]:
    addresses = facts.addresses_of(facts.all_endpoints(report, Family.V4))
    return {"address_count": len(addresses)}


def _own_address(report: Report) -> str:
    for family in Family:
        way = report.value(local.way_out_key(family))
        if way is not None:
            return str(way.source)
    return ""


def _way_out(report: Report) -> str:
    """Where the internet sees it, unless that is the device itself."""
    if facts.address_is_here(report, Family.V4):
        return _gateway(report)
    seen = facts.addresses_of(facts.all_endpoints(report, Family.V4))
    return str(seen[0]) if seen else _gateway(report)


def _gateway(report: Report) -> str:
    gateway = report.value(local.GATEWAY4)
    return str(gateway.address) if gateway is not None and gateway.address is not None else ""


def _relay(diagnosis: Diagnosis, report: Report) -> str:
    """The one in use, else the nearest."""
    peer = diagnosis.peer
    rows = facts.latency_rows(report)
    if peer is not None and peer.path is PeerPath.DERP and peer.via:
        far = next((each.best_ms for each in rows if each.code == peer.via), None)
        return peer.via if far is None else f"{peer.via} {milliseconds(far)}"
    row = next((each for each in rows if each.best_ms is not None), None)
    if row is None or row.best_ms is None:
        return _relay_told(report)
    return f"{row.code} {milliseconds(row.best_ms)}"


def _relay_told(report: Report) -> str:
    """The nearest one that netcheck itself printed: of another device nobody asked the relays."""
    told = report.value(tailscale.NETCHECK)
    heard = [] if told is None else [each for each in told.regions if each.rtt_ms is not None]
    nearest = min(heard, key=lambda each: each.rtt_ms or 0.0, default=None)
    if nearest is None or nearest.rtt_ms is None:
        return ""
    return f"{nearest.code or nearest.name} {milliseconds(nearest.rtt_ms)}"


_CLASS_TONE = {
    NatClass.NONE: Tone.GOOD,
    NatClass.EASY: Tone.GOOD,
    NatClass.HARD: Tone.BAD,
    NatClass.UNKNOWN: Tone.UNKNOWN,
}


def own_nat(nat: Nat) -> str:
    """A side's NAT in a few words: one that is easy for its open port alone stays hard."""
    return content.within("opened") if port_alone(nat) else content.label(nat.nat_class)


def this_nat(nat: Nat, report: Report) -> str:
    """This side's NAT in a few words. An easy one says so where a port is open besides: that one
    lets everybody in, and the NAT alone does not."""
    besides = nat.nat_class is NatClass.EASY and not nat.varies and open_port(report)
    return content.within("easy opened") if besides else own_nat(nat)


def met_nat(diagnosis: Diagnosis, report: Report) -> Nat:
    """The NAT that peers meet: that of IPv4, and where only IPv6 leads out that of IPv6."""
    six = facts.no_way_out(report, Family.V4) and diagnosis.nat6.nat_class is not NatClass.UNKNOWN
    return diagnosis.nat6 if six else diagnosis.nat4


def port_alone(nat: Nat) -> bool:
    """It counts as easy for the port that the router has open, and for nothing else."""
    return nat.nat_class is NatClass.EASY and nat.varies


def _remark(hop: HopId, boxes: tuple[HopId, ...], diagnosis: Diagnosis, report: Report) -> str:
    """The NAT's class at the outermost box: what lies inside it is not seen from outside."""
    if hop is HopId.CLOUD and facts.one_to_one(report):
        return content.within("one-to-one")
    if hop is boxes[-1]:
        return this_nat(met_nat(diagnosis, report), report)
    peer = diagnosis.peer
    known = hop is HopId.PEER and peer is not None and peer.nat is not NatClass.UNKNOWN
    return content.label(peer.nat) if known and peer is not None else ""


def _tone(hop: HopId, diagnosis: Diagnosis, report: Report) -> Tone:
    match hop:
        case HopId.DEVICE | HopId.INTERNET | HopId.RELAY:
            return Tone.NOTE
        case (
            HopId.HOST
            | HopId.WAY_OUT
            | HopId.ROUTER
            | HopId.SECOND_ROUTER
            | HopId.CARRIER
            | HopId.CLOUD
        ):
            return _CLASS_TONE[met_nat(diagnosis, report).nat_class]
        case HopId.TUNNEL | HopId.LAN | HopId.PEER:
            return Tone.UNKNOWN
