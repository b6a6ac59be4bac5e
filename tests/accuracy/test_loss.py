"""What a line that loses one packet in ten may cost: an answer now and then, never a false one."""

from __future__ import annotations

from collections.abc import Iterator

from probes.diagnosis.model import CauseId
from probes.readings.layers import HOPS4
from probes.readings.port_mapping import SERVICES
from probes.report import Report
from tests.accuracy.runs import Condition, Run, conclude, runs

SEEDS = range(1, 41)


def run_of(name: str) -> Run:
    return next(each for each in runs() if str(each) == name)


def reports(name: str) -> Iterator[Report]:
    """The same run on forty such lines."""
    for seed in SEEDS:
        report, _ = conclude(run_of(name), Condition(loss=0.1, seed=seed))
        yield report


def test_a_mapping_that_works_is_never_said_to_let_nobody_in() -> None:
    for name in ("hard-home-pcp, map-test", "hard-home-upnp, map-test"):
        seen = [
            test.seen_from_outside
            for report in reports(name)
            for keys in SERVICES.values()
            if (test := report.value(keys.test)) is not None and test.granted
        ]
        assert seen.count(False) == 0, name
        assert seen.count(True) >= 0.9 * len(SEEDS), name


def test_a_router_s_refusal_is_heard_though_its_description_was_lost_once() -> None:
    run = run_of("upnp-that-refuses, map-test")
    found = [conclude(run, Condition(loss=0.1, seed=seed))[1] for seed in SEEDS]
    heard = [CauseId.PORT_MAPPING_BROKEN in {each.id for each in one.causes} for one in found]
    assert heard.count(False) <= 1


def test_a_box_on_the_way_has_three_chances_to_tell() -> None:
    whole = _hops(conclude(run_of("cgnat"))[0])
    assert whole == 2
    hidden = [seen for report in reports("cgnat") if (seen := _hops(report)) < whole]
    assert len(hidden) <= 2


def _hops(report: Report) -> int:
    found = report.value(HOPS4)
    return 0 if found is None else len(found)
