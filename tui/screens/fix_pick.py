"""One of several: a list to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from tui.widgets.rows import Row, RowList
from tui.widgets.text import fit, say


class PickScreen(ModalScreen[str | None]):
    """Answers the id of the choice; None for no choice."""

    CSS_PATH = "fix_pick.tcss"
    AUTO_FOCUS = "#choices"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", "Close", show=False),
    ]

    def __init__(self, question: str, choices: Sequence[tuple[str, str]], current: str) -> None:
        super().__init__()
        self._question = question
        self._choices = tuple(choices)
        self._current = current

    def compose(self) -> ComposeResult:
        """The list."""
        with Vertical(id="pick", classes="panel") as frame:
            frame.border_title = say(self._question)
            frame.border_subtitle = say("enter takes it   esc closes")
            yield RowList("choices", [_row(each, name) for each, name in self._choices])

    def on_mount(self) -> None:
        """Begin on what holds now."""
        self.query_one(RowList).cursor = f"is:{self._current}"

    def on_row_list_chosen(self, message: RowList.Chosen) -> None:
        """Enter, or a double click."""
        self.dismiss(message.id.removeprefix("is:"))

    def action_close(self) -> None:
        """No choice."""
        self.dismiss(None)


def _row(which: str, name: str) -> Row:
    return Row(f"is:{which}", lambda width: fit(say(name), width))
