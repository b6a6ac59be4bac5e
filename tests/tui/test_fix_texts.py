"""Fix shows what others wrote as it is, or masked; and has a command copied."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from probes.events import Event
from tests.tui import recordings
from tests.tui.fixer import assert_whole, page, pane, practised, rows
from tests.tui.harness import (
    HARD,
    SIZES,
    lines,
    make,
    played,
    press,
    running,
    step,
    text,
)
from tests.tui.screenshots import run_of
from tui import terminal
from tui.app import WhyrelayApp
from tui.screens.fix_page import after_steps
from tui.screens.fix_show import ShowScreen
from tui.state import Step


@pytest.fixture(autouse=True, scope="module")
def measured() -> None:
    """Practice networks have a clock of their own: they are measured before a test's loop runs."""
    for name in (
        "hard-home",
        "own-firewall",
        "upnp-that-refuses",
    ):
        run_of(name)


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


async def test_a_long_command_alone_is_broken_as_its_shell_takes_it() -> None:
    app = make(practised("own-firewall"))
    async with running(app, (60, 18)) as pilot:
        await press(pilot, "4")
        command = with_command(app)
        await pilot.pause()
        app.push_screen(ShowScreen(command, "sh"))
        await pilot.pause()
        shown = [line.strip() for line in lines(app)]
        begin = next(at for at, line in enumerate(shown) if line.startswith(command[:20]))
        told = [*shown[begin:], ""]
        assert len(command) > 60
        assert " ".join(told).strip().replace(" \\ ", " ") == command
        assert all(line.endswith(" \\") for line in told[: told.index("") - 1])


async def test_the_page_shows_the_command_that_takes_a_change_back() -> None:
    app = make(practised("own-firewall"))
    async with running(app, (120, 60)) as pilot:
        await press(pilot, "4")
        with_command(app)
        await pilot.pause()
        shown = pane(app)._to_show(rows(app).cursor)
        undone = [step.command.undo for step in shown.book.steps if step.command is not None]
        laid = [line.plain for block in after_steps(shown) for line in block(100)]
        told = "".join(laid[laid.index("To take it back") :])
        assert undone[0] in told
        assert "By hand" in told


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
        assert "a practice network has nothing to run it on" in text(app)


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
