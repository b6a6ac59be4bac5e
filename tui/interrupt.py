"""Being interrupted: a run ends at once, whatever it was doing, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from tui.exits import Exit

T = TypeVar("T")

GRACE_S = 0.5
"""For closing sockets and child processes in order. A hanging name lookup does not hold us up."""
_NOBODY = logging.NullHandler()
_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


def run_interruptibly(
    start: Callable[[], Coroutine[Any, Any, T]],
    run: Callable[[Coroutine[Any, Any, T | None]], T | None],
) -> T:
    """Run a coroutine with `run` (asyncio.run or its like). Raises KeyboardInterrupt on a signal.

    After a signal the process ends within `GRACE_S`, at a second one at once.
    """
    stopped = False

    async def watched() -> T | None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        if task is None:
            raise RuntimeError("not in a task")

        def stop(*_: object) -> None:
            nonlocal stopped
            if stopped:
                os._exit(Exit.INTERRUPTED)
            stopped = True
            guard = threading.Timer(GRACE_S, os._exit, (int(Exit.INTERRUPTED),))
            guard.daemon = True
            guard.start()
            loop.call_soon_threadsafe(task.cancel)

        before = _handle(stop)
        try:
            return await start()
        except asyncio.CancelledError:
            if stopped:
                return None
            raise
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    quiet_libraries()
    work = watched()
    try:
        found = run(work)
    finally:
        work.close()  # for a signal that comes before the work could begin
    if stopped or found is None:
        raise KeyboardInterrupt
    return found


def quiet_libraries() -> None:
    """What asyncio has to complain of (a child process that was cut off and that nobody waits for
    any more, say) is for its developers: it would stand in the middle of the words."""
    if os.environ.get("WHYRELAY_DEBUG") != "1":
        logging.getLogger("asyncio").addHandler(_NOBODY)


def _handle(stop: Callable[..., None]) -> dict[signal.Signals, Any]:
    """Call `stop` on every signal that ends a program. Returns what was set before."""
    before: dict[signal.Signals, Any] = {}
    if threading.current_thread() is not threading.main_thread():
        return before
    for name in _SIGNALS:
        number = getattr(signal, name, None)
        # What is ignored stays so: a shell's background job is not to be hit by its ctrl+c.
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, stop)
    return before
