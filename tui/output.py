"""Where the program's text goes: standard output for data, standard error for narration.

Whatever can be wrong with the two (closed, full, nobody reading, an old encoding) is dealt with
here, once.
"""

from __future__ import annotations

import errno
import os
import sys
from typing import TextIO

from tui.exits import OutputLost

_ROOMY = str.maketrans({"→": "->", "←": "<-", "…": "...", "≤": "<=", "≥": ">=", "✓": "ok"})
"""Where width does not matter, ASCII has room for more telling signs than on a screen."""


class NobodyReads(OutputLost):
    """The program that read the output has gone (a broken pipe)."""


def plain_ascii(text: str) -> str:
    """The text in ASCII alone."""
    from tui.glyphs import to_ascii

    return text if text.isascii() else to_ascii(text.translate(_ROOMY))


def encodable(text: str, stream: TextIO) -> str:
    """The text as far as the stream's encoding has signs for it; else in ASCII."""
    try:
        text.encode(stream.encoding or "ascii", "strict")
    except (UnicodeEncodeError, LookupError):
        return plain_ascii(text)
    return text


def unicode_stdout() -> bool:
    """Whether standard output can carry any text."""
    encoding = (getattr(sys.stdout, "encoding", None) or "").lower()
    return encoding.replace("_", "-") in ("utf-8", "utf8")


def require_stdout() -> None:
    """Before anything is measured for it. Raises OutputLost."""
    if sys.stdout is None:
        raise OutputLost("There is no standard output to write to.")


def write_out(text: str) -> None:
    """Data, to standard output. Raises NobodyReads or OutputLost."""
    require_stdout()
    try:
        sys.stdout.write(encodable(text, sys.stdout))
        sys.stdout.flush()
    except (OSError, ValueError) as error:
        silence(sys.stdout)
        if isinstance(error, BrokenPipeError) or _is_closed_pipe(error):
            raise NobodyReads("Nobody reads the output any more.") from None
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise OutputLost(f"The output could not be written: {why}.") from None


def say(text: str) -> None:
    """A sentence of narration, to standard error. Lost without a word where that is closed."""
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(encodable(f"whyrelay: {text}\n", sys.stderr))
        sys.stderr.flush()
    except (OSError, ValueError):
        silence(sys.stderr)


def _is_closed_pipe(error: Exception) -> bool:
    # Windows says EINVAL for a pipe whose reader has gone.
    return sys.platform == "win32" and getattr(error, "errno", None) == errno.EINVAL


def silence(stream: TextIO | None) -> None:
    """What is still buffered goes nowhere, so that the interpreter does not complain at its end."""
    if stream is None:
        return
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        return
