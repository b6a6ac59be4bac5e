"""Right causes, missed causes and false ones, counted."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass, field

from probes.diagnosis.model import CauseId, Verdict
from probes.model import CheckId
from tests.accuracy.runs import AS_IT_IS, Condition, Run, conclude

_OPPOSITE = {Verdict.DIRECT: Verdict.RELAYED, Verdict.RELAYED: Verdict.DIRECT}


@dataclass(slots=True)
class Score:
    """Over several runs."""

    expected: int = 0
    found: int = 0
    false: int = 0
    opposite: int = 0
    """Verdicts turned into their opposite."""
    missed: dict[CauseId, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    """What was wrong, by run and condition."""

    def count_causes(self, title: str, wanted: Set[CauseId], got: Set[CauseId]) -> None:
        """The causes of one run, called `title` in the notes."""
        false = got - wanted
        self.expected += len(wanted)
        self.found += len(wanted & got)
        self.false += len(false)
        for cause in wanted - got:
            self.missed[cause] = self.missed.get(cause, 0) + 1
        if false:
            self.notes.append(f"{title}: {', '.join(sorted(false))} is not there")

    def count_verdict(self, title: str, wanted: Verdict, got: Verdict) -> None:
        """The verdict of one run."""
        if got is _OPPOSITE.get(wanted):
            self.opposite += 1
            self.notes.append(f"{title}: {got}, but it is {wanted}")

    def __str__(self) -> str:
        share = self.found / self.expected if self.expected else 1.0
        return (
            f"{self.found} of {self.expected} causes found ({share:.1%}), {self.false} false, "
            f"{self.opposite} verdicts turned round"
        )


NOT_GUESSED = {
    ("forced-relay", CheckId.ENVIRONMENT): "a forgotten setting, where nobody looked for one",
    ("forced-by-policy", CheckId.TAILSCALE): "the tailnet's policy, where nobody asked Tailscale",
}
"""What stands above the network: where nobody looked, the verdict is about the network alone."""


def score(runs: Iterable[Run], conditions: Iterable[Condition] = (AS_IT_IS,)) -> Score:
    """Count over every run under every condition."""
    total, each_run = Score(), tuple(runs)
    for condition in conditions:
        for run in each_run:
            _count(total, run, condition)
    return total


def _count(total: Score, run: Run, condition: Condition) -> None:
    _, diagnosis = conclude(run, condition)
    title = f"{run} ({condition})"
    gone = condition.left_out or condition.broken
    got = {cause.id for cause in diagnosis.causes}
    total.count_causes(title, set(run.expect.causes), got)
    if (run.network, gone) not in NOT_GUESSED:
        total.count_verdict(title, run.expect.verdict, diagnosis.verdict)
