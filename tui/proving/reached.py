"""Who can be reached now and could not before: kinds of peer, and the tailnet's devices. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from probes.diagnosis.model import Diagnosis, NatClass, Result
from probes.readings.tailscale import Peer, PeerPath
from probes.values import dataclass

KINDS = (NatClass.NONE, NatClass.EASY, NatClass.HARD)
_RANKS = {Result.RELAYED: 0, Result.POSSIBLE: 1, Result.DIRECT: 2}
"""What is unknown is neither better nor worse than anything."""
_CARRIED = (PeerPath.DERP, PeerPath.PEER_RELAY, PeerPath.DIRECT)
"""Paths that something goes over: an idle device tells nothing of its own."""


@dataclass(frozen=True, slots=True)
class Kinds:
    """How the outlook differs, by kinds of peer."""

    direct: tuple[NatClass, ...]
    """Direct now, and not before."""
    perhaps: tuple[NatClass, ...]
    """May be direct now, and was relayed before."""
    lost: tuple[NatClass, ...]
    """It is less to be expected than before."""


def kinds(before: Diagnosis, after: Diagnosis) -> Kinds:
    """What became of each kind of peer. What came to be direct counts also where nothing was known
    of it before."""
    direct: list[NatClass] = []
    perhaps: list[NatClass] = []
    lost: list[NatClass] = []
    for kind in KINDS:
        old: Result = getattr(before.outlook, kind).result
        new: Result = getattr(after.outlook, kind).result
        if new is old or new is Result.UNKNOWN:
            continue
        if new is Result.DIRECT:
            direct.append(kind)
        elif old is not Result.UNKNOWN:
            (perhaps if _RANKS[new] > _RANKS[old] else lost).append(kind)
    return Kinds(tuple(direct), tuple(perhaps), tuple(lost))


def relayed(peers: Iterable[Peer]) -> bool:
    """Somebody's packets go through a relay."""
    return any(each.path in (PeerPath.DERP, PeerPath.PEER_RELAY) for each in peers)


@dataclass(frozen=True, slots=True)
class Turned:
    """A device with another path than before."""

    before: Peer
    after: Peer

    @property
    def direct(self) -> bool:
        """It is direct now."""
        return self.after.path is PeerPath.DIRECT

    @property
    def lost(self) -> bool:
        """It was direct before."""
        return self.before.path is PeerPath.DIRECT


def turned(before: Iterable[Peer], after: Iterable[Peer]) -> tuple[Turned, ...]:
    """The devices with another path than before, those that are direct now first."""
    old = {each.key: each for each in before if each.path in _CARRIED}
    found = [
        Turned(was, now)
        for now in after
        if now.path in _CARRIED and (was := old.get(now.key)) is not None
        if was.path is not now.path
    ]
    return tuple(sorted(found, key=lambda each: (not each.direct, each.after.name.casefold())))
