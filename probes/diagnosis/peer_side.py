"""The chosen peer's side, inferred from what it tells others. Nothing was measured there: hints.

Its endpoints say what a daemon's own endpoints say here (`tailscale.OWN_SOCKET`), so they are read
by the same rules. The control server of some tailnets passes on the peer's own netcheck as well.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any

from probes.diagnosis.model import Confidence, Filtering, Mapping, Nat, NatClass
from probes.diagnosis.reach import ANYTHING, HARD, MAPPED_HARD, Reach
from probes.diagnosis.sides import Place, Side, side_of
from probes.diagnosis.sureness import least
from probes.model import Known
from probes.readings import stun, tailscale
from probes.readings.key import Key
from probes.readings.tailscale import OwnSocket, PeerTold
from probes.report import ELSEWHERE, Report
from probes.tailscale.own_endpoints import kinds, own_port, socket_of

_UNKNOWN = Nat(NatClass.UNKNOWN, Mapping.UNKNOWN, Filtering.UNKNOWN, None, Confidence.CERTAIN, ())
NOBODY = Side(
    Reach(ANYTHING, settled=False), Reach(ANYTHING, settled=False), _UNKNOWN, _UNKNOWN, Place()
)
"""A side of which nothing is known."""


def side_told(told: PeerTold | None) -> Side:
    """The side that a peer's account of itself makes likely; `NOBODY` where there is none."""
    if told is None:
        return NOBODY
    side = side_of(_as_report(told))
    if side.nat4.nat_class is NatClass.UNKNOWN and _socket(told) is OwnSocket.TWO_PORTS:
        side = _two_ports(side)
    because = (tailscale.PEER_TOLD.id,)
    return replace(
        side,
        four=_hinted(side.four, because),
        six=_hinted(side.six, because),
        nat4=replace(
            side.nat4,
            confidence=least(side.nat4.confidence, Confidence.LIKELY),
            because=because if side.nat4.because else (),
            missing=(),
        ),
        place=replace(side.place, because=because),
        udp_seen=because if side.udp_seen else (),
    )


def _hinted(reach: Reach, because: tuple[str, ...]) -> Reach:
    """As it is, but no surer than a hint is."""
    sure = least(reach.confidence, Confidence.LIKELY)
    return replace(reach, confidence=sure, because=because if reach.because else (), missing=())


def _two_ports(side: Side) -> Side:
    """A hard NAT, which guesses its own port; or an easy one with a mapped port beside, seldom."""
    nat = Nat(NatClass.HARD, Mapping.VARIES, Filtering.UNKNOWN, None, Confidence.POSSIBLE, ("",))
    four = Reach((HARD,), MAPPED_HARD, confidence=Confidence.POSSIBLE, because=("",))
    return replace(side, four=four, nat4=nat)


def _socket(told: PeerTold) -> OwnSocket | None:
    port = own_port(told.endpoints, ())
    return socket_of(kinds(told.endpoints, (), port), (), port)


def _as_report(told: PeerTold) -> Report:
    """What the peer tells, as if its own daemon had told it there."""
    port = own_port(told.endpoints, ())
    said: tuple[tuple[Key[Any], object], ...] = (
        (tailscale.SELF_ENDPOINTS, kinds(told.endpoints, (), port) or None),
        (tailscale.PORT, port),
        (tailscale.OWN_SOCKET, _socket(told)),
        (stun.VARIES4, told.mapping_varies),
        (stun.UDP, told.udp or None),  # a no may be old, or a false one
    )
    readings = {key.id: Known(value, "the peer") for key, value in said if value is not None}
    return Report(network=ELSEWHERE, closed=True, readings=MappingProxyType(readings))
