"""`tailscale status --json`, read tolerantly (ipn/ipnstate.Status).

What misleads in it, and is minded here: a peer's `Relay` is the relay through which it can be
reached, used or not. `CurAddr` and `PeerRelay` speak only while the peer is `Active` (something was
sent within 45 s), and only while that path is trusted (answered within 6.5 s): a direct peer that
missed one heartbeat looks relayed for a moment. So one status is one moment; sample or ping.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any, assert_never

from probes.clean import clean
from probes.model import Endpoint, IPAddress
from probes.readings.tailscale import Backend, Peer, PeerChoice, PeerPath
from probes.tailscale.loose import Loose, address_of, json_object
from probes.values import dataclass

MOST_BYTES = 64_000_000
"""A tailnet of 10 000 devices has some 15 MB."""

_STATES = {
    "NoState": Backend.NO_STATE,
    "InUseOtherUser": Backend.OTHER_USER,
    "NeedsLogin": Backend.NEEDS_LOGIN,
    "NeedsMachineAuth": Backend.NEEDS_APPROVAL,
    "Stopped": Backend.STOPPED,
    "Starting": Backend.STARTING,
    "Running": Backend.RUNNING,
}
"""ipn.State, by the names that it prints."""

ATTRIBUTES = frozenset(
    {
        "only-tcp-443",
        "debug-disable-upnp",
        "disable-relay-client",
        "disable-relay-server",
        "randomize-client-port",
        "disable-ipv4",
        "disable-linux-cgnat-drop-rule",
        "peer-mtu-enable",
    }
)
"""Node attributes (tailcfg/nodecap) that bear on whether a path is direct."""

_KEYS = (
    "Version TUN BackendState HaveNodeKey AuthURL TailscaleIPs Self ExitNodeStatus Health "
    "MagicDNSSuffix CurrentTailnet CertDomains Peer User ClientVersion ExtraRecords"
)
_KNOWN = frozenset(_KEYS.split())


@dataclass(frozen=True, slots=True)
class Status:
    """What the daemon says about itself and its peers at one moment."""

    version: str
    state: Backend
    state_name: str
    """The state as Tailscale calls it, cleaned."""
    userspace: bool | None
    """The daemon has no network interface of its own (TUN false)."""
    name: str
    addresses: tuple[IPAddress, ...]
    system: str
    home_relay: str
    endpoints: tuple[Endpoint, ...]
    """What it tells its peers, in its own order: mapped, seen by STUN, guessed, local."""
    attributes: tuple[str, ...]
    health: tuple[str, ...]
    exit_node: str | None
    """Name or id of the exit node in use."""
    peers: tuple[Peer, ...]
    """By name; devices that are only shared with are left out, as Tailscale does."""
    unread: tuple[str, ...]


def parse_status(text: str | bytes) -> Status:
    """Read the JSON. Raises Unreadable where it is no status at all."""
    notes: dict[str, None] = {}
    top = Loose(json_object(text, "The output of tailscale status", MOST_BYTES), notes)
    top.unknown_keys(_KNOWN)
    state_name = top.text("BackendState", needed=True)
    own = Loose(top.mapping("Self", needed=True), notes, "Self: ")
    tun = top.flag("TUN")
    peers = _peers(top, notes)
    capabilities = {*own.mapping("CapMap"), *own.texts("Capabilities")}
    return Status(
        version=top.text("Version", needed=True),
        state=_STATES.get(state_name, Backend.OTHER),
        state_name=state_name,
        userspace=None if tun is None else not tun,
        name=_name(own)[0],
        addresses=top.addresses("TailscaleIPs") or own.addresses("TailscaleIPs"),
        system=own.text("OS"),
        home_relay=own.text("Relay"),
        endpoints=_endpoints(own),
        attributes=tuple(sorted(capabilities & ATTRIBUTES)),
        health=tuple(clean(each) for each in top.texts("Health")),
        exit_node=_exit_node(top, notes, peers),
        peers=peers,
        unread=tuple(notes),
    )


def _endpoints(own: Loose) -> tuple[Endpoint, ...]:
    found = (own.endpoint(each, "Addrs") for each in own.texts("Addrs"))
    return tuple(each for each in found if each is not None)


def _exit_node(top: Loose, notes: dict[str, None], peers: Sequence[Peer]) -> str | None:
    named = next((peer.name for peer in peers if peer.exit_node), None)
    status = top.mapping("ExitNodeStatus")
    if named is not None or not status:
        return named
    return Loose(status, notes, "ExitNodeStatus: ").text("ID") or "?"


def _peers(top: Loose, notes: dict[str, None]) -> tuple[Peer, ...]:
    found = []
    for value in top.mapping("Peer").values():
        if not isinstance(value, dict):
            top.note("Peer holds something that is no object")
        elif value.get("ShareeNode") is not True:
            found.append(_peer(value, notes))
    return tuple(sorted(found, key=lambda peer: (peer.name.casefold(), peer.dns_name)))


def _peer(value: dict[str, Any], notes: dict[str, None]) -> Peer:
    peer = Loose(value, notes, "Peer: ")
    name, dns_name = _name(peer)
    path, via = _path(peer)
    return Peer(
        name=name,
        dns_name=dns_name,
        addresses=peer.addresses("TailscaleIPs"),
        system=peer.text("OS"),
        path=path,
        via=via,
        home_relay=peer.text("Relay"),
        online=peer.flag("Online"),
        exit_node=peer.flag("ExitNode") is True,
    )


def _name(node: Loose) -> tuple[str, str]:
    """Short and full name: the host name may be any text, the DNS name is unique.

    Without the space around it: what is set in looks like a command, where names begin lines.
    """
    full = node.text("DNSName").strip().rstrip(".")
    return full.partition(".")[0] or node.text("HostName").strip() or "?", full


def _path(peer: Loose) -> tuple[PeerPath, str]:
    active, online = peer.flag("Active", needed=True), peer.flag("Online")
    match active:
        case None:
            return PeerPath.UNKNOWN, ""
        case False:
            return (PeerPath.OFFLINE if online is False else PeerPath.IDLE), ""
        case True:
            direct, relay = peer.text("CurAddr"), peer.text("PeerRelay")
            if direct:
                return PeerPath.DIRECT, direct
            if relay:
                return PeerPath.PEER_RELAY, relay
            derp = peer.text("Relay")
            return (PeerPath.DERP if derp else PeerPath.UNKNOWN), derp
        case _:
            assert_never(active)


def choose_peer(peers: Sequence[Peer], asked: str) -> PeerChoice:
    """The peer that a person means by a name, a full name or an address."""
    wanted = asked.strip().rstrip(".").casefold()
    try:
        address = address_of(wanted)
    except ValueError:
        exact = [peer for peer in peers if peer.dns_name.casefold() == wanted]
        found = exact or [peer for peer in peers if peer.name.casefold() == wanted]
    else:
        found = [peer for peer in peers if address in peer.addresses]
    similar: list[str] = []
    if not found:
        names = {peer.name.casefold(): peer.name for peer in peers}
        close = difflib.get_close_matches(wanted, list(names), n=3)
        within = [name for name in names if wanted and wanted in name]
        similar = [names[each] for each in dict.fromkeys((*close, *within))][:5]
    return PeerChoice(clean(asked), tuple(found), tuple(similar))
