"""Small, flat, plain XML from an untrusted router, read with suspicion. No I/O.

`read` raises `Malformed` for anything else. Entities and document types are refused before anything
is expanded; depth, elements and texts are bounded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from xml.parsers import expat

from probes.values import dataclass

MOST_BYTES = 256 * 1024
MOST_DEPTH = 24
"""A real description nests eleven deep."""
MOST_ELEMENTS = 4000
MOST_TEXT = 1024
"""Of one element; the rest of a longer text is dropped."""

Began = Callable[[str], None]
"""An element began: its name, without a prefix."""
Ended = Callable[[str, str, str], None]
"""An element ended: the name of the one around it ("" for the outermost), its name, its text."""


class Malformed(ValueError):
    """The bytes are not what they should be. The text names what is wrong."""


@dataclass(slots=True)
class _Reader:
    began: Began
    ended: Ended
    path: list[str] = field(default_factory=list)
    elements: int = 0
    text: str = ""

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        self.elements += 1
        self.path.append(_local(name))
        if len(self.path) > MOST_DEPTH:
            raise Malformed("it nests too deep")
        if self.elements > MOST_ELEMENTS:
            raise Malformed("it has too many elements")
        self.text = ""
        self.began(self.path[-1])

    def data(self, text: str) -> None:
        if len(self.text) < MOST_TEXT:
            self.text = (self.text + text)[:MOST_TEXT]

    def end(self, _name: str) -> None:
        name, text, self.text = self.path.pop(), self.text.strip(), ""
        self.ended(self.path[-1] if self.path else "", name, text)


def _local(name: str) -> str:
    return name.rpartition(":")[2][:64]


def _refuse(*_: object) -> None:
    raise Malformed("it declares a document type or entities")


def read(data: bytes, ended: Ended, began: Began = lambda _name: None) -> None:
    """Walk through a document. Raises Malformed."""
    if len(data) > MOST_BYTES:
        raise Malformed("it is too large")
    reader = _Reader(began, ended)
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.data
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    try:
        # Routers often end with a zero byte or blank lines.
        parser.Parse(data.rstrip(b"\0 \t\r\n"), True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        if isinstance(error, Malformed):
            raise
        raise Malformed("it is not XML") from error
