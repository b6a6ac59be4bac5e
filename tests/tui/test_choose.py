"""Choose: the devices of the tailnet, why there are none, and ten thousand of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import field

import pytest
from textual.events import Key

from probes.diagnosis.model import Verdict
from probes.events import CheckFinished, CheckStarted, Event, RunFinished, RunStarted
from probes.model import CheckId, CheckStatus, Reason
from probes.network.seam import Network
from probes.options import Options
from probes.readings import stun, tailscale
from probes.readings.tailscale import Backend, Peer, PeerPath
from probes.values import dataclass
from tests.tui import recordings
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
from tests.tui.test_hostile import assert_harmless
from tui import content
from tui.app import WhyrelayApp
from tui.commands import key_of
from tui.screens.choose import OPEN, THIS
from tui.screens.devices import TAILNET
from tui.sources import Live
from tui.state import Step
from tui.widgets.detail import Detail
from tui.widgets.filter import Filter
from tui.widgets.rows import RowList

HERE = "this network"


def rows_of(app: WhyrelayApp) -> RowList:
    """The list."""
    return app.screen.query_one("#network-rows", RowList)


def said(app: WhyrelayApp) -> str:
    """The words beside it."""
    return app.screen.query_one("#network-detail", Detail).page.plain()


def on(devices: tuple[Peer, ...] = recordings.DEVICES) -> WhyrelayApp:
    """The app on a device of a tailnet."""
    return make(here=played(recordings.tailnet(recordings.HARD, devices), HERE))


@pytest.mark.parametrize("size", SIZES)
async def test_devices_are_listed_with_their_path_relayed_ones_first(size: tuple[int, int]) -> None:
    app = on()
    async with running(app, size) as pilot:
        rows = rows_of(app)
        shown = [line for line in lines(app) if "│" in line]
        first = next(at for at, line in enumerate(shown) if "6 devices, 2 relayed" in line)
        assert "home-nas" in shown[first + 1]
        assert "relayed via fra" in shown[first + 1]
        assert "✗ media-box" in shown[first + 2]
        paths = [rows.ids[at] for at in range(2, 8)]
        assert len(paths) == len(recordings.DEVICES)
        await press(pilot, "down", "down", "down")
        for name in ("media-box", "office-pc", "laptop", "phone", "old-tablet"):
            assert app.screen.query_one("#network-detail").border_title == name
            assert len(said(app)) > 40
            await press(pilot, "down")


async def test_no_row_is_taken_for_another_that_has_the_same_name() -> None:
    """A practice network is called "open", and so might be what opens a file."""
    app = on()
    async with running(app) as pilot:
        rows = rows_of(app)
        names = [row.id for row in rows._rows if row.id]
        assert len(names) == len(set(names))
        assert "practice:open" in names
        assert OPEN in names
        await press(pilot, "home", "down")
        assert rows.cursor == OPEN
        here = next(line for line in lines(app) if "▌" in line)
        assert "Another device" in here
        await press(pilot, "down")
        assert rows.ids.index(rows.cursor) == rows.ids.index(OPEN) + 1
        rows.cursor = "practice:open"
        await press(pilot, "enter")
        await settled(pilot)
        assert app.measurement.title == "practice: open"


@pytest.mark.parametrize("size", SIZES)
async def test_choosing_a_device_asks_about_the_two_of_them(size: tuple[int, int]) -> None:
    app = on()
    async with running(app, size) as pilot:
        await press(pilot, "down", "down", "enter")
        await settled(pilot)
        assert step(app) is Step.MEASURE
        assert app.measurement.chosen is not None
        assert app.measurement.chosen.name == "home-nas"
        assert "home-nas · relayed via fra" in lines(app)[0]
        await press(pilot, "1")
        assert rows_of(app).cursor == "peer:0", "it begins on the device that is looked at"
        await press(pilot, "home", "enter")
        await settled(pilot)
        assert app.measurement.peer == "", "this network alone again"
        assert HERE in lines(app)[0]


async def test_the_next_run_is_told_which_device_is_meant() -> None:
    asked: list[str] = []
    run = recordings.tailnet(recordings.HARD)

    class Listening(Fed):
        async def run(self, options):  # type: ignore[no-untyped-def]
            asked.append(options.peer)
            for event in run:
                yield event

    app = make(here=Listening(HERE))
    async with running(app) as pilot:
        await press(pilot, "down", "down", "enter", "r")
        await settled(pilot)
        assert asked == ["", "100.100.0.1"]
        assert app.measurement.chosen is not None


@dataclass(frozen=True)
class Watched(Live):
    """A network that can be measured again; what each run was asked is written down."""

    asked: list[Options] = field(default_factory=list)

    def run(self, options: Options) -> AsyncIterator[Event]:
        """The whole run, or Tailscale's part with what ten seconds of pings tell."""
        self.asked.append(options)
        return self._told(options)

    async def _told(self, options: Options) -> AsyncIterator[Event]:
        if not options.only:
            for event in recordings.tailnet(recordings.HARD):
                yield event
            return
        (nas, *_) = recordings.DEVICES
        yield RunStarted(0.0, "2026-03-01T09:01:00.000Z", (CheckId.TAILSCALE,), (), "real")
        yield CheckStarted(0.1, CheckId.TAILSCALE, 15000.0)
        yield recordings.known(tailscale.PEERS, recordings.DEVICES, 5.0)
        choice = tailscale.PeerChoice(options.peer, (nas,), ())
        yield recordings.known(tailscale.CHOSEN, choice, 5.0)
        ping = tailscale.PeerPing("home-nas", PeerPath.DERP, "fra", 10, None)
        yield recordings.known(tailscale.PINGS, (ping,), 10_000.0, "tailscale ping")
        yield CheckFinished(10_000.0, CheckId.TAILSCALE, CheckStatus.DONE)
        yield RunFinished(10_001.0, "5f1c", False)


def _none() -> Network:
    raise AssertionError("nothing is measured in earnest")


async def test_a_chosen_device_is_pinged_and_the_rest_of_the_report_is_kept() -> None:
    here = Watched(HERE, _none)
    app = make(here=here)
    async with running(app) as pilot:
        await press(pilot, "down", "down", "enter")
        await settled(pilot)
        await settled(pilot)
        assert [(each.peer, bool(each.only)) for each in here.asked] == [
            ("", False),
            ("100.100.0.1", True),
        ]
        assert CheckId.TAILSCALE in here.asked[1].only
        report = app.measurement.report
        assert report.value(tailscale.PINGS)
        assert report.value(stun.VARIES4) is True, "measured before, and kept"
        assert app.screen.query_one("#checks", RowList).cursor == "tailscale"
        assert app.measurement.diagnosis.verdict is Verdict.RELAYED
        await press(pilot, "1", "enter", "1", "home", "enter")
        await settled(pilot)
        assert len(here.asked) == 2, "once is enough"


async def test_no_device_is_pinged_whose_path_needs_no_watching() -> None:
    here = Watched(HERE, _none)
    app = make(here=here)
    async with running(app) as pilot:
        for name in ("laptop", "old-tablet"):
            await press(pilot, "1", "slash", *name, "enter")
            await settled(pilot)
            assert app.measurement.chosen is not None
            await press(pilot, "1", "slash", "escape")
        assert len(here.asked) == 1


async def test_devices_are_there_before_the_run_is_over() -> None:
    begun = recordings.tailnet(recordings.MID_RUN)
    app = make(here=Fed(HERE, begun))
    async with running(app) as pilot:
        assert "6 devices, 2 relayed" in text(app)
        await press(pilot, "down", "down", "enter")
        assert "home-nas" in lines(app)[0]
        assert app.measurement.running, "the run goes on as it was"


STATES = [each for each in Backend if each is not Backend.RUNNING]


@pytest.mark.parametrize("state", STATES)
async def test_a_tailscale_that_is_not_there_is_told_with_what_to_do(state: Backend) -> None:
    run = recordings.with_tailscale(recordings.HARD, recordings.known(tailscale.STATE, state, 8.0))
    app = make(here=played(run, HERE))
    async with running(app) as pilot:
        words = content.tailnet(state)
        assert content.plain(words.label)[:30] in text(app)
        rows_of(app).cursor = TAILNET
        await pilot.pause()
        assert "Next" in said(app)
        wanted = content.plain(content.keyed(words.next_step, key_of)).replace("`", "")
        assert " ".join(wanted.split())[:40] in " ".join(said(app).split())


@pytest.mark.parametrize(
    ("events", "which"),
    [
        ((recordings.unknown(tailscale.STATE, Reason.TIMED_OUT, 8.0),), "hangs"),
        ((recordings.unknown(tailscale.STATE, Reason.NO_RIGHTS, 8.0),), "no-rights"),
        (
            (
                recordings.known(tailscale.STATE, Backend.RUNNING, 8.0),
                recordings.known(tailscale.PEERS, (), 8.0),
            ),
            "alone",
        ),
    ],
)
async def test_what_else_can_keep_the_devices_away(events: tuple[object, ...], which: str) -> None:
    run = recordings.with_tailscale(recordings.HARD, *events)  # type: ignore[arg-type]
    app = make(here=played(run, HERE))
    async with running(app, (120, 36)):
        assert content.plain(content.tailnet(which).label) in text(app)


async def test_asking_is_said_while_it_is_asked() -> None:
    app = make(here=Fed(HERE, recordings.with_tailscale(recordings.MID_RUN)))
    async with running(app):
        assert content.tailnet("asking").label in text(app)


async def test_nothing_is_said_of_tailscale_where_it_was_not_asked() -> None:
    app = make()
    async with running(app):
        assert TAILNET not in rows_of(app).ids


async def test_filter_finds_devices_by_name_path_system_and_address() -> None:
    app = on()
    async with running(app) as pilot:
        rows = rows_of(app)
        await press(pilot, "slash")
        for typed, name in (("via nyc", "media-box"), ("100.100.0.6", "phone"), ("offli", "old-")):
            app.screen.query_one("Filter").value = typed  # type: ignore[attr-defined]
            await pilot.pause()
            found = [row for row in rows.ids if row.startswith("peer:")]
            assert len(found) >= 1, typed
            assert any(name in line for line in lines(app)), typed
        await press(pilot, "escape")
        assert len([row for row in rows.ids if row.startswith("peer:")]) == 6


async def test_what_is_typed_in_one_breath_with_the_slash_is_typed_into_the_filter() -> None:
    """Else its letters are commands: o opens a file, q quits."""
    app = on()
    async with running(app) as pilot:
        await settled(pilot)
        for key, sign in (("slash", "/"), *((letter, letter) for letter in "hard"), ("slash", "/")):
            app.post_message(Key(key, sign))
        await settled(pilot)
        assert app.screen.query_one(Filter).value == "hard/"


async def test_a_filter_that_hides_what_is_looked_at_takes_what_the_cursor_shows() -> None:
    app = on()
    async with running(app) as pilot:
        await press(pilot, "slash", *"udp-b")
        assert rows_of(app).ids == ("practice:udp-blocked",)
        assert "▌" in next(line for line in lines(app) if "udp-blocked" in line)
        await press(pilot, "enter")
        await settled(pilot)
        assert app.measurement.title == "practice: udp-blocked"
        # The filter still stands, and hides this network: back in the step, the same holds.
        await press(pilot, "1", "n", "1")
        app.screen.query_one("Filter").value = "media-box"  # type: ignore[attr-defined]
        await pilot.pause()
        await press(pilot, "enter")
        await settled(pilot)
        assert app.measurement.chosen is not None
        assert app.measurement.chosen.name == "media-box", "of this network, measured before"
        assert app.measurement.title == HERE


async def test_devices_stay_in_the_list_while_another_network_is_looked_at() -> None:
    app = on()
    async with running(app) as pilot:
        await press(pilot, "end", "enter")
        await settled(pilot)
        await press(pilot, "1", "home")
        assert app.measurement.title.startswith("practice: ")
        assert "Devices of your tailnet: 6 devices" in text(app)


async def test_a_masked_device_is_still_the_one_that_is_chosen() -> None:
    app = on()
    async with running(app) as pilot:
        await press(pilot, "p", "down", "down", "enter")
        await settled(pilot)
        assert "home-nas" not in text(app)
        assert "100.100.0.1" not in text(app)
        assert "relayed via" in lines(app)[0]
        assert app.measurement.chosen is not None
        await press(pilot, "p")
        assert "home-nas · relayed via fra" in lines(app)[0]


@pytest.mark.parametrize("size", SIZES)
async def test_hostile_names(size: tuple[int, int]) -> None:
    bad = recordings.HOSTILE
    devices = tuple(
        recordings.device(f"{bad}{number}", path, bad, number)
        for number, path in enumerate(PeerPath)
    )
    app = on(devices)
    async with running(app, size) as pilot:
        rows = rows_of(app)
        for row in rows.ids[:9]:
            rows.cursor = row
            await pilot.pause()
            assert_harmless(lines(app))
        rows.cursor = "peer:0"
        await press(pilot, "enter")
        await settled(pilot)
        assert_harmless(lines(app))
        assert app.is_running
        assert CheckId.TAILSCALE in app.measurement.report.checks


@pytest.mark.every_frame
async def test_ten_thousand_devices_cost_what_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    from tui.screens import choices

    drawn: list[str] = []
    lay = choices.peer_line

    def counted(peer: Peer, looked_at: bool, width: int) -> object:
        drawn.append(peer.name)
        return lay(peer, looked_at, width)

    monkeypatch.setattr(choices, "peer_line", counted)
    devices = tuple(
        recordings.device(f"node{number}", PeerPath.IDLE, "", number) for number in range(10_000)
    )
    app = on(devices)
    async with running(app) as pilot:
        assert "10 000 devices, 0 relayed" in text(app)
        drawn.clear()
        await press(pilot, "slash", *"node777")
        assert 0 < len(drawn) < 300
        found = [row for row in rows_of(app).ids if row.startswith("peer:")]
        assert len(found) == 11
        assert "11 fit" in text(app)
        await press(pilot, "down", "enter")
        await settled(pilot)
        assert app.measurement.chosen is not None
        assert app.measurement.chosen.name == "node7770"


async def test_the_fixed_lines_come_first() -> None:
    app = on()
    async with running(app):
        assert rows_of(app).ids[:2] == (THIS, OPEN)


@pytest.mark.parametrize("size", SIZES)
async def test_a_double_click_takes_a_device(size: tuple[int, int]) -> None:
    app = on()
    async with running(app, size) as pilot:
        row = next(at for at, line in enumerate(lines(app)) if "✗ home-nas" in line)
        await pilot.click(offset=(8, row))
        await settled(pilot)
        assert step(app) is Step.CHOOSE
        assert app.screen.query_one("#network-detail").border_title == "home-nas"
        await pilot.double_click(offset=(8, row))
        await settled(pilot)
        assert step(app) is Step.MEASURE
        assert app.measurement.chosen is not None
        assert app.measurement.chosen.name == "home-nas"
