"""Whether a command can be run for the person, and if not, why; and what it would run as."""

from __future__ import annotations

import os
import shutil
from enum import StrEnum

from probes.diagnosis.what_if import Whose
from probes.report import Report
from probes.values import dataclass
from tui.fixing.circumstances import System
from tui.fixing.playbook import Command
from tui.fixing.progress import HERE
from tui.fixing.running import Job, job
from tui.networks import PRACTICE
from tui.session import Session


class Hindrance(StrEnum):
    """Why a command is only shown."""

    PRACTICE = "practice"
    """The network is made up, and this computer is not in it."""
    RECORDING = "recording"
    """It was measured elsewhere, or at another time."""
    OTHER_SIDE = "other-side"
    OTHER_SYSTEM = "other-system"
    """The person looks at the steps for another system."""
    POWERSHELL = "powershell"
    NO_UNDO = "no-undo"
    """It can cut the person off, and there is nothing that takes it back."""
    NO_SUDO = "no-sudo"
    NO_STEPPING_ASIDE = "no-stepping-aside"
    """The app cannot hand over the terminal here."""
    MASKED = "masked"
    MEASURING = "measuring"
    """The waiting for answers would be spoilt."""
    STRANGE = "strange"
    """There are characters in it that a terminal might act on."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What it hangs on besides the command."""

    title: str
    """What is measured."""
    report: Report
    whose: Whose
    shown: System
    """Whose steps are looked at."""
    found: System
    steps_aside: bool
    masked: bool
    measuring: bool
    is_root: bool
    has_sudo: bool


def root_now() -> tuple[bool, bool]:
    """Whether this process is root's, and whether it can ask sudo."""
    geteuid = getattr(os, "geteuid", None)
    return geteuid is not None and geteuid() == 0, shutil.which("sudo") is not None


def hindrance(command: Command, at: Setting) -> Hindrance | None:
    """The first reason for which it is only shown; None where it can be run."""
    reasons = (
        (at.whose is Whose.OTHER, Hindrance.OTHER_SIDE),
        (at.title.startswith(PRACTICE), Hindrance.PRACTICE),
        (at.title != HERE or at.report.elsewhere, Hindrance.RECORDING),
        (at.shown is not at.found, Hindrance.OTHER_SYSTEM),
        (command.shell != "sh", Hindrance.POWERSHELL),
        (command.cuts and not command.undo, Hindrance.NO_UNDO),
        (not _plain(command), Hindrance.STRANGE),
        (at.masked, Hindrance.MASKED),
        (not at.steps_aside, Hindrance.NO_STEPPING_ASIDE),
        (command.as_root and not at.is_root and not at.has_sudo, Hindrance.NO_SUDO),
        (at.measuring, Hindrance.MEASURING),
    )
    return next((reason for holds, reason in reasons if holds), None)


def ready(command: Command) -> Job:
    """Made ready for this process; what can cut the person off, with what takes it back."""
    is_root, _ = root_now()
    undo = command.undo if command.cuts else ""
    return job(command.text, as_root=command.as_root, is_root=is_root, undo=undo)


def cuts_words(session: Session) -> str:
    """What warns of a command that can cut connections, as an id of `content.fixing`."""
    if session.over_tailnet:
        return "cuts tailnet"
    return "cuts you" if session.remote else "cuts"


def _plain(command: Command) -> bool:
    return all(
        line.isprintable() for text in (command.text, command.undo) for line in text.split("\n")
    )
