"""What Prove shows of what goes on: the pings of a peer, and the watch on all their paths."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from textual.content import Content

from probes.readings.tailscale import Backend, Peer, PeerPath
from probes.tailscale.history import History, Moment, WatchChange
from probes.tailscale.ping import (
    PATIENCE_S,
    Pinged,
    PingLine,
    PingPath,
    PingResult,
    Pong,
    Refusal,
)
from tui import content
from tui.content import Tone, plain
from tui.peers import PATH_TONES, path_words, tone_of
from tui.proving.telling import moment_words, ping_words, pings_words, quiet_words, span_words
from tui.theme import LOOKS
from tui.widgets.bars import bar
from tui.widgets.page import Block, data, gap, heading, pairs, prose, table, title
from tui.widgets.text import fit, glyph, join, say, toned, wrapped

Mask = Callable[[str], str]


# --- pings ----------------------------------------------------------------------------------------

_PATHS = {
    PingPath.DIRECT: Tone.GOOD,
    PingPath.PEER_RELAY: Tone.NOTE,
    PingPath.DERP: Tone.BAD,
    PingPath.OTHER: Tone.UNKNOWN,
}
_RESULTS = {
    PingResult.WAITING: Tone.RUNNING,
    PingResult.DIRECT: Tone.GOOD,
    PingResult.PEER_RELAY: Tone.NOTE,
    PingResult.DERP: Tone.BAD,
    PingResult.NO_REPLY: Tone.BAD,
    PingResult.OWN_ADDRESS: Tone.UNKNOWN,
    PingResult.REFUSED: Tone.UNKNOWN,
}
_GO_ON = (PingResult.DERP, PingResult.PEER_RELAY, PingResult.NO_REPLY)
"""A finding that does not end the pings."""
_MARKS = {Tone.GOOD: "✓", Tone.NOTE: "!", Tone.BAD: "○", Tone.UNKNOWN: "?"}
_SHOWN_PINGS = 40


def peer(
    peer: Peer, pings: tuple[Pinged, ...], *, pinging: bool, able: bool, mask: Mask
) -> list[Block]:
    """A peer: its path now, and what the pings show."""
    blocks: list[Block] = [
        title(peer.name, None),
        gap,
        pairs([("Path", toned(tone_of(peer), path_words(peer)))]),
        gap,
    ]
    if not able:
        return [*blocks, prose(content.proof("no pings"), "$quiet")]
    if not pings and not pinging:
        return [*blocks, prose(content.proof("ping"), "$quiet")]
    return [*blocks, *_pings(pings, mask, pinging=pinging)]


def _pings(pings: tuple[Pinged, ...], mask: Mask, *, pinging: bool) -> list[Block]:
    state = pings[-1].result if pings else PingResult.WAITING
    early = state is PingResult.WAITING and not pinging
    tone = Tone.UNKNOWN if early else _RESULTS[state]
    blocks: list[Block] = [title(plain(pings_words(state, pinging=pinging)), tone)]
    if pinging and state in _GO_ON:
        blocks.append(prose(content.proof("ping goes on"), "$quiet"))
    last = pings[-1].line if pings else None
    if isinstance(last, Refusal) and last.detail:
        blocks.append(data(mask(last.detail), "$quiet"))
    if state is PingResult.WAITING and pinging:
        passed = pings[-1].at_ms / 1000.0 if pings else 0.0

        def patience(width: int) -> list[Content]:
            left = max(PATIENCE_S - passed, 0.0)
            track = bar(passed / PATIENCE_S, min(width - 10, 40))
            return [join(track, say(f" {left:4.0f} s", "$quiet"))]

        blocks.append(patience)
    marks = join(*(say(_MARKS[_tone(each.line)], LOOKS[_tone(each.line)].style) for each in pings))
    # The last one first, as in the watch: a small window shows the answer that counts.
    rows = [_ping_row(each, mask) for each in reversed(pings[-_SHOWN_PINGS:])]
    return [*blocks, gap, lambda width: wrapped(marks, width), gap, table(rows)]


def _tone(line: PingLine) -> Tone:
    return _PATHS[line.path] if isinstance(line, Pong) else Tone.UNKNOWN


def _ping_row(each: Pinged, mask: Mask) -> list[Content]:
    line, at = each.line, say(f"{each.at_ms / 1000.0:5.1f} s", "$quiet")
    tone = _tone(line)
    how, via, took = ping_words(line)
    if isinstance(line, Refusal):
        return [at, toned(tone, mask(how))]
    # The way comes last: where there is no room it is cut, and the heading has it in full.
    return [at, toned(tone, how), say(took, "$quiet"), say(mask(via))]


# --- the watch ------------------------------------------------------------------------------------

_DRAWN = (PeerPath.DIRECT, PeerPath.PEER_RELAY, PeerPath.DERP)
_PATH_TONES = {path: PATH_TONES[path] for path in _DRAWN}
_LONGEST_TRACK = 60
_MOST_TRACKS = 12
_SHOWN_MOMENTS = 60


def watch(history: History, *, of: str, watching: bool, able: bool, mask: Mask) -> list[Block]:
    """What the watch has seen: a line in time for each peer, and every change."""
    if not able:
        return [prose(content.proof("no pings"), "$quiet")]
    goes_on = f" {content.proof('watch goes on')}" if watching else ""
    about, look = prose(f"{content.proof('watch')}{goes_on}", "$quiet"), history.look
    if look is None:
        return [about] if watching else [about, gap, prose(content.proof("watch idle"))]
    if not watching:
        about = prose(content.proof("watch stopped"), "$quiet")
    where = [("Network", say(of))] if of else []
    seen = [("Watched", say(span_words(look.at_s))), ("Looks", say(str(history.looks)))]
    blocks: list[Block] = [pairs([*where, *seen]), gap]
    if look.state is not Backend.RUNNING:
        state = content.label(look.state) if look.state is not None else mask(look.trouble)
        blocks += [title(state, Tone.UNKNOWN), gap]
    moving = [
        each
        for each in look.peers
        if any(span.path in _PATH_TONES for span in history.spans.get(each.key, ()))
    ]
    if moving:
        blocks += [
            heading("Paths in time"),
            partial(_tracks, history, moving[:_MOST_TRACKS], mask),
            gap,
        ]
    blocks.append(heading("What changed"))
    if not history.moments:
        quiet = content.proof("watch quiet") if watching else quiet_words(look.at_s)
        return [*blocks, prose(quiet, "$quiet"), gap, about]
    names = {each.key: each.name for each in look.peers}
    shown = reversed(history.moments[-_SHOWN_MOMENTS:])
    return [*blocks, *(_moment(each, names, mask) for each in shown), gap, about]


def _tracks(history: History, peers: Sequence[Peer], mask: Mask, width: int) -> list[Content]:
    """A line in time for each peer, left to right, as wide as there is room."""
    names = min(max(len(mask(each.name)) for each in peers), width // 3)
    paths = {each.key: _held(history, each) for each in peers}
    state = max(len(content.label(each.path)) for each in paths.values()) + 2
    room = min(max(width - names - state - 4, 6), _LONGEST_TRACK)
    return [
        fit(
            join(
                fit(say(mask(each.name)), names),
                "  ",
                _track(history, each.key, room),
                "  ",
                toned(tone_of(paths[each.key]), content.label(paths[each.key].path)),
            ),
            width,
        )
        for each in peers
    ]


def _held(history: History, peer: Peer) -> Peer:
    """With the path that its line shows: one look that missed a heartbeat changes neither."""
    held = history.path(peer.key)
    return peer if held is None else replace(peer, path=held.path, via=held.via)


_MARKS_IN_TIME = {Tone.GOOD: "━", Tone.NOTE: "┄", Tone.BAD: "·"}


def _track(history: History, peer: str, room: int) -> Content:
    spans, look = history.spans[peer], history.look
    whole_s = max(look.at_s if look is not None else 0.0, 1.0)
    cells = []
    for cell in range(room):
        # The last one is now: a path that was seen to turn this moment shows there.
        at_s = (cell + 0.5) / room * whole_s if cell < room - 1 else whole_s
        path = next((each.path for each in reversed(spans) if each.at_s <= at_s), spans[0].path)
        tone = _PATH_TONES.get(path)
        mark, style = (" ", "") if tone is None else (_MARKS_IN_TIME[tone], LOOKS[tone].style)
        cells.append(say(mark, style))
    return join(*cells)


def _moment(each: Moment, names: dict[str, str], mask: Mask) -> Block:
    at, tone = each.clock[11:19], Tone.NOTE
    if each.what is WatchChange.PATH:
        tone = _PATH_TONES.get(PeerPath(each.after), Tone.WAITING)
    lead = join(say(f"{at} ", "$quiet"), glyph(tone), " ")
    line = say(mask(moment_words(each, names)), LOOKS[tone].style if each.flips else "")
    return lambda width: wrapped(line, width, lead.cell_length, lead)
