"""The report: what is held after the events so far. Frozen; made by `reduce` alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace
from types import MappingProxyType
from typing import Any, TypeVar, assert_never

from probes.events import (
    CheckFinished,
    CheckStarted,
    Event,
    NetworkChanged,
    Observed,
    Progressed,
    RunFinished,
    RunStarted,
)
from probes.model import NOT_MEASURED, CheckId, CheckStatus, Failed, Known, Reading, Reason, Unknown
from probes.readings import KEYS
from probes.readings.key import Key
from probes.values import dataclass

T = TypeVar("T")
ELSEWHERE = "elsewhere"
SIMULATED = "simulated:"
"""So the network of a run on a practice network begins."""
_EMPTY: Mapping[Any, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class CheckState:
    """How far one check is."""

    status: CheckStatus = CheckStatus.WAITING
    done: int = 0
    total: int = 0
    doing: str = ""
    detail: str = ""
    budget_ms: float = 0.0
    started_ms: float | None = None
    finished_ms: float | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything known about one network, each fact with its provenance."""

    taken_at: str = ""
    """RFC 3339, UTC; "" before the run began."""
    elapsed_ms: float = 0.0
    network: str = ""
    """``real``, ``simulated:NAME``, or ``elsewhere``: read from what another program printed."""
    network_id: str = ""
    network_changed: bool = False
    closed: bool = False
    """The run is over: nothing changes any more."""
    cancelled: bool = False
    checks: Mapping[CheckId, CheckState] = field(default_factory=lambda: _EMPTY)
    readings: Mapping[str, Reading[Any]] = field(default_factory=lambda: _EMPTY)
    """The ledger, by the ids of `probes.readings.KEYS`."""

    def __getitem__(self, key: Key[T]) -> Reading[T]:
        """What is held of one fact: unknown where nothing was observed."""
        found = self.readings.get(key.id)
        if found is not None:
            return found
        state = self.checks.get(key.check)
        if state is None:
            return NOT_MEASURED
        match state.status:
            case CheckStatus.SKIPPED:
                return Unknown(Reason.SKIPPED)
            case CheckStatus.FAILED:
                return Failed(state.error)
            case CheckStatus.TIMED_OUT:
                return Unknown(Reason.TIMED_OUT)
            case (
                CheckStatus.WAITING | CheckStatus.RUNNING | CheckStatus.DONE | CheckStatus.CANCELLED
            ):
                return NOT_MEASURED
            case _:
                assert_never(state.status)

    def value(self, key: Key[T]) -> T | None:
        """The value if it is known, else None. For keys whose values may be None, see `known`."""
        reading = self[key]
        return reading.value if isinstance(reading, Known) else None

    def known(self, key: Key[T]) -> bool:
        """Whether the fact is known."""
        return isinstance(self[key], Known)

    @property
    def elsewhere(self) -> bool:
        """Nothing in it was measured by this program."""
        return self.network == ELSEWHERE

    def running(self) -> bool:
        """Whether checks are still under way."""
        return bool(self.taken_at) and not self.closed


def reduce(report: Report, event: Event) -> Report:
    """The report after one more event. Pure."""
    elapsed = max(report.elapsed_ms, event.at_ms)
    match event:
        case RunStarted():
            states = dict.fromkeys(event.checks, CheckState())
            states |= dict.fromkeys(event.skipped, CheckState(CheckStatus.SKIPPED))
            return Report(
                taken_at=event.taken_at, network=event.network, checks=MappingProxyType(states)
            )
        case CheckStarted():
            state = CheckState(
                CheckStatus.RUNNING, budget_ms=event.budget_ms, started_ms=event.at_ms
            )
            return replace(report, elapsed_ms=elapsed, checks=_with(report, event.check, state))
        case Progressed():
            state = replace(
                report.checks.get(event.check, CheckState()),
                done=event.done,
                total=event.total,
                doing=event.doing,
                detail=event.detail,
            )
            return replace(report, elapsed_ms=elapsed, checks=_with(report, event.check, state))
        case Observed():
            readings = {**report.readings, event.key: event.reading}
            return replace(report, elapsed_ms=elapsed, readings=MappingProxyType(readings))
        case CheckFinished():
            state = replace(
                report.checks.get(event.check, CheckState()),
                status=event.status,
                finished_ms=event.at_ms,
                error=event.error,
            )
            return replace(report, elapsed_ms=elapsed, checks=_with(report, event.check, state))
        case NetworkChanged():
            kept = {
                key: reading
                for key, reading in report.readings.items()
                if KEYS[key].check not in event.checks
            }
            states = {**report.checks, **dict.fromkeys(event.checks, CheckState())}
            return replace(
                report,
                elapsed_ms=elapsed,
                readings=MappingProxyType(kept),
                checks=MappingProxyType(states),
            )
        case RunFinished():
            return replace(
                report,
                elapsed_ms=elapsed,
                network_id=event.network_id,
                network_changed=event.changed,
                cancelled=event.cancelled,
                closed=True,
            )
        case _:
            assert_never(event)


def broken_off(report: Report) -> Report:
    """The report of a run whose events end before it does: what was under way was stopped."""
    under_way = (CheckStatus.WAITING, CheckStatus.RUNNING)
    states = {
        check: replace(state, status=CheckStatus.CANCELLED) if state.status in under_way else state
        for check, state in report.checks.items()
    }
    return replace(report, checks=MappingProxyType(states), cancelled=True, closed=True)


def _with(report: Report, check: CheckId, state: CheckState) -> Mapping[CheckId, CheckState]:
    return MappingProxyType({**report.checks, check: state})


def events_of(report: Report) -> Iterator[Event]:
    """Events that end in this report: for what shows runs, where there is a report alone.

    Only the last word on each fact is in a report, so there is one event for each.
    """
    left_out = CheckStatus.SKIPPED
    made = tuple(each for each, state in report.checks.items() if state.status is not left_out)
    skipped = tuple(each for each, state in report.checks.items() if state.status is left_out)
    yield RunStarted(0.0, report.taken_at, made, skipped, report.network)
    later: list[Event] = [
        Observed(reading.at_ms, KEYS[key].check, key, reading)
        for key, reading in report.readings.items()
    ]
    for check, state in report.checks.items():
        began = 0.0 if state.started_ms is None else state.started_ms
        ended = report.elapsed_ms if state.finished_ms is None else state.finished_ms
        if state.status not in (CheckStatus.WAITING, CheckStatus.SKIPPED):
            later.append(CheckStarted(began, check, state.budget_ms))
        if state.done or state.total or state.doing or state.detail:
            step = Progressed(began, check, state.done, state.total, state.doing, state.detail)
            later.append(step)
        if state.status.over and state.status is not left_out:
            later.append(CheckFinished(ended, check, state.status, state.error))
    order = (CheckStarted, Progressed, Observed, CheckFinished)
    yield from sorted(later, key=lambda each: (each.at_ms, order.index(type(each))))
    if report.closed:
        yield RunFinished(
            report.elapsed_ms, report.network_id, report.network_changed, report.cancelled
        )


def report_of(events: Iterable[Event]) -> Report:
    """The report after a whole event list."""
    report = Report()
    for event in events:
        report = reduce(report, event)
    return report
