"""The line at the bottom: the keys that matter most here. They take clicks."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tui.command import Command
from tui.widgets.text import join, say

_GAPS = (3, 2, 1)
_KEPT = 2


def _placed(commands: Sequence[Command], between: int) -> list[tuple[int, int, Command]]:
    """From where to where each of them stands, with so many cells between two."""
    places, start = [], 0
    for command in commands:
        end = start + len(command.key) + 1 + len(command.word)
        places.append((start, end, command))
        start = end + between
    return places


class KeyBar(Widget):
    """At most six keys with a word each. What has no room is left out from the right, but for the
    last two: by them everything else is found, and left."""

    DEFAULT_CSS = """
    KeyBar { height: 1; dock: bottom; background: $panel; padding: 0 1; }
    """

    commands: reactive[tuple[Command, ...]] = reactive(())
    hovered: reactive[str] = reactive("")

    def _places(self) -> list[tuple[int, int, Command]]:
        commands = list(self.commands)
        while True:
            for between in _GAPS:
                places = _placed(commands, between)
                if not places or places[-1][1] <= self.size.width:
                    return places
            if len(commands) <= _KEPT:
                return places
            del commands[-_KEPT - 1]

    def render(self) -> Content:
        """The line."""
        line = Content("")
        for start, _, command in self._places():
            style = "$strong underline" if command.id == self.hovered else "$quiet"
            key = say(command.key, "$busy bold")
            line = join(
                line.pad_right(start - line.cell_length), key, " ", say(command.word, style)
            )
        return line

    def _at(self, event: events.MouseEvent) -> Command | None:
        offset = event.get_content_offset(self)
        if offset is None:
            return None
        found = (each for start, end, each in self._places() if start <= offset.x < end)
        return next(found, None)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Show what a click would do."""
        command = self._at(event)
        self.hovered = command.id if command is not None else ""
        self.tooltip = command.help if command is not None else None

    def on_leave(self) -> None:
        """The mouse went elsewhere."""
        self.hovered = ""

    async def on_click(self, event: events.Click) -> None:
        """Do it."""
        if (command := self._at(event)) is not None:
            await self.screen.run_action(command.action)
