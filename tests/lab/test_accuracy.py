"""The figure of merit at two of the lab's sites; `python -m tests.accuracy` measures them all."""

from __future__ import annotations

import pytest

from probes.diagnosis.model import CauseId
from probes.model import CheckId
from tests.accuracy import lab
from tests.accuracy.runs import AS_IT_IS, Condition


@pytest.fixture(autouse=True)
def _can_be_measured() -> None:
    if absent := lab.missing():
        pytest.skip(absent)


def test_every_cause_is_found_and_no_other() -> None:
    found = lab.lab_score(("double-nat-upnp", "public-host-firewall"))
    assert not found.notes
    assert not found.missed
    assert (found.found, found.expected, found.false) == (6, 6, 0)


def test_without_a_check_its_cause_is_missed_and_nothing_false_is_said() -> None:
    found = lab.lab_score(("public-firewall",), (AS_IT_IS, Condition(left_out=CheckId.BEHAVIOR)))
    assert not found.notes
    assert found.missed == {CauseId.INBOUND_BLOCKED: 1}
    assert (found.found, found.expected) == (5, 6)
