"""Whole texts of `check --plain`, to be read before they are changed.

``python -m tests.unit.cli.golden`` writes them anew.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from probes.checks.registry import select
from probes.diagnosis.diagnose import diagnose
from probes.engine import measure
from probes.events import Event
from probes.network.simulated import load, run_virtual
from probes.options import Options
from probes.report import Report, report_of
from tui.plain import report_to_text

GOLDEN = ("easy-home", "hard-home", "udp-blocked")


@cache
def run(name: str) -> tuple[Event, ...]:
    """The events of a run on a practice network."""

    async def collect() -> tuple[Event, ...]:
        options = Options(salt=b"test")
        checks, skipped = select(options)
        return tuple([event async for event in measure(load(name), checks, options, skipped)])

    return run_virtual(collect())


def report(name: str) -> Report:
    """What is known after it."""
    return report_of(run(name))


def plain(name: str) -> str:
    """Its text."""
    found = report(name)
    return report_to_text(found, diagnose(found))


def path(name: str) -> Path:
    """Where the text is kept."""
    return Path(__file__).with_name(f"{name}.txt")
