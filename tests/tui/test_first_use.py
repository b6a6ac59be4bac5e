"""What a person who sees it for the first time falls over."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.command import Hit

from probes.events import Event
from probes.options import Options
from tests.tui import recordings, screenshots
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
from tui import content
from tui.commands import COMMANDS
from tui.networks import PRACTICE
from tui.palette import ALSO, Actions
from tui.sources import Replay
from tui.state import Step
from tui.widgets.rows import RowList

RECORDING = "recording from the office"


@pytest.fixture(scope="module")
def easy() -> tuple[Event, ...]:
    """A run on the practice network of an ordinary home."""
    return screenshots.run_of("easy-home")


@pytest.fixture(scope="module")
def easy_with_nas() -> tuple[Event, ...]:
    """The same, for a device that is relayed."""
    return screenshots.run_of("easy-home", "home-nas")


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


FOUND = {
    "save": "Keep before and after",
    "theme": "Light or dark",
    "dark": "Light or dark",
    "netcheck": "Copy the verdict",
    "report": "Copy the verdict",
    "export": "Copy the verdict",
    "json": "Copy the verdict",
    "test": "Test again",
    "lght": "Light or dark",
    "practise easy": "Practise on easy-home",
}


async def test_the_palette_finds_an_action_by_what_somebody_would_call_it() -> None:
    app = make(played(recordings.HARD))
    async with running(app):
        actions = Actions(app.screen)
        for typed, title in FOUND.items():
            hits = [hit async for hit in actions.search(typed)]
            assert all(0.0 < hit.score < 1.0 for hit in hits if isinstance(hit, Hit))
            best = max((hit for hit in hits if isinstance(hit, Hit)), key=lambda hit: hit.score)
            assert str(best.text).startswith(title), typed


async def test_a_practice_network_never_comes_before_an_action() -> None:
    app = make(played(recordings.HARD))
    async with running(app):
        for typed in ("home", "open", "p", "a", "pr", "easy"):
            hits = [each async for each in Actions(app.screen).search(typed)]
            found = [each for each in hits if isinstance(each, Hit)]
            ranked = sorted(found, key=lambda hit: hit.score, reverse=True)
            practice = [str(each.text).startswith("Practise on ") for each in ranked]
            assert practice == sorted(practice), typed


def test_other_words_are_of_actions_that_there_are() -> None:
    assert set(ALSO) <= {command.id for command in COMMANDS}


async def test_an_answer_that_is_not_known_yet_is_none() -> None:
    app = make(Fed(HARD, recordings.HARD[:8]))
    async with running(app) as pilot:
        await press(pilot, "3")
        row = next(line for line in lines(app) if line.startswith("│▌"))
        assert "The answer" in row
        assert "still measuring" in row
        assert "Could not tell" not in text(app)


@pytest.mark.parametrize(
    ("width", "says"),
    [(120, "home-nas · relayed via fra  practice: easy-home"), (80, "via fra  easy-home")],
)
async def test_no_name_on_top_is_cut_while_it_is_measured(
    width: int, says: str, easy_with_nas: tuple[Event, ...]
) -> None:
    feed = Fed(f"{PRACTICE}easy-home", easy_with_nas[:-3])
    app = make(feed)
    app.settings = replace(app.settings, options=Options(peer="home-nas"))
    async with running(app, (width, 24)) as pilot:
        await eventually(lambda: app.measurement.chosen is not None, "the device")
        await settled(pilot)
        top = lines(app)[0]
        assert says in top
        assert "measuring" in top
        assert "…" not in top


async def test_choose_begins_on_the_relayed_device_that_one_came_for(
    easy: tuple[Event, ...],
) -> None:
    app = make(Replay(f"{PRACTICE}easy-home", easy, timed=False))
    async with running(app) as pilot:
        await press(pilot, "1")
        (row,) = [line for line in lines(app) if line.startswith("│▌")]
        assert "home-nas" in row
        assert "relayed" in row
        assert any("Devices of practice: easy-home" in line for line in lines(app))


@pytest.mark.parametrize(
    ("action", "said"),
    [("run", "choose a change"), ("impossible", "choose what cannot be"), ("anew", None)],
)
async def test_an_action_that_has_nothing_to_act_on_says_so(
    action: str, said: str | None, easy: tuple[Event, ...]
) -> None:
    app = make(Replay(f"{PRACTICE}easy-home", easy, timed=False))
    words = content.fixing(said) if said else "Nothing was begun here"
    async with running(app) as pilot:
        await press(pilot, "3")
        await app.screen.run_action(f"fix('{action}')")
        await settled(pilot)
        assert step(app) is Step.FIX
        assert content.plain(words).rstrip(".") in " ".join(text(app).split())
