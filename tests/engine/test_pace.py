"""Virtual time at the pace of the real one: who watches late measures nothing of it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from probes.events import Event
from probes.network.simulated import load, run_virtual
from probes.network.simulated.pace import in_virtual_time, paced
from probes.options import Options
from tui.sources import Live

PATIENCE_S = 60.0


def _at_once(_: object) -> float:
    return 0.0


async def _run(*, busy_s: float, virtual: bool) -> list[Event]:
    live, told = Live("it", lambda: load("hard-home")), []
    stream = live.run(Options()) if virtual else paced(lambda: live.run(Options()), _at_once)
    async for event in stream:
        time.sleep(busy_s)  # noqa: ASYNC251 - the program is busy
        told.append(event)
    return told


def test_a_busy_program_reads_the_same_times_as_an_idle_one() -> None:
    assert asyncio.run(_run(busy_s=0.002, virtual=False)) == run_virtual(
        _run(busy_s=0, virtual=True)
    )


def test_each_item_is_shown_at_its_moment() -> None:
    async def ticks() -> AsyncGenerator[float, None]:
        for _ in range(3):
            await asyncio.sleep(3600.0)
            yield asyncio.get_running_loop().time()

    async def shown() -> list[tuple[float, float]]:
        began, loop = asyncio.get_running_loop().time(), asyncio.get_running_loop()
        stream = paced(ticks, lambda at_s: at_s / 360_000.0)
        return [(at_s, loop.time() - began) async for at_s in stream]

    found = asyncio.run(shown())
    assert [at_s for at_s, _ in found] == [3600.0, 7200.0, 10800.0]
    assert all(real_s >= at_s / 360_000.0 - 0.001 for at_s, real_s in found)


def test_what_it_raises_is_raised_where_it_is_watched() -> None:
    async def broken() -> AsyncGenerator[int, None]:
        yield 1
        raise ValueError("so")

    async def watch() -> None:
        async for _ in paced(broken, _at_once):
            pass

    with pytest.raises(ValueError, match="so"):
        asyncio.run(watch())


def test_leaving_early_ends_it() -> None:
    ended = threading.Event()

    async def endless() -> AsyncGenerator[int, None]:
        assert in_virtual_time()
        try:
            while True:
                yield 1
                await asyncio.sleep(1.0)
        finally:
            ended.set()

    async def look_once() -> None:
        assert not in_virtual_time()
        async with aclosing(paced(endless, _at_once)) as stream:
            assert await anext(stream) == 1

    asyncio.run(look_once())
    assert ended.wait(PATIENCE_S)
