"""Running a program: no shell, no input, bounded output, and gone at the deadline with its kin."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from probes.network.real.errors import translate
from probes.network.seam import NetworkError, ProcessResult

_GRACE_S = 0.25
"""How long output is still read after the program ended: a child of its may hold the pipe."""
_REAP_S = 1.0
_EXTRA_PATH = ("/usr/local/bin", "/usr/local/sbin", "/usr/sbin", "/sbin", "/opt/homebrew/bin")
"""Where network tools live that an ordinary user's PATH may lack."""


def environment(base: Mapping[str, str]) -> dict[str, str]:
    """A copy in which programs speak English with plain figures, and network tools are found."""
    made = {name: value for name, value in base.items() if name != "LANGUAGE"}
    made["LANG"] = made["LC_ALL"] = "C"
    if sys.platform != "win32":
        path = [part for part in made.get("PATH", os.defpath).split(os.pathsep) if part]
        path += [part for part in _EXTRA_PATH if part not in path]
        made["PATH"] = os.pathsep.join(path)
    return made


async def run(argv: Sequence[str], *, timeout_s: float, most: int) -> ProcessResult:
    """Run it. Raises NetworkError where the system refuses to start it."""
    env = environment(os.environ)
    program = _locate(argv[0], env)
    if program is None:
        return _missing(argv)
    loop = asyncio.get_running_loop()
    output = _Output(loop, most)
    deadline = loop.time() + timeout_s
    try:
        transport, _ = await loop.subprocess_exec(
            lambda: output,
            program,
            *argv[1:],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
            **own_group(),
        )
    except FileNotFoundError:
        return _missing(argv)
    except OSError as error:
        raise translate(error) from error
    except ValueError as error:
        raise NetworkError("a program's argument holds a zero byte") from error
    timed_out = False
    try:
        async with asyncio.timeout_at(deadline):
            await output.until_over()
    except TimeoutError:
        timed_out = True
    finally:
        # Also on cancellation. Killing first, waiting after: nothing is left behind, and the wait
        # is short because a killed process does not linger.
        finished = transport.get_returncode() is not None
        _kill(transport)
        with suppress(TimeoutError):
            async with asyncio.timeout(_REAP_S):
                await asyncio.shield(output.exited)
        transport.close()
    status = transport.get_returncode() if finished and not output.truncated else None
    return ProcessResult(
        tuple(argv),
        True,
        status,
        bytes(output.kept[1]),
        bytes(output.kept[2]),
        output.truncated,
        timed_out and not finished,
    )


class _Output(asyncio.SubprocessProtocol):
    """Collects what a program writes, `most` bytes of each stream."""

    def __init__(self, loop: asyncio.AbstractEventLoop, most: int) -> None:
        self._most = most
        self._open = {1, 2}
        self._closed: asyncio.Future[None] = loop.create_future()
        self._full: asyncio.Future[None] = loop.create_future()
        self.exited: asyncio.Future[None] = loop.create_future()
        self.kept = {1: bytearray(), 2: bytearray()}
        self.truncated = False

    async def until_over(self) -> None:
        """It ended and its output is read, or there is more output than wanted."""
        await asyncio.wait((self.exited, self._full), return_when=asyncio.FIRST_COMPLETED)
        if not self._full.done():
            await asyncio.wait(
                (self._closed, self._full), timeout=_GRACE_S, return_when=asyncio.FIRST_COMPLETED
            )

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        room = self._most - len(self.kept[fd])
        self.kept[fd] += data[:room]
        if len(data) > room:
            self.truncated = True
            if not self._full.done():
                self._full.set_result(None)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        self._open.discard(fd)
        if not self._open and not self._closed.done():
            self._closed.set_result(None)

    def process_exited(self) -> None:
        if not self.exited.done():
            self.exited.set_result(None)


def _missing(argv: Sequence[str]) -> ProcessResult:
    return ProcessResult(tuple(argv), False, None, b"", b"", False, False)


def own_group() -> dict[str, Any]:
    """How a child is started so that a ctrl+c at the terminal does not reach it."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}


def _kill(transport: asyncio.SubprocessTransport) -> None:
    """The program and whatever it started (the group it leads)."""
    with suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            transport.kill()
        else:
            os.killpg(transport.get_pid(), signal.SIGKILL)


def _locate(name: str, env: Mapping[str, str]) -> str | None:
    """What to start. Windows would look into the current directory first; that is never meant."""
    if sys.platform != "win32" or Path(name).parent != Path():
        return name
    file = name if name.lower().endswith(".exe") else f"{name}.exe"
    for folder in env.get("PATH", "").split(os.pathsep):
        if folder and Path(folder).is_absolute() and (Path(folder) / file).is_file():
            return str(Path(folder) / file)
    return None
