"""What Fix begins with: a trial, the first thing, nothing, or a question to somebody."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from probes.events import Event
from tests.tui import recordings
from tests.tui.fixer import page, pane, practised, rows
from tests.tui.harness import (
    Fed,
    lines,
    make,
    played,
    press,
    running,
    settled,
    text,
)
from tests.tui.screenshots import run_of
from tests.unit.tailscale.recorded import recorded
from tui import content
from tui.reading import read_data
from tui.screens.evidence import Made
from tui.screens.findings import entries
from tui.screens.prove import ProvePane
from tui.sources import Opened
from tui.widgets.detail import Detail
from tui.widgets.page import Page


@pytest.fixture(autouse=True, scope="module")
def measured() -> None:
    """Practice networks have a clock of their own: they are measured before a test's loop runs."""
    for name in (
        "ipv6-works",
        "hard-home-upnp",
        "public-firewall",
    ):
        run_of(name)


async def test_nothing_to_fix() -> None:
    app = make(practised("ipv6-works"))
    async with running(app) as pilot:
        await press(pilot, "4")
        if not pane(app)._listed.ways:
            assert content.fixing("nothing to fix short") in text(app)
        for key in ("space", "x", "i", "v", "s", "w", "c"):
            await press(pilot, key)
            await press(pilot, "escape")
        assert app.is_running


async def test_still_measuring() -> None:
    app = make(Fed(begun=recordings.MID_RUN))
    async with running(app) as pilot:
        await press(pilot, "4")
        assert content.fixing("still measuring short") in text(app)
        assert bool(pane(app)._listed.ways) is ("First things first" in text(app))
        for key in ("space", "i", "x"):
            await press(pilot, key)
        assert not app.progress.begun, "what is not settled is not ticked"


async def test_a_run_that_broke_off() -> None:
    from tests.tui.harness import Broken

    app = make(Broken(RuntimeError(recordings.HOSTILE)))
    async with running(app) as pilot:
        await press(pilot, "4")
        assert content.fixing("broke off short") in text(app)


async def test_where_a_trial_would_decide_fix_begins_with_it() -> None:
    app = make(practised("hard-home-upnp"))
    async with running(app) as pilot:
        await press(pilot, "4")
        assert rows(app).cursor == rows(app).ids[0]
        assert content.fixing("try first short") in page(app).page.plain()
        assert "(m)" in page(app).page.plain(), "the key that does it"
        assert "m Try a port" in lines(app)[-1]
        await press(pilot, "down", "down")
        assert rows(app).cursor.startswith("way:"), "the ways stand below, for where it fails"
        assert "Try a port" not in lines(app)[-1]
        await press(pilot, "5")
        told = app.screen.query_one(ProvePane).query_one(Detail).page.plain()
        assert "have it tried with one for a moment (m)" in " ".join(told.split())
        assert "m Try a port" in lines(app)[-1]


@pytest.mark.parametrize(
    ("recording", "title"),
    [
        (recordings.HARD, "First things first"),
        (recordings.EASY, "Nothing in the way"),
        (recordings.OPEN, "Nothing in the way"),
    ],
)
async def test_what_keeps_nothing_up_is_not_listed_as_the_first_thing(
    recording: Sequence[Event], title: str
) -> None:
    app = make(played(recording))
    async with running(app) as pilot:
        await settled(pilot)
        await press(pilot, "4")
        assert f"─ {title} " in text(app) or f"━ {title} " in text(app)


async def test_who_is_relayed_beside_what_limits_is_told_in_the_answer_and_in_fix() -> None:
    app = make(practised("public-firewall"))
    async with running(app) as pilot:
        await settled(pilot)
        await press(pilot, "4")
        assert f"! {content.fixing('relayed besides short')}" in text(app)
        assert "Begin here." in text(app), "the first thing to do is where it was"
        rows(app).cursor = rows(app).ids[0]
        await pilot.pause()
        assert "On a relay right now: home-nas." in page(app).page.plain()
        answer = entries(app.measurement)["pair:answer"]
        assert isinstance(answer, Made)
        assert "On a relay right now: home-nas." in Page(answer.blocks).plain()


async def test_where_nothing_has_to_be_done_that_is_said_first() -> None:
    app = make(played(recordings.EASY))
    async with running(app) as pilot:
        await settled(pilot)
        await press(pilot, "4")
        assert rows(app).cursor == rows(app).ids[0]
        assert f"✓ {content.fixing('only notes short')}" in text(app)
        assert "good to know" in page(app).page.plain()
        for row in rows(app).ids:
            rows(app).cursor = row
            await pilot.pause()
            assert "begin here" not in text(app).casefold()


async def test_a_list_of_devices_from_elsewhere_asks_for_a_netcheck() -> None:
    paste = recorded("hard_hard.status.txt")
    given = read_data(paste.encode(), "paste", "paste")
    app = make(Opened("report: paste", given.report))
    async with running(app, (120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "4")
        shown = " ".join(page(app).page.plain().split())
        assert "tailscale netcheck" in shown
        await press(pilot, "5")
        proof = app.screen.query_one("#proof", Detail).page.plain()
        assert "tailscale netcheck" in proof
        assert "Do what Fix says" not in proof


@pytest.fixture
def reached() -> tuple[Event, ...]:
    """A run about a peer that is direct, behind a hard NAT."""
    return run_of("hard-home-upnp", peer="home-nas")


async def test_for_a_peer_that_is_reached_a_hard_nat_is_only_good_to_know(
    reached: tuple[Event, ...],
) -> None:
    app = make(played(reached))
    async with running(app, (120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "4")
        shown = text(app)
        assert "Direct" in lines(app)[0]
        assert "Nothing in the way" in shown
        assert "good to know" in shown
        assert " in the way ││" not in shown
