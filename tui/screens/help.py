"""Help over the screen that asked for it: the thing under the cursor, keys, pages, every term."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import ModalScreen

from tui.screens.topics import standing, terms, topic
from tui.widgets.detail import Detail
from tui.widgets.page import gap, title
from tui.widgets.rows import Row, RowList, head
from tui.widgets.text import fit, say

if TYPE_CHECKING:
    from probes.report import Report
    from tui.app import WhyrelayApp


class HelpScreen(ModalScreen[None]):
    """Topics on the left, one of them on the right."""

    CSS_PATH = "help.tcss"
    AUTO_FOCUS = "#topics"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1", "close", "Close", show=False),
        Binding("c,y", "copy", "Copy", show=False),
    ]

    def __init__(self, about: str, report: Report | None = None) -> None:
        """`report`: what is looked at, for what is said of its findings."""
        super().__init__()
        self._report = report
        self._about = about
        self._asked = about

    def compose(self) -> ComposeResult:
        """Both parts in one frame."""
        with Horizontal(id="help", classes="panel") as frame:
            frame.border_title = say("Help")
            frame.border_subtitle = say("esc closes")
            yield RowList("topics", self._rows())
            yield Detail("topic")

    def on_mount(self) -> None:
        """Begin with what was asked."""
        self.show(self._about)

    def show(self, about: str) -> None:
        """Another topic."""
        rows = self.query_one(RowList)
        if about not in rows.ids:
            self._asked = about
            rows.set_rows(self._rows())
        rows.cursor = about
        self._tell()

    def _rows(self) -> list[Row]:
        rows: list[Row] = []
        listed = [*standing(), *terms()]
        if self._asked not in [which for which, _ in listed]:
            name = topic(self._asked, self._report).name
            rows += [head("You asked about"), _row(self._asked, name)]
        rows.append(head("Help"))
        rows += [_row(which, name) for which, name in standing()]
        rows.append(head("Glossary"))
        rows += [_row(which, name) for which, name in terms()]
        return rows

    def on_row_list_moved(self) -> None:
        """The cursor came to another topic."""
        self._tell()

    def on_row_list_chosen(self) -> None:
        """To its text."""
        self.query_one(Detail).focus()

    def _tell(self) -> None:
        about = self.query_one(RowList).cursor
        if about:
            self._about = about
            found = topic(about, self._report)
            self.query_one(Detail).show(about, [title(found.name), gap, *found.blocks])

    def action_close(self) -> None:
        """Back to where it was asked."""
        self.dismiss()

    def action_copy(self) -> None:
        """The topic as text."""
        text = self.query_one(Detail).page.plain()
        cast("WhyrelayApp", self.app).copy_text(text, "this topic")


def _row(which: str, name: str) -> Row:
    def lay(width: int) -> Content:
        return fit(say(name), width)

    return Row(which, lay)
