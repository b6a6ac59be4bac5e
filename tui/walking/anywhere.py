"""What can be typed at every question of the walk, whatever else it asks: the app's keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from tui import content
from tui.guessing import meant
from tui.sources import Opened
from tui.state import Measurement, OtherSide, Step
from tui.walking.giving import given
from tui.walking.talk import Talk

if TYPE_CHECKING:
    from tui.walking.walk import Walk

ANYWHERE: Mapping[str, str] = MappingProxyType({"?": "explain", "p": "privacy", "o": "open"})
"""By what is typed; the app's commands of these names have the same keys."""
_ALL = "all"


class Turned(Exception):
    """The walk goes on elsewhere than where the question led; None: at the same step, told anew."""

    def __init__(self, step: Step | None = None) -> None:
        super().__init__()
        self.step = step


def heard(walk: Walk, answer: str) -> None:
    """Do what was typed. Raises Turned where the question is out of place after it, and Left."""
    match ANYWHERE[answer]:
        case "explain":
            walk.talk.tell(
                "At every question: ? explains a word, p masks addresses and names from here on, "
                "and o takes a report from elsewhere."
            )
            words(walk.talk)
        case "privacy":
            mask(walk)
        case _:
            if (step := report(walk)) is not None:
                raise Turned(step)


def words(talk: Talk) -> None:
    """Words, until the person has no more to ask. Raises Left."""
    names = [each.name for each in content.glossary().values()]
    while asked := talk.name("The word", f"{_ALL}: hear which there are"):
        if asked.casefold() == _ALL:
            talk.tell(f"The glossary has: {', '.join(names)}.")
        elif (found := content.term(asked)) is not None:
            talk.tell(f"{found.name}: {found.short}", found.more)
        else:
            spelled = {name.casefold(): name for name in names}
            close = meant(asked.casefold(), spelled)
            guess = f" Did you mean {spelled[close]}?" if close else ""
            talk.tell(f"That word is not in the glossary.{guess}")


def mask(walk: Walk) -> None:
    """Everything is told through a mask from here on. Raises Turned."""
    if walk.settings.privacy:
        walk.talk.tell("Addresses and names are masked already, until whyrelay ends.")
        return
    walk.settings = replace(walk.settings, privacy=True)
    walk.talk.tell(
        "Addresses and names are masked from here on. What stands further up is as it was."
    )
    known, masker = walk.measurement, walk.masker
    if masker is None or known.begun is None:
        return
    other = known.other
    if other is not None:
        other = OtherSide(masker.text(other.name), masker.report(other.report))
    walk.measurement = Measurement(known.title, walk.shown(walk.raw), "", known.peer, other)
    raise Turned


def report(walk: Walk) -> Step | None:
    """A report from elsewhere is looked at from here on. None: nothing was given. Raises Left."""
    found = given(walk.talk)
    if found is None:
        return None
    walk.source = Opened(f"report: {found.name}", found.report, found.notes)
    walk.begin(Measurement(walk.source.title, walk.shown(found.report)))
    return Step.UNDERSTAND
