"""The list of Fix: every cause with its ways, one line for each, and where to go on in it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import field
from typing import TypeAlias

from textual.content import Content

from probes.diagnosis.plan import CausePlan, Way
from probes.values import dataclass
from tui import content
from tui.content import Tone
from tui.explain import CauseText
from tui.explain.words import number
from tui.fixing.ways import Told, begin_with, key_of, next_after, told_once
from tui.theme import LOOKS
from tui.widgets.text import fit, fitting, glyph, join, say

At: TypeAlias = tuple[CausePlan, Way]


@dataclass(frozen=True, slots=True)
class Listed:
    """The causes and the ways, by the ids of their rows, in order."""

    plans: Mapping[str, CausePlan] = field(default_factory=dict)
    ways: Mapping[str, At] = field(default_factory=dict)
    again: Mapping[str, Told] = field(default_factory=dict)
    """Causes with ways that an earlier one has as well, by the row that says so."""
    places: Mapping[str, str] = field(default_factory=dict)
    """The row of a way, by its name."""

    def begin(self, closed: Collection[str]) -> str:
        """The row of the way to begin with; "" for none. `closed`: those that are no beginning."""
        way = begin_with(list(self.plans.values()), closed)
        return "" if way is None else self.row_of(way)

    def after(self, plan: CausePlan, closed: Collection[str]) -> str:
        """The row to go on with, where a way of this cause is not possible; "" for none."""
        found = next_after(list(self.plans.values()), plan, closed)
        return "" if found is None else self.row_of(found[1])

    def row_of(self, way: Way) -> str:
        """The first row of a way."""
        return self.places[key_of(way)]


def listed(plans: Iterable[CausePlan]) -> Listed:
    """A plan as rows."""
    told = tuple(told_once(plans))
    ways = {
        f"way:{each.plan.cause.id}:{key_of(way)}": (each.plan, way)
        for each in told
        for way in each.fresh
    }
    places: dict[str, str] = {}
    for row, (_, way) in ways.items():
        places.setdefault(key_of(way), row)
    return Listed(
        {f"cause:{each.plan.cause.id}": each.plan for each in told},
        ways,
        {f"again:{each.plan.cause.id}": each for each in told if each.again},
        places,
    )


# --- one line -------------------------------------------------------------------------------------

_SIGNS = 8
"""A list that is narrower has no room for words: it shows where the person is, by the signs."""


def cause_line(cause: CauseText) -> Callable[[int], Content]:
    """A cause's row."""

    def lay(width: int) -> Content:
        if width < _SIGNS:
            return glyph(cause.tone)
        value = say(cause.weight, LOOKS[cause.tone].style)
        names = cause.title, content.short_cause(cause.id)
        line = say(fitting(names, width - 2), "bold")
        if line.cell_length + 4 + value.cell_length <= width:  # else the sign says as much
            line = join(fit(line, width - 2 - value.cell_length), value)
        return fit(join(glyph(cause.tone), " ", line), width)

    return lay


def way_line(
    names: Sequence[str], *, done: int, of: int, impossible: bool, recommended: bool, begin: str
) -> Callable[[int], Content]:
    """A way's row: its sign, the longest name that fits, and in a word how it stands.

    `begin`: what is said of the one to begin with; "" for all others.
    """
    if impossible:
        sign, word, style = say("×", "$quiet"), "not for me", "$quiet"
    elif of and done == of:
        sign, word, style = glyph(Tone.GOOD), "done", "$good"
    elif done:
        sign, word, style = glyph(Tone.RUNNING), f"{done} of {of}" if of else "begun", "$busy"
    elif recommended:
        sign, word, style = say("→", "$good bold"), begin, "$good"
    else:
        sign, word, style = say("·", "$quiet"), "", ""

    def lay(width: int) -> Content:
        if width < _SIGNS:
            return join(" ", sign)
        room, tail = width - 4, say(f" {word}" if word else "", style)
        name = fitting(names, room - tail.cell_length)
        text = say(name, "$quiet strike" if impossible else "")
        if word and text.cell_length + tail.cell_length > room and room < 34:
            tail = Content("")  # the sign says it
        return join("  ", sign, " ", fit(text, room - tail.cell_length), tail)

    return lay


def again_line(count: int, *, open_: int, done: int) -> Callable[[int], Content]:
    """The row of ways that stand further up: how many, and in a word how they stand."""
    word, style = ("none for me", "$quiet") if not open_ else ("", "")
    if done:
        word, style = f"{done} done", "$good"

    def lay(width: int) -> Content:
        if width < _SIGNS:
            return join(" ", say("↑", "$quiet"))
        tail = say(f" {word}" if word else "", style)
        names = (f"as above: {number(count, 'way')}", f"above: {count}")
        room = width - 4 - tail.cell_length
        return join("  ", say("↑", "$quiet"), " ", fit(say(fitting(names, room)), room), tail)

    return lay
