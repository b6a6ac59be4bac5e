"""A short note on a line of its own, above the keys: it covers nothing that is read or pressed."""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget

from tui.widgets.text import join, say, stack, wrapped

_LEAD = "▸ "


class Note(Widget):
    """What was said last. Without anything to say it takes no room."""

    DEFAULT_CSS = """
    Note { height: auto; max-height: 6; display: none; padding: 0 1; background: $panel; }
    Note.-said { display: block; }
    """

    text: reactive[str] = reactive("", layout=True)
    """Lines of plain text; "" for nothing."""

    def watch_text(self, text: str) -> None:
        """There, or gone."""
        self.set_class(bool(text), "-said")

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """All of it is shown."""
        return len(self._lines(width))

    def render(self) -> Content:
        """The lines."""
        return stack(self._lines(self.content_size.width))

    def _lines(self, width: int) -> list[Content]:
        return [
            line
            for part in self.text.split("\n")
            for line in wrapped(say(part, "$strong"), width, 2, join(say(_LEAD, "$busy bold")))
        ]
