"""The program on a terminal: where the app is drawn, and what is narrated."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from probes.checks.registry import CHECKS
from probes.options import OPT_IN
from tests.unit.cli.test_process import environment, slow_recording
from tui import terminal
from tui.exits import Exit


@dataclass(slots=True)
class Session:
    """A program whose standard input and standard error are a terminal."""

    process: subprocess.Popen[str]
    screen: int
    seen: str = ""
    limit: float = field(default_factory=lambda: time.monotonic() + 60)

    def watch(self, until: Callable[[], bool]) -> None:
        """Read what is drawn until something is so."""
        while not until():
            assert time.monotonic() < self.limit, self.seen
            if select.select([self.screen], [], [], 0.02)[0]:
                try:
                    self.seen += os.read(self.screen, 65536).decode("utf-8", "replace")
                except OSError:  # the other side has closed it
                    return

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self.screen, keys.encode())

    def end(self) -> int:
        """Wait for its end. Returns the status."""
        self.watch(lambda: self.process.poll() is not None)
        self.watch(lambda: not select.select([self.screen], [], [], 0.0)[0])
        return self.process.wait(60)


@contextmanager
def on_terminal(home: Path, *argv: str, **env: str) -> Iterator[Session]:
    """Start it on a terminal of 80 by 24."""
    screen, inside = pty.openpty()
    termios.tcsetwinsize(inside, (24, 80))
    try:
        process = subprocess.Popen(
            (sys.executable, "-m", "tui", *argv),
            cwd=home,
            env=environment(home, **env),
            stdin=inside,
            stdout=subprocess.PIPE,
            stderr=inside,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        os.close(inside)
        with process:
            try:
                yield Session(process, screen)
            finally:
                process.kill()
    finally:
        os.close(screen)


def output(session: Session) -> str:
    """What it wrote to standard output."""
    assert session.process.stdout is not None
    return session.process.stdout.read()


def test_check_narrates_on_one_line_and_wipes_it(tmp_path: Path) -> None:
    with on_terminal(tmp_path, "check", "--simulate", "hard-home") as session:
        text = output(session)
        assert session.end() == Exit.RELAYED
    assert "1. Verdict" in text
    assert "\x1b" not in text
    drawn = session.seen
    assert "UDP: " in drawn
    assert "\n" not in drawn
    assert drawn.endswith("\r\x1b[K")
    lines = re.split(r"\r", drawn.replace("\x1b[K", ""))
    assert max(map(len, lines)) < 80


@pytest.mark.parametrize("still", ["--plain", "--reduced-motion"])
def test_where_nothing_may_move_it_narrates_line_by_line(tmp_path: Path, still: str) -> None:
    with on_terminal(tmp_path, "check", still, "--simulate", "hard-home") as session:
        output(session)
        assert session.end() == Exit.RELAYED
    lines = [line for line in session.seen.splitlines() if not line.startswith("  ")]
    assert len(lines) == len(CHECKS) - len(OPT_IN)  # one for each check
    assert max(map(len, session.seen.splitlines())) < 80
    assert "\x1b" not in session.seen
    assert any(line.startswith("This device: ") for line in lines)


@pytest.mark.parametrize(
    ("env", "why"),
    [
        ({"TERM": "dumb"}, "This terminal cannot place text"),
        ({"PYTHONIOENCODING": "ascii"}, "This terminal's encoding (ascii)"),
    ],
)
def test_a_terminal_that_cannot_show_the_app_gets_the_text(
    tmp_path: Path, env: dict[str, str], why: str
) -> None:
    with on_terminal(tmp_path, "--simulate", "hard-home", **env) as session:
        text = output(session)
        assert session.end() == Exit.RELAYED
    assert why in session.seen
    assert "\x1b" not in session.seen
    assert "1. Verdict" in text


def test_the_app_draws_on_standard_error_and_records_its_run(tmp_path: Path) -> None:
    kept = tmp_path / "run.events"

    def recorded() -> bool:
        return kept.exists() and '"run-finished"' in kept.read_text(encoding="utf-8")

    argv = ("--simulate", "hard-home", "--record", str(kept), "--redact")
    with on_terminal(tmp_path, *argv) as session:
        session.watch(lambda: "whyrelay" in session.seen and recorded())
        session.press("q")
        assert session.end() == 0
        assert output(session) == ""
    lines = kept.read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[0])["schema"] == "whyrelay-events/1"
    assert "45.83.223.10" not in "".join(lines)


def test_the_app_does_not_start_where_its_recording_cannot_be_written(tmp_path: Path) -> None:
    argv = ("--simulate", "hard-home", "--record", str(tmp_path))
    with on_terminal(tmp_path, *argv) as session:
        assert session.end() == Exit.USAGE
    assert "The recording cannot be written" in session.seen
    assert "\x1b" not in session.seen


def test_a_closed_terminal_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "__stdin__", None)
    assert terminal.unfit({}).startswith("There is no terminal")
    closed = open(os.devnull)  # noqa: SIM115 - it is closed at once
    closed.close()
    monkeypatch.setattr(sys, "__stdin__", closed)
    assert terminal.unfit({}).startswith("There is no terminal")


def test_the_walk_as_text_asks_on_a_terminal(tmp_path: Path) -> None:
    with on_terminal(tmp_path, "--plain", "--simulate", "hard-home") as session:
        session.press("n\nn\n1\n1\nn\nz\nkeep-one-port\nq\n")
        assert session.end() == 0, "leaving is no verdict"
        assert session.process.stdout is not None
        told = session.process.stdout.read()
    assert "Step 2 of 5: Measure" in told
    assert "Step 1 is done." in told
    assert "Result: direct now." in told
    assert all(sign.isprintable() for sign in told.replace("\n", "")), "no cursor is moved"
    assert "\x1b" not in session.seen
    kept = list((tmp_path / ".local").rglob("practice-hard-home.json"))
    assert len(kept) == 1, "what is done is remembered"


def test_an_interrupted_walk_says_so(tmp_path: Path) -> None:
    slow_recording(tmp_path / "slow.events", ended=True)
    with on_terminal(tmp_path, "--plain", "--replay", "slow.events") as session:
        session.watch(lambda: "UDP: " in session.seen)
        session.process.send_signal(signal.SIGINT)
        assert session.end() == Exit.INTERRUPTED
    assert "Interrupted." in session.seen


def test_without_anybody_to_answer_the_walk_is_the_report(tmp_path: Path) -> None:
    done = subprocess.run(
        (sys.executable, "-m", "tui", "--plain", "--simulate", "hard-home"),
        cwd=tmp_path,
        env=environment(tmp_path),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == Exit.RELAYED
    assert "1. Verdict" in done.stdout
