"""Whole texts of `check --plain`, made of kept recordings, to be read before they are changed.

``python -m tests.unit.cli.golden`` writes the texts anew, with ``--record`` the recordings too.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from probes import recording
from probes.checks.registry import select
from probes.diagnosis.diagnose import diagnose
from probes.engine import measure
from probes.events import Event
from probes.network.simulated import load, run_virtual
from probes.options import Options
from probes.report import Report, report_of
from tests.engine.port_mapping import Drawer
from tui.plain import report_to_text

GOLDEN = ("easy-home", "hard-home", "udp-blocked")
_HERE = Path(__file__).parent


@cache
def run(name: str, *, map_test: bool = False, peer: str = "") -> tuple[Event, ...]:
    """The events of a run on a practice network; `map_test` with consent to try the router."""

    async def collect() -> tuple[Event, ...]:
        options = Options(salt=b"test", map_test=map_test, peer=peer, journal=Drawer().journal)
        checks, skipped = select(options)
        return tuple([event async for event in measure(load(name), checks, options, skipped)])

    return run_virtual(collect())


def plain(report: Report) -> str:
    """Its text."""
    return report_to_text(report, diagnose(report))


def kept_report(name: str) -> Report:
    """What is known after the recording."""
    return report_of(recording.load((_HERE / f"{name}.events").read_text(encoding="utf-8")))


def kept_text(name: str) -> str:
    """The text that was read and found good."""
    return (_HERE / f"{name}.txt").read_text(encoding="utf-8")


def write(name: str, *, record: bool) -> None:
    """Write both anew."""
    if record:
        text = recording.dump(run(name), "0")
        (_HERE / f"{name}.events").write_text(text, encoding="utf-8")
    (_HERE / f"{name}.txt").write_text(plain(kept_report(name)), encoding="utf-8")
