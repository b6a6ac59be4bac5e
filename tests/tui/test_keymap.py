"""The person's own keys, in the app."""

from __future__ import annotations

from tests.tui import recordings
from tests.tui.harness import Catalogue, played, press, running, step, text
from tui.app import WhyrelayApp
from tui.command import remap
from tui.keymap import parse
from tui.settings import Settings
from tui.state import Step
from tui.widgets.detail import Detail


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


async def test_the_words_name_the_persons_own_keys() -> None:
    app = make('retest = "R"\nnext = "Z"\nevidence = "f5"\nsystem = "S"\n')
    try:
        async with running(app, (120, 36)) as pilot:
            await press(pilot, "5")
            assert "test again (R): only what the change touches" in flat(app)
            assert "R test again" in text(app)
            await press(pilot, "3")
            assert "F5 evidence" in text(app)
            await press(pilot, "4")
            assert "(S changes it)" in text(app)
            assert "(w changes it)" in text(app)
            for step_ in "12345":
                await press(pilot, step_)
                assert "[[" not in text(app)
    finally:
        remap({})


def flat(app: WhyrelayApp) -> str:
    """What the panel on the right says, on one line."""
    return " ".join(app.screen.query_one("#proof", Detail).page.plain().split())


async def test_a_mistake_is_told_and_costs_nothing_else() -> None:
    app = make('nxt = "Z"\nretest = "R"\n')
    try:
        async with running(app) as pilot:
            assert "there is no command 'nxt'" in text(app)
            await press(pilot, "n")
            assert step(app) is Step.UNDERSTAND
    finally:
        remap({})
