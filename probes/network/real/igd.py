"""The real `igd` port: the UPnP library in a child process, killed when it takes too long."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import probes
from probes.clean import clean
from probes.network.igd import IgdEntry, IgdFault, IgdService, IgdSession
from probes.network.real.process import own_group
from probes.network.seam import Bind, NetworkError, Unsupported

CALL_S = 4.0
"""A little more than the relay in the child grants the router."""
START_S = 5.0
MOST_LINE = 256 * 1024
_REAP_S = 1.0
MISSING = "the UPnP library (miniupnpc) is not installed: there is none ready-made for this system"


def child_environment() -> dict[str, str]:
    """So that a child of ours finds this very program."""
    here = str(Path(probes.__file__).resolve().parent.parent)
    path = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": here if not path else here + os.pathsep + path}


@asynccontextmanager
async def open_igd(service: IgdService, bind: Bind) -> AsyncIterator[IgdSession]:
    """Start the child. Raises Unsupported without the library, NetworkError if it will not start.

    On leaving, for whatever reason, the child is killed: nothing waits for it to finish.
    """
    try:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "probes.network.real.igd_child",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            limit=MOST_LINE,
            env=child_environment(),
            **own_group(),
        )
    except OSError as error:
        raise NetworkError(f"the UPnP library's process does not start: {error}") from error
    session = _Session(child)
    try:
        order = {
            "url": service.control_url,
            "type": service.type,
            "family": int(bind.family),
            "interface": bind.interface,
            "address": str(bind.address) if bind.address is not None else "",
        }
        answer = await session.exchange(order, START_S)
        if answer.get("missing"):
            raise Unsupported(MISSING)
        yield session
    finally:
        with suppress(ProcessLookupError):
            child.kill()
        with suppress(TimeoutError):
            async with asyncio.timeout(_REAP_S):
                await asyncio.shield(child.wait())


class _Session:
    def __init__(self, child: asyncio.subprocess.Process) -> None:
        self._child = child
        self._lost = False

    async def exchange(self, order: dict[str, Any], wait_s: float) -> dict[str, Any]:
        """One line there, one line back. Raises NetworkError, and from then on always."""
        if self._lost:
            raise NetworkError("the UPnP library's process is gone")
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        # Half an exchange leaves lines that would be taken for the next one's.
        self._lost = True
        try:
            self._child.stdin.write(json.dumps(order).encode() + b"\n")
            async with asyncio.timeout(wait_s):
                await self._child.stdin.drain()
                line = await self._child.stdout.readline()
        except TimeoutError:
            raise NetworkError(f"the router did not answer within {wait_s:.0f} s") from None
        except (OSError, ValueError) as error:  # ValueError: a line beyond the limit
            raise NetworkError("the UPnP library's process is gone") from error
        if not line:
            raise NetworkError("the UPnP library crashed on what the router said")
        try:
            answer = json.loads(line)
        except ValueError as error:
            raise NetworkError("the UPnP library crashed on what the router said") from error
        if not isinstance(answer, dict):
            raise NetworkError("the UPnP library said something odd")
        self._lost = False
        return answer

    async def _call(self, name: str, *arguments: object) -> Any:
        answer = await self.exchange({"call": name, "with": arguments}, CALL_S)
        fault = answer.get("fault")
        if isinstance(fault, int):
            raise IgdFault(fault)
        if "value" not in answer:
            raise NetworkError(clean(str(answer.get("error", ""))))
        return answer["value"]

    async def status(self) -> tuple[str, int, str]:
        """GetStatusInfo."""
        status, uptime_s, error = await self._call("status")
        return str(status), int(uptime_s), str(error)

    async def external_address(self) -> str:
        """GetExternalIPAddress."""
        return str(await self._call("external_address") or "")

    async def entry(self, index: int) -> IgdEntry | None:
        """GetGenericPortMappingEntry."""
        return _entry(await self._call("entry", index))

    async def find(self, external_port: int) -> IgdEntry | None:
        """GetSpecificPortMappingEntry."""
        return _entry(await self._call("find", external_port))

    async def add(
        self, external_port: int, client: str, internal_port: int, description: str, lease_s: int
    ) -> None:
        """AddPortMapping."""
        await self._call("add", external_port, client, internal_port, description, lease_s)

    async def delete(self, external_port: int) -> None:
        """DeletePortMapping."""
        await self._call("delete", external_port)


def _entry(value: Any) -> IgdEntry | None:
    if value is None:
        return None
    protocol, port, client, internal, description, enabled, remote, lease_s = value
    return IgdEntry(
        str(protocol),
        _number(port),
        str(client),
        _number(internal),
        str(description),
        str(enabled) not in ("0", "False", "false", ""),
        str(remote or ""),
        _number(lease_s),
    )


def _number(value: object) -> int:
    with suppress(TypeError, ValueError):
        return int(str(value))
    return 0
