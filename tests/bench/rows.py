"""One row of the table: something measured, what it is held against, and the limit of the ratio."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass

ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Row:
    """A measured figure beside its yardstick, both in the same unit."""

    what: str
    value: float
    yardstick: float
    against: str
    """What the yardstick is, in words."""
    limit: float
    """The ratio may not be higher."""
    unit: str = "ms"

    @property
    def ratio(self) -> float:
        """Value over yardstick."""
        return self.value / self.yardstick

    @property
    def kept(self) -> bool:
        """Within the limit."""
        return self.ratio <= self.limit

    def text(self) -> str:
        """One line of the table."""
        mark = "ok  " if self.kept else "OVER"
        figures = f"{self.value:8.1f} {self.unit:<4} {self.ratio:6.2f} (limit {self.limit:.2f})"
        return f"{mark} {self.what:<46} {figures} × {self.yardstick:.1f} {self.unit} {self.against}"


def median(measure: Callable[[], float], rounds: int = ROUNDS) -> float:
    """The middle one of several measurements."""
    return statistics.median(measure() for _ in range(rounds))


def alternating(
    one: Callable[[], float], other: Callable[[], float], rounds: int = ROUNDS
) -> tuple[float, float]:
    """The medians of two things measured in turns, so that a busy moment falls on both."""
    pairs = [(one(), other()) for _ in range(rounds)]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)
