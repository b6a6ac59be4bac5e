"""Showing virtual time at the pace of the real one.

What a practice network tells is worked out on its virtual clock, in a thread of its own, and is
handed out when its moment has come. However late a busy program looks at it, the times in it are
those of the network: nothing that is measured there holds a delay of whoever watches.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import suppress
from typing import Any, Generic, TypeVar

from probes.network.simulated.clock import VirtualTimeLoop

T = TypeVar("T")


async def paced(
    make: Callable[[], AsyncIterator[T]], at_s: Callable[[T], float]
) -> AsyncGenerator[T, None]:
    """The items of a stream, each of them `at_s` seconds after the first was asked for.

    `make` is called, and all of the stream's work done, in another thread. Raises what it raises.
    Leaving it early ends the stream soon, and waits for nothing.
    """
    loop = asyncio.get_running_loop()
    stage, began = _Stage(make), loop.time()
    try:
        while (item := await stage.next()) is not None:
            await asyncio.sleep(max(0.0, began + at_s(item[0]) - loop.time()))
            yield item[0]
    finally:
        stage.leave()


def in_virtual_time() -> bool:
    """Whether the running loop has a virtual clock already."""
    return isinstance(asyncio.get_running_loop(), VirtualTimeLoop)


class _Stage(Generic[T]):
    """The thread: it works out one item each time that it is asked."""

    def __init__(self, make: Callable[[], AsyncIterator[T]]) -> None:
        self._make = make
        self._asked: queue.SimpleQueue[asyncio.Future[tuple[T] | None] | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        # A daemon: whoever quits does not wait for it.
        threading.Thread(target=self._play, name="whyrelay practice", daemon=True).start()

    async def next(self) -> tuple[T] | None:
        """The next item; None after the last one."""
        answer: asyncio.Future[tuple[T] | None] = self._loop.create_future()
        self._asked.put(answer)
        return await answer

    def leave(self) -> None:
        """Nobody asks any more."""
        self._asked.put(None)

    def _play(self) -> None:
        with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
            stream = aiter(self._make())
            while (answer := self._asked.get()) is not None:
                found: tuple[T] | None = None
                fault: BaseException | None = None
                try:
                    found = runner.run(_one(stream))
                except BaseException as error:  # it is raised where the item is waited for
                    fault = error
                with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                    self._loop.call_soon_threadsafe(_settle, answer, found, fault)
            if isinstance(stream, AsyncGenerator):
                runner.run(_closed(stream))


async def _one(stream: AsyncIterator[T]) -> tuple[T] | None:
    async for item in stream:
        return (item,)
    return None


async def _closed(stream: AsyncGenerator[Any, None]) -> None:
    await stream.aclose()


def _settle(
    answer: asyncio.Future[tuple[T] | None], found: tuple[T] | None, fault: BaseException | None
) -> None:
    if answer.done():  # it was given up
        return
    if fault is None:
        answer.set_result(found)
    else:
        answer.set_exception(fault)
