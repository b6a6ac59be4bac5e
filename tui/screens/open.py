"""Paste what another device printed, or name a file: it is read at once, and pointed at by line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Button, Static, TextArea

from tui import content
from tui.content import Tone
from tui.exits import Complaint
from tui.reading import PASTED, Input, read_data, read_input
from tui.sources import Opened
from tui.widgets.page import Block, Page, data, prose, title
from tui.widgets.text import say

READ, CANCEL = "Open it", "Cancel"
_MOST_SHOWN = 20_000
"""Characters: a longer paste is read just as well, but kept beside the box."""
_TYPED_BY_HAND_S = 0.02
"""Keys that follow each other faster are a paste through a terminal that does not mark it."""
_POINTED_AT = 3


class Box(TextArea):
    """Where the text goes. Enter opens it, as nobody writes it by hand."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "done", "Open it", show=False),
        Binding("escape", "screen.cancel", "Cancel", show=False),
        Binding("tab", "app.focus_next", "Next", show=False),
    ]

    class Done(Message):
        """Enter."""

    def __init__(self) -> None:
        super().__init__(id="paste", soft_wrap=False, show_line_numbers=False, tab_behavior="focus")
        self.cursor_blink = False
        self.kept = ""
        """A text that is too long to be shown."""
        self._last_key_s = 0.0

    @property
    def whole(self) -> str:
        """All that was put in."""
        return self.kept or self.text

    def on_paste(self, event: events.Paste) -> None:
        """Take it, whatever its length."""
        event.stop()
        event.prevent_default()
        text = event.text.replace("\r\n", "\n").replace("\r", "\n")
        whole = self.kept + text if self.kept else self.text + text
        longest = max(map(len, text.split("\n")), default=0)
        if len(whole) > _MOST_SHOWN or longest > 1000:
            self.kept = whole
            self.text = ""
            self.post_message(self.Changed(self))
        else:
            self.insert(text)

    async def _on_key(self, event: events.Key) -> None:
        fast = event.time - self._last_key_s < _TYPED_BY_HAND_S
        self._last_key_s = event.time
        if event.key == "enter":
            event.stop()
            event.prevent_default()
            if fast:
                self.insert("\n")
            else:
                self.post_message(self.Done())

    def action_done(self) -> None:
        """Enter, where a test or a key map sends it."""
        self.post_message(self.Done())


class OpenScreen(ModalScreen[Opened | None]):
    """Answers with what was read, or None."""

    CSS_PATH = "open.tcss"
    AUTO_FOCUS = "#paste"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", CANCEL, show=False),
        Binding("ctrl+o", "read", READ, show=False),
        Binding("ctrl+l", "clear", "Clear", show=False),
    ]

    def __init__(self, page: str = "open") -> None:
        """`page` names the words above the box."""
        super().__init__()
        self._page = content.page(page)

    def compose(self) -> ComposeResult:
        """Words, the box, what was made of it, and two answers."""
        with Vertical(id="open", classes="panel") as frame:
            frame.border_title = say(self._page.title)
            frame.border_subtitle = say("enter opens   ^l clears   esc cancels")
            yield Static(Page([prose(self._page.opening)]), markup=False, id="open-words")
            yield Box()
            yield Static(markup=False, id="open-said")
            with Horizontal(id="open-answers"):
                yield Button(READ, id="read", compact=True)
                yield Button(CANCEL, id="cancel", compact=True)

    def on_mount(self) -> None:
        """Nothing was put in yet."""
        self._say(_empty())

    @property
    def _box(self) -> Box:
        return self.query_one(Box)

    def on_text_area_changed(self) -> None:
        """Say at once what it is taken for."""
        text = self._box.whole
        if not text.strip():
            self._say(_empty())
        elif (path := path_in(text)) is not None:
            self._say([title("A file", Tone.GOOD), prose(f"Enter reads {path.name or path}.")])
        else:
            try:
                self._say(_taken(_read(text), kept=len(self._box.kept)))
            except Complaint as complaint:
                self._say(_refused(complaint, kept=len(self._box.kept)))

    def on_box_done(self) -> None:
        """Enter in the box."""
        self.action_read()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """The mouse, or enter on a button."""
        if event.button.id == "read":
            self.action_read()
        else:
            self.dismiss(None)

    def action_cancel(self) -> None:
        """Nothing is opened."""
        self.dismiss(None)

    def action_clear(self) -> None:
        """Begin again."""
        self._box.kept = ""
        self._box.text = ""
        self._say(_empty())
        self._box.focus()

    def action_read(self) -> None:
        """Open it, or say what is wrong with it."""
        text = self._box.whole
        if not text.strip():
            self._say(_empty())
            return
        try:
            path = path_in(text)
            given = _read(text) if path is None else _read_file(path)
        except Complaint as complaint:
            self._say(_refused(complaint, kept=len(self._box.kept)))
            return
        self.dismiss(Opened(given.title, given.report, given.notes))

    def _say(self, blocks: list[Block]) -> None:
        self.query_one("#open-said", Static).update(Page(blocks))


def path_in(text: str) -> Path | None:
    """The file that one line names: it looks like one, or is there."""
    line = text.strip().strip("'\"")
    if not line or "\n" in line or len(line) > 4096 or "\x00" in line:
        return None
    path = Path(os.path.expanduser(line))
    looks = line.startswith(("/", "~", "./", "../")) or line[1:3] in (":\\", ":/")
    try:
        return path if looks or path.is_file() else None
    except OSError:
        return None


def _read(text: str) -> Input:
    return read_data(text.encode("utf-8", "backslashreplace"), PASTED, "the pasted text")


def _read_file(path: Path) -> Input:
    try:
        odd = path.exists() and not path.is_file() and not path.is_dir()
    except OSError:
        odd = False
    if odd:  # a pipe would let the screen wait for ever
        raise Complaint(f"{path.name!r} is no ordinary file.")
    return read_input(str(path))


def _empty() -> list[Block]:
    return [prose("Paste with your terminal's own key, or type the name of a file.", "$quiet")]


def _aside(kept: int) -> list[Block]:
    if not kept:
        return []
    return [prose(f"{kept:,} characters, too many to show. They are read all the same.", "$quiet")]


def _taken(given: Input, *, kept: int) -> list[Block]:
    blocks = [title(f"Read as: {', '.join(given.holds)}", Tone.GOOD), *_aside(kept)]
    for number, line in given.unread[:_POINTED_AT]:
        blocks.append(data(f"line {number} left out: {line}", "$note"))
    if (more := len(given.unread) - _POINTED_AT) > 0:
        blocks.append(data(f"and {more} more", "$note"))
    return blocks


def _refused(complaint: Complaint, *, kept: int) -> list[Block]:
    return [title(str(complaint), Tone.BAD), *_aside(kept)]
