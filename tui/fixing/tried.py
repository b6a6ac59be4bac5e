"""Which ways are no place to begin any more: what cannot be, and what a test did not reward. Pure.

Fix, Prove and what is to be done first ask here, so that all of them name the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from probes.diagnosis.plan import CausePlan, Way
from probes.report import Report
from tui.fixing.circumstances import fitting
from tui.fixing.playbook import Playbook, circumstances, playbook
from tui.fixing.progress import Progress, way_key
from tui.fixing.ways import key_of
from tui.proving.proof import Proof

Books: TypeAlias = Callable[[CausePlan, Way], Playbook]


def books_for(report: Report, progress: Progress) -> Books:
    """The steps of each way, for the system and the router that the person has."""
    person = fitting(circumstances(report), progress.system, progress.brand)
    return lambda plan, way: playbook(way, plan.cause, report, person)


def all_done(progress: Progress, way: Way, book: Playbook) -> bool:
    """Every step of it is ticked."""
    ticked = progress.ticked.get(key_of(way), frozenset())
    return bool(ticked) and all(step.id in ticked for step in book.steps)


def closed(
    plans: Iterable[CausePlan],
    progress: Progress,
    books: Books,
    proof: Proof | None,
    *,
    tested: bool,
) -> frozenset[str]:
    """The ways that the person cannot go, and those that were gone and did not cure: they are in
    the plan still. By their keys.

    `tested`: a run came after the last step that was ticked. Before it nobody knows what came of
    that.
    """
    return progress.impossible | (
        frozenset(_gone(plans, progress, books, proof)) if tested else frozenset()
    )


def _gone(
    plans: Iterable[CausePlan], progress: Progress, books: Books, proof: Proof | None
) -> Iterator[str]:
    if proof is not None and proof.tested:
        gone = (proof.remedy, *proof.pretended)
        yield from (way_key(str(each)) for each in gone if each is not None)
    for plan in plans:
        for way in plan.ways:
            if progress.ticked.get(key_of(way)) and all_done(progress, way, books(plan, way)):
                yield key_of(way)
