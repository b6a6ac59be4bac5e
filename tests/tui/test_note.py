"""What the app says in passing: nothing that is read or pressed is covered, and it goes away."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.tui import recordings
from tests.tui.harness import SIZES, eventually, lines, make, played, press, running, text
from tui.command import Command
from tui.commands import COPY, MAP_TEST, NEXT, PALETTE, QUIT, RETEST
from tui.keymap import parse
from tui.saying import NOTE_S
from tui.screens.help import HelpScreen
from tui.widgets.keybar import KeyBar
from tui.widgets.note import Note

REFUSES = "your terminal lets no program copy (OSC 52)."


@pytest.mark.parametrize("size", SIZES)
async def test_a_note_has_lines_of_its_own_above_the_keys(size: tuple[int, int]) -> None:
    app = make(played(recordings.HARD))
    async with running(app, size) as pilot:
        await press(pilot, "3")
        keys, before = lines(app)[-1], lines(app)
        await press(pilot, "c")
        shown = lines(app)
        note = app.screen.query_one(Note)
        assert " ".join("".join(shown).split()).count(REFUSES) == 1
        assert shown[-1] == keys, "the keys stay"
        assert 1 <= note.size.height <= 2
        bottom = shown[-2 - note.size.height]
        assert bottom.startswith("╰"), "what is read ends above it, whole"
        assert shown[:4] == before[:4], "and begins where it did"
        assert note.region.bottom == app.screen.query_one(KeyBar).region.y
        app.clear_notifications()
        await pilot.pause()
        assert lines(app) == before


async def test_a_note_goes_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    app = make(played(recordings.HARD))
    async with running(app) as pilot:
        await press(pilot, "3")
        app.say("Only for a moment.", 0.01)
        await eventually(lambda: "Only for a moment." not in app.note, "the end of the note")
        await pilot.pause()
        assert app.screen.query_one(Note).size.height == 0
    assert 2 <= NOTE_S <= 4


@pytest.mark.parametrize("key", ["n", "b", "5"])
async def test_a_note_is_of_the_step_where_it_was_said(key: str) -> None:
    app = make(played(recordings.HARD))
    async with running(app) as pilot:
        await press(pilot, "3", "c")
        assert REFUSES in app.note
        await press(pilot, key)
        assert app.note == ""


async def test_over_another_screen_it_stands_at_the_top_and_goes_on_beside_the_steps() -> None:
    app = make(played(recordings.HARD))
    async with running(app) as pilot:
        await press(pilot, "3", "f1")
        assert isinstance(app.screen, HelpScreen)
        await press(pilot, "c")
        await eventually(lambda: "Copied this topic." in text(app), "the note")
        shown = text(app).splitlines()
        assert any("Copied this topic." in line for line in shown[:3])
        assert "esc closes" in shown[-3]
        await press(pilot, "escape")
        await eventually(lambda: "▸ Copied this topic." in text(app), "the note, beside the steps")
        assert text(app).count("Copied this topic.") == 1


async def test_what_is_wrong_in_the_persons_keys_can_be_read(tmp_path: Path) -> None:
    troubles = parse('quit = "escape"\nnext = "ctrl+h"\nnonsense = "x"\n').troubles
    assert len(troubles) == 3
    app = make(played(recordings.HARD))
    app._own_keys = replace(app._own_keys, troubles=troubles)
    async with running(app) as pilot:
        await pilot.pause()
        told = " ".join(text(app).split())
        for each in troubles:
            assert each in told.replace(" ▸ ", " ")


@pytest.mark.parametrize("size", SIZES)
async def test_keys_without_room_are_left_out_and_the_last_two_never(size: tuple[int, int]) -> None:
    """By the palette everything else is found."""
    app = make(played(recordings.HARD))
    async with running(app, size) as pilot:
        bar = app.screen.query_one(KeyBar)
        bar.commands = (MAP_TEST, RETEST, NEXT, COPY, PALETTE, QUIT)
        await pilot.pause()
        assert lines(app)[-1].split() == _as_shown(MAP_TEST, RETEST, NEXT, COPY, PALETTE, QUIT)
        bar.commands = (MAP_TEST, RETEST, MAP_TEST, RETEST, NEXT, COPY, PALETTE, QUIT)
        await pilot.pause()
        shown = lines(app)[-1]
        assert shown.split()[-4:] == _as_shown(PALETTE, QUIT)
        assert len(shown) <= size[0]
        assert shown.split()[:3] == _as_shown(MAP_TEST)[:3]


def _as_shown(*commands: Command) -> list[str]:
    return " ".join(f"{each.key} {each.word}" for each in commands).split()
