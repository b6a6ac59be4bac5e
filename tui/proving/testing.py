"""Testing again: what was done, what of it shows where, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probes.diagnosis.plan import plan_of
from probes.diagnosis.remedies import REMEDIES, RemedyId
from probes.diagnosis.what_if import Whose
from probes.renewal import EVERYTHING, touched
from tui.content import playbooks
from tui.proving.compare import Change, Comparison, Side, compare
from tui.sources import Changeable
from tui.state import Measurement

if TYPE_CHECKING:
    from probes.model import CheckId
    from probes.readings.tailscale import Peer
    from probes.report import Report
    from tui.fixing.progress import Progress
    from tui.masking import Masker
    from tui.proving.proof import Proof
    from tui.sources import Source

_RETEST = {remedy.id: remedy.retest for remedy in REMEDIES}


def followed(progress: Progress) -> RemedyId | None:
    """What was done, as far as is known: the way that is being gone, once a step is taken."""
    name, _, whose = progress.under_way.partition(":")
    if whose != Whose.THIS:
        return None
    return next((each for each in RemedyId if each == name), None)


def before_of(progress: Progress, proof: Proof | None, latest: Report) -> Report:
    """What a new test is held against: how it was before the first step, also on another day; where
    no step was taken, how it was before the first test; else how it is."""
    if progress.before is not None:
        return progress.before
    return latest if proof is None else proof.before


def to_test(known: Report, remedy: RemedyId | None) -> frozenset[CheckId]:
    """The checks that show whether it worked; all of them where nothing is known to be done."""
    return EVERYTHING if remedy is None else touched(known, _RETEST[remedy])


def wait_s(remedy: RemedyId | None) -> int:
    """So many seconds Tailscale may need to find the path after it. 0: none."""
    return 0 if remedy is None else playbooks.playbook_words(remedy, "").wait_s


def pretences(source: Source | None, measurement: Measurement) -> tuple[RemedyId, ...]:
    """What a practice network can become, in the order of the plan. It takes reading files."""
    if not isinstance(source, Changeable):
        return ()
    plans = plan_of(measurement.report, measurement.judged)
    ways = [way for plan in plans for way in plan.ways if way.whose is Whose.THIS]
    found = dict.fromkeys(way.remedy.id for way in ways)
    return tuple(remedy for remedy in found if source.after(remedy) is not None)


MOVES = frozenset(
    {
        *(RemedyId.HOST_NETWORK, RemedyId.BRIDGE_MACHINE, RemedyId.MIRRORED_NETWORK),
        *(RemedyId.ACCESS_POINT, RemedyId.BRIDGE, RemedyId.SAME_WIFI),
        *(RemedyId.PUBLIC_ADDRESS, RemedyId.CLOUD_ADDRESS),
        *(RemedyId.RUN_ON_HOST, RemedyId.OTHER_NETWORK),
    }
)
"""Changes by which a device comes to another address or router: to see it there is what they are
for, and no other network by chance."""


def compared(
    proof: Proof,
    now: Measurement,
    masker: Masker | None,
    peers: tuple[Peer, ...] | None = None,
) -> Comparison:
    """Before and after, both with what was measured at the other side, where that is known.

    `now` is masked where a mask is worn; what was before never is. `peers`: the devices with paths
    that are newer than the run.
    """
    before = proof.before
    shown = before if masker is None else masker.report(before)
    was = Measurement(now.title, shown, "", now.peer, now.other)
    moves = not MOVES.isdisjoint({proof.remedy, *proof.pretended})
    change = Change.DONE if proof.remedy is not None else Change.NONE
    if proof.pretended:
        change = Change.PRETENDED
    latest = now.peers if peers is None else peers
    sides = (
        Side(each.report, each.judged, each.pair, paths)
        for each, paths in ((was, was.peers), (now, latest))
    )
    return compare(*sides, moves=moves, change=change)
