"""Two installed programs meet. Each one's offer is carried to the other, in a given order."""

from __future__ import annotations

import json
import select
import subprocess
import time
from collections.abc import Sequence
from contextlib import ExitStack, nullcontext, suppress
from dataclasses import dataclass
from threading import Semaphore
from typing import Any

from tests.lab.namespaces import START_LIMIT_S, LabError
from tests.lab.program import Program

HEAD_START_S = 0.7
"""The one that starts has sent twice by then. Real daemons are seconds apart."""
LONGEST_S = 60.0


@dataclass(frozen=True, slots=True)
class End:
    """One program, and what it is told besides where to meet."""

    program: Program
    argv: tuple[str, ...]
    turn: Semaphore | None = None
    """Held until its offer is out: a small router's daemon serves one after the other."""


@dataclass(frozen=True, slots=True)
class Met:
    """What one of them said and how it ended."""

    said: Any
    status: int

    @property
    def direct(self) -> bool:
        """Its word."""
        return bool(self.said["result"] == "direct")


ANNOUNCED = ("stun", "stun4localport")


def by_chance(met: tuple[Met, Met]) -> bool:
    """A router with random ports gave its flow to the peer a port that it had announced before.

    Told by the packets: the path's endpoint is one of several that STUN servers saw, though such a
    router has another for each destination. Three or four in 64,512, so once in some 16,000 tries.
    """
    for each in met:
        seen = {other["endpoint"] for other in each.said["peer"] or () if other["kind"] == "stun"}
        if each.direct and len(seen) > 1 and each.said["kind"] in ANNOUNCED:
            return True
    return False


def meet(ends: tuple[End, End], *, first: int | None = None) -> tuple[Met, Met]:
    """Both run to their end. `first`: which of them hears of the other first and so starts."""
    started: list[subprocess.Popen[str]] = []
    try:
        with ExitStack() as turns:
            # Always in the same order: nobody waits for whom waits for him.
            for end in sorted(ends, key=lambda end: end.program.machine.name):
                turns.enter_context(end.turn or nullcontext())
            started += [_start(end) for end in ends]
            offers = [_line(each) for each in started]
        order = (0, 1) if first is None else (first, 1 - first)
        for number in order:
            _tell(started[number], offers[1 - number])
            if first == number:
                time.sleep(HEAD_START_S)
        for number in order:
            _tell(started[1 - number], _line(started[number]))  # it has begun
        near, far = (_end(each) for each in started)
    finally:
        for each in started:
            _close(each)
    return near, far


def _start(end: End) -> subprocess.Popen[str]:
    argv = ("meet", "--via", "-", "--json", *end.argv)
    return subprocess.Popen(
        end.program.machine.command(end.program.command(argv)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=end.program.environment(),
        text=True,
        start_new_session=True,
    )


def _line(started: subprocess.Popen[str]) -> str:
    assert started.stdout is not None
    ready, _, _ = select.select([started.stdout], [], [], START_LIMIT_S)
    text = started.stdout.readline() if ready else ""
    if not text:
        raise LabError(f"{started.args!r} made no offer: {_complaint(started)}")
    return text


def _complaint(started: subprocess.Popen[str]) -> str:
    started.kill()
    return started.communicate()[1]


def _tell(started: subprocess.Popen[str], text: str) -> None:
    assert started.stdin is not None
    with suppress(BrokenPipeError):  # it is done already
        started.stdin.write(text)
        started.stdin.flush()


def _end(started: subprocess.Popen[str]) -> Met:
    out, errors = started.communicate(timeout=LONGEST_S)
    try:
        return Met(json.loads(out), started.returncode)
    except ValueError:
        raise LabError(f"{started.args!r} said {out!r}, {errors!r}") from None


def _close(started: subprocess.Popen[str]) -> None:
    if started.poll() is None:
        started.kill()
        started.wait()
    pipes: Sequence[Any] = (started.stdin, started.stdout, started.stderr)
    for pipe in pipes:
        with suppress(OSError):
            pipe.close()
