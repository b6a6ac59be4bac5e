"""Runs of the program that are in the middle of a test mapping, and the records that they keep."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab.namespaces import LabError, Machine, Running, await_until
from tests.lab.place import Place
from tests.lab.routers import forwarded

NOBODY = "45.83.221.200:3478"
NOBODY6 = "[2a0e:b107:f00:221::200]:3478"
"""Servers that never answer: the mapping is kept open while the program waits for one."""

RUNS = 3


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A run in the middle of a test mapping."""

    place: Place
    running: Running
    pid: int
    """Of the program itself, below the commands that put it on its machine."""

    def signal(self, name: str) -> None:
        """Send it a signal: "INT", "KILL"."""
        self.place.site.device.run(("kill", f"-{name}", str(self.pid)))

    def kill(self) -> None:
        """End it so that it can do nothing more."""
        self.signal("KILL")
        self.running.popen.wait(20)

    def record(self) -> Any:
        """What it wrote down of its one mapping."""
        (file,) = records(self.place)
        return json.loads(file.read_text())


def records(place: Place) -> list[Path]:
    """The files in which the program keeps what it asked a router for."""
    return sorted(place.program.home.glob(".local/state/whyrelay/mappings/*.json"))


def router_of(place: Place) -> Machine:
    """The site's router."""
    assert place.site.router is not None
    return place.site.router


def begin(
    place: Place,
    only: str,
    open_ports: Callable[[Machine], set[int]] = forwarded,
    server: str = NOBODY,
) -> UnderWay:
    """Start a run of these checks, and wait until the router has opened what it wrote down.

    On a busy machine a router's answer may come too late for a run, or its middle be over before
    anybody looked. Then there is nothing to interrupt, and another run is started.
    """
    for _ in range(RUNS):
        run = _begun(place, only, open_ports, server)
        if run is not None:
            return run
    raise LabError(f"in none of {RUNS} runs of {only} the router was seen to hold a test mapping")


def _begun(
    place: Place, only: str, open_ports: Callable[[Machine], set[int]], server: str
) -> UnderWay | None:
    """The process is looked up before its middle, which may soon be over. None: it is over."""
    argv = ("check", "--json", "--derp-map", str(place.map_file), "--only", only, "--map-test")
    running = place.program.start(*argv, "--behavior-server", server)
    held: list[bool] = []

    def found() -> list[str]:
        ask = ("pgrep", "-f", f"whyrelay check --json .*--only {only} ")
        return place.site.device.run(ask).stdout.split()

    def over() -> bool:
        return running.popen.poll() is not None

    def opened() -> bool:
        with suppress(FileNotFoundError):  # the program may be done with one, and begin the next
            ports = {json.loads(file.read_text())["external_port"] for file in records(place)}
            held[:] = [True] if ports & open_ports(router_of(place)) else []
        return bool(held)

    await_until("the program is there", lambda: bool(found()) or over())
    pids = found()
    await_until("the router holds its test mapping", lambda: opened() or over())
    return UnderWay(place, running, int(pids[-1])) if held and pids else None
