"""Where a run's events come from: this network, a practice network, or a recording.

The app and the command line treat all three alike.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

from probes.options import Options
from probes.values import dataclass

if TYPE_CHECKING:
    from probes.diagnosis.remedies import RemedyId
    from probes.events import Event
    from probes.model import IPAddress
    from probes.network.seam import Network
    from probes.report import Report
    from probes.tailscale.ping import Pinged
    from probes.tailscale.watch import Look


class Source(Protocol):
    """Something that can be measured, again and again."""

    @property
    def title(self) -> str:
        """Short, for the header: "this network", "practice: hard-home"."""

    def run(self, options: Options) -> AsyncIterator[Event]:
        """One run's events, `RunFinished` last. Closing the iterator ends the run at once."""


@runtime_checkable
class Changeable(Protocol):
    """A source that may become another one when a remedy is done: a practice network."""

    def after(self, remedy: RemedyId) -> Source | None:
        """What it becomes; None where it does not say."""


@runtime_checkable
class Followable(Protocol):
    """A source whose peers can be pinged and watched."""

    def pings(self, peer: IPAddress) -> AsyncIterator[Pinged]:
        """Pings, about one a second."""

    def looks(self, options: Options) -> AsyncIterator[Look]:
        """Looks, one every few seconds."""


@dataclass(frozen=True, slots=True)
class Live:
    """A network measured now, by the running loop's clock."""

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

    async def pings(self, peer: IPAddress) -> AsyncGenerator[Pinged, None]:
        """Ping a peer until a direct answer comes, or nobody listens."""
        from probes.tailscale.cli import Trouble, find
        from probes.tailscale.ping import Pinged, PingResult, Refusal, ping

        network = self.network()
        async with network.session():
            program = await find(network)
            if program is None:
                nobody = Refusal("", Trouble.NOT_INSTALLED)
                yield Pinged(0.0, nobody, PingResult.REFUSED)
                return
            async for each in ping(network, program, peer, until_direct=True):
                yield each

    async def looks(self, options: Options) -> AsyncGenerator[Look, None]:
        """Look at the paths to all peers now and then, until nobody listens."""
        from probes.tailscale.watch import watch

        async for look in watch(self.network(), options):
            yield look


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


T = TypeVar("T")


@asynccontextmanager
async def closing(run: AsyncIterator[T]) -> AsyncIterator[AsyncIterator[T]]:
    """A run that ends when it is left, however it is left: nothing of it stays behind."""
    try:
        yield run
    finally:
        if isinstance(run, AsyncGenerator):
            await run.aclose()
