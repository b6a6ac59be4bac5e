"""All the words, file by file and text by text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tui import content
from tui.content.markdown import Document, parse

HERE = Path(content.__file__).parent
FILES = sorted(HERE.rglob("*.md"))


def document_of(path: Path) -> Document:
    return parse(path.read_text("utf-8"), path.name)


def texts_of(document: Document) -> Iterator[tuple[str, str]]:
    """Every text of a file, with where it stands."""
    yield "title", document.title
    yield "opening", document.text
    for name, section in document.sections.items():
        yield name, section.text
        for part, text in section.parts.items():
            yield f"{name}: {part}", text


_NO_WORDS = re.compile(
    r"^also$|: tone$|: netcheck$|: command [a-z ]+$|: back$|: gap$|^wait$|^sources$"
)
"""Parts that hold marks and commands."""

ALL = [
    (f"{path.relative_to(HERE)}: {where}", text)
    for path in FILES
    for where, text in texts_of(document_of(path))
    if text and not _NO_WORDS.search(where)
]
"""Every text that a person may read."""
