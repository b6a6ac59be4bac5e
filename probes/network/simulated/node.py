"""The shape of the graph: what hangs below a node, and what is above one."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Iterator
from dataclasses import field
from itertools import count
from random import Random
from typing import Protocol, TypeAlias

from probes.model import IPAddress
from probes.network.simulated.link import Line, LineQuality
from probes.network.simulated.packet import Packet
from probes.values import dataclass


class Below(Protocol):
    """A node as the one above it knows it: a host's interface, a box, a server."""

    line: Line
    """The line up."""

    def reaches(self, address: IPAddress) -> bool:
        """Whether packets to the address go down here."""

    def inward(self, packet: Packet) -> None:
        """A packet arrives from above."""


class Above(Protocol):
    """A node as those below it know it: a box, or the internet."""

    def outward(self, packet: Packet, below: Below) -> None:
        """A packet arrives from below."""


_Due: TypeAlias = tuple[float, int, Callable[[Packet], None], Packet]


@dataclass(slots=True, eq=False)
class Clock:
    """The running event loop's time, and what is to be forgotten when another loop runs.

    Flow tables hold times of one loop; they mean nothing to the next one.
    """

    on_new_loop: list[Callable[[], None]] = field(default_factory=list)
    _loop: asyncio.AbstractEventLoop | None = None
    _began: float = 0.0
    _due: list[_Due] = field(default_factory=list)
    _count: Iterator[int] = field(default_factory=count)

    def _running(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._began = loop, loop.time()
            self._due.clear()
            for forget in self.on_new_loop:
                forget()
        return loop

    def now(self) -> float:
        """Seconds of the running loop."""
        return self._running().time()

    def since_start(self) -> float:
        """Seconds since the network was first used on this loop."""
        return self.now() - self._began

    def later(self, seconds: float, deliver: Callable[[Packet], None], packet: Packet) -> None:
        """Deliver a packet after so many seconds; at once for none."""
        loop = self._running()
        if seconds <= 0:
            deliver(packet)
            return
        # A loop's timers of one moment fire in any order; packets on a line must not.
        when = loop.time() + seconds
        heapq.heappush(self._due, (when, next(self._count), deliver, packet))
        loop.call_at(when, self._deliver_next)

    def _deliver_next(self) -> None:
        _, _, deliver, packet = heapq.heappop(self._due)
        deliver(packet)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every part of one simulated network shares."""

    seed: str
    clock: Clock

    def rng(self, purpose: str) -> Random:
        """Random numbers of one part's own, so that no other part's traffic moves them."""
        return Random(f"{self.seed}/{purpose}")  # noqa: S311 - to be repeated, not to be secret

    def line(self, name: str, quality: LineQuality) -> Line:
        """A line with that name."""
        return Line(quality, self.rng(f"line {name}"), self.clock.later)
