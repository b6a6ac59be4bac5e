"""Pasted text made plain: decoded, without quote marks, colours, prompts and wrapping.

People copy from terminals, issues and forums, so the same report comes quoted, indented, without
its bullets, broken at the terminal's edge, or in the encoding of a Windows shell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from probes.tailscale.loose import Unreadable
from probes.values import dataclass

MOST_BYTES = 32_000_000
"""The status of a tailnet of 10 000 devices has some 15 MB."""
MOST_LINES = 40_000
"""Text for people is far shorter; JSON is read without looking at its lines."""
LONGEST_LINE = 2_000

_ANSI = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_QUOTE = re.compile(r"^[ \t]*(?:(?:>|\|)[ \t]?)+")
_SYSLOG = re.compile(r"^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ [^\s:]+: ?")
_BINARY = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the input."""

    number: int
    """Counted from 1, as editors do."""
    text: str


def decoded(data: bytes) -> str:
    """The text of a file or a pipe. Raises Unreadable for what is none."""
    if not data.strip():
        raise Unreadable("It is empty.")
    text = _utf16(data)
    if text is None:
        text = data.decode("utf-8-sig", "replace")
    sample = _ANSI.sub("", text[:20_000])
    strange = len(_BINARY.findall(sample)) + sample.count("\ufffd")
    if strange * 20 > len(sample):
        raise Unreadable("It is not text.")
    return text


def _utf16(data: bytes) -> str | None:
    """What a Windows shell writes with ``>``."""
    for mark, name in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if data.startswith(mark):
            return data[2:].decode(name, "replace")
    head = data[:2000]
    if head[1::2].count(0) * 10 > len(head) * 4:
        return data.decode("utf-16-le", "replace")
    return None


def lines_of(text: str) -> list[Line]:
    """The lines, each made plain. Raises Unreadable where there are far too many."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    if plain.count("\n") > MOST_LINES:
        raise Unreadable(f"It has more than {MOST_LINES:,} lines, so it was not read.")
    found = (_plain(line[:LONGEST_LINE]) for line in plain.split("\n"))
    return [Line(number, line) for number, line in enumerate(found, 1)]


def _plain(line: str) -> str:
    line = _ANSI.sub("", line) if "\x1b" in line else line
    line = line.replace("\u00a0", " ").replace("\u200b", "")
    return _SYSLOG.sub("", _QUOTE.sub("", line)).rstrip()


def unwrapped(lines: Sequence[Line], reads: Callable[[str], bool]) -> list[tuple[Line, ...]]:
    """The lines, with those that a narrow terminal broke joined again.

    A line that says nothing is tried as the rest of the one before it. That must make sense
    (`reads`), and the one before must either make none by itself or reach the terminal's edge.
    """
    longest = max((len(line.text.expandtabs()) for line in lines), default=0)
    out: list[tuple[Line, ...]] = []
    for line in lines:
        before = out[-1] if out else ()
        if before and line.text.strip() and not reads(line.text):
            head = before[0].text
            at_edge = len(before[-1].text.expandtabs()) >= longest - 1
            joined = next(
                (each for each in (head + line.text, f"{head} {line.text.strip()}") if reads(each)),
                None,
            )
            if joined is not None and (at_edge or not reads(head)):
                out[-1] = (Line(before[0].number, joined), *before[1:], line)
                continue
        out.append((line,))
    return out
