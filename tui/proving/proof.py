"""What testing again is measured against."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probes.values import dataclass

if TYPE_CHECKING:
    from probes.diagnosis.remedies import RemedyId
    from probes.model import CheckId
    from probes.report import Report
    from tui.sources import Source


AFTERWARDS_S = 10.0
"""So long after a new test the paths are looked at, for what comes of a change."""


@dataclass(frozen=True, eq=False)
class Proof:
    """The report before a change, and what was changed."""

    before: Report
    remedy: RemedyId | None = None
    """What was done, as far as is known."""
    only: frozenset[CheckId] = frozenset()
    """The checks of the latest new test; empty: all of them."""
    pretended: tuple[RemedyId, ...] = ()
    """On a practice network: what was pretended to be done, in order."""
    whom: tuple[str, ...] = ()
    """For each of them the name of the device that was chosen then; "" for none. Not masked."""
    afresh: Source | None = None
    """The practice network before anything was pretended on it."""
    tested: bool = False
    """Something was tested since."""
