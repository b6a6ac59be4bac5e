"""The glossary: every term by its name and by its other spellings."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from tui.content.files import exactly, load, names, only_text
from tui.content.kinds import Term
from tui.content.markdown import ContentError, Section


@cache
def glossary() -> Mapping[str, Term]:
    """Every term by its file's name, in the order of their names."""
    found = [_term(name) for name in names("glossary")]
    return {each.id: each for each in sorted(found, key=lambda each: each.name.lower())}


def _term(name: str) -> Term:
    path = f"glossary/{name}"
    document = load(path)
    if document.text or not {"short", "more"} <= document.sections.keys():
        raise ContentError(f"{path}: wants short and more")
    exactly(path, document.sections, {"short", "more"} | (document.sections.keys() & {"also"}))
    also = document.sections.get("also", Section("")).text
    return Term(
        name,
        document.title,
        only_text(f"{path}: short", document.sections["short"]),
        only_text(f"{path}: more", document.sections["more"]),
        tuple(each.strip() for each in also.split(",") if each.strip()),
    )


@cache
def _spellings() -> Mapping[str, Term]:
    found: dict[str, Term] = {}
    for each in glossary().values():
        for spelling in (each.name, *each.also):
            if found.setdefault(spelling.lower(), each) is not each:
                raise ContentError(f"glossary: {spelling!r} is both {each.id} and another")
    return found


def term(spelling: str) -> Term | None:
    """The glossary entry that a link means, or None where there is none."""
    return _spellings().get(spelling.lower())
