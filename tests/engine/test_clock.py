"""The virtual clock: time passes only when everybody waits."""

from __future__ import annotations

import asyncio
import os
import signal
import time

import pytest

from probes.network.simulated import NothingLeftToWaitFor, VirtualTimeLoop, run_virtual


def test_waiting_takes_no_time_and_the_clock_shows_it() -> None:
    async def wait() -> tuple[float, float]:
        loop = asyncio.get_running_loop()
        before = loop.time()
        await asyncio.sleep(3600)
        return before, loop.time()

    began = time.monotonic()
    assert run_virtual(wait()) == (0.0, 3600.0)
    assert time.monotonic() - began < 60


def test_timers_fire_in_their_order_and_at_their_time() -> None:
    async def run() -> list[tuple[str, float]]:
        loop = asyncio.get_running_loop()
        seen: list[tuple[str, float]] = []

        async def note(name: str, after: float) -> None:
            await asyncio.sleep(after)
            seen.append((name, round(loop.time(), 9)))

        await asyncio.gather(note("late", 2.5), note("early", 0.1), note("middle", 0.100001))
        return seen

    assert run_virtual(run()) == [("early", 0.1), ("middle", 0.100001), ("late", 2.5)]


def test_timeouts_are_virtual_too() -> None:
    async def run() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(12.0):
                await asyncio.get_running_loop().create_future()
        return asyncio.get_running_loop().time()

    assert run_virtual(run()) == pytest.approx(12.0)


def test_a_deadlock_is_an_error_and_not_a_hang() -> None:
    async def wait_for_ever() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(NothingLeftToWaitFor, match="no timer and no other task"):
        run_virtual(wait_for_ever())


def test_a_deadlock_still_lets_tasks_clean_up() -> None:
    cleaned: list[str] = []

    async def wait_for_ever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.append("yes")

    with pytest.raises(NothingLeftToWaitFor):
        run_virtual(wait_for_ever())
    assert cleaned == ["yes"]


def test_a_long_timer_does_not_count_as_deadlock() -> None:
    async def run() -> str:
        done = asyncio.Event()
        asyncio.get_running_loop().call_later(30 * 86_400, done.set)
        await done.wait()
        return "after a month"

    assert run_virtual(run()) == "after a month"


def test_a_signal_wakes_the_loop() -> None:
    async def run() -> str:
        loop = asyncio.get_running_loop()
        woken = asyncio.Event()
        loop.add_signal_handler(signal.SIGUSR1, woken.set)
        try:
            os.kill(os.getpid(), signal.SIGUSR1)
            await woken.wait()
        finally:
            loop.remove_signal_handler(signal.SIGUSR1)
        return "woken"

    assert run_virtual(run()) == "woken"


def test_every_loop_begins_at_zero() -> None:
    async def now() -> float:
        return asyncio.get_running_loop().time()

    assert [run_virtual(now()), run_virtual(now())] == [0.0, 0.0]


def test_the_same_program_has_the_same_timing_each_time() -> None:
    async def run() -> list[float]:
        loop = asyncio.get_running_loop()
        times: list[float] = []
        for step in range(200):
            await asyncio.sleep(0.001 * (step % 7))
            times.append(loop.time())
        return times

    assert run_virtual(run()) == run_virtual(run())


def test_closing_leaves_no_file_descriptor_open() -> None:
    loop = VirtualTimeLoop()
    loop.close()
    assert loop.is_closed()
