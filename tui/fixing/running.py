"""Runs a command for the person, in the terminal, after they saw it and said yes.

The app has stepped aside by then. The terminal belongs to the command: its output is seen as it
comes, sudo asks by itself, ctrl+c ends the command and not the app.
"""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import field
from types import FrameType

from probes.clean import clean
from probes.values import dataclass
from tui import content
from tui.fixing.progress import Ran, RanState
from tui.fixing.undo import UNDO_S, Verdict, timed

_NO_PROGRAM = 127
"""The status that shells give for a program that cannot be started."""


@dataclass(frozen=True, slots=True)
class Job:
    """A command as it will run: nothing is added to it afterwards."""

    argv: tuple[str, ...]
    shown: str
    """The same as text for a person; of a script that sudo runs with ``sh -c``, the script."""
    root: bool
    """sudo may ask for a password."""
    undo: str = ""
    """What takes it back by itself, unless it is kept; empty: nothing does."""
    command: str = ""
    """What is done, without what surrounds it in the script."""

    @property
    def timed(self) -> bool:
        """It is taken back by itself unless it is kept."""
        return bool(self.undo)


def job(text: str, *, as_root: bool, is_root: bool, undo: str = "") -> Job:
    """A command made ready. With `undo` it is never run as it is, but with the timed undo.

    A command that needs root begins with sudo. What is taken back later has no terminal to ask for
    a password on, so the whole script of the two runs as root.
    """
    sudo = as_root and not is_root
    if not undo:
        line = without_sudo(text) if as_root and is_root else text
        return Job(("sh", "-c", line), line, sudo)
    if as_root:
        text, undo = without_sudo(text), without_sudo(undo)
    script = timed(text, undo)
    plain = ("sh", "-c", script)
    return Job(("sudo", *plain) if sudo else plain, script, sudo, undo, text)


_SUDO = re.compile(r"(^|[;&|(]\s*|\n\s*)sudo\s+")


def without_sudo(text: str) -> str:
    """The same for a shell that is root's already."""
    return _SUDO.sub(r"\1", text)


def outcome(ended: Job, status: int, at: str) -> Ran:
    """What became of it, by its exit status."""
    if not ended.timed:
        return Ran(RanState.ENDED, status, at)
    match status:
        case Verdict.TAKEN_BACK | Verdict.WILL_BE:
            return Ran(RanState.TAKEN_BACK, None, at)
        case Verdict.NOTHING_DONE | Verdict.NOT_TAKEN_BACK:
            return Ran(RanState.ENDED, status, at)
        case _ if status < 0:  # the script itself was killed: what takes it back was not
            return Ran(RanState.TAKEN_BACK, None, at)
        case _:
            return Ran(RanState.KEPT, status, at)


@dataclass(slots=True)
class Signals:
    """What came while the command ran, for the program to act on afterwards."""

    ends: int = 0
    """The number of a signal that ends the program; 0 for none."""
    process: subprocess.Popen[bytes] | None = field(default=None)

    def heard(self, number: int, _frame: FrameType | None) -> None:
        """Note it. The terminal sends ctrl+c to the command itself; the others are passed on."""
        if number == signal.SIGINT:
            return
        self.ends = number
        self._pass_on()

    def began(self, process: subprocess.Popen[bytes]) -> None:
        """A command runs now; a signal may have come while it was made."""
        self.process = process
        self._pass_on()

    def _pass_on(self) -> None:
        if self.ends and self.process is not None:
            with suppress(OSError):
                self.process.send_signal(self.ends)


@contextmanager
def own_signals() -> Iterator[Signals]:
    """Signals while a command has the terminal. asyncio does not hear of them meanwhile."""
    heard = Signals()
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    wakeup = signal.set_wakeup_fd(-1)
    before = {number: signal.signal(number, heard.heard) for number in numbers}
    try:
        yield heard
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(wakeup)


def run(ready: Job) -> tuple[int, int]:
    """Run it where the person sees it, and wait for Enter. Returns its exit status (negative: the
    signal that ended it) and the signal by which this program is to end, 0 for none."""
    screen = sys.__stderr__  # where the app draws, too: standard output may be redirected
    with own_signals() as signals, _terminal_kept():
        _tell(f"\n{content.fixing('run header')}\n\n{announced(ready)}\n\n")
        if ready.root:
            _tell(f"{content.fixing(sudo_words(ready))}\n\n")
        try:
            process = subprocess.Popen(ready.argv, stdout=screen, stderr=screen)
        except OSError as error:
            _tell(f"{clean(str(error))}\n")
            status = _NO_PROGRAM
        else:
            signals.began(process)
            status = process.wait()
        if not signals.ends:
            _forget_typed()
            if not (ready.timed and status in set(Verdict)):  # the script has said it in words
                _tell(f"\n{ended_words(status)}")
            _tell(f"\n{content.fixing('run enter')} ")
            _wait_for_enter()
    return status, signals.ends


def announced(ready: Job) -> str:
    """What is about to run. The whole script was read before the yes; here it would push the
    command and the question out of a small window."""
    if not ready.timed:
        return ready.shown
    back = content.fill(content.fixing("run timed"), seconds=UNDO_S)
    return f"{ready.command.strip()}\n\n{back}\n\n{ready.undo.strip()}"


def sudo_words(ready: Job) -> str:
    """Which words say that sudo may ask."""
    return "run sudo script" if ready.timed else "run sudo"


def ended_words(status: int) -> str:
    """How a command ended, in a sentence."""
    which = "run well" if status == 0 else "run badly" if status > 0 else "run stopped"
    return content.fill(content.fixing(which), status=abs(status))


def _tell(text: str) -> None:
    with suppress(OSError, ValueError):  # the terminal may be gone
        if sys.__stderr__ is not None:
            sys.__stderr__.write(text)
            sys.__stderr__.flush()


def _wait_for_enter() -> None:
    with suppress(OSError, ValueError):
        if sys.__stdin__ is not None:
            sys.__stdin__.readline()


def _forget_typed() -> None:
    """What was typed while the command ran is no answer."""
    with suppress(ImportError, OSError, ValueError):
        import termios

        with suppress(termios.error):
            termios.tcflush(sys.__stdin__, termios.TCIFLUSH)  # type: ignore[arg-type]


@contextmanager
def _terminal_kept() -> Iterator[None]:
    """A command that is killed may leave the terminal without echo."""
    try:
        import termios

        state = termios.tcgetattr(sys.__stdin__)  # type: ignore[arg-type]
    except (ImportError, OSError, ValueError, TypeError):
        yield
        return
    except termios.error:
        yield
        return
    try:
        yield
    finally:
        with suppress(termios.error, OSError, ValueError):
            termios.tcsetattr(sys.__stdin__, termios.TCSADRAIN, state)  # type: ignore[arg-type]
