"""Pings of a device, and the watch on all the paths: they go on until Enter."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from probes.readings.tailscale import PEERS, Peer, PeerPath
from probes.tailscale.history import History, Moment, added
from probes.tailscale.ping import Pinged, PingResult
from tui import content
from tui.interrupt import run_interruptibly
from tui.peers import ordered, path_words, peers_of
from tui.proving.proof import AFTERWARDS_S
from tui.proving.reached import relayed
from tui.proving.telling import moment_words, ping_words, pings_words, quiet_words
from tui.sources import Followable, closing
from tui.walking.talk import Choice, Left, leaves
from tui.walking.walk import BACK, QUIT, Walk, moves

MOST_PEERS = 30
"""Devices that are told in one breath."""


def ping(walk: Walk) -> None:
    """Ping a device until it answers directly, or Enter. Raises Left."""
    talk, source = walk.talk, walk.source
    peer = _which(walk)
    if peer is None or not isinstance(source, Followable) or not peer.addresses:
        return
    talk.tell(content.proof("ping"), "Press Enter to stop.")

    heard = [PingResult.WAITING]

    async def listen() -> None:
        async with closing(source.pings(peer.addresses[0])) as stream:
            async for each in stream:
                heard.append(each.result)
                talk.tell(_pong(walk, each))

    _until_enter(walk, listen)
    talk.tell(pings_words(heard[-1], pinging=False))


def _which(walk: Walk) -> Peer | None:
    """The device at the other end: the chosen one, else asked for."""
    peers = walk.measurement.peers
    chosen = walk.measurement.chosen
    shown = [peer for _, peer in ordered(peers)][:MOST_PEERS]
    if chosen is not None:
        shown = [chosen, *(peer for peer in shown if peer is not chosen)]
    choices = [
        Choice("", f"{peer.name}: {path_words(peer)}", str(index))
        for index, peer in enumerate(shown)
    ]
    answer = walk.ask("Which device?", (*choices, *moves(BACK, QUIT)))
    if answer == BACK:
        return None
    return _unmasked(walk, shown[int(answer)])


def _unmasked(walk: Walk, peer: Peer) -> Peer:
    """As Tailscale knows it: a masked address cannot be pinged."""
    if walk.masker is None:
        return peer
    real = walk.raw.value(PEERS) or ()
    masked = walk.measurement.report.value(PEERS) or ()
    return next(
        (one for one, other in zip(real, masked, strict=False) if other.key == peer.key), peer
    )


def _pong(walk: Walk, each: Pinged) -> str:
    text = ", ".join(filter(None, ping_words(each.line)))
    masked = text if walk.masker is None else walk.masker.text(text)
    return f"{each.at_ms / 1000:.1f} s: {masked}"


def look_after(walk: Walk) -> None:
    """Look at the paths for some seconds after a change, while any of them is not direct. Raises
    Left.

    Tailscale finds the paths that come of a change a moment after it.
    """
    listed, source = walk.measurement.peers, walk.source
    if walk.practice or not isinstance(source, Followable) or not relayed(listed):
        return
    walk.talk.tell(content.proof("paths follow"), "Press Enter to go on at once.")
    seen: dict[str, Peer] = {}

    async def look_on() -> None:
        async with closing(source.looks(walk.settings.options)) as stream:
            async for look in stream:
                seen.update((peer.key, peer) for peer in look.peers)
                if look.at_s >= AFTERWARDS_S or not relayed(look.peers):
                    return

    _until_enter(walk, look_on)
    pairs = zip(listed, peers_of(walk.raw), strict=False)
    found = tuple(_with_path(walk, each, seen.get(raw.key, raw)) for each, raw in pairs)
    walk.later = walk.measurement, found


def _with_path(walk: Walk, shown: Peer, seen: Peer) -> Peer:
    """A peer that may be masked, with the path that was seen."""
    if shown.path is seen.path:
        return shown
    bare = walk.masker is None or seen.path is PeerPath.DERP
    via = seen.via if bare or walk.masker is None else walk.masker.text(seen.via)
    return replace(shown, path=seen.path, via=via)


def watch(walk: Walk) -> None:
    """Tell what changes on the paths, until Enter. Raises Left."""
    talk, source = walk.talk, walk.source
    if not isinstance(source, Followable):
        return
    talk.tell(
        "It looks at the paths every few seconds, and tells what changes. Nothing is sent to "
        "public servers. Press Enter to stop."
    )

    history = History()

    async def look_on() -> None:
        nonlocal history
        async with closing(source.looks(walk.settings.options)) as stream:
            async for look in stream:
                history = added(history, look)
                names = {peer.key: peer.name for peer in look.peers}
                for moment in history.moments:
                    if moment.at_s == look.at_s:
                        talk.tell(_moment(walk, moment, names))

    _until_enter(walk, look_on)
    if history.look is not None and not history.moments:
        talk.tell(quiet_words(history.look.at_s))


def _moment(walk: Walk, moment: Moment, names: Mapping[str, str]) -> str:
    if moment.flips:
        walk.talk.ring()
    text = moment_words(moment, names)
    return f"{moment.clock[11:19]} {text if walk.masker is None else walk.masker.text(text)}"


def _until_enter(walk: Walk, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run it to its end, or until the person presses Enter. Raises Left and KeyboardInterrupt."""
    heard: list[str] = []

    def hear(task: asyncio.Task[None]) -> None:
        heard.append(walk.talk.read())  # Enter, and whatever was typed before it
        task.cancel()

    async def run() -> bool:
        task, ear = asyncio.create_task(work()), walk.talk.ear
        loop = asyncio.get_running_loop()
        if ear is not None:
            with suppress(NotImplementedError, OSError):  # Windows; what is no terminal
                loop.add_reader(ear, hear, task)
        try:
            await task
            return True
        except asyncio.CancelledError:
            return False
        finally:
            task.cancel()
            if ear is not None:
                with suppress(NotImplementedError, OSError):
                    loop.remove_reader(ear)

    run_interruptibly(run, asyncio.run)
    if any(leaves(line.strip()) for line in heard):
        raise Left
