"""What every line passes through on its way to the terminal."""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from tui.glyphs import printable, to_ascii


class Glass(LineFilter):
    """Lets nothing through that a terminal would act on, and ASCII alone if asked."""

    def __init__(self, ascii_only: bool) -> None:
        super().__init__()
        self.ascii_only = ascii_only

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """One line's segments, made safe."""
        return [self._through(segment) for segment in segments]

    def _through(self, segment: Segment) -> Segment:
        text = segment.text
        if text.isascii() and text.isprintable():
            return segment
        text = printable(text)
        if self.ascii_only:
            text = to_ascii(text)
        return segment if text == segment.text else Segment(text, segment.style, segment.control)
