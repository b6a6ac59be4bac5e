"""What a new test is held against: one rule, for the app and for the walk in text."""

from __future__ import annotations

from tests.unit.content.reports import EASY, HARD, report
from tui.fixing.progress import Progress
from tui.proving.proof import Proof
from tui.proving.testing import before_of

KEPT, TESTED, LATEST = report(HARD), report(HARD), report(EASY)


def test_before_the_first_step_comes_first_also_after_a_test() -> None:
    progress = Progress(before=KEPT)
    assert before_of(progress, Proof(TESTED), LATEST) is KEPT
    assert before_of(progress, None, LATEST) is KEPT


def test_without_a_step_it_is_before_the_first_test() -> None:
    assert before_of(Progress(), Proof(TESTED), LATEST) is TESTED


def test_without_either_it_is_now() -> None:
    assert before_of(Progress(), None, LATEST) is LATEST
