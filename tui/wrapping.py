"""Lines for a reader, broken between words; a command within them stays on one line."""

from __future__ import annotations

import re
from textwrap import TextWrapper

WIDTH = 78
COMMAND = "    "
"""A line that begins so is a command by itself: nobody may break it or join it to others."""
_WRAP = TextWrapper(WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
_QUOTED = re.compile(r"`[^`\n]+`")
_SPACE = "\ue000"
"""Stands for a space at which nothing is broken. It is of Unicode's private use, and what is told
holds only what is printable."""


def filled(text: str) -> str:
    """The text over as many lines as it takes, those after the first indented.

    What stands between backticks is to be copied: over two lines it would be two commands.
    """
    held = _QUOTED.sub(lambda found: found[0].replace(" ", _SPACE), text)
    return _WRAP.fill(held).replace(_SPACE, " ")
