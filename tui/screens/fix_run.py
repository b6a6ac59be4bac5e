"""The app runs a command for the person: it asks first, and steps aside while it runs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, assert_never

from textual.app import App, SuspendNotSupported

from probes.diagnosis.what_if import Whose
from tui import content
from tui.content import Tone
from tui.fixing import offer
from tui.fixing.circumstances import System
from tui.fixing.keeper import now
from tui.fixing.offer import Hindrance
from tui.fixing.playbook import Command
from tui.fixing.progress import Progress, Ran, RanState
from tui.fixing.running import Job, outcome, run, sudo_words
from tui.session import Session
from tui.widgets.page import Block, gap, heading, prose, title

if TYPE_CHECKING:
    from tui.app import WhyrelayApp
    from tui.screens.fix_ask import AskScreen

Keep = Callable[[Progress], None]


def hindrance(
    app: WhyrelayApp, command: Command, whose: Whose, shown: System, found: System
) -> Hindrance | None:
    """Why it is only shown; None where it can be run. `shown`: whose steps are looked at."""
    is_root, has_sudo = offer.root_now()
    at = offer.Setting(
        title=app.measurement.title,
        report=app.measurement.report,
        whose=whose,
        shown=shown,
        found=found,
        steps_aside=can_step_aside(app),
        masked=app.privacy,
        measuring=app.measurement.running,
        is_root=is_root,
        has_sudo=has_sudo,
    )
    return offer.hindrance(command, at)


def ask_to_run(
    app: WhyrelayApp, command: Command, of: tuple[str, str], session: Session, keep: Keep
) -> None:
    """Show all that would run, and run it after a plain yes.

    `of` is the way and the step that it belongs to; `keep` takes each new state of the progress.
    """
    ready = offer.ready(command)
    app.push_screen(_question(ready, command, session), partial(_answered, app, ready, of, keep))


def _question(ready: Job, command: Command, session: Session) -> AskScreen:
    from tui.screens.fix_ask import AskScreen, shell_text

    which = "ask timed" if ready.timed else "ask"
    blocks: list[Block] = [prose(content.fixing(which))]
    if ready.timed:
        blocks += [gap, heading("The command"), shell_text(command.text)]
        blocks += [gap, heading("What takes it back"), shell_text(command.undo)]
        blocks += [gap, heading("The whole script"), shell_text(ready.shown)]
    else:
        blocks += [gap, shell_text(ready.shown)]
    if ready.root:
        blocks += [gap, prose(content.fixing(sudo_words(ready)))]
    if ready.timed and session.remote:
        blocks = [title(content.fixing(offer.cuts_words(session)), Tone.NOTE), gap, *blocks]
    return AskScreen("Run this?", blocks, yes="Yes, run it", no="No")


def _answered(
    app: WhyrelayApp, ready: Job, of: tuple[str, str], keep: Keep, yes: bool | None
) -> None:
    if not yes:
        return
    at = now()
    # Written first: if this cuts the person off, the next start knows that it was begun.
    keep(app.progress.with_ran(*of, Ran(RanState.BEGUN, None, at)))
    ended = run_aside(app, ready)
    if ended is None:
        app.say(f"Not run: {content.label(Hindrance.NO_STEPPING_ASIDE)}.")
        return
    status, ends = ended
    ran = outcome(ready, status, at)
    progress = app.progress.with_ran(*of, ran)
    keep(progress.with_tick(*of, True) if ran.well else progress)
    if ends:
        app.exit(128 + ends)
    else:
        app.say(_came_of(ran))


def _came_of(ran: Ran) -> str:
    match ran.state:
        case RanState.ENDED | RanState.KEPT:
            return "It ran well, and the step is ticked." if ran.well else "It did not end well."
        case RanState.TAKEN_BACK:
            return "It was taken back, or will be when its time is over."
        case RanState.BEGUN:
            return "It was begun."
        case _:
            assert_never(ran.state)


# --- the terminal ---------------------------------------------------------------------------------


def can_step_aside(app: App[Any]) -> bool:
    """Whether the terminal can be handed over and had back (not on the web, nor on Windows: there
    is no shell for these commands)."""
    driver = app._driver
    return driver is not None and driver.can_suspend


def run_aside(app: App[Any], ready: Job) -> tuple[int, int] | None:
    """Run it with the terminal to itself. Its exit status, and the signal that is to end this
    program (0: none); None where the terminal could not be handed over, and nothing was run."""
    ended: tuple[int, int] | None = None
    try:
        with app.suspend():
            ended = run(ready)
    except SuspendNotSupported:
        return None
    except Exception:  # termios.error, where there is termios: the terminal died meanwhile
        if ended is None or not ended[1]:
            raise
    return ended
