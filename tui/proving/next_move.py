"""After a test that did not cure: what to try next. Pure."""

from __future__ import annotations

from collections.abc import Collection

from probes.diagnosis.model import Cause
from probes.diagnosis.plan import CausePlan, Way, plan_of
from probes.diagnosis.remedies import RemedyId
from probes.diagnosis.what_if import Whose
from probes.values import dataclass
from tui.proving.compare import Comparison, Outcome, Side


@dataclass(frozen=True, slots=True)
class Move:
    """A way out of a cause."""

    cause: Cause
    way: Way

    @property
    def key(self) -> str:
        """As saved progress names a way."""
        return f"{self.way.remedy.id}:{self.way.whose}"


def next_move(
    side: Side, tried: RemedyId | None = None, impossible: Collection[str] = ()
) -> Move | None:
    """The next way in the plan that was not tried just now and is not ruled out.

    None where nothing blocks or limits any more, or nothing is left.
    """
    for plan in plan_of(side.report, side.diagnosis):
        if not plan.cause.in_the_way:
            continue
        for way in _best_first(plan):
            move = Move(plan.cause, way)
            if move.key not in impossible and not (
                way.remedy.id is tried and way.whose is Whose.THIS
            ):
                return move
    return None


def without_a_move(found: Comparison) -> str:
    """What is said where there is no next move: a section of Prove's page, "" for nothing."""
    if found.outcome is Outcome.BETTER:
        return ""
    causes = found.after.diagnosis.causes
    weighs = any(cause.in_the_way for cause in causes)
    return "nothing left" if weighs else "nothing weighs"


def _best_first(plan: CausePlan) -> list[Way]:
    return sorted(plan.ways, key=lambda way: not way.recommended)
