"""What another device printed, given in text: as a file, or pasted line by line."""

from __future__ import annotations

from tui.exits import Complaint
from tui.reading import PASTED, Input, read_data, read_input
from tui.walking.talk import Talk

_END = "."
_MOST_LINES = 20_000


def given(talk: Talk) -> Input | None:
    """Ask for it, and read it. None: nothing was given, or nothing of use. Raises Left."""
    where = talk.name("The file's name", "a dot: paste lines here")
    if not where:
        return None
    if where == "-":
        talk.tell("A dash stands for standard input, which you are typing on. Name a file.")
        return None
    try:
        found = _pasted(talk) if where == _END else read_input(where)
    except Complaint as error:
        talk.tell(str(error))
        return None
    talk.tell(f"Read: {', '.join(found.holds)}.", *found.notes)
    return found


def _pasted(talk: Talk) -> Input:
    talk.tell("Paste it. Then type a line with a dot alone.")
    lines: list[str] = []
    while (line := talk.read()) and line.strip() != _END and len(lines) < _MOST_LINES:
        lines.append(line)
    text = "".join(lines).encode("utf-8", "backslashreplace")
    return read_data(text, PASTED, "the pasted text")
