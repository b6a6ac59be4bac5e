"""A page in a frame that scrolls."""

from __future__ import annotations

from collections.abc import Iterable

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.selection import Selection
from textual.widgets import Static

from tui.widgets.page import Block, Page
from tui.widgets.text import say

_NONE = Content("")


class Sheet(Static):
    """A page in a widget. What is selected with the mouse is the text as it is laid out."""

    def __init__(self, page: Page) -> None:
        super().__init__(page, markup=False)
        self._page = page

    def show(self, page: Page) -> None:
        """Another page."""
        self._page = page
        self.update(page)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The selected text, and what ends it."""
        return selection.extract(self._page.at(self.content_size.width).plain), "\n"


class Detail(VerticalScroll, can_focus=True):
    """The explanation beside a list."""

    DEFAULT_CSS = """
    Detail { height: 1fr; scrollbar-gutter: auto; }
    Detail > Sheet { height: auto; padding: 0 1 0 0; }
    """

    def __init__(self, name: str) -> None:
        super().__init__(id=name, classes="panel")
        self.page = Page()
        self._about = ""

    def compose(self) -> ComposeResult:
        """One widget, whatever the page holds."""
        yield Sheet(self.page)

    def show(
        self, about: str, blocks: Iterable[Block], *, title: str = "", hint: Content = _NONE
    ) -> None:
        """Show a page. Another subject starts at its top; the same one keeps its place."""
        self.page = Page(blocks)
        if title:
            self.border_title = say(title)
        self.border_subtitle = hint
        if self.is_mounted:
            self.query_one(Sheet).show(self.page)
        if about != self._about:
            self._about = about
            self.scroll_home(animate=False)

    def on_mount(self) -> None:
        """A page that was there before the widget was."""
        self.query_one(Sheet).show(self.page)
