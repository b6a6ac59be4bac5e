"""A page in a frame that scrolls."""

from __future__ import annotations

from collections.abc import Iterable

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.widgets.page import Block, Page
from tui.widgets.text import say


class Detail(VerticalScroll, can_focus=True):
    """The explanation beside a list."""

    DEFAULT_CSS = """
    Detail { height: 1fr; scrollbar-gutter: auto; }
    Detail > Static { height: auto; padding: 0 1 0 0; }
    """

    def __init__(self, name: str) -> None:
        super().__init__(id=name, classes="panel")
        self.page = Page()
        self._about = ""

    def compose(self) -> ComposeResult:
        """One widget, whatever the page holds."""
        yield Static(self.page, markup=False)

    def show(self, about: str, blocks: Iterable[Block], *, title: str = "", hint: str = "") -> None:
        """Show a page. Another subject starts at its top; the same one keeps its place."""
        self.page = Page(blocks)
        if title:
            self.border_title = say(title)
        self.border_subtitle = say(hint) if hint else Content("")
        if self.is_mounted:
            self.query_one(Static).update(self.page)
        if about != self._about:
            self._about = about
            self.scroll_home(animate=False)

    def on_mount(self) -> None:
        """A page that was there before the widget was."""
        self.query_one(Static).update(self.page)
