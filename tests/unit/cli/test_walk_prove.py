"""Prove as text where Tailscale finds the new paths a moment after the test, as it really does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace

import pytest

from probes.diagnosis.remedies import RemedyId
from probes.options import Options
from probes.report import Report
from probes.tailscale.watch import Look
from tests.tui.proving import Late
from tests.unit.cli.walking import Person, Practising, gathered
from tui import content
from tui.fixing.progress import HERE
from tui.masking import Masker
from tui.settings import Settings
from tui.sources import Source
from tui.state import Measurement, Step
from tui.walking.letters import LETTERS
from tui.walking.talk import Left
from tui.walking.walk import Walk, follow

KEEP = RemedyId.KEEP_ONE_PORT


@dataclass
class Home(Late):
    """A practice network that says of itself that it is this one."""

    looked: int = 0

    @property
    def title(self) -> str:
        """As the walk calls it."""
        return HERE

    def after(self, remedy: RemedyId) -> Source | None:
        """The same with another remedy done."""
        return Home(self.name, (*self.done, remedy), self.moves_to, self.asked, self.found)

    async def looks(self, options: Options) -> AsyncGenerator[Look, None]:
        """As they come; how many are taken is counted."""
        self.found.set()
        async for each in super().looks(options):
            self.looked += 1
            yield each


def measured(settings: Settings, source: Source, masker: Masker | None) -> Report:
    """A run, by the real clock: what it tells was measured ahead."""
    return asyncio.run(gathered(settings, source))


def proven(*answers: str, begun: bool, privacy: bool = False) -> tuple[Person, Walk, Home]:
    """Prove, after the NAT was told to keep one port; `begun`: and that was ticked."""
    person = Person(answers)
    walk = Walk(Settings(privacy=privacy, save=False), person.talk(), Practising(""), measured)
    source = Home("hard-home")
    walk.source = source
    before: Report = walk.run()
    walk.begin(Measurement(HERE, before))
    changed = source.after(KEEP)
    assert isinstance(changed, Home)
    walk.source = changed
    if begun:
        way = f"{KEEP}:this"
        now = replace(walk.keeper.progress, way=way, ticked={way: frozenset({"rule"})})
        walk.keeper.change(now, walk.raw)
    with pytest.raises(Left):
        follow(walk, Step.PROVE)
    return person, walk, changed


@pytest.mark.parametrize("privacy", [False, True])
def test_the_paths_that_come_of_a_change_are_waited_for(*, privacy: bool) -> None:
    person, walk, source = proven("r", "", begun=True, privacy=privacy)
    told = " ".join(person.text.split())
    waited, _, after = told.partition(content.proof("paths follow").replace("\n", " "))
    assert "Result" not in waited, "the result is told once they are seen"
    assert source.looked > 1
    assert "Result: direct now." in after
    names = [each.name for each in walk.peers if each.path == "direct"]
    assert len(names) == 2
    turned = next(name for name in names if f"Turned direct since: {name}." in after)
    via = "(masked)" if privacy else "sfo"
    assert f"{turned}. Before: relayed via {via}. Now: direct." in after
    assert ("office-desktop" in told) is not privacy
    assert ("45.83.241.66" in told) is not privacy


def test_nobody_waits_for_paths_where_nothing_was_changed() -> None:
    person, _, source = proven("r", "", begun=False)
    assert "Result" in person.text
    assert source.looked == 0


def test_what_was_done_stays_known_where_everything_is_tested_again() -> None:
    person, walk, _ = proven(LETTERS["test-all"], begun=True)
    told = " ".join(person.text.split())
    assert walk.proof is not None
    assert walk.proof.remedy is KEEP
    assert "No step of a fix was ticked" not in told
