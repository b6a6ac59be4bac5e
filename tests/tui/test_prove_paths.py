"""Prove shows the paths: pings before one's eyes, the watch, and what came of a change."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator

import pytest

from probes.options import Options
from probes.readings.tailscale import PEERS, PINGS, PeerPath, PeerPing
from probes.report import reduce, report_of
from probes.tailscale.history import History, added
from probes.tailscale.watch import Look
from tests.tui import recordings
from tests.tui.harness import lines, played, press, running, step, text
from tests.tui.prover import (
    FORWARD,
    PORT,
    calm,
    look_at,
    page,
    patiently,
    pretend,
    prover,
    rows,
    until_over,
)
from tests.tui.proving import Ahead, Late, looks_of
from tests.tui.recordings import HARD
from tui import content
from tui.app import WhyrelayApp
from tui.content import plain
from tui.peers import peers_of
from tui.screens import prove_live as live
from tui.state import Step
from tui.widgets.page import Page

pytestmark = pytest.mark.usefixtures("no_hurry")


async def test_what_turns_direct_a_moment_after_the_test_is_told_anew() -> None:
    source = Late("hard-home")
    app = prover(source, map_test=False)
    follow = " ".join(plain(content.proof("paths follow")).split())
    async with running(app, (120, 36)) as pilot:
        await until_over(pilot, app)
        await press(pilot, "5")
        await pretend(pilot, app, PORT)
        told = " ".join(page(app).split())
        assert "It depends" in told
        assert follow in told
        assert "Turned direct" not in told
        source.found.set()
        await patiently(lambda: "Turned direct" in page(app), "the paths that came of it")
        await patiently(lambda: not app.following.looking_after, "the end of the looks")
        await calm(pilot)
        told = " ".join(page(app).split())
        assert "Turned direct since: home-nas and office-desktop" in told
        assert follow not in told
        assert "offers to open ports now" in told
        shown = text(app)
        assert re.search(r"home-nas +relayed via fra → direct", shown)


async def test_pings_go_from_relay_to_direct_before_one_s_eyes() -> None:
    app = prover(Ahead("hard-home"))
    async with running(app, (120, 36)) as pilot:
        await until_over(pilot, app)
        await press(pilot, "5", "u")
        await patiently(lambda: app.following.result == "derp", "ten seconds without an answer")
        await calm(pilot)
        assert app.following.peer is not None
        assert app.following.peer.name == "home-nas", "a relayed one comes first"
        told = page(app)
        assert "ten seconds went by without a direct answer" in " ".join(told.split())
        assert "○○○○○○○○○○○○" in told
        await press(pilot, "u")
        await patiently(lambda: not app.following.pinging, "the end of the pings")
        await pretend(pilot, app, FORWARD)
        await press(pilot, "u")
        await patiently(lambda: app.following.result == "direct", "a direct answer")
        await calm(pilot)
        told = page(app)
        assert "○○○✓" in told
        assert "45.83.242.21:50813" in told
        assert "home-nas: direct." in text(app), "it is told"


async def test_the_watch_tells_of_flips_on_whichever_step() -> None:
    app = prover(Ahead("back-and-forth"))
    async with running(app, (120, 36)) as pilot:
        await until_over(pilot, app)
        await press(pilot, "f")
        assert step(app) is Step.PROVE
        await press(pilot, "3")
        await patiently(lambda: app.following.history.looks >= 14, "a minute of looks")
        await calm(pilot)
        assert step(app) is Step.UNDERSTAND
        await press(pilot, "5")
        told = page(app)
        assert "home-nas: relayed → direct (45.83.242.21:50813)" in told
        assert "office-desktop: direct → via peer relay" in " ".join(told.split())
        assert "━" in told
        await press(pilot, "f")
        await patiently(lambda: not app.following.watching, "the end of the watch")
        assert "home-nas" in page(app), "what was seen stays"
        assert "It goes on until" not in page(app)
        assert "It is stopped." in page(app)
        assert "f watch ─╯" in text(app)


def test_one_look_that_misses_a_heartbeat_shows_no_other_path() -> None:
    history = History()
    for look in looks_of("back-and-forth", ()):
        history = added(history, look)
        if history.doubted:
            break
    (key,) = history.doubted
    assert history.look is not None
    (missed,) = (each for each in history.look.peers if each.key == key)
    assert missed.path is not PeerPath.DIRECT
    blocks = live.watch(history, of="", watching=True, able=True, mask=str)
    (line,) = (each for each in Page(blocks).plain().splitlines() if missed.name in each)
    assert line.rstrip().endswith("━  ✓ direct")


def test_the_end_of_a_line_is_the_path_that_stands_beside_it() -> None:
    history = History()
    for look in looks_of("back-and-forth", ()):
        history = added(history, look)
        if any(each.flips for each in history.moments):
            break
    blocks = live.watch(history, of="", watching=True, able=True, mask=str)
    (line,) = (each for each in Page(blocks).plain().splitlines() if "home-nas  " in each)
    assert line.endswith("·━  ✓ direct")


class Missed(Ahead):
    """Looks up to the first one that misses a heartbeat, then silence."""

    async def looks(self, options: Options) -> AsyncGenerator[Look, None]:
        """Those."""
        history = History()
        for each in looks_of(self.name, self.done):
            history = added(history, each)
            yield each
            if history.doubted:
                break
        await asyncio.Event().wait()


@pytest.fixture
def looked_ahead() -> None:
    """The looks are there before the app runs: they have a clock, so a loop, of their own."""
    looks_of("back-and-forth", ())


@pytest.mark.usefixtures("looked_ahead")
async def test_a_missed_heartbeat_is_no_other_path_in_the_list_either() -> None:
    app = prover(Missed("back-and-forth"))
    async with running(app, (120, 36)) as pilot:
        await until_over(pilot, app)
        await press(pilot, "f")
        await patiently(lambda: bool(app.following.history.doubted), "a look without the path")
        await calm(pilot)
        (key,) = app.following.history.doubted
        seen = {each.key: each.path for each in app.peers_now(app.measurement)}
        assert seen[key] is PeerPath.DIRECT


@pytest.mark.parametrize("privacy", [False, True])
async def test_what_was_seen_last_of_a_path_is_shown_everywhere(privacy: bool) -> None:
    """The list of Prove, the one of Choose and the line on top say what the last ping said."""
    app = prover(Ahead("easy-home"), privacy=privacy)
    async with running(app, (120, 36)) as pilot:
        await until_over(pilot, app)
        phone = next(each for each in app.peers_now(app.measurement) if each.system == "android")
        await press(pilot, "1")
        assert f"○ {phone.name}" in text(app)
        assert app.conductor.source is not None
        app.conductor.look(app.conductor.source, "100.71.8.44")
        await until_over(pilot, app)
        await press(pilot, "5")
        assert " · idle" in lines(app)[0] or " · relayed" in lines(app)[0]
        await press(pilot, "u")
        await patiently(lambda: app.following.result == "derp", "ten seconds on the relay")
        await calm(pilot)
        assert app.measurement.report.value(PEERS) is not None
        assert " · relayed via nyc" in lines(app)[0]
        assert re.search(rf"✗ {phone.name} +relayed via nyc", text(app))
        await press(pilot, "1")
        assert re.search(rf"✗ {phone.name} +relayed via nyc", text(app))
        await press(pilot, "r")
        await until_over(pilot, app)
        await press(pilot, "1")
        assert re.search(rf"○ {phone.name} +idle", text(app)), "what is measured anew is newer"


async def test_the_paths_that_come_of_a_change_show_without_being_asked_for() -> None:
    app = prover(Ahead("hard-home"))
    async with running(app, (120, 36)) as pilot:
        await until_over(pilot, app)
        await press(pilot, "5")
        assert re.search(r"✗ home-nas +relayed via", text(app))
        await pretend(pilot, app, FORWARD)
        assert app.following.history.looks == 0, "nobody watches"

        def reached() -> bool:
            return any(
                peer.name == "home-nas" and peer.path is PeerPath.DIRECT
                for peer in app.peers_now(app.measurement)
            )

        await patiently(reached, "home-nas to be direct")
        await calm(pilot)
        assert re.search(r"✓ home-nas +direct", text(app))


def test_what_pings_of_the_run_showed_is_the_path() -> None:
    (nas, media, *_) = recordings.DEVICES
    ledger = report_of(recordings.tailnet(recordings.HARD, (nas, media)))
    assert peers_of(ledger) is ledger.value(PEERS), "nothing is newer"
    relayed = PeerPing(nas.name, PeerPath.DERP, "fra", 10, None)
    reached = PeerPing(nas.name, PeerPath.DIRECT, "192.0.2.7:41641", 2, 3000.0)
    for ping, path in ((relayed, nas.path), (reached, PeerPath.DIRECT)):
        told = reduce(ledger, recordings.known(PINGS, (ping,), 5.0))
        first, other = peers_of(told)
        assert (first.path, other) == (path, media)
    assert first.via == "192.0.2.7:41641"


async def test_a_watch_goes_on_over_a_change_that_is_pretended() -> None:
    app = prover(Ahead("hard-home"))
    async with running(app, (120, 36)) as pilot:
        await until_over(pilot, app)
        await press(pilot, "f")
        await patiently(lambda: app.following.history.looks >= 14, "a minute of looks")
        before = app.following.history.looks
        await pretend(pilot, app, FORWARD)
        await patiently(lambda: app.following.history.looks >= before + 14, "another one")
        await calm(pilot)
        flips = [each for each in app.following.history.moments if each.flips]
        assert {each.after for each in flips} == {"direct"}
        assert app.following.watching
        last = app.following.history.look
        assert last is not None
        seen = {each.name: each.path for each in last.peers}
        assert seen["home-nas"] == "direct"


async def test_a_flip_rings(monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[int] = []
    monkeypatch.setattr(WhyrelayApp, "bell", lambda self: rung.append(1))
    app = prover(Ahead("back-and-forth"))
    async with running(app) as pilot:
        await until_over(pilot, app)
        await press(pilot, "f")
        await patiently(lambda: app.following.history.looks >= 14, "a minute of looks")
    assert len(rung) == 4


async def test_a_recording_has_nobody_to_ping_or_watch() -> None:
    app = prover(played(HARD))
    async with running(app) as pilot:
        await press(pilot, "5", "u")
        assert "no peer to ping" in " ".join(text(app).split())
        await press(pilot, "f")
        assert "nothing to watch" in " ".join(text(app).split())
        await press(pilot, "z")
        assert "nothing to pretend" in " ".join(text(app).split())


async def test_who_chooses_another_device_has_done_with_the_one_before() -> None:
    app = prover(Ahead("easy-home"))
    async with running(app, (120, 36)) as pilot:
        await until_over(pilot, app)
        await look_at(pilot, app, "home-nas")
        await press(pilot, "u")
        assert app.following.pinging
        assert rows(app).cursor.startswith("peer:")
        await press(pilot, "1", "5")
        assert app.following.pinging, "going elsewhere ends nothing"
        await look_at(pilot, app, "rented-server")
        await press(pilot, "5")
        await calm(pilot)
        assert not app.following.pinging
        assert rows(app).cursor == "result"


async def test_a_watch_goes_on_while_another_network_is_looked_at() -> None:
    app = prover(Ahead("back-and-forth"))
    async with running(app, (120, 36)) as pilot:
        await until_over(pilot, app)
        await press(pilot, "f")
        await patiently(lambda: app.following.history.looks >= 14, "looks")
        app.conductor.measure(Ahead("open"))
        await until_over(pilot, app)
        await press(pilot, "home", "down")
        assert app.following.watching
        assert "practice: back-and-forth" in page(app)
