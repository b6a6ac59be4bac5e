"""Before and after, field by field: two reports and what follows from them. Pure.

Only what was measured counts: an unknown is neither better nor worse than anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from probes.diagnosis.model import Cause, CauseId, Diagnosis, Verdict, Weight
from probes.model import CheckId
from probes.readings import stun
from probes.readings.tailscale import Peer
from probes.renewal import kept, same_network, same_router
from probes.report import Report
from probes.values import dataclass
from tui.explain import headline
from tui.pair_view import Pair
from tui.pair_view import headline as pair_headline
from tui.proving.lines import Line, compared_lines
from tui.proving.reached import Kinds, Turned, kinds, relayed, turned


class Change(StrEnum):
    """What is known to have been done between the two."""

    NONE = "none"
    """Nothing: it was only looked again."""
    DONE = "done"
    """A step of a fix was taken."""
    PRETENDED = "pretended"
    """On a practice network: it is surely in effect."""


class Outcome(StrEnum):
    """What testing again shows."""

    CURED = "cured"
    """It was not direct, and now it is."""
    BETTER = "better"
    """Something is gone that stood in the way, or one kind of peer more is direct."""
    SAME = "same"
    WORSE = "worse"
    ELSEWHERE = "elsewhere"
    """The device is on another network: the two cannot be compared."""
    UNKNOWN = "unknown"
    """The new test could not tell."""


class CauseFate(StrEnum):
    """What became of a cause."""

    GONE = "gone"
    LIGHTER = "lighter"
    """It weighs less than before."""
    STILL = "still"
    HEAVIER = "heavier"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Side:
    """One measurement with what follows from it."""

    report: Report
    diagnosis: Diagnosis
    """Of the pair, where the other side was measured as well."""
    pair: Pair | None = None
    peers: tuple[Peer, ...] = ()
    """The devices of the tailnet, each with its path as it was seen last."""

    @property
    def sentence(self) -> str:
        """The verdict with its reason."""
        if self.pair is not None:
            return pair_headline(self.pair)
        return headline(self.diagnosis, self.report)


@dataclass(frozen=True, slots=True)
class CauseLine:
    """A cause, and what became of it."""

    cause: Cause
    fate: CauseFate


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that testing again shows."""

    outcome: Outcome
    before: Side
    after: Side
    lines: tuple[Line, ...]
    causes: tuple[CauseLine, ...]
    """Gone first, then what is new, then what is still there."""
    kept: dict[CheckId, float]
    """Checks that were not tested again, with the age of what they say in milliseconds."""
    other_address: bool
    """The same router, with another public address."""
    taken_along: bool = False
    """The device is at another place of the network, because the change brought it there."""
    change: Change = Change.DONE

    @property
    def kinds(self) -> Kinds:
        """The kinds of peer for which the outlook differs."""
        return kinds(self.before.diagnosis, self.after.diagnosis)

    @property
    def devices(self) -> tuple[Turned, ...]:
        """The devices with another path than before, those that are direct now first."""
        return turned(self.before.peers, self.after.peers)

    @property
    def more_to_come(self) -> bool:
        """Something was changed, and there are devices whose path may still turn direct by it."""
        return self.change is not Change.NONE and relayed(self.after.peers)

    @property
    def verdict(self) -> Line:
        """The answer in a word, before and after. There is none on another network."""
        return self.lines[0]


def compare(
    before: Side, after: Side, *, moves: bool = False, change: Change = Change.DONE
) -> Comparison:
    """The two, side by side. `moves`: what was changed brings a device to another place."""
    elsewhere = not same_network(before.report, after.report)
    moved = elsewhere and not same_router(before.report, after.report)
    held = kept(after.report)
    if moved and not moves:  # nothing of the two can be held against each other
        return Comparison(Outcome.ELSEWHERE, before, after, (), (), held, False, change=change)
    causes = tuple(_causes(before.diagnosis.causes, after.diagnosis.causes))
    devices = turned(before.peers, after.peers)
    outcome = _outcome(before.diagnosis, after.diagnosis, causes)
    if after.pair is None:  # else it is about one other device, and about no other
        outcome = _with_devices(outcome, devices)
    lines = tuple(compared_lines(before, after, devices))
    other_address = elsewhere and not moved and _seen_elsewhere(before.report, after.report)
    return Comparison(
        outcome, before, after, lines, causes, held, other_address, moved and moves, change
    )


def _seen_elsewhere(before: Report, after: Report) -> bool:
    """Both runs saw a public address, and not the same: one that was not seen is no other one."""
    seen = [report.value(stun.ENDPOINT4) for report in (before, after)]
    known = [each.address for each in seen if each is not None]
    return len(set(known)) > 1


# --- the outcome ----------------------------------------------------------------------------------

_RANKS = {Verdict.RELAYED: 0, Verdict.DEPENDS: 1, Verdict.DIRECT: 2}
_WEIGHTS = (Weight.NOTES, Weight.LIMITS, Weight.BLOCKS)


def _outcome(before: Diagnosis, after: Diagnosis, causes: Iterable[CauseLine]) -> Outcome:
    if after.verdict is Verdict.UNKNOWN:
        same = before.verdict is Verdict.UNKNOWN
        return Outcome.SAME if same and not _any(causes, CauseFate.GONE) else Outcome.UNKNOWN
    if before.verdict is Verdict.UNKNOWN:
        return Outcome.CURED if after.verdict is Verdict.DIRECT else Outcome.BETTER
    ranks = _RANKS[before.verdict], _RANKS[after.verdict]
    if ranks[1] != ranks[0]:
        if ranks[1] < ranks[0]:
            return Outcome.WORSE
        return Outcome.CURED if after.verdict is Verdict.DIRECT else Outcome.BETTER
    peers = kinds(before, after)
    eased, hindered = _burden(causes)
    gains = peers.direct or peers.perhaps or eased
    if peers.lost or hindered:
        return Outcome.SAME if gains else Outcome.WORSE
    if gains:
        return Outcome.BETTER
    ended, begun = _any(causes, CauseFate.GONE), _any(causes, CauseFate.NEW)
    return Outcome.BETTER if ended and not begun else Outcome.SAME


def _with_devices(outcome: Outcome, devices: Iterable[Turned]) -> Outcome:
    """A device that turned direct is better, though nothing else is different."""
    found = tuple(devices)
    won, lost = any(each.direct for each in found), any(each.lost for each in found)
    return Outcome.BETTER if outcome is Outcome.SAME and won and not lost else outcome


def _any(causes: Iterable[CauseLine], fate: CauseFate) -> bool:
    return any(each.fate is fate for each in causes)


def _burden(causes: Iterable[CauseLine]) -> tuple[bool, bool]:
    """Whether something that weighs more than a note is gone, and whether something came."""
    heavy = [each for each in causes if each.cause.in_the_way]
    eased = _any(heavy, CauseFate.GONE) or _any(causes, CauseFate.LIGHTER)
    hindered = _any(heavy, CauseFate.NEW) or _any(heavy, CauseFate.HEAVIER)
    return eased, hindered


_OF_A_MOMENT = (CauseId.SETTLING,)
"""They tell of the seconds of one run: that one is there, or is not, is no news of the network."""


def _causes(before: Iterable[Cause], after: Iterable[Cause]) -> Iterable[CauseLine]:
    old, new = (
        {each.id: each for each in causes if each.id not in _OF_A_MOMENT}
        for causes in (before, after)
    )
    yield from (CauseLine(cause, CauseFate.GONE) for id_, cause in old.items() if id_ not in new)
    yield from (CauseLine(cause, CauseFate.NEW) for id_, cause in new.items() if id_ not in old)
    for id_, cause in new.items():
        if (was := old.get(id_)) is None:
            continue
        by = _WEIGHTS.index(cause.weight) - _WEIGHTS.index(was.weight)
        yield CauseLine(
            cause, CauseFate.STILL if not by else CauseFate.HEAVIER if by > 0 else CauseFate.LIGHTER
        )
