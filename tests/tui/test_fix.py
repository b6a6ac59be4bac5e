"""Fix: one cause at a time, steps that are ticked off, and what is not possible passed over."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from textual.pilot import Pilot

from probes.diagnosis.plan import plan_of
from probes.diagnosis.what_if import Whose
from probes.events import Event
from probes.report import report_of
from tests.tui import recordings
from tests.tui.fixer import assert_whole, page, pane, practised, rows
from tests.tui.harness import (
    SIZES,
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
from tui import content
from tui.app import WhyrelayApp
from tui.commands import FOOTER
from tui.content import playbooks
from tui.fixing.circumstances import Brand, System
from tui.fixing.ways import key_of, names_of
from tui.screens.fix_pick import PickScreen
from tui.state import Step
from tui.widgets.rows import RowList

CAUSES = {"hard-home": "hard-nat", "cgnat": "cgnat", "ipv6-off": "ipv6-off"}
"""Practice networks, and the cause that is fixed on each."""


@pytest.fixture(autouse=True, scope="module")
def measured() -> None:
    """Practice networks have a clock of their own: they are measured before a test's loop runs."""
    for name in (*CAUSES, "double-nat", "public-firewall", "udp-blocked"):
        run_of(name)


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


@pytest.mark.parametrize(
    ("name", "size"),
    [*(("hard-home", size) for size in SIZES), ("cgnat", SIZES[2]), ("ipv6-off", SIZES[0])],
)
async def test_a_fix_is_walked_with_the_keyboard(name: str, size: tuple[int, int]) -> None:
    app = make(practised(name))
    async with running(app, size) as pilot:
        await press(pilot, "4")
        assert step(app) is Step.FIX
        await to_cause(pilot, CAUSES[name])
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
            if "No change is left" not in text(app):
                await press(pilot, "i")
        assert "No change is left" in text(app)
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


@pytest.mark.parametrize("events", [recordings.HARD, recordings.EASY, recordings.OPEN])
async def test_nothing_is_offered_to_be_ticked_where_there_is_no_step(
    events: Sequence[Event],
) -> None:
    app = make(played(events))
    async with running(app, (120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "4")
        for row in rows(app).ids:
            rows(app).cursor = row
            await pilot.pause()
            assert ("Tick" in lines(app)[-1]) is row.startswith("way:"), row
            assert ("Can't" in lines(app)[-1]) is row.startswith("way:"), row


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
