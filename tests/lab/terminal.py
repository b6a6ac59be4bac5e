"""A program in a terminal on a machine of the lab, driven as a person would: keys in, text out.

The terminal is tmux, whose server lives in the lab and ends with it. Waiting is for what the screen
shows, never for time.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.lab.namespaces import LabError, Machine, await_until

# The shell stays when the program has ended, so that its last screen and its status can be read,
# with the terminal's settings before and after.
_SHELL = """
stty -g >"$0/stty-before"
"$@"
status=$?
stty -g >"$0/stty-after"
echo "[exit $status]"
exec sleep 1000
"""


@dataclass(frozen=True, slots=True)
class Terminal:
    """A terminal with a program in it. Made by `open_terminal`."""

    machine: Machine
    folder: Path
    env: Mapping[str, str]

    def tmux(self, *words: str) -> str:
        """Run one tmux command. Raises LabError."""
        argv = ("tmux", "-S", str(self.folder / "tmux"), "-f", "/dev/null", *words)
        done = self.machine.run(argv, env=self.env)
        if done.returncode:
            raise LabError(f"tmux {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout

    def screen(self) -> str:
        """What it shows now."""
        return self.tmux("capture-pane", "-p", "-t", "lab")

    def shows(self, *texts: str) -> str:
        """Wait until all texts are on the screen; the screen. Raises LabError."""
        try:
            await_until(
                f"the screen shows {texts}", lambda: all(text in self.screen() for text in texts)
            )
        except LabError as error:
            raise LabError(f"{error}; it shows:\n{self.screen()}") from None
        return self.screen()

    def press(self, *keys: str) -> None:
        """Press keys, by tmux's names: ``Enter``, ``Tab``, ``C-q``, ``n``."""
        self.tmux("send-keys", "-t", "lab", *keys)

    def resize(self, columns: int, rows: int) -> None:
        """Make the window another size."""
        self.tmux("resize-window", "-t", "lab", "-x", str(columns), "-y", str(rows))

    def signal(self, name: str) -> None:
        """Send a signal to the program."""
        shell = self.tmux("display-message", "-p", "-t", "lab", "#{pane_pid}").strip()
        script = f"kill -{name} $(cat /proc/{shell}/task/{shell}/children)"
        self.machine.run(("sh", "-c", script))

    def status(self) -> int:
        """Wait for the program's end; its exit status."""
        screen = self.shows("[exit ")
        return int(screen.rpartition("[exit ")[2].partition("]")[0])

    def faults(self) -> list[str]:
        """What the ended program has left changed in the terminal."""
        flags = ("alternate_on", "mouse_any_flag", "keypad_flag", "insert_flag")
        asked = " ".join(f"#{{{flag}}}" for flag in (*flags, "cursor_flag"))
        values = self.tmux("display-message", "-p", "-t", "lab", asked).split()
        left = [flag for flag, value in zip(flags, values, strict=False) if value != "0"]
        if values[-1] != "1":
            left.append("cursor hidden")
        before, after = (self.folder / f"stty-{when}" for when in ("before", "after"))
        if before.read_text() != after.read_text():
            left.append(f"stty {before.read_text()} -> {after.read_text()}")
        return left


def open_terminal(
    machine: Machine,
    folder: Path,
    argv: Sequence[str],
    env: Mapping[str, str],
    size: tuple[int, int] = (80, 24),
) -> Terminal:
    """Start a program in a terminal of `size` columns and rows. `folder` is for its files."""
    folder.mkdir(exist_ok=True)
    env = {**env, "TERM": "tmux-256color", "COLORTERM": "truecolor"}
    terminal = Terminal(machine, folder, env)
    columns, rows = size
    # A new pane takes its environment from the server, and TERM from tmux itself.
    command = shlex.join(("sh", "-c", _SHELL, str(folder), *argv))
    terminal.tmux("new-session", "-d", "-s", "lab", "-x", str(columns), "-y", str(rows), command)
    terminal.tmux("set-option", "-g", "status", "off")
    terminal.resize(columns, rows)
    return terminal
