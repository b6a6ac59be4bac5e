"""A network that only knows what the system would say about itself; whatever is sent is a fault."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from ipaddress import ip_address, ip_interface
from typing import Any

from probes.model import Endpoint, Family, IPAddress
from probes.network.seam import (
    Bind,
    HttpAsk,
    HttpReply,
    LocalView,
    NetworkError,
    ProcessResult,
    TlsReply,
    UdpSocket,
)
from probes.readings.local import Gateway, Interface, InterfaceKind


def face(name: str, kind: str, *addresses: str, up: bool = True) -> Interface:
    """An interface."""
    return Interface(
        name, InterfaceKind(kind), up, 1500, tuple(ip_interface(text) for text in addresses)
    )


def route(interface: str, address: str | None = None) -> Gateway:
    """A default route."""
    return Gateway(ip_address(address) if address is not None else None, interface)


def view(
    *interfaces: Interface,
    routes4: Sequence[Gateway] = (),
    routes6: Sequence[Gateway] = (),
    source4: str | None = None,
    source6: str | None = None,
    os_ipv6: bool = True,
    mac: str = "",
) -> LocalView:
    """The system's account of itself, with a loopback interface."""
    return LocalView(
        (face("lo", "loopback", "127.0.0.1/8", "::1/128"), *interfaces),
        tuple(routes4),
        tuple(routes6),
        os_ipv6,
        ip_address(source4) if source4 is not None else None,
        ip_address(source6) if source6 is not None else None,
        "linux",
        mac,
    )


@dataclass
class FakeNetwork:
    """See the module."""

    seen: LocalView
    bindable: frozenset[str] = frozenset()
    """Interfaces that sockets may be bound to."""
    fault: NetworkError | None = None
    """Raised instead of the view."""
    binds: list[Bind] = field(default_factory=list)
    """What was asked of `can_bind`."""

    name: str = "fake"
    reports_icmp_errors: bool = False

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def wall(self) -> datetime:
        return datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    def random_bytes(self, count: int) -> bytes:
        return bytes(count)

    async def local(self) -> LocalView:
        if self.fault is not None:
            raise self.fault
        return replace(self.seen)

    async def can_bind(self, bind: Bind) -> bool:
        self.binds.append(bind)
        return bind.interface in self.bindable

    async def udp(self, bind: Bind) -> UdpSocket:
        raise AssertionError("a socket was opened")

    async def resolve(self, host: str, family: Family) -> tuple[IPAddress, ...]:
        raise AssertionError("a name was asked for")

    async def connect_ms(self, to: Endpoint, bind: Bind) -> float:
        raise AssertionError("a connection was made")

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
        raise AssertionError("a connection was made")

    async def http_get(
        self, url: str, *, most: int, bind: Bind | None = None, to: Endpoint | None = None
    ) -> HttpReply:
        raise AssertionError("a page was fetched")

    async def http(
        self,
        url: str,
        ask: HttpAsk,
        *,
        most: int,
        bind: Bind | None = None,
        to: Endpoint | None = None,
    ) -> HttpReply:
        raise AssertionError("a page was fetched")

    async def ping_ms(self, to: IPAddress, bind: Bind) -> float | None:
        raise AssertionError("a ping was sent")

    async def run(
        self, argv: Sequence[str], *, timeout_s: float, most: int = 1_000_000
    ) -> ProcessResult:
        raise AssertionError("a program was run")

    async def read_file(self, path: str, *, most: int) -> bytes | None:
        return None

    def igd(self, service: Any, bind: Bind) -> Any:
        raise AssertionError("a router was driven")

    def remove_later(self, mapping: str, record: str) -> None:
        raise AssertionError("a mapping was removed")

    def session(self) -> AbstractAsyncContextManager[None]:
        return self._session()

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[None]:
        yield
