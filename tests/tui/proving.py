"""Practice networks for Prove, measured ahead on a virtual clock: nobody waits for a test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import cache

from probes.diagnosis.remedies import RemedyId
from probes.events import Event
from probes.model import CheckId, IPAddress
from probes.network.simulated import Life, ScenarioError, load, run_virtual
from probes.options import Journal, Options
from probes.tailscale.ping import Pinged, PingResult
from probes.tailscale.watch import Look
from tui.networks import PRACTICE
from tui.sources import Live, Source

_LOOKS = 14


def _live(name: str, done: tuple[RemedyId, ...]) -> Live:
    return Live(f"{PRACTICE}{name}", lambda: load(name, done=done))


def _watched(name: str, done: tuple[RemedyId, ...]) -> Live:
    """Right after the last change: Tailscale has yet to find the new paths."""
    life = Life(changed_s=0.0) if done else None
    return Live(f"{PRACTICE}{name}", lambda: load(name, done=done, life=life))


@cache
def run_of(
    name: str,
    done: tuple[RemedyId, ...],
    only: frozenset[CheckId],
    map_test: bool,
    at_once: bool = False,
) -> tuple[Event, ...]:
    """A whole run; `at_once`: right after the last change."""
    journal = Journal(write=lambda _id, _text: True)
    options = Options(only=only, map_test=map_test, journal=journal)
    live = _watched(name, done) if at_once else _live(name, done)

    async def run() -> tuple[Event, ...]:
        return tuple([event async for event in live.run(options)])

    return run_virtual(run())


@cache
def pings_of(name: str, done: tuple[RemedyId, ...], peer: IPAddress) -> tuple[Pinged, ...]:
    """Twelve pings, or fewer where a direct answer comes."""

    async def run() -> tuple[Pinged, ...]:
        found: list[Pinged] = []
        async with aclosing(_watched(name, done).pings(peer)) as stream:
            async for each in stream:
                found.append(each)
                if len(found) == 12:
                    break
        return tuple(found)

    return run_virtual(run())


@cache
def looks_of(name: str, done: tuple[RemedyId, ...]) -> tuple[Look, ...]:
    """Looks for a minute."""

    async def run() -> tuple[Look, ...]:
        found: list[Look] = []
        async with aclosing(_watched(name, done).looks(Options())) as stream:
            async for each in stream:
                found.append(each)
                if len(found) == _LOOKS:
                    break
        return tuple(found)

    return run_virtual(run())


@dataclass
class Ahead:
    """A practice network that is measured in no time, and whose paths do not wait for a clock."""

    name: str
    done: tuple[RemedyId, ...] = ()
    moves_to: str = ""
    """From the first change on, the device is on this network."""
    asked: list[frozenset[CheckId]] = field(default_factory=list)
    """What each run was asked to test."""

    @property
    def title(self) -> str:
        """As the app calls it."""
        return f"{PRACTICE}{self.name}"

    async def run(self, options: Options) -> AsyncIterator[Event]:
        """The events, at once."""
        self.asked.append(options.only)
        name, done = (self.moves_to, ()) if self.moves_to and self.done else (self.name, self.done)
        made = await asyncio.to_thread(run_of, name, done, options.only, options.map_test)
        for event in made:
            yield event

    def after(self, remedy: RemedyId) -> Source | None:
        """As the scenario file says."""
        try:
            load(self.name, done=(*self.done, remedy))
        except ScenarioError:
            return None
        return Ahead(self.name, (*self.done, remedy), self.moves_to, self.asked)

    async def pings(self, peer: IPAddress) -> AsyncGenerator[Pinged, None]:
        """All of them until a direct one, else silence afterwards."""
        for each in await asyncio.to_thread(pings_of, self.name, self.done, peer):
            yield each
            if each.result is PingResult.DIRECT:
                return
        await asyncio.Event().wait()

    async def looks(self, options: Options) -> AsyncGenerator[Look, None]:
        """All of them, then silence."""
        for each in await asyncio.to_thread(looks_of, self.name, self.done):
            yield each
        await asyncio.Event().wait()


@dataclass
class Late(Ahead):
    """The same, tested right after the change: the paths that come of it are seen afterwards."""

    found: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once Tailscale has found them."""

    async def run(self, options: Options) -> AsyncIterator[Event]:
        """The events, at once."""
        self.asked.append(options.only)
        asked = self.name, self.done, options.only, options.map_test, True
        for event in await asyncio.to_thread(run_of, *asked):
            yield event

    def after(self, remedy: RemedyId) -> Source | None:
        """As the scenario file says."""
        return Late(self.name, (*self.done, remedy), self.moves_to, self.asked, self.found)

    async def looks(self, options: Options) -> AsyncGenerator[Look, None]:
        """The first one, and the others once the paths are found."""
        first, *others = await asyncio.to_thread(looks_of, self.name, self.done)
        yield first
        await self.found.wait()
        for each in others:
            yield each
