"""After a test that did not cure: what to try next. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from probes.diagnosis.model import Cause, Verdict
from probes.diagnosis.plan import CausePlan, Way, plan_of
from probes.diagnosis.remedies import RemedyId
from probes.diagnosis.what_if import Whose
from probes.readings import port_mapping
from probes.report import Report
from probes.values import dataclass
from tui import content
from tui.content import playbooks
from tui.explain.settling import claims, open_readings, trial_decides
from tui.fixing.first import NOTHING_HERE, no_way
from tui.fixing.telling import nothing_left
from tui.proving.compare import Change, Comparison, Outcome, Side


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
    side: Side, tried: RemedyId | None = None, closed: Collection[str] = ()
) -> Move | None:
    """The next way in the plan that was not tried just now and is not ruled out. `closed`: those
    that are, by their keys.

    None where nothing blocks or limits any more, or nothing is left.
    """
    for plan in plan_of(side.report, side.diagnosis):
        if not plan.cause.in_the_way:
            continue
        for way in _best_first(plan):
            move = Move(plan.cause, way)
            if move.key not in closed and not (way.remedy.id is tried and way.whose is Whose.THIS):
                return move
    return None


def instead_of_a_move(found: Comparison, move: Move | None) -> str:
    """What is said of what to try next where it is no way of the plan; "" for nothing, and where
    the move says it all."""
    after = found.after
    if trial_decides(after.report, after.diagnosis):
        offered = _offers_ports(found.before.report)
        return content.proof("try a port" if offered else "try a port now")
    if move is not None:
        return ""
    said = no_way(after.report, after.diagnosis)
    if said in NOTHING_HERE:
        return content.fixing(said)
    weighs = any(cause.in_the_way for cause in after.diagnosis.causes)
    if after.diagnosis.verdict is Verdict.UNKNOWN and not weighs:
        return " ".join(_too_little(after))
    if found.outcome is Outcome.BETTER:
        return ""
    if weighs:
        return nothing_left()
    well = found.change is Change.NONE and after.diagnosis.verdict is Verdict.DIRECT
    return content.proof("nothing to do" if well else "nothing weighs")


def _offers_ports(report: Report) -> bool:
    return any(report.value(each.present) is True for each in port_mapping.SERVICES.values())


def _too_little(side: Side) -> Iterator[str]:
    """That nobody can say, and the first thing that would settle it."""
    yield content.proof("too little")
    for _, readings in claims(side.report, side.diagnosis):
        for each in open_readings(side.report, readings):
            yield content.fill(playbooks.guidance("first-unknown"), what=each.what, how=each.how)
            return


def _best_first(plan: CausePlan) -> list[Way]:
    return sorted(plan.ways, key=lambda way: not way.recommended)
