"""Texts that somebody else wrote: shown, made visible, and never acted upon."""

from __future__ import annotations

import unicodedata

import pytest

from probes.events import CheckFinished, Progressed
from probes.model import CheckId, CheckStatus
from tests.tui import recordings
from tests.tui.harness import (
    SIZES,
    Broken,
    Catalogue,
    Fed,
    lines,
    make,
    played,
    press,
    running,
    text,
)
from tui.networks import Practice
from tui.screens.walk import WalkScreen
from tui.widgets.rows import RowList

pytestmark = pytest.mark.every_frame

BAD = recordings.HOSTILE


def assert_harmless(shown: list[str]) -> None:
    """Nothing on the screen that a terminal would act on, and every line of its width."""
    for line in shown:
        for char in line:
            assert unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp"), repr(char)


@pytest.mark.parametrize("size", SIZES)
async def test_hostile_texts_everywhere(size: tuple[int, int]) -> None:
    app = make(played(recordings.hostile(), f"recording: {BAD}"))
    async with running(app, size) as pilot:
        assert_harmless(lines(app))
        for where in "12345":
            await press(pilot, where)
            assert_harmless(lines(app))
            screen = app.screen
            assert isinstance(screen, WalkScreen)
            for rows in screen.pane.query(RowList):
                every = rows.ids if size == (80, 24) else rows.ids[:3]
                for row in every:
                    rows.cursor = row
                    await pilot.pause()
                    assert_harmless(lines(app))
                    await press(pilot, "e") if where == "3" else None
                    assert_harmless(lines(app))
        assert app.is_running
        assert app.return_value is None


async def test_markup_and_escapes_are_shown_as_they_are() -> None:
    app = make(played(recordings.hostile()))
    async with running(app, (120, 36)) as pilot:
        await press(pilot, "down")
        shown = text(app)
        assert "[/x]" in shown
        assert "@click=app.quit" in shown
        assert "\\x1b" in shown
        assert "\\u202e" in shown


async def test_a_link_in_a_name_is_no_link() -> None:
    app = make(played(recordings.hostile()))
    async with running(app, (120, 36)) as pilot:
        await press(pilot, "down")
        at = next(
            (line.index("quit[/]"), y) for y, line in enumerate(lines(app)) if "quit[/]" in line
        )
        await pilot.click(offset=at)
        await pilot.pause()
        assert app.is_running
        assert app.return_value is None


async def test_hostile_texts_while_it_runs() -> None:
    fed = Fed(
        begun=(
            *recordings.MID_RUN,
            Progressed(61.0, CheckId.STUN, 1, 5, BAD, BAD),
            Progressed(61.0, CheckId.RELAY_TCP, -3, 0, BAD, BAD),
            CheckFinished(62.0, CheckId.LOCAL, CheckStatus.FAILED, BAD),
        )
    )
    app = make(fed)
    async with running(app):
        assert_harmless(lines(app))
        assert "broke off: [/x]" in text(app)


async def test_figures_out_of_range() -> None:
    begun = (
        *recordings.MID_RUN,
        Progressed(61.0, CheckId.STUN, 10**9, 5, "ask-relays", ""),
        Progressed(61.0, CheckId.RELAY_TCP, -7, 5, "connect", ""),
    )
    app = make(Fed(begun=begun))
    async with running(app):
        assert "UDP" in text(app)
        assert app.is_running


async def test_an_error_with_a_hostile_text() -> None:
    app = make(Broken(RuntimeError(BAD)))
    async with running(app):
        assert_harmless(lines(app))
        assert "RuntimeError: [/x]" in text(app)


async def test_practice_networks_with_hostile_descriptions() -> None:
    class Hostile(Catalogue):
        def practice(self) -> tuple[Practice, ...]:
            return (Practice("bad", BAD), Practice(BAD, BAD))

    app = make()
    app.networks = Hostile()
    async with running(app) as pilot:
        await press(pilot, "down", "down")
        assert_harmless(lines(app))
        assert "[/x]" in text(app)
        await press(pilot, "down")
        assert_harmless(lines(app))
        await press(pilot, "ctrl+p", "b", "a", "d")
        assert_harmless(lines(app))
        assert app.is_running


async def test_hostile_texts_masked() -> None:
    app = make(played(recordings.hostile()), privacy=True)
    async with running(app, (120, 36)) as pilot:
        for where in "2345":
            await press(pilot, where)
            assert_harmless(lines(app))
            assert "203.0.113.7" not in text(app) or "192.168.1.20" not in text(app)
