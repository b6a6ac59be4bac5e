"""A list of rows that draws only what is seen, with a cursor, headings, and a mouse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.style import Style
from textual.visual import Visual

from probes.values import dataclass
from tui.widgets.text import fit, fitting, join, say


@dataclass(frozen=True, slots=True)
class Row:
    """One line. A row without an id is a heading: the cursor passes over it."""

    id: str
    lay: Callable[[int], Content]
    """The line's content for a width."""


def head(*names: str) -> Row:
    """A heading between rows: the longest of its names that fits."""
    return Row("", lambda width: fit(say(fitting(names, width), "$quiet bold"), width))


class RowList(ScrollView, can_focus=True):
    """Rows with a cursor that stays on its row when the rows change."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"rows--cursor", "rows--hover"}
    DEFAULT_CSS = """
    RowList {
        height: auto;
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
        & > .rows--cursor { background: $cursor-blurred; }
        & > .rows--hover { background: $hover; }
        &:focus > .rows--cursor { background: $cursor; color: $strong; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home,g", "edge(-1)", "First", show=False),
        Binding("end,G", "edge(1)", "Last", show=False),
        Binding("enter", "choose", "Choose", show=False),
    ]

    cursor: reactive[str] = reactive("")
    """Id of the row that the cursor is on; "" while there is none."""
    hovered: reactive[int] = reactive(-1)

    @dataclass
    class Moved(Message):
        """The cursor came to another row."""

        rows: RowList
        id: str

        @property
        def control(self) -> RowList:
            """The list, for handlers that select by it."""
            return self.rows

    @dataclass
    class Chosen(Message):
        """Enter, or a click on the row under the cursor."""

        rows: RowList
        id: str

        @property
        def control(self) -> RowList:
            """The list, for handlers that select by it."""
            return self.rows

    def __init__(self, name: str, rows: Sequence[Row] = (), *, panel: str = "") -> None:
        super().__init__(id=name, classes="panel" if panel else "")
        self.border_title = say(panel)
        self._rows: tuple[Row, ...] = ()
        self._places: dict[str, int] = {}
        self.touched = False
        """The person moved the cursor, so it is theirs."""
        self.set_rows(rows)

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Show other rows. The cursor stays on its row, else goes to the first."""
        self._rows = tuple(rows)
        self._places = {row.id: place for place, row in enumerate(self._rows) if row.id}
        self.virtual_size = Size(1, len(self._rows))
        if self.cursor not in self._places:
            self.cursor = next(iter(self._places), "")
        height = self.styles.height
        self.refresh(layout=height is None or height.is_auto)

    def redraw(self, *ids: str) -> None:
        """These rows look different now."""
        for row in ids:
            if (place := self._places.get(row)) is not None:
                self.refresh_line(place)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the rows that the cursor can be on, in order."""
        return tuple(self._places)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """One line a row."""
        return max(len(self._rows), 1)

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        place = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        if not 0 <= place < len(self._rows):
            return Strip.blank(width, self.rich_style)
        row = self._rows[place]
        mark, style = " ", self.visual_style
        if row.id and row.id == self.cursor:
            mark = "▌"
            style = self.get_visual_style("rows--cursor")
            if self.has_focus and self.app.no_color:
                style += Style(reverse=True)
        elif row.id and place == self.hovered:
            style = self.get_visual_style("rows--hover")
        colour = "$rule-focus" if self.has_focus else "$quiet"
        line = join(say(mark, colour), fit(row.lay(width - 2), width - 2), " ")
        return Visual.to_strips(self, line, width, 1, style, pad=True)[0]

    def watch_cursor(self, before: str, after: str) -> None:
        """Show where it went, and tell."""
        self.redraw(before, after)
        self._bring_into_view()
        if after:
            self.post_message(self.Moved(self, after))

    def _bring_into_view(self) -> None:
        place = self._places.get(self.cursor)
        if place is None or not self.is_attached or not self.size.height:
            return  # without a height everything is out of view
        # A heading above the first row of its part comes into view with it.
        top = place - 1 if place and not self._rows[place - 1].id else place
        self.scroll_to_region(
            Region(0, top, 1, place - top + 1), animate=False, force=True, x_axis=False
        )

    def on_resize(self) -> None:
        """What was in view stays in view."""
        self._bring_into_view()

    def watch_hovered(self) -> None:
        """Rows are cheap to draw."""
        self.refresh()

    def watch_has_focus(self, focus: bool) -> None:
        """The cursor looks different with the focus."""
        super().watch_has_focus(focus)
        self.redraw(self.cursor)

    def _step(self, by: int) -> None:
        ids = self.ids
        self.touched = True
        if ids:
            at = ids.index(self.cursor) if self.cursor in ids else 0
            self.cursor = ids[min(max(at + by, 0), len(ids) - 1)]

    def action_move(self, by: int) -> None:
        """A row up or down."""
        self._step(by)

    def action_page(self, by: int) -> None:
        """As far as can be seen at once, up or down."""
        self._step(by * max(self.size.height - 1, 1))

    def action_edge(self, way: int) -> None:
        """To the first or the last row."""
        self._step(way * len(self._rows))

    def action_choose(self) -> None:
        """Take the row under the cursor."""
        self.touched = True
        if self.cursor:
            self.post_message(self.Chosen(self, self.cursor))

    def _place_at(self, event: events.MouseEvent) -> int:
        offset = event.get_content_offset(self)
        return -1 if offset is None else offset.y + self.scroll_offset.y

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Show what a click would take."""
        place = self._place_at(event)
        self.hovered = place if 0 <= place < len(self._rows) and self._rows[place].id else -1

    def on_leave(self) -> None:
        """The mouse went elsewhere."""
        self.hovered = -1

    def on_click(self, event: events.Click) -> None:
        """The first click brings the cursor, the second takes the row."""
        place = self._place_at(event)
        self.touched = True
        if 0 <= place < len(self._rows) and (row := self._rows[place]).id:
            if row.id == self.cursor and event.chain > 1:
                self.action_choose()
            self.cursor = row.id
