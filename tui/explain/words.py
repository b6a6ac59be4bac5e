"""What the views render: found values with the words that go with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import Any, assert_never

from probes.diagnosis.model import CauseId
from probes.model import CheckId, CheckStatus, Failed, Known, Reading, Reason, Unknown
from probes.readings.key import Key
from probes.report import Report
from probes.values import dataclass
from tui import content
from tui.content import Tone


def asked_of(key: Key[Any]) -> str:
    """What a reading says, for people: without the note on how JSON writes that there is none."""
    return key.doc.rstrip(".").removesuffix("; null: none")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reading that a statement rests on."""

    reading: str
    """Its id in the ledger."""
    text: str
    """Who said so, or why it is not known."""
    known: bool


@dataclass(frozen=True, slots=True)
class Fact:
    """A named detail of one line."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Explained:
    """A finding in the order in which a person needs it."""

    id: str
    title: str
    question: str
    value: str
    """As netcheck prints it; where it prints nothing, the short words for why it is not known."""
    tone: Tone
    label: str
    """The value in a few plain words."""
    meaning: str
    interpretation: str
    """What it means for the person."""
    next_step: str
    evidence: tuple[Evidence, ...]
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class OutlookWords:
    """What to expect of a connection with one kind of peer."""

    peer: str
    """The kind of peer: "easy NAT"."""
    who: str
    """The same within a sentence: "a peer behind an easy NAT"."""
    result: str
    """One word or two: "direct"."""
    tone: Tone
    label: str
    """How, in a few words."""
    sentence: str
    why: str


@dataclass(frozen=True, slots=True)
class CauseText:
    """A cause, first what it means, then what to do, then why."""

    id: CauseId
    title: str
    tone: Tone
    weight: str
    confidence: str
    actor: str
    sentence: str
    for_you: str
    first: str
    why: str
    disproof: str
    worked: str
    who: str
    evidence: tuple[Evidence, ...]
    missing: tuple[Evidence, ...]
    """The readings that would settle it, and why they are not known."""


@dataclass(frozen=True, slots=True)
class Line:
    """The one-line live summary of a check, or of one question of it."""

    tone: Tone
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Which value's words fit, what fills them, and the readings that it rests on."""

    value: str
    keys: tuple[Key[Any], ...]
    filling: Mapping[str, object] = field(default_factory=dict)


def evidence(report: Report, keys: Iterable[Key[Any]]) -> tuple[Evidence, ...]:
    """What the report holds of each key, as text."""
    return tuple(_evidence(key, report[key]) for key in keys)


def _evidence(key: Key[Any], reading: Reading[Any]) -> Evidence:
    match reading:
        case Known(_, source):
            return Evidence(key.id, source, True)
        case Unknown(reason, detail):
            label, more = not_known(reason, detail)
            return Evidence(key.id, f"{label}: {more}" if more else label, False)
        case Failed(error):
            label = content.plain(content.unknown("failed").label)
            return Evidence(key.id, f"{label}: {error}" if error else label, False)
        case _:
            assert_never(reading)


def not_known(reason: Reason, detail: str) -> tuple[str, str]:
    """Why a reading is not known, in few words, and what more there is to say of it."""
    if reason is Reason.MEASURED_ELSEWHERE and detail:
        return detail, ""  # it names the source, and says the same
    return content.plain(content.unknown(reason).label), detail


def why_unknown(report: Report, key: Key[Any]) -> str:
    """Why a key's value is not known: an id of `content.unknown`. Only for unknown ones."""
    reading = report[key]
    if isinstance(reading, Failed):
        return "failed"
    if isinstance(reading, Known):
        raise ValueError(f"{key.id} is known")
    if reading.reason is Reason.NOT_MEASURED and busy(report, key.check):
        return "measuring"
    return reading.reason.value


def busy(report: Report, check: CheckId) -> bool:
    """Whether the check may still find something out."""
    if report.closed:
        return False
    state = report.checks.get(check)
    return state is not None and state.status in (CheckStatus.WAITING, CheckStatus.RUNNING)


def milliseconds(value: float) -> str:
    """A latency as a person reads it: one digit after the point below ten, none above."""
    return f"{value:.1f} ms" if value < 9.95 else f"{value:.0f} ms"


def duration(seconds: int) -> str:
    """A length of time in its largest whole unit: ``45 s``, ``12 min``, ``3 h``, ``5 days``."""
    for size, unit in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def number(count: int, one: str, many: str = "") -> str:
    """``1 relay``, ``3 relays``."""
    return f"{count} {one}" if count == 1 else f"{count} {many or one + 's'}"


_SHOWN = 3
"""More examples than that do not make a point clearer."""


def some(items: Sequence[object]) -> str:
    """The first few, and how many more there are; "" for none."""
    if not items:
        return ""
    shown = [str(each) for each in items[:_SHOWN]]
    rest = len(items) - len(shown)
    return listed([*shown, f"{rest} more"] if rest else shown)


def listed(items: Iterable[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``. At least one."""
    *most, last = items
    return f"{', '.join(most)} and {last}" if most else last
