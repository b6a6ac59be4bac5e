"""A report told as events is the same report."""

from __future__ import annotations

import pytest

from probes.elsewhere.recognise import recognise
from probes.elsewhere.report import report_of_found
from probes.network.simulated import load, run_virtual
from probes.options import Options
from probes.report import Report, broken_off, events_of, report_of
from tests.unit.tailscale.recorded import recorded
from tui.sources import Live


async def _measured(network: str) -> Report:
    source = Live(network, lambda: load(network))
    return report_of([event async for event in source.run(Options())])


@pytest.mark.parametrize("network", ["easy-home", "udp-blocked", "no-network"])
def test_a_measured_report_comes_back_whole(network: str) -> None:
    report = run_virtual(_measured(network))
    assert report_of(events_of(report)) == report
    times = [event.at_ms for event in events_of(report)]
    assert times == sorted(times), "in the order in which it happened"


def test_a_run_that_was_cut_short_comes_back_so() -> None:
    report = run_virtual(_measured("easy-home"))
    cut = report_of([*events_of(report)][:20])
    assert not cut.closed
    assert report_of(events_of(cut)).readings == cut.readings
    assert report_of(events_of(broken_off(cut))).cancelled


@pytest.mark.parametrize("name", ["hard_hard.netcheck1.txt", "easy_hard.status.json"])
def test_what_was_read_elsewhere_comes_back_whole(name: str) -> None:
    report = report_of_found(recognise(recorded(name).encode()), name)
    assert report_of(events_of(report)) == report
