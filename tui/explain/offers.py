"""What to do about a hard NAT whose router opens ports on request already. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from probes.diagnosis.nat import several_lines, ways_in
from probes.readings import port_mapping
from probes.readings.port_mapping import MappingTest
from probes.report import Report
from tui import content


def what_it_offers(report: Report) -> str:
    """What comes of its offer, as a next step; "" where the router offers nothing: there the usual
    advice is to turn that on."""
    services = tuple(port_mapping.SERVICES.values())
    tests = [test for each in services if (test := report.value(each.test)) is not None]
    if tests:
        return content.offers_ports(_tried(report, tests))
    if several_lines(report):
        return content.offers_ports("lines")
    if any(report.value(each.present) is True for each in services):
        return content.offers_ports("untried")
    return ""


def _tried(report: Report, tests: Iterable[MappingTest]) -> str:
    """What a trial of the router's ports has come to."""
    let_in_by_name = port_mapping.LET_THROUGH.id in ways_in(report)
    if let_in_by_name or any(each.ok is not False for each in tests):
        return "works"
    return "kept-out" if report.value(port_mapping.LET_THROUGH) else "tried"
