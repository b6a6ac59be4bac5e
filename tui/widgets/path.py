"""A picture of the way to the other side, with the obstacle marked on the hop where it sits."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from probes.diagnosis.model import Diagnosis
from probes.report import Report
from tui.content import Tone
from tui.explain.hop import Hop, HopId
from tui.explain.path import hops_taken
from tui.theme import LOOKS
from tui.widgets.text import fit, join, say, wrapped

_NODE = "●"
_BLANK_NODE = "○"


def hops(report: Report, diagnosis: Diagnosis) -> tuple[Hop, ...]:
    """The hops to draw."""
    return hops_taken(diagnosis, report)


def picture(stops: Sequence[Hop], width: int) -> list[Content]:
    """A wire with its stops, their names and addresses, and what happens there."""
    starts = _starts(stops, width)
    wire = Content("")
    reached = any(hop.id is HopId.RELAY and hop.detail for hop in stops)
    blocked = False
    for number, hop in enumerate(stops):
        wire = join(wire, _node(hop))
        if number + 1 < len(stops):
            # Past an obstacle the way goes on only where something is known to get through.
            blocked = blocked or (_stops(hop) and not reached)
            wire = join(wire, _stretch(hop, starts[number + 1] - starts[number] - 1, blocked))
    rows = [wire, _words(stops, starts, width, names=True), _words(stops, starts, width)]
    notes = _notes(stops, starts, width)
    return [row for row in (*rows, notes) if row.plain.strip()]


def brief(stops: Sequence[Hop], width: int) -> Content:
    """The same in one line, for where there is no height: the names that there is room for, that of
    the obstacle first, then those of the ends."""
    room = width - len(stops) - _WIRE * (len(stops) - 1)
    named: dict[HopId, str] = {}
    for hop in sorted(stops, key=_worth):
        for name in (hop.name, hop.name.removeprefix("the ")):
            need = len(name) + (1 if hop is stops[-1] else 2)
            if need <= room and hop.id not in named:
                named[hop.id] = name
                room -= need
    reached = any(hop.id is HopId.RELAY and hop.detail for hop in stops)
    line, blocked = Content(""), False
    for hop in stops:
        line = join(line, _node(hop))
        if hop.id in named:
            style = LOOKS[hop.tone].style if hop.obstacle else "$strong"
            name = named[hop.id]
            line = join(line, " ", say(name, style), "" if hop is stops[-1] else " ")
        if hop is not stops[-1]:
            blocked = blocked or (_stops(hop) and not reached)
            sign, style = _sign(hop, blocked)
            line = join(line, say(sign * _WIRE, style))
    return line


_WIRE = 2
"""Cells between two stops, where they are in one line."""


def _worth(hop: Hop) -> tuple[bool, bool]:
    """What is named first where not all can be."""
    return not hop.obstacle, hop.id not in (HopId.PEER, HopId.DEVICE)


def column(stops: Sequence[Hop], width: int) -> list[Content]:
    """The same from top to bottom, for where there is no room beside each other."""
    reached = any(hop.id is HopId.RELAY and hop.detail for hop in stops)
    lines: list[Content] = []
    blocked = False
    for number, hop in enumerate(stops):
        style = LOOKS[hop.tone].style if hop.obstacle else "$strong"
        name = join(say(hop.name, style), "  ", say(hop.detail, "$quiet"))
        lines += wrapped(name, width, 2, join(_node(hop), " "))
        blocked = blocked or (_stops(hop) and not reached)
        sign = "╎" if blocked else "║" if hop.id is HopId.RELAY else "│"
        lead = say("  " if number + 1 == len(stops) else f"{sign} ", "$quiet")
        if hop.note:
            note = say(hop.note, LOOKS[hop.tone].style if hop.obstacle else "$quiet")
            lines += wrapped(note, width, 2, lead)
        elif number + 1 < len(stops):
            lines.append(lead)
    return lines


def _starts(stops: Sequence[Hop], width: int) -> list[int]:
    """The column of each stop: the room that words leave over is shared evenly."""
    words = [max(len(hop.name), len(hop.detail)) for hop in stops]
    needs = [each + 2 for each in words[:-1]] + words[-1:]
    if sum(needs) > width:  # one cell between two names, before a name is cut
        needs = [each + 1 for each in words[:-1]] + words[-1:]
    while sum(needs) > width and max(needs) > 8:  # the widest give way first
        needs[needs.index(max(needs))] -= 1
    spare = max(width - sum(needs), 0)
    gaps = max(len(stops) - 1, 1)
    starts, at = [], 0
    for number, need in enumerate(needs):
        starts.append(at)
        at += need + spare // gaps + (1 if number < spare % gaps else 0)
    return starts


def _stops(hop: Hop) -> bool:
    """Nothing direct gets past it. What keeps only some peers away is no such obstacle."""
    return hop.obstacle and hop.tone is not Tone.NOTE


def _node(hop: Hop) -> Content:
    if hop.obstacle:
        look = LOOKS[hop.tone]
        return say(look.glyph, f"{look.style} bold")
    if hop.id is HopId.PEER or (hop.tone is Tone.UNKNOWN and not hop.detail):
        return say(_BLANK_NODE, "$quiet")
    return say(_NODE, LOOKS[Tone.GOOD].style if hop.tone is Tone.GOOD else "$quiet")


def _stretch(before: Hop, cells: int, blocked: bool) -> Content:
    sign, style = _sign(before, blocked)
    return say(f" {sign * (cells - 2)} " if cells > 2 else " " * cells, style)


def _sign(before: Hop, blocked: bool) -> tuple[str, str]:
    """What the wire is made of: dotted past what stops everything, double where a relay carries
    it; and its style."""
    if blocked:
        return "╌", "$rule"
    return ("═", "$note") if before.id is HopId.RELAY else ("─", "$quiet")


def _words(
    stops: Sequence[Hop], starts: Sequence[int], width: int, *, names: bool = False
) -> Content:
    line = Content("")
    for number, hop in enumerate(stops):
        end = starts[number + 1] - 1 if number + 1 < len(stops) else width
        text = hop.name if names else hop.detail
        style = "$quiet"
        if names:
            style = LOOKS[hop.tone].style if hop.obstacle else "$strong"
        line = line.pad_right(starts[number] - line.cell_length)
        line = join(line, fit(say(text, style), end - starts[number]))
    return line


def _notes(stops: Sequence[Hop], starts: Sequence[int], width: int) -> Content:
    """What happens at the stops. The obstacle's note has its place, others only where room is."""
    placed: list[tuple[int, Content]] = []
    for hop, start in sorted(
        zip(stops, starts, strict=True), key=lambda each: not each[0].obstacle
    ):
        if not hop.note:
            continue
        note = say(hop.note, LOOKS[hop.tone].style if hop.obstacle else "$quiet")
        at = max(min(start, width - note.cell_length), 0)
        end = at + note.cell_length
        if all(end < other or at > other + text.cell_length for other, text in placed):
            placed.append((at, note))
    line = Content("")
    for at, note in sorted(placed, key=lambda each: each[0]):
        line = join(line.pad_right(at - line.cell_length), note)
    return line
