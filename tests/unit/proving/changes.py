"""Changes of practice networks, tested before and after, for the tests of Prove."""

from __future__ import annotations

from functools import cache

from probes.diagnosis.diagnose import diagnose
from probes.diagnosis.remedies import RemedyId
from probes.elsewhere.recognise import recognise
from probes.elsewhere.report import report_of_found
from probes.events import Event
from probes.network.simulated import load, run_virtual
from probes.options import Journal, Options
from probes.report import Report, report_of
from tests.unit.tailscale.recorded import recorded
from tui.peers import peers_of
from tui.proving.compare import Comparison, Side, compare
from tui.proving.proof import Proof
from tui.proving.telling import came_of_it
from tui.proving.testing import compared
from tui.sources import Live
from tui.state import Measurement, OtherSide

KEPT = Journal(write=lambda _id, _text: True)


@cache
def report(name: str, *done: RemedyId, peer: str = "") -> Report:
    """A run with the router tried."""

    async def run() -> tuple[Event, ...]:
        source = Live(name, lambda: load(name, done=done))
        options = Options(map_test=True, journal=KEPT, peer=peer)
        return tuple([event async for event in source.run(options)])

    return report_of(run_virtual(run()))


def side(name: str, *done: RemedyId) -> Side:
    found = report(name, *done)
    return Side(found, diagnose(found), peers=peers_of(found))


def change(name: str, remedy: RemedyId) -> Comparison:
    return compare(side(name), side(name, remedy))


def pair_with(name: str, peer: str, *done: RemedyId) -> Comparison:
    """A change, judged for one device."""

    def measured(*done: RemedyId) -> Measurement:
        return Measurement(name, report(name, *done, peer=peer), peer=peer)

    was, now = measured(), measured(*done)
    sides = (Side(each.report, each.judged, each.pair, each.peers) for each in (was, now))
    return compare(*sides)


def came(found: Comparison) -> str:
    return " ".join(came_of_it(found))


def back(name: str, remedy: RemedyId) -> Comparison:
    return compare(side(name, remedy), side(name))


def untried(name: str, *done: RemedyId) -> Side:
    """The same, where nobody let the router be tried."""
    found = _untried(name, done)
    return Side(found, diagnose(found), peers=peers_of(found))


@cache
def _untried(name: str, done: tuple[RemedyId, ...]) -> Report:
    async def run() -> tuple[Event, ...]:
        source = Live(name, lambda: load(name, done=done))
        return tuple([event async for event in source.run(Options())])

    return report_of(run_virtual(run()))


def with_other(answer: str, remedy: RemedyId) -> Comparison:
    """A change at a home with a hard NAT; the other side told what its netcheck said."""
    theirs = report_of_found(recognise(recorded(answer).encode()), "paste")
    other = OtherSide("pasted text", theirs)
    now = Measurement("practice: hard-home", report("hard-home", remedy), other=other)
    return compared(Proof(report("hard-home")), now, None)
