"""What every question has in common: two answers, and words that are scrolled with the keyboard."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Button

from tui.widgets.detail import Detail
from tui.widgets.text import say


class Asking(ModalScreen[bool]):
    """Answers True only for a plain yes; enter takes the no."""

    AUTO_FOCUS = "#no"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes", show=False),
        Binding("n,escape,q", "answer(False)", "No", show=False),
        Binding("left,right", "app.focus_next", "Other answer", show=False),
        Binding("up,k", "scroll(-1)", "Up", show=False),
        Binding("down,j", "scroll(1)", "Down", show=False),
        Binding("pageup", "scroll(-8)", "Page up", show=False),
        Binding("pagedown", "scroll(8)", "Page down", show=False),
    ]

    def on_resize(self) -> None:
        """Whether there is more than can be seen depends on the room."""
        self.call_after_refresh(self._say_keys)

    def _say_keys(self) -> None:
        more = self.query_one(Detail).max_scroll_y > 0
        keys = "up, down: read on   " if more else ""
        self.query_one(".asking", Vertical).border_subtitle = say(f"{keys}y yes   n no")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """The mouse, or enter."""
        self.dismiss(event.button.id == "yes")

    def action_answer(self, yes: bool) -> None:
        """A key."""
        self.dismiss(yes)

    def action_scroll(self, by: int) -> None:
        """What it means is read before it is agreed to, on a small screen, too."""
        self.query_one(Detail).scroll_relative(y=by, animate=False, immediate=True)
