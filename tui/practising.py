"""A practice network as a source: one network in memory, however often it is used."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from probes.values import dataclass
from tui.sources import Live, Source, closing

if TYPE_CHECKING:
    from probes.diagnosis.remedies import RemedyId
    from probes.events import Event
    from probes.model import IPAddress
    from probes.network.simulated import SimulatedNetwork
    from probes.options import Options
    from probes.tailscale.ping import Pinged
    from probes.tailscale.watch import Look

PRACTICE = "practice: "
"""Before a practice network's name, in titles."""
FINDS_PATHS_S = 5.0
"""So long after a change Tailscale has surely found what paths come of it."""

T = TypeVar("T")

# The simulation is imported when it is measured: a screen can be up before that.


@dataclass(slots=True)
class Age:
    """How old a practice network is: it is there from its first use on."""

    clock: Callable[[], float] = time.monotonic
    began: float | None = None
    woken: dict[str, float] = field(default_factory=dict)
    """When idle peers were first pinged."""

    def now(self) -> float:
        """Seconds."""
        at = self.clock()
        if self.began is None:
            self.began = at
        return at - self.began

    def skip_to(self, age_s: float) -> None:
        """It is at least so old: nobody had to wait for it."""
        at = self.clock()
        if self.began is None or at - self.began < age_s:
            self.began = at - age_s


@dataclass(frozen=True, slots=True)
class Practised:
    """A practice network after remedies. What it tells is shown at the pace of the real clock.

    All that is made of it by `after` is the same network at another time: its peers stay awake, and
    a run, a ping and a look at one moment see the same paths.
    """

    name: str
    done: tuple[RemedyId, ...] = ()
    changed_s: float | None = None
    """How old it was when the last remedy was done."""
    age: Age = field(default_factory=Age, compare=False)

    @property
    def title(self) -> str:
        """As the header has it."""
        return f"{PRACTICE}{self.name}"

    def run(self, options: Options) -> AsyncIterator[Event]:
        """Measure. What real routers hold open is none of its business, and is left alone."""
        apart = replace(options, journal=options.journal.in_memory())
        return self._shown(lambda live: live.run(apart), lambda event: event.at_ms / 1000.0)

    def pings(self, peer: IPAddress) -> AsyncGenerator[Pinged, None]:
        """Ping a peer until a direct answer comes, or nobody listens."""
        return self._shown(lambda live: live.pings(peer), lambda each: each.at_ms / 1000.0)

    def looks(self, options: Options) -> AsyncGenerator[Look, None]:
        """Look at the paths to all peers now and then, until nobody listens."""
        return self._shown(lambda live: live.looks(options), lambda look: look.at_s)

    def after(self, remedy: RemedyId) -> Source | None:
        """The network once that is done, from now on; None where nobody can say."""
        from probes.network.simulated import ScenarioError, load

        done = (*self.done, remedy)
        try:
            load(self.name, done=done)
        except ScenarioError:
            return None
        return Practised(self.name, done, self.age.now(), self.age)

    async def _shown(
        self, use: Callable[[Live], AsyncIterator[T]], at_s: Callable[[T], float]
    ) -> AsyncGenerator[T, None]:
        from probes.network.simulated.pace import in_virtual_time, paced

        virtual = in_virtual_time()
        if virtual and self.changed_s is not None:  # nobody waits, so Tailscale had its time
            self.age.skip_to(self.changed_s + FINDS_PATHS_S)
        age_s = self.age.now()
        # Who looks on sees today's date; what is worked out in virtual time is always the same.
        today = None if virtual else datetime.now(UTC)

        def made() -> AsyncIterator[T]:
            return use(Live(self.title, lambda: self._network(age_s, today)))

        stream = made() if virtual else paced(made, at_s)
        async with closing(stream) as items:
            async for item in items:
                yield item

    def _network(self, age_s: float, today: datetime | None) -> SimulatedNetwork:
        from probes.network.simulated import Life, load

        life = Life(age_s, self.changed_s, self.age.woken)
        if today is not None:
            life.beginning = today - timedelta(seconds=age_s)
        return load(self.name, done=self.done, life=life)
