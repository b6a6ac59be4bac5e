"""Where a run's events come from: this network, a practice network, or a recording.

The app and the command line treat all three alike.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from probes.options import Options

if TYPE_CHECKING:
    from probes.events import Event
    from probes.network.seam import Network
    from probes.report import Report


class Source(Protocol):
    """Something that can be measured, again and again."""

    @property
    def title(self) -> str:
        """Short, for the header: "this network", "practice: hard-home"."""

    def run(self, options: Options) -> AsyncIterator[Event]:
        """One run's events, `RunFinished` last. Closing the iterator ends the run at once."""


@dataclass(frozen=True, slots=True)
class Live:
    """A network measured now: the real one, or a simulated one."""

    title: str
    network: Callable[[], Network]
    """Makes the network anew for each run."""

    def run(self, options: Options) -> AsyncIterator[Event]:
        """Measure."""
        # The checks are imported when they are made: a screen can be up before that.
        from probes.checks.registry import select
        from probes.engine import measure

        checks, skipped = select(options)
        return measure(self.network(), checks, options, skipped)


@dataclass(frozen=True, slots=True)
class Replay:
    """A recorded run, played with its own timing (or at once)."""

    title: str
    events: Sequence[Event]
    timed: bool = True

    async def run(self, options: Options) -> AsyncIterator[Event]:
        """Play it."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        for event in self.events:
            if self.timed:
                await asyncio.sleep(max(0.0, began + event.at_ms / 1000.0 - loop.time()))
            yield event


@dataclass(frozen=True, slots=True)
class Opened:
    """A report that is there already: pasted, or read from a file."""

    title: str
    report: Report
    notes: tuple[str, ...] = ()
    """Sentences on what of it could not be used."""

    async def run(self, options: Options) -> AsyncIterator[Event]:
        """Tell it, at once."""
        from probes.report import events_of

        for event in events_of(self.report):
            yield event


@asynccontextmanager
async def closing(run: AsyncIterator[Event]) -> AsyncIterator[AsyncIterator[Event]]:
    """A run that ends when it is left, however it is left: nothing of it stays behind."""
    try:
        yield run
    finally:
        if isinstance(run, AsyncGenerator):
            await run.aclose()
