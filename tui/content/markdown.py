"""The small Markdown in which all words are kept, read into sections.

A file is one item: a ``# Title``, then ``## sections``, each with text and, where an item has
several kinds of words, ``### parts``. Lines of one paragraph are joined; a list keeps its lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from probes.values import dataclass


class ContentError(ValueError):
    """A file of words is not what the program expects. A fault of the program, never of a run."""


@dataclass(frozen=True, slots=True)
class Section:
    """One ``## section``: its text, and the text of each ``### part``."""

    text: str
    parts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Document:
    """One file: its title, the text under the title, and its sections in order."""

    title: str
    text: str
    sections: Mapping[str, Section]


def parse(source: str, name: str) -> Document:
    """Read one file; `name` is for the message. Raises ContentError."""
    title, intro = "", list[str]()
    found: dict[str, tuple[list[str], dict[str, list[str]]]] = {}
    lines = intro
    for line in source.splitlines():
        if line.startswith("### "):
            if not found:
                raise ContentError(f"{name}: a part before any section: {line}")
            lines = _new(next(reversed(found.values()))[1], line[4:], name)
        elif line.startswith("## "):
            key = line[3:].strip()
            if key in found:
                raise ContentError(f"{name}: section {key!r} twice")
            found[key] = ([], {})
            lines = found[key][0]
        elif line.startswith("# "):
            if title:
                raise ContentError(f"{name}: a second title: {line}")
            title = line[2:].strip()
        else:
            lines.append(line)
    if not title:
        raise ContentError(f"{name}: no title")
    sections = {
        key: Section(_flow(text), {part: _flow(body) for part, body in parts.items()})
        for key, (text, parts) in found.items()
    }
    return Document(title, _flow(intro), sections)


def _new(parts: dict[str, list[str]], heading: str, name: str) -> list[str]:
    key = heading.strip()
    if key in parts:
        raise ContentError(f"{name}: part {key!r} twice in one section")
    parts[key] = []
    return parts[key]


def _flow(lines: list[str]) -> str:
    """Paragraphs as one line each, an empty line between them; list items on lines of their own."""
    out: list[str] = []
    fresh = True
    for line in lines:
        text = line.strip()
        if not text:
            fresh = True
        elif _is_item(text):
            if fresh and out:
                out.append("")
            out.append(text)
            fresh = False
        elif fresh:
            if out:
                out.append("")
            out.append(text)
            fresh = False
        else:
            out[-1] += " " + text
    return "\n".join(out)


def _is_item(text: str) -> bool:
    if text.startswith("- "):
        return True
    number, dot, _ = text.partition(". ")
    return bool(dot) and number.isascii() and number.isdigit()
