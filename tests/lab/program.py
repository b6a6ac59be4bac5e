"""The program under test: the installed console script, run on a machine of the lab."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from probes.options import OPT_IN
from tests.lab.internet import TOP
from tests.lab.namespaces import LabError, Machine, Running

SCRIPT = Path(sysconfig.get_path("scripts")) / "whyrelay"
"""Installed beside the Python that runs the tests."""

# In the lab the person is root of a namespace. An ordinary user's program has no such powers.
_WITHOUT_POWERS = ("setpriv", "--bounding-set", "-all", "--inh-caps", "-all", "--")
_WITHOUT_BINDING = ("env", f"PYTHONPATH={TOP}", sys.executable, "-m", "tests.lab.no_bind")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run of the program ended."""

    argv: tuple[str, ...]
    status: int
    stdout: str
    stderr: str
    seconds: float

    @property
    def json(self) -> Any:
        """Its standard output as JSON. Raises LabError with all that it said."""
        try:
            return json.loads(self.stdout)
        except ValueError:
            raise LabError(f"not JSON: {self}") from None


@dataclass(frozen=True, slots=True)
class Program:
    """The program on one machine, for one person with a home of their own."""

    machine: Machine
    home: Path
    may_bind: bool = True
    """False: the system forbids choosing the interface."""
    as_root: bool = False
    """Run as by sudo: it may read the firewall's rules."""
    env: dict[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """The person's environment."""
        path = os.environ.get("PATH", os.defpath)
        return {
            "PATH": f"{SCRIPT.parent}{os.pathsep}{path}",
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            **self.env,
        }

    def command(self, argv: Sequence[str]) -> tuple[str, ...]:
        """The command that runs the program there, with an ordinary user's rights or root's."""
        if self.as_root:
            return (str(SCRIPT), *argv)
        way = _WITHOUT_POWERS if self.may_bind else (*_WITHOUT_POWERS, *_WITHOUT_BINDING)
        return (*way, str(SCRIPT), *argv)

    def run(self, *argv: str, stdin: str = "", limit_s: float = 60.0) -> Outcome:
        """Run it to its end."""
        began = time.monotonic()
        done = self.machine.run(
            self.command(argv), env=self.environment(), stdin=stdin, limit_s=limit_s
        )
        seconds = time.monotonic() - began
        return Outcome(argv, done.returncode, done.stdout, done.stderr, seconds)

    def start(self, *argv: str) -> Running:
        """Start it and leave it running."""
        return self.machine.start(self.command(argv), env=self.environment())

    def measure(self, map_file: Path, *argv: str) -> Outcome:
        """`check`, once more where the lab's machine was too busy for its servers to answer."""
        outcome = self.check(map_file, *argv)
        if why := starved(outcome.json):
            print(f"MEASURED AGAIN: {why}")
            outcome = self.check(map_file, *argv)
        return outcome

    def check(self, map_file: Path, *argv: str) -> Outcome:
        """`whyrelay check --json` with a relay map. What it said is shown if the test fails."""
        outcome = self.run("check", "--json", "--derp-map", str(map_file), *argv)
        print(f"{outcome.argv} -> {outcome.status} after {outcome.seconds:.2f} s")
        print(outcome.stdout, outcome.stderr, file=sys.stderr)
        return outcome


_ANSWERLESS = ("silent", "other-silent")


def starved(said: Any) -> str:
    """Why a report tells of a busy machine and not of the network; "" if it does not.

    The program says so itself: a check ran out of its time, or a behaviour server fell silent that
    others' answers show to be reachable. No finding is looked at, so none is tried till it fits.
    Long checks, which are asked for by name, run until they are stopped.
    """
    late = [
        name
        for name, each in said["checks"].items()
        if each["status"] == "timed-out" and name not in OPT_IN
    ]
    if late:
        return f"{', '.join(late)} ran out of time"
    readings = said["readings"]
    heard = readings.get("stun.answers4", {}).get("value")
    servers = readings.get("behavior.servers", {}).get("value") or ()
    mute = [each["host"] for each in servers if each["state"] in _ANSWERLESS]
    return f"{', '.join(mute)} did not answer" if heard and mute else ""


def installed() -> str:
    """Why the program cannot be run here, or ""."""
    if not SCRIPT.exists():
        return f"{SCRIPT} is not installed"
    return ""


def version() -> str:
    """What the installed program says it is."""
    done = subprocess.run((str(SCRIPT), "--version"), capture_output=True, text=True, check=True)
    return done.stdout.strip()
