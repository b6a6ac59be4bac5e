"""What the pane of Prove shows beside its list: one page for each kind of row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from textual.content import Content

from probes.diagnosis.model import Headline
from probes.diagnosis.what_if import Whose
from probes.model import CheckId
from probes.readings.tailscale import Backend, Peer, PeerPath
from probes.tailscale.history import History, Moment, WatchChange, key_of
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
from tui.explain import explain_cause, headline
from tui.explain.words import number
from tui.peers import path_words, tone_of
from tui.proving.compare import CauseFate, CauseLine, Comparison, Line, Outcome, Value
from tui.proving.next_move import Move
from tui.proving.telling import moment_words, ping_words
from tui.theme import LOOKS
from tui.widgets.bars import bar
from tui.widgets.page import Block, data, gap, heading, pairs, prose, table, title
from tui.widgets.text import fit, glyph, join, say, toned, wrapped

OUTCOMES = {
    Outcome.CURED: Tone.GOOD,
    Outcome.BETTER: Tone.GOOD,
    Outcome.SAME: Tone.NOTE,
    Outcome.WORSE: Tone.BAD,
    Outcome.ELSEWHERE: Tone.UNKNOWN,
    Outcome.UNKNOWN: Tone.UNKNOWN,
}
FATES = {
    CauseFate.GONE: Tone.GOOD,
    CauseFate.LIGHTER: Tone.GOOD,
    CauseFate.STILL: Tone.NOTE,
    CauseFate.HEAVIER: Tone.BAD,
    CauseFate.NEW: Tone.BAD,
}
Mask = Callable[[str], str]


def words(section: str) -> str:
    """One section of this step's own page."""
    return content.page("proof").sections[section]


@dataclass(frozen=True, slots=True)
class Wait:
    """Waiting before a test."""

    left_s: float
    whole_s: float
    practice: bool


def waiting(wait: Wait) -> list[Block]:
    """How long it still takes, and that nobody has to wait."""

    def lay(width: int) -> list[Content]:
        share = 1.0 - wait.left_s / wait.whole_s
        return [join(bar(share, min(width - 10, 40)), say(f" {wait.left_s:4.0f} s", "$quiet"))]

    return [lay, gap, prose(words("waiting here" if wait.practice else "waiting")), gap]


# --- the result -----------------------------------------------------------------------------------


def result(found: Comparison, done: str, move: Move | None, *, tried: bool) -> list[Block]:
    """What testing again shows, and where to go from here. `done`: what was changed."""
    tone = OUTCOMES[found.outcome]
    verdict = found.lines[0]
    turned = join(_value(verdict.before), say("  ━━▶  ", "$quiet"), _value(verdict.after))
    blocks: list[Block] = [title(_capital(content.label(found.outcome)), tone), gap]
    blocks += [lambda width: wrapped(turned, width), gap]
    if done:
        blocks += [pairs([("Changed", say(done))]), gap]
    blocks += [prose(words(_section(found))), gap]
    if found.other_address:
        blocks += [prose(words("other address"), "$quiet"), gap]
    if found.outcome not in (Outcome.CURED, Outcome.ELSEWHERE):
        blocks += _next(found, move, tried=tried)
    for name, side in (("Before", found.before), ("Now", found.after)):
        blocks += [heading(name), data(headline(side.diagnosis, side.report)), gap]
    changed = [line for line in found.lines[1:] if line.changed]
    if changed:
        rows = [(line.name, _change(line)) for line in changed]
        blocks += [heading("What is different"), pairs(rows), gap]
    causes = [each for each in found.causes if each.fate is not CauseFate.STILL]
    if causes:
        blocks += [heading("Causes"), *(_cause_line(each, found) for each in causes), gap]
    if found.kept:
        blocks += [prose(words("kept"), "$quiet"), data(_kept(found.kept), "$quiet")]
    return blocks


def _next(found: Comparison, move: Move | None, *, tried: bool) -> list[Block]:
    blocks: list[Block] = [heading(plain(words("next")))]
    if found.after.diagnosis.headline is Headline.DEPENDS_MAPPING and not tried:
        return [*blocks, prose(words("try a port")), gap]
    if move is None:
        left = [] if found.outcome is Outcome.BETTER else [*blocks, prose(words("nothing left"))]
        return [*left, gap] if left else []
    cause = explain_cause(move.cause, found.after.report)
    step = say(_capital(content.label(move.way.remedy.id)), "$strong bold")
    there = move.way.whose is Whose.OTHER
    where = f"{cause.title}, {plain(words('other side'))}" if there else cause.title
    return [*blocks, lambda width: wrapped(step, width), data(where, "$quiet"), gap]


def _section(found: Comparison) -> str:
    """Which words fit the outcome."""
    different = any(line.changed for line in found.lines)
    moved = any(each.fate is not CauseFate.STILL for each in found.causes)
    if found.outcome is Outcome.SAME and (different or moved):
        return "same but"
    return str(found.outcome)


def _change(line: Line) -> Content:
    return join(_value(line.before), say(" → ", "$quiet"), _value(line.after))


def _value(value: Value) -> Content:
    if value.tone is Tone.WAITING:
        return say(value.text)
    return toned(value.tone, value.text)


def _kept(ages: dict[CheckId, float]) -> str:
    return ", ".join(
        f"{content.check(check).title} ({age(ms)})" for check, ms in sorted(ages.items())
    )


def age(milliseconds: float) -> str:
    """How old, in the largest unit that fits."""
    seconds = milliseconds / 1000.0
    for size, one in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            return f"{number(int(seconds // size), one)} old"
    return f"{number(max(int(seconds), 1), 'second')} old"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


# --- fields and causes ----------------------------------------------------------------------------


def field(line: Line) -> list[Block]:
    """One field, before and after."""
    return [
        title(line.name, None),
        gap,
        heading("Before"),
        lambda width: wrapped(_value(line.before), width),
        gap,
        heading("Now"),
        lambda width: wrapped(_value(line.after), width),
        gap,
        prose("Nothing changed here." if not line.changed else "", "$quiet"),
    ]


def cause(each: CauseLine, found: Comparison) -> list[Block]:
    """A cause, and what became of it."""
    gone = each.fate is CauseFate.GONE
    text = explain_cause(each.cause, (found.before if gone else found.after).report)
    blocks: list[Block] = [
        title(text.title, FATES[each.fate]),
        gap,
        pairs([("Now", toned(FATES[each.fate], content.label(each.fate)))]),
        gap,
        prose(text.sentence),
    ]
    if not gone:
        blocks += [gap, heading("First"), prose(text.first)]
    return [*blocks, gap, heading("How it shows"), prose(text.worked)]


def _cause_line(each: CauseLine, found: Comparison) -> Block:
    report = (found.before if each.fate is CauseFate.GONE else found.after).report
    tone = FATES[each.fate]
    name = explain_cause(each.cause, report).title
    line = join(say(name), "  ", say(content.label(each.fate), LOOKS[tone].style))
    return lambda width: wrapped(line, width, 2, join(glyph(tone), " "))


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
        return [*blocks, prose(words("no pings"), "$quiet")]
    if not pings and not pinging:
        return [*blocks, prose(words("ping"), "$quiet")]
    return [*blocks, *_pings(pings, mask)]


def _pings(pings: tuple[Pinged, ...], mask: Mask) -> list[Block]:
    state = pings[-1].result if pings else PingResult.WAITING
    blocks: list[Block] = [title(plain(words(f"ping {state}")), _RESULTS[state])]
    last = pings[-1].line if pings else None
    if isinstance(last, Refusal) and last.detail:
        blocks.append(data(mask(last.detail), "$quiet"))
    if state is PingResult.WAITING:
        passed = pings[-1].at_ms / 1000.0 if pings else 0.0

        def patience(width: int) -> list[Content]:
            left = max(PATIENCE_S - passed, 0.0)
            track = bar(passed / PATIENCE_S, min(width - 10, 40))
            return [join(track, say(f" {left:4.0f} s", "$quiet"))]

        blocks.append(patience)
    marks = join(*(say(_MARKS[_tone(each.line)], LOOKS[_tone(each.line)].style) for each in pings))
    rows = [_ping_row(each, mask) for each in pings[-_SHOWN_PINGS:]]
    return [*blocks, gap, lambda width: wrapped(marks, width), gap, table(rows)]


def _tone(line: PingLine) -> Tone:
    return _PATHS[line.path] if isinstance(line, Pong) else Tone.UNKNOWN


def _ping_row(each: Pinged, mask: Mask) -> list[Content]:
    line, at = each.line, say(f"{each.at_ms / 1000.0:5.1f} s", "$quiet")
    tone = _tone(line)
    how, via, took = ping_words(line)
    if isinstance(line, Refusal):
        return [at, toned(tone, mask(how))]
    return [at, toned(tone, how), say(mask(via)), say(took, "$quiet")]


# --- the watch ------------------------------------------------------------------------------------

_PATH_TONES = {
    PeerPath.DIRECT: Tone.GOOD,
    PeerPath.PEER_RELAY: Tone.NOTE,
    PeerPath.DERP: Tone.BAD,
}
_LONGEST_TRACK = 60
_MOST_TRACKS = 12
_SHOWN_MOMENTS = 60


def watch(history: History, *, of: str, watching: bool, able: bool, mask: Mask) -> list[Block]:
    """What the watch has seen: a line in time for each peer, and every change."""
    if not able:
        return [prose(words("no pings"), "$quiet")]
    about, look = prose(words("watch"), "$quiet"), history.look
    if look is None:
        return [about] if watching else [about, gap, prose(words("watch idle"))]
    where = [("Network", say(of))] if of else []
    seen = [("Watched", say(_span(look.at_s))), ("Looks", say(str(history.looks)))]
    blocks: list[Block] = [pairs([*where, *seen]), gap]
    if look.state is not Backend.RUNNING:
        state = content.label(look.state) if look.state is not None else mask(look.trouble)
        blocks += [title(state, Tone.UNKNOWN), gap]
    moving = [
        each
        for each in look.peers
        if any(span.path in _PATH_TONES for span in history.spans.get(key_of(each), ()))
    ]
    if moving:
        blocks += [
            heading("Paths in time"),
            partial(_tracks, history, moving[:_MOST_TRACKS], mask),
            gap,
        ]
    blocks.append(heading("What changed"))
    if not history.moments:
        return [*blocks, prose(words("watch quiet"), "$quiet"), gap, about]
    names = {key_of(each): each.name for each in look.peers}
    shown = reversed(history.moments[-_SHOWN_MOMENTS:])
    return [*blocks, *(_moment(each, names, mask) for each in shown), gap, about]


def _tracks(history: History, peers: Sequence[Peer], mask: Mask, width: int) -> list[Content]:
    """A line in time for each peer, left to right, as wide as there is room."""
    names = min(max(len(mask(each.name)) for each in peers), width // 3)
    state = max(len(content.label(each.path)) for each in peers) + 2
    room = min(max(width - names - state - 4, 8), _LONGEST_TRACK)
    return [
        fit(
            join(
                fit(say(mask(each.name)), names),
                "  ",
                _track(history, key_of(each), room),
                "  ",
                toned(tone_of(each), content.label(each.path)),
            ),
            width,
        )
        for each in peers
    ]


_MARKS_IN_TIME = {Tone.GOOD: "━", Tone.NOTE: "┄", Tone.BAD: "·"}


def _track(history: History, peer: str, room: int) -> Content:
    spans, look = history.spans[peer], history.look
    whole_s = max(look.at_s if look is not None else 0.0, 1.0)
    cells = []
    for cell in range(room):
        at_s = (cell + 0.5) / room * whole_s
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


def _span(seconds: float) -> str:
    minutes, left = divmod(int(seconds), 60)
    return f"{minutes} min {left} s" if minutes else f"{left} s"


def rows_of(lines: Iterable[Line]) -> tuple[list[Line], list[Line]]:
    """What is different, and what is as before."""
    held = list(lines)
    return [each for each in held if each.changed], [each for each in held if not each.changed]
