"""What another device printed, given in text: as a file, or pasted line by line."""

from __future__ import annotations

import re
from pathlib import Path

from tui.exits import Complaint
from tui.reading import PASTED, Input, read_data, read_input
from tui.walking.talk import Talk

_END = "."
_MOST_LINES = 20_000
_PRINTED = re.compile(r"[{\[*]|.*:(\s|$)|.*\s\s")
"""How lines begin that Tailscale or this program prints, and hardly any file's name."""


def given(talk: Talk) -> Input | None:
    """Ask for it, and read it. None: nothing was given, or nothing of use. Raises Left.

    Whoever pastes at once need not say so first: that is seen.
    """
    where = talk.name("The file's name", "a dot: paste lines here")
    pasted = where == _END or _begins_a_paste(talk, where)
    if not where and not pasted:
        return None
    if where == "-":
        talk.tell("A dash stands for standard input, which you are typing on. Name a file.")
        return None
    try:
        found = _pasted(talk, "" if where == _END else where) if pasted else read_input(where)
    except Complaint as error:
        talk.tell(str(error))
        return None
    talk.tell(f"Read: {', '.join(found.holds)}.", *found.notes)
    return found


def _begins_a_paste(talk: Talk, line: str) -> bool:
    """It is the first of several lines, and no file's name: more are waiting, or it looks so."""
    if line and _is_there(line):
        return False
    return talk.more_waits() or _PRINTED.match(line) is not None


def _is_there(name: str) -> bool:
    try:
        return Path(name).exists()
    except (OSError, ValueError):
        return False


def _pasted(talk: Talk, first: str) -> Input:
    """The lines up to a dot; `first` was typed already. Raises Complaint."""
    if first.startswith("{"):
        try:
            return _read([first])  # all of it may be one line
        except Complaint:
            pass
    which = "These lines are read as a paste." if first else "Paste it."
    talk.tell(f"{which} Then type a line with a dot alone.")
    lines = [f"{first}\n"] if first else []
    while (line := talk.read()) and line.strip() != _END and len(lines) < _MOST_LINES:
        lines.append(line)
    return _read(lines)


def _read(lines: list[str]) -> Input:
    text = "".join(lines).encode("utf-8", "backslashreplace")
    return read_data(text, PASTED, "the pasted text")
