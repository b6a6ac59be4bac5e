"""The other side, in text: what to send there, what came back, and the answer for the two."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from probes.diagnosis.what_if import Whose
from tui import content
from tui.explain.path import own_nat
from tui.pair_view import Pair, headline, how_of
from tui.state import OtherSide
from tui.walking.giving import given
from tui.walking.walk import Walk

_SIDES = {Whose.THIS: "on this side", Whose.OTHER: "on the other side"}


def ask(walk: Walk) -> None:
    """What the person at the other device is to do, and what becomes of the answer."""
    page = content.page("other-side")
    walk.talk.heading(page.title)
    walk.talk.tell(page.opening)
    for name, text in page.sections.items():
        walk.talk.tell("", f"{name}:", *(line for line in text.split("\n") if line))


def give(walk: Walk) -> bool:
    """Read what came back. False: nothing was given. Raises Left."""
    walk.talk.tell(content.page("other-answer").opening)
    found = given(walk.talk)
    if found is None:
        return False
    name, report = found.title, found.report
    if (masker := walk.masker) is not None:
        name, report = masker.text(name), masker.report(report)
    walk.measurement = replace(walk.measurement, other=OtherSide(name, report))
    return True


def forget(walk: Walk) -> None:
    """The other side is not known any more."""
    walk.measurement = replace(walk.measurement, other=None)
    walk.talk.tell("The other side's answer is forgotten.")


def pair_lines(found: Pair) -> Iterator[str]:
    """The answer for the two, as both were measured."""
    words = how_of(found)
    own, other = (own_nat(side.nat4) for side in found.sides)
    yield f"As both sides measured: {headline(found)}"
    yield f"How: {words.sentence}"
    yield f"Why: {words.why}"
    yield f"How sure: {content.label(found.prediction.confidence)}."
    yield f"This side: {own}. The other side: {other}."
    for fix in found.fixes:
        if fix.flips:
            yield f"This makes it direct: {content.label(fix.remedy.id)}, {_SIDES[fix.side]}."
    yield f"The other side was read from: {found.b.name}"
