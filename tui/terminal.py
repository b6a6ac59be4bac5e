"""Whether the terminal at hand can show the app."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping


def unfit(environ: dict[str, str] | None = None, *, keys: bool = True) -> str:
    """Why the app cannot be drawn here, as a sentence; "" if it can.

    `keys` False: standard input is needed for something else, see `take_terminal`.

    The app reads keys from standard input and draws on standard error, so standard output may be
    redirected. Textual itself checks none of this: it would draw for nobody, and wait for ever.
    """
    environ = dict(os.environ) if environ is None else environ
    if (keys and not is_terminal(sys.__stdin__)) or not is_terminal(sys.__stderr__):
        return "There is no terminal to draw on, so here is the plain text."
    if environ.get("TERM") == "dumb":
        return "This terminal cannot place text (TERM=dumb), so here is the plain text."
    encoding = (getattr(sys.__stderr__, "encoding", None) or "").lower().replace("_", "-")
    if encoding not in ("utf-8", "utf8", "cp65001"):
        return f"This terminal's encoding ({encoding}) lacks the signs, so here is the plain text."
    return ""


def may_refuse_copies(environ: Mapping[str, str] | None = None) -> bool:
    """Whether this terminal is of a kind that takes nothing into the clipboard (OSC 52), or does
    so only if it is set up for it: macOS Terminal, VTE (GNOME), tmux, screen, a bare console."""
    environ = os.environ if environ is None else environ
    kind = environ.get("TERM", "")
    return (
        any(environ.get(name) for name in ("TMUX", "STY", "VTE_VERSION"))
        or environ.get("TERM_PROGRAM") == "Apple_Terminal"
        or kind == "linux"
        or kind.startswith("screen")
    )


def take_terminal() -> bool:
    """Put the terminal in the place of a standard input that has been read. False: there is none.

    Windows has no such name for it, so there the answer is text.
    """
    if is_terminal(sys.__stdin__):
        return True
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError:
        return False
    os.dup2(terminal, 0)
    os.close(terminal)
    return True


def can_answer() -> bool:
    """Whether a person is there to answer questions asked in text."""
    return is_terminal(sys.__stdin__)


def is_terminal(stream: object) -> bool:
    """Whether a person sits at the other end."""
    isatty = getattr(stream, "isatty", None)
    try:
        return bool(isatty is not None and isatty())
    except ValueError:  # closed
        return False
