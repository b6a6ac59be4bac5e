"""Commands made ready, and run on a real terminal."""

from __future__ import annotations

import codecs
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from tui import content
from tui.fixing.progress import Ran, RanState
from tui.fixing.running import Job, announced, job, outcome, without_sudo
from tui.fixing.undo import Verdict, timed

pty = pytest.importorskip("pty", reason="there are no pseudo terminals on this system")


def test_a_command_is_run_as_it_is_shown() -> None:
    made = job("tailscale netcheck", as_root=False, is_root=False)
    assert made == Job(("sh", "-c", "tailscale netcheck"), "tailscale netcheck", root=False)


def test_sudo_is_left_out_for_root_alone() -> None:
    text = "sudo ufw allow 41641/udp"
    assert job(text, as_root=True, is_root=False).shown == text
    assert job(text, as_root=True, is_root=False).root
    assert job(text, as_root=True, is_root=True).shown == "ufw allow 41641/udp"
    assert not job(text, as_root=True, is_root=True).root


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("sudo a b", "a b"),
        ("sudo a && sudo b; sudo c", "a && b; c"),
        ("echo x | sudo tee /etc/y", "echo x | tee /etc/y"),
        ("a\nsudo b\n  sudo c", "a\nb\n  c"),
        ("echo sudo x", "echo sudo x"),
        ("pseudo x", "pseudo x"),
    ],
)
def test_without_sudo(text: str, bare: str) -> None:
    assert without_sudo(text) == bare


def test_what_cuts_runs_with_its_undo_as_one_script_of_roots() -> None:
    made = job("sudo a", as_root=True, is_root=False, undo="sudo b")
    assert made.argv == ("sudo", "sh", "-c", timed("a", "b"))
    assert made.shown == timed("a", "b")
    assert made.timed
    assert job("sudo a", as_root=True, is_root=True, undo="sudo b").argv[0] == "sh"


def test_the_terminal_shows_what_is_done_and_undone_and_not_the_script_that_was_read_before() -> (
    None
):
    made = job("sudo a", as_root=True, is_root=False, undo="sudo b")
    told = announced(made)
    assert told.splitlines()[0] == "a"
    assert told.splitlines()[-1] == "b"
    assert len(told.splitlines()) < 10
    alone = job("sudo a\nsudo c", as_root=True, is_root=False)
    assert announced(alone) == alone.shown


@pytest.mark.parametrize(
    ("timed_", "status", "ran"),
    [
        (False, 0, Ran(RanState.ENDED, 0, "now")),
        (False, 213, Ran(RanState.ENDED, 213, "now")),
        (False, -9, Ran(RanState.ENDED, -9, "now")),
        (True, 0, Ran(RanState.KEPT, 0, "now")),
        (True, 3, Ran(RanState.KEPT, 3, "now")),
        (True, Verdict.TAKEN_BACK, Ran(RanState.TAKEN_BACK, None, "now")),
        (True, Verdict.WILL_BE, Ran(RanState.TAKEN_BACK, None, "now")),
        (True, -9, Ran(RanState.TAKEN_BACK, None, "now")),
        (True, Verdict.NOTHING_DONE, Ran(RanState.ENDED, 212, "now")),
        (True, Verdict.NOT_TAKEN_BACK, Ran(RanState.ENDED, 215, "now")),
    ],
)
def test_what_became_of_it(timed_: bool, status: int, ran: Ran) -> None:
    assert outcome(Job((), "", False, "undo" if timed_ else ""), status, "now") == ran


# --- on a terminal --------------------------------------------------------------------------------

_PROGRAM = """
import asyncio, signal, sys
from tui.fixing.running import job, run

async def main():
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, print, "the loop heard", number)
    found = run(job(sys.argv[1], as_root=False, is_root=False))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    print("result", found, "whole")

asyncio.run(main())
"""


@dataclass
class Screen:
    """A program on a terminal of its own."""

    process: subprocess.Popen[bytes]
    master: int
    seen: str = ""
    decoder: codecs.IncrementalDecoder = field(
        default_factory=codecs.getincrementaldecoder("utf-8")
    )
    """A letter may come in two pieces."""

    def until(self, text: str, press: str = "") -> str:
        """Read until the text is there; all that was seen. `press` is pressed now and then."""
        deadline = time.monotonic() + 20
        while text not in self.seen:
            assert time.monotonic() < deadline, self.seen
            self.type(press)
            if select.select([self.master], [], [], 0.2)[0]:
                self.seen += self.decoder.decode(os.read(self.master, 4096))
        return self.seen

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self.master, text.encode())


@pytest.fixture
def start() -> Iterator[Callable[[str], Screen]]:
    """Run a command by `run` on a terminal."""
    begun: list[Screen] = []

    def begin(command: str) -> Screen:
        master, slave = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, command],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            preexec_fn=_own_terminal,
        )
        os.close(slave)
        begun.append(Screen(process, master))
        return begun[-1]

    yield begin
    for each in begun:
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait()
        os.close(each.master)


def _own_terminal() -> None:
    import fcntl
    import termios

    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    # Else each ctrl+c throws away what was written and not yet read here.
    flags = termios.tcgetattr(0)
    flags[3] |= termios.NOFLSH
    termios.tcsetattr(0, termios.TCSANOW, flags)


def test_output_and_status_are_seen_and_enter_comes_back(start: Callable[[str], Screen]) -> None:
    screen = start("read name; echo out $name; echo err >&2; exit 3")
    seen = screen.until("exit 3")
    assert content.fixing("run header") in seen
    screen.type("put-in\r")
    seen = screen.until(content.fixing("run enter"))
    assert "out put-in" in seen
    assert "err" in seen
    assert content.fill(content.fixing("run badly"), status=3) in seen
    screen.type("\r")
    assert "result (3, 0)" in screen.until("whole")


def test_ctrl_c_ends_the_command_and_not_the_program(start: Callable[[str], Screen]) -> None:
    screen = start("echo be''gun; sleep 600")
    screen.until("begun")
    # A shell that is just starting its next program loses a ctrl+c: a person presses it again.
    screen.until(content.fixing("run enter"), press="\x03")
    screen.type("\r")
    seen = screen.until("whole")
    assert f"result ({-signal.SIGINT}, 0)" in seen
    assert "the loop heard" not in seen


def test_a_signal_that_ends_the_program_ends_the_command_first(
    start: Callable[[str], Screen],
) -> None:
    screen = start("echo be''gun; exec sleep 600")
    screen.until("begun")
    screen.process.terminate()
    assert f"result ({-signal.SIGTERM}, {int(signal.SIGTERM)})" in screen.until("whole")


def test_a_command_that_leaves_the_terminal_without_echo(start: Callable[[str], Screen]) -> None:
    screen = start("stty -echo; true")
    screen.until(content.fixing("run enter"))
    screen.type("\r")
    screen.until("whole")
    assert screen.process.wait(20) == 0


def test_a_program_that_is_not_there(start: Callable[[str], Screen]) -> None:
    screen = start("no-such-program-anywhere")
    screen.until(content.fixing("run enter"))
    screen.type("\r")
    assert "result (127, 0)" in screen.until("whole")
