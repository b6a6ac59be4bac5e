"""A run under way: rows change as events come, bursts are one look, and it ends when asked to."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time

import pytest

from probes.events import CheckFinished, CheckStarted, Event, Observed, Progressed, RunStarted
from probes.model import CheckId, CheckStatus
from probes.readings import captive_portal, stun
from tests.patience import UNHURRIED_S
from tests.tui import recordings
from tests.tui.harness import (
    DIFFERS,
    HARD,
    SIZES,
    Broken,
    Fed,
    eventually,
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
from tui.app import WhyrelayApp
from tui.screens.measure import MeasurePane
from tui.state import Measurement, Step
from tui.widgets.detail import Detail
from tui.widgets.rows import RowList


def row(app: WhyrelayApp, name: str) -> str:
    """The line of a check."""
    return next(line for line in lines(app) if line[3:].startswith(f" {name} "))


async def until(app: WhyrelayApp, name: str, words: str) -> None:
    """Wait for a row to say something."""
    await eventually(lambda: words in row(app, name), f"{name}: {words}")


@pytest.mark.parametrize("size", SIZES)
async def test_rows_update_live(size: tuple[int, int]) -> None:
    fed = Fed()
    app = make(fed)
    async with running(app, size) as pilot:
        assert "○ UDP" in row(app, "UDP"), "the rows are there before the run has begun"
        for event in recordings.started():
            fed.queue.put_nowait(event)
        await until(app, "UDP", "fetching the list of relays")
        assert "● UDP" in row(app, "UDP")
        for event in (*recordings.own_side(), *recordings.the_map()):
            fed.queue.put_nowait(event)
        await until(app, "This device", "✓ This device")
        assert "192.168.1.20" in row(app, "This device")
        assert "─" * 6 in row(app, "UDP"), "an empty bar"
        answers = [*recordings.answers(recordings.EVERY_OTHER)]
        second = next(at for at, each in enumerate(answers) if at and _varies(each))
        for event in answers[: second + 1]:
            fed.queue.put_nowait(event)
        await until(app, "Mapping", "✗")
        assert "━" in row(app, "UDP")
        assert "─" in row(app, "UDP")
        for event in answers[second + 1 :]:
            fed.queue.put_nowait(event)
        fed.queue.put_nowait(CheckFinished(300.0, CheckId.STUN, CheckStatus.DONE))
        await until(app, "UDP", "✓ UDP")
        assert "━" not in row(app, "UDP"), "a check that is over has no bar"
        await pilot.pause()


def _varies(event: object) -> bool:
    return isinstance(event, Observed) and event.key == stun.VARIES4.id


async def test_the_selected_check_shows_each_answer() -> None:
    fed = Fed(begun=recordings.MID_RUN)
    app = make(fed)
    async with running(app) as pilot:
        await press(pilot, "down", "down")
        shown = text(app)
        assert "203.0.113.7:33017" in shown
        assert shown.count("← differs") == 2, "the second and the third answer"
        assert "Why do you ask?" in shown
        assert "no answer yet" in shown, "the latency of the two that are still silent"


def _until(name: str, reading: str) -> tuple[tuple[Event, ...], tuple[Event, ...]]:
    """A practice run up to where something is known, and the rest."""
    events = run_of(name)
    at = next(at for at, each in enumerate(events) if _observes(each, reading))
    return events[:at], events[at:]


def _observes(event: Event, reading: str) -> bool:
    return isinstance(event, Observed) and event.key == reading


@pytest.fixture(scope="module")
def portal() -> tuple[tuple[Event, ...], tuple[Event, ...]]:
    """The hotel's Wi-Fi, before and after its sign-in page is found. Made before a loop runs."""
    return _until("captive-portal", captive_portal.PRESENT.id)


async def test_a_cause_that_is_found_later_takes_the_cursor_and_the_answer_names_it(
    portal: tuple[tuple[Event, ...], tuple[Event, ...]],
) -> None:
    fed = Fed(begun=portal[0])
    app = make(fed)
    async with running(app) as pilot:
        await press(pilot, "3")
        rows = app.screen.query_one("#findings", RowList)
        assert rows.cursor == "pair:answer", "nothing is found yet"
        for event in portal[1]:
            fed.queue.put_nowait(event)
        await eventually(lambda: app.measurement.closed, "the end")
        await pilot.pause()
        assert rows.cursor == "cause:captive-portal"
        await press(pilot, "down")
        assert rows.cursor == "pair:answer"
        meaning = app.screen.query_one("#meaning", Detail).page.plain()
        assert "• A sign-in page is in the way" in meaning
        assert "Sign in first" in meaning


async def test_a_cursor_that_the_person_moved_stays_where_it_is(
    portal: tuple[tuple[Event, ...], tuple[Event, ...]],
) -> None:
    fed = Fed(begun=portal[0])
    app = make(fed)
    async with running(app) as pilot:
        await press(pilot, "3", "down", "up")
        for event in portal[1]:
            fed.queue.put_nowait(event)
        await eventually(lambda: app.measurement.closed, "the end")
        await pilot.pause()
        assert app.screen.query_one("#findings", RowList).cursor == "pair:answer"
        assert "• A sign-in page is in the way" in text(app), "but it says what is known by now"


async def test_keys_that_were_typed_before_the_end_do_nothing_after_it() -> None:
    app = make(Fed(begun=recordings.MID_RUN))
    async with running(app) as pilot:
        app.exit(143)
        for step_ in "345":
            assert not await app.run_action(f"screen.go('{step_}')")
            await pilot.press(step_)
    assert app.fault is None
    app._exception = ValueError("a screen that was gone")
    assert app.fault is None, "it was left before that broke"
    assert app.return_value == 143


async def test_a_burst_is_shown_together(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[Measurement] = []
    shown = MeasurePane.show

    def counted(self: MeasurePane, measurement: Measurement) -> None:
        looks.append(measurement)
        shown(self, measurement)

    monkeypatch.setattr(MeasurePane, "show", counted)
    fed = Fed(begun=recordings.MID_RUN)
    app = make(fed)
    async with running(app) as pilot:
        await until(app, "Mapping", "✗")
        looks.clear()
        began = time.monotonic()
        for number in range(500):
            step_ = Progressed(60.0, CheckId.STUN, number, 500, "ask-relays", f"{number} of 500")
            fed.queue.put_nowait(step_)
        await eventually(lambda: app.measurement.report.checks[CheckId.STUN].done == 499)
        took = time.monotonic() - began
        assert len(looks) <= 2 + took / 0.05
        await pilot.pause()


async def test_the_running_sign_stands_still_where_motion_is_not_welcome() -> None:
    app = make(Fed(begun=recordings.MID_RUN))
    async with running(app):
        await asyncio.sleep(0.3)
        assert app.beat == -1


async def test_the_ticker_runs_only_while_something_does() -> None:
    from tests.tui.harness import Catalogue
    from tui.settings import Settings

    fed = Fed(begun=recordings.MID_RUN)
    app = WhyrelayApp(Settings(source=fed), "0", Catalogue())
    async with running(app):
        await eventually(lambda: app.beat >= 1)
        assert any(sign in lines(app)[0] for sign in "◐◓◑◒")
        for event in recordings.finished():
            fed.queue.put_nowait(event)
        await eventually(lambda: app.measurement.report.closed)
        await asyncio.sleep(0.3)
        assert app.beat == -1


async def test_test_again_runs_once_more_and_shows_it() -> None:
    fed = Fed(begun=recordings.HARD)
    app = make(fed)
    async with running(app) as pilot:
        await press(pilot, "3", "r")
        assert step(app) is Step.MEASURE
        assert fed.runs == 2
        assert fed.closed >= 1, "the first run was ended"


async def test_choosing_the_same_again_does_not_measure_again() -> None:
    app = make()
    async with running(app) as pilot:
        await press(pilot, "down", "down", "enter")
        await settled(pilot)
        assert app.measurement.title == "practice: easy-home"
        held = app.measurement
        await press(pilot, "1", "up", "up", "enter")
        await settled(pilot)
        assert app.measurement.title == "this network"
        await press(pilot, "1", "down", "down", "enter")
        await settled(pilot)
        assert app.measurement is held


async def test_measuring_has_begun_before_anything_is_chosen() -> None:
    here = Fed("this network", recordings.MID_RUN)
    app = make(here=here)
    async with running(app) as pilot:
        assert step(app) is Step.CHOOSE
        assert here.runs == 1
        assert "being measured" in text(app)
        await press(pilot, "enter")
        assert step(app) is Step.MEASURE
        assert here.runs == 1, "it is watched, not begun anew"
        assert here.closed == 0


async def test_choosing_another_network_ends_the_run() -> None:
    here = Fed("this network", recordings.MID_RUN)
    app = make(here=here)
    async with running(app) as pilot:
        await press(pilot, "down", "down", "down", "enter")
        await settled(pilot)
        assert here.closed == 1
        assert app.measurement.title == HARD


@pytest.mark.parametrize("key", ["q", "ctrl+q", "ctrl+c"])
async def test_quitting_mid_run_is_quick_and_ends_the_run(key: str) -> None:
    fed = Fed(begun=recordings.MID_RUN)
    app = make(fed)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        began = time.monotonic()
        await pilot.press(key)
    assert time.monotonic() - began < UNHURRIED_S
    assert fed.closed == 1
    assert app.return_value == (130 if key == "ctrl+c" else 0)


@pytest.mark.parametrize("where", ["1", "3", "question_mark", "ctrl+p"])
async def test_ctrl_q_leaves_from_everywhere(where: str) -> None:
    app = make(Fed(begun=recordings.MID_RUN))
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, where)
        await pilot.press("ctrl+q")
    assert app.return_value == 0


async def test_a_source_that_breaks_is_told_and_what_is_known_stays() -> None:
    app = make(Broken(OSError("the file [/x] is gone"), begun=recordings.MID_RUN))
    async with running(app) as pilot:
        shown = text(app)
        assert "the run broke off" in lines(app)[0]
        assert "OSError: the file [/x] is gone" in shown
        assert DIFFERS in shown, "what was found stays"
        assert "○ Measure" in lines(app)[1] or "● Measure" in lines(app)[1]
        await press(pilot, "3")
        assert "○ Measure" in lines(app)[1], "it did not come to its end"
        app.screen.query_one("#findings", RowList).cursor = "field:mapping-varies"
        await pilot.pause()
        assert "MappingVariesByDestIP" in text(app)
        assert app.is_running


async def test_a_recording_that_was_cut_short_says_so() -> None:
    app = make(played(recordings.MID_RUN))
    async with running(app):
        assert "ends before its run did" in text(app)


async def test_only_the_checks_that_run_are_listed() -> None:
    from probes.options import Options
    from tests.tui.harness import Catalogue
    from tui.settings import Settings

    options = Options(only=frozenset({CheckId.LOCAL}))
    begun = (
        RunStarted(0.0, "2026-03-01T09:00:00Z", (CheckId.LOCAL,), (CheckId.STUN,), "real"),
        CheckStarted(0.1, CheckId.LOCAL, 1000.0),
    )
    settings = Settings(options=options, source=Fed(begun=begun), reduced_motion=True)
    app = WhyrelayApp(settings, "0", Catalogue())
    async with running(app):
        assert "measuring 0 of 1" in lines(app)[0]
        assert "left out" in row(app, "UDP")


@pytest.mark.parametrize("size", SIZES)
async def test_every_check_of_the_program_has_a_row_and_an_explanation(
    size: tuple[int, int],
) -> None:
    from probes.checks.registry import CHECKS
    from probes.options import OPT_IN
    from tests.tui.screenshots import run_of

    # In a thread: the simulated network runs under a loop of its own.
    events = await asyncio.to_thread(run_of, "hard-home")
    app = make(played(events))
    async with running(app, size) as pilot:
        rows = app.screen.query_one("#checks", RowList)
        shown = {row.partition("/")[0] for row in rows.ids}
        assert shown >= {str(check) for check in CHECKS if check not in OPT_IN}
        detail = app.screen.query_one("#check-detail", Detail)
        for row in rows.ids:
            rows.cursor = row
            await pilot.pause()
            assert "Why do you ask?" in detail.page.plain(), row
            assert rows.size.height <= size[1] // 2, "the explanation has room at every size"


def test_the_first_picture_waits_for_no_check() -> None:
    """What a run needs is imported once the screen is up."""
    program = (
        "import sys, tui.app, tui.screens.choose, tui.screens.measure\n"
        "late = ('probes.checks', 'probes.engine', 'probes.report', 'probes.network',"
        " 'probes.diagnosis.diagnose', 'tui.explain')\n"
        "print([name for name in sys.modules if name.startswith(late)])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.decode().strip() == "[]"
