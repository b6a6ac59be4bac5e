"""How the tests drive Prove, with the keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from textual.pilot import Pilot

from probes.diagnosis.remedies import RemedyId
from probes.options import Options
from probes.readings.tailscale import PEERS
from tests.tui.harness import eventually, press, text
from tui.app import WhyrelayApp
from tui.screens.choose import ChoosePane
from tui.screens.prove import ProvePane
from tui.session import Session
from tui.settings import Settings
from tui.sources import Source
from tui.widgets.detail import Detail
from tui.widgets.rows import RowList

PORT, FORWARD, KEEP = RemedyId.PORT_MAPPING, RemedyId.FORWARD_PORT, RemedyId.KEEP_ONE_PORT


def prover(
    source: Source, *, map_test: bool = True, privacy: bool = False, save: bool = False
) -> WhyrelayApp:
    """The app on a source, without motion; the router may be tried."""
    settings = Settings(
        Options(map_test=map_test),
        source,
        reduced_motion=True,
        privacy=privacy,
        save=save,
        session=Session(),
    )
    return WhyrelayApp(settings, "0")


def pane(app: WhyrelayApp) -> ProvePane:
    """The step."""
    return app.screen.query_one(ProvePane)


def page(app: WhyrelayApp) -> str:
    """The page beside the list, all of it."""
    return pane(app).query_one(Detail).page.plain()


def rows(app: WhyrelayApp) -> RowList:
    """The list."""
    return pane(app).query_one(RowList)


async def to(pilot: Pilot[int], app: WhyrelayApp, row: str) -> None:
    """Down to a row, by the keyboard."""
    await press(pilot, "home")
    for _ in rows(app).ids:
        if rows(app).cursor == row:
            return
        await press(pilot, "down")
    raise AssertionError(f"no row {row} among {rows(app).ids}")


async def until_over(pilot: Pilot[int], app: WhyrelayApp) -> None:
    """Wait until the new test is over. Pings and looks may go on for ever."""
    await patiently(lambda: app.measurement.closed, "the end of the test")
    await calm(pilot)


async def patiently(holds: Callable[[], bool], what: str) -> None:
    """As `eventually`, with the time that measuring in another thread takes on a busy machine."""
    for _ in range(11):
        with suppress(AssertionError):
            await eventually(holds, what)
        if holds():
            return
    await eventually(holds, what)


async def calm(pilot: Pilot[int]) -> None:
    """What was told is drawn."""
    await pilot.pause()
    await pilot.pause()


async def pretend(pilot: Pilot[int], app: WhyrelayApp, remedy: RemedyId) -> None:
    """Choose a change, count it as done, skip the waiting, test."""
    await to(pilot, app, f"pretend:{remedy}")
    await press(pilot, "z")
    assert "waiting" in text(app)
    before = app.measurement
    await press(pilot, "r")
    await patiently(lambda: app.measurement is not before, "the beginning of the test")
    await until_over(pilot, app)


async def look_at(pilot: Pilot[int], app: WhyrelayApp, name: str) -> None:
    """Choose a device in Choose."""
    await press(pilot, "1")
    devices = app.screen.query_one(ChoosePane)
    listed = app.measurement.report.value(PEERS) or ()
    at = next(place for place, peer in enumerate(listed) if peer.name == name)
    devices.query_one(RowList).cursor = f"peer:{at}"
    await press(pilot, "enter")
    await until_over(pilot, app)
