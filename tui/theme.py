"""The two colour schemes, and how each tone of a finding looks: a glyph, a word and a colour.

Colours are named here once, as theme variables; style sheets and widgets use the names alone.
A test holds every text colour to a contrast of 4.5 to 1 on every background it can stand on.
"""

from __future__ import annotations

from textual.theme import Theme

from probes.values import dataclass
from tui.content import Tone

_DARK = {
    # text on the ground
    "good": "#7fcf9a",
    "bad": "#f28b82",
    "note": "#e8b866",
    "unsure": "#b8a9ec",
    "busy": "#79c0ea",
    "quiet": "#94a3b5",
    "strong": "#f2f6fa",
    "link": "#8cc8f0",
    # bands: a coloured ground with its own text
    "good-band": "#163524",
    "bad-band": "#43211f",
    "note-band": "#3d2f13",
    "unsure-band": "#2d2847",
    "busy-band": "#12324a",
    "quiet-band": "#232c37",
    # lines and grounds
    "rule": "#39475a",
    "rule-focus": "#79c0ea",
    "cursor": "#1f3448",
    "cursor-blurred": "#212b37",
    "hover": "#1c2632",
    "trough": "#2c3846",
}
_LIGHT = {
    "good": "#17692f",
    "bad": "#a8201a",
    "note": "#7a5200",
    "unsure": "#5b4699",
    "busy": "#0b5f8a",
    "quiet": "#53606d",
    "strong": "#0e1822",
    "link": "#0b5f8a",
    "good-band": "#d5eddc",
    "bad-band": "#f8dbd8",
    "note-band": "#f6e8c6",
    "unsure-band": "#e6e0f6",
    "busy-band": "#d5e8f4",
    "quiet-band": "#e6e8ea",
    "rule": "#b9c0c7",
    "rule-focus": "#0b5f8a",
    "cursor": "#d6e6f2",
    "cursor-blurred": "#e7ebee",
    "hover": "#eef1f3",
    "trough": "#d5dade",
}


def _theme(name: str, dark: bool, ground: str, panel: str, text: str, own: dict[str, str]) -> Theme:
    variables = {
        **own,
        "block-cursor-foreground": own["strong"],
        "block-cursor-background": own["cursor"],
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-foreground": text,
        "block-cursor-blurred-background": own["cursor-blurred"],
        "block-hover-background": own["hover"],
        "border": own["rule-focus"],
        "border-blurred": own["rule"],
        "scrollbar": own["rule"],
        "scrollbar-hover": own["quiet"],
        "scrollbar-active": own["rule-focus"],
        "scrollbar-background": ground,
        "scrollbar-background-hover": ground,
        "scrollbar-background-active": ground,
        "scrollbar-corner-color": ground,
        "text-muted": own["quiet"],
        "link-color": own["link"],
        "link-color-hover": own["strong"],
        "link-background-hover": own["cursor"],
        "input-cursor-background": own["rule-focus"],
        "input-cursor-foreground": ground,
    }
    return Theme(
        name=name,
        primary=own["busy"],
        secondary=own["link"],
        accent=own["busy"],
        success=own["good"],
        warning=own["note"],
        error=own["bad"],
        foreground=text,
        background=ground,
        surface=ground,
        panel=panel,
        dark=dark,
        variables=variables,
    )


DARK = _theme("whyrelay-dark", True, "#10161d", "#18212b", "#d6dee7", _DARK)
LIGHT = _theme("whyrelay-light", False, "#fbfaf7", "#edefef", "#22303c", _LIGHT)
VARIABLES = _DARK
"""Our own names, with the values that hold under a theme that is not ours."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a tone is shown. The glyph and the word carry it; the colour only helps."""

    glyph: str
    colour: str
    """Name of the theme variable of its text; with ``-band`` of its ground."""

    @property
    def style(self) -> str:
        """As a style of text."""
        return f"${self.colour}"


LOOKS: dict[Tone, Look] = {
    Tone.GOOD: Look("✓", "good"),
    Tone.BAD: Look("✗", "bad"),
    Tone.NOTE: Look("!", "note"),
    Tone.UNKNOWN: Look("?", "unsure"),
    Tone.WAITING: Look("○", "quiet"),
    Tone.RUNNING: Look("●", "busy"),
}
SPINNER = "◐◓◑◒"
"""Frames of the running glyph, where motion is welcome."""
