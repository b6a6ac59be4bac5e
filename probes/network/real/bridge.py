"""Awaiting a call that blocks, without ever having to wait for it.

`asyncio.to_thread` and `run_in_executor` make quitting wait until the call returns: a resolver that
hangs for ten seconds would hold the program for ten. Here the call runs in a daemon thread of its
own, and whoever waits may leave at any time.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


async def call(work: Callable[[], T], *, name: str, deadline_s: float | None = None) -> T:
    """What `work` returns or raises. Raises TimeoutError at the deadline.

    At the deadline or on cancellation the call is abandoned: it ends by itself or with the
    process, and its result is dropped.
    """
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if outcome.done():
            return
        if error is None:
            outcome.set_result(result)  # type: ignore[arg-type]
        elif isinstance(error, StopIteration):
            # A future refuses to hold it: it would end the awaiting generator instead.
            outcome.set_exception(RuntimeError("the call raised StopIteration"))
        else:
            outcome.set_exception(error)

    def run() -> None:
        result: T | None = None
        error: BaseException | None = None
        try:
            result = work()
        except BaseException as fault:
            error = fault
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, name=f"whyrelay {name}", daemon=True).start()
    async with asyncio.timeout(deadline_s):
        return await outcome
