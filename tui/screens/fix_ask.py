"""A question with what it is about, and two answers: only a plain yes counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button

from tui.screens.asking import Asking
from tui.widgets.detail import Detail
from tui.widgets.page import Block
from tui.widgets.text import join, say


def broken(line: str, room: int) -> list[Content]:
    """A line of a command, broken where it has to be: after a space, else anywhere. Nothing is left
    out."""
    lines: list[Content] = []
    while len(line) > room:
        at = line.rfind(" ", 1, room)
        at = at + 1 if at > 0 else room
        lines.append(say(line[:at], "$strong"))
        line = line[at:]
    lines.append(say(line, "$strong"))
    # Wide characters take two cells.
    return [
        part for each in lines for part in (each.fold(room) if each.cell_length > room else [each])
    ]


def shell_text(text: str) -> Block:
    """A command or a script as it will run: line by line, long ones broken with nothing left out
    and a mark where they go on."""

    def lay(width: int) -> Sequence[Content]:
        lines: list[Content] = []
        room = max(width - 4, 8)
        for line in text.split("\n"):
            parts = broken(line, room)
            for at, part in enumerate(parts):
                lines.append(join(say("  │ " if at == 0 else "  … ", "$rule-focus"), part))
        return lines

    return lay


class AskScreen(Asking):
    """Answers True only for a plain yes; enter takes the no."""

    CSS_PATH = "fix_ask.tcss"

    def __init__(self, question: str, blocks: Iterable[Block], *, yes: str, no: str) -> None:
        super().__init__()
        self._question = question
        self._blocks = tuple(blocks)
        self._yes, self._no = yes, no

    def compose(self) -> ComposeResult:
        """The question, and the answers."""
        with Vertical(id="ask", classes="panel asking") as frame:
            frame.border_title = say(self._question)
            yield Detail("ask-words")
            with Horizontal(id="ask-answers"):
                yield Button(self._yes, id="yes", compact=True)
                yield Button(self._no, id="no", compact=True)

    def on_mount(self) -> None:
        """Show the words."""
        self.query_one(Detail).show("ask", self._blocks)
