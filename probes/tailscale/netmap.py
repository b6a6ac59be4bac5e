"""What the control server tells this device of a peer (`tailscale debug netmap`, types/netmap).

It takes an administrator's rights, or the operator's, so it is often not to be had. It is no
measurement: a peer's endpoints may be minutes old, and its netcheck is passed on by some control
servers only.
"""

from __future__ import annotations

from typing import Any

from probes.clean import clean
from probes.readings.tailscale import Peer, PeerTold
from probes.tailscale.loose import Loose, Unreadable, json_object

MOST_BYTES = 64_000_000
MOST_ENDPOINTS = 64
"""A device with many interfaces has a dozen or two."""


def parse_peer_told(text: str | bytes, peer: Peer) -> PeerTold:
    """What is said of this peer. Raises Unreadable where nothing is."""
    notes: dict[str, None] = {}
    top = Loose(json_object(text, "The output of tailscale debug netmap", MOST_BYTES), notes)
    for value in top.items("Peers"):
        if isinstance(value, dict) and _is(value, peer):
            return _told(Loose(value, notes), peer.name)
    raise Unreadable("tailscale debug netmap does not list the peer.")


def _is(value: dict[str, Any], peer: Peer) -> bool:
    name = value.get("Name")
    if isinstance(name, str) and peer.dns_name:
        return clean(name).rstrip(".").casefold() == peer.dns_name.casefold()
    addresses = value.get("Addresses")
    own = {str(each) for each in peer.addresses}
    found = addresses if isinstance(addresses, list) else ()
    return any(isinstance(each, str) and each.partition("/")[0] in own for each in found)


def _told(node: Loose, name: str) -> PeerTold:
    endpoints = (node.endpoint(each, "Endpoints") for each in node.texts("Endpoints"))
    known = tuple(each for each in endpoints if each is not None)[:MOST_ENDPOINTS]
    said = Loose(Loose(node.mapping("Hostinfo"), node.notes).mapping("NetInfo"), node.notes)
    return PeerTold(
        name,
        known,
        said.flag("MappingVariesByDestIP"),
        said.flag("WorkingUDP"),
        said.flag("HavePortMap"),
    )
