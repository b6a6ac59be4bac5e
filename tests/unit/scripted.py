"""A network that has programs and files but sends nothing: for checks that only ask this computer.

Time is the running loop's, so that tests run under the virtual clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address, ip_interface
from typing import Any, TypeVar, cast

from probes.checks.context import Check
from probes.engine import measure
from probes.events import Event
from probes.network.seam import Bind, LocalView, Network, NetworkError, ProcessResult
from probes.network.simulated import run_virtual
from probes.options import Options
from probes.readings.local import Gateway, Interface, InterfaceKind
from probes.report import Report, report_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Prints:
    """What a program prints, how it ends, and how long that takes."""

    stdout: str | bytes = ""
    stderr: str = ""
    status: int = 0
    takes_s: float = 0.02


Script = Callable[[tuple[str, ...], int], Prints | None]
"""What a command does at the nth time (from 1); None: no such program."""


def scripted(commands: Mapping[str, Prints]) -> Script:
    """A script from whole command lines. A known program with other arguments fails."""
    names = {command.split(" ", 1)[0] for command in commands}

    def run(argv: tuple[str, ...], _times: int) -> Prints | None:
        found = commands.get(" ".join(argv))
        if found is None and argv[0] in names:
            return Prints("", "unknown command", 1)
        return found

    return run


def local_view(
    system: str = "linux",
    *addresses: str,
    interface: str = "eth0",
    gateway: str = "192.168.11.1",
    more: tuple[Interface, ...] = (),
) -> LocalView:
    """A device with one network card."""
    own = tuple(ip_interface(each) for each in addresses or ("192.168.11.2/24",))
    face = Interface(interface, InterfaceKind.PHYSICAL, True, 1500, own)
    four = next((each.ip for each in own if each.version == 4), None)
    six = next((each.ip for each in own if each.version == 6), None)
    return LocalView(
        interfaces=(face, *more),
        gateways4=(Gateway(ip_address(gateway), interface),),
        gateways6=(),
        os_ipv6=True,
        source4=four,
        source6=six,
        system=system,
        gateway_mac="",
    )


@dataclass(slots=True)
class ScriptedNetwork:
    """Programs and files; everything else is an error."""

    script: Script = field(default=lambda _argv, _times: None)
    files: Mapping[str, str] = field(default_factory=dict)
    view: LocalView = field(default_factory=local_view)
    name: str = "scripted"
    ran: list[tuple[str, ...]] = field(default_factory=list)

    def now(self) -> float:
        """The loop's clock."""
        return asyncio.get_running_loop().time()

    def wall(self) -> datetime:
        """A fixed day."""
        return datetime(2026, 1, 1, tzinfo=UTC)

    def random_bytes(self, count: int) -> bytes:
        """Not random at all."""
        return bytes(count)

    async def local(self) -> LocalView:
        """The device."""
        return self.view

    async def can_bind(self, bind: Bind) -> bool:
        """Never needed."""
        return not bind.interface

    async def run(
        self, argv: Sequence[str], *, timeout_s: float, most: int = 1_000_000
    ) -> ProcessResult:
        """As the script says."""
        command = tuple(argv)
        self.ran.append(command)
        prints = self.script(command, self.ran.count(command))
        if prints is None:
            return ProcessResult(command, False, None, b"", b"", False, False)
        await asyncio.sleep(min(prints.takes_s, timeout_s))
        if prints.takes_s > timeout_s:
            return ProcessResult(command, True, None, b"", b"", False, True)
        out = prints.stdout if isinstance(prints.stdout, bytes) else prints.stdout.encode()
        truncated = len(out) > most
        status = None if truncated else prints.status
        error = prints.stderr.encode()
        return ProcessResult(command, True, status, out[:most], error, truncated, False)

    async def read_file(self, path: str, *, most: int) -> bytes | None:
        """A file that the test names."""
        text = self.files.get(path)
        return None if text is None else text.encode()[:most]

    def session(self) -> AbstractAsyncContextManager[None]:
        """Nothing to close."""
        return _nothing()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)

        async def refuse(*_args: object, **_kwargs: object) -> None:
            raise NetworkError(f"This network has no {name}.")

        return refuse

    def as_network(self) -> Network:
        """For type checkers: what is missing raises NetworkError."""
        return cast("Network", self)


@asynccontextmanager
async def _nothing() -> AsyncIterator[None]:
    yield


def run_checks(
    network: ScriptedNetwork, *checks: Check, options: Options | None = None
) -> tuple[Report, list[Event]]:
    """A whole run under the virtual clock: the report, and the events that led to it."""

    async def run() -> list[Event]:
        stream = measure(network.as_network(), checks, options or Options())
        return [event async for event in stream]

    events = run_virtual(run())
    return report_of(events), events
