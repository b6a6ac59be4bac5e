"""What was meant by a name that is none: for "did you mean"."""

from __future__ import annotations

from collections.abc import Iterable

_CLOSE, _VERY_CLOSE = 0.6, 0.85
"""Shares of equal letters (difflib). People seldom get the first letter wrong, so two names that
begin alike are close sooner."""


def meant(name: str, known: Iterable[str]) -> str:
    """The closest of the names that are known; "" where none is close."""
    from difflib import get_close_matches  # seldom wanted, and 1 ms

    names = tuple(known)
    alike = [each for each in names if each[:1] == name[:1]]
    found = get_close_matches(name, names, n=1, cutoff=_VERY_CLOSE)
    found = found or get_close_matches(name, alike, n=1, cutoff=_CLOSE)
    return found[0] if found else ""
