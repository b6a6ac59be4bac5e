"""The lines of Prove's list."""

from __future__ import annotations

from collections.abc import Iterable

from textual.content import Content

from probes.diagnosis.remedies import RemedyId
from tui import content
from tui.content import Tone
from tui.proving.lines import Line
from tui.theme import LOOKS
from tui.widgets.text import fit, fitting, glyph, join, say

_LEAST_NAME = 10
"""Letters by which a name can still be told from others."""


def rows_of(lines: Iterable[Line]) -> tuple[list[Line], list[Line]]:
    """What is different, and what is as before."""
    held = list(lines)
    return [each for each in held if each.changed], [each for each in held if not each.changed]


def lay_line(line: Line, width: int) -> Content:
    """A field: what it is now, and what it was where that differs."""
    tone = line.now.tone if line.changed else line.after.tone
    sign = glyph(tone) if tone is not Tone.WAITING else say("·", "$quiet")
    text, names = line.after.text, min(22, width // 2)
    if line.changed:
        whole = f"{line.before.text} → {text}"
        # What it is now matters more than what it was.
        now = (f"→ {text}", f"→ {line.after.short or text}")
        text = whole if len(whole) <= width - 25 else fitting(now, width - 3 - len(line.name))
        # The name gives up blanks for it, and no letters.
        names = max(min(22, width - 3 - len(text)), min(names, len(line.name)))
    style = LOOKS[tone].style if line.changed and tone is not Tone.WAITING else "$quiet"
    name = fit(say(line.name), names)
    return fit(join(sign, " ", name, " ", say(text, style)), width)


def lay_pair(
    tone: Tone, name: str, value: str, width: int, *, short: str = "", short_name: str = ""
) -> Content:
    """A name, and at the right how it stands, in `short` if need be; the sign says it, too.

    Before the word goes the name is the short one, then it gives up letters as long as it can be
    told by the rest.
    """
    room = width - 2
    line = say(fitting((name, short_name or name), room))
    tries = ((name, value, 2), (name, short, 2), (short_name, value, 2), (short_name, short, 1))
    for called, each, gap in (*tries, (name, short, 1)):
        shown, whole = say(each, LOOKS[tone].style), say(called)
        left, last = room - gap - shown.cell_length, gap == 1 and called == name
        if each and called and (whole.cell_length <= left or (last and left >= _LEAST_NAME)):
            line = join(fit(whole, left), " " * gap, shown)
            break
    return fit(join(glyph(tone), " ", line), width)


def lay_pretend(remedy: RemedyId, width: int) -> Content:
    """A change that can be pretended."""
    names = content.label(remedy), content.short(remedy)
    return fit(join(say("  "), say(fitting(names, width - 2))), width)
