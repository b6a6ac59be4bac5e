"""The table of checks: every id has one, each is what it says, and a run takes what was asked."""

from __future__ import annotations

import pytest

from probes.checks.registry import CHECKS, make, select
from probes.model import CheckId
from probes.options import OPT_IN, Options


def test_every_check_is_in_the_table() -> None:
    assert set(CHECKS) == set(CheckId)


@pytest.mark.parametrize("check", CheckId)
def test_each_is_what_it_says(check: CheckId) -> None:
    made = make(check)
    assert made.id is check
    assert made.budget_ms > 0


def test_a_run_makes_all_but_the_opt_ins() -> None:
    chosen, left_out = select(Options())
    assert [check.id for check in chosen] == [each for each in CHECKS if each not in OPT_IN]
    assert left_out == ()


def test_what_is_left_out_is_told() -> None:
    chosen, left_out = select(Options(only=frozenset({CheckId.STUN, CheckId.LIFETIME})))
    assert {check.id for check in chosen} == {CheckId.STUN, CheckId.LIFETIME}
    assert set(left_out) == set(CheckId) - OPT_IN - {CheckId.STUN}
    chosen, left_out = select(Options(skip=frozenset({CheckId.STUN}), opt_in=OPT_IN))
    assert {check.id for check in chosen} == set(CheckId) - {CheckId.STUN}
    assert left_out == (CheckId.STUN,)
