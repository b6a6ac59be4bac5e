"""How the program was asked to look and behave. Made by the command line, read by the views."""

from __future__ import annotations

from dataclasses import field
from pathlib import Path

from probes.options import Options
from probes.values import dataclass
from tui.session import Session
from tui.sources import Source


@dataclass(frozen=True, slots=True)
class Settings:
    """One start of the program."""

    options: Options = field(default_factory=Options)
    source: Source | None = None
    """Named on the command line (--simulate, --replay); None lets the person choose."""
    ascii: bool = False
    """Glyphs from ASCII alone."""
    reduced_motion: bool = False
    privacy: bool = False
    """Mask addresses and names from the start (--redact)."""
    save: bool = True
    """False: nothing at all is written."""
    session: Session | None = None
    """How the person is logged in; None: look when it matters."""
    record: Path | None = None
    """Keep the run's event list here."""
