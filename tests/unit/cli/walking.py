"""A walk as text with scripted answers, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from probes.network.simulated import run_virtual
from probes.options import Options
from probes.report import Report, reduce
from tui.masking import Masker
from tui.networks import Everything
from tui.settings import Settings
from tui.sources import Source, closing
from tui.state import Step
from tui.walking.talk import Left, Talk
from tui.walking.walk import Walk, follow

TO_FIX = ("4", "hard-home", "n", "n")
"""Answers that lead there."""
TO_PROVE = (*TO_FIX, "n")


@dataclass
class Person:
    """Answers from a script, and hears everything."""

    answers: Sequence[str]
    heard: list[str] = field(default_factory=list)

    def talk(self) -> Talk:
        return Talk(self.heard.append, self._read)

    def _read(self) -> str:
        if not self.answers:
            return ""
        answer, *self.answers = self.answers
        self.heard.append(f"«{answer}»\n")
        return f"{answer}\n"

    @property
    def text(self) -> str:
        return "".join(self.heard)


async def gathered(settings: Settings, source: Source) -> Report:
    """What a whole run of the source tells."""
    report = Report()
    async with closing(source.run(settings.options)) as events:
        async for event in events:
            report = reduce(report, event)
    return report


class Asked:
    """Measures practice networks at once, and remembers what was asked of each run."""

    def __init__(self) -> None:
        self.options: list[Options] = []

    def measure(self, settings: Settings, source: Source, masker: Masker | None) -> Report:
        self.options.append(settings.options)
        return run_virtual(gathered(settings, source))


class Practising(Everything):
    """This network is a practice network as well: nothing here leaves the process."""

    def __init__(self, here: str) -> None:
        self.here = here

    def this(self) -> Source:
        return self.open(self.here)


def walked(
    *answers: str, here: str = "easy-home", privacy: bool = False, start: Step = Step.CHOOSE
) -> tuple[Person, Walk, Asked]:
    """A walk to the end of the answers."""
    person, asked = Person(answers), Asked()
    settings = Settings(privacy=privacy, save=False)
    walk = Walk(settings, person.talk(), Practising(here), asked.measure)
    with pytest.raises(Left):
        follow(walk, start)
    return person, walk, asked
