"""What Fix says about one way out, about a cause, and where there is neither: blocks of a page."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from textual.content import Content

from probes.diagnosis.plan import CausePlan
from probes.diagnosis.what_if import Whose
from tui import content
from tui.command import Command
from tui.commands import NEXT, PRETEND, ROUTER, SYSTEM
from tui.content import Tone, plain, playbooks
from tui.explain import CauseText
from tui.fixing.circumstances import Brand
from tui.fixing.first import OFFLINE, RELAYED_BESIDES, no_way, optional
from tui.fixing.playbook import Playbook
from tui.fixing.telling import Before, before_all, promise
from tui.screens.fix_ask import broken
from tui.screens.fix_step import Shown
from tui.state import Measurement
from tui.widgets.page import Block, gap, heading, pairs, prose, title
from tui.widgets.text import fit, glyph, hint, join, say, wrapped

_RECOMMENDED = {
    Before.NOTHING: "recommended",
    Before.TRIAL: "recommended then",
    Before.OFFLINE: "recommended after",
}


def before_steps(shown: Shown) -> list[Block]:
    """What comes before the steps."""
    book, other = shown.book, shown.way.whose is Whose.OTHER
    blocks: list[Block] = []
    if not other and any(shown.matters):
        blocks += [_for_whom(shown), gap]
    tone = Tone.GOOD if shown.all_done else None
    blocks += [title(book.title, tone)]
    if shown.impossible:
        blocks.append(prose(content.fixing("not for me"), "$note"))
    elif shown.recommended:
        blocks.append(prose(content.fixing(_RECOMMENDED[shown.after]), "$good"))
    blocks += [gap, prose(book.for_you)]
    if shown.way.flips and (said := promise(shown.way)):
        blocks += [gap, _toned(Tone.GOOD if any(shown.way.flips.values()) else Tone.NOTE, said)]
    ticked = sum(shown.done(step) for step in book.steps)
    head = f"Steps   {ticked} of {len(book.steps)} done"
    return [*blocks, gap, heading(head)]


def after_steps(shown: Shown) -> list[Block]:
    """What comes after the steps."""
    book = shown.book
    blocks: list[Block] = [gap]
    if shown.all_done:
        blocks += [title(content.fixing("now prove"), Tone.GOOD), _link(NEXT, "prove it"), gap]
    if shown.pretends:
        blocks += [prose(content.fixing("pretend"), "$quiet"), _link(PRETEND, "pretend"), gap]
    blocks += [heading("How it shows"), prose(book.shows)]
    if book.wait_s:
        wait = content.fill(content.fixing("wait"), wait=duration(book.wait_s))
        blocks.append(prose(wait, "$quiet"))
    blocks += [
        *(gap, heading("Why that helps"), prose(book.why)),
        *(gap, heading("Who can do it"), prose(book.who)),
        *(gap, heading("What it risks"), prose(book.risk)),
        *(gap, heading("To take it back"), prose(book.undo), *_by_hand(book)),
    ]
    if book.sources:
        rows = [(source.name, say(source.address or "a manual page")) for source in book.sources]
        blocks += [gap, heading("Where this is from"), *(_source(*row) for row in rows)]
    if shown.trouble:
        blocks += [gap, prose(f"Your ticks are {shown.trouble}.", "$note")]
    return blocks


def _by_hand(book: Playbook) -> list[Block]:
    """The commands that take it back: whoever ran one finds here how to undo it later."""
    undone = [step.command.undo for step in book.steps if step.command is not None]
    commands = [each for each in undone if each]
    if not commands:
        return []
    return [prose(playbooks.guidance("back-by-hand"), "$quiet"), *map(_typed, commands)]


def _typed(text: str) -> Block:
    def lay(width: int) -> Sequence[Content]:
        return [line for part in text.split("\n") for line in broken(part, width)]

    return lay


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


def again_page(ways: Sequence[str]) -> list[Block]:
    """That the ways of a cause stand further up, and how far the person is with them."""
    return [
        title(content.fixing("again short")),
        gap,
        prose(content.fixing("again")),
        gap,
        *(prose(f"- {each}") for each in ways),
    ]


TRY_FIRST = "try first"
"""How it stands where a trial of the router comes before any change."""


def stands(measurement: Measurement, plans: Collection[CausePlan]) -> str:
    """How it stands, as an id of the words; "" where the list says all."""
    if not measurement.title:
        return "nothing chosen"
    if measurement.fault:
        return "broke off"
    if measurement.running:
        return "still measuring"
    report, diagnosis = measurement.report, measurement.diagnosis
    if plans and (before := before_all(report, measurement.judged)):
        return TRY_FIRST if before is Before.TRIAL else OFFLINE
    if plans and not optional(measurement.judged, plans):
        return ""
    words = no_way(report, diagnosis)
    return "only notes" if plans and words == "nothing to fix" else words


def about(state: str, relayed: str = "") -> list[Block]:
    """How it stands, where there is nothing to list or not all of it yet. `relayed`: which devices
    are on a relay all the same."""
    said = [title(content.fixing(f"{state} short")), gap]
    if state == RELAYED_BESIDES:
        return [*said, prose(relayed)]
    said.append(prose(content.fixing(state)))
    return [*said, gap, prose(relayed)] if relayed else said


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
        system_key, brand_key = _key(SYSTEM, width), _key(ROUTER, width)
        line = join(say("for: ", "$quiet"), system, " ", system_key)
        more = join(say("router: ", "$quiet"), brand, " ", brand_key)
        if not all(shown.matters):
            return wrapped(line if shown.matters[0] else more, width, 2, Content(""))
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


def _key(command: Command, width: int) -> Content:
    """In brackets, so that it is told from the words before it without a colour, too."""
    words = "changes it" if width >= _NARROW else ""
    return join("(", hint(command, words).stylize("$busy"), ")")


_NARROW = 36


def _toned(tone: Tone, text: str) -> Block:
    return lambda width: wrapped(say(text), width, 2, join(glyph(tone), " "))


def _link(command: Command, words: str) -> Block:
    return lambda width: [fit(hint(command, words).stylize("$busy bold"), width).rstrip()]


def _source(name: str, where: Content) -> Block:
    return lambda width: wrapped(join(say(f"{name}  ", "$quiet"), where), width, 2)
