"""The pictures in ``screenshots/``: the real app on practice networks, drawn again by a test.

``python -m tests.tui.screenshots`` writes them anew (``make screenshots``), or those that it names.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from textual.command import CommandPalette
from textual.events import Paste
from textual.widgets import OptionList

from probes.events import Event, Observed, RunFinished
from probes.network.simulated import load, run_virtual
from probes.options import Options
from probes.readings import stun
from tests.tui.harness import Broken, Catalogue, Fed, eventually, press, running, settled
from tests.tui.proving import Ahead
from tests.unit.tailscale.recorded import recorded
from tui.app import WhyrelayApp
from tui.fixing.keeper import Keeper
from tui.fixing.progress import HERE
from tui.masking import Masker
from tui.networks import PRACTICE, Everything, Networks
from tui.session import Session
from tui.settings import Settings
from tui.sources import Live, Replay, Source

FOLDER = Path(__file__).parents[2] / "screenshots"
ANSWERS_MID_RUN = 3
"""So many relays have answered in the pictures of a run under way."""

_REMOTE_FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
_IDS = re.compile(r"terminal-\d+-")


@dataclass(frozen=True)
class Picture:
    """One picture: which network, how far, which keys, how large."""

    network: str
    keys: tuple[str, ...]
    size: tuple[int, int]
    mid_run: bool = False
    light: bool = False
    peer: str = ""
    """The device that the run is for."""
    paste: str = ""
    """Put into the box once it is open; the recorded output of another device, by name."""
    then: tuple[str, ...] = ()
    """Keys after the paste."""
    proves: bool = False
    """On a network that can be changed and followed; the keys go on when its test is over."""
    looks: int = 0
    """So many looks at the paths are waited for."""
    here: bool = False
    """It is this device's own network, and commands can be run."""
    ran: int | None = None
    """The exit status of a command that is run for the person; None: none is."""
    moves: bool = False
    """From the second run on, the device is on another network."""
    begun: bool = False
    """A fix was begun before this start."""
    masked: bool = False
    ascii: bool = False
    lost: bool = False
    """The card loses its address while the run goes on."""
    broken: bool = False
    """The run breaks off once some relays have answered."""


WHEN = "2026-01-14T20:15:00Z"
"""What is kept was done then."""
DONE = "done"
"""Among the keys: wait until the test, or the ping, has come to its end."""
TINY, SMALL, LARGE = (60, 18), (80, 24), (120, 36)
_NETCHECK = "easy_easy.netcheck1.txt"
_PEER = ("3", "home", *("down",) * 5)
_TO_RUN = ("4", "enter", *("down",) * 3, "x")
_PROVED = ("5", *("down",) * 3, "z", "r", DONE)
PICTURES = {
    "prove-80x24": Picture("hard-home", _PROVED, SMALL, proves=True),
    "prove-120x36": Picture("hard-home", _PROVED, LARGE, proves=True),
    "prove-60x18": Picture("hard-home", _PROVED, TINY, proves=True),
    "prove-light-120x36": Picture("hard-home", _PROVED, LARGE, light=True, proves=True),
    "prove-same-80x24": Picture("hard-home", ("5", "r", DONE), SMALL, proves=True),
    "prove-ping-80x24": Picture("hard-home", (*_PROVED, "u", DONE), SMALL, proves=True),
    "prove-ping-120x36": Picture("hard-home", (*_PROVED, "u", DONE), LARGE, proves=True),
    "watch-80x24": Picture("back-and-forth", ("5", "f"), SMALL, proves=True, looks=14),
    "watch-120x36": Picture("back-and-forth", ("5", "f"), LARGE, proves=True, looks=14),
    "choose-80x24": Picture("easy-home", ("1", "home", "down", "down", "down", "down"), SMALL),
    "choose-120x36": Picture("easy-home", ("1", "home", "down", "down", "down", "down"), LARGE),
    "choose-60x18": Picture("easy-home", ("1", "home", "down", "down", "down", "down"), TINY),
    "choose-light-80x24": Picture("hard-home", ("1", "home", "down", "down"), SMALL, light=True),
    "choose-stopped-80x24": Picture("tailscale-stopped", ("1", "home", "down", "down"), SMALL),
    "choose-filter-80x24": Picture("hard-home", ("1", "slash", *"home"), SMALL),
    "open-80x24": Picture("hard-home", ("1", "o"), SMALL, paste=_NETCHECK),
    "open-120x36": Picture("hard-home", ("1", "o"), LARGE, paste=_NETCHECK),
    "events-80x24": Picture("hard-home", ("l", *("down",) * 30), SMALL),
    "events-120x36": Picture("hard-home", ("l", *("down",) * 30), LARGE),
    "measure-plot-80x24": Picture("ipv6-works", ("d",), SMALL),
    "measure-60x18": Picture("hard-home", ("down", "down"), TINY, mid_run=True),
    "measure-done-60x18": Picture("hard-home", ("down", "down"), TINY),
    "measure-done-120x36": Picture("hard-home", ("down", "down"), LARGE),
    "measure-light-120x36": Picture("hard-home", ("down", "down"), LARGE, mid_run=True, light=True),
    "understand-peer-80x24": Picture("hard-home", _PEER, SMALL, peer="home-nas"),
    "understand-peer-120x36": Picture("hard-home", _PEER, LARGE, peer="home-nas"),
    "understand-peer-60x18": Picture("hard-home", _PEER, TINY, peer="home-nas"),
    "understand-carrier-80x24": Picture("cgnat", ("3",), SMALL),
    "understand-both-120x36": Picture(
        "hard-home", ("3", "a"), LARGE, paste=_NETCHECK, then=("enter", "down")
    ),
    "understand-elsewhere-80x24": Picture(
        "hard-home", ("1", "o"), SMALL, paste=_NETCHECK, then=("enter",)
    ),
    "other-side-80x24": Picture("hard-home", ("3", *("down",) * 5), SMALL),
    "measure-80x24": Picture("hard-home", ("down", "down"), SMALL, mid_run=True),
    "measure-120x36": Picture("hard-home", ("down", "down"), LARGE, mid_run=True),
    "understand-easy-80x24": Picture("easy-home", ("3",), SMALL),
    "understand-easy-120x36": Picture("easy-home", ("3",), LARGE),
    "understand-hard-80x24": Picture("hard-home", ("3",), SMALL),
    "understand-hard-120x36": Picture("hard-home", ("3",), LARGE),
    "understand-hard-light-120x36": Picture("hard-home", ("3",), LARGE, light=True),
    "evidence-120x36": Picture("hard-home", ("3", "e"), LARGE),
    "fix-80x24": Picture("hard-home", ("4", "enter", "space", "space"), SMALL),
    "fix-60x18": Picture("hard-home", ("4", "i"), TINY),
    "fix-steps-60x18": Picture("hard-home", ("4", "enter", "space"), TINY),
    "fix-120x36": Picture("hard-home", ("4", "space", "space"), LARGE),
    "fix-light-120x36": Picture("hard-home", ("4", "i", "space"), LARGE, light=True),
    "fix-system-80x24": Picture("hard-home", ("4", "s"), SMALL),
    "fix-command-80x24": Picture("hard-home", ("4", "enter", *("down",) * 3, "v"), SMALL),
    "consent-80x24": Picture("hard-home-upnp", ("m",), SMALL),
    "consent-light-80x24": Picture("hard-home-upnp", ("m",), SMALL, light=True),
    "evidence-80x24": Picture("hard-home", ("3", "e"), SMALL),
    "fix-run-80x24": Picture("hard-home", _TO_RUN, SMALL, here=True),
    "fix-run-timed-80x24": Picture("own-firewall", ("4", "enter", "x"), SMALL, here=True),
    "fix-ran-80x24": Picture("hard-home", (*_TO_RUN, "y"), SMALL, here=True, ran=0),
    "fix-ran-badly-80x24": Picture("hard-home", (*_TO_RUN, "y"), SMALL, here=True, ran=1),
    "fix-moved-80x24": Picture(
        "hard-home", ("4", "space", "r", DONE), SMALL, here=True, moves=True
    ),
    "go-on-80x24": Picture("hard-home", ("home",), SMALL, begun=True),
    "palette-80x24": Picture("hard-home", ("3", "ctrl+p", *"test"), SMALL),
    "palette-light-80x24": Picture("hard-home", ("3", "ctrl+p", *"test"), SMALL, light=True),
    "masked-80x24": Picture("hard-home", ("3",), SMALL, masked=True),
    "masked-120x36": Picture("hard-home", ("2", "down", "down"), LARGE, masked=True),
    "lost-80x24": Picture("hard-home", ("3",), SMALL, lost=True),
    "broke-off-80x24": Picture("hard-home", (), SMALL, broken=True),
    "keys-80x24": Picture("hard-home", ("3", "f1"), SMALL),
    "glossary-80x24": Picture("hard-home", ("3", "ctrl+p", *"glossary", "enter"), SMALL),
    "fix-router-80x24": Picture("hard-home", ("4", "w"), SMALL),
    "fix-anew-80x24": Picture(
        "hard-home", ("4", "space", "ctrl+p", *"begin the fixes anew", "enter"), SMALL
    ),
    "sent-80x24": Picture("hard-home", ("3", "f1", "down"), SMALL),
    "ascii-80x24": Picture("hard-home", ("3",), SMALL, ascii=True),
    "help-80x24": Picture("hard-home", ("3", "question_mark"), SMALL),
    "help-120x36": Picture("hard-home", ("3", "question_mark"), LARGE),
    "help-light-80x24": Picture("hard-home", ("3", "question_mark"), SMALL, light=True),
    "help-60x18": Picture("hard-home", ("3", "question_mark"), TINY),
}


@cache
def run_of(network: str, peer: str = "") -> tuple[Event, ...]:
    """A whole run on a practice network. Its clock is virtual and its dice are seeded."""

    async def run() -> tuple[Event, ...]:
        source = Live(network, lambda: load(network))
        return tuple([event async for event in source.run(Options(peer=peer))])

    return run_virtual(run())


LOST_AFTER_S = 0.1
"""Some relays have answered by then, and others have not."""


@cache
def lost_run_of(network: str) -> tuple[Event, ...]:
    """A run during which the device loses its network."""

    async def run() -> tuple[Event, ...]:
        made = load(network)

        def lose() -> None:
            for face in made.host.interfaces:
                face.shape, face.gateways = replace(face.shape, up=False, addresses=()), ()

        asyncio.get_running_loop().call_later(LOST_AFTER_S, lose)
        return tuple([event async for event in Live(network, lambda: made).run(Options())])

    return run_virtual(run())


@dataclass
class Moving:
    """A run, and the same one on another network whenever it is run again."""

    title: str
    events: Sequence[Event]
    runs: int = 0

    async def run(self, options: Options) -> AsyncIterator[Event]:
        """All of it, at once."""
        self.runs += 1
        for event in self.events:
            if self.runs > 1 and isinstance(event, RunFinished):
                yield replace(event, network_id="feedfeed")
            else:
                yield event


def until_answers(events: Sequence[Event], count: int) -> tuple[Event, ...]:
    """A run as far as the relays' first `count` answers."""
    for at, event in enumerate(events):
        if isinstance(event, Observed) and event.key == stun.ANSWERS4.id:
            value = getattr(event.reading, "value", ())
            if len(value) >= count:
                until = event.at_ms
                return tuple(each for each in events[: at + 20] if each.at_ms <= until)
    raise ValueError(f"the run has no {count} answers")


def draw(picture: Picture) -> str:
    """The picture, as SVG: the same on every machine."""
    events, title = run_of(picture.network, picture.peer), f"{PRACTICE}{picture.network}"
    source: Source
    if picture.here:
        title = HERE
    if picture.lost:
        events = lost_run_of(picture.network)
    if picture.broken:
        unreachable = OSError("the network is unreachable")
        source = Broken(unreachable, title, until_answers(events, ANSWERS_MID_RUN))
    elif picture.proves:
        source = Ahead(picture.network)
    elif picture.moves:
        source = Moving(title, events)
    elif picture.mid_run:
        source = Fed(title, until_answers(events, ANSWERS_MID_RUN))
    else:
        source = Replay(title, events, timed=False)
    return asyncio.run(_draw(picture, source))


async def _draw(picture: Picture, source: Source) -> str:
    options = Options(map_test=picture.proves, peer=picture.peer)
    settings = Settings(
        options,
        None if picture.begun else source,
        reduced_motion=True,
        privacy=picture.masked,
        ascii=picture.ascii,
        save=picture.begun,
        session=Session(),
    )
    networks: Networks = Catalogue() if picture.begun else Everything()
    app = WhyrelayApp(settings, "0", networks, masker=Masker(b"the key of the pictures"))
    with _surroundings(picture, app):
        return await _drawn(picture, app)


@contextmanager
def _surroundings(picture: Picture, app: WhyrelayApp) -> Iterator[None]:
    """What a picture would else take from the computer on which it is drawn."""
    with ExitStack() as stack:
        if picture.here:
            able = patch("tui.screens.fix_run.can_step_aside", lambda _app: True)
            stack.enter_context(able)
            stack.enter_context(patch("tui.fixing.offer.root_now", lambda: (False, True)))
        if picture.ran is not None:
            ended = (picture.ran, 0)
            stack.enter_context(patch("tui.screens.fix_run.run_aside", lambda _app, _job: ended))
            stack.enter_context(patch("tui.screens.fix_run.now", lambda: WHEN))
        if picture.begun:
            folder = Path(stack.enter_context(TemporaryDirectory()))
            app._keeper = Keeper(folder, clock=lambda: WHEN)
            way = "port-mapping:this"
            progress = app._keeper.open(f"{PRACTICE}{picture.network}", "")
            progress = replace(progress, cause="hard-nat", way=way)
            app._keeper.change(progress.with_tick(way, "router-settings", True))
        yield


async def _drawn(picture: Picture, app: WhyrelayApp) -> str:
    async with running(app, picture.size) as pilot:
        if picture.light:
            await press(pilot, "t")
        for key in picture.keys:
            if key == DONE:
                await over(app)
                await pilot.pause()
                app.clear_notifications()
                await pilot.pause()
            else:
                await press(pilot, key)
        if picture.broken:
            await over(app)
            await settled(pilot)
        if picture.looks:
            await eventually(lambda: app.following.history.looks >= picture.looks, "the looks")
            app.clear_notifications()
            await pilot.pause()
        if isinstance(app.screen, CommandPalette):
            found = app.screen.query_one(OptionList)
            await eventually(lambda: found.option_count > 0, "the actions")
            await settled(pilot)  # the first ones come before the best
        if picture.paste:
            app.screen.query_one("#paste").post_message(Paste(recorded(picture.paste)))
            await pilot.pause()
            await press(pilot, *picture.then)
            await settled(pilot)
        svg = app.export_screenshot(title="whyrelay", simplify=True)
    return _IDS.sub("terminal-", _REMOTE_FONTS.sub("", svg))


async def over(app: WhyrelayApp) -> None:
    """Wait until nothing is tested any more, and a direct answer came if there are pings."""

    def still() -> bool:
        follows = app.following
        if any(worker.group == "run" and not worker.is_finished for worker in app.workers):
            return False
        return app.measurement.closed and (not follows.pinging or follows.result == "direct")

    for _ in range(10):
        with suppress(AssertionError):
            await eventually(still)
            return


def main() -> int:
    """Write them all, or those that are named."""
    for name in ("NO_COLOR", "COLORFGBG"):  # how it looks is not for this terminal to say
        os.environ.pop(name, None)
    FOLDER.mkdir(exist_ok=True)
    for name in sys.argv[1:] or PICTURES:
        path = FOLDER / f"{name}.svg"
        path.write_text(draw(PICTURES[name]), "utf-8")
        sys.stdout.write(f"{path.name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
