"""What would change an answer: the readings that are not known, and what would settle each."""

from __future__ import annotations

from collections.abc import Iterable

from probes.report import Report
from tui import content
from tui.explain.settling import claims, open_readings
from tui.state import Measurement
from tui.widgets.page import Block, gap, heading, prose


def open_lines(report: Report, readings: Iterable[str]) -> list[Block]:
    """A line for each of these readings that could still be known."""
    blocks: list[Block] = []
    said: set[str] = set()
    for each in open_readings(report, readings):
        blocks.append(prose(f"- {each.what}"))
        if each.how not in said:
            said.add(each.how)
            blocks.append(prose(f"  {each.how}", "$note"))
    return blocks


def open_questions(measurement: Measurement) -> list[Block]:
    """The page on the whole answer."""
    report, diagnosis = measurement.report, measurement.diagnosis
    page = content.page("mind")
    blocks: list[Block] = []
    for name, missing in claims(report, diagnosis):
        if lines := open_lines(report, missing):
            blocks += [gap, heading(name), *lines]
    opening = page.opening if blocks else page.sections["Nothing is open"]
    elsewhere = "And on another network"
    return [
        prose(opening),
        *blocks,
        gap,
        heading(elsewhere),
        prose(page.sections[elsewhere]),
    ]
