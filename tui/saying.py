"""What the app says in passing: a note, for a moment, where it covers nothing."""

from __future__ import annotations

from textual.app import App
from textual.reactive import var
from textual.timer import Timer

from tui.screens.walk import WalkScreen
from tui.widgets.text import visible

NOTE_S = 4.0
"""How long a note stays: long enough for a sentence or two."""


class Saying(App[int]):
    """An app that says things in passing."""

    note: var[str] = var("")
    """What was said last, for a moment: the steps show it on a line of its own."""
    _noted: Timer | None = None
    _said = ""

    def copy_text(self, text: str, what: str) -> None:
        """Into the terminal's clipboard (OSC 52), and say so: it cannot be known to arrive."""
        self.copy_to_clipboard(text)
        self.say(
            f"Copied {what}. If it does not arrive: your terminal lets no program copy (OSC 52)."
        )

    def say(self, text: str, for_s: float = NOTE_S) -> None:
        """A short note, in place of the one before: beside the steps, else at the top."""
        self.clear_notifications()
        self._said = visible(text)
        self._noted = self.set_timer(for_s, self.clear_notifications)
        if isinstance(self.screen, WalkScreen):
            self.note = self._said
        else:
            self.notify(self._said, markup=False, timeout=for_s)

    def say_here(self) -> None:
        """The steps are seen again: what was said on another screen goes on beside them."""
        super().clear_notifications()
        self.note = self._said

    def clear_notifications(self) -> None:
        """Nothing is said any more."""
        super().clear_notifications()
        if self._noted is not None:
            self._noted.stop()
        self._noted, self._said, self.note = None, "", ""
