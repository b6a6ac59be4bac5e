"""What reaches the terminal: an ASCII stand-in for every sign, and no control characters.

Signs are chosen once, in Unicode. Where the person asked for ASCII they are exchanged on the way
out, sign by sign and of the same width, so that nothing moves and nothing is forgotten.
"""

from __future__ import annotations

import unicodedata

_SIGNS = {
    "✓": "+",
    "✗": "x",
    "●": "*",
    "○": "o",
    "◐": "|",
    "◓": "/",
    "◑": "-",
    "◒": "\\",
    "▌": ">",
    "█": "#",
    "▇": "#",
    "▆": "#",
    "▅": "=",
    "▄": "=",
    "▃": "-",
    "▂": "_",
    "▁": "_",
    "▸": ">",
    "▓": "#",
    "▒": ":",
    "░": ".",
    "━": "#",
    "═": "=",
    "╌": "-",
    "…": "~",
    "·": "-",
    "•": "*",
    "∙": ".",
    "–": "-",
    "—": "-",
    "→": ">",
    "▶": ">",
    "←": "<",
    "↑": "^",
    "↓": "v",
    "⏎": "<",
    "’": "'",
    "‘": "'",
    "“": '"',
    "”": '"',
    "×": "x",
    "≥": ">",
    "≤": "<",
    "≈": "~",
    "±": "~",
    "\N{LEFT-POINTING MAGNIFYING GLASS}": "> ",
    "\N{RIGHT-POINTING MAGNIFYING GLASS}": "> ",
    "\N{NO-BREAK SPACE}": " ",
}


def _sign(char: str) -> str:
    if char.isascii():
        return char
    if (known := _SIGNS.get(char)) is not None:
        return known
    code = ord(char)
    if 0x2500 <= code <= 0x257F:  # box drawing
        return _box(unicodedata.name(char))
    if 0x2580 <= code <= 0x259F:  # block elements: borders and scroll bars of the toolkit
        return " "
    plain = unicodedata.normalize("NFKD", char)[:1]
    if plain.isascii() and plain.isprintable() and plain:
        return plain
    wide = unicodedata.east_asian_width(char) in ("W", "F")
    return "??" if wide else "?" if not unicodedata.combining(char) else ""


def _box(name: str) -> str:
    if " AND " in name or "ARC" in name or "DIAGONAL" in name:
        return "+"
    return "|" if "VERTICAL" in name else "-"


_ARROW = "━━▶", "==>"
"""Its shaft is no bar: sign by sign it would be one."""


def to_ascii(text: str) -> str:
    """The text in ASCII alone, each sign exchanged for one of the same width."""
    return text if text.isascii() else "".join(map(_sign, text.replace(*_ARROW)))


def printable(text: str) -> str:
    """The text without anything that a terminal would act on.

    Texts are cleaned, visibly, where they enter the program. This is the last lock on the door:
    what is dropped here has no width, so nothing moves.
    """
    return text if text.isprintable() else "".join(filter(str.isprintable, text))
