"""What the screens render: one frozen value, replaced as a run goes on."""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from probes.values import dataclass

if TYPE_CHECKING:
    from probes.diagnosis.model import Diagnosis, Verdict
    from probes.readings.tailscale import Peer
    from probes.report import Report
    from tui.pair_view import Pair


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


@dataclass(frozen=True, eq=False)
class OtherSide:
    """The device at the other end, as it was measured there."""

    name: str
    """Of the input that it was read from, cleaned."""
    report: Report


@dataclass(frozen=True, eq=False)  # each is a moment of its own; comparing reports costs time
class Measurement:
    """What is measured, what is known of it so far, and what follows."""

    title: str = ""
    """What is measured: "this network", "practice: hard-home"; "" before anything was chosen."""
    begun: Report | None = None
    """What is known, once the run has begun."""
    fault: str = ""
    """The run itself broke off, and why: one sentence, cleaned."""
    peer: str = ""
    """The device at the other end, if one was chosen: its tailnet address, else its name."""
    other: OtherSide | None = None
    """What was measured at the other end, if the person has it."""

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

        return diagnose(self.report, self.peer)

    @cached_property
    def peers(self) -> tuple[Peer, ...]:
        """The devices of the tailnet, each with its path as this run saw it last."""
        from tui.peers import peers_of

        return peers_of(self.report)

    @cached_property
    def chosen(self) -> Peer | None:
        """The device at the other end, as Tailscale lists it; None: none chosen, or not listed."""
        if not self.peer:
            return None
        from probes.diagnosis.peer import choice_of

        choice = choice_of(self.report, self.peer)
        found = () if choice is None else choice.found
        return found[0] if len(found) == 1 else None

    @cached_property
    def pair(self) -> Pair | None:
        """Both sides as they were measured; None: only this one was."""
        if self.other is None:
            return None
        from tui.pair_view import Given, pair_of

        return pair_of(Given(self.title, self.report), Given(self.other.name, self.other.report))

    @cached_property
    def judged(self) -> Diagnosis:
        """What follows for the two, where both sides were measured; else the diagnosis."""
        if self.pair is None:
            return self.diagnosis
        from tui.pair_view import judged_by

        return judged_by(self.diagnosis, self.pair)

    @property
    def verdict(self) -> Verdict:
        """The one-word answer: of the pair, where both sides were measured."""
        return self.judged.verdict

    @property
    def closed(self) -> bool:
        """The run came to its end by itself."""
        return self.begun is not None and self.begun.closed

    @property
    def running(self) -> bool:
        """Readings are still to be expected."""
        return bool(self.title) and not self.closed and not self.fault
