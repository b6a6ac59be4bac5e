"""What the engine hands to a check: the network, the options, the ledger so far, a way to tell."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import field
from typing import Any, Protocol, TypeVar

from probes.events import Event, Observed, Progressed
from probes.model import CheckId, Failed, Known, Reading, Reason, Unknown
from probes.network.seam import Network
from probes.options import Options
from probes.readings.key import Key
from probes.report import Report
from probes.values import dataclass

T = TypeVar("T")


class Check(Protocol):
    """One check. It finds out facts and tells them the moment they exist."""

    @property
    def id(self) -> CheckId:
        """Which one it is."""

    @property
    def budget_ms(self) -> float:
        """It is cancelled after so many milliseconds; unfinished facts stay unknown."""

    async def run(self, context: Context) -> None:
        """Measure. Whatever it raises becomes Failed readings; it never ends the run."""


@dataclass(slots=True)
class Board:
    """The ledger so far, for checks that stand on another's answer."""

    report: Report
    _waiters: list[tuple[Callable[[Report], bool], asyncio.Future[Report]]] = field(
        default_factory=list
    )

    _shared: dict[str, asyncio.Task[Any]] = field(default_factory=dict)

    async def once(self, name: str, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Do a piece of work that several checks need once a run, and share its outcome."""
        task = self._shared.get(name)
        if task is None:
            task = self._shared[name] = asyncio.create_task(make())
        # Shielded: one check's deadline must not end what another waits for.
        result: T = await asyncio.shield(task)
        return result

    async def close(self) -> None:
        """End the shared work and forget it."""
        tasks = tuple(self._shared.values())
        self._shared.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def update(self, report: Report) -> None:
        """A newer report: wakes whoever waited for what it holds."""
        self.report = report
        for done, future in tuple(self._waiters):
            if not future.done() and done(report):
                future.set_result(report)

    async def wait(self, done: Callable[[Report], bool]) -> Report:
        """The first report of which `done` holds."""
        if done(self.report):
            return self.report
        future: asyncio.Future[Report] = asyncio.get_running_loop().create_future()
        waiter = (done, future)
        self._waiters.append(waiter)
        try:
            return await future
        finally:
            self._waiters.remove(waiter)

    async def reading(self, key: Key[T]) -> Reading[T]:
        """What another check found, once it has: its first reading, or why there is none."""

        def settled(report: Report) -> bool:
            if key.id in report.readings:
                return True
            state = report.checks.get(key.check)
            return state is None or state.status.over

        return (await self.wait(settled))[key]


@dataclass(frozen=True, slots=True)
class Context:
    """A check's view of its run."""

    check: CheckId
    network: Network
    options: Options
    board: Board
    emit: Callable[[Event], None]
    began: float
    """`Network.now` when the run began."""
    spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]
    """Keep a task running until the report closes, past the check's own end: for late answers."""

    def at_ms(self) -> float:
        """Milliseconds after the run began."""
        return (self.network.now() - self.began) * 1000.0

    def known(self, key: Key[T], value: T, source: str) -> None:
        """Tell a fact."""
        self._observe(key, Known(value, source, self.at_ms()))

    def unknown(self, key: Key[Any], reason: Reason, detail: str = "") -> None:
        """Tell that a fact could not be known, and why."""
        self._observe(key, Unknown(reason, detail, self.at_ms()))

    def failed(self, key: Key[Any], error: str) -> None:
        """Tell that finding out broke."""
        self._observe(key, Failed(error, self.at_ms()))

    def _observe(self, key: Key[Any], reading: Reading[Any]) -> None:
        if key.check is not self.check and not key.shared:
            raise ValueError(f"{self.check} tells {key.id}, which is {key.check}'s")
        self.emit(Observed(self.at_ms(), self.check, key.id, reading))

    def progress(self, done: int, total: int, doing: str, detail: str = "") -> None:
        """Tell how far the check is: `done` of `total`, and the id of what it does now."""
        self.emit(Progressed(self.at_ms(), self.check, done, total, doing, detail))
