"""What is seen of the path to the chosen peer today, and what else hints at its side."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from probes.diagnosis.model import NatClass
from probes.diagnosis.peer_side import side_told
from probes.diagnosis.sides import Place, Side
from probes.diagnosis.spread import spread_of
from probes.model import Endpoint
from probes.readings import tailscale
from probes.readings.tailscale import Peer, PeerPath, PeerPing
from probes.report import Report
from probes.tailscale.loose import endpoint_of
from probes.values import dataclass


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
class Now:
    """How packets to the peer travel today."""

    path: PeerPath
    via: str
    ping: PeerPing | None
    settled: bool
    """Direct, or watched for long enough."""
    because: str


def now_of(report: Report, peer: Peer) -> Now:
    """A row of pings shows it better than the list of peers, which is one moment."""
    rows = report.value(tailscale.PINGS) or ()
    ping = next((each for each in rows if each.name in (peer.name, peer.dns_name)), None)
    if ping is not None and ping.path is not PeerPath.UNKNOWN:
        return Now(ping.path, ping.via, ping, True, tailscale.PINGS.id)
    direct = peer.path is PeerPath.DIRECT
    return Now(peer.path, peer.via, ping, direct, tailscale.PEERS.id)


RELAYED = (PeerPath.DERP, PeerPath.PEER_RELAY)


def endpoint_at(via: str) -> Endpoint | None:
    """What a direct path goes to; None where it is no endpoint."""
    try:
        return endpoint_of(via)
    except ValueError:
        return None


def within(endpoint: Endpoint, place: Place) -> bool:
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


def hints_of(report: Report, peer: Peer, now: Now, ours: Side) -> Iterable[Hint]:
    """Every hint that there is, the path of today first."""
    ping = now.ping
    if ping is not None and ping.path is PeerPath.DIRECT:
        known = HintId.TURNED_DIRECT if ping.relayed_first else HintId.DIRECT_NOW
        yield Hint(known, tailscale.PINGS.id)
    elif now.settled and now.path in RELAYED:
        yield Hint(HintId.STAYS_RELAYED, tailscale.PINGS.id)
    elif now.path in _BY_PATH:
        yield Hint(_BY_PATH[now.path], tailscale.PEERS.id)
    endpoint = endpoint_at(now.via) if now.path is PeerPath.DIRECT else None
    if endpoint is not None and within(endpoint, ours.place):
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
    elif others.relayed and now.path in RELAYED:
        yield Hint(HintId.OTHERS_RELAYED, tailscale.PEERS.id)
