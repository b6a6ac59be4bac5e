"""Links within the words: to the glossary, and to a key of the app by the id of its command.

``[[hard NAT]]`` or ``[[hard NAT|this kind]]``; ``Test again [[key:retest]].`` A person may have
chosen other keys, and in text there are none, so a sentence has to be whole without its key. Or it
says what to do where there are none: ``[[key:map-test|`whyrelay check --map-test`]]``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from probes.values import dataclass

_LINK = re.compile(r"\[\[([^\[\]|]+)(?:\|([^\[\]|]+))?\]\]")
_KEY = re.compile(r"\s*\[\[key:([a-z0-9-]+)(?:\|([^\[\]|]+))?\]\]")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text, and the glossary term it links to ("" for none)."""

    text: str
    term: str = ""


def spans(text: str) -> Iterator[Span]:
    """The text in stretches, links apart. Concatenated, their texts are `plain` of it."""
    text, end = keyed(text), 0
    for match in _LINK.finditer(text):
        if match.start() > end:
            yield Span(text[end : match.start()])
        yield Span(match[2] or match[1], match[1])
        end = match.end()
    if end < len(text):
        yield Span(text[end:])


def plain(text: str) -> str:
    """The text without its links and keys."""
    return _LINK.sub(lambda match: match[2] or match[1], keyed(text))


def keyed(text: str, name: Callable[[str], str] = lambda _command: "") -> str:
    """The text with its keys as `name` calls them, in brackets. What has no name is left out, or is
    what the words have in its place.
    """
    if "[[key:" not in text:
        return text
    return _KEY.sub(lambda match: f" ({key})" if (key := name(match[1]) or match[2]) else "", text)


def keys(text: str) -> tuple[str, ...]:
    """The commands whose keys a text names, by their ids."""
    return tuple(match[1] for match in _KEY.finditer(text))


def terms(text: str) -> tuple[str, ...]:
    """The glossary terms that a text links to, in order."""
    return tuple(span.term for span in spans(text) if span.term)
