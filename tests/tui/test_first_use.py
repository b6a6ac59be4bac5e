"""What a person who sees it for the first time falls over."""

from __future__ import annotations

import pytest

from tests.tui import recordings
from tests.tui.harness import (
    HARD,
    Fed,
    eventually,
    lines,
    make,
    played,
    press,
    running,
    settled,
    step,
    text,
)
from tui.networks import PRACTICE
from tui.state import Step
from tui.widgets.rows import RowList

RECORDING = "recording from the office"


@pytest.mark.parametrize(("title", "row"), [(HARD, "practice:hard-home"), (RECORDING, "given")])
async def test_choose_begins_on_what_is_looked_at(title: str, row: str) -> None:
    here = Fed("this network")
    app = make(played(recordings.HARD, title), here=here)
    async with running(app) as pilot:
        await press(pilot, "b")
        rows = app.screen.query_one("#network-rows", RowList)
        assert rows.cursor == row
        assert rows.scroll_y == 0, "what fits stays in view"
        assert any(title.removeprefix(PRACTICE) in line for line in lines(app)[2:])
        await press(pilot, "enter")
        await settled(pilot)
        assert (step(app), app.measurement.title) == (Step.MEASURE, title)
        assert here.runs == 0, "nothing was measured by a slip"
        await press(pilot, "b", "home", "end", "n", "b")
        assert rows.cursor == row, "also the next time"


async def test_a_recording_can_be_chosen_again() -> None:
    app = make(played(recordings.HARD, RECORDING))
    async with running(app) as pilot:
        await press(pilot, "b", "end", "enter")
        await settled(pilot)
        assert app.measurement.title == f"{PRACTICE}udp-blocked"
        await press(pilot, "b", "home", "enter")
        await settled(pilot)
        assert app.measurement.title == RECORDING


async def test_a_step_that_was_passed_over_is_neither_done_nor_seen() -> None:
    app = make(played(recordings.HARD))
    async with running(app) as pilot:
        await press(pilot, "5")
        assert "○ Understand ── ○ Fix ── ● Prove" in lines(app)[1]


@pytest.mark.parametrize(
    ("key", "words", "then"),
    [("2", "n what it means", "● Understand"), ("3", "e evidence", "e explanation")],
)
async def test_what_stands_on_an_edge_takes_clicks(key: str, words: str, then: str) -> None:
    app = make(played(recordings.HARD))
    async with running(app, (120, 36)) as pilot:
        await press(pilot, key)
        found = [(line.index(words), at) for at, line in enumerate(lines(app)) if words in line]
        assert then not in text(app)
        await pilot.click(offset=found[0])
        await settled(pilot)
        assert then in text(app)


async def test_a_click_on_the_chart_leaves_the_keys_to_the_list() -> None:
    app = make(played(recordings.HARD))
    async with running(app, (120, 36)) as pilot:
        rows = app.screen.query_one("#checks", RowList)
        before = rows.cursor
        await pilot.click("#latency-chart")
        await press(pilot, "down")
        assert rows.has_focus
        assert rows.cursor != before


async def test_only_the_newest_note_is_seen() -> None:
    app = make(played(recordings.HARD))
    async with running(app) as pilot:
        await press(pilot, "p", "p", "c")
        await pilot.pause()
        assert app.note.startswith("Copied this explanation.")
        assert "masked" not in text(app)


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_titles_are_whole_where_there_is_room(size: tuple[int, int]) -> None:
    app = make(played(recordings.HARD))
    async with running(app, size):
        from tui.screens.answers import answers

        shown = text(app)
        assert app.measurement.begun is not None
        for each in answers(app.measurement.begun):
            assert each.title in shown


async def test_privacy_is_found_in_the_palette() -> None:
    app = make(played(recordings.HARD), ascii=True)
    async with running(app) as pilot:
        await press(pilot, "ctrl+p", *"priv")
        await eventually(lambda: "Privacy: mask addresses" in text(app), "the action")
        assert "??" not in text(app), "the sign before the line has a stand-in"
