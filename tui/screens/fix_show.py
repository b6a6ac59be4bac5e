"""A command by itself on the screen, without a frame: to be selected where copying is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from tui import content
from tui.fixing.continued import continued
from tui.widgets.text import say

if TYPE_CHECKING:
    from tui.app import WhyrelayApp


_LEAST = 20
"""Cells below which nothing is broken any more."""


class ShowScreen(ModalScreen[None]):
    """The text alone, from the first column on."""

    CSS_PATH = "fix_show.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,v,enter", "close", "Close", show=False),
        Binding("c,y", "copy", "Copy", show=False),
    ]

    def __init__(self, text: str, shell: str) -> None:
        """`shell`: whose command it is, as `Command.shell` has it."""
        super().__init__()
        self._text, self._shell = text, shell

    def compose(self) -> ComposeResult:
        """The hint on top, the text below it."""
        yield Static(say(content.fixing("alone"), "$quiet"), markup=False, id="alone-hint")
        with VerticalScroll(id="alone"):
            yield Static(markup=False, id="alone-text")

    def on_resize(self) -> None:
        """As wide as there is room: a break in it is one that its shell takes."""
        room = self.query_one("#alone", VerticalScroll).scrollable_content_region.width
        shown = continued(self._text, self._shell, max(room, _LEAST))
        self.query_one("#alone-text", Static).update(say(shown, "$strong"))

    def action_copy(self) -> None:
        """Once more: what is selected, else all of it."""
        text = self.get_selected_text() or self._text
        cast("WhyrelayApp", self.app).copy_text(text, "the command")

    def action_close(self) -> None:
        """Back."""
        self.dismiss()
