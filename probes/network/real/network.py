"""The real side of the seam: this device's own network, by asyncio.

What not every run needs is imported where it is used: starting the program must be quick.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime

from probes.model import Endpoint, Family, IPAddress
from probes.network.igd import IgdService, IgdSession
from probes.network.real import tcp, tls
from probes.network.real.bridge import call
from probes.network.real.interfaces import view
from probes.network.real.resolve import resolve
from probes.network.real.udp import open_udp
from probes.network.seam import (
    GET,
    Bind,
    HttpAsk,
    HttpReply,
    LocalView,
    NetworkError,
    ProcessResult,
    TlsReply,
    UdpSocket,
)


class RealNetwork:
    """This device's view of the network it stands on."""

    def __init__(self) -> None:
        self._open = tcp.OpenThings()
        self._contexts = tls.Contexts()

    @property
    def name(self) -> str:
        """``real``."""
        return "real"

    @property
    def reports_icmp_errors(self) -> bool:
        """Linux alone hands them to unprivileged sockets."""
        return sys.platform == "linux"

    def now(self) -> float:
        """Monotonic seconds."""
        return asyncio.get_running_loop().time()

    def wall(self) -> datetime:
        """The date and time, UTC."""
        return datetime.now(UTC)

    def random_bytes(self, count: int) -> bytes:
        """Unpredictable bytes."""
        return os.urandom(count)

    async def local(self) -> LocalView:
        """Interfaces, routes, addresses. Raises NetworkError."""
        return await view.read(self.run)

    async def can_bind(self, bind: Bind) -> bool:
        """Whether a UDP socket may be bound so, and would hear answers."""
        if bind.interface and bind.family is Family.V4 and view.answers_are_dropped(bind.interface):
            return False
        try:
            sock = await self.udp(bind)
        except NetworkError:
            return False
        sock.close()
        return True

    async def udp(self, bind: Bind) -> UdpSocket:
        """Open a UDP socket. Raises NetworkError."""
        sock = await open_udp(bind, self._open.discard)
        self._open.add(sock)
        return sock

    async def resolve(self, host: str, family: Family) -> tuple[IPAddress, ...]:
        """Addresses of a host. Raises NotResolved."""
        return await resolve(host, family)

    async def connect_ms(self, to: Endpoint, bind: Bind) -> float:
        """Milliseconds of a TCP handshake. Raises NetworkError."""
        return await tcp.connect_ms(to, bind, self._open)

    async def tls(
        self,
        to: Endpoint,
        bind: Bind,
        server_name: str,
        *,
        verify: bool = True,
        connect_timeout_s: float = 2.5,
        handshake_timeout_s: float = 5.0,
    ) -> TlsReply:
        """TCP and a TLS handshake, then closed. Raises NetworkError when TCP itself fails."""
        return await tls.tls(
            to,
            bind,
            server_name,
            self._contexts,
            self._open,
            verify=verify,
            connect_timeout_s=connect_timeout_s,
            handshake_timeout_s=handshake_timeout_s,
        )

    async def http_get(
        self, url: str, *, most: int, bind: Bind | None = None, to: Endpoint | None = None
    ) -> HttpReply:
        """GET an http or https URL. Raises NetworkError."""
        return await self.http(url, GET, most=most, bind=bind, to=to)

    async def http(
        self,
        url: str,
        ask: HttpAsk,
        *,
        most: int,
        bind: Bind | None = None,
        to: Endpoint | None = None,
    ) -> HttpReply:
        """Ask for an http or https URL. Raises NetworkError."""
        from probes.network.real import http

        return await http.http(
            url,
            ask,
            most=most,
            bind=bind,
            to=to,
            resolve=self.resolve,
            contexts=self._contexts,
            open_things=self._open,
        )

    async def ping_ms(self, to: IPAddress, bind: Bind) -> float | None:
        """Round trip of one ICMP echo. Raises Unsupported or NotPermitted."""
        from probes.network.real import icmp

        return await icmp.ping_ms(to, bind, self._open)

    async def run(
        self, argv: Sequence[str], *, timeout_s: float, most: int = 1_000_000
    ) -> ProcessResult:
        """Run a program. Raises NetworkError where the system refuses to start it."""
        from probes.network.real import process

        return await process.run(argv, timeout_s=timeout_s, most=most)

    async def read_file(self, path: str, *, most: int) -> bytes | None:
        """At most `most` bytes of a file; None if it cannot be read."""

        def read() -> bytes | None:
            try:
                with open(path, "rb") as file:
                    return file.read(most)
            except (OSError, ValueError):
                return None

        return await call(read, name="file")

    def igd(self, service: IgdService, bind: Bind) -> AbstractAsyncContextManager[IgdSession]:
        """Drive a UPnP service. Entering raises Unsupported without the library."""
        from probes.network.real.igd import open_igd

        return open_igd(service, bind)

    def remove_later(self, mapping: str, record: str) -> None:
        """Have a test mapping removed by a process of its own."""
        from probes.network.real.farewell import remove_later

        remove_later(mapping, record)

    def session(self) -> AbstractAsyncContextManager[None]:
        """What is open is closed at its end."""
        return self._session()

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[None]:
        try:
            yield
        finally:
            self._open.close_all()
            self._contexts.close()
