"""Measure: the run, told line by line; then its answer, what to do first, and what was found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tui import content
from tui.explain import notices, question_lines
from tui.explain.settling import trial_left
from tui.fixing.first import first_move
from tui.plain_facts import sentence
from tui.proving.compare import Side
from tui.proving.proof import Proof
from tui.sources import Opened, Replay
from tui.state import Measurement, Step
from tui.walking.fix_plan import fixing_of
from tui.walking.going_on import arrived
from tui.walking.letters import LETTERS
from tui.walking.talk import Choice
from tui.walking.walk import BACK, NEXT, QUIT, Walk, moves

AGAIN, TRIAL = "again", "trial"


def measure(walk: Walk) -> Step:
    """Measure once, then ask where to go. Raises Left."""
    talk = walk.talk
    talk.heading(f"Step 2 of 5: Measure. {walk.measurement.title}")
    if walk.measurement.closed:
        talk.tell(*answer(walk), "")
    else:
        test(walk)
    if walk.resumed is not None and (step := arrived(walk)) is not None:
        return step
    while True:
        found = walk.ask(
            "What next?",
            (
                *moves(NEXT, last="what it means"),
                Choice(LETTERS["retest"], "Test again", AGAIN),
                *(trial_choice() if can_try(walk) else ()),
                *moves(BACK, QUIT),
            ),
        )
        match found:
            case "again":
                test(walk)
            case "trial":
                if consented(walk):
                    test(walk)
            case "back":
                return Step.CHOOSE
            case _:
                return Step.UNDERSTAND


def answer(walk: Walk) -> Iterator[str]:
    """What it comes to, and the first thing to do that is possible: for the two, where both were
    measured."""
    known = walk.measurement
    yield Side(known.report, known.judged, known.pair).sentence
    yield from first_move(known.report, known.judged, fixing_of(walk).closed)


def test(walk: Walk) -> None:
    """A whole run."""
    peer = walk.measurement.peer
    options = replace(walk.settings.options, peer=peer or walk.settings.options.peer)
    if walk.measurement.closed and walk.proof is None:
        walk.proof = Proof(walk.raw, tested=True)
    report = walk.run(options)
    walk.whole = walk.raw
    walk.measurement = Measurement(walk.measurement.title, report, "", peer)
    if said := notices(report):
        walk.talk.tell("", *said)
    walk.talk.tell("", *answer(walk), "")
    found = question_lines(report)
    if found:
        walk.talk.tell(
            "What was found:", *(sentence(f"{each.title}: {each.text}") for each in found), ""
        )


def can_try(walk: Walk) -> bool:
    """The router can be tried with a port: it offers that, and it is there to be asked."""
    return not isinstance(walk.source, Opened | Replay) and trial_left(walk.measurement.report)


def trial_choice() -> tuple[Choice, ...]:
    """The answer that has the router tried."""
    return (Choice(LETTERS["map-test"], "Try the router with a port: asks first", TRIAL),)


def consented(walk: Walk) -> bool:
    """Ask once whether the router may be tried, plainly. What was said stays said."""
    if not walk.settings.save and not walk.practice:
        walk.talk.tell(content.notice("no-record"))
        return False
    if walk.settings.options.map_test:
        return True
    page = content.page("consent")
    walk.talk.heading(page.title)
    walk.talk.tell(page.opening)
    for name, text in page.sections.items():
        walk.talk.tell("", f"{name}. {text}")
    walk.talk.tell("")
    if not walk.talk.sure("May the router be tried?"):
        walk.talk.tell("Nothing was tried, and nothing was changed.", "")
        return False
    options = replace(walk.settings.options, map_test=True)
    walk.settings = replace(walk.settings, options=options)
    return True
