"""Links to the glossary within the words: ``[[hard NAT]]`` or ``[[hard NAT|this kind]]``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from probes.values import dataclass

_LINK = re.compile(r"\[\[([^\[\]|]+)(?:\|([^\[\]|]+))?\]\]")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text, and the glossary term it links to ("" for none)."""

    text: str
    term: str = ""


def spans(text: str) -> Iterator[Span]:
    """The text in stretches, links apart. Concatenated, their texts are `plain` of it."""
    end = 0
    for match in _LINK.finditer(text):
        if match.start() > end:
            yield Span(text[end : match.start()])
        yield Span(match[2] or match[1], match[1])
        end = match.end()
    if end < len(text):
        yield Span(text[end:])


def plain(text: str) -> str:
    """The text without its links."""
    return _LINK.sub(lambda match: match[2] or match[1], text)


def terms(text: str) -> tuple[str, ...]:
    """The glossary terms that a text links to, in order."""
    return tuple(span.term for span in spans(text) if span.term)
