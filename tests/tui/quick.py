"""What makes a test of the app quick: no frame is drawn that nobody sees, and no sleep is slept.

Textual is pinned, so its inner parts are what they were.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any

from rich.console import RenderableType
from textual._compositor import Compositor
from textual._wait import wait_for_idle
from textual.screen import Screen

LAYOUT_S = 0.004
"""So long after a change the screen is laid out anew: a quarter of what Textual takes."""
_SOON_S = 0.03
"""A timer that is due so soon belongs to what is under way, a layout among others. One that is due
later only counts time: a beat, a waiting, a notice."""

_drawn = Compositor.render_update


def unseen(
    self: Compositor,
    full: bool = False,
    screen_stack: list[Screen[Any]] | None = None,
    simplify: bool = False,
) -> RenderableType | None:
    """In place of `Compositor.render_update`, half of an app's time: a whole picture that somebody
    asks for is drawn, an update for a terminal that is not there is left out.
    """
    if full:
        return _drawn(self, full, screen_stack, simplify)
    self._dirty_regions.clear()
    return None


async def at_rest(min_sleep: float = 0.0, max_sleep: float = 1.0) -> None:
    """In place of `wait_for_idle`, which sleeps in steps of 20 ms, three for a key, until the
    process took next to no time: the event loop knows whether anything is left to run or due soon.
    """
    loop: Any = asyncio.get_running_loop()
    end = monotonic() + max_sleep
    while monotonic() < end:
        if loop._ready:
            await asyncio.sleep(0)
        elif _measures(loop._default_executor):
            await wait_for_idle(min_sleep, max_sleep)
        elif (due := _next_due(loop)) < _SOON_S:
            await asyncio.sleep(due)
        else:
            return


def _measures(pool: ThreadPoolExecutor | None) -> bool:
    """Something is under way in a thread."""
    if pool is None:
        return False
    return len(pool._threads) > pool._idle_semaphore._value


def _next_due(loop: Any) -> float:
    """Seconds until the next timer."""
    due = min((each.when() for each in loop._scheduled if not each.cancelled()), default=1e9)
    return max(0.0, float(due) - float(loop.time()))
