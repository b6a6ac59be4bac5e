"""Testing again: which checks a change touches, and the old report with their readings renewed.

What was not tested again is kept, and keeps its age: its moment lies before the new run began, so
it is negative there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from probes.model import CheckId, CheckStatus, Reading
from probes.readings import KEYS, local, stun
from probes.report import CheckState, Report

ALWAYS = frozenset({CheckId.LOCAL, CheckId.STUN, CheckId.TAILSCALE})
"""They say on which network this is, and they cost next to nothing."""
_BESIDE: dict[CheckId, frozenset[CheckId]] = {
    CheckId.STUN: frozenset({CheckId.RELAY_TCP}),
    CheckId.CAPTIVE_PORTAL: frozenset({CheckId.RELAY_TCP}),
    CheckId.BEHAVIOR: frozenset({CheckId.COLLISION}),
    CheckId.COLLISION: frozenset({CheckId.BEHAVIOR}),
}
"""What a check's own answer is read together with."""


EVERYTHING: frozenset[CheckId] = frozenset()
"""As `Options.only` has it: all of them."""


def touched(before: Report, retest: Iterable[CheckId]) -> frozenset[CheckId]:
    """The checks to run again after a change that shows in these; `EVERYTHING` for all.

    Where UDP did not get out, or only through a tunnel, every other check was blind: nothing of
    theirs is worth keeping.
    """
    ways_out = (before.value(each) for each in (local.WAY_OUT4, local.WAY_OUT6))
    hidden = any(each is not None and each.through_tunnel for each in ways_out)
    if hidden or before.value(stun.UDP) is not True:
        return EVERYTHING
    named = frozenset(retest)
    beside = [_BESIDE.get(check, frozenset()) for check in named]
    return ALWAYS.union(named, *beside)


def renewed(before: Report, after: Report) -> Report:
    """The new run's report, with what it did not test kept from the old one."""
    left_out = {check for check, state in after.checks.items() if _not_made(state)}
    shift_ms = _between_ms(before, after)
    checks = dict(after.checks)
    for check, state in before.checks.items():
        if check in left_out or check not in checks:
            checks[check] = _earlier(state, shift_ms)
    readings = {
        key: _moved(reading, shift_ms)
        for key, reading in before.readings.items()
        if key in KEYS and (KEYS[key].check in left_out or KEYS[key].check not in after.checks)
    }
    readings.update(after.readings)
    return replace(after, checks=MappingProxyType(checks), readings=MappingProxyType(readings))


def kept(report: Report) -> dict[CheckId, float]:
    """The checks whose answers are older than the run, with their age in milliseconds when the run
    ended."""
    ages: dict[CheckId, float] = {}
    for key, reading in report.readings.items():
        if reading.at_ms < 0:
            check = KEYS[key].check
            ages[check] = max(ages.get(check, 0.0), report.elapsed_ms - reading.at_ms)
    return ages


def same_network(before: Report, after: Report) -> bool:
    """Whether both runs speak of one network. Where neither run could tell, they do."""
    if not before.network_id or not after.network_id:
        return True
    return before.network_id == after.network_id


def same_router(before: Report, after: Report) -> bool:
    """Whether the device hangs on the same router, by its interface and the router's address.

    A new public address makes another network of it, and may be just what was wanted.
    """
    one, other = (report.value(local.GATEWAY4) for report in (before, after))
    return one is not None and one == other


def _not_made(state: CheckState) -> bool:
    return state.status in (CheckStatus.SKIPPED, CheckStatus.CANCELLED)


def _between_ms(before: Report, after: Report) -> float:
    """From one run's beginning to the other's; never less than the old run took."""
    try:
        began, again = (datetime.fromisoformat(each.taken_at) for each in (before, after))
        apart = (again - began).total_seconds() * 1000.0
    except (ValueError, TypeError):
        apart = 0.0
    return max(apart, before.elapsed_ms) + 1.0


def _moved(reading: Reading[Any], by_ms: float) -> Reading[Any]:
    return replace(reading, at_ms=round(reading.at_ms - by_ms, 3))


def _earlier(state: CheckState, by_ms: float) -> CheckState:
    def moved(at_ms: float | None) -> float | None:
        return None if at_ms is None else round(at_ms - by_ms, 3)

    return replace(state, started_ms=moved(state.started_ms), finished_ms=moved(state.finished_ms))
