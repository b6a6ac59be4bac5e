"""Before and after, field by field: two reports and what follows from them. Pure.

Only what was measured counts: an unknown is neither better nor worse than anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

from probes.diagnosis.model import Cause, Diagnosis, Nat, NatClass, Result, Verdict, Weight
from probes.model import CheckId
from probes.readings import stun
from probes.renewal import kept, same_network, same_router
from probes.report import Report
from probes.values import dataclass
from tui import content
from tui.content import FieldId, Tone, plain
from tui.explain import Explained, explain_fields, headline
from tui.explain.live import check_line
from tui.pair_view import Pair
from tui.pair_view import headline as pair_headline

_FIGURE = re.compile(r"\d+(\.\d+)? (ms|s)\b")
KINDS = (NatClass.NONE, NatClass.EASY, NatClass.HARD)
SERVICES = (CheckId.UPNP, CheckId.NAT_PMP, CheckId.PCP)


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

    @property
    def sentence(self) -> str:
        """The verdict with its reason."""
        if self.pair is not None:
            return pair_headline(self.pair)
        return headline(self.diagnosis, self.report)


@dataclass(frozen=True, slots=True)
class Value:
    """What a field shows."""

    text: str
    tone: Tone = Tone.WAITING
    same: str = ""
    """What has to differ for another value, where that is less than the text."""


@dataclass(frozen=True, slots=True)
class Line:
    """One field, before and after, in plain words."""

    id: str
    name: str
    before: Value
    after: Value

    @property
    def changed(self) -> bool:
        """Another value than before. A figure that every run measures anew is none."""
        one, two = (each.same or _FIGURE.sub("", each.text) for each in (self.before, self.after))
        return one != two

    @property
    def now(self) -> Value:
        """What it is now: what only came to be known is nothing that became worse."""
        if self.before.tone is Tone.UNKNOWN and self.after.tone is Tone.BAD:
            return Value(self.after.text, Tone.NOTE, self.after.same)
        return self.after


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

    @property
    def gained(self) -> tuple[NatClass, ...]:
        """The kinds of peer that are direct now and were not before."""
        return tuple(
            kind
            for kind in KINDS
            if _direct(self.after.diagnosis, kind) and not _direct(self.before.diagnosis, kind)
        )


def _direct(diagnosis: Diagnosis, kind: NatClass) -> bool:
    result: Result = getattr(diagnosis.outlook, kind).result
    return result is Result.DIRECT


def compare(before: Side, after: Side, *, moves: bool = False) -> Comparison:
    """The two, side by side. `moves`: what was changed brings a device to another place."""
    causes = tuple(_causes(before.diagnosis.causes, after.diagnosis.causes))
    elsewhere = not same_network(before.report, after.report)
    moved = elsewhere and not same_router(before.report, after.report)
    outcome = (
        Outcome.ELSEWHERE
        if moved and not moves
        else _outcome(before.diagnosis, after.diagnosis, causes)
    )
    lines = tuple(_lines(before, after))
    held = kept(after.report)
    other_address = elsewhere and not moved and _seen_elsewhere(before.report, after.report)
    taken_along = moved and moves
    return Comparison(outcome, before, after, lines, causes, held, other_address, taken_along)


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
    gains, losses = _reached(before, after)
    eased, hindered = _burden(causes)
    if losses or hindered:
        return Outcome.SAME if gains or eased else Outcome.WORSE
    if gains or eased:
        return Outcome.BETTER
    ended, begun = _any(causes, CauseFate.GONE), _any(causes, CauseFate.NEW)
    return Outcome.BETTER if ended and not begun else Outcome.SAME


def _any(causes: Iterable[CauseLine], fate: CauseFate) -> bool:
    return any(each.fate is fate for each in causes)


def _reached(before: Diagnosis, after: Diagnosis) -> tuple[int, int]:
    """With how many kinds of peer it became direct, and with how many it is no more."""
    results = [
        (getattr(before.outlook, kind).result, getattr(after.outlook, kind).result)
        for kind in KINDS
    ]
    direct = Result.DIRECT
    gains = sum(new is direct and old is not direct for old, new in results)
    losses = sum(old is direct and new in (Result.RELAYED, Result.POSSIBLE) for old, new in results)
    return gains, losses


def _burden(causes: Iterable[CauseLine]) -> tuple[bool, bool]:
    """Whether something that weighs more than a note is gone, and whether something came."""
    heavy = [each for each in causes if each.cause.in_the_way]
    eased = _any(heavy, CauseFate.GONE) or _any(causes, CauseFate.LIGHTER)
    hindered = _any(heavy, CauseFate.NEW) or _any(heavy, CauseFate.HEAVIER)
    return eased, hindered


def _causes(before: Iterable[Cause], after: Iterable[Cause]) -> Iterable[CauseLine]:
    old, new = {each.id: each for each in before}, {each.id: each for each in after}
    yield from (CauseLine(cause, CauseFate.GONE) for id_, cause in old.items() if id_ not in new)
    yield from (CauseLine(cause, CauseFate.NEW) for id_, cause in new.items() if id_ not in old)
    for id_, cause in new.items():
        if (was := old.get(id_)) is None:
            continue
        by = _WEIGHTS.index(cause.weight) - _WEIGHTS.index(was.weight)
        yield CauseLine(
            cause, CauseFate.STILL if not by else CauseFate.HEAVIER if by > 0 else CauseFate.LIGHTER
        )


# --- the fields -----------------------------------------------------------------------------------

_VERDICTS = {
    Verdict.DIRECT: Tone.GOOD,
    Verdict.DEPENDS: Tone.NOTE,
    Verdict.RELAYED: Tone.BAD,
    Verdict.UNKNOWN: Tone.UNKNOWN,
}
_RESULTS = {
    Result.DIRECT: Tone.GOOD,
    Result.POSSIBLE: Tone.NOTE,
    Result.RELAYED: Tone.BAD,
    Result.UNKNOWN: Tone.UNKNOWN,
}
_CLASSES = {
    NatClass.NONE: Tone.GOOD,
    NatClass.EASY: Tone.GOOD,
    NatClass.HARD: Tone.BAD,
    NatClass.UNKNOWN: Tone.UNKNOWN,
}


def _lines(before: Side, after: Side) -> Iterable[Line]:
    one, two = before.diagnosis, after.diagnosis
    old, new = (Value(content.label(each.verdict), _VERDICTS[each.verdict]) for each in (one, two))
    yield Line("verdict", "Verdict", old, new)
    if before.pair is not None and after.pair is not None:
        yield Line("pair", "With the other side", _pair(before.pair), _pair(after.pair))
    for kind in KINDS:
        name = f"Peer: {content.label(kind)}"
        yield Line(f"outlook-{kind}", name, _outlook(one, kind), _outlook(two, kind))
    fields = zip(explain_fields(before.report), explain_fields(after.report), strict=True)
    for was, now in fields:
        yield Line(f"field-{was.id}", was.title, _field(was), _field(now))
    for family, was4, now4 in (("4", one.nat4, two.nat4), ("6", one.nat6, two.nat6)):
        yield Line(f"nat{family}", f"IPv{family} NAT", _class(was4), _class(now4))
        mappings = (Value(content.label(each.mapping)) for each in (was4, now4))
        yield Line(f"mapping{family}", f"IPv{family} mapping", *mappings)
        filters = (Value(content.filtering(each.filtering)) for each in (was4, now4))
        yield Line(f"filtering{family}", f"IPv{family} filtering", *filters)
    for service in SERVICES:
        lines = [check_line(each.report, service) for each in (before, after)]
        shown = (Value(line.text, line.tone) for line in lines)
        yield Line(f"service-{service}", lines[0].title, *shown)


def _pair(pair: Pair) -> Value:
    found = pair.prediction
    return Value(content.mechanism(found.mechanism).label, _RESULTS[found.result])


def _outlook(diagnosis: Diagnosis, kind: NatClass) -> Value:
    result = getattr(diagnosis.outlook, kind).result
    return Value(content.label(result), _RESULTS[result])


def _field(explained: Explained) -> Value:
    # How far the nearest relay is differs from run to run; which one it is tells something.
    same = plain(explained.value) if explained.id == FieldId.NEAREST_DERP else ""
    return Value(plain(explained.label or explained.value), explained.tone, same)


def _class(nat: Nat) -> Value:
    return Value(content.label(nat.nat_class), _CLASSES[nat.nat_class])
