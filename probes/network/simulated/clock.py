"""A virtual clock: an event loop that jumps to the next timer instead of waiting for it.

A run that takes three seconds on a simulated network is over in milliseconds, always with the
same timing. The loop is an ordinary asyncio loop in every other way.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class NothingLeftToWaitFor(RuntimeError):
    """Every task waits, no timer is set and nothing can wake them: a real loop would hang."""


class _JumpingSelector(selectors.DefaultSelector):
    """Moves the clock by the time for which an ordinary selector would have slept."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready on real file descriptors (signals wake a loop through one), at once."""
        ready: list[tuple[selectors.SelectorKey, int]] = super().select(0)
        if ready:
            return ready
        if timeout is None:
            raise NothingLeftToWaitFor(
                "All tasks wait for something that no timer and no other task will bring."
            )
        self.now += max(0.0, timeout)
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop whose `time()` begins at 0 and passes only when everybody waits.

    Not for work in threads or for real sockets: what they bring has no place in virtual time.
    """

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Virtual seconds."""
        return self._jumping.now


def run_virtual(coro: Coroutine[Any, Any, T]) -> T:
    """Run to the end under a fresh `VirtualTimeLoop`. Raises NothingLeftToWaitFor."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(coro)
