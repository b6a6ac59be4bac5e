"""Untrusted text, made safe once at the edge.

A router's name or a program's output may hold escape sequences, line breaks or
direction marks that would rewrite a terminal. They are made visible, not dropped:
a person should see that the text was strange. So may ``[[``, which in this program's own
words begins a link: a name in a sentence could pass itself off as another one.
"""

from __future__ import annotations

import unicodedata

LONGEST = 300
"""No name that a person needs is longer; what is cut is marked."""

_LINK = "[["
# Cc control, Cf format (bidi marks, zero width), Cs surrogate, Co private use, Cn unassigned,
# Zl/Zp line and paragraph separators.
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def clean(text: str | bytes, longest: int = LONGEST) -> str:
    """One line of printable text: unsafe characters made visible (``\\xNN``), cut at `longest`."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "backslashreplace")
    if len(text) <= longest and text.isprintable() and _LINK not in text:
        return text  # nearly every text; a tailnet has tens of thousands of them
    out = "".join(_visible(char) for char in text[: longest + 1]).replace(_LINK, r"[\x5b")
    return out if len(out) <= longest else out[: longest - 1] + "…"


def _visible(char: str) -> str:
    if unicodedata.category(char) not in _UNSAFE:
        return char
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
