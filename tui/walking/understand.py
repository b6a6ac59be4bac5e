"""Understand: the answer first, then every part of the report by its number."""

from __future__ import annotations

from tui import content
from tui.content import Tone
from tui.explain import HopId, headline, hops_taken
from tui.plain import parts
from tui.state import Measurement, Step
from tui.walking import other_side
from tui.walking.talk import Choice, Talk
from tui.walking.walk import BACK, NEXT, QUIT, Walk, moves

_TERM, _ASK, _GIVE, _FORGET = "term", "ask", "give", "forget"


def understand(walk: Walk) -> Step:
    """Tell what the person asks for. Raises Left."""
    talk, known = walk.talk, walk.measurement
    talk.heading(f"Step 3 of 5: Understand. {content.page('understand').title}")
    talk.tell(headline(known.diagnosis, known.report), "", *_way(known), "")
    if known.pair is not None:
        talk.tell(*other_side.pair_lines(known.pair), "")
    found = tuple(parts(known.report, known.diagnosis, masked=walk.masker is not None))[1:]
    told = [(each.title, tuple(each.lines)) for each in found]
    choices = (
        *(Choice("", title, str(index)) for index, (title, _) in enumerate(told)),
        Choice("g", "What does a word mean?", _TERM),
        Choice("o", "Ask the other side: what to send there", _ASK),
        Choice("a", "Give the other side's answer", _GIVE),
        *((Choice("f", "Forget the other side's answer", _FORGET),) if known.other else ()),
        *moves(NEXT, last="what to do about it"),
        *moves(BACK, QUIT),
    )
    letters = "g, o, a, f" if known.other else "g, o, a"
    answer = walk.ask("What do you want to know?", choices)
    while True:
        match answer:
            case "term":
                _term(talk)
            case "ask":
                other_side.ask(walk)
            case "give":
                if other_side.give(walk):
                    return Step.UNDERSTAND
            case "forget":
                other_side.forget(walk)
                return Step.UNDERSTAND
            case "back":
                return Step.CHOOSE if known.report.elsewhere else Step.MEASURE
            case "next":
                return Step.FIX
            case _:
                title, lines = told[int(answer)]
                talk.heading(title)
                talk.tell(*lines)
        answer = walk.pick(f"What else? A number as before, {letters}, n, b or q:", choices)


def _way(known: Measurement) -> tuple[str, ...]:
    """The path in words, with the obstacle on its hop."""
    hops = hops_taken(known.judged, known.report)
    said = [" ".join(filter(None, (hop.name, hop.detail))) for hop in hops]
    lines = [f"The way: {', then '.join(said)}."]
    for hop in hops:
        if hop.obstacle:
            at = " ".join(filter(None, (hop.name, hop.detail)))
            opening = "What limits it is at" if hop.tone is Tone.NOTE else "It stops at"
            lines.append(f"{opening}: {at}{f': {hop.note}' if hop.note else ''}.")
    if hops[-1].id is HopId.PEER and known.peer:
        lines.append(f"The other side is {known.chosen.name if known.chosen else known.peer}.")
    return tuple(lines)


def _term(talk: Talk) -> None:
    asked = talk.line("The word: ")
    found = content.term(asked)
    if found is None:
        names = ", ".join(each.name for each in content.glossary().values())
        talk.tell(f"That word is not in the glossary. It has: {names}.")
        return
    talk.tell(f"{found.name}: {found.short}", found.more)
