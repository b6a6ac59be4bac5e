"""A timeline of the paths to peers, made of looks (`probes.tailscale.watch`). Pure.

A direct path that missed one heartbeat looks relayed until the next one (wgengine/magicsock trusts
a path for 6.5 s after an answer), so a path counts as lost only when a second look does not see it
either. A direct path that is seen is there: Tailscale shows it only while it is trusted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from enum import StrEnum
from types import MappingProxyType

from probes.addresses import may_be_public
from probes.model import Endpoint
from probes.model import Mapping as NatMapping
from probes.readings.tailscale import Backend, PeerPath
from probes.tailscale.watch import Look
from probes.values import dataclass

MOST_SPANS = 200
MOST_MOMENTS = 500
"""What is older is forgotten: a watch may run for days."""
BESIDE_S = 12.0
"""What changed within so many seconds before a flip may have to do with it: two looks."""


class WatchChange(StrEnum):
    """What was seen to change."""

    PATH = "path"
    """A peer's path."""
    STATE = "state"
    """What Tailscale is doing."""
    NETWORK = "network"
    """The device is on another network."""
    ENDPOINTS = "endpoints"
    """The public endpoints that Tailscale tells its peers."""
    PUBLIC = "public"
    """The public address, as the person's own servers see it."""
    MAPPING = "mapping"
    """Whether one socket shows one endpoint to all of them."""


@dataclass(frozen=True, slots=True)
class Span:
    """A path, from the moment on in which it was first seen."""

    path: PeerPath
    via: str
    at_s: float


@dataclass(frozen=True, slots=True)
class Moment:
    """One change."""

    at_s: float
    clock: str
    """RFC 3339, UTC."""
    what: WatchChange
    before: str
    after: str
    """Paths and states by their ids, endpoints as text; "" for none."""
    peer: str = ""
    """The peer's key, where it is about one."""
    via: str = ""
    beside: tuple[WatchChange, ...] = ()
    """What else changed at that moment, or just before."""

    @property
    def flips(self) -> bool:
        """A path became direct, or was direct until now."""
        direct = str(PeerPath.DIRECT)
        return self.what is WatchChange.PATH and direct in (self.before, self.after)


_NONE: Mapping[str, tuple[Span, ...]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class History:
    """Everything seen so far."""

    look: Look | None = None
    """The latest one."""
    looks: int = 0
    spans: Mapping[str, tuple[Span, ...]] = field(default_factory=lambda: _NONE)
    """By peer, in order."""
    doubted: frozenset[str] = frozenset()
    """Peers whose direct path the latest look did not see: the next one decides."""
    moments: tuple[Moment, ...] = ()
    public: tuple[str, ...] | None = None
    """Public addresses that the person's own servers saw last; None: never asked."""
    varies: bool | None = None
    """And whether they saw different endpoints of one socket."""

    def path(self, peer: str) -> Span | None:
        """The path that holds."""
        found = self.spans.get(peer)
        return found[-1] if found else None


def added(history: History, look: Look) -> History:
    """The history with one more look."""
    moments = [*_around(history.look, look), *_asked(history, look)]
    recent = [each for each in history.moments if each.at_s >= look.at_s - BESIDE_S]
    beside = tuple(
        dict.fromkeys(
            each.what
            for each in (*recent, *moments)
            if each.what not in (WatchChange.PATH, WatchChange.STATE)
        )
    )
    spans, doubted = dict(history.spans), set()
    for peer in look.peers:
        key, now = peer.key, Span(peer.path, peer.via, look.at_s)
        before = history.path(key)
        if before is None:
            spans[key] = (now,)
            continue
        if (before.path, before.via) == (now.path, now.via):
            continue
        missed = before.path is PeerPath.DIRECT and _may_be_a_missed_beat(now.path)
        if missed and key not in history.doubted:
            doubted.add(key)
            continue
        spans[key] = (*spans[key], now)[-MOST_SPANS:]
        if before.path is not now.path:
            moments.append(
                Moment(
                    look.at_s,
                    look.clock,
                    WatchChange.PATH,
                    str(before.path),
                    str(now.path),
                    key,
                    now.via,
                    beside,
                )
            )
    return History(
        look,
        history.looks + 1,
        MappingProxyType(spans),
        frozenset(doubted),
        (*history.moments, *moments)[-MOST_MOMENTS:],
        history.public if not look.public else _addresses(look),
        history.varies if look.public is None or len(look.public) < 2 else _varies(look),
    )


def _may_be_a_missed_beat(path: PeerPath) -> bool:
    return path in (PeerPath.DERP, PeerPath.PEER_RELAY, PeerPath.UNKNOWN)


def _around(before: Look | None, look: Look) -> Iterable[Moment]:
    """What changed beside the paths."""
    if before is None:
        return

    def moment(what: WatchChange, old: str, new: str) -> Moment:
        return Moment(look.at_s, look.clock, what, old, new)

    if before.state is not look.state and None not in (before.state, look.state):
        yield moment(WatchChange.STATE, str(before.state), str(look.state))
    if before.place.differs(look.place):
        yield moment(WatchChange.NETWORK, _place(before), _place(look))
    if before.state is look.state is Backend.RUNNING:
        old, new = _public(before.endpoints), _public(look.endpoints)
        if old != new:
            yield moment(WatchChange.ENDPOINTS, ", ".join(old), ", ".join(new))


def _asked(history: History, look: Look) -> Iterable[Moment]:
    """What the person's own servers saw otherwise than the last time."""
    if not look.public:
        return
    old, new = history.public, _addresses(look)
    if old is not None and old != new:
        yield Moment(look.at_s, look.clock, WatchChange.PUBLIC, ", ".join(old), ", ".join(new))
    before, after = history.varies, _varies(look)
    if len(look.public) > 1 and before is not None and before != after:
        yield Moment(look.at_s, look.clock, WatchChange.MAPPING, _mapping(before), _mapping(after))


def _mapping(varies: bool) -> str:
    return str(NatMapping.VARIES if varies else NatMapping.ENDPOINT_INDEPENDENT)


def _addresses(look: Look) -> tuple[str, ...]:
    return tuple(sorted({str(each.address) for each in look.public or ()}))


def _varies(look: Look) -> bool:
    return len(set(look.public or ())) > 1


def _place(look: Look) -> str:
    return look.place.interface or "?"


def _public(endpoints: tuple[Endpoint, ...]) -> list[str]:
    """Those that are not of this network alone, in order."""
    return sorted(str(each) for each in endpoints if may_be_public(each.address))
