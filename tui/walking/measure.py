"""Measure: the run, told line by line, and what it found in one sentence."""

from __future__ import annotations

from dataclasses import replace

from tui import content
from tui.explain import headline, notices, question_lines
from tui.plain_facts import sentence
from tui.proving.proof import Proof
from tui.state import Measurement, Step
from tui.walking.talk import Choice
from tui.walking.walk import BACK, NEXT, QUIT, Walk, moves

AGAIN, TRIAL = "again", "trial"


def measure(walk: Walk) -> Step:
    """Measure once, then ask where to go. Raises Left."""
    talk = walk.talk
    if not walk.measurement.closed:
        talk.heading(f"Step 2 of 5: Measure. {walk.measurement.title}")
        test(walk)
    while True:
        found = walk.ask(
            "What next?",
            (
                *moves(NEXT, last="what it means"),
                Choice("r", "Test again", AGAIN),
                Choice("m", "Try the router with a port: asks first", TRIAL),
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


def test(walk: Walk) -> None:
    """A whole run."""
    peer = walk.measurement.peer
    options = replace(walk.settings.options, peer=peer or walk.settings.options.peer)
    if walk.measurement.closed and walk.proof is None:
        walk.proof = Proof(walk.raw, tested=True)
    report = walk.run(options)
    walk.whole = walk.raw
    walk.measurement = Measurement(walk.measurement.title, report, "", peer)
    found = question_lines(report)
    if found:
        walk.talk.tell(
            "", "What was found:", *(sentence(f"{each.title}: {each.text}") for each in found)
        )
    if said := notices(report):
        walk.talk.tell("", *said)
    walk.talk.tell("", headline(walk.measurement.diagnosis, report), "")


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
        return False
    options = replace(walk.settings.options, map_test=True)
    walk.settings = replace(walk.settings, options=options)
    return True
