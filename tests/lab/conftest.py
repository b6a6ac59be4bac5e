"""Fixtures of the lab's tests."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import Any

import pytest

from tests.lab import loop, needs, place
from tests.lab.namespaces import Lab
from tests.lab.place import Place
from tests.lab.program import installed


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever stands in this folder is a lab test."""
    for item in items:
        if item.path.is_relative_to(__file__.rpartition("/")[0]):
            item.add_marker(pytest.mark.lab)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, Any, pytest.TestReport]:
    """In CI a lab test that was left out has failed; elsewhere the summary says so once."""
    report: pytest.TestReport = yield
    if report.skipped and call.excinfo and item.get_closest_marker("lab"):
        if needs.ci():
            report.outcome = "failed"
            report.longrepr = f"left out, which CI does not allow: {call.excinfo.value}"
        else:
            report.longrepr = (__file__, 0, f"Skipped: {call.excinfo.value}")
    return report


@pytest.fixture
def lab() -> Iterator[Lab]:
    """An empty lab."""
    if absent := needs.missing():
        pytest.skip(absent)
    with Lab() as made:
        yield made


@pytest.fixture
def at(lab: Lab) -> Callable[..., Place]:
    """Builds a site: ``at("easy-home", loss_percent=10)``. See `place.build`."""
    if absent := installed():
        pytest.fail(absent)

    def build(name: str, **wishes: Any) -> Place:
        return place.build(lab, name, **wishes)

    return build


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The list of the closed loop, gathered from whichever processes ran its tests."""
    reports = [
        report
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, ())
        if getattr(report, "when", "") == "call"
    ]
    lines = [
        str(value)
        for report in reports
        for name, value in report.user_properties
        if name == "closed-loop"
    ]
    if lines:
        terminalreporter.section("closed loop")
        terminalreporter.write_line("\n".join(lines))
        terminalreporter.write_line(loop.summary(lines))
