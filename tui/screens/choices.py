"""The lines of the step Choose, and the words beside the one under the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from probes.clean import clean
from probes.readings.tailscale import Peer
from tui import content
from tui.content import Tone
from tui.peers import path_words, tone_of
from tui.state import Measurement
from tui.theme import LOOKS
from tui.widgets.page import Block, data, gap, heading, pairs, prose, title
from tui.widgets.text import fit, glyph, join, say

if TYPE_CHECKING:
    from tui.fixing.progress import Progress

NAMES = 21
"""Cells for a name, where there is room for more than names."""
_PEER_NAMES = 26


def known_line(known: Measurement | None, name_: str, unknown: str, width: int) -> Content:
    """A network, with what is known of it."""
    name = fit(say(name_), max(min(NAMES, width // 2), min(len(name_), width - 24)))
    if known is None:
        return fit(join("  ", name, " ", say(unknown, "$quiet")), width)
    tone, state = tone_of_run(known), "being measured"
    if known.fault:
        state = "the run broke off"
    elif known.closed:
        from tui.explain.headline import in_a_word

        state = in_a_word(known.judged)
    line = join(glyph(tone), " ", name, " ", say(state, LOOKS[tone].style))
    return fit(line, width)


def practice_line(known: Measurement | None, name_: str, description: str, width: int) -> Content:
    """A practice network."""
    sign = say(" ") if known is None else glyph(tone_of_run(known))
    name = fit(say(name_), min(NAMES, width // 2))
    return fit(join(sign, " ", name, " ", say(description, "$quiet")), width)


def peer_line(peer: Peer, looked_at: bool, width: int) -> Content:
    """A device of the tailnet with today's path."""
    tone = tone_of(peer)
    quiet = tone is Tone.WAITING
    name = fit(say(peer.name, "$quiet" if quiet else "bold" if looked_at else ""), _room(width))
    words = say(path_words(peer), LOOKS[tone].style)
    system = say(f"  {peer.system}", "$quiet") if peer.system and width >= 60 else ""
    return fit(join(glyph(tone), " ", name, " ", words, system), width)


def _room(width: int) -> int:
    return min(_PEER_NAMES, width // 2)


def plain_line(sign: str, name_: str, about: str, tone: Tone | None, width: int) -> Content:
    """A line that is no network and no device."""
    style = LOOKS[tone].style if tone is not None else "$quiet"
    name = fit(say(name_), max(min(NAMES, width // 2), min(len(name_), width - 12)))
    return fit(join(say(sign, f"{style} bold"), " ", name, " ", say(about, "$quiet")), width)


def tone_of_run(known: Measurement) -> Tone:
    """How a run stands."""
    if known.fault:
        return Tone.BAD
    if not known.closed:
        return Tone.RUNNING
    from tui.widgets.verdict import verdict_tone

    return verdict_tone(known)


def about_peer(peer: Peer) -> list[Block]:
    """A device: today's path, what that means, and what is known of it."""
    words = content.peer_today(peer.path)
    rows = [("address", say(str(address))) for address in peer.addresses]
    rows += [("system", say(peer.system))] if peer.system else []
    rows += [("home relay", say(peer.home_relay))] if peer.home_relay else []
    rows += [("full name", say(peer.dns_name))] if peer.dns_name else []
    blocks: list[Block] = [
        title(path_words(peer), tone_of(peer)),
        gap,
        prose(words.meaning),
        gap,
        prose(words.next_step),
    ]
    return [*blocks, gap, pairs(rows)] if rows else blocks


def about_trouble(which: str) -> list[Block]:
    """Why no devices can be shown, and what to do. The list's line has said which: in a small
    window the room is for the next step."""
    words = content.tailnet(which)
    return [
        prose(words.meaning),
        gap,
        heading("Next"),
        prose(words.next_step),
    ]


_BEGUN = "Measuring has already begun in the background; Enter shows it."
_MEASURED = "It has been measured; Enter shows how, and r in the next step measures it again."
_NOT_BEGUN = "Enter measures it."


def about_this(known: Measurement | None) -> list[Block]:
    """This device's network."""
    return [
        prose("The network that this device is on. No VPN is needed, and nothing is changed."),
        gap,
        prose(_NOT_BEGUN if known is None else _BEGUN if known.running else _MEASURED),
        *findings(known),
    ]


def about_practice(description: str, known: Measurement | None) -> list[Block]:
    """A network in memory."""
    return [data(description), gap, _PRACTICE, *findings(known)]


_PRACTICE: Block = prose(
    "A network in this computer's memory, with routers and relays of its own. "
    "The same checks run on it, so what you learn here holds outside."
)


def about_given(given: str, known: Measurement | None, *, read: bool) -> list[Block]:
    """What the program was started on, or what was read since."""
    words = (
        "Read from a file or from a paste. Nothing of it was measured on this device."
        if read
        else "Named when the program was started. Enter shows it."
    )
    return [data(clean(given)), gap, prose(words), *findings(known)]


def go_on_line(begun: Progress | None, width: int) -> Content:
    """The line of what was begun earlier."""
    from tui.returning import standing

    about = "" if begun is None else f"{begun.title}: {standing(begun)}"
    return plain_line("→", content.fixing("go on"), about, Tone.GOOD, width)


def about_go_on(begun: Progress | None) -> list[Block]:
    """What was begun earlier."""
    if begun is None:
        return []
    from tui.returning import describe, standing

    what = describe(begun)
    facts = [("where", say(begun.title)), ("so far", say(standing(begun)))]
    return [
        title(what[:1].upper() + what[1:]),
        *(gap, pairs(facts), gap, prose(content.fixing("go on about"))),
    ]


def about_open() -> list[Block]:
    """What can be pasted."""
    page = content.page("open")
    blocks: list[Block] = [prose(page.opening)]
    for name, text in page.sections.items():
        blocks += [gap, heading(name), prose(text)]
    return blocks


def findings(measurement: Measurement | None) -> list[Block]:
    """The verdict of a run that is over."""
    if measurement is None or not measurement.closed:
        return []
    from tui.widgets.verdict import sentence

    return [
        gap,
        heading("Measured a moment ago"),
        title(sentence(measurement), tone_of_run(measurement)),
    ]
