"""The app from its start to its end: however it ends, the process does, with the right status."""

from __future__ import annotations

import asyncio
import gc
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from tui.app import WhyrelayApp
from tui.exits import Exit
from tui.interrupt import quiet_libraries
from tui.keymap import keymap_file, load
from tui.settings import Settings

_GRACE_S = 0.5
"""For what is left to be closed once the screen is restored: nobody waits for a hanging lookup."""
_LONGEST_END_S = 3.0
"""From a signal to the end of the process, whatever the terminal does meanwhile."""
_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


def run_app(settings: Settings) -> int:
    """Run the app until the person leaves it. Returns the exit status; raises what it died of.

    Leaving is 0, whatever was found; ctrl+c is 130; another signal is 128 and its number.
    """
    # Nothing that is made before the first picture is garbage: looking for it would only delay.
    gc.disable()
    quiet_libraries()
    app = WhyrelayApp(settings, keymap=load(keymap_file()))
    guards = _Guards(_as_it_was())

    async def run() -> int:
        with _ended_by_signals(app, guards):
            result = await app.run_async()
        status = int(Exit.FAULT) if app.fault is not None else int(result or 0)
        guards.set(_GRACE_S, status)
        return status

    try:
        status = asyncio.run(run())
        if guards.signalled:
            # What is left over would be written at the interpreter's end, where no guard is left.
            for stream in (sys.__stdout__, sys.__stderr__):
                with suppress(OSError, ValueError):
                    if stream is not None:
                        stream.flush()
    finally:
        guards.cancel()
    if app.fault is not None:
        raise app.fault
    return status


class _Guards:
    """They end the process if it does not end by itself."""

    def __init__(self, put_back: Callable[[], None]) -> None:
        """`put_back` gives the terminal its mode back, and never waits."""
        self.signalled = False
        self._put_back = put_back
        self._timers: list[threading.Timer] = []

    def set(self, after_s: float, status: int) -> None:
        """End with this status, unless it is over before."""
        guard = threading.Timer(after_s, self._end, (status,))
        guard.daemon = True
        guard.start()
        self._timers.append(guard)

    def _end(self, status: int) -> None:
        self._put_back()
        os._exit(status)

    def cancel(self) -> None:
        """It ends by itself."""
        for guard in self._timers:
            guard.cancel()


@contextmanager
def _ended_by_signals(app: WhyrelayApp, guards: _Guards) -> Iterator[None]:
    """A signal ends the app as it should be ended, and the process in any case.

    A terminal that takes nothing any more, as a connection that went away leaves it, lets whoever
    writes to it wait for ever. Soon that is the event loop itself, which then hears of no signal:
    so it is caught outside of it.
    """
    loop = asyncio.get_running_loop()

    def end(number: int, _frame: FrameType | None) -> None:
        status = 128 + number
        if not guards.signalled:
            guards.signalled = True
            guards.set(_LONGEST_END_S, status)
        loop.call_soon_threadsafe(app.exit, status)

    before = {}
    for name in _SIGNALS:
        number = getattr(signal, name, None)
        if number is not None:
            before[number] = signal.signal(number, end)
    _tell_when_the_terminal_is_gone()
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell_when_the_terminal_is_gone() -> None:
    """A hang-up where the system sends none, as it does to no program whose terminal is not its
    session's own: it would read and write nothing for ever, as fast as it can."""
    number, poll = getattr(signal, "SIGHUP", None), getattr(select, "poll", None)
    if number is None or poll is None or not os.isatty(0):
        return

    def wait() -> None:
        ends = poll()
        ends.register(0, 0)  # for nothing but its end
        with suppress(OSError):
            found = ends.poll()
            if any(what & (select.POLLHUP | select.POLLERR) for _, what in found):
                os.kill(os.getpid(), number)

    threading.Thread(target=wait, name="whyrelay terminal", daemon=True).start()


def _as_it_was() -> Callable[[], None]:
    """Puts the terminal back into the mode that it is in now. Writes nothing, so never waits."""
    try:
        import termios
    except ImportError:
        return lambda: None
    try:
        mode = termios.tcgetattr(0)
    except (OSError, termios.error):
        return lambda: None

    def put_back() -> None:
        with suppress(OSError, termios.error):
            termios.tcsetattr(0, termios.TCSANOW, mode)

    return put_back
