"""A command over several lines that is still one command, however it is selected. Pure.

Where a window is too narrow the terminal would break it, and what is selected there holds the
breaks: a shell would take its lines for several commands.
"""

from __future__ import annotations

from collections.abc import Iterator

_SIGNS = {"sh": "\\", "powershell": "`"}
"""What stands at the end of a line that goes on in the next one (POSIX.1-2024 2.2.1;
about_Special_Characters)."""


def continued(text: str, shell: str, width: int) -> str:
    """The command in lines of at most so many cells, where its shell allows a break there."""
    sign = _SIGNS.get(shell, "")
    return "\n".join(part for line in text.splitlines() for part in _lines(line, sign, width))


def _lines(line: str, sign: str, width: int) -> Iterator[str]:
    while sign and len(line) > width:
        spaces = [at for at in _breaks(line, sign) if 0 < at <= width - 2]
        if not spaces:
            break
        at = spaces[-1]
        yield f"{line[:at]} {sign}"
        line = line[at + 1 :]
    yield line


def _breaks(line: str, sign: str) -> Iterator[int]:
    """The single spaces outside of quotes: within them a break would be one of the text."""
    quote, escaped = "", False
    for at, each in enumerate(line):
        if escaped:
            escaped = False
        elif each == sign and quote != "'":
            escaped = True
        elif quote:
            quote = "" if each == quote else quote
        elif each in "'\"":
            quote = each
        elif each == " " and line[at + 1 : at + 2] not in ("", " ") and line[at - 1] != " ":
            yield at
