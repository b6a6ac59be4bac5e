"""The published JSON Schemas of what this program writes."""

from __future__ import annotations

FILES = {
    "whyrelay/1": "whyrelay-1.json",
    "whyrelay-pair/1": "whyrelay-pair-1.json",
    "whyrelay-meet/1": "whyrelay-meet-1.json",
    "whyrelay-events/1": "whyrelay-events-1.json",
}
"""By the name that the output itself carries."""


def find(name: str) -> str | None:
    """The schema's name, also where it was written like its file; None: there is none such."""
    plain = name.removesuffix(".json")
    return next((each for each in FILES if plain in (each, each.replace("/", "-"))), None)


def text(name: str) -> str:
    """The text of a schema, by a name of `FILES`."""
    from importlib.resources import files

    return files(__name__).joinpath(FILES[name]).read_text(encoding="utf-8")
