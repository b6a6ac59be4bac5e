"""The person's own keys, in the app."""

from __future__ import annotations

from tests.tui import recordings
from tests.tui.harness import Catalogue, played, press, running, step, text
from tui.app import WhyrelayApp
from tui.commands import remap
from tui.keymap import parse
from tui.settings import Settings
from tui.state import Step


def make(text: str) -> WhyrelayApp:
    settings = Settings(source=played(recordings.HARD), reduced_motion=True, save=False)
    return WhyrelayApp(settings, "0", Catalogue(), parse(text))


async def test_own_keys_work_and_are_shown() -> None:
    app = make('next = "Z"\nquit = "Y"\nglossary = "W"\npalette = "f4"\n')
    try:
        async with running(app) as pilot:
            assert "Z Next" in text(app)
            await press(pilot, "n")
            assert step(app) is Step.MEASURE, "the usual key is free again"
            await press(pilot, "Z")
            assert step(app) is Step.UNDERSTAND
            await press(pilot, "W")
            assert "Glossary" in text(app) or "glossary" in text(app)
            await press(pilot, "escape", "f1")
            assert "next" in text(app)
            await press(pilot, "escape", "Y")
        assert app.return_value == 0
    finally:
        remap({})


async def test_a_mistake_is_told_and_costs_nothing_else() -> None:
    app = make('nxt = "Z"\nretest = "R"\n')
    try:
        async with running(app) as pilot:
            assert "there is no command 'nxt'" in text(app)
            await press(pilot, "n")
            assert step(app) is Step.UNDERSTAND
    finally:
        remap({})
