"""The recorded outputs, read from disk."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent / "outputs"


def recorded(name: str) -> str:
    """One recorded output."""
    return (HERE / name).read_text(encoding="utf-8")
