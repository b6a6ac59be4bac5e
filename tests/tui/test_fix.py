"""Fix: one cause at a time, steps that are ticked off, and what is not possible passed over."""

from __future__ import annotations

import json
import os
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from textual.pilot import Pilot

from probes.diagnosis.plan import plan_of
from probes.diagnosis.what_if import Whose
from probes.events import Event
from probes.report import report_of
from tests.tui import recordings
from tests.tui.harness import (
    HARD,
    SIZES,
    Catalogue,
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
from tests.tui.screenshots import run_of
from tests.unit.tailscale.recorded import recorded
from tui import content, terminal
from tui.app import WhyrelayApp
from tui.commands import FOOTER
from tui.content import playbooks
from tui.fixing.circumstances import Brand, System
from tui.fixing.keeper import Keeper
from tui.fixing.progress import HERE
from tui.fixing.ways import key_of, names_of
from tui.networks import PRACTICE
from tui.reading import read_data
from tui.screens.fix import FixPane
from tui.screens.fix_pick import PickScreen
from tui.screens.fix_show import ShowScreen
from tui.screens.prove import ProvePane
from tui.sources import Opened, Source
from tui.state import Step
from tui.widgets.detail import Detail
from tui.widgets.rows import RowList
from tui.widgets.steps import StepPage

NETWORKS = {
    "hard-home": "hard-nat",
    "easy-home": "port-mapping-off",
    "udp-blocked": "udp-blocked",
    "stun-blocked": "stun-blocked",
    "double-nat": "double-nat",
    "cgnat": "cgnat",
    "captive-portal": "captive-portal",
    "collision": "nat-state-collision",
    "public-firewall": "inbound-blocked",
    "ipv6-off": "ipv6-off",
}
"""Practice networks, and the cause that is fixed on each."""


@pytest.fixture(autouse=True, scope="module")
def measured() -> None:
    """Practice networks have a clock of their own: they are measured before a test's loop runs."""
    for name in (*NETWORKS, "ipv6-works", "upnp-that-refuses", "hard-home-upnp"):
        run_of(name)


def practised(name: str) -> Source:
    """A practice network, measured at once."""
    return played(run_of(name), f"{PRACTICE}{name}")


def pane(app: WhyrelayApp) -> FixPane:
    """The step."""
    return app.screen.query_one(FixPane)


def rows(app: WhyrelayApp) -> RowList:
    """The list of causes and ways."""
    return pane(app).query_one(RowList)


def page(app: WhyrelayApp) -> StepPage:
    """The steps."""
    return pane(app).query_one(StepPage)


def assert_whole(app: WhyrelayApp) -> None:
    """Nothing on the screen that a terminal would act on."""
    for line in lines(app):
        for char in line:
            assert unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp"), repr(char)


async def to_cause(pilot: Pilot[int], cause: str) -> None:
    """Down the list to the first way of a cause, with the keyboard."""
    app = pilot.app
    assert isinstance(app, WhyrelayApp)
    await press(pilot, "home")
    for _ in rows(app).ids:
        if rows(app).cursor == f"cause:{cause}":
            break
        await press(pilot, "down")
    assert rows(app).cursor == f"cause:{cause}"
    await press(pilot, "enter")
    plan = pane(app)._listed.plans[f"cause:{cause}"]
    first = next(way for way in plan.ways if way.recommended)
    assert rows(app).cursor.endswith(f":{key_of(first)}"), "wherever it stands in the list"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", NETWORKS)
async def test_a_fix_is_walked_with_the_keyboard(name: str, size: tuple[int, int]) -> None:
    app = make(practised(name))
    async with running(app, size) as pilot:
        await press(pilot, "4")
        assert step(app) is Step.FIX
        await to_cause(pilot, NETWORKS[name])
        await press(pilot, "enter")
        assert page(app).has_focus
        way = rows(app).cursor.split(":", 2)[2]
        count = len(pane(app)._book(rows(app).cursor).steps)
        assert count
        for done in range(count):
            # What is to be done next is on the screen, whatever its size.
            assert "▌ [ ]" in text(app) or "▌ [ ]" in page(app).page.plain(40)
            assert f"{done} of {count} done" in page(app).page.plain()
            assert_whole(app)
            await press(pilot, "space")
        assert len(app.progress.ticked[way]) == count
        assert content.plain(content.fixing("now prove")).rstrip(".") in page(app).page.plain()
        await press(pilot, "n")
        assert step(app) is Step.PROVE
        assert "✓ Fix" in lines(app)[1], "every step of a way is done"
        await press(pilot, "b", "space", "n")
        assert "∙ Fix" in lines(app)[1], "and now one is not"
        await press(pilot, "b", "space")
        assert rows(app).cursor.endswith(way)


@pytest.mark.parametrize("size", SIZES)
async def test_the_step_under_the_cursor_is_in_view(size: tuple[int, int]) -> None:
    app = make(practised("hard-home"))
    async with running(app, size) as pilot:
        await press(pilot, "4", "enter")
        await pilot.pause()
        for number in range(1, 5):
            assert f"▌ [ ] {number}." in text(app), "its beginning, too, on a narrow screen"
            await press(pilot, "space")
            await pilot.pause()
        for _ in range(60):
            page(app).action_move(1)
        await pilot.pause()
        assert page(app).scroll_offset.y == page(app).max_scroll_y, "down leads to the very end"
        for _ in range(60):
            page(app).action_move(-1)
        await pilot.pause()
        assert page(app).scroll_offset.y == 0, "and up to the top"


async def test_causes_come_in_the_order_of_the_plan_and_ways_as_it_says() -> None:
    app = make(practised("hard-home"))
    async with running(app) as pilot:
        await press(pilot, "4")
        report = report_of(run_of("hard-home"))
        plans = plan_of(report, app.measurement.diagnosis)
        expected: list[str] = []
        told: set[str] = set()
        for plan in plans:
            ways = [key_of(way) for way in plan.ways]
            expected.append(f"cause:{plan.cause.id}")
            expected += [f"way:{plan.cause.id}:{way}" for way in ways if way not in told]
            expected += [f"again:{plan.cause.id}"] * any(way in told for way in ways)
            told.update(ways)
        assert list(rows(app).ids) == expected
        assert any(row.startswith("again:") for row in expected)
        first = next(way for way in plans[0].ways if way.recommended)
        assert rows(app).cursor == f"way:{plans[0].cause.id}:{first.remedy.id}:{first.whose}"
        assert content.fixing("recommended") in text(app)


async def test_what_is_not_possible_is_passed_over_and_remembered() -> None:
    app = make(practised("hard-home"))
    async with running(app, (120, 36)) as pilot:
        await press(pilot, "4")
        first = rows(app).cursor
        await press(pilot, "i")
        assert rows(app).cursor != first
        assert rows(app).cursor.startswith("way:hard-nat:"), "the next-cheapest way of the cause"
        assert content.fixing("recommended") in text(app)
        assert "not for me" in text(app)
        for _ in rows(app).ids:
            if "Nothing of all this" not in text(app):
                await press(pilot, "i")
        assert "Nothing of all this" in text(app)
        ways = {row.split(":", 2)[2] for row in rows(app).ids if row.startswith("way:")}
        assert app.progress.impossible == ways
        rows(app).cursor = first
        await press(pilot, "i")
        assert first.split(":", 2)[2] not in app.progress.impossible, "it is possible after all"


async def test_a_change_that_an_earlier_cause_has_is_told_as_such_with_how_it_stands() -> None:
    app = make(practised("hard-home"))
    async with running(app, (120, 36)) as pilot:
        await press(pilot, "4")
        ways = [row.split(":", 2)[2] for row in rows(app).ids if row.startswith("way:")]
        assert len(ways) == len(set(ways)), "no change is listed twice"
        first = rows(app).cursor
        assert first == "way:hard-nat:port-mapping:this"
        await press(pilot, "i")
        rows(app).cursor = "again:port-mapping-off"
        await pilot.pause()
        assert "↑ as above: 5 ways" in text(app)
        assert content.fixing("again short") in text(app)
        assert "• Turn on UPnP or NAT-PMP in the router (not possible for you)" in page(
            app
        ).page.plain(100)
        assert pane(app).topic() == "finding:cause:port-mapping-off"
        await press(pilot, "enter")
        assert rows(app).cursor == "way:hard-nat:forward-port:this", "the first that is open"
        for _ in pane(app)._book(rows(app).cursor).steps:
            await press(pilot, "space")
        assert "↑ as above: 5 ways" in text(app)
        assert "1 done" in text(app)
        rows(app).cursor = "cause:port-mapping-off"
        await pilot.pause()
        assert "• Forward the VPN's UDP port in the router (as above, done)" in page(
            app
        ).page.plain(100)


@pytest.mark.parametrize("name", ["hard-home", "cgnat", "double-nat", "udp-blocked"])
async def test_on_the_smallest_screen_every_change_has_its_name_whole(name: str) -> None:
    app = make(practised(name))
    async with running(app, SIZES[0]) as pilot:
        await press(pilot, "4", "home")
        seen: list[str] = []
        for _ in rows(app).ids:
            seen += [line[: rows(app).size.width + 2] for line in lines(app)]
            await press(pilot, "down")
        for _, way in pane(app)._listed.ways.values():
            assert any(f" {each} " in f"{line} " for line in seen for each in names_of(way)), (
                way.remedy.id
            )


async def test_where_a_cause_has_no_way_left_the_next_one_is_begun() -> None:
    app = make(practised("udp-blocked"))
    async with running(app, (120, 36)) as pilot:
        await press(pilot, "4")
        causes = [row for row in rows(app).ids if row.startswith("cause:")]
        seen = [rows(app).cursor.split(":")[1]]
        for _ in rows(app).ids:
            await press(pilot, "i")
            seen.append(rows(app).cursor.split(":")[1])
        assert [f"cause:{each}" for each in dict.fromkeys(seen)] == causes


async def test_a_tick_can_be_taken_back() -> None:
    app = make(practised("hard-home"))
    async with running(app) as pilot:
        await press(pilot, "4", "space", "enter", "up", "space")
        assert not app.progress.begun


async def test_the_mouse_ticks_a_box() -> None:
    app = make(practised("hard-home"))
    async with running(app, (120, 36)) as pilot:
        await press(pilot, "4")
        at = next(y for y, line in enumerate(lines(app)) if "[ ] 2." in line)
        column = lines(app)[at].index("[ ] 2.")
        await pilot.click(offset=(column + 1, at))
        await pilot.pause()
        assert "[✓] 2." in text(app)
        assert len(next(iter(app.progress.ticked.values()))) == 1


@pytest.mark.parametrize("size", SIZES)
async def test_system_and_router_can_be_switched(size: tuple[int, int]) -> None:
    app = make(practised("public-firewall"))
    async with running(app, size) as pilot:
        await press(pilot, "4", "s")
        assert isinstance(app.screen, PickScreen)
        assert_whole(app)
        await press(pilot, "down", "enter")
        await press(pilot, "w")
        assert isinstance(app.screen, PickScreen)
        await press(pilot, "end", "enter")
        assert (app.progress.system, app.progress.brand) != ("", "")
        assert "chosen by you" in page(app).page.plain()
        await press(pilot, "s", "home", "enter", "w", "escape")
        assert app.progress.system == "", "as it was found"
        assert app.progress.brand != "", "escape changes nothing"


async def test_the_steps_are_for_what_was_chosen() -> None:
    app = make(practised("hard-home"))
    async with running(app) as pilot:
        await press(pilot, "4")
        before = page(app).page.plain()
        await press(pilot, "w")
        app.screen.query_one(RowList).cursor = "is:fritzbox"
        await press(pilot, "enter")
        assert "FRITZ!Box" in page(app).page.plain()
        assert page(app).page.plain() != before


# --- states ---------------------------------------------------------------------------------------


async def test_nothing_to_fix() -> None:
    app = make(practised("ipv6-works"))
    async with running(app) as pilot:
        await press(pilot, "4")
        if not pane(app)._listed.ways:
            assert content.fixing("nothing to fix short") in text(app)
        for key in ("space", "x", "i", "v", "s", "w", "c"):
            await press(pilot, key)
            await press(pilot, "escape")
        assert app.is_running


async def test_still_measuring() -> None:
    app = make(Fed(begun=recordings.MID_RUN))
    async with running(app) as pilot:
        await press(pilot, "4")
        assert content.fixing("still measuring short") in text(app)
        for key in ("space", "i", "x"):
            await press(pilot, key)
        assert not app.progress.begun, "what is not settled is not ticked"


async def test_a_run_that_broke_off() -> None:
    from tests.tui.harness import Broken

    app = make(Broken(RuntimeError(recordings.HOSTILE)))
    async with running(app) as pilot:
        await press(pilot, "4")
        assert content.fixing("broke off short") in text(app)


async def test_for_whom_it_is_stands_only_where_something_depends_on_it() -> None:
    app = make(practised("hard-home"))
    async with running(app, (120, 36)) as pilot:
        await press(pilot, "4")
        for row in (each for each in rows(app).ids if each.startswith("way:")):
            rows(app).cursor = row
            await pilot.pause()
            _, way = pane(app)._listed.ways[row]
            there = way.whose is Whose.OTHER
            variants = [] if there else playbooks.matrix()[way.remedy.id]
            commands = any(step_.command for step_ in pane(app)._book(row).steps)
            told = page(app).page.plain()
            assert ("router: " in told) is any(each in set(Brand) for each in variants), row
            wanted = commands or any(each in set(System) for each in variants)
            assert told.startswith("for: ") is wanted, row


async def test_the_keys_of_the_step() -> None:
    assert len(FOOTER[Step.FIX]) <= 6
    app = make(practised("hard-home"))
    async with running(app) as pilot:
        await press(pilot, "3", "space", "i")
        assert not app.progress.begun, "elsewhere the keys only lead here"
        assert step(app) is Step.FIX
        named = {each.title for each in app.get_system_commands(app.screen)}
        for title in ("Tick a step off", "Run the command for me", "Not possible for me"):
            assert any(name.startswith(title) for name in named)


# --- commands -------------------------------------------------------------------------------------


def with_command(app: WhyrelayApp) -> str:
    """Put the cursor on a way and a step that has a command; the command."""
    for row in rows(app).ids:
        if row.startswith("way:"):
            for each in pane(app)._book(row).steps:
                if each.command is not None:
                    rows(app).cursor = row
                    page(app).cursor = each.id
                    return each.command.text
    raise AssertionError("no step has a command")


@pytest.mark.parametrize("size", SIZES)
async def test_a_command_is_copied_and_shown_alone(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[str] = []
    monkeypatch.setattr(WhyrelayApp, "copy_to_clipboard", lambda _, words: copied.append(words))
    app = make(practised("hard-home"))
    async with running(app, size) as pilot:
        await press(pilot, "4")
        command = with_command(app)
        await pilot.pause()
        page(app).cursor = next(
            each.id for each in pane(app)._book(rows(app).cursor).steps if each.command is not None
        )
        await press(pilot, "c")
        assert copied == [command]
        assert not isinstance(app.screen, ShowScreen), "this terminal takes copies"
        await press(pilot, "v")
        assert isinstance(app.screen, ShowScreen)
        assert command in "".join(line.rstrip() for line in lines(app)).replace("  ", " ")
        await press(pilot, "c", "escape")
        assert copied == [command, command]
        monkeypatch.setenv("TMUX", "/tmp/tmux")
        await press(pilot, "c")
        assert isinstance(app.screen, ShowScreen), "a terminal that may refuse shows it"


@pytest.mark.parametrize(
    ("environ", "refuses"),
    [
        ({"TERM": "xterm-256color"}, False),
        ({"TERM": "xterm-kitty", "TERM_PROGRAM": "WezTerm"}, False),
        ({"TERM": "linux"}, True),
        ({"TERM": "screen-256color"}, True),
        ({"TERM": "tmux-256color", "TMUX": "/tmp/x"}, True),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7600"}, True),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "Apple_Terminal"}, True),
    ],
)
def test_terminals_that_may_refuse_copies(environ: dict[str, str], refuses: bool) -> None:
    assert terminal.may_refuse_copies(environ) is refuses


async def test_nothing_is_run_for_a_practice_network() -> None:
    app = make(practised("hard-home"))
    async with running(app) as pilot:
        await press(pilot, "4")
        with_command(app)
        await pilot.pause()
        assert "x run it" not in page(app).page.plain()
        await press(pilot, "x")
        assert step(app) is Step.FIX, "no question is asked"
        assert "for practice" in text(app)


# --- kept -----------------------------------------------------------------------------------------


def kept(app: WhyrelayApp, folder: Path) -> WhyrelayApp:
    """The app with a state directory of its own."""
    app._keeper = Keeper(folder)
    return app


def on(events: tuple[Event, ...]) -> Catalogue:
    """The list of networks, with this one measured at once."""
    return Catalogue(played(events, HERE))


def here(name: str, folder: Path, events: tuple[Event, ...] | None = None) -> WhyrelayApp:
    """The app on "this network", which is one of the practice networks."""
    return kept(make(here=played(events or run_of(name), HERE)), folder)


def moved(events: tuple[Event, ...]) -> tuple[Event, ...]:
    """The same run, on another network."""
    from dataclasses import replace

    from probes.events import RunFinished

    return tuple(
        replace(each, network_id="feedfeed") if isinstance(each, RunFinished) else each
        for each in events
    )


@pytest.mark.parametrize("size", SIZES)
async def test_after_a_restart_it_goes_on_where_it_was(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    app = here("hard-home", tmp_path)
    async with running(app, size) as pilot:
        assert content.fixing("go on") not in text(app)
        await press(pilot, "4", "i", "space", "space")
        was, cursor = app.progress, rows(app).cursor
    again = here("hard-home", tmp_path)
    async with running(again, size) as pilot:
        assert content.fixing("go on") in text(again)
        assert "2 steps done" in text(again) or size[0] < 80
        assert_whole(again)
        await press(pilot, "enter")
        await settled(pilot)
        assert step(again) is Step.FIX
        assert rows(again).cursor == cursor
        assert (again.progress.ticked, again.progress.impossible) == (was.ticked, was.impossible)
        assert again.progress.before is not None
        assert again.progress.before.network_id == report_of(run_of("hard-home")).network_id


async def test_what_was_called_not_possible_is_not_what_is_gone_on_with(tmp_path: Path) -> None:
    app = here("hard-home", tmp_path)
    async with running(app) as pilot:
        await press(pilot, "4", "space", "5", "4", "down", "down", "i")
        away = app.progress.impossible
        assert app.progress.begun
        assert not away & set(app.progress.ticked)
    again = here("hard-home", tmp_path)
    async with running(again) as pilot:
        said = " ".join(text(again).split())
        assert "Turn on UPnP or NAT-PMP in the router" in said
        assert f"{HERE}: 1 step done" in said
        await press(pilot, "enter")
        await settled(pilot)
        assert step(again) is Step.FIX
        assert not rows(again).cursor.endswith(tuple(away))
        assert rows(again).cursor.endswith(":port-mapping:this")


@pytest.mark.parametrize(("answer", "goes_on"), [("y", True), ("n", False)])
async def test_on_another_network_it_asks(tmp_path: Path, answer: str, goes_on: bool) -> None:
    app = here("hard-home", tmp_path)
    async with running(app) as pilot:
        await press(pilot, "4", "space")
        was = app.progress
    again = here("hard-home", tmp_path, moved(run_of("hard-home")))
    async with running(again) as pilot:
        await press(pilot, "enter")
        await settled(pilot)
        assert "Another network" in text(again)
        assert_whole(again)
        await press(pilot, answer)
        await settled(pilot)
        assert again.progress.network_id == "feedfeed"
        assert (again.progress.ticked == was.ticked) is goes_on
        assert (again.progress.before is not None) is goes_on
    assert Keeper(tmp_path).open(HERE, was.network_id).ticked == was.ticked, "and it is still there"


async def test_a_network_that_changed_by_the_fix_is_asked_about(tmp_path: Path) -> None:
    source = played(run_of("hard-home"), HERE)
    app = kept(make(here=source), tmp_path)
    async with running(app) as pilot:
        await press(pilot, "4", "space")
        app.conductor.source = played(moved(run_of("hard-home")), HERE)
        await press(pilot, "r")
        await settled(pilot)
        assert "Another network" in text(app)
        await press(pilot, "y", "4")
        assert app.progress.begun


async def test_the_row_that_goes_on_names_the_network_and_is_announced_where_it_stands(
    tmp_path: Path,
) -> None:
    app = here("hard-home", tmp_path)
    async with running(app) as pilot:
        await press(pilot, "4", "i")
    again = kept(make(here=Fed(HERE)), tmp_path)
    async with running(again):
        row = next(line for line in lines(again) if content.fixing("go on") in line)
        assert f"{HERE}: no step done yet" in row
        assert content.fixing("welcome back") in " ".join(text(again).split())
    opened = make(practised("hard-home"))
    opened._keeper = Keeper(tmp_path, save=True)
    async with running(opened) as pilot:
        await press(pilot, "1")
        assert content.fixing("welcome back") not in " ".join(text(opened).split())


async def test_beginning_anew(tmp_path: Path) -> None:
    app = here("hard-home", tmp_path)
    async with running(app) as pilot:
        await press(pilot, "4", "space")
        assert os.listdir(tmp_path)
        await app.screen.run_action("fix('anew')")
        await pilot.pause()
        assert content.page("anew").title in text(app)
        await press(pilot, "n")
        assert app.progress.begun, "only a yes forgets it"
        await app.screen.run_action("fix('anew')")
        await press(pilot, "y")
        assert not app.progress.begun
        assert not os.listdir(tmp_path)


async def test_where_it_cannot_be_kept_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "progress").write_text("in the way")
    app = here("hard-home", tmp_path / "progress")
    async with running(app) as pilot:
        await press(pilot, "4", "space")
        assert "directory not writable" in page(app).page.plain()
        assert app.progress.begun


async def test_a_file_from_somebody_hostile(tmp_path: Path) -> None:
    app = here("hard-home", tmp_path)
    async with running(app) as pilot:
        await press(pilot, "4", "space")
    file = os.path.join(tmp_path, os.listdir(tmp_path)[0])
    with open(file) as written:  # noqa: ASYNC230
        held = json.load(written)
    bad = recordings.HOSTILE
    held |= {"title": HERE, "cause": bad, "saved_at": bad, "system": bad, "brand": bad}
    held["ticked"][bad] = [bad]
    held["way"] = "no-such-remedy:this"
    with open(file, "w") as written:  # noqa: ASYNC230
        json.dump(held, written)
    again = here("hard-home", tmp_path)
    async with running(again) as pilot:
        assert_whole(again)
        assert content.fixing("some fix").capitalize() in text(again)
        await press(pilot, "enter")
        await settled(pilot)
        assert_whole(again)
        assert again.progress.begun


# --- hostile texts --------------------------------------------------------------------------------


def hostile_router() -> Iterator[Event]:
    """A run whose router describes itself in the worst words."""
    from dataclasses import replace

    from probes.events import Observed
    from probes.model import Known
    from probes.readings import igd

    bad = recordings.HOSTILE * 2
    for event in run_of("upnp-that-refuses"):
        if isinstance(event, Observed) and event.key == igd.IGD.id:
            reading = event.reading
            assert isinstance(reading, Known)
            told = replace(reading.value, name=bad, maker="AVM Berlin", model=bad)
            yield replace(event, reading=replace(reading, value=told))
        else:
            yield event


@pytest.mark.parametrize(
    ("size", "privacy"), [(SIZES[0], True), (SIZES[1], False), (SIZES[2], False)]
)
async def test_a_router_with_a_hostile_name(size: tuple[int, int], privacy: bool) -> None:
    app = make(played(tuple(hostile_router()), HARD), privacy=privacy)
    async with running(app, size) as pilot:
        await press(pilot, "4")
        every = rows(app).ids
        for row in (every[0], every[1], every[-1]):
            rows(app).cursor = row
            await pilot.pause()
            assert_whole(app)
            await press(pilot, "enter", "pagedown")
            assert_whole(app)
            await press(pilot, "end", "v")
            assert_whole(app)
            await press(pilot, "escape", "escape")
        assert app.is_running
        assert app.return_value is None


@pytest.mark.parametrize("size", SIZES)
async def test_a_hostile_recording(size: tuple[int, int]) -> None:
    app = make(played(recordings.hostile(), f"recording: {recordings.HOSTILE}"))
    async with running(app, size) as pilot:
        await press(pilot, "4")
        for row in rows(app).ids:
            rows(app).cursor = row
            await pilot.pause()
            assert_whole(app)
            await press(pilot, "space", "x", "i")
            assert_whole(app)
        assert app.is_running


async def test_the_steps_are_for_the_same_router_where_its_name_is_masked() -> None:
    app = make(played(tuple(hostile_router()), HARD), privacy=True)
    async with running(app) as pilot:
        await press(pilot, "4")
        rows(app).cursor = next(iter(pane(app)._listed.ways))
        await pilot.pause()
        assert "FRITZ!Box" in page(app).page.plain()
        assert "found by:" not in page(app).page.plain()


async def test_masked_addresses_stay_masked() -> None:
    app = make(practised("hard-home"), privacy=True)
    async with running(app, (120, 36)) as pilot:
        await press(pilot, "4")
        for row in rows(app).ids:
            rows(app).cursor = row
            await pilot.pause()
            assert "192.168.1.20" not in page(app).page.plain()
            await press(pilot, "space")
        before = app.progress.before
        assert before is not None
        assert before == app.conductor.latest.report, "what is kept is what was measured"


async def test_where_a_trial_would_decide_fix_begins_with_it() -> None:
    app = make(practised("hard-home-upnp"))
    async with running(app) as pilot:
        await press(pilot, "4")
        assert rows(app).cursor == rows(app).ids[0]
        assert content.fixing("try first short") in page(app).page.plain()
        assert "(m)" in page(app).page.plain(), "the key that does it"
        assert "m Try a port" in lines(app)[-1]
        await press(pilot, "down", "down")
        assert rows(app).cursor.startswith("way:"), "the ways stand below, for where it fails"
        assert "Try a port" not in lines(app)[-1]
        await press(pilot, "5")
        told = app.screen.query_one(ProvePane).query_one(Detail).page.plain()
        assert "have it tried with one for a moment (m)" in " ".join(told.split())
        assert "m Try a port" in lines(app)[-1]


@pytest.mark.parametrize(
    ("recording", "title"),
    [(recordings.HARD, "First things first"), (recordings.EASY, "Nothing in the way")],
)
async def test_what_keeps_nothing_up_is_not_listed_as_the_first_thing(
    recording: Sequence[Event], title: str
) -> None:
    app = make(played(recording))
    async with running(app) as pilot:
        await settled(pilot)
        await press(pilot, "4")
        assert f"─ {title} " in text(app) or f"━ {title} " in text(app)


async def test_where_nothing_has_to_be_done_that_is_said_first() -> None:
    app = make(played(recordings.EASY))
    async with running(app) as pilot:
        await settled(pilot)
        await press(pilot, "4")
        assert rows(app).cursor == rows(app).ids[0]
        assert f"✓ {content.fixing('only notes short')}" in text(app)
        assert "good to know" in page(app).page.plain()
        for row in rows(app).ids:
            rows(app).cursor = row
            await pilot.pause()
            assert "begin here" not in text(app).casefold()


async def test_a_list_of_devices_from_elsewhere_asks_for_a_netcheck() -> None:
    paste = recorded("hard_hard.status.txt")
    given = read_data(paste.encode(), "paste", "paste")
    app = make(Opened("report: paste", given.report))
    async with running(app, (120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "4")
        shown = " ".join(page(app).page.plain().split())
        assert "tailscale netcheck" in shown
        await press(pilot, "5")
        proof = app.screen.query_one("#proof", Detail).page.plain()
        assert "tailscale netcheck" in proof
        assert "Do what Fix says" not in proof


@pytest.fixture
def reached() -> tuple[Event, ...]:
    """A run about a peer that is direct, behind a hard NAT."""
    return run_of("hard-home-upnp", peer="home-nas")


async def test_for_a_peer_that_is_reached_a_hard_nat_is_only_good_to_know(
    reached: tuple[Event, ...],
) -> None:
    app = make(played(reached))
    async with running(app, (120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "4")
        shown = text(app)
        assert "Direct" in lines(app)[0]
        assert "Nothing in the way" in shown
        assert "good to know" in shown
        assert " in the way ││" not in shown
