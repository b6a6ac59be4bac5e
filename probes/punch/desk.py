"""A check's view of the network for work that is no check's: questions without a report."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

from probes.checks.context import Board, Context
from probes.events import Event
from probes.model import CheckId
from probes.network.seam import Network
from probes.options import Options
from probes.report import Report, reduce


@asynccontextmanager
async def desk(network: Network, options: Options, check: CheckId) -> AsyncIterator[Context]:
    """A context whose readings nobody keeps, for parts of `check`. What it started ends with it."""
    board, tasks = Board(Report()), set[asyncio.Task[None]]()

    def emit(event: Event) -> None:
        board.update(reduce(board.report, event))

    def spawn(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        async def guarded() -> None:
            with suppress(Exception):
                await work

        task = asyncio.create_task(guarded())
        tasks.add(task)
        # Cancelled before its first step, it would leave the coroutine inside it never awaited.
        task.add_done_callback(lambda _: work.close())
        return task

    try:
        yield Context(check, network, options, board, emit, network.now(), spawn)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await board.close()
