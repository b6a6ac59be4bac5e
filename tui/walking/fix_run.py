"""Runs a step's command for the person: shown first, asked, and kept before and after."""

from __future__ import annotations

from tui import content
from tui.fixing import offer
from tui.fixing.keeper import now
from tui.fixing.playbook import Command, Playbook, PlayStep
from tui.fixing.progress import Ran, RanState
from tui.fixing.running import Job, outcome, run
from tui.fixing.ways import key_of
from tui.session import Session, this_session
from tui.walking.fix_plan import At, Fixing
from tui.walking.talk import Choice, Left
from tui.walking.walk import BACK, QUIT, Walk, moves


def run_one(fixing: Fixing, at: At, book: Playbook) -> None:
    """Ask which command, show it, and run it after a plain yes. Raises Left."""
    walk, talk = fixing.walk, fixing.walk.talk
    runnable = [step for step in book.steps if step.command is not None]
    if not runnable:
        talk.tell("No step here has a command.")
        return
    step = runnable[0]
    if len(runnable) > 1:
        choices = [
            Choice("", f"Step {book.steps.index(step) + 1}", str(index), _command(step))
            for index, step in enumerate(runnable)
        ]
        answer = walk.ask("Which command?", (*choices, *moves(BACK, QUIT)))
        if answer == BACK:
            return
        step = runnable[int(answer)]
    _run(fixing, at, step)


def hindrance(fixing: Fixing, at: At, command: Command) -> offer.Hindrance | None:
    """Why a command is only shown here; None where it can be run."""
    walk = fixing.walk
    is_root, has_sudo = offer.root_now()
    setting = offer.Setting(
        title=walk.measurement.title,
        report=walk.measurement.report,
        whose=at[1].whose,
        shown=fixing.fitting.system,
        found=fixing.found.system,
        steps_aside=True,
        masked=walk.settings.privacy,
        measuring=False,
        is_root=is_root,
        has_sudo=has_sudo,
    )
    return offer.hindrance(command, setting)


def session_of(walk: Walk) -> Session:
    """How the person is logged in."""
    return walk.settings.session or this_session()


def _command(step: PlayStep) -> str:
    return "" if step.command is None else step.command.text


def _agreed(fixing: Fixing, command: Command, ready: Job) -> bool:
    """It was shown, and the person said yes. Raises Left."""
    talk, session = fixing.walk.talk, session_of(fixing.walk)
    if not ready.timed:
        talk.tell("", content.fixing("ask"), "")
        talk.verbatim(ready.shown)
        return talk.sure("Run this?")
    # The long script is heard on request alone: it is the same two lines and what holds them.
    warned = [content.fixing(offer.cuts_words(session))] if session.remote else []
    talk.tell("", *warned, content.fixing("ask timed"), "", "The command:")
    talk.verbatim(command.text)
    talk.tell("What takes it back:")
    talk.verbatim(command.undo)
    return talk.sure("Run this?", script=ready.shown)


def _run(fixing: Fixing, at: At, step: PlayStep) -> None:
    talk, command = fixing.walk.talk, step.command
    assert command is not None
    if (why_not := hindrance(fixing, at, command)) is not None:
        talk.tell(f"Not run from here: {content.label(why_not)}.")
        return
    ready = offer.ready(command)
    if not _agreed(fixing, command, ready):
        return
    key, at_time = key_of(at[1]), now()
    # Written first: if this cuts the person off, the next start knows that it was begun.
    fixing.change(fixing.progress.with_ran(key, step.id, Ran(RanState.BEGUN, None, at_time)), at)
    status, ends = run(ready)
    ran = outcome(ready, status, at_time)
    progress = fixing.progress.with_ran(key, step.id, ran)
    fixing.change(progress.with_tick(key, step.id, True) if ran.well else progress, at)
    if ends:
        raise Left
    talk.tell("It ran well, and the step is done." if ran.well else "The step is not done.")
