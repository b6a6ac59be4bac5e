"""What is typed for what, over the whole walk: one letter has one meaning.

The letters are the app's keys. What has no key there, or one that no line can hold, is a word. What
can be typed at every question stands in `tui.walking.anywhere`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

LETTERS: Mapping[str, str] = MappingProxyType(
    {
        "next": "n",
        "back": "b",
        "quit": "q",
        "go-on": "go",
        "retest": "r",
        "map-test": "m",
        "glossary": "word",
        "ask-other-side": "ask",
        "other-side": "a",
        "forget-answer": "forget",
        "system": "s",
        "router": "w",
        "anew": "anew",
        "run": "x",
        "impossible": "i",
        "source": "source",
        "test-all": "all",
        "pretend": "z",
        "ping": "u",
        "watch": "f",
        "save": "save",
    }
)
"""By the app's commands; what is no command there has a name of its own."""

SAID: Mapping[str, str] = MappingProxyType(
    {
        **{each: LETTERS[each] for each in ("next", "impossible", "map-test")},
        "open": "o",
        "step-choose": "2 in Choose",
    }
)
"""How the words name the app's keys in this walk: those that hold wherever such words are told."""
