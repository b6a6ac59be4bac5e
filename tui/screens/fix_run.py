"""The app steps aside while a command has the terminal."""

from __future__ import annotations

from typing import Any

from textual.app import App, SuspendNotSupported

from tui.fixing.running import Job, run


def can_step_aside(app: App[Any]) -> bool:
    """Whether the terminal can be handed over and had back (not on the web, nor on Windows: there
    is no shell for these commands)."""
    driver = app._driver
    return driver is not None and driver.can_suspend


def run_aside(app: App[Any], ready: Job) -> tuple[int, int] | None:
    """Run it with the terminal to itself. Its exit status, and the signal that is to end this
    program (0: none); None where the terminal could not be handed over, and nothing was run."""
    ended: tuple[int, int] | None = None
    try:
        with app.suspend():
            ended = run(ready)
    except SuspendNotSupported:
        return None
    except Exception:  # termios.error, where there is termios: the terminal died meanwhile
        if ended is None or not ended[1]:
            raise
    return ended
