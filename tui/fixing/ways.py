"""Among the ways of a plan: where to begin, and where to go on if one is not possible. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from probes.diagnosis.model import CauseId
from probes.diagnosis.plan import CausePlan, Way
from probes.diagnosis.what_if import Whose
from probes.values import dataclass
from tui import content
from tui.fixing.progress import way_key


def key_of(way: Way) -> str:
    """Under which name progress is kept of it."""
    return way_key(str(way.remedy.id), str(way.whose))


def name_of(way: Way) -> str:
    """As a list shows it."""
    name = content.label(way.remedy.id)
    if way.whose is Whose.OTHER:
        return f"Other side: {name}"
    return name[:1].upper() + name[1:]


def names_of(way: Way) -> tuple[str, ...]:
    """The same, and in fewer and fewer words for where that has no room."""
    short = content.short(way.remedy.id)
    if way.whose is Whose.OTHER:
        return name_of(way), f"Other side: {short}", f"There: {short}"
    return name_of(way), short[:1].upper() + short[1:]


@dataclass(frozen=True, slots=True)
class Told:
    """The ways of one cause, in a list of several causes."""

    plan: CausePlan
    fresh: tuple[Way, ...]
    again: tuple[Way, ...]
    """Those that an earlier cause has as well: they are listed there, with how they stand."""


def told_once(plans: Iterable[CausePlan]) -> Iterator[Told]:
    """Every way under the first cause that it helps with, and under no other.

    Only what an update ends is said of each fault, so that one stays where it is.
    """
    before = set[str]()
    for plan in plans:
        own = plan.cause.id is CauseId.CLIENT_BUG
        again = tuple(way for way in plan.ways if key_of(way) in before and not own)
        yield Told(plan, tuple(way for way in plan.ways if way not in again), again)
        before |= {key_of(way) for way in plan.ways}


def listed(plans: Iterable[CausePlan]) -> tuple[tuple[CausePlan, Way], ...]:
    """Every way that is told, in the order in which it is numbered."""
    return tuple((told.plan, way) for told in told_once(plans) for way in told.fresh)


def first_open(plan: CausePlan, closed: Collection[str]) -> Way | None:
    """Where to begin with a cause: what is recommended, else the cheapest that is possible.

    `closed`: the ways that cannot be gone, or were gone for nothing (`tui.fixing.tried`).
    """
    open_ = [way for way in plan.ways if key_of(way) not in closed]
    return next((way for way in open_ if way.recommended), open_[0] if open_ else None)


def begin_with(plans: Sequence[CausePlan], closed: Collection[str]) -> Way | None:
    """Where to begin of all: with what is in the way, where anything is."""
    weighty = [plan for plan in plans if plan.cause.in_the_way] or plans
    found = (first_open(plan, closed) for plan in weighty)
    return next((way for way in found if way is not None), None)


def next_after(
    plans: Sequence[CausePlan], plan: CausePlan, closed: Collection[str]
) -> tuple[CausePlan, Way] | None:
    """Where to go on: the next-cheapest way of this cause, else of the next cause."""
    at = plans.index(plan)
    for each in (*plans[at:], *plans[:at]):
        if (way := first_open(each, closed)) is not None:
            return each, way
    return None
