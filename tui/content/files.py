"""The files of words: found, read once, and held to what is expected of them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache

from tui.content.markdown import ContentError, Document, Section, parse

_HERE = os.path.dirname(__file__)


def read(path: str) -> str:
    """The source of one file. Raises ContentError where there is none."""
    # The loader that imported this package reads its data from wherever the package lives (a
    # directory or an archive). importlib.resources would do the same, but its import alone costs
    # more than reading every file here.
    get_data = getattr(__spec__.loader, "get_data", None) if __spec__ else None
    if get_data is None:
        raise ContentError(f"{path}: the package's loader cannot read data")
    try:
        data: bytes = get_data(os.path.join(_HERE, *path.split("/")))
    except OSError as error:
        raise ContentError(f"{path}: {error}") from error
    return data.decode("utf-8")


@cache
def load(path: str) -> Document:
    """One file, by its path without the suffix. Raises ContentError."""
    return parse(read(f"{path}.md"), path)


def section(path: str, key: str) -> Section:
    """One section of a file. Raises ContentError where there is none."""
    found = load(path).sections.get(key)
    if found is None:
        raise ContentError(f"{path}: no section {key!r}")
    return found


def names(directory: str) -> tuple[str, ...]:
    """The names of the files of a directory."""
    from importlib.resources import files  # only lists need it

    found = (entry.name for entry in files(__package__).joinpath(directory).iterdir())
    return tuple(sorted(name.removesuffix(".md") for name in found if name.endswith(".md")))


def exactly(what: str, found: Mapping[str, object], wanted: set[str]) -> None:
    """Complain about keys that are missing or too much. Raises ContentError."""
    missing, extra = wanted - found.keys(), found.keys() - wanted
    if missing or extra:
        raise ContentError(f"{what}: missing {sorted(missing)}, too much {sorted(extra)}")


def required(what: str, text: str) -> str:
    """A text that has to be there. Raises ContentError."""
    if not text:
        raise ContentError(f"{what}: empty")
    return text


def only_text(what: str, found: Section) -> str:
    """The text of a section that has no parts. Raises ContentError."""
    exactly(what, found.parts, set())
    return required(what, found.text)


def words_of(path: str, key: str) -> str:
    """The text of a section that has no parts, by file and key. Raises ContentError."""
    return only_text(f"{path}: {key}", section(path, key))


def parts_of(path: str, key: str, *wanted: str) -> tuple[str, ...]:
    """The text of a section, then those of its parts. Raises ContentError."""
    found, what = section(path, key), f"{path}: {key}"
    exactly(what, found.parts, set(wanted))
    parts = (required(f"{what}: {each}", found.parts[each]) for each in wanted)
    return (found.text, *parts)
