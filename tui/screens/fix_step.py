"""The steps of one way out: their boxes to tick, their commands, and what became of those."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.content import Content

from probes.diagnosis.plan import Way
from probes.values import dataclass
from tui import content
from tui.commands import COPY, RUN, SHOW
from tui.content import Tone
from tui.fixing.circumstances import Circumstances
from tui.fixing.offer import Hindrance, cuts_words
from tui.fixing.playbook import Command, Playbook, PlayStep
from tui.fixing.progress import Progress, Ran, RanState
from tui.fixing.running import ended_words
from tui.fixing.telling import Before
from tui.screens.fix_ask import broken
from tui.session import Session
from tui.theme import LOOKS
from tui.widgets.page import Block
from tui.widgets.steps import Stop
from tui.widgets.text import fit, glyph, hint, join, paragraphs, say, wrapped

_BOX_INDENT = 4
_LEAST_BOX = 20


@dataclass(frozen=True, slots=True)
class Shown:
    """All that the page of a way is made of."""

    key: str
    """The way's, in the progress."""
    way: Way
    book: Playbook
    progress: Progress
    found: Circumstances
    """As the person chose them."""
    chosen: tuple[bool, bool]
    """Whether the system, and the brand, is the person's choice."""
    matters: tuple[bool, bool]
    """Whether the page would be another one on another system, and with another router."""
    hindrances: Mapping[str, Hindrance | None]
    """By step, where it has a command."""
    session: Session
    recommended: bool
    after: Before
    """What is to be done before it."""
    pretends: bool
    """A practice network can become what the way makes of it."""
    trouble: str
    """Why the progress is not kept; "" where it is."""

    def done(self, step: PlayStep) -> bool:
        """It is ticked."""
        return self.progress.done(self.key, step.id)

    @property
    def all_done(self) -> bool:
        """Every step is ticked."""
        return all(self.done(step) for step in self.book.steps)

    @property
    def impossible(self) -> bool:
        """The person said that it is."""
        return self.key in self.progress.impossible


def stops(shown: Shown) -> list[Stop]:
    """The steps."""
    return [
        Stop(step.id, _step(shown, number, step)) for number, step in enumerate(shown.book.steps, 1)
    ]


def _step(shown: Shown, number: int, step: PlayStep) -> Block:
    done = shown.done(step)

    def lay(width: int) -> Sequence[Content]:
        box = say("[✓] ", "$good bold") if done else say("[ ] ", "$busy")
        lead = join(box, say(f"{number}. ", "$quiet"))
        indent = lead.cell_length
        text = list(paragraphs(step.text, max(width - indent, 16), "$quiet" if done else ""))
        pad = say(" " * indent)
        lines = [join(lead if at == 0 else pad, line) for at, line in enumerate(text)]
        if step.command is not None:
            lines += _command(shown, step, step.command, width)
        ran = shown.progress.ran.get((shown.key, step.id))
        if ran is not None:
            lines += _ran(ran, width)
        return lines

    return lay


def _command(shown: Shown, step: PlayStep, command: Command, width: int) -> list[Content]:
    pad = say(" " * _BOX_INDENT)
    room = max(width - _BOX_INDENT - 4, _LEAST_BOX)
    shell = "PowerShell" if command.shell == "powershell" else "shell"
    name = f" {shell}, as administrator " if command.as_root else f" {shell} "
    lines = [line for part in command.text.split("\n") for line in broken(part, room)]
    inner = max(len(name), *(line.cell_length for line in lines))
    inner = min(inner, room)
    label = fit(say(name, "$quiet"), min(len(name), inner))
    rest = "─" * (inner + 1 - label.cell_length)
    more = width - _BOX_INDENT
    why_not = shown.hindrances.get(step.id)
    boxed = [join(pad, line) for line in _warning(shown, command, more, timed=why_not is None)]
    boxed.append(join(pad, say("┌─", "$rule"), label, say(f"{rest}┐", "$rule")))
    for line in lines:
        boxed.append(join(pad, say("│ ", "$rule"), fit(line, inner), say(" │", "$rule")))
    boxed.append(join(pad, say(f"└{'─' * (inner + 2)}┘", "$rule")))
    under = [hint(COPY, "copy"), hint(SHOW, "show it alone")]
    if why_not is None:
        under.append(hint(RUN, "run it"))
    keys = say(" · ", "$quiet").join([each.stylize("$busy") for each in under])
    boxed += [join(pad, line) for line in wrapped(keys, more)]
    if why_not is not None:
        said = say(f"Not run from here: {content.label(why_not)}.", "$quiet")
        boxed += [join(pad, line) for line in wrapped(said, more)]
    return boxed


def _warning(shown: Shown, command: Command, width: int, *, timed: bool) -> list[Content]:
    """What a command can do to the person's own connection: read before the command itself."""
    if not command.cuts:
        return []
    said = say(content.fixing(cuts_words(shown.session)), LOOKS[Tone.NOTE].style)
    lines = wrapped(said, width, 2, join(glyph(Tone.NOTE), " "))
    if timed:
        lines += wrapped(say(content.fixing("timed"), "$quiet"), width, 2, Content("  "))
    return lines


def _ran(ran: Ran, width: int) -> list[Content]:
    tone = Tone.GOOD if ran.well else Tone.NOTE
    words = content.label(ran.state)
    if ran.status is not None and ran.state is not RanState.BEGUN:
        words = f"{words}. {ended_words(ran.status)}"
    at = f"{ran.at[:16].replace('T', ' ')} UTC: " if ran.at else ""
    line = say(f"{at}{words}", LOOKS[tone].style)
    pad = say(" " * _BOX_INDENT)
    more = wrapped(line, width - _BOX_INDENT, 2, join(glyph(tone), " "))
    return [join(pad, each) for each in more]
