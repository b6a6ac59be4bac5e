"""Prove as text where Tailscale finds the new paths a moment after the test, as it really does."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from ipaddress import ip_address

import pytest

from probes.diagnosis.remedies import RemedyId
from probes.model import IPAddress
from probes.options import Options
from probes.report import Report
from probes.tailscale.ping import Pinged
from probes.tailscale.watch import Look
from tests.tui.proving import Ahead, Late, looks_of, pings_of
from tests.unit.cli.walking import Person, Practising, gathered
from tui import content
from tui.fixing.progress import HERE
from tui.masking import Masker
from tui.settings import Settings
from tui.sources import Source
from tui.state import Measurement, Step
from tui.walking.letters import LETTERS
from tui.walking.talk import Left, Talk
from tui.walking.walk import Walk, follow

NAS = ip_address("100.71.8.7")
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


@dataclass
class Presses(Person):
    """Presses Enter as soon as all was heard, on what can be waited for as a terminal is."""

    pipe: tuple[int, int] = field(default_factory=os.pipe)
    pressed: bool = False

    def press(self) -> None:
        """Enter."""
        self.pressed = True
        os.write(self.pipe[1], b"\n")

    def talk(self) -> Talk:
        """With an ear."""
        return replace(super().talk(), ear=self.pipe[0])

    def _read(self) -> str:
        if self.pressed:
            self.pressed = False
            os.read(self.pipe[0], 1)
            return "\n"
        return super()._read()


@dataclass
class Pressed(Ahead):
    """Heard to its end, whereupon the person presses Enter."""

    person: Presses = field(default_factory=lambda: Presses(()))
    heard: int = 100
    """So many pings at most."""

    async def pings(self, peer: IPAddress) -> AsyncGenerator[Pinged, None]:
        """As they come, then Enter."""
        for each in pings_of(self.name, self.done, peer)[: self.heard]:
            yield each
        self.person.press()
        await asyncio.Event().wait()

    async def looks(self, options: Options) -> AsyncGenerator[Look, None]:
        """The first ones, then Enter."""
        for each in looks_of(self.name, self.done)[: self.heard]:
            yield each
        self.person.press()
        await asyncio.Event().wait()


def stopped(*answers: str, heard: int = 100) -> str:
    """What is told of pings or a watch at a home with a hard NAT that Enter stops."""
    pings_of("hard-home", (), NAS), looks_of("hard-home", ())  # no clock of their own runs later
    person = Presses(answers)
    walk = Walk(Settings(save=False), person.talk(), Practising(""), measured)
    walk.source = Pressed("hard-home", person=person, heard=heard)
    walk.begin(Measurement(HERE, walk.run()))
    try:
        with pytest.raises(Left):
            follow(walk, Step.PROVE)
    finally:
        for each in person.pipe:
            os.close(each)
    return " ".join(person.text.rpartition(f"«{answers[-1]}»")[2].split())


def test_pings_that_are_stopped_are_judged_by_what_was_heard() -> None:
    told = stopped("u", "1")
    assert "Relayed: ten seconds went by without a direct answer." in told
    assert "go on" not in told
    early = stopped("u", "1", heard=3)
    assert content.proof("ping stopped").replace("\n", " ") in early
    assert "Relayed:" not in early


def test_a_watch_that_saw_no_change_says_so() -> None:
    told = stopped("f", heard=4)
    assert "Nothing changed while it was watched, for 15 s." in told


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
