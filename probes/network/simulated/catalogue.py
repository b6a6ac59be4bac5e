"""Which practice networks come with the program."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent / "scenarios"
SUFFIX = ".toml"


def names() -> tuple[str, ...]:
    """The practice networks, in alphabetical order."""
    return tuple(sorted(path.stem for path in FOLDER.glob(f"*{SUFFIX}")))
