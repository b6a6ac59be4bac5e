"""Pings and looks that go on while the person is on another step. One of each at a time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from textual.worker import Worker

from probes.readings.tailscale import Peer, PeerPath
from probes.tailscale.history import History, Moment, added
from probes.tailscale.ping import Pinged, PingPath, PingResult, Pong
from tui import content
from tui.proving.proof import AFTERWARDS_S
from tui.sources import Followable, Source, closing

if TYPE_CHECKING:
    from probes.options import Options
    from tui.app import WhyrelayApp

MOST_PINGS = 300
"""Five minutes of them; what is older is forgotten."""
Peers: TypeAlias = tuple[Peer, ...]
Paths: TypeAlias = dict[tuple[str, str], tuple[PeerPath, str]]
_PATHS = {
    PingPath.DIRECT: PeerPath.DIRECT,
    PingPath.PEER_RELAY: PeerPath.PEER_RELAY,
    PingPath.DERP: PeerPath.DERP,
}
"""What a pong tells of the peer's path."""


class Following:
    """What is heard of the peers of one source."""

    def __init__(self, app: WhyrelayApp) -> None:
        self._app = app
        self.peer: Peer | None = None
        """Whom the pings are for."""
        self.pings: tuple[Pinged, ...] = ()
        self.whom = ("", "")
        """The same: the title of its network, and its key."""
        self.history = History()
        self.title = ""
        """Of the source that is watched."""
        self._began_s = 0.0
        """When the watch began, by the app's clock."""
        self._paths: Paths = {}
        """What was seen of a peer's path since it was measured: by title and key."""
        self._all_seen: tuple[Peers, Paths, Peers] | None = None
        """What `all_seen` made last, and of what."""
        self._ping: Worker[None] | None = None
        self._watch: Worker[None] | None = None
        self._after: Worker[None] | None = None

    @property
    def pinging(self) -> bool:
        """Pings are under way."""
        return _goes_on(self._ping)

    @property
    def watching(self) -> bool:
        """Looks are under way."""
        return _goes_on(self._watch)

    @property
    def looking_after(self) -> bool:
        """The paths are looked at for what comes of a change."""
        return _goes_on(self._after)

    @property
    def result(self) -> PingResult:
        """What the pings show so far."""
        return self.pings[-1].result if self.pings else PingResult.WAITING

    # --- paths ------------------------------------------------------------------------------------

    def seen(self, title: str, peer: Peer) -> Peer:
        """The peer with its path as it was seen last: measured, looked at or pinged."""
        found = self._paths.get((title, peer.key))
        if found is None or found == (peer.path, peer.via):
            return peer
        return replace(peer, path=found[0], via=found[1])

    def all_seen(self, title: str, listed: Peers, real: Peers) -> Peers:
        """A run's peers, each with its path as it was seen last: the same tuple again where nothing
        is newer. `listed` may wear a mask, `real` does not.
        """
        if not any(of == title for of, _ in self._paths):
            return listed
        asked = (listed, dict(self._paths))
        if (
            self._all_seen is None
            or self._all_seen[0] is not listed
            or self._all_seen[1] != asked[1]
        ):
            pairs = zip(listed, real, strict=False)
            found = tuple(self._with_path(each, self.seen(title, raw)) for each, raw in pairs)
            same = all(one is other for one, other in zip(listed, found, strict=False))
            self._all_seen = (*asked, listed if same else found)
        return self._all_seen[2]

    def _with_path(self, shown: Peer, seen: Peer) -> Peer:
        """A peer that may be masked, with the path that was seen."""
        if shown.path is seen.path:
            return shown
        masker = self._app.conductor.masker()
        via = seen.via if masker is None or seen.path is PeerPath.DERP else masker.text(seen.via)
        return replace(shown, path=seen.path, via=via)

    def measured(self, title: str) -> None:
        """The paths were read anew: what was seen before is old."""
        self._paths = {each: path for each, path in self._paths.items() if each[0] != title}

    def go_on(self, source: Source, options: Options) -> None:
        """The network that is followed has become another one: what goes on, goes on there."""
        if self._after is not None:
            self._after.cancel()  # it looks at the one before
        if self.pinging and self.peer is not None:
            self.ping(source, self.peer)
        if self.watching and self.title == source.title:
            self._look(source, options)

    # --- pings ------------------------------------------------------------------------------------

    def ping(self, source: Source, peer: Peer) -> None:
        """Ping a peer, in place of whoever is pinged now."""
        self.peer, self.pings, self.whom = peer, (), (source.title, peer.key)
        if isinstance(source, Followable) and peer.addresses:
            self._ping = self._app.run_worker(
                self._pings(source, source.title, peer),
                group="ping",
                exclusive=True,
                exit_on_error=False,
            )
        self._tell()

    def stop_ping(self) -> None:
        """No more of them; what was heard stays."""
        if self._ping is not None:
            self._ping.cancel()
        self._tell()

    async def _pings(self, source: Followable, title: str, peer: Peer) -> None:
        was_direct = False
        async with closing(source.pings(peer.addresses[0])) as stream:
            async for each in stream:
                self.pings = (*self.pings, each)[-MOST_PINGS:]
                if isinstance(each.line, Pong) and each.line.path in _PATHS:
                    path = _PATHS[each.line.path], each.line.via
                    self._paths[title, peer.key] = path
                if each.result is PingResult.DIRECT and not was_direct:
                    was_direct = True
                    self._flip(f"{peer.name}: {content.label(PeerPath.DIRECT)}.")
                self._tell()
        self._app.call_later(self._tell)  # that it is over shows once it is

    # --- looks ------------------------------------------------------------------------------------

    def watch(self, source: Source, options: Options) -> None:
        """Look at the paths from now on; what was seen before is forgotten."""
        self.history, self.title, self._began_s = History(), source.title, _now_s()
        self._look(source, options)

    def _look(self, source: Source, options: Options) -> None:
        if isinstance(source, Followable):
            self._watch = self._app.run_worker(
                self._looks(source, options), group="watch", exclusive=True, exit_on_error=False
            )
        self._tell()

    def stop_watch(self) -> None:
        """No more looks; what was seen stays."""
        if self._watch is not None:
            self._watch.cancel()
        self._tell()

    async def _looks(self, source: Followable, options: Options) -> None:
        earlier_s = _now_s() - self._began_s if self.history.looks else 0.0
        async with closing(source.looks(options)) as stream:
            async for each in stream:
                look = replace(each, at_s=each.at_s + earlier_s) if earlier_s else each
                self.history = added(self.history, look)
                for peer in look.peers:
                    # As the watch tells it: a missed heartbeat is no other path yet.
                    held = self.history.path(peer.key)
                    path = (peer.path, peer.via) if held is None else (held.path, held.via)
                    self._paths[self.title, peer.key] = path
                for moment in self.history.moments:
                    if moment.at_s == look.at_s and moment.flips:
                        self._flip(f"{self.name_of(moment)}: {_path(moment.before, moment.after)}.")
                self._tell()

    def look_after(self, source: Source, options: Options) -> None:
        """Look at the paths for a few seconds, unless they are watched anyway: a new test reads
        them before Tailscale had the time to find better ones.
        """
        if isinstance(source, Followable) and not (self.watching and self.title == source.title):
            self._after = self._app.run_worker(
                self._looks_after(source, source.title, options),
                group="look",
                exclusive=True,
                exit_on_error=False,
            )

    async def _looks_after(self, source: Followable, title: str, options: Options) -> None:
        async with closing(source.looks(options)) as stream:
            async for look in stream:
                for peer in look.peers:
                    self._paths[title, peer.key] = peer.path, peer.via
                self._tell()
                if look.at_s >= AFTERWARDS_S:
                    break
        self._app.call_later(self._tell)  # that it is over shows once it is

    def name_of(self, moment: Moment) -> str:
        """What the peer of a moment is called; "" where it is about none."""
        look = self.history.look
        peers = look.peers if look is not None else ()
        return next((each.name for each in peers if each.key == moment.peer), moment.peer)

    # --- telling ----------------------------------------------------------------------------------

    def _flip(self, words: str) -> None:
        masker = self._app.conductor.masker()
        self._app.bell()
        self._app.say(words if masker is None else masker.text(words))

    def _tell(self) -> None:
        self._app.followed += 1


def _goes_on(worker: Worker[None] | None) -> bool:
    """It is at work; what was told to stop does so a moment later, and counts as stopped."""
    return worker is not None and not (worker.is_finished or worker.is_cancelled)


def _now_s() -> float:
    return asyncio.get_running_loop().time()


def _path(before: str, after: str) -> str:
    return " → ".join(content.label(PeerPath(each)) for each in (before, after))
