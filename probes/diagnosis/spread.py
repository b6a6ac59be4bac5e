"""How the active peers are reached, taken together: the cheapest witness there is.

Tailscale says it before any packet is sent. If every active peer is relayed, the obstacle is likely
on this side; if some are direct, this side can be reached, and a relayed peer's own side is likely
it. Idle peers say nothing, and a path through the local network says nothing about the internet.
"""

from __future__ import annotations

from probes.addresses import may_be_public
from probes.readings import tailscale
from probes.readings.tailscale import Peer, PeerPath
from probes.report import Report
from probes.tailscale.loose import endpoint_of
from probes.values import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """The active peers, counted."""

    direct: int = 0
    """Over the internet."""
    local: int = 0
    """Direct at a private address: in the same network, or through a tunnel."""
    relayed: int = 0
    """Over DERP or a peer relay."""

    @property
    def this_side(self) -> bool:
        """Enough peers are relayed, and none is direct: the obstacle is likely on this side."""
        return self.relayed >= ENOUGH and not self.direct

    @property
    def reachable(self) -> bool:
        """Some peer is direct over the internet: this side can be reached."""
        return self.direct > 0


ENOUGH = 2
"""One relayed peer may be that peer's own fault."""


def spread_of(report: Report, *, without: str = "") -> Spread:
    """The spread over the peers, but for one."""
    peers = [each for each in report.value(tailscale.PEERS) or () if each.name != without]
    direct = [each for each in peers if each.path is PeerPath.DIRECT]
    outside = sum(_over_internet(each) for each in direct)
    relayed = sum(each.path in (PeerPath.DERP, PeerPath.PEER_RELAY) for each in peers)
    return Spread(outside, len(direct) - outside, relayed)


def _over_internet(peer: Peer) -> bool:
    try:
        return may_be_public(endpoint_of(peer.via).address)
    except ValueError:
        return False
