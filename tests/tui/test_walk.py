"""The walk through the steps, by keyboard alone and by mouse, at every size."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, cast

import pytest
from textual.await_complete import AwaitComplete
from textual.widget import Widget
from textual.widgets import ContentSwitcher, Static

from probes.events import RunFinished
from probes.readings import classic
from probes.readings.classic import ClassicType
from tests.tui import recordings
from tests.tui.harness import (
    DIFFERS,
    SIZES,
    Fed,
    lines,
    make,
    played,
    press,
    running,
    settled,
    step,
    text,
)
from tui.commands import COMMANDS
from tui.networks import Everything
from tui.screens.topics import topic
from tui.screens.walk import WalkScreen
from tui.state import STEPS, Step
from tui.widgets.detail import Detail
from tui.widgets.masthead import Masthead
from tui.widgets.rows import RowList
from tui.widgets.verdict import Band


async def test_the_walk_has_two_ends() -> None:
    app = make()
    async with running(app) as pilot:
        assert step(app) is Step.CHOOSE
        assert "This network" in text(app)
        # Down to a practice network, take it.
        await press(pilot, "b", "down", "down", "down", "enter")
        await settled(pilot)
        assert step(app) is Step.MEASURE
        assert "practice: hard-home" in lines(app)[0]
        assert DIFFERS in text(app)
        await press(pilot, "n", "n", "n")
        assert step(app) is Step.PROVE
        await press(pilot, "n")
        assert step(app) is Step.PROVE, "there is no step after the last"
        await press(pilot, "b", "b")
        assert step(app) is Step.UNDERSTAND
        await press(pilot, "1", "b")
        assert step(app) is Step.CHOOSE, "there is no step before the first"


@pytest.mark.parametrize("size", SIZES)
async def test_the_rail_takes_clicks(size: tuple[int, int]) -> None:
    app = make(played(recordings.HARD))
    async with running(app, size) as pilot:
        rail = lines(app)[1]
        for wanted in (Step.UNDERSTAND, Step.PROVE, Step.FIX, Step.CHOOSE, Step.MEASURE):
            assert wanted.word in rail, "every step has its word at every size"
            await pilot.click(Masthead, offset=(rail.index(wanted.word) + 1, 1))
            await settled(pilot)
            assert step(app) is wanted


async def test_the_rail_says_what_is_done() -> None:
    app = make(played(recordings.HARD))
    async with running(app) as pilot:
        await press(pilot, "3")
        assert "✓ Choose ── ✓ Measure ── ● Understand ── ○ Fix ── ○ Prove" in lines(app)[1]
        # A tick is for what was done. To have looked at it is something else.
        await press(pilot, "4")
        assert "✓ Choose ── ✓ Measure ── ∙ Understand ── ● Fix ── ○ Prove" in lines(app)[1]
        await press(pilot, "5")
        assert "∙ Understand ── ∙ Fix ── ● Prove" in lines(app)[1]


async def test_the_rail_says_it_in_ascii_too() -> None:
    app = make(played(recordings.HARD), ascii=True)
    async with running(app) as pilot:
        await press(pilot, "3", "4")
        assert "+ Choose -- + Measure -- . Understand -- * Fix -- o Prove" in lines(app)[1]


async def test_what_was_seen_of_another_network_does_not_count() -> None:
    app = make(played(recordings.HARD))
    async with running(app) as pilot:
        await press(pilot, "3", "4")
        assert isinstance(app.screen, WalkScreen)
        app.screen.choose(played(recordings.EASY, "practice: easy-home"))
        await settled(pilot)
        await press(pilot, "5")
        assert "○ Understand ── ○ Fix ── ● Prove" in lines(app)[1]


async def test_measuring_is_not_done_while_it_runs() -> None:
    app = make(Fed(begun=recordings.MID_RUN))
    async with running(app) as pilot:
        await press(pilot, "3")
        assert "✓ Choose ── ○ Measure ── ● Understand" in lines(app)[1]


@pytest.mark.parametrize("size", SIZES)
async def test_the_key_bar_takes_clicks(size: tuple[int, int]) -> None:
    app = make(played(recordings.HARD))
    async with running(app, size) as pilot:
        bar = lines(app)[-1]
        await pilot.click(offset=(bar.index("Next") + 1, size[1] - 1))
        await settled(pilot)
        assert step(app) is Step.UNDERSTAND


@pytest.mark.parametrize("size", SIZES)
async def test_the_key_bar_is_whole_at_every_size(size: tuple[int, int]) -> None:
    app = make(played(recordings.HARD))
    async with running(app, size) as pilot:
        for where in STEPS:
            await press(pilot, str(STEPS.index(where) + 1))
            bar = lines(app)[-1]
            assert isinstance(app.screen, WalkScreen)
            footer = app.screen.pane.footer()
            assert len(footer) <= 6
            for command in footer:
                assert f"{command.key} {command.word}" in bar


@pytest.mark.parametrize("size", SIZES)
async def test_a_double_click_takes_a_network(size: tuple[int, int]) -> None:
    app = make()
    async with running(app, size) as pilot:
        row = next(at for at, line in enumerate(lines(app)) if "easy-home" in line)
        await pilot.click(offset=(8, row))
        await settled(pilot)
        assert step(app) is Step.CHOOSE, "one click only brings the cursor"
        assert app.screen.query_one("#network-rows", RowList).cursor == "practice:easy-home"
        await pilot.double_click(offset=(8, row))
        await settled(pilot)
        assert step(app) is Step.MEASURE
        assert app.measurement.title == "practice: easy-home"


async def test_a_click_selects_a_finding() -> None:
    app = make(played(recordings.HARD))
    async with running(app, (120, 36)) as pilot:
        await press(pilot, "3")
        row = next(at for at, line in enumerate(lines(app)) if "CaptivePortal" in line)
        await pilot.click(offset=(6, row))
        await settled(pilot)
        assert app.screen.query_one("#findings", RowList).cursor == "field:captive-portal"


async def test_filter_as_you_type() -> None:
    app = make()
    async with running(app) as pilot:
        rows = app.screen.query_one("#network-rows", RowList)
        everything = rows.ids
        await press(pilot, "slash", "p", "o", "r", "t")
        names = ("easy-home", "hard-home", "stun-blocked")
        assert rows.ids == tuple(f"practice:{name}" for name in names), "in names and descriptions"
        await press(pilot, "down", "enter")
        await settled(pilot)
        assert app.measurement.title == "practice: hard-home"
        await press(pilot, "1", "slash", "x", "x")
        assert not rows.ids
        assert "Nothing fits." in text(app)
        await press(pilot, "escape")
        assert rows.ids == everything
        assert app.focused is rows


async def test_the_filter_takes_letters_that_are_keys_elsewhere() -> None:
    app = make()
    async with running(app) as pilot:
        await press(pilot, "slash", "q", "t", "n", "1")
        assert step(app) is Step.CHOOSE
        assert app.is_running


async def test_enter_goes_to_the_explanation_and_escape_back() -> None:
    app = make(played(recordings.HARD))
    async with running(app) as pilot:
        for key, rows, detail in (("2", "checks", "check-detail"), ("3", "findings", "meaning")):
            await press(pilot, key)
            assert app.focused is app.screen.query_one(f"#{rows}")
            await press(pilot, "enter")
            assert app.focused is app.screen.query_one(f"#{detail}")
            await press(pilot, "escape")
            assert app.focused is app.screen.query_one(f"#{rows}")


RUNS = {
    "easy": recordings.EASY,
    "hard": recordings.HARD,
    "open": recordings.OPEN,
    "udp-blocked": recordings.UDP_BLOCKED,
    "no-network": recordings.NO_NETWORK,
    "mid-run": recordings.MID_RUN,
    "contradicted": (
        *recordings.EASY[:-1],
        recordings.known(classic.TYPE4, ClassicType.SYMMETRIC, 90.0, "pystun3"),
        recordings.EASY[-1],
    ),
}


@pytest.mark.parametrize("run", RUNS)
async def test_every_finding_has_an_explanation_evidence_and_help(run: str) -> None:
    app = make(played(RUNS[run]))
    async with running(app) as pilot:
        await press(pilot, "3")
        screen = app.screen
        assert isinstance(screen, WalkScreen)
        rows = screen.query_one("#findings", RowList)
        detail = screen.query_one("#meaning", Detail)
        assert len(rows.ids) >= 7 + 2 + 3 + 1
        explained = {}
        for row in rows.ids:
            rows.cursor = row
            await pilot.pause()
            explained[row] = f"{detail.border_title}: {screen.pane.to_copy()}"
            assert len(explained[row]) > 40, row
            assert topic(screen.topic()).blocks, row
        assert len(set(explained.values())) == len(rows.ids), "each in words of its own"
        await press(pilot, "e")
        for row in rows.ids:
            rows.cursor = row
            await pilot.pause()
            claims_nothing = row in ("note:run", "pair:ask", "pair:mind")
            assert (screen.pane.to_copy() in explained[row]) is claims_nothing, row


async def test_a_network_that_went_away_is_said_before_anything_that_was_found() -> None:
    *rest, last = recordings.HARD
    assert isinstance(last, RunFinished)
    app = make(played((*rest, replace(last, changed=True))))
    async with running(app) as pilot:
        await press(pilot, "3")
        rows = app.screen.query_one("#findings", RowList)
        assert (rows.cursor, rows.ids[0]) == ("note:run", "note:run")
        assert "! Network lost or changed" in text(app)
        band = app.screen.query_one(Band)
        assert band.has_class("note")
        assert not band.has_class("bad"), "the old verdict is not shown as the one of now"
        told = text(app)
        assert told.index("Of the network as it was before") < told.index("Mostly relayed")
        assert "Relayed  before the network changed" in lines(app)[0]
        page = app.screen.query_one("#meaning", Detail).page.plain()
        assert page.startswith("This device lost its network while it was measured")


async def test_a_contradiction_is_a_finding_with_all_accounts_and_their_readings() -> None:
    app = make(played(RUNS["contradicted"]))
    async with running(app, (120, 36)) as pilot:
        await press(pilot, "3")
        screen = app.screen
        assert isinstance(screen, WalkScreen)
        rows = screen.query_one("#findings", RowList)
        assert [row for row in rows.ids if row.startswith("differ:")] == ["differ:mapping"]
        rows.cursor = "differ:mapping"
        await pilot.pause()
        said = screen.pane.to_copy()
        assert "measured here: no; pystun3: yes." in said
        assert "pystun3 asks one server" in said
        await press(pilot, "e")
        assert "classic.type4" in screen.pane.to_copy()


async def test_evidence_names_readings_sources_and_tries() -> None:
    app = make(played(recordings.HARD))
    async with running(app, (120, 36)) as pilot:
        await press(pilot, "3", "e")
        assert "stun.answers4" in text(app)
        assert "STUN from" in text(app)
        assert "1 try" in text(app)
        await press(pilot, "e")
        assert "stun.answers4" not in text(app)


async def test_the_palette_has_every_action() -> None:
    app = make(played(recordings.HARD))
    async with running(app):
        titles = [command.title for command in app.get_system_commands(app.screen)]
        for command in COMMANDS:
            if command.id != "palette":
                assert any(title.startswith(command.title) for title in titles), command.id
        assert any("easy-home" in title for title in titles)


async def test_the_palette_runs_an_action() -> None:
    app = make(played(recordings.HARD))
    async with running(app) as pilot:
        await press(pilot, "ctrl+p")
        for key in "light":
            await pilot.press(key)
        await settled(pilot)
        before = app.theme
        await press(pilot, "enter")
        await settled(pilot)
        assert app.theme != before


async def test_what_is_seen_follows_the_size() -> None:
    app = make(played(recordings.HARD))
    async with running(app, (60, 18)) as pilot:
        await press(pilot, "3")
        assert "✗ router and provider ──" in text(app), "in one line"
        assert "a new port for each peer" not in text(app), "no room for the picture"
        await pilot.resize_terminal(120, 36)
        await settled(pilot)
        assert "✗ router and provider ──" not in text(app)
        assert "a new port for each peer" in text(app)


async def test_what_happens_while_a_step_is_made_meets_the_step_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A measurement goes on meanwhile, and asks for the keys of the step that is seen."""
    app, seen = make(played(recordings.HARD)), []
    made = ContentSwitcher.add_content

    def slowly(self: ContentSwitcher, widget: Widget, **named: Any) -> AwaitComplete:
        assert isinstance(app.screen, WalkScreen)
        app.screen.on_pane_keys()
        seen.append((named["id"], app.screen.step))
        return made(self, widget, **named)

    async with running(app) as pilot:
        monkeypatch.setattr(ContentSwitcher, "add_content", slowly)
        await asyncio.gather(*(cast(WalkScreen, app.screen).go(Step.PROVE) for _ in range(2)))
        await settled(pilot)
        assert seen == [("prove", Step.MEASURE)]
        assert app.screen.query_one(Masthead).step is Step.PROVE


async def test_the_picture_marks_the_hop_with_the_obstacle() -> None:
    app = make(played(recordings.HARD))
    async with running(app) as pilot:
        await press(pilot, "3")
        seen = lines(app)
        wire = next(at for at, line in enumerate(seen) if "─ ●" in line and "✗" in line)
        assert seen[wire].index("✗") == seen[wire + 1].index("router and provider")
        assert "═" in seen[wire], "the relayed stretch"


async def test_no_relay_on_the_way_of_a_direct_connection() -> None:
    app = make(played(recordings.EASY))
    async with running(app, (120, 36)) as pilot:
        await press(pilot, "3")
        wire = next(line for line in lines(app) if "● ──" in line and "○" in line)
        assert "═" not in wire
        assert "Direct connections are to be expected" in text(app)
        assert "the relay" not in "".join(lines(app)[3:8])


@pytest.mark.every_frame
async def test_no_size_is_too_small_to_survive() -> None:
    for size in ((1, 1), (10, 3), (30, 8), (40, 10), (300, 80)):
        app = make(played(recordings.HARD))
        async with running(app, size) as pilot:
            for key in ("1", "2", "3", "e", "4", "5", "question_mark", "escape"):
                await press(pilot, key)
            assert app.is_running


async def test_choose_does_not_claim_to_measure_what_it_does_not() -> None:
    app = make(played(recordings.HARD))
    async with running(app, (120, 36)) as pilot:
        await press(pilot, "1", "home")
        assert "already begun" not in text(app)
        assert "Enter measures it" in text(app)
        await press(pilot, "enter")
        await settled(pilot)
        assert app.measurement.title == "this network"
        await press(pilot, "1")
        assert "It has been measured" in text(app)


async def test_choose_says_that_measuring_has_begun() -> None:
    app = make(here=Fed("this network", recordings.MID_RUN))
    async with running(app):
        assert "already begun" in text(app)


@pytest.mark.parametrize(("network", "both"), [("hard-home", True), ("own-firewall", False)])
async def test_bars_and_columns_stand_together_only_where_there_is_room_for_both(
    network: str, both: bool
) -> None:
    """A region that answers over IPv4 and IPv6 takes two lines."""
    app = make(Everything().open(network))
    async with running(app, (120, 36)) as pilot:
        await press(pilot, "2")
        await settled(pilot)
        chart = app.screen.query_one("#latency")
        shown = app.screen.query_one("#latency-chart", Static)
        assert shown.size.height <= chart.content_size.height
        assert ("┤" in text(app)) is both


async def test_the_room_decides_what_is_shown_also_later() -> None:
    app = make(played(recordings.HARD))
    async with running(app, (120, 36)) as pilot:
        detail = app.screen.query_one("#check-detail", Detail)
        assert "Relay latency" not in detail.page.plain()
        await pilot.resize_terminal(60, 18)
        await settled(pilot)
        assert "Relay latency" in detail.page.plain(), "the panel beside it has gone"


async def test_text_selected_with_the_mouse_is_what_is_copied() -> None:
    app = make(played(recordings.HARD))
    async with running(app, (120, 36)) as pilot:
        await press(pilot, "3", "end")
        seen = lines(app)
        row = next(
            at
            for at, line in enumerate(seen)
            if "This is the practice" in line or "Relay map" in line
        )
        left = seen[row].rindex("││") + 3
        await pilot.mouse_down(offset=(left, row))
        await pilot.hover(offset=(left + 8, row))
        await pilot.mouse_up(offset=(left + 8, row))
        await pilot.pause()
        await press(pilot, "c")
        assert app.clipboard
        assert seen[row][left:].startswith(app.clipboard.strip()[:6])
        assert "Copied the selection" in text(app)
