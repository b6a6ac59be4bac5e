"""A command run for the person: seen, asked about, and what came of it kept with the step."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from probes.diagnosis.what_if import Whose
from probes.report import Report
from tests.tui.fixer import assert_whole, page, pane, practised, rows
from tests.tui.harness import SIZES, lines, make, played, press, running, settled, text
from tests.tui.screenshots import run_of
from tests.tui.test_terminal import ENTER, Terminal, start
from tui import content
from tui.app import WhyrelayApp
from tui.fixing.circumstances import System
from tui.fixing.keeper import Keeper
from tui.fixing.offer import Hindrance, Setting, hindrance
from tui.fixing.playbook import Command
from tui.fixing.progress import HERE, Ran, RanState
from tui.fixing.running import Job
from tui.fixing.undo import Verdict
from tui.networks import PRACTICE
from tui.screens import fix_run
from tui.screens.fix_ask import AskScreen
from tui.session import Session

CUTS = ("own-firewall", "allow-inbound", "allow")
"""A network, and the way and step there with a command that can cut the person off."""
PLAIN = ("hard-home", "port-mapping", "restart-client")


@pytest.fixture(autouse=True, scope="module")
def measured() -> None:
    """Measured before a test's loop runs."""
    for name, _, _ in (CUTS, PLAIN):
        run_of(name)


@dataclass
class Aside:
    """Stands in for the terminal."""

    status: int = 0
    ends: int = 0
    possible: bool = True
    jobs: list[Job] = field(default_factory=list)
    begun: list[Ran] = field(default_factory=list)

    def run(self, app: WhyrelayApp, ready: Job) -> tuple[int, int] | None:
        """Note what was to run."""
        self.jobs.append(ready)
        self.begun += app.progress.ran.values()
        return (self.status, self.ends) if self.possible else None


@pytest.fixture
def aside(monkeypatch: pytest.MonkeyPatch) -> Aside:
    """The terminal can be handed over, sudo is there, and this is not root."""
    made = Aside()
    monkeypatch.setattr(fix_run, "can_step_aside", lambda _app: True)
    monkeypatch.setattr(fix_run, "run_aside", made.run)
    monkeypatch.setattr("tui.fixing.offer.root_now", lambda: (False, True))
    return made


def here(which: tuple[str, str, str], session: Session | None = None) -> WhyrelayApp:
    """The app on "this network"."""
    return make(here=played(run_of(which[0]), HERE), session=session)


async def to_step(pilot: Pilot[int], app: WhyrelayApp, which: tuple[str, str, str]) -> None:
    """The cursor on the step."""
    await press(pilot, "4")
    rows(app).cursor = next(row for row in rows(app).ids if f":{which[1]}:this" in row)
    await pilot.pause()
    page(app).cursor = which[2]
    await pilot.pause()


def ran(app: WhyrelayApp, which: tuple[str, str, str]) -> Ran:
    """What is kept of it."""
    return app.progress.ran[(f"{which[1]}:this", which[2])]


@pytest.mark.usefixtures("aside")
@pytest.mark.parametrize(("title", "key"), [(HERE, "x Run"), (f"{PRACTICE}hard-home", "c Copy")])
async def test_run_is_offered_only_where_there_is_something_that_can_be_run(
    title: str, key: str
) -> None:
    app = make(here=played(run_of(PLAIN[0]), title))
    async with running(app) as pilot:
        await to_step(pilot, app, PLAIN)
        seen = set()
        for step in pane(app)._book(rows(app).cursor).steps:
            page(app).cursor = step.id
            await pilot.pause()
            has = step.command is not None
            assert (key in lines(app)[-1]) is has, step.id
            assert ("? Explain" in lines(app)[-1]) is not has
            seen.add(has)
        assert seen == {True, False}


@pytest.mark.parametrize("size", SIZES)
async def test_it_is_shown_and_asked_and_then_run(aside: Aside, size: tuple[int, int]) -> None:
    app = here(PLAIN)
    async with running(app, size) as pilot:
        await to_step(pilot, app, PLAIN)
        await press(pilot, "x")
        assert isinstance(app.screen, AskScreen)
        assert "sudo tailscale debug restun" in text(app)
        assert_whole(app)
        assert not aside.jobs
        await press(pilot, "y")
        await settled(pilot)
        assert [job.shown for job in aside.jobs] == ["sudo tailscale debug restun"]
        assert aside.begun[0].state is RanState.BEGUN, "kept before it runs"
        assert ran(app, PLAIN).well
        assert app.progress.done("port-mapping:this", "restart-client")
        assert content.fixing("run well") in page(app).page.plain(200)


@pytest.mark.parametrize("key", ["n", "escape", "q", "enter"])
async def test_everything_but_yes_is_a_no(aside: Aside, key: str) -> None:
    app = here(PLAIN)
    async with running(app) as pilot:
        await to_step(pilot, app, PLAIN)
        await press(pilot, "x", key)
        assert not isinstance(app.screen, AskScreen)
        assert not aside.jobs
        assert not app.progress.begun


async def test_what_did_not_end_well_is_told_and_not_ticked(aside: Aside) -> None:
    aside.status = 3
    app = here(PLAIN)
    async with running(app) as pilot:
        await to_step(pilot, app, PLAIN)
        await press(pilot, "x", "y")
        assert ran(app, PLAIN) == Ran(RanState.ENDED, 3, ran(app, PLAIN).at)
        assert not app.progress.ticked
        assert content.fill(content.fixing("run badly"), status=3) in page(app).page.plain(200)


@pytest.mark.parametrize("size", SIZES)
async def test_what_can_cut_the_person_off_never_runs_as_it_is(
    aside: Aside, size: tuple[int, int]
) -> None:
    app = here(CUTS, session=Session(remote=True, over_tailnet=True))
    async with running(app, size) as pilot:
        await to_step(pilot, app, CUTS)
        assert content.fixing("cuts tailnet") in page(app).page.plain(200)
        command = next(
            each.command for each in pane(app)._book(rows(app).cursor).steps if each.id == CUTS[2]
        )
        assert command is not None
        assert command.cuts
        await press(pilot, "x")
        shown = "\n".join(lines(app))
        assert content.fixing("cuts tailnet")[:40] in shown.replace("│\n│   ", "")
        seen = [shown]
        for _ in range(14):  # all of the script can be read before the answer
            await press(pilot, "pagedown")
            seen.append("\n".join(lines(app)))
        assert "It was taken back." in "".join(seen)
        await press(pilot, "y")
        job = aside.jobs[0]
        assert job.timed
        assert command.text not in job.argv
        assert "timed-undo" in job.shown
        assert ran(app, CUTS).state is RanState.KEPT


@pytest.mark.parametrize("status", [Verdict.TAKEN_BACK, Verdict.WILL_BE, -signal.SIGHUP])
async def test_what_was_taken_back_is_not_ticked(aside: Aside, status: int) -> None:
    aside.status = status
    app = here(CUTS)
    async with running(app) as pilot:
        await to_step(pilot, app, CUTS)
        await press(pilot, "x", "y")
        assert ran(app, CUTS).state is RanState.TAKEN_BACK
        assert not app.progress.ticked


async def test_a_terminal_that_cannot_be_handed_over(aside: Aside) -> None:
    aside.possible = False
    app = here(PLAIN)
    async with running(app) as pilot:
        await to_step(pilot, app, PLAIN)
        await press(pilot, "x", "y")
        assert "Not run" in text(app)


async def test_a_signal_that_came_meanwhile_ends_the_program(aside: Aside) -> None:
    aside.ends = int(signal.SIGTERM)
    app = here(PLAIN)
    async with running(app) as pilot:
        await to_step(pilot, app, PLAIN)
        await press(pilot, "x", "y")
        assert app.return_value == 128 + signal.SIGTERM


async def test_masked_commands_are_not_run(aside: Aside) -> None:
    app = here(PLAIN)
    async with running(app) as pilot:
        await to_step(pilot, app, PLAIN)
        await press(pilot, "p", "x")
        assert not isinstance(app.screen, AskScreen)
        assert "masked" in text(app)


async def test_steps_for_another_system_are_not_run(aside: Aside) -> None:
    app = here(CUTS)
    async with running(app) as pilot:
        await to_step(pilot, app, CUTS)
        await press(pilot, "s")
        await press(pilot, "home", "down", "enter")  # ufw
        await press(pilot, "x")
        assert not isinstance(app.screen, AskScreen)


# --- when it is offered ---------------------------------------------------------------------------

SETTING = Setting(
    title=HERE,
    report=Report(network="real", closed=True),
    whose=Whose.THIS,
    shown=System.LINUX,
    found=System.LINUX,
    steps_aside=True,
    masked=False,
    measuring=False,
    is_root=False,
    has_sudo=True,
)
COMMAND = Command("sudo x", "sh", as_root=True, cuts=True, undo="sudo y")


@pytest.mark.parametrize(
    ("command", "setting", "expected"),
    [
        (COMMAND, SETTING, None),
        (COMMAND, replace(SETTING, whose=Whose.OTHER), Hindrance.OTHER_SIDE),
        (COMMAND, replace(SETTING, title="practice: hard-home"), Hindrance.PRACTICE),
        (COMMAND, replace(SETTING, title="a recording"), Hindrance.RECORDING),
        (COMMAND, replace(SETTING, report=Report(network="elsewhere")), Hindrance.RECORDING),
        (COMMAND, replace(SETTING, shown=System.MACOS), Hindrance.OTHER_SYSTEM),
        (replace(COMMAND, shell="powershell"), SETTING, Hindrance.POWERSHELL),
        (replace(COMMAND, undo=""), SETTING, Hindrance.NO_UNDO),
        (replace(COMMAND, undo="", cuts=False), SETTING, None),
        (COMMAND, replace(SETTING, has_sudo=False), Hindrance.NO_SUDO),
        (COMMAND, replace(SETTING, has_sudo=False, is_root=True), None),
        (replace(COMMAND, as_root=False), replace(SETTING, has_sudo=False), None),
        (COMMAND, replace(SETTING, steps_aside=False), Hindrance.NO_STEPPING_ASIDE),
        (COMMAND, replace(SETTING, masked=True), Hindrance.MASKED),
        (COMMAND, replace(SETTING, measuring=True), Hindrance.MEASURING),
        (replace(COMMAND, text="sudo x \x1b[2J"), SETTING, Hindrance.STRANGE),
        (replace(COMMAND, undo="sudo \u202ey"), SETTING, Hindrance.STRANGE),
    ],
)
def test_when_a_command_is_offered(
    command: Command, setting: Setting, expected: Hindrance | None
) -> None:
    assert hindrance(command, setting) is expected


# --- on a real terminal ---------------------------------------------------------------------------

_APP = """
import sys
from dataclasses import replace
from tests.tui.harness import Catalogue, played
from tests.tui.screenshots import run_of
from tui.fixing import undo
from tui.fixing.progress import HERE
from tui.screens import fix_view
import tui.app
from tui.run_app import run_app
from tui.settings import Settings

network, change, back, folder = sys.argv[1:]
undo.UNDO_S = 3
make_book = fix_view.playbook

def tame(*given):
    book = make_book(*given)
    def tamed(step):
        if step.command is None:
            return step
        undo_ = back if step.command.cuts else ""
        return replace(step, command=replace(step.command, text=change, undo=undo_, as_root=False))
    return replace(book, steps=tuple(tamed(step) for step in book.steps))

fix_view.playbook = tame
tui.app.Everything = lambda: Catalogue(played(run_of(network), HERE))
sys.exit(run_app(Settings()))
"""


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Start the app on a terminal, with a state directory of its own."""
    begun: list[Terminal] = []

    def begin(network: str, change: str, back: str = "") -> Terminal:
        state = str(tmp_path / "state")
        made = start(_APP, network, change, back, str(tmp_path), XDG_STATE_HOME=state, HOME=state)
        begun.append(made)
        return made

    yield begin
    for each in begun:
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait()
        os.close(each.master)


@pytest.mark.skipif(os.name != "posix", reason="there is no POSIX shell")
def test_a_command_is_run_in_the_terminal_and_its_end_comes_back(
    terminal: Callable[..., Terminal], tmp_path: Path
) -> None:
    app = terminal("hard-home", f"echo said-by-the-command; printf new >{tmp_path}/file")
    app.until(lambda seen: b"This network" in seen and b"Relayed" in seen)
    app.type(b"4")
    app.until(lambda seen: b"First things first" in seen)
    app.type(b"   ")  # three ticks: the cursor is on the step with the command then
    app.until(lambda seen: b"x run it" in seen)
    app.type(b"x")
    app.until(lambda seen: b"Run this?" in seen)
    assert not (tmp_path / "file").exists()
    app.type(b"y")
    app.until(lambda seen: b"\r\nsaid-by-the-command" in seen)
    app.until(lambda seen: content.fixing("run enter").encode() in seen)
    assert (tmp_path / "file").read_text() == "new"
    app.seen = b""
    app.type(b"\r")
    app.until(lambda seen: ENTER in seen and b"Fix" in seen)
    app.type(b"q")
    assert app.end() == 0
    assert app.screen_restored()
    kept = Keeper(tmp_path / "state" / "whyrelay" / "progress").latest()
    assert kept is not None
    assert [each.well for each in kept.ran.values()] == [True]


@pytest.mark.skipif(os.name != "posix", reason="there is no POSIX shell")
def test_a_terminal_that_dies_takes_the_change_back(
    terminal: Callable[..., Terminal], tmp_path: Path
) -> None:
    file = tmp_path / "file"
    app = terminal("own-firewall", f"printf new >{file}", f"printf old >{file}")
    app.until(lambda seen: b"This network" in seen and b"nothing is sent" in seen)
    app.type(b"4")
    app.until(lambda seen: b"First things first" in seen)
    app.type(b"x")
    app.until(lambda seen: b"Run this?" in seen)
    app.type(b"y")
    app.until(lambda seen: b"status: 0" in seen)  # the script itself holds the other words
    assert file.read_text() == "new"
    os.killpg(app.process.pid, signal.SIGHUP)  # what the kernel sends when the window is closed
    os.close(app.master)
    app.master = os.open(os.devnull, os.O_RDONLY)
    app.process.wait(20)
    deadline = time.monotonic() + 20
    while file.read_text() != "old":
        assert time.monotonic() < deadline
        select.select([], [], [], 0.05)
    kept = Keeper(tmp_path / "state" / "whyrelay" / "progress").latest()
    assert kept is not None
    assert {each.state for each in kept.ran.values()} <= {RanState.BEGUN, RanState.TAKEN_BACK}
    assert not kept.ticked
    again = terminal("own-firewall", "true", "true")
    again.until(lambda seen: content.fixing("go on").encode() in seen)
    again.type(b"q")
    again.end()


async def test_a_practice_network_is_left_alone(aside: Aside) -> None:
    app = make(practised("hard-home"))
    async with running(app) as pilot:
        await to_step(pilot, app, PLAIN)
        await press(pilot, "x")
        assert not isinstance(app.screen, AskScreen)
