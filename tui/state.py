"""What the screens render: one frozen value, replaced as a run goes on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from probes.diagnosis.model import Diagnosis
    from probes.report import Report


class Step(StrEnum):
    """The steps of the walk, in order."""

    CHOOSE = "choose"
    MEASURE = "measure"
    UNDERSTAND = "understand"
    FIX = "fix"
    PROVE = "prove"

    @property
    def word(self) -> str:
        """As the rail shows it."""
        return self.value.capitalize()


STEPS = tuple(Step)


@dataclass(frozen=True, eq=False)  # each is a moment of its own; comparing reports costs time
class Measurement:
    """What is measured, what is known of it so far, and what follows."""

    title: str = ""
    """What is measured: "this network", "practice: hard-home"; "" before anything was chosen."""
    begun: Report | None = None
    """What is known, once the run has begun."""
    fault: str = ""
    """The run itself broke off, and why: one sentence, cleaned."""

    # Reports and rules are imported with the first of them: the first picture need not wait.

    @cached_property
    def report(self) -> Report:
        """What is known: nothing at first."""
        from probes.report import Report

        return Report() if self.begun is None else self.begun

    @cached_property
    def diagnosis(self) -> Diagnosis:
        """What follows from the report. Worked out when first looked at."""
        from probes.diagnosis.diagnose import diagnose

        return diagnose(self.report)

    @property
    def closed(self) -> bool:
        """The run came to its end by itself."""
        return self.begun is not None and self.begun.closed

    @property
    def running(self) -> bool:
        """Readings are still to be expected."""
        return bool(self.title) and not self.closed and not self.fault
