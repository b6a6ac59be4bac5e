"""What was done of a fix is kept: after a restart, on another network, or begun anew."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from probes.report import report_of
from tests.tui import recordings
from tests.tui.fixer import assert_whole, here, kept, moved, page, practised, rows
from tests.tui.harness import (
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
from tests.tui.screenshots import run_of
from tui import content
from tui.fixing.keeper import Keeper
from tui.fixing.progress import HERE
from tui.state import Step


@pytest.fixture(autouse=True, scope="module")
def measured() -> None:
    """Practice networks have a clock of their own: they are measured before a test's loop runs."""
    run_of("hard-home")


@pytest.mark.parametrize("size", SIZES)
async def test_after_a_restart_it_goes_on_where_it_was(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    app = here("hard-home", tmp_path)
    async with running(app, size) as pilot:
        assert content.fixing("go on") not in text(app)
        await press(pilot, "4", "i", "space", "space")
        was, cursor = app.progress, rows(app).cursor
    again = here("hard-home", tmp_path)
    async with running(again, size) as pilot:
        assert content.fixing("go on") in text(again)
        assert "2 steps done" in text(again) or size[0] < 80
        assert_whole(again)
        await press(pilot, "enter")
        await settled(pilot)
        assert step(again) is Step.FIX
        assert rows(again).cursor == cursor
        assert (again.progress.ticked, again.progress.impossible) == (was.ticked, was.impossible)
        assert again.progress.before is not None
        assert again.progress.before.network_id == report_of(run_of("hard-home")).network_id


async def test_what_was_called_not_possible_is_not_what_is_gone_on_with(tmp_path: Path) -> None:
    app = here("hard-home", tmp_path)
    async with running(app) as pilot:
        await press(pilot, "4", "space", "5", "4", "down", "down", "i")
        away = app.progress.impossible
        assert app.progress.begun
        assert not away & set(app.progress.ticked)
    again = here("hard-home", tmp_path)
    async with running(again) as pilot:
        said = " ".join(text(again).split())
        assert "Turn on UPnP or NAT-PMP in the router" in said
        assert f"{HERE}: 1 step done" in said
        await press(pilot, "enter")
        await settled(pilot)
        assert step(again) is Step.FIX
        assert not rows(again).cursor.endswith(tuple(away))
        assert rows(again).cursor.endswith(":port-mapping:this")


@pytest.mark.parametrize(("answer", "goes_on"), [("y", True), ("n", False)])
async def test_on_another_network_it_asks(tmp_path: Path, answer: str, goes_on: bool) -> None:
    app = here("hard-home", tmp_path)
    async with running(app) as pilot:
        await press(pilot, "4", "space")
        was = app.progress
    again = here("hard-home", tmp_path, moved(run_of("hard-home")))
    async with running(again) as pilot:
        await press(pilot, "enter")
        await settled(pilot)
        assert "Another network" in text(again)
        assert_whole(again)
        await press(pilot, answer)
        await settled(pilot)
        assert again.progress.network_id == "feedfeed"
        assert (again.progress.ticked == was.ticked) is goes_on
        assert (again.progress.before is not None) is goes_on
    assert Keeper(tmp_path).open(HERE, was.network_id).ticked == was.ticked, "and it is still there"


async def test_a_network_that_changed_by_the_fix_is_asked_about(tmp_path: Path) -> None:
    source = played(run_of("hard-home"), HERE)
    app = kept(make(here=source), tmp_path)
    async with running(app) as pilot:
        await press(pilot, "4", "space")
        app.conductor.source = played(moved(run_of("hard-home")), HERE)
        await press(pilot, "r")
        await settled(pilot)
        assert "Another network" in text(app)
        await press(pilot, "y", "4")
        assert app.progress.begun


async def test_the_row_that_goes_on_names_the_network_and_is_announced_where_it_stands(
    tmp_path: Path,
) -> None:
    app = here("hard-home", tmp_path)
    async with running(app) as pilot:
        await press(pilot, "4", "i")
    again = kept(make(here=Fed(HERE)), tmp_path)
    async with running(again):
        row = next(line for line in lines(again) if content.fixing("go on") in line)
        assert f"{HERE}: no step done yet" in row
        assert content.fixing("welcome back") in " ".join(text(again).split())
    opened = make(practised("hard-home"))
    opened._keeper = Keeper(tmp_path, save=True)
    async with running(opened) as pilot:
        await press(pilot, "1")
        assert content.fixing("welcome back") not in " ".join(text(opened).split())


async def test_beginning_anew(tmp_path: Path) -> None:
    app = here("hard-home", tmp_path)
    async with running(app) as pilot:
        await press(pilot, "4", "space")
        assert os.listdir(tmp_path)
        await app.screen.run_action("fix('anew')")
        await pilot.pause()
        assert content.page("anew").title in text(app)
        await press(pilot, "n")
        assert app.progress.begun, "only a yes forgets it"
        await app.screen.run_action("fix('anew')")
        await press(pilot, "y")
        assert not app.progress.begun
        assert not os.listdir(tmp_path)


async def test_where_it_cannot_be_kept_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "progress").write_text("in the way")
    app = here("hard-home", tmp_path / "progress")
    async with running(app) as pilot:
        await press(pilot, "4", "space")
        assert "directory not writable" in page(app).page.plain()
        assert app.progress.begun


async def test_a_file_from_somebody_hostile(tmp_path: Path) -> None:
    app = here("hard-home", tmp_path)
    async with running(app) as pilot:
        await press(pilot, "4", "space")
    file = os.path.join(tmp_path, os.listdir(tmp_path)[0])
    with open(file) as written:  # noqa: ASYNC230
        held = json.load(written)
    bad = recordings.HOSTILE
    held |= {"title": HERE, "cause": bad, "saved_at": bad, "system": bad, "brand": bad}
    held["ticked"][bad] = [bad]
    held["way"] = "no-such-remedy:this"
    with open(file, "w") as written:  # noqa: ASYNC230
        json.dump(held, written)
    again = here("hard-home", tmp_path)
    async with running(again) as pilot:
        assert_whole(again)
        assert content.fixing("some fix").capitalize() in text(again)
        await press(pilot, "enter")
        await settled(pilot)
        assert_whole(again)
        assert again.progress.begun
