"""Blocking calls: awaited, abandoned, never waited for."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading

import pytest

from probes.network.real.bridge import call


async def test_it_hands_over_what_the_call_returns_or_raises() -> None:
    def fail() -> None:
        raise LookupError("nothing there")

    assert await call(lambda: threading.current_thread().daemon, name="test")
    with pytest.raises(LookupError, match="nothing there"):
        await call(fail, name="test")


async def test_stop_iteration_arrives_as_an_error() -> None:
    with pytest.raises(RuntimeError, match="StopIteration"):
        await call(lambda: next(iter(())), name="test")


async def test_the_deadline_leaves_the_call_behind() -> None:
    release = threading.Event()
    try:
        with pytest.raises(TimeoutError):
            await call(release.wait, name="test", deadline_s=0.05)
    finally:
        release.set()


async def test_a_late_result_of_a_cancelled_call_disturbs_nobody() -> None:
    release, ended = threading.Event(), threading.Event()

    def work() -> None:
        release.wait(10)
        ended.set()
        raise LookupError

    waiting = asyncio.create_task(call(work, name="test"))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    release.set()
    assert await call(lambda: ended.wait(10), name="test")
    await asyncio.sleep(0)


def test_a_program_ends_although_a_call_hangs() -> None:
    """asyncio.run and the interpreter's end would both wait for an executor's thread."""
    program = (
        "import asyncio, threading\n"
        "from probes.network.real.bridge import call\n"
        "async def main():\n"
        "    task = asyncio.create_task(call(threading.Event().wait, name='hangs'))\n"
        "    await asyncio.sleep(0.05)\n"
        "    print('leaving', flush=True)\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "leaving\n", "")
