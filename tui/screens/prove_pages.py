"""What Prove shows of before and after: the result, one field, one cause, and the waiting."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from textual.content import Content

from probes.model import CheckId
from probes.values import dataclass
from tui import content
from tui.content import Tone, plain
from tui.explain import explain_cause
from tui.explain.words import number
from tui.fixing.ways import name_of
from tui.proving.compare import CauseFate, CauseLine, Comparison, Outcome
from tui.proving.fates import fate_words
from tui.proving.lines import Line, Value
from tui.proving.next_move import Move, instead_of_a_move
from tui.proving.telling import came_of_it, outcome_label
from tui.theme import LOOKS
from tui.widgets.bars import bar
from tui.widgets.page import Block, data, gap, heading, pairs, prose, title
from tui.widgets.text import glyph, join, say, toned, wrapped

OUTCOMES = {
    Outcome.CURED: Tone.GOOD,
    Outcome.BETTER: Tone.GOOD,
    Outcome.SAME: Tone.NOTE,
    Outcome.WORSE: Tone.BAD,
    Outcome.ELSEWHERE: Tone.UNKNOWN,
    Outcome.UNKNOWN: Tone.UNKNOWN,
}
_FATES = {
    CauseFate.GONE: Tone.GOOD,
    CauseFate.LIGHTER: Tone.NOTE,
    CauseFate.STILL: Tone.NOTE,
    CauseFate.HEAVIER: Tone.BAD,
    CauseFate.NEW: Tone.BAD,
}


def fate_tone(each: CauseLine) -> Tone:
    """What became of a cause, for the person: what is still there is nothing good, and what only
    may be worth knowing is nothing bad."""
    tone = _FATES[each.fate]
    return Tone.NOTE if tone is Tone.BAD and not each.cause.in_the_way else tone


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

    return [lay, gap, prose(content.proof("waiting here" if wait.practice else "waiting")), gap]


# --- the result -----------------------------------------------------------------------------------


def result(
    found: Comparison, done: Sequence[str], move: Move | None, *, looking: bool = False
) -> list[Block]:
    """What testing again shows, and where to go from here. `done`: what was changed, in order;
    `looking`: the paths of the devices are looked at still."""
    tone, elsewhere = OUTCOMES[found.outcome], found.outcome is Outcome.ELSEWHERE
    blocks: list[Block] = [title(_capital(outcome_label(found)), tone), gap]
    if not elsewhere:
        blocks += [partial(_turned, found.verdict), gap]
    if done:
        named = [("Changed" if not at else "", say(each)) for at, each in enumerate(done)]
        blocks += [pairs(named), gap]
    for said in came_of_it(found):
        blocks += [prose(said), gap]
    if looking:
        blocks += [prose(content.proof("paths follow"), "$quiet"), gap]
    if found.outcome is not Outcome.CURED and not elsewhere:
        blocks += _next(found, move)
    for name, side in (("Before", found.before), ("Now", found.after)):
        if side is found.after or not elsewhere:
            blocks += [heading(name), data(side.sentence), gap]
    changed = [line for line in found.lines[1:] if line.changed]
    if changed:
        rows = [(line.name, _change(line)) for line in changed]
        blocks += [heading("What is different"), pairs(rows), gap]
    causes = [each for each in found.causes if each.fate is not CauseFate.STILL]
    if causes:
        blocks += [heading("Causes"), *(_cause_line(each, found) for each in causes), gap]
    if found.kept:
        blocks += [prose(content.proof("kept"), "$quiet"), data(_kept(found.kept), "$quiet")]
    return blocks


def _turned(verdict: Line, width: int) -> Sequence[Content]:
    """From what to what: in one line, else each in its own, never broken in a word."""
    before, arrow, after = _value(verdict.before), say("━━▶  ", "$quiet"), _value(verdict.after)
    line = join(before, "  ", arrow, after)
    if line.cell_length <= width:
        return [line]
    return [*wrapped(before, width), *wrapped(after, width, 5, arrow)]


def _next(found: Comparison, move: Move | None) -> list[Block]:
    blocks: list[Block] = [heading(plain(content.proof("next")))]
    if said := instead_of_a_move(found, move):
        return [*blocks, prose(said), gap]
    if move is None:
        return []
    cause = explain_cause(move.cause, found.after.report)
    step = say(name_of(move.way), "$strong bold")  # by the name that it has in Fix
    return [*blocks, lambda width: wrapped(step, width), data(cause.title, "$quiet"), gap]


def _change(line: Line) -> Content:
    return join(_value(line.before), say(" → ", "$quiet"), _value(line.now))


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
        lambda width: wrapped(_value(line.now), width),
        gap,
        prose("Nothing changed here." if not line.changed else "", "$quiet"),
    ]


def cause(each: CauseLine, found: Comparison) -> list[Block]:
    """A cause, and what became of it."""
    gone = each.fate is CauseFate.GONE
    text = explain_cause(each.cause, (found.before if gone else found.after).report)
    blocks: list[Block] = [
        title(text.title, fate_tone(each)),
        gap,
        pairs([("Now", toned(fate_tone(each), fate_words(each)))]),
        gap,
        prose(text.sentence),
    ]
    if not gone:
        blocks += [gap, heading("What helps"), prose(text.first)]
    return [*blocks, gap, heading("How it shows"), prose(text.worked)]


def _cause_line(each: CauseLine, found: Comparison) -> Block:
    report = (found.before if each.fate is CauseFate.GONE else found.after).report
    tone = fate_tone(each)
    name = explain_cause(each.cause, report).title
    line = join(say(name), "  ", say(fate_words(each), LOOKS[tone].style))
    return lambda width: wrapped(line, width, 2, join(glyph(tone), " "))
