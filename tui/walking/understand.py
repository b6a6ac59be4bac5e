"""Understand: the answer first, then every part of the report by its number."""

from __future__ import annotations

from tui import content
from tui.content import Tone
from tui.explain import HopId, hops_taken
from tui.plain import parts
from tui.state import Measurement, Step
from tui.walking import other_side
from tui.walking.anywhere import words
from tui.walking.fix_plan import fixing_of
from tui.walking.letters import LETTERS
from tui.walking.measure import answer, can_try, consented, test, trial_choice
from tui.walking.talk import Choice
from tui.walking.walk import BACK, NEXT, QUIT, Walk, moves

_TERM, _ASK, _GIVE, _FORGET = "term", "ask", "give", "forget"


def understand(walk: Walk) -> Step:
    """Tell what the person asks for. Raises Left."""
    talk, known = walk.talk, walk.measurement
    talk.heading(f"Step 3 of 5: Understand. {content.page('understand').title}")
    talk.tell(*answer(walk), "", *_way(known), "")
    if known.pair is not None:
        talk.tell(*other_side.pair_lines(known.pair), "")
    closed, masked = fixing_of(walk).closed, walk.masker is not None
    _, *rest = parts(known.report, known.judged, masked=masked, closed=closed)
    told = [(each.title, tuple(each.lines)) for each in rest]
    choices = (
        *(Choice("", title, str(index)) for index, (title, _) in enumerate(told)),
        Choice(LETTERS["glossary"], "What does a word mean?", _TERM),
        Choice(LETTERS["ask-other-side"], "Ask the other side: what to send there", _ASK),
        Choice(LETTERS["other-side"], "Give the other side's answer", _GIVE),
        *((_FORGETTING,) if known.other else ()),
        *(trial_choice() if can_try(walk) else ()),
        *moves(NEXT, last="what to do about it"),
        *moves(BACK, QUIT),
    )
    found = walk.ask("What do you want to know?", choices)
    while True:
        match found:
            case "term":
                words(talk)
            case "ask":
                other_side.ask(walk)
            case "give":
                if other_side.give(walk):
                    return Step.UNDERSTAND
            case "forget":
                other_side.forget(walk)
                return Step.UNDERSTAND
            case "trial":
                if consented(walk):
                    test(walk)
                    return Step.UNDERSTAND
            case "back":
                return Step.CHOOSE if known.report.elsewhere else Step.MEASURE
            case "next":
                return Step.FIX
            case _:
                title, lines = told[int(found)]
                talk.heading(title)
                talk.tell(*lines)
        found = walk.pick("What else?", choices)


_FORGETTING = Choice(LETTERS["forget-answer"], "Forget the other side's answer", _FORGET)


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
    if hops[-1].id is HopId.PEER and known.chosen is not None:
        lines.append(f"The other side is {known.chosen.name}.")
    return tuple(lines)
