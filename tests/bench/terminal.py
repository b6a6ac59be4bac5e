"""The rows about the program itself: start, first paint, quitting, idling, memory."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.bench.rows import Row, alternating
from tests.lab.program import SCRIPT

STATIC_APP = """
from textual.app import App
from textual.widgets import Static
class One(App):
    def compose(self):
        yield Static("READY")
    def on_key(self, event):
        if event.key == "q":
            self.exit()
One().run()
"""
APP = (str(SCRIPT), "--simulate", "easy-home", "--no-save")
APP_MARKS = (b"whyrelay", b"Understand", b"UDP")
"""Title, step rail, a row of the list."""
IDLE_S = 5.0
PAINT_LIMIT_S = 20.0
SIZE = (24, 80)


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, argv: Sequence[str], home: Path) -> None:
        self.began = time.monotonic()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            environment = {
                **os.environ,
                "TERM": "xterm-256color",
                "COLORTERM": "truecolor",
                "LANG": "C.UTF-8",
                "LINES": str(SIZE[0]),
                "COLUMNS": str(SIZE[1]),
                "HOME": str(home),
            }
            os.execvpe(argv[0], list(argv), environment)
        self.seen = b""
        self.peak_mib = 0.0
        """Known once it has quit."""

    def write(self, keys: bytes) -> None:
        """Type."""
        os.write(self.fd, keys)

    def wait_for(self, *marks: bytes, poll_s: float = 0.05) -> float:
        """Seconds since the start until all of the marks have been drawn."""
        until = time.monotonic() + PAINT_LIMIT_S
        while not all(mark in self.seen for mark in marks):
            if time.monotonic() > until or not self._read(poll_s):
                raise AssertionError(f"{marks} not drawn: {self.seen[-500:]!r}")
        return time.monotonic() - self.began

    def _read(self, wait_s: float) -> bool:
        if select.select([self.fd], [], [], wait_s)[0]:
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                return False
            self.seen += data
            return bool(data)
        return True

    def quit(self) -> float:
        """Press q; seconds until the program is gone."""
        began = time.monotonic()
        os.write(self.fd, b"q")
        while True:
            pid, _, usage = os.wait4(self.pid, os.WNOHANG)
            if pid:
                self.peak_mib = usage.ru_maxrss / 1024.0
                os.close(self.fd)
                return time.monotonic() - began
            if time.monotonic() - began > PAINT_LIMIT_S:
                os.kill(self.pid, signal.SIGKILL)
                raise AssertionError("it did not quit")
            self._read(0.005)

    def busy_ms(self, keys: Sequence[bytes], rest_s: float) -> float:
        """Processor time that these keys take, one after the other."""
        before = _cpu_s(self.pid)
        for key in keys:
            self.write(key)
            until = time.monotonic() + 0.15
            while time.monotonic() < until:
                self._read(0.02)
        self.idle(rest_s)
        return (_cpu_s(self.pid) - before) * 1000

    def idle(self, seconds: float) -> float:
        """Share of one core used while nothing happens, in percent."""
        before, began = _cpu_s(self.pid), time.monotonic()
        while time.monotonic() - began < seconds:
            self._read(0.2)
        return (_cpu_s(self.pid) - before) / (time.monotonic() - began) * 100.0


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rows() -> Iterator[Row]:
    """All of them."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        script = home / "one.py"
        script.write_text(STATIC_APP)
        static = (sys.executable, str(script))
        version, bare = alternating(
            lambda: _process_ms((str(SCRIPT), "--version")),
            lambda: _process_ms((sys.executable, "-c", "pass")),
            9,
        )
        yield Row("whyrelay --version", version, bare, "the bare interpreter", 2.0)

        def painted(argv: Sequence[str], *marks: bytes) -> tuple[float, float]:
            terminal = Terminal(argv, home)
            paint_s = terminal.wait_for(*marks)
            return paint_s * 1000, terminal.quit() * 1000

        pairs = [(painted(APP, *APP_MARKS), painted(static, b"READY")) for _ in range(5)]

        def middle(which: int, part: int) -> float:
            return sorted(pair[which][part] for pair in pairs)[len(pairs) // 2]

        against = "a one-Static app"
        yield Row("first paint", middle(0, 0), middle(1, 0), against, 1.6)
        yield Row("quitting in the middle of a run", middle(0, 1), middle(1, 1), against, 1.25)
        terminal = Terminal(APP, home)
        terminal.wait_for(*APP_MARKS)
        terminal.idle(4.0)  # the run itself
        cpu = terminal.idle(IDLE_S)
        terminal.quit()
        yield Row("idle", cpu, 1.5, "of a core", 1.0, "%")
        yield Row("peak memory", terminal.peak_mib, 60.0, "budget", 1.0, "MiB")


def _process_ms(argv: Sequence[str]) -> float:
    began = time.monotonic()
    subprocess.run(argv, check=True, capture_output=True)
    return (time.monotonic() - began) * 1000
