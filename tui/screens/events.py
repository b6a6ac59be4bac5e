"""Everything that a run told, as it was told: what was sent, what came back, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input

from probes.events import Event
from tui.screens.told import Told, told
from tui.state import Measurement
from tui.theme import LOOKS
from tui.widgets.detail import Detail
from tui.widgets.filter import Filter
from tui.widgets.rows import Row, RowList, head
from tui.widgets.text import fit, join, say, spaced

if TYPE_CHECKING:
    from tui.app import WhyrelayApp

_CHECK = 15
"""Cells for the name of a check."""


class EventsScreen(ModalScreen[None]):
    """A list that grows with the run, narrowed down as one types, and the whole of one event."""

    CSS_PATH = "events.tcss"
    AUTO_FOCUS = "#event-rows"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,l", "close", "Close", show=False),
        Binding("slash", "filter", "Filter", show=False, priority=True),
        Binding("c,y", "copy", "Copy", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._told: list[Told] = []
        self._texts: list[str] = []
        self._rows_made: list[Row] = []
        self._seen: object = None
        self._count = Content("")

    @property
    def whyrelay(self) -> WhyrelayApp:
        """The app, by its own type."""
        return cast("WhyrelayApp", self.app)

    def compose(self) -> ComposeResult:
        """The filter, the list, and one event."""
        with Vertical(id="events", classes="panel") as frame:
            frame.border_title = say("What was sent, and what came back")
            frame.border_subtitle = say("/ filters   c copies   esc closes")
            yield Filter("event-rows", "/ to filter by check, reading, address or word", self._fill)
            yield RowList("event-rows")
            yield Detail("event-detail")

    def on_mount(self) -> None:
        """Follow the run."""
        self.watch(self.app, "measurement", self._changed)

    @property
    def _rows(self) -> RowList:
        return self.query_one(RowList)

    def _changed(self, measurement: Measurement) -> None:
        conductor, masked = self.whyrelay.conductor, self.whyrelay.privacy
        events = conductor.events(measurement.title)
        seen = (measurement.title, masked, id(events[0]) if events else 0)
        if seen != self._seen:  # another run, or the same in other words
            self._seen, self._told, self._texts, self._rows_made = seen, [], [], []
        new = events[len(self._told) :]
        for event in new:
            self._take(event)
        if new or not events:
            self._fill(follow=True)

    def _take(self, event: Event) -> None:
        masker = self.whyrelay.conductor.masker()
        found = told(event if masker is None else masker.event(event))
        self._rows_made.append(Row(str(len(self._told)), lambda width: _lay(found, width)))
        self._told.append(found)
        self._texts.append(found.line.casefold())

    def _fill(self, *, follow: bool = False) -> None:
        rows, words = self._rows, self.query_one(Filter).words
        ids = rows.ids
        at_end = bool(ids) and rows.cursor == ids[-1] and len(ids) > 1
        shown = [
            row
            for row, text in zip(self._rows_made, self._texts, strict=True)
            if all(word in text for word in words)
        ]
        nothing = "Nothing fits." if self._told else "Nothing has been told yet."
        rows.set_rows(shown or [head(nothing)])
        if follow and at_end and shown:
            rows.cursor = shown[-1].id
        count = f"{spaced(len(shown))} of {spaced(len(self._told))}"
        self._count = say(count, "$quiet")
        self._explain()

    def on_row_list_moved(self) -> None:
        """The cursor came to another event."""
        self._explain()

    def on_row_list_chosen(self) -> None:
        """To the whole of it."""
        self.query_one(Detail).focus()

    def _explain(self) -> None:
        row, detail = self._rows.cursor, self.query_one("#event-detail", Detail)
        if row:
            found = self._told[int(row)]
            detail.show(row, found.blocks(), title=found.title, hint=self._count)
        else:
            detail.show("", [], title="–")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A slash is typed where one types."""
        return action != "filter" or not isinstance(self.focused, Input)

    def action_filter(self) -> None:
        """Go and type."""
        self.query_one(Filter).take_keys()

    def action_copy(self) -> None:
        """The lines that are shown, as text."""
        lines = [self._told[int(row)].line for row in self._rows.ids]
        self.whyrelay.copy_text("\n".join(lines), f"{spaced(len(lines))} lines")

    def action_close(self) -> None:
        """Back to the step."""
        self.dismiss()


def _lay(found: Told, width: int) -> Content:
    look = LOOKS[found.tone]
    parts = [say(f"{found.at_ms:8.1f} ", "$quiet"), say(f"{look.glyph} ", f"{look.style} bold")]
    if width >= 56:
        parts.append(fit(say(found.check, "$quiet"), _CHECK))
    return fit(join(*parts, say(found.text)), width)
