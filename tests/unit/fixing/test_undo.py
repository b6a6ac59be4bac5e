"""The timed undo, by a real shell on a real terminal: whatever dies, the change is taken back."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.patience import UNHURRIED_S
from tui import content
from tui.fixing.undo import Verdict, timed

pty = pytest.importorskip("pty", reason="there are no pseudo terminals on this system")

NEVER_S = 600
ASKED = b"Type keep"
SHELLS = [each for each in ("dash", "bash", "busybox") if shutil.which(each)]


@dataclass
class Running:
    """The script on a terminal of its own."""

    process: subprocess.Popen[bytes]
    master: int
    seen: bytes = b""

    def until(self, text: bytes) -> None:
        """Read until the text is there."""
        deadline = time.monotonic() + UNHURRIED_S
        while text not in self.seen:
            assert time.monotonic() < deadline, self.seen
            if select.select([self.master], [], [], 0.2)[0]:
                self.seen += os.read(self.master, 4096)

    def answer(self, text: str) -> int:
        """Type an answer; the exit status."""
        self.until(ASKED)
        os.write(self.master, text.encode() + b"\n")
        return self.process.wait(20)


@dataclass
class Stage:
    """A file that the command changes and the undo changes back."""

    file: Path
    running: list[Running]

    def start(self, seconds: int, command: str = "", shell: str = "sh", undo: str = "") -> Running:
        """Run the script; `command` comes after the change."""
        self.file.write_text("old")
        name = "./it's here.txt"
        script = timed(
            f"""printf new >"./it's here.txt"\n{command}""",
            undo or f'printf old >"{name}"',
            seconds,
        )
        master, slave = pty.openpty()
        argv = [shell, "sh", "-c", script] if shell == "busybox" else [shell, "-c", script]
        process = subprocess.Popen(
            argv,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=self.file.parent,
            preexec_fn=_own_terminal,
        )
        os.close(slave)
        self.running.append(Running(process, master))
        return self.running[-1]

    def becomes(self, text: str) -> None:
        """Wait until the file holds it."""
        deadline = time.monotonic() + 20
        while self.file.read_text() != text:
            assert time.monotonic() < deadline, self.file.read_text()
            select.select([], [], [], 0.02)


def _own_terminal() -> None:
    import fcntl
    import termios

    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Whatever is left at the end is ended."""
    made = Stage(tmp_path / "it's here.txt", [])
    yield made
    for each in made.running:
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait()
        os.close(each.master)


@pytest.mark.parametrize("shell", SHELLS)
def test_keep_keeps_it_and_nothing_is_left_waiting(stage: Stage, shell: str) -> None:
    running = stage.start(NEVER_S, shell=shell)
    running.until(ASKED)
    assert stage.file.read_text() == "new"
    assert running.answer("keep") == 0
    assert stage.file.read_text() == "new"
    with pytest.raises(ProcessLookupError):  # its own waiting process went with it
        os.killpg(running.process.pid, 0)


@pytest.mark.parametrize("answer", ["", "no", "keep it", "yes", "3:keep", "*"])
def test_any_other_answer_takes_it_back_at_once(stage: Stage, answer: str) -> None:
    assert stage.start(NEVER_S).answer(answer) == Verdict.TAKEN_BACK
    assert stage.file.read_text() == "old"


def test_the_commands_own_status_is_told(stage: Stage) -> None:
    running = stage.start(NEVER_S, "exit 7")
    assert running.answer("keep") == 7
    assert b"status: 7" in running.seen


def test_after_the_time_it_is_taken_back_and_keep_comes_too_late(stage: Stage) -> None:
    running = stage.start(1)
    stage.becomes("new")
    stage.becomes("old")
    running.until(content.fixing("undo over").encode())  # told without being asked
    assert running.answer("keep") == Verdict.TAKEN_BACK
    assert stage.file.read_text() == "old"


@pytest.mark.parametrize(
    ("end", "shell"), [("interrupt", "sh"), ("kill", "sh"), *(("hang up", each) for each in SHELLS)]
)
def test_the_undo_outlives_the_terminal(stage: Stage, end: str, shell: str) -> None:
    running = stage.start(2, shell=shell)
    running.until(ASKED)
    assert stage.file.read_text() == "new"
    match end:
        case "hang up":  # as when the window is closed, or the login dies
            os.close(running.master)
            running.master = os.open(os.devnull, os.O_RDONLY)
        case "interrupt":
            os.write(running.master, b"\x03")
        case _:
            os.killpg(running.process.pid, signal.SIGKILL)
    assert running.process.wait(20) != 0
    stage.becomes("old")


@pytest.mark.parametrize("seconds", [NEVER_S, 0])
def test_an_undo_that_does_not_work_is_told(stage: Stage, seconds: int) -> None:
    undo = """printf undone >"./it's here.txt"; false"""
    running = stage.start(seconds, undo=undo)
    if not seconds:
        stage.becomes("undone")
    assert running.answer("no") == Verdict.NOT_TAKEN_BACK
    running.until(content.fixing("undo failed").encode())


def test_a_command_that_cuts_the_terminal_itself(stage: Stage) -> None:
    running = stage.start(1, "kill -KILL $$")
    assert running.process.wait(20) == -signal.SIGKILL
    stage.becomes("old")


def test_without_a_program_that_can_take_it_back_nothing_is_done(stage: Stage) -> None:
    script = timed("printf new >here.txt", "true", 1)
    shell = shutil.which("sh")
    assert shell is not None
    done = subprocess.run(
        [shell, "-c", script],
        cwd=stage.file.parent,
        env={"PATH": str(stage.file.parent)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == Verdict.NOTHING_DONE
    assert "Nothing was done" in done.stdout
    assert not (stage.file.parent / "here.txt").exists()


def test_the_script_says_what_it_does_and_passes_shellcheck() -> None:
    script = timed("ufw allow 41641/udp", "ufw delete allow 41641/udp")
    assert content.fill(content.fixing("undo title"), seconds=90) in script
    assert len(script.splitlines()) < 40, "a person is asked to read it"
    if shutil.which("shellcheck") is not None:
        done = subprocess.run(
            ["shellcheck", "-s", "sh", "-e", "SC2016", "-"],
            input=script,
            capture_output=True,
            text=True,
        )
        assert done.stdout == ""
