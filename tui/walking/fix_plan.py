"""The plan that is gone along in Fix, and how far the person is with it."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

from probes.diagnosis.plan import CausePlan, Way, plan_of
from probes.values import dataclass
from tui import content
from tui.fixing.circumstances import Circumstances, circumstances, fitting
from tui.fixing.keeper import Trouble
from tui.fixing.playbook import Playbook, playbook
from tui.fixing.progress import Progress
from tui.fixing.tried import closed
from tui.fixing.ways import key_of
from tui.state import Step
from tui.walking.walk import Walk

At: TypeAlias = tuple[CausePlan, Way]


@dataclass(slots=True)
class Fixing:
    """The plan for what was measured, and how far the person is with it."""

    walk: Walk
    plans: tuple[CausePlan, ...]
    found: Circumstances

    @property
    def progress(self) -> Progress:
        """How far."""
        return self.walk.keeper.progress

    @property
    def fitting(self) -> Circumstances:
        """For whom the steps are: what was found, unless the person said otherwise."""
        return fitting(self.found, self.progress.system, self.progress.brand)

    @property
    def closed(self) -> frozenset[str]:
        """The ways that are no place to begin, by their keys."""
        walk = self.walk
        tested = not walk.keeper.untested
        return closed(self.plans, self.progress, self._books, walk.proof, tested=tested)

    def _books(self, plan: CausePlan, way: Way) -> Playbook:
        return self.book((plan, way))

    def book(self, at: At) -> Playbook:
        """The steps of a way."""
        return playbook(at[1], at[0].cause, self.walk.measurement.report, self.fitting)

    def change(self, progress: Progress, at: At | None = None) -> None:
        """Keep it, and say so once where it cannot be kept."""
        if at is not None:
            cause = str(at[0].cause.id)
            progress = replace(progress, step=Step.FIX, cause=cause, way=key_of(at[1]))
        before = self.walk.keeper.trouble
        self.walk.keeper.change(progress, self.walk.whole or self.walk.raw)
        trouble = self.walk.keeper.trouble
        if trouble not in (before, Trouble.NONE):
            self.walk.talk.tell(content.label(trouble))


def fixing_of(walk: Walk) -> Fixing:
    """The plan for what was measured, with what is kept of this network."""
    known = walk.measurement
    walk.keeper.open(known.title, walk.raw.network_id)  # the mask makes another one of it
    peer = known.chosen.name if known.chosen is not None else ""
    found = circumstances(known.report, peer=peer, masked=walk.masker is not None)
    return Fixing(walk, plan_of(known.report, known.judged), found)
