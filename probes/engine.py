"""Runs checks side by side and merges what they tell into one stream of events.

Deadlines, faults and cancellation are dealt with here, once: a check that hangs is timed out, one
that raises becomes Failed readings, and leaving the stream ends everything at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from contextlib import suppress
from dataclasses import field
from typing import Any

from probes.checks.context import Board, Check, Context
from probes.clean import clean
from probes.events import (
    CheckFinished,
    CheckStarted,
    Event,
    NetworkChanged,
    RunFinished,
    RunStarted,
)
from probes.identity import Fingerprint, fingerprint, network_id
from probes.model import CheckId, CheckStatus
from probes.network.seam import Network
from probes.options import Options
from probes.report import Report, reduce
from probes.values import dataclass


async def measure(
    network: Network, checks: Sequence[Check], options: Options, skipped: Iterable[CheckId] = ()
) -> AsyncIterator[Event]:
    """Run `checks` and yield every event as it happens, `RunFinished` last.

    Closing the iterator cancels what is still running; nothing outlives it.
    """
    run = _Run(network, options)
    async with network.session():
        driver = asyncio.create_task(run.drive(checks, tuple(skipped)))
        try:
            while True:
                event = await run.queue.get()
                yield event
                if isinstance(event, RunFinished):
                    return
        finally:
            driver.cancel()
            with suppress(asyncio.CancelledError):
                await driver


@dataclass(slots=True)
class _Run:
    network: Network
    options: Options
    began: float = 0.0
    queue: asyncio.Queue[Event] = field(default_factory=asyncio.Queue)
    board: Board = field(default_factory=lambda: Board(Report()))
    lingering: set[asyncio.Task[None]] = field(default_factory=set)

    async def drive(self, checks: Sequence[Check], skipped: tuple[CheckId, ...]) -> None:
        """The whole run, from RunStarted to RunFinished."""
        self.began = self.network.now()
        stamp = self.network.wall().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self.emit(
            RunStarted(0.0, stamp, tuple(check.id for check in checks), skipped, self.network.name)
        )
        end, moved = Fingerprint(), False
        try:
            async with asyncio.timeout(self.options.timeout_s):
                end, moved = await self._measure(checks)
        except TimeoutError:
            self._close_open_checks(CheckStatus.TIMED_OUT, "")
        finally:
            await self._end_lingering()
        report = self.board.report
        self.emit(
            RunFinished(self.at_ms(), network_id(report, end, self.options.salt), changed=moved)
        )

    async def _measure(self, checks: Sequence[Check]) -> tuple[Fingerprint, bool]:
        """Run everything; once more if the device moved to another network meanwhile.

        When it moved is not known, so no reading can be kept: a report speaks of one network. One
        whose network went away keeps what was read, and says that little of it can be relied on.
        """
        start = asyncio.create_task(fingerprint(self.network))
        try:
            await self._run_all(checks)
            before, after = await start, await fingerprint(self.network)
        finally:
            start.cancel()
        if before.lost_in(after):
            return before, True  # there is nothing that could be measured once more
        if not before.differs(after):
            return after, False
        await self._end_lingering()
        self.emit(NetworkChanged(self.at_ms(), tuple(check.id for check in checks)))
        await self._run_all(checks)
        last = await fingerprint(self.network)
        return last, after.differs(last)

    async def _run_all(self, checks: Sequence[Check]) -> None:
        async with asyncio.TaskGroup() as group:
            for check in checks:
                group.create_task(self._run_one(check))

    async def _run_one(self, check: Check) -> None:
        status, error = CheckStatus.DONE, ""
        self.emit(CheckStarted(self.at_ms(), check.id, check.budget_ms))
        context = Context(
            check.id, self.network, self.options, self.board, self.emit, self.began, self._spawn
        )
        limit = asyncio.timeout(check.budget_ms / 1000.0)
        try:
            async with limit:
                await check.run(context)
        except TimeoutError as fault:
            if limit.expired():
                status = CheckStatus.TIMED_OUT
            else:
                status, error = CheckStatus.FAILED, _describe(fault)
        except Exception as fault:  # a broken check is a finding, never a dead program
            status, error = CheckStatus.FAILED, _describe(fault)
        self.emit(CheckFinished(self.at_ms(), check.id, status, error))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        async def guarded() -> None:
            with suppress(Exception):  # a late listener has nobody left to fail for
                await work

        task = asyncio.create_task(guarded())
        self.lingering.add(task)
        task.add_done_callback(self.lingering.discard)
        # Cancelled before its first step, it would leave the coroutine inside it never awaited.
        task.add_done_callback(lambda _: work.close())
        return task

    async def _end_lingering(self) -> None:
        tasks = tuple(self.lingering)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.board.close()

    def emit(self, event: Event) -> None:
        """Into the ledger, to whoever waits for an answer, and into the stream."""
        self.board.update(reduce(self.board.report, event))
        self.queue.put_nowait(event)

    def at_ms(self) -> float:
        """Milliseconds after the run began."""
        return (self.network.now() - self.began) * 1000.0

    def _close_open_checks(self, status: CheckStatus, error: str) -> None:
        for check, state in self.board.report.checks.items():
            if not state.status.over:
                self.emit(CheckFinished(self.at_ms(), check, status, error))


def _describe(fault: BaseException) -> str:
    if isinstance(fault, BaseExceptionGroup):
        return _describe(fault.exceptions[0])
    text = clean(str(fault))
    return f"{type(fault).__name__}: {text}" if text else type(fault).__name__
