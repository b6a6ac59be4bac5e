"""The question about a port: asked once, plainly, and only a plain yes counts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from probes.events import Event
from probes.options import Options
from tests.tui import recordings
from tests.tui.harness import HARD, SIZES, lines, make, running, settled
from tests.tui.screenshots import run_of
from tui import content
from tui.screens.consent import ConsentScreen


@dataclass
class Asked:
    """A source that notes how it was asked to measure."""

    title: str = HARD
    events: Sequence[Event] = field(default_factory=lambda: run_of("hard-home-upnp"))
    asked: list[Options] = field(default_factory=list)

    async def run(self, options: Options) -> AsyncIterator[Event]:
        """A whole run."""
        self.asked.append(options)
        for event in self.events:
            yield event

    @property
    def trials(self) -> list[bool]:
        return [options.map_test for options in self.asked]


@pytest.fixture(autouse=True, scope="module")
def measured() -> None:
    """Measured before a test's loop runs: a network whose router offers ports."""
    run_of("hard-home-upnp")


@pytest.mark.parametrize("size", SIZES)
async def test_yes_measures_again_with_a_trial_and_is_asked_once(size: tuple[int, int]) -> None:
    source = Asked()
    app = make(source)
    async with running(app, size) as pilot:
        assert source.trials == [False]
        await pilot.press("m")
        await settled(pilot)
        assert isinstance(app.screen, ConsentScreen)
        assert content.page("consent").title in "\n".join(lines(app))
        assert "Yes, try it" in "\n".join(lines(app))
        await pilot.press("y")
        await settled(pilot)
        assert source.trials == [False, True]
        await pilot.press("m")
        await settled(pilot)
        assert not isinstance(app.screen, ConsentScreen)
        assert source.trials == [False, True, True]


@pytest.mark.parametrize("size", SIZES)
async def test_it_can_be_read_to_its_end_with_the_keyboard(size: tuple[int, int]) -> None:
    app = make(Asked())
    last = content.plain(content.page("consent").sections["Who sees it"]).split()[-1]
    async with running(app, size) as pilot:
        await pilot.press("m")
        await settled(pilot)
        whole = last in "\n".join(lines(app))
        assert ("up, down: read on" in "\n".join(lines(app))) is not whole
        assert not whole or size[1] > 18
        for _ in range(24):
            await pilot.press("down")
        await settled(pilot)
        assert last in "\n".join(lines(app)), "to the last word"
        assert "Yes, try it" in "\n".join(lines(app)), "and the answers stay"
        for _ in range(4):
            await pilot.press("pageup")
        await settled(pilot)
        assert content.plain(content.page("consent").opening).split()[0] in "\n".join(lines(app))


@pytest.mark.parametrize("key", ["n", "escape", "enter", "q"])
async def test_everything_else_is_a_no(key: str) -> None:
    source = Asked()
    app = make(source)
    async with running(app) as pilot:
        await pilot.press("m")
        await settled(pilot)
        await pilot.press(key)
        await settled(pilot)
        assert not isinstance(app.screen, ConsentScreen)
        await pilot.press("r")
        await settled(pilot)
        assert source.trials == [False, False]


async def test_the_mouse_can_say_yes() -> None:
    source = Asked()
    app = make(source)
    async with running(app) as pilot:
        await pilot.press("m")
        await settled(pilot)
        await pilot.click("#yes")
        await settled(pilot)
        assert source.trials == [False, True]


@pytest.mark.parametrize(
    ("run", "why"),
    [
        ({"title": "this network"}, "--no-save forbids one"),
        ({"events": recordings.NO_NETWORK}, "there is nothing to try"),
        ({"events": recordings.HARD}, "there is nothing to try"),
    ],
    ids=["nothing may be written down", "no router", "a router that offers no ports"],
)
async def test_nobody_is_asked_where_no_port_can_be_tried(run: dict[str, Any], why: str) -> None:
    source = Asked(**run)
    app = make(source)
    async with running(app) as pilot:
        await pilot.press("m")
        await settled(pilot)
        assert not isinstance(app.screen, ConsentScreen)
        assert why in "\n".join(lines(app))
        assert source.trials == [False]
