"""The goal: every cause found and none other, as the networks are and under loss; and with a check
less, less is known and nothing false is said.
"""

from __future__ import annotations

import pytest

from probes.diagnosis.model import CauseId, Confidence
from probes.model import CheckId
from tests.accuracy.runs import AS_IT_IS, LOSS, Condition, Run, conclude, runs
from tests.accuracy.score import score


@pytest.mark.parametrize("run", runs(), ids=str)
def test_every_run_finds_exactly_what_its_file_says(run: Run) -> None:
    _, diagnosis = conclude(run)
    assert sorted(cause.id for cause in diagnosis.causes) == sorted(run.expect.causes)
    assert diagnosis.verdict is run.expect.verdict
    assert diagnosis.nat4.nat_class is run.expect.nat


def test_every_cause_is_met_on_some_practice_network() -> None:
    met = {cause for run in runs() for cause in run.expect.causes}
    assert met == set(CauseId)


@pytest.mark.parametrize("condition", LOSS, ids=str)
def test_under_loss_nothing_false_is_said(condition: Condition) -> None:
    found = score(runs(), (condition,))
    assert not found.notes
    assert found.found >= 0.99 * found.expected


# Networks that between them have most causes; the command tries them all.
SOME = (
    *("hard-home", "exit-node", "captive-portal", "cgnat", "same-house", "hard-home-upnp", "open"),
    *("container", "virtual-machine", "double-nat"),
)


@pytest.mark.parametrize("check", CheckId)
def test_with_one_check_less_nothing_false_is_said_and_nothing_is_surer(check: CheckId) -> None:
    chosen = [run for run in runs() if run.network in SOME]
    for condition in (Condition(left_out=check), Condition(broken=check)):
        assert not score(chosen, (condition,)).notes
        for run in chosen:
            _, whole = conclude(run, AS_IT_IS)
            _, part = conclude(run, condition)
            sure = {cause.id: cause.confidence for cause in whole.causes}
            for cause in part.causes:
                assert _SURE.index(cause.confidence) <= _SURE.index(sure[cause.id]), str(run)
            if part.nat4.nat_class is whole.nat4.nat_class:
                assert _SURE.index(part.nat4.confidence) <= _SURE.index(whole.nat4.confidence)


_SURE = (Confidence.POSSIBLE, Confidence.LIKELY, Confidence.CERTAIN)
