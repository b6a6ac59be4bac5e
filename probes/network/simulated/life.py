"""What a practice network remembers from one use to the next: its age, and what was done in it.

Each use of a network in memory has flow tables and a clock of its own. Where several uses are to be
of one network (it is measured, a peer is pinged, the paths are watched), this is what they share.
"""

from __future__ import annotations

from dataclasses import field
from datetime import UTC, datetime

from probes.values import dataclass

BEGINNING = datetime(2026, 1, 15, 12, tzinfo=UTC)
"""When every simulated run takes place, unless told otherwise: so that runs can be compared."""


@dataclass(slots=True)
class Life:
    """As it is when one use of the network begins."""

    age_s: float = 0.0
    """Seconds since it was first used."""
    changed_s: float | None = None
    """At which age the last remedy was done; None: nothing was, or so long ago that Tailscale has
    found all that came of it."""
    woken: dict[str, float] = field(default_factory=dict)
    """At which age an idle peer was first pinged, by name."""
    beginning: datetime = BEGINNING
    """Date and time of its first use, as it is told there."""
