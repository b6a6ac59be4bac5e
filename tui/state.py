"""What the screens render: one frozen value, replaced as a run goes on."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from probes.diagnosis.diagnose import diagnose
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
    report: Report = field(default_factory=Report)
    fault: str = ""
    """The run itself broke off, and why: one sentence, cleaned."""

    @cached_property
    def diagnosis(self) -> Diagnosis:
        """What follows from the report. Worked out when first looked at."""
        return diagnose(self.report)

    @property
    def running(self) -> bool:
        """Readings are still to be expected."""
        return bool(self.title) and not self.report.closed and not self.fault

    @property
    def over(self) -> bool:
        """The run came to its end."""
        return self.report.closed or bool(self.fault)
