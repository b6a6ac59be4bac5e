"""How the tests drive the app: sources that play, wait or break, and what is on the screen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from textual._context import visible_screen_stack
from textual.pilot import Pilot

from probes.events import Event
from probes.options import Options
from tests.tui import recordings
from tui import content
from tui.app import WhyrelayApp
from tui.content import QuestionId
from tui.networks import PRACTICE, Practice
from tui.session import Session
from tui.settings import Settings
from tui.sources import Replay, Source
from tui.state import Step

DIFFERS = content.question(QuestionId.MAPPING).lines["varies"][1]
"""The line of the mapping where ports differ."""
SIZES = ((60, 18), (80, 24), (120, 36))
HARD = "practice: hard-home"


@dataclass
class Fed:
    """A run whose events the test hands out, and which otherwise waits for ever."""

    title: str = HARD
    begun: Sequence[Event] = ()
    """Told at once."""
    queue: asyncio.Queue[Event] = field(default_factory=asyncio.Queue)
    runs: int = 0
    closed: int = 0

    async def run(self, options: Options) -> AsyncIterator[Event]:
        """The events so far, then each as it comes."""
        self.runs += 1
        try:
            for event in self.begun:
                yield event
            while True:
                yield await self.queue.get()
        finally:
            self.closed += 1


@dataclass
class Broken:
    """A run that breaks off."""

    error: Exception
    title: str = HARD
    begun: Sequence[Event] = ()

    async def run(self, options: Options) -> AsyncIterator[Event]:
        """Some events, then the error."""
        for event in self.begun:
            yield event
        raise self.error


PRACTICE_NETWORKS = (
    Practice("easy-home", "An ordinary home: the router keeps one port for all destinations."),
    Practice("hard-home", "A home router that picks a new port for every destination."),
    Practice("no-network", "A cable that leads nowhere: nothing answers."),
    Practice("open", "A server with a public address of its own."),
    Practice("stun-blocked", "UDP gets out, but not to the port on which relays answer."),
    Practice("two-wans", "Two internet lines, and a router that spreads traffic over both."),
    Practice("udp-blocked", "An office that lets only web traffic out."),
)
_RUNS = {
    "easy-home": recordings.EASY,
    "hard-home": recordings.HARD,
    "no-network": recordings.NO_NETWORK,
    "open": recordings.OPEN,
    "udp-blocked": recordings.UDP_BLOCKED,
}


@dataclass
class Catalogue:
    """Networks to choose from, all of them recordings."""

    here: Source = field(
        default_factory=lambda: Replay("this network", recordings.EASY, timed=False)
    )

    def this(self) -> Source:
        """The network of this device."""
        return self.here

    def practice(self) -> tuple[Practice, ...]:
        """A fixed list, so that pictures of it do not change with the program's own."""
        return PRACTICE_NETWORKS

    def open(self, name: str) -> Source:
        """A practice network."""
        return Replay(f"{PRACTICE}{name}", _RUNS.get(name, recordings.HARD), timed=False)


def played(events: Sequence[Event], title: str = HARD) -> Source:
    """A whole run, at once."""
    return Replay(title, events, timed=False)


def make(
    source: Source | None = None,
    *,
    here: Source | None = None,
    ascii: bool = False,  # noqa: A002 - the setting's own name
    privacy: bool = False,
    session: Session | None = None,
) -> WhyrelayApp:
    """The app on a source, without motion."""
    settings = Settings(
        source=source,
        ascii=ascii,
        privacy=privacy,
        reduced_motion=True,
        save=False,
        session=session or Session(),
    )
    return WhyrelayApp(settings, "0", Catalogue() if here is None else Catalogue(here))


@asynccontextmanager
async def running(app: WhyrelayApp, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Pilot[int]]:
    """The app on a screen of that size, settled."""
    async with app.run_test(size=size, notifications=True) as pilot:
        await settled(pilot)
        yield pilot


async def eventually(holds: Callable[[], bool], what: str = "it") -> None:
    """Wait until something holds; fail after five seconds."""
    for _ in range(500):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{what} never came to be")


async def settled(pilot: Pilot[int]) -> None:
    """Nothing more happens by itself."""
    app = pilot.app
    assert isinstance(app, WhyrelayApp)
    await pilot.pause()
    if not isinstance(app.conductor.source, Fed):
        await app.workers.wait_for_complete()
    await pilot.pause()


async def press(pilot: Pilot[int], *keys: str) -> None:
    """Keys, one after the other, each with all that follows from it."""
    for key in keys:
        await pilot.press(key)
        await pilot.pause()


def lines(app: WhyrelayApp) -> list[str]:
    """The text on the screen, line by line."""
    visible_screen_stack.set(app._background_screens)
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip) for strip in strips]


def text(app: WhyrelayApp) -> str:
    """The text on the screen."""
    return "\n".join(line.rstrip() for line in lines(app))


def step(app: WhyrelayApp) -> Step:
    """The step that is seen."""
    from tui.screens.walk import WalkScreen

    screen = app.screen
    assert isinstance(screen, WalkScreen)
    return screen.step
