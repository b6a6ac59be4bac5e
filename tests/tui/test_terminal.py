"""The real program on a real terminal: it comes up, ends as it should, and leaves no mess."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.patience import UNHURRIED_S

pty = pytest.importorskip("pty", reason="there are no pseudo terminals on this system")
ioctl, FIONREAD = pytest.importorskip("fcntl").ioctl, pytest.importorskip("termios").FIONREAD

ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"
"""xterm's alternate screen."""
SHOW_CURSOR = b"\x1b[?25h"
DEADLINE_S = 30.0

APP = "import sys; from tui.cli import main; sys.exit(main(sys.argv[1:]))"
CRASHING = (
    "from tui.widgets.masthead import Masthead\n"
    "def render(self):\n"
    "    if self.measurement.report.closed: raise ValueError('a fault of ours')\n"
    "    return ''\n"
    "Masthead.render = render\n" + APP
)


@dataclass
class Terminal:
    """A program on a pseudo terminal of 80 by 24."""

    process: subprocess.Popen[bytes]
    master: int
    seen: bytes = b""
    deadline: float = field(default_factory=lambda: time.monotonic() + DEADLINE_S)

    def until(self, holds: Callable[[bytes], bool]) -> None:
        """Read until what was seen holds."""
        while not holds(self.seen):
            if not self.read():
                raise AssertionError(f"the program ended: {self.seen[-600:]!r}")

    def read(self) -> bool:
        """Read what is there; False at the end."""
        if time.monotonic() > self.deadline:
            raise AssertionError(f"too slow: {self.seen[-600:]!r}")
        if not select.select([self.master], [], [], 0.2)[0]:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError:  # EIO: the other end is closed
            return False
        self.seen += data
        return bool(data)

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self.master, keys)

    def end(self) -> int:
        """Wait for the end. Returns the exit status."""
        while self.read():
            pass
        return self.process.wait(DEADLINE_S)

    def screen_restored(self) -> bool:
        """The alternate screen was left, and the cursor shown."""
        return self.seen.rfind(LEAVE) > self.seen.rfind(ENTER) >= 0 and SHOW_CURSOR in self.seen

    def after(self) -> str:
        """What was printed once the screen was left."""
        return self.seen[self.seen.rfind(LEAVE) + len(LEAVE) :].decode("utf-8", "replace")


def start(program: str, *arguments: str, **environment: str) -> Terminal:
    """Start the program on a terminal of its own."""
    master, slave = pty.openpty()
    size = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "COLUMNS": "80", "LINES": "24"}
    process = subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**os.environ, **size, "PYTHONUTF8": "1", **environment},
        start_new_session=True,
    )
    os.close(slave)
    return Terminal(process, master)


@pytest.fixture
def app() -> Iterator[Callable[..., Terminal]]:
    """Start the program; what is still there at the end is killed, by its id."""
    started: list[Terminal] = []

    def begin(program: str = APP, *arguments: str, **environment: str) -> Terminal:
        started.append(start(program, *arguments, **environment))
        return started[-1]

    yield begin
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait()
        os.close(each.master)


SLOW = ("--simulate", "slow-satellite", "--no-save")


@pytest.mark.parametrize(
    ("keys", "status"), [(b"q", 0), (b"\x11", 0), (b"\x03", 130)], ids=["q", "ctrl+q", "ctrl+c"]
)
def test_keys_that_end_it(app: Callable[..., Terminal], keys: bytes, status: int) -> None:
    terminal = app(APP, *SLOW)
    terminal.until(lambda seen: b"Prove" in seen)
    began = time.monotonic()
    terminal.type(keys)
    assert terminal.end() == status
    assert time.monotonic() - began < UNHURRIED_S
    assert terminal.screen_restored()
    assert "Traceback" not in terminal.after()


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)],
    ids=["SIGTERM", "SIGINT", "SIGHUP"],
)
def test_signals_that_end_it(
    app: Callable[..., Terminal], number: signal.Signals, status: int
) -> None:
    terminal = app(APP, *SLOW)
    terminal.until(lambda seen: b"measuring" in seen)
    terminal.process.send_signal(number)
    assert terminal.end() == status
    assert terminal.screen_restored()
    assert "Traceback" not in terminal.after()


NUMBERS = {signal.SIGTERM: 143, signal.SIGHUP: 129}


def full(terminal: Terminal) -> None:
    """Nobody reads any more, and the program draws until not even a frame can be queued."""
    waiting, since = 0, time.monotonic()
    while time.monotonic() < since + 2.5:
        with suppress(BlockingIOError):
            terminal.type(b"12345t")
        now = int.from_bytes(ioctl(terminal.master, FIONREAD, bytes(4)), sys.byteorder)
        if now != waiting:
            waiting, since = now, time.monotonic()
        time.sleep(0.01)


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number.name)
def test_a_terminal_that_takes_nothing_any_more_keeps_no_signal_from_ending_it(
    app: Callable[..., Terminal], number: signal.Signals
) -> None:
    terminal = app(APP, *SLOW)
    terminal.until(lambda seen: b"measuring" in seen)
    os.set_blocking(terminal.master, False)
    full(terminal)
    assert terminal.process.poll() is None
    began = time.monotonic()
    terminal.process.send_signal(number)
    assert terminal.process.wait(20) == NUMBERS[number]
    assert time.monotonic() - began < UNHURRIED_S


@pytest.mark.parametrize("told", [True, False], ids=["told", "not told"])
def test_a_terminal_that_is_gone_ends_it(app: Callable[..., Terminal], told: bool) -> None:
    terminal = app(APP, *SLOW)
    terminal.until(lambda seen: b"measuring" in seen)
    gone = os.open(os.devnull, os.O_RDONLY)
    os.dup2(gone, terminal.master)  # the last end of it that anybody held
    os.close(gone)
    if told:
        terminal.process.send_signal(signal.SIGHUP)  # as the kernel does to a session of its own
    assert terminal.process.wait(20) == NUMBERS[signal.SIGHUP]


def test_a_fault_of_the_program_is_one_sentence(app: Callable[..., Terminal]) -> None:
    terminal = app(CRASHING, "--simulate", "offline", "--no-save", WHYRELAY_DEBUG="0")
    assert terminal.end() == 70
    assert terminal.screen_restored()
    said = terminal.after()
    assert "a fault of ours" in said
    assert "Traceback" not in said
    assert said.strip().count("\n") <= 2


def test_a_fault_with_its_whole_story_for_whoever_asks(app: Callable[..., Terminal]) -> None:
    terminal = app(CRASHING, "--simulate", "offline", "--no-save", WHYRELAY_DEBUG="1")
    assert terminal.end() == 70
    assert terminal.screen_restored()
    assert "Traceback" in terminal.after()
    assert "a fault of ours" in terminal.after()


def test_copying_reaches_the_terminal(app: Callable[..., Terminal]) -> None:
    terminal = app(APP, "--simulate", "hard-home", "--no-save")
    terminal.until(lambda seen: b"Relayed" in seen)
    terminal.type(b"3")
    terminal.until(lambda seen: b"Findings" in seen)
    terminal.type(b"c")
    terminal.until(lambda seen: b"\x1b]52;c;" in seen)
    terminal.type(b"q")
    assert terminal.end() == 0


NETCHECK = str(
    Path(__file__).parents[1] / "unit" / "tailscale" / "outputs" / "hard_hard.netcheck1.txt"
)
PIPED = (
    "import fcntl, os, sys, termios\n"
    "fcntl.ioctl(2, termios.TIOCSCTTY, 0)\n"  # this terminal is the one that /dev/tty means
    "read, write = os.pipe()\n"
    "os.write(write, open(sys.argv[1], 'rb').read())\n"
    "os.close(write)\n"
    "os.dup2(read, 0)\n"
    "from tui.cli import main\n"
    "sys.exit(main(['explain', '-', *sys.argv[2:]]))"
)


def test_explain_on_a_terminal_opens_the_app_on_the_report(app: Callable[..., Terminal]) -> None:
    terminal = app(APP, "explain", NETCHECK)
    terminal.until(lambda seen: b"Findings" in seen)
    assert b"hard_hard.netcheck1.txt" in terminal.seen
    terminal.type(b"q")
    assert terminal.end() == 0
    assert terminal.screen_restored()


def test_explain_reads_a_pipe_first_and_then_keys_from_the_terminal(
    app: Callable[..., Terminal],
) -> None:
    terminal = app(PIPED, NETCHECK)
    terminal.until(lambda seen: b"Findings" in seen)
    terminal.type(b"q")
    assert terminal.end() == 0
    assert terminal.screen_restored()


@pytest.mark.parametrize("option", ["--plain", "--json"])
def test_explain_as_text_or_json_opens_no_app(app: Callable[..., Terminal], option: str) -> None:
    for terminal in (app(APP, "explain", option, NETCHECK), app(PIPED, NETCHECK, option)):
        assert terminal.end() == 1, "relayed"
        assert ENTER not in terminal.seen
        assert b"MappingVariesByDestIP" in terminal.seen


def test_explain_without_a_terminal_for_keys_prints(app: Callable[..., Terminal]) -> None:
    terminal = app(PIPED.replace("fcntl.ioctl(2, termios.TIOCSCTTY, 0)", "pass"), NETCHECK)
    assert terminal.end() == 1
    assert ENTER not in terminal.seen
