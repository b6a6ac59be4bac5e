"""Reports of a device that is connected to a tailnet, with one peer chosen."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from typing import Any, TypeAlias

from probes.diagnosis.model import CauseId, Headline, NatClass, Verdict
from probes.model import Endpoint
from probes.readings import stun, tailscale
from probes.readings.key import Key
from probes.readings.tailscale import Peer, PeerChoice, PeerPath, PeerPing, PeerTold
from probes.report import Report
from tests.unit.diagnosis.device_cases import Case, eased, hard
from tests.unit.diagnosis.reports import PUBLIC, home

Pair: TypeAlias = tuple[Key[Any], Any]
C, H, P = CauseId, Headline, PeerPath
NAS = Peer(
    name="nas",
    dns_name="nas.tail-net.example",
    addresses=(ip_address("100.80.0.2"),),
    system="linux",
    path=P.DERP,
    via="fra",
    home_relay="fra",
    online=True,
    exit_node=False,
)
LAPTOP = replace(NAS, name="laptop", dns_name="laptop.tail-net.example", path=P.IDLE, via="")
FAR = "203.0.113.40:41641"
"""Where a peer is reached over the internet."""


def nas(path: PeerPath, via: str = "") -> Peer:
    """The peer with this path of today."""
    return replace(NAS, path=path, via=via, online=path is not P.OFFLINE)


def chosen(peer: Peer, *others: Peer) -> tuple[Pair, ...]:
    """The list of peers, one of them chosen."""
    return (
        (tailscale.PEERS, (peer, *others)),
        (tailscale.CHOSEN, PeerChoice(peer.name, (peer,), ())),
    )


def pinged(path: PeerPath, via: str, relayed_first: int, after_ms: float) -> Pair:
    """What ten seconds of pings showed."""
    return (tailscale.PINGS, (PeerPing("nas", path, via, relayed_first, after_ms),))


def told(
    *endpoints: str, varies: bool | None = None, udp: bool | None = None, mapped: bool | None = None
) -> Pair:
    """What the peer tells others."""
    found = tuple(Endpoint.parse(each) for each in endpoints)
    return (tailscale.PEER_TOLD, PeerTold("nas", found, varies, udp, mapped))


HARD_PEER = told("203.0.113.40:6005", "203.0.113.40:41641", "192.168.12.2:41641")
"""A guess of its own port beside the one that was seen: a hard NAT tells its peers so."""
EASY_PEER = told("203.0.113.40:41641", "192.168.12.2:41641")
STAYS = pinged(P.DERP, "fra", 10, 10_000.0)
TURNS = pinged(P.DIRECT, FAR, 3, 3_100.0)
RELAYED, DIRECT = nas(P.DERP, "fra"), nas(P.DIRECT, FAR)
OTHERS_DIRECT = replace(LAPTOP, path=P.DIRECT, via="203.0.113.50:41641")
OTHERS_RELAYED = replace(LAPTOP, path=P.DERP, via="fra")


def _easy(verdict: Verdict, headline: Headline, causes: set[CauseId], *extra: Pair) -> Case:
    return eased(*extra), NatClass.EASY, verdict, headline, {*causes, C.IPV6_MISSING}


def _hard(verdict: Verdict, headline: Headline, causes: set[CauseId], *extra: Pair) -> Case:
    found = {*causes, C.HARD_NAT, C.IPV6_MISSING}
    return hard(*extra), NatClass.HARD, verdict, headline, found


V = Verdict
CASES: dict[str, Case] = {
    "a peer that is direct": _easy(V.DIRECT, H.PEER_DIRECT, set(), *chosen(DIRECT)),
    "a peer that turned direct": _easy(
        V.DIRECT, H.PEER_TURNED_DIRECT, {C.SETTLING}, *chosen(RELAYED), TURNS
    ),
    "a peer that stays relayed": _easy(
        V.RELAYED, H.PEER_OTHER_SIDE, {C.PEER_SIDE}, *chosen(RELAYED), STAYS
    ),
    "a peer that was relayed when asked": _easy(
        V.DEPENDS, H.PEER_OTHER_SIDE, {C.PEER_SIDE}, *chosen(RELAYED)
    ),
    "a hard side and a relayed peer": _hard(
        V.RELAYED, H.PEER_OWN_SIDE, set(), *chosen(RELAYED), STAYS
    ),
    "two hard sides": _hard(
        V.RELAYED, H.PEER_BOTH_HARD, {C.BOTH_HARD}, *chosen(RELAYED), STAYS, HARD_PEER
    ),
    "an idle peer that tells of a steady address": _easy(
        V.DIRECT, H.PEER_DIRECT_EXPECTED, set(), *chosen(nas(P.IDLE)), EASY_PEER
    ),
    "a peer in the local network": _easy(
        V.DIRECT, H.PEER_DIRECT, set(), *chosen(nas(P.DIRECT, "192.168.1.30:41641"))
    ),
    "an idle peer": _easy(V.UNKNOWN, H.PEER_UNKNOWN, set(), *chosen(nas(P.IDLE))),
    "a peer that is offline": _easy(V.UNKNOWN, H.PEER_UNKNOWN, set(), *chosen(nas(P.OFFLINE))),
}
"""In the shape of the cases of `test_diagnose`."""

APART = {
    "a peer kept apart behind one public address": _easy(
        V.RELAYED,
        H.PEER_SAME_NETWORK,
        {C.SAME_NETWORK},
        *chosen(RELAYED),
        STAYS,
        told(f"{PUBLIC}:41641", "192.168.7.12:41641"),
    ),
}
"""Without the peer's own word for its address it would be told otherwise: over there, likely."""


def _silent(*extra: Pair) -> Report:
    return home(extra=((stun.ELSEWHERE, ()), *extra))


def report_for(
    peer: Peer, *others: Peer, side: str = "easy", more: tuple[Pair, ...] = ()
) -> Report:
    """A device with this NAT, and a chosen peer."""
    made = {"easy": eased, "hard": hard, "silent": _silent}[side]
    return made(*chosen(peer, *others), *more)
