"""Questions before what no key takes back: a trial of the router, a new start of the fixes."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button

from tui import content
from tui.screens.topics import topic
from tui.widgets.detail import Detail
from tui.widgets.text import say

YES, NO = "Yes, try it", "No"


class ConsentScreen(ModalScreen[bool]):
    """Answers True only for a plain yes."""

    CSS_PATH = "consent.tcss"
    AUTO_FOCUS = "#no"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", YES, show=False),
        Binding("n,escape,q", "answer(False)", NO, show=False),
        Binding("left,right", "app.focus_next", "Other answer", show=False),
    ]

    def __init__(self, page: str = "consent", yes: str = YES) -> None:
        """`page` holds the question and what it means; `yes` is what is agreed to."""
        super().__init__()
        self._page, self._yes = page, yes

    def compose(self) -> ComposeResult:
        """The question with what it means, and two answers; no is the one that enter takes."""
        page = content.page(self._page)
        with Vertical(id="consent", classes="panel") as frame:
            frame.border_title = say(page.title)
            frame.border_subtitle = say("y yes   n no")
            yield Detail("consent-words")
            with Horizontal(id="answers"):
                yield Button(self._yes, id="yes", compact=True)
                yield Button(NO, id="no", compact=True)

    def on_mount(self) -> None:
        """Show the words."""
        self.query_one(Detail).show(self._page, topic(f"page:{self._page}").blocks)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """The mouse, or enter."""
        self.dismiss(event.button.id == "yes")

    def action_answer(self, yes: bool) -> None:
        """A key."""
        self.dismiss(yes)
