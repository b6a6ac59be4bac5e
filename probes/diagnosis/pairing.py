"""The pair rule: what two sides' packets do, for one IP version, both sides fully known.

Both sides tell each other their endpoints through a relay, then both send, again and again, each
from one socket, as Tailscale does. A side can be aimed at if it has an endpoint to tell that stays
what it is. It lets a packet in by its strictest filter. A pair is direct if one admits the other.

The rule agrees with the grids of two other projects' tests and with what real tailscaled did in 78
pairs of sites; where it did not, the measured behaviour is part of the rule below.
"""

from __future__ import annotations

from enum import StrEnum

from probes.diagnosis.model import Mechanism
from probes.model import Filtering
from probes.values import dataclass

_LETS_STRANGERS_IN = (Filtering.ENDPOINT_INDEPENDENT, Filtering.ADDRESS_DEPENDENT)


@dataclass(frozen=True, slots=True)
class Leg:
    """One side over one IP version, with nothing left open."""

    udp: bool = True
    """UDP gets out and back."""
    stable: bool = True
    """There is an endpoint that a peer can be told and aim at."""
    source: bool = True
    """Packets to the peer leave from that same endpoint."""
    filtering: Filtering = Filtering.ADDRESS_AND_PORT_DEPENDENT
    """The strictest filter between the internet and the socket, at that endpoint."""
    host_filtered: bool = False
    """The filter is this strict only because of the host's own firewall."""
    takes_strangers: bool = False
    """The router accepts unsolicited packets for itself, and its table then steals the port."""

    @property
    def lets_strangers_in(self) -> bool:
        """A packet from a port never sent to comes in (an address-dependent filter is opened by
        our own packet to the peer's address)."""
        return self.filtering in _LETS_STRANGERS_IN


class Outcome(StrEnum):
    """What the packets do."""

    DIRECT = "direct"
    WHO_STARTS = "who-starts"
    """Direct if one of the two starts, relayed if the other does; and it sticks."""
    RELAYED = "relayed"


def _admits(sender: Leg, receiver: Leg) -> bool:
    """Whether `sender`'s packets get in at `receiver`, who keeps on sending to what it was told."""
    return receiver.stable and (receiver.lets_strangers_in or sender.source)


def pair(ours: Leg, theirs: Leg) -> tuple[Outcome, Mechanism]:
    """What the two sides' packets do, and how."""
    if not (ours.udp and theirs.udp):
        return Outcome.RELAYED, Mechanism.NO_UDP
    we_get_in, they_get_in = _admits(ours, theirs), _admits(theirs, ours)
    if not we_get_in and not they_get_in:
        return Outcome.RELAYED, Mechanism.MOVING_PORT
    outcome = _collisions(ours, theirs)
    if outcome is not Outcome.DIRECT:
        return outcome, Mechanism.PORT_STOLEN
    if _unsettled(ours, theirs) or _unsettled(theirs, ours):
        return Outcome.WHO_STARTS, Mechanism.WHO_STARTS
    return Outcome.DIRECT, _mechanism(ours, theirs, we_get_in=we_get_in, they_get_in=they_get_in)


def _mechanism(ours: Leg, theirs: Leg, *, we_get_in: bool, they_get_in: bool) -> Mechanism:
    if they_get_in and ours.filtering is Filtering.ENDPOINT_INDEPENDENT:
        return Mechanism.PEER_REACHES_US
    if we_get_in and theirs.filtering is Filtering.ENDPOINT_INDEPENDENT:
        return Mechanism.WE_REACH_PEER
    return Mechanism.HOLE_PUNCHED


def _collisions(ours: Leg, theirs: Leg) -> Outcome:
    """A router that takes strangers' packets for itself, against a peer that filters by port.

    The early packet of a peer that starts makes the router give our own flow another port, which
    the peer's filter drops; every retry renews the entry. If our side starts, ours is there first.
    Two such routers spoil each other's start. A peer that lets strangers in does not care.
    """
    affected = [
        side.takes_strangers and side.source and not other.lets_strangers_in and other.source
        for side, other in ((ours, theirs), (theirs, ours))
    ]
    if all(affected):
        return Outcome.RELAYED
    return Outcome.WHO_STARTS if any(affected) else Outcome.DIRECT


def _unsettled(mapped: Leg, peer: Leg) -> bool:
    """A port mapping before a host firewall, behind a NAT whose own packets leave elsewhere.

    If the mapped side starts, its flow holds the peer's endpoint under another port; the peer's
    packet to the mapping is then rewritten and the host's firewall has no state for it. If the
    peer starts, the mapping's entry is first and all is well.
    """
    return (
        mapped.stable
        and not mapped.source
        and mapped.host_filtered
        and not mapped.lets_strangers_in
        and peer.source
        and not peer.lets_strangers_in
    )
