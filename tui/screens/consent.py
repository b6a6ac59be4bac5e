"""Questions before what no key takes back: a trial of the router, a new start of the fixes."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Button

from tui import content
from tui.screens.asking import Asking
from tui.screens.topics import topic
from tui.widgets.detail import Detail
from tui.widgets.text import say

YES, NO = "Yes, try it", "No"


class ConsentScreen(Asking):
    """Answers True only for a plain yes."""

    CSS_PATH = "consent.tcss"

    def __init__(self, page: str = "consent", yes: str = YES) -> None:
        """`page` holds the question and what it means; `yes` is what is agreed to."""
        super().__init__()
        self._page, self._yes = page, yes

    def compose(self) -> ComposeResult:
        """The question with what it means, and two answers; no is the one that enter takes."""
        page = content.page(self._page)
        with Vertical(id="consent", classes="panel asking") as frame:
            frame.border_title = say(page.title)
            yield Detail("consent-words")
            with Horizontal(id="answers"):
                yield Button(self._yes, id="yes", compact=True)
                yield Button(NO, id="no", compact=True)

    def on_mount(self) -> None:
        """Show the words."""
        self.query_one(Detail).show(self._page, topic(f"page:{self._page}").blocks)
