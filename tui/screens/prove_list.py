"""The lines of Prove's list."""

from __future__ import annotations

from collections.abc import Iterable

from textual.content import Content

from probes.diagnosis.remedies import RemedyId
from tui import content
from tui.content import Tone
from tui.proving.compare import Line
from tui.theme import LOOKS
from tui.widgets.text import fit, fitting, glyph, join, say


def rows_of(lines: Iterable[Line]) -> tuple[list[Line], list[Line]]:
    """What is different, and what is as before."""
    held = list(lines)
    return [each for each in held if each.changed], [each for each in held if not each.changed]


def lay_line(line: Line, width: int) -> Content:
    """A field: what it is now, and what it was where that differs."""
    tone = line.after.tone
    sign = glyph(tone) if tone is not Tone.WAITING else say("·", "$quiet")
    text, names = line.after.text, min(22, width // 2)
    if line.changed:
        whole = f"{line.before.text} → {text}"
        # What it is now matters more than what it was.
        text = whole if len(whole) <= width - 25 else f"→ {text}"
        # The name gives up blanks for it, and no letters.
        names = max(min(22, width - 3 - len(text)), min(names, len(line.name)))
    style = LOOKS[tone].style if line.changed and tone is not Tone.WAITING else "$quiet"
    name = fit(say(line.name), names)
    return fit(join(sign, " ", name, " ", say(text, style)), width)


def lay_pair(tone: Tone, name: str, value: str, width: int, *, short: str = "") -> Content:
    """A name, and at the right how it stands, in `short` if need be; the sign says it, too."""
    room, line = width - 2, say(name)
    for each in (value, short):
        shown = say(each, LOOKS[tone].style)
        if each and line.cell_length + 2 + shown.cell_length <= room:
            line = join(fit(line, room - shown.cell_length), shown)
            break
    return fit(join(glyph(tone), " ", line), width)


def lay_pretend(remedy: RemedyId, width: int) -> Content:
    """A change that can be pretended."""
    names = content.label(remedy), content.short(remedy)
    return fit(join(say("  "), say(fitting(names, width - 2))), width)
