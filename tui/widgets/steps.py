"""A page with steps in it: it scrolls like a page, and has a cursor that goes from step to step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive

from probes.values import dataclass
from tui.widgets.detail import Sheet
from tui.widgets.page import Block, Page
from tui.widgets.text import join, say

_GUTTER = 2
"""Columns for the cursor, beside the lines of a step."""


@dataclass(frozen=True, slots=True)
class Stop:
    """One step on the page."""

    id: str
    block: Block


class StepPage(VerticalScroll, can_focus=True):
    """Blocks, then steps with a cursor, then blocks. Page keys scroll; up and down go from step to
    step, and scroll where a step or what follows is longer than the page."""

    DEFAULT_CSS = """
    StepPage { height: 1fr; scrollbar-gutter: auto; }
    StepPage > Sheet { height: auto; padding: 0 1 0 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
    ]

    cursor: reactive[str] = reactive("")
    """Id of the step that the cursor is on; "" where there are no steps."""

    @dataclass
    class Moved(Message):
        """The cursor came to another step."""

        id: str

    @dataclass
    class Ticked(Message):
        """A click on a step's box, or a double click on the step."""

        id: str

    def __init__(self, name: str) -> None:
        super().__init__(id=name, classes="panel")
        self.page = Page()
        self._parts: tuple[tuple[Block, ...], tuple[Stop, ...], tuple[Block, ...]] = ((), (), ())
        self._about = ""

    def compose(self) -> ComposeResult:
        """One widget, whatever the page holds."""
        yield Sheet(self.page)

    def show(
        self,
        about: str,
        before: Iterable[Block],
        stops: Iterable[Stop] = (),
        after: Iterable[Block] = (),
        *,
        title: str = "",
        hint: Content = Content(""),  # noqa: B008 - frozen
        cursor: str = "",
    ) -> None:
        """Show a page. Another subject starts at its top, with the cursor on `cursor`."""
        self._parts = (tuple(before), tuple(stops), tuple(after))
        self.border_title = say(title)
        self.border_subtitle = hint
        ids = [stop.id for stop in self._parts[1]]
        other, self._about = about != self._about, about
        if other or self.cursor not in ids:
            wanted = cursor if cursor in ids else (ids[0] if ids else "")
            self.set_reactive(StepPage.cursor, wanted)
        self._draw()
        if other:
            self.scroll_home(animate=False)
            if self.cursor != (ids[0] if ids else ""):
                self.call_after_refresh(self._bring_into_view)

    def _draw(self) -> None:
        before, stops, after = self._parts
        marked = (self._marked(stop) for stop in stops)
        self.page = Page((*before, *marked, *after))
        if self.is_mounted:
            self.query_one(Sheet).show(self.page)

    def _marked(self, stop: Stop) -> Block:
        def lay(width: int) -> Sequence[Content]:
            here = stop.id == self.cursor
            mark = say("▌ ", "$rule-focus" if self.has_focus else "$quiet") if here else say("  ")
            return [join(mark, line) for line in stop.block(width - _GUTTER)]

        return lay

    def on_mount(self) -> None:
        """A page that was there before the widget was."""
        self._draw()

    def watch_cursor(self) -> None:
        """Show where it went, and tell."""
        self._draw()
        self._bring_into_view()
        self.post_message(self.Moved(self.cursor))

    def watch_has_focus(self, focus: bool) -> None:
        """The cursor looks different with the focus."""
        super().watch_has_focus(focus)
        self._draw()

    @property
    def _ids(self) -> list[str]:
        return [stop.id for stop in self._parts[1]]

    def _places(self) -> dict[str, tuple[int, int]]:
        """The first line of each step, and the one after its last."""
        before, stops, _ = self._parts
        width = self.query_one(Sheet).content_size.width
        line = sum(len(block(width)) for block in before)
        places = {}
        for stop in stops:
            end = line + len(stop.block(width - _GUTTER))
            places[stop.id] = (line, end)
            line = end
        return places

    def _bring_into_view(self) -> None:
        if not self.is_attached or not self.size.height or self.cursor not in self._ids:
            return
        first, end = self._places()[self.cursor]
        height = min(end - first, self.scrollable_content_region.height)
        self.scroll_to_region(
            Region(0, first, 1, height), animate=False, force=True, x_axis=False, immediate=True
        )

    def on_resize(self) -> None:
        """The step that is read stays in view, however its lines are broken now."""
        if self.has_focus:
            self.call_after_refresh(self._bring_into_view)

    def to_steps(self) -> None:
        """Go to the step under the cursor."""
        self.focus(scroll_visible=False)
        self.call_after_refresh(self._bring_into_view)

    def action_move(self, by: int) -> None:
        """To the next step; but what is cut off at that side is scrolled to first."""
        ids = self._ids
        place = self._places().get(self.cursor)
        if place is None:
            self.scroll_relative(y=by, animate=False, immediate=True)
            return
        top = self.scroll_offset.y
        bottom = top + self.scrollable_content_region.height
        cut = place[1] > bottom if by > 0 else place[0] < top
        at = ids.index(self.cursor) + by
        if cut or not 0 <= at < len(ids):
            self.scroll_relative(y=by * 2, animate=False, immediate=True)
        else:
            self.cursor = ids[at]

    def on_click(self, event: events.Click) -> None:
        """The first click brings the cursor; one on the box, or the second, ticks."""
        if event.style.meta.get("@click"):
            return
        # The event is the page's own, from within: its place is known on the screen alone.
        offset = event.screen_offset - self.content_region.offset
        line = offset.y + self.scroll_offset.y
        for stop, (first, end) in self._places().items():
            if first <= line < end:
                box = line == first and _GUTTER <= offset.x < _GUTTER + 3
                self.cursor = stop
                if box or event.chain > 1:
                    self.post_message(self.Ticked(stop))
