"""The line at the bottom: the keys that matter most here. They take clicks."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tui.commands import Command
from tui.widgets.text import join, say


class KeyBar(Widget):
    """At most six keys with a word each; what has no room is left out from the right but Quit."""

    DEFAULT_CSS = """
    KeyBar { height: 1; dock: bottom; background: $panel; padding: 0 1; }
    """

    commands: reactive[tuple[Command, ...]] = reactive(())
    hovered: reactive[str] = reactive("")

    def _places(self) -> list[tuple[int, int, Command]]:
        for between in (3, 2, 1):
            places, start = [], 0
            for command in self.commands:
                end = start + len(command.key) + 1 + len(command.word)
                places.append((start, end, command))
                start = end + between
            if not places or places[-1][1] <= self.size.width:
                break
        return places

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
