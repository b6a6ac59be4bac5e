"""Pasting or naming what another device measured: read at once, and pointed at by line."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot

from probes.diagnosis.diagnose import diagnose
from tests.tui import recordings
from tests.tui.harness import SIZES, lines, make, played, press, running, settled, step, text
from tests.tui.test_hostile import assert_harmless
from tests.unit.cli.golden import kept_report
from tests.unit.tailscale.recorded import HERE, crowded, recorded
from tui.app import WhyrelayApp
from tui.json_view import report_to_json
from tui.screens.consent import ConsentScreen
from tui.screens.open import Box, OpenScreen
from tui.sources import Opened
from tui.state import Step


async def paste(pilot: Pilot[int], words: str) -> None:
    """Paste into the box, as a terminal does that marks it."""
    pilot.app.screen.query_one(Box).post_message(events.Paste(words))
    await pilot.pause()
    await pilot.pause()


async def name(pilot: Pilot[int], path: str) -> None:
    """Type a file's name, and take it."""
    pilot.app.screen.query_one(Box).text = path
    await pilot.pause()
    await press(pilot, "enter")


@pytest.mark.parametrize("size", SIZES)
async def test_a_pasted_netcheck_opens_the_step_understand(size: tuple[int, int]) -> None:
    app = make(played(recordings.EASY))
    async with running(app, size) as pilot:
        await press(pilot, "1", "o")
        assert isinstance(app.screen, OpenScreen)
        await paste(pilot, recorded("hard_hard.netcheck1.txt"))
        assert "Read as: tailscale netcheck" in text(app)
        await press(pilot, "enter")
        await settled(pilot)
        assert step(app) is Step.UNDERSTAND
        assert app.measurement.report.elsewhere
        assert "pasted text: tails" in lines(app)[0]
        assert "elsewhere" in lines(app)[0]
        await press(pilot, "2")
        assert "Measured elsewhere" in text(app)
        await press(pilot, "r")
        assert "again from here" in text(app)


async def test_no_key_of_the_last_steps_measures_here_what_another_device_reported() -> None:
    app = make(played(recordings.EASY))
    async with running(app) as pilot:
        await press(pilot, "1", "o")
        await paste(pilot, recorded("hard_hard.netcheck1.txt"))
        await press(pilot, "enter")
        await settled(pilot)
        await press(pilot, "2")
        assert "not measured here" in text(app)
        assert "no answer" not in text(app), "nobody here asked a relay"
        await press(pilot, "5")
        assert "This was measured on another" in text(app)
        for key, says in (("r", "again from here"), ("u", "nobody to ping"), ("m", "again from")):
            app.clear_notifications()
            app.say("")
            await press(pilot, key)
            assert says in " ".join(text(app).split())
        assert "Nothing is different" not in text(app)
        assert not isinstance(app.screen, ConsentScreen), (
            "nobody is asked whether this router may be tried"
        )


async def test_fix_and_prove_ask_for_a_netcheck_where_only_a_status_was_given() -> None:
    app = make(played(recordings.EASY))
    async with running(app) as pilot:
        await press(pilot, "1", "o")
        await paste(pilot, recorded("hard_hard.status.txt"))
        await press(pilot, "enter")
        await settled(pilot)
        for key in "45":
            await press(pilot, key)
            said = " ".join(text(app).replace("│", " ").split())
            assert "tailscale netcheck" in said
            assert "Do what Fix says" not in said


@pytest.mark.parametrize(
    "which", ["netcheck1.json", "netcheck1.txt", "status.json", "status.txt", "ping.txt"]
)
async def test_whatever_explain_takes_can_be_pasted(which: str) -> None:
    app = make(played(recordings.EASY))
    async with running(app) as pilot:
        await press(pilot, "1", "o")
        await paste(pilot, recorded(f"easy_hard.{which}").replace("\n", "\r\n"))
        assert "Read as: " in text(app)
        await press(pilot, "enter")
        await settled(pilot)
        assert step(app) is Step.UNDERSTAND
        assert app.is_running


async def test_lines_that_were_not_understood_are_pointed_at() -> None:
    app = make(played(recordings.EASY))
    async with running(app) as pilot:
        await press(pilot, "1", "o")
        await paste(pilot, f"hello there\n{recorded('easy_easy.netcheck1.txt')}\n* Flux: on")
        shown = text(app)
        assert "line 1 left out: hello there" in shown
        assert "left out: * Flux: on" in shown


@pytest.mark.parametrize("words", ["what is this", "{}", "[1, 2", "\x00\x01\x02", "é" * 300])
async def test_what_is_nothing_is_said_to_be_and_can_be_mended(words: str) -> None:
    app = make(played(recordings.EASY))
    async with running(app) as pilot:
        await press(pilot, "1", "o")
        await paste(pilot, words)
        await press(pilot, "ctrl+o")
        assert isinstance(app.screen, OpenScreen), "it stays"
        assert "✗" in text(app)
        assert_harmless(lines(app))
        await press(pilot, "ctrl+l")
        await paste(pilot, recorded("easy_easy.netcheck1.txt"))
        await press(pilot, "enter")
        await settled(pilot)
        assert step(app) is Step.UNDERSTAND


async def test_a_long_paste_is_kept_beside_the_box() -> None:
    app = make(played(recordings.EASY))
    async with running(app) as pilot:
        await press(pilot, "1", "o")
        await paste(pilot, crowded(200).decode())
        assert app.screen.query_one(Box).text == ""
        assert "too many to show" in text(app)
        assert "Read as: tailscale status" in text(app)
        await press(pilot, "enter")
        await settled(pilot)
        await press(pilot, "1")
        assert "200 devices" in text(app), "its devices can be chosen"


async def test_a_file_is_read_by_its_name(tmp_path: Path) -> None:
    kept = tmp_path / "saved [x] [@click=app.quit].json"
    report = kept_report("hard-home")
    kept.write_text(json.dumps(report_to_json(report, diagnose(report), "")), "utf-8")
    for path, wanted in ((HERE / "hard_hard.status.json", "hard_hard"), (kept, "saved [x]")):
        app = make(played(recordings.EASY))
        async with running(app) as pilot:
            await press(pilot, "1", "o")
            await name(pilot, f"'{path}'")
            await settled(pilot)
            assert step(app) is Step.UNDERSTAND
            assert wanted in lines(app)[0]
            await press(pilot, "1")
            assert f"read:file: {path.name}" in app.screen.query_one("#network-rows").ids  # type: ignore[attr-defined]


async def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    pipe, empty = tmp_path / "pipe", tmp_path / "empty"
    os.mkfifo(pipe)
    empty.write_text("")
    app = make(played(recordings.EASY))
    async with running(app) as pilot:
        await press(pilot, "1", "o")
        for path, words in (
            (tmp_path / "none", "There is no file"),
            (tmp_path, "is a directory"),
            (pipe, "no ordinary file"),
            (empty, "cannot be explained"),
        ):
            await name(pilot, str(path))
            assert isinstance(app.screen, OpenScreen)
            assert words in " ".join(text(app).replace("│", " ").split()), words


async def test_keys_that_come_too_fast_for_a_hand_are_a_paste() -> None:
    app = make(played(recordings.EASY))
    async with running(app) as pilot:
        await press(pilot, "1", "o")
        box = app.screen.query_one(Box)
        first, enter = events.Key("x", "x"), events.Key("enter", "\r")
        first.time, enter.time = 10.0, 10.001
        box.post_message(first)
        box.post_message(enter)
        await pilot.pause()
        assert box.text == "x\n"


async def test_nothing_is_opened_by_leaving() -> None:
    app = make(played(recordings.EASY))
    async with running(app) as pilot:
        await press(pilot, "1", "o", "escape")
        assert step(app) is Step.CHOOSE
        await press(pilot, "o", "enter")
        assert isinstance(app.screen, OpenScreen), "nothing was put in"
        await pilot.click("#cancel")
        await pilot.pause()
        assert step(app) is Step.CHOOSE


@pytest.mark.parametrize("size", SIZES)
async def test_hostile_texts_in_the_box(size: tuple[int, int]) -> None:
    app = make(played(recordings.EASY))
    async with running(app, size) as pilot:
        await press(pilot, "1", "o")
        await paste(pilot, f"{recordings.HOSTILE}\n{recorded('hard_hard.netcheck1.txt')}")
        assert_harmless(lines(app))
        await press(pilot, "enter")
        await settled(pilot)
        assert_harmless(lines(app))
        assert app.return_value is None


def opened(name_: str) -> WhyrelayApp:
    """The app as `explain FILE` opens it."""
    from tui.reading import read_input

    given = read_input(str(HERE / name_))
    return make(Opened(given.title, given.report, given.notes))


@pytest.mark.parametrize("size", SIZES)
async def test_the_app_begins_on_a_report_at_understand(size: tuple[int, int]) -> None:
    app = opened("easy_hard.netcheck1.txt")
    async with running(app, size) as pilot:
        assert step(app) is Step.UNDERSTAND
        for key in "12345":
            await press(pilot, key)
            assert_harmless(lines(app))
        await press(pilot, "1")
        assert app.screen.query_one("#network-rows").cursor == "given"  # type: ignore[attr-defined]
