"""What a rule of the table of causes looks at, and what it says."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from probes.diagnosis.facts import Concluded
from probes.diagnosis.model import Actor, Confidence, Weight
from probes.values import dataclass


@dataclass(frozen=True, slots=True)
class Match:
    """A rule holds."""

    weight: Weight
    acts: Actor
    because: tuple[str, ...]
    """Ids of the readings that carry it."""
    confidence: Confidence = Confidence.CERTAIN
    missing: tuple[str, ...] = ()
    """Ids of the readings that would settle it."""
    foremost: bool = False
    """As long as it lasts, the rest cannot be seen or is of no use."""


When: TypeAlias = Callable[[Concluded], Match | None]
