"""A page of blocks that lays itself out at any width: explanations, evidence, help."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from textual.content import Content
from textual.css.styles import RulesMap
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions, Visual

from tui.content import Tone
from tui.theme import LOOKS
from tui.widgets.text import glyph, join, paragraphs, say, stack, wrapped

Block: TypeAlias = Callable[[int], Sequence[Content]]
"""The lines of one piece of a page, for a width."""

_MOST_READABLE = 92
"""Longer lines of prose are hard to follow."""


def gap(_width: int) -> Sequence[Content]:
    """An empty line."""
    return (Content(""),)


def heading(text: str) -> Block:
    """A heading of a part of the page."""
    return lambda width: wrapped(say(text, "$quiet bold"), width)


def title(text: str, tone: Tone | None = None) -> Block:
    """What the page is about, with the sign of its tone."""

    def lay(width: int) -> Sequence[Content]:
        if tone is None:
            return wrapped(say(text, "$strong bold"), width)
        style = f"{LOOKS[tone].style} bold"
        return wrapped(say(text, style), width, 2, join(glyph(tone), " "))

    return lay


def prose(text: str, style: str = "") -> Block:
    """Our own words, with their lists and links."""
    return lambda width: tuple(paragraphs(text, min(width, _MOST_READABLE), style))


def data(text: str, style: str = "") -> Block:
    """Somebody else's words, or figures: shown as they are."""
    return lambda width: wrapped(say(text, style), width)


def pairs(rows: Iterable[tuple[str, Content]]) -> Block:
    """Names on the left, values on the right."""
    held = tuple(rows)
    left = max((len(name) for name, _ in held), default=0) + 2

    def lay(width: int) -> Sequence[Content]:
        lines: list[Content] = []
        for name, value in held:
            lead = say(name.ljust(left), "$quiet")
            if width < left + 16:  # no room for two columns
                lines += [say(name, "$quiet"), *wrapped(value, width, 2)]
            else:
                for line in value.split("\n", allow_blank=True):
                    lines += _hanging(line, width, left, lead)
                    lead = Content(" " * left)
        return lines

    return lay


def _hanging(line: Content, width: int, left: int, lead: Content) -> list[Content]:
    """One line in the right column. What it is indented by, its further lines are, too."""
    own = len(line.plain) - len(line.plain.lstrip())
    return wrapped(line[own:], width, left + own, lead + Content(" " * own))


def table(rows: Iterable[Sequence[Content]]) -> Block:
    """Columns, each as wide as its widest cell. A row too long for the page is cut."""
    held = tuple(tuple(row) for row in rows)
    count = max(map(len, held), default=0)
    widths = [
        max((row[column].cell_length for row in held if column < len(row)), default=0)
        for column in range(count)
    ]

    def lay(width: int) -> Sequence[Content]:
        lines = []
        for row in held:
            line = Content("")
            for cell, room in zip(row, widths, strict=False):
                line = join(line, cell.pad_right(room - cell.cell_length), "  ")
            line = line.rstrip()
            lines.append(line if line.cell_length <= width else line.truncate(width, ellipsis=True))
        return lines

    return lay


class Page(Visual):
    """Blocks, one below the other. Immutable; laid out once for each width."""

    def __init__(self, blocks: Iterable[Block] = ()) -> None:
        self.blocks = tuple(blocks)
        self._laid: tuple[int, Content] = (-1, Content(""))

    def at(self, width: int) -> Content:
        """The whole page at a width, each line broken."""
        if self._laid[0] != width:
            lines = [line for block in self.blocks for line in block(width)]
            self._laid = (width, stack(lines))
        return self._laid[1]

    def plain(self, width: int = 76) -> str:
        """The page as text, to copy."""
        return "\n".join(line.rstrip() for line in self.at(width).plain.split("\n")).strip()

    def render_strips(
        self, width: int, height: int | None, style: Style, options: RenderOptions
    ) -> list[Strip]:
        """Part of the visual protocol."""
        return self.at(width).render_strips(width, height, style, options)

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        """Part of the visual protocol: as wide as there is room."""
        return container_width

    def get_height(self, rules: RulesMap, width: int) -> int:
        """Part of the visual protocol."""
        return self.at(width).plain.count("\n") + 1 if self.blocks else 0
