"""A line above a list that narrows it down as one types."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input

from tui.widgets.rows import RowList


class Filter(Input):
    """Up and down move in the list meanwhile; enter takes its row, escape shows all again."""

    DEFAULT_CSS = """
    Filter { padding: 0 1 0 2; background: $background; }
    Filter:focus { background: $cursor; }
    Filter > .input--placeholder { color: $quiet; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "list('move(-1)')", "Up", show=False),
        Binding("down", "list('move(1)')", "Down", show=False),
        Binding("pageup", "list('page(-1)')", "Page up", show=False),
        Binding("pagedown", "list('page(1)')", "Page down", show=False),
        Binding("escape", "clear", "Clear", show=False),
    ]

    def __init__(self, rows: str, placeholder: str, narrow: Callable[[], object]) -> None:
        """`rows` is the id of the list; `narrow` fills it with what fits now."""
        super().__init__(placeholder=placeholder, compact=True)
        self.cursor_blink = False
        self._list = rows
        self._narrow = narrow

    def watch_value(self) -> None:
        """The list follows in the frame that shows the letter; a message comes one frame later."""
        if self.is_mounted:
            self._narrow()

    @property
    def rows(self) -> RowList:
        """The list that it narrows down."""
        return self.screen.query_one(f"#{self._list}", RowList)

    @property
    def words(self) -> list[str]:
        """What a row has to hold, all of it, in small letters."""
        return self.value.casefold().split()

    def take_keys(self) -> None:
        """Have the focus now. `focus` waits, and keys that were typed meanwhile go astray."""
        self.screen.set_focus(self)

    async def action_list(self, action: str) -> None:
        """Move in the list without leaving the line."""
        await self.rows.run_action(action)

    def action_clear(self) -> None:
        """Everything again, and back to the list."""
        self.value = ""
        self.rows.focus()

    def on_input_submitted(self) -> None:
        """Enter takes what the cursor is on."""
        self.rows.action_choose()
