"""What Fix says about one way out, as blocks of a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from textual.content import Content

from probes.diagnosis.model import NatClass
from probes.diagnosis.plan import CausePlan, Way
from probes.diagnosis.what_if import Whose
from tui import content
from tui.content import Tone, plain
from tui.explain import CauseText
from tui.fixing.circumstances import Brand, Circumstances, System
from tui.fixing.offer import Hindrance
from tui.fixing.playbook import Command, Playbook, PlayStep
from tui.fixing.progress import Progress, Ran, RanState
from tui.fixing.running import ended_words
from tui.networks import PRACTICE
from tui.session import Session
from tui.theme import LOOKS
from tui.widgets.page import Block, gap, heading, pairs, prose, title
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
    hindrances: Mapping[str, Hindrance | None]
    """By step, where it has a command."""
    session: Session
    recommended: bool
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


def before_steps(shown: Shown) -> list[Block]:
    """What comes before the steps."""
    book, other = shown.book, shown.way.whose is Whose.OTHER
    blocks: list[Block] = []
    if not other:
        blocks += [_for_whom(shown), gap]
    tone = Tone.GOOD if shown.all_done else None
    blocks += [title(book.title, tone)]
    if shown.impossible:
        blocks.append(prose(content.fixing("not for me"), "$note"))
    elif shown.recommended:
        blocks.append(prose(content.fixing("recommended"), "$good"))
    blocks += [gap, prose(book.for_you)]
    if shown.way.flips:
        blocks += [gap, _flips(shown.way)]
    ticked = sum(shown.done(step) for step in book.steps)
    head = f"Steps   {ticked} of {len(book.steps)} done"
    return [*blocks, gap, heading(head)]


def stops(shown: Shown) -> list[Stop]:
    """The steps."""
    return [
        Stop(step.id, _step(shown, number, step)) for number, step in enumerate(shown.book.steps, 1)
    ]


def after_steps(shown: Shown) -> list[Block]:
    """What comes after the steps."""
    book = shown.book
    blocks: list[Block] = [gap]
    if shown.all_done:
        blocks += [title(content.fixing("now prove"), Tone.GOOD), _link("n prove it", "next"), gap]
    if shown.progress.title.startswith(PRACTICE) and shown.way.whose is not Whose.OTHER:
        blocks += [prose(content.fixing("pretend"), "$quiet"), _link("z pretend", "pretend"), gap]
    blocks += [heading("How it shows"), prose(book.shows)]
    if book.wait_s:
        wait = content.fill(content.fixing("wait"), wait=duration(book.wait_s))
        blocks.append(prose(wait, "$quiet"))
    blocks += [
        *(gap, heading("Why that helps"), prose(book.why)),
        *(gap, heading("Who can do it"), prose(book.who)),
        *(gap, heading("What it risks"), prose(book.risk)),
        *(gap, heading("To take it back"), prose(book.undo)),
    ]
    if book.sources:
        rows = [(source.name, say(source.address or "a manual page")) for source in book.sources]
        blocks += [gap, heading("Where this is from"), *(_source(*row) for row in rows)]
    if shown.trouble:
        blocks += [gap, prose(f"Your ticks are {shown.trouble}.", "$note")]
    return blocks


def duration(seconds: int) -> str:
    """Words for a time to wait."""
    if seconds < 100:
        return f"{seconds} seconds"
    return f"{round(seconds / 60)} minutes"


def cause_page(plan: CausePlan, cause: CauseText, ways: Sequence[str]) -> list[Block]:
    """A cause, and that its ways follow."""
    count = "one way" if len(ways) == 1 else f"{len(ways)} ways"
    return [
        title(plain(cause.sentence), cause.tone),
        gap,
        prose(cause.for_you),
        gap,
        heading(f"What can be done   {count}, the cheapest first"),
        *(prose(f"- {each}") for each in ways),
        gap,
        heading("Why"),
        prose(cause.why),
        gap,
        pairs([("Who can act", say(cause.actor)), ("How sure", say(cause.confidence))]),
        prose(cause.who, "$quiet"),
    ]


# --- for whom -------------------------------------------------------------------------------------


def _for_whom(shown: Shown) -> Block:
    found, (own_system, own_brand) = shown.found, shown.chosen
    system = join(
        say(content.label(found.system)), say(_how(found.system_from, own_system), "$quiet")
    )
    over = "" if found.brand in _CLOUDS else " over UPnP"
    told = found.brand_from and f"{found.brand_from}{over}"
    brand = join(say(content.label(found.brand)), say(_how(told, own_brand), "$quiet"))

    def lay(width: int) -> Sequence[Content]:
        system_key, brand_key = _key("s", "system"), _key("w", "router")
        line = join(say("for: ", "$quiet"), system, " ", system_key)
        more = join(say("router: ", "$quiet"), brand, " ", brand_key)
        if line.cell_length + 3 + more.cell_length <= width:
            return [join(line, say(" · ", "$quiet"), more)]
        flush = Content("")
        return [*wrapped(line, width, 2, flush), *wrapped(more, width, 2, flush)]

    return lay


_CLOUDS = (Brand.AWS, Brand.AZURE, Brand.GCP, Brand.ORACLE, Brand.HETZNER)
"""Found by what the machine itself says; other makes by what a router says of itself."""
_MOST_TOLD = 48


def _how(told: str, chosen: bool) -> str:
    """By what it was found."""
    if chosen:
        return ", chosen by you"
    cut = told if len(told) <= _MOST_TOLD else f"{told[: _MOST_TOLD - 1]}…"
    return f", found by: {cut}" if cut else ""


def _key(key: str, what: str) -> Content:
    return join(hint(key, f"fix('{what}')").stylize("$busy bold"), say(" change", "$quiet"))


_PEERS = ((NatClass.NONE, "no NAT"), (NatClass.EASY, "easy NAT"), (NatClass.HARD, "hard NAT"))


def _flips(way: Way) -> Block:
    helped = [name for kind, name in _PEERS if way.flips.get(kind)]
    if helped:
        names = " and ".join(helped)
        return _toned(Tone.GOOD, content.fill(content.fixing("flips"), peers=names))
    return _toned(Tone.NOTE, content.fixing("flips none"))


def _toned(tone: Tone, text: str) -> Block:
    return lambda width: wrapped(say(text), width, 2, join(glyph(tone), " "))


def _link(text: str, action: str) -> Block:
    return lambda width: [fit(hint(text, action).stylize("$busy bold"), width).rstrip()]


def _source(name: str, where: Content) -> Block:
    return lambda width: wrapped(join(say(f"{name}  ", "$quiet"), where), width, 2)


# --- one step -------------------------------------------------------------------------------------


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
    lines = [line for part in command.text.split("\n") for line in _folded(part, room)]
    inner = max(len(name), *(line.cell_length for line in lines))
    inner = min(inner, room)
    label = fit(say(name, "$quiet"), min(len(name), inner))
    rest = "─" * (inner + 1 - label.cell_length)
    boxed = [join(pad, say("┌─", "$rule"), label, say(f"{rest}┐", "$rule"))]
    for line in lines:
        boxed.append(join(pad, say("│ ", "$rule"), fit(line, inner), say(" │", "$rule")))
    boxed.append(join(pad, say(f"└{'─' * (inner + 2)}┘", "$rule")))
    why_not = shown.hindrances.get(step.id)
    under = [hint("c copy", "copy"), hint("v show it alone", "fix('show')")]
    if why_not is None:
        under.append(hint("x run it", "fix('run')"))
    keys = Content("   ").join([each.stylize("$busy") for each in under])
    more = width - _BOX_INDENT
    boxed += [join(pad, line) for line in wrapped(keys, more)]
    if command.cuts:
        which = "cuts" if not shown.session.remote else "cuts you"
        if shown.session.over_tailnet:
            which = "cuts tailnet"
        said = say(content.fixing(which), LOOKS[Tone.NOTE].style)
        boxed += [join(pad, line) for line in wrapped(said, more, 2, join(glyph(Tone.NOTE), " "))]
    if why_not is None and command.cuts:
        said = say(content.fixing("timed"), "$quiet")
        boxed += [join(pad, line) for line in wrapped(said, more, 2)]
    elif why_not is not None:
        said = say(f"Not run from here: {content.label(why_not)}.", "$quiet")
        boxed += [join(pad, line) for line in wrapped(said, more)]
    return boxed


def _folded(text: str, width: int) -> list[Content]:
    """A command broken where it has to be: at spaces, else anywhere; nothing is left out."""
    style = "$strong"
    lines: list[Content] = []
    while len(text) > width:
        at = text.rfind(" ", 1, width)
        at = at + 1 if at > 0 else width
        lines.append(say(text[:at], style))
        text = text[at:]
    lines.append(say(text, style))
    return [part for line in lines for part in _cells(line, width)]


def _cells(line: Content, width: int) -> list[Content]:
    """Wide characters take two cells."""
    return [line] if line.cell_length <= width else list(line.fold(width))


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


# --- the list -------------------------------------------------------------------------------------


def cause_line(cause: CauseText) -> Callable[[int], Content]:
    """A cause's row."""

    def lay(width: int) -> Content:
        value = say(cause.weight, LOOKS[cause.tone].style)
        line = say(cause.title, "bold")
        if line.cell_length + 4 + value.cell_length <= width:  # else the sign says as much
            line = join(fit(line, width - 2 - value.cell_length), value)
        return fit(join(glyph(cause.tone), " ", line), width)

    return lay


def way_line(
    name: str, *, done: int, of: int, impossible: bool, recommended: bool, begin: bool
) -> Callable[[int], Content]:
    """A way's row: its sign, its name, and in a word how it stands."""
    if impossible:
        sign, word, style = say("×", "$quiet"), "not for me", "$quiet"
    elif of and done == of:
        sign, word, style = glyph(Tone.GOOD), "done", "$good"
    elif done:
        sign, word, style = glyph(Tone.RUNNING), f"{done} of {of}" if of else "begun", "$busy"
    elif recommended:
        sign, word, style = say("→", "$good bold"), "begin here" if begin else "", "$good"
    else:
        sign, word, style = say("·", "$quiet"), "", ""

    def lay(width: int) -> Content:
        text = say(name, "$quiet strike" if impossible else "")
        room = width - 4
        tail = say(f" {word}", style)
        if word and text.cell_length + tail.cell_length > room and room < 34:
            tail = Content("")  # the sign says it
        return join("  ", sign, " ", fit(text, room - tail.cell_length), tail)

    return lay


def system_words(system: System) -> str:
    """A system's name."""
    return content.label(system)
