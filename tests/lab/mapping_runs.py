"""Runs of the program that are in the middle of a test mapping, and the records that they keep."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab.namespaces import Machine, Running, await_until
from tests.lab.place import Place
from tests.lab.routers import forwarded

NOBODY = "45.83.221.200:3478"
NOBODY6 = "[2a0e:b107:f00:221::200]:3478"
"""Servers that never answer: the mapping is kept open while the program waits for one."""


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

    The process is looked up beforehand: on a busy machine the middle is soon over.
    """
    argv = ("check", "--json", "--derp-map", str(place.map_file), "--only", only, "--map-test")
    running = place.program.start(*argv, "--behavior-server", server)

    def found() -> list[str]:
        ask = ("pgrep", "-f", f"whyrelay check --json .*--only {only} ")
        return place.site.device.run(ask).stdout.split()

    def opened() -> bool:
        with suppress(FileNotFoundError):  # the program may be done with one, and begin the next
            ports = {json.loads(file.read_text())["external_port"] for file in records(place)}
            return bool(ports & open_ports(router_of(place)))
        return False

    await_until("the program is there", lambda: bool(found()))
    pid = int(found()[-1])
    await_until("the router holds its test mapping", opened)
    return UnderWay(place, running, pid)
