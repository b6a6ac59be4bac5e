"""What was sent and what came back: every event with its time, narrowed down, growing, masked."""

from __future__ import annotations

import pytest

from probes.events import (
    CheckFinished,
    NetworkChanged,
    Observed,
    Progressed,
    RunFinished,
    RunStarted,
)
from probes.model import CheckId, CheckStatus, Failed, Reason
from probes.readings import stun
from tests.tui import recordings
from tests.tui.harness import (
    SIZES,
    Broken,
    Fed,
    eventually,
    lines,
    make,
    played,
    press,
    running,
    settled,
    text,
)
from tests.tui.test_hostile import assert_harmless
from tui.explain import LatencyRow
from tui.screens.events import EventsScreen
from tui.screens.told import told
from tui.widgets.plot import latency_plot
from tui.widgets.rows import RowList


@pytest.mark.parametrize("size", SIZES)
async def test_every_event_is_listed_with_its_time(size: tuple[int, int]) -> None:
    app = make(played(recordings.HARD))
    async with running(app, size) as pilot:
        await press(pilot, "l")
        assert isinstance(app.screen, EventsScreen)
        rows = app.screen.query_one(RowList)
        assert len(rows.ids) == len(recordings.HARD)
        assert "begins: local, stun, relay-tcp" in text(app)
        await press(pilot, "slash", *"answers4", "down")
        found = [event for event in recordings.HARD if "answers4" in told(event).line.casefold()]
        assert len(rows.ids) == len(found) > 0
        assert "stun.answers4" in text(app)
        assert "16.6" in text(app), "when the first answer came"
        await press(pilot, "escape", "end", "escape")
        assert not isinstance(app.screen, EventsScreen)


def test_what_was_only_read_does_not_begin_with_checks() -> None:
    line = told(RunStarted(0.0, "", (), (), "elsewhere")).text
    assert line == "read as another device measured it: nothing was sent from here"


async def test_the_list_grows_with_the_run_and_follows_at_its_end() -> None:
    fed = Fed(begun=recordings.MID_RUN)
    app = make(fed)
    async with running(app) as pilot:
        await press(pilot, "l", "end")
        rows = app.screen.query_one(RowList)
        before = len(rows.ids)
        fed.queue.put_nowait(Progressed(61.0, CheckId.STUN, 4, 5, "ask-relays", "4 of 5"))
        await eventually(lambda: len(rows.ids) == before + 1)
        assert rows.cursor == rows.ids[-1], "it follows"
        await press(pilot, "home")
        fed.queue.put_nowait(Progressed(62.0, CheckId.STUN, 5, 5, "ask-relays", "5 of 5"))
        await eventually(lambda: len(rows.ids) == before + 2)
        assert rows.cursor == rows.ids[0], "it stays where the person reads"


async def test_what_is_shown_is_copied() -> None:
    app = make(played(recordings.HARD))
    async with running(app) as pilot:
        await press(pilot, "l", "slash", *"varies4", "escape")
        app.screen.query_one("Filter").value = "varies4"  # type: ignore[attr-defined]
        await pilot.pause()
        await press(pilot, "c")
        assert "stun.mapping_varies4 = yes" in app.clipboard
        assert "answers4" not in app.clipboard


async def test_masking_holds_here_too() -> None:
    app = make(played(recordings.HARD), privacy=True)
    async with running(app, (120, 36)) as pilot:
        await press(pilot, "l")
        for at in range(0, len(recordings.HARD), 3):
            app.screen.query_one(RowList).cursor = str(at)
            await pilot.pause()
            assert "203.0.113.7" not in text(app)
            assert "192.168.1.20" not in text(app)
        await press(pilot, "c")
        assert "203.0.113.7" not in app.clipboard


@pytest.mark.parametrize("size", SIZES)
async def test_hostile_texts(size: tuple[int, int]) -> None:
    app = make(played(recordings.hostile()))
    async with running(app, size) as pilot:
        await press(pilot, "l")
        rows = app.screen.query_one(RowList)
        for row in rows.ids[:: 1 if size == (80, 24) else 7]:
            rows.cursor = row
            await pilot.pause()
            assert_harmless(lines(app))
        assert app.return_value is None


def test_every_kind_of_event_has_its_words() -> None:
    events = (
        *recordings.HARD,
        recordings.unknown(stun.VARIES4, Reason.NO_ANSWER, 3.0),
        Observed(4.0, CheckId.STUN, stun.UDP.id, Failed("it broke")),
        CheckFinished(5.0, CheckId.STUN, CheckStatus.FAILED, "it broke"),
        NetworkChanged(6.0, (CheckId.STUN,)),
        RunFinished(7.0, "", False, cancelled=True),
    )
    for event in events:
        found = told(event)
        assert found.text, event
        assert found.title, event
        assert found.blocks(), event


async def test_nothing_told_yet_is_said() -> None:
    app = make(Fed())
    async with running(app) as pilot:
        await press(pilot, "l")
        assert "Nothing has been told yet." in text(app)


async def test_a_run_that_broke_off_measures_nothing_any_more() -> None:
    app = make(Broken(RuntimeError("it broke"), begun=recordings.MID_RUN[:12]))
    async with running(app) as pilot:
        await press(pilot, "3")
        assert "till measuring" not in text(app)
        assert not app.measurement.running


async def test_a_recording_that_is_cut_short_measures_nothing_any_more() -> None:
    for cut in (3, 12, len(recordings.MID_RUN)):
        app = make(played(recordings.MID_RUN[:cut]))
        async with running(app) as pilot:
            await press(pilot, "3")
            await settled(pilot)
            assert "till measuring" not in text(app), cut
            assert "broke off" in lines(app)[0]
            await press(pilot, "2")
            assert "●" not in "".join(line[1:4] for line in lines(app)[3:9]), "no check runs"


# --- the plot -------------------------------------------------------------------------------------


def far(
    code: str, v4: float | None, v6: float | None = None, tcp: float | None = None
) -> LatencyRow:
    """A relay at a distance."""
    return LatencyRow(1, code, code, v4, v6, tcp, code == "fra")


@pytest.mark.parametrize("width", [12, 24, 40, 80, 120])
@pytest.mark.parametrize("height", [4, 6, 12])
def test_the_plot_fits_its_room(width: int, height: int) -> None:
    rows = [far(f"r{number:02}", 10.0 * number + 1, 12.0 * number + 1) for number in range(25)]
    found = latency_plot(rows, width, height)
    assert len(found) == height + 3
    assert all(line.cell_length == width for line in found)
    if width >= 80:
        assert ("and 7 farther away" in found[-1].plain) is (width == 80)


def test_the_longest_column_is_the_highest_and_none_is_nothing() -> None:
    plot = [line.plain for line in latency_plot([far("fra", 0.2), far("sin", 180.0)], 30, 6)]
    assert "200 ┤" in plot[0]
    assert "▁" in plot[5], "what is measured is seen"
    assert plot[5].rstrip().endswith("██")
    assert "fra sin" in plot[-2]


def test_ipv6_stands_beside_ipv4_and_tcp_in_its_place() -> None:
    both = [line.plain for line in latency_plot([far("fra", 100.0, 50.0)], 60, 4)]
    assert both[-1].strip() == "ms, IPv4 beside IPv6"
    assert both[0][7:9] == "█ "
    assert both[2][7:9] == "██"
    tcp = latency_plot([far("fra", None, None, 40.0)], 60, 4)
    assert "over TCP" in tcp[-1].plain
    assert latency_plot([far("fra", None)], 60, 4) == []


@pytest.mark.parametrize("size", SIZES)
async def test_bars_and_plot_change_places(size: tuple[int, int]) -> None:
    app = make(played(recordings.HARD))
    async with running(app, size) as pilot:
        await press(pilot, "d")
        if size != (60, 18):
            assert "fra ams lhr nyc sin" in text(app)
            assert "d bars" in text(app)
        await press(pilot, "d")
        if size != (60, 18):
            assert "━" in text(app)
            assert "d plot" in text(app)


async def test_the_plot_comes_and_goes_with_the_room() -> None:
    app = make(played(recordings.HARD))

    def axis() -> bool:
        return "┤" in text(app)

    async with running(app, (80, 24)) as pilot:
        await press(pilot, "2")
        assert not axis(), "the bars take what room there is"
        await pilot.resize_terminal(120, 40)
        await eventually(axis, "a plot below the bars")
        await pilot.resize_terminal(120, 24)
        await eventually(lambda: not axis(), "no plot")
