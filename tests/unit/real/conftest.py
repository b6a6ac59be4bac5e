"""Servers on loopback, and the real network."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from probes.model import Endpoint
from probes.network.real import RealNetwork, tls

CERTIFICATE = Path(__file__).with_name("relay.test.pem")
"""For relay.test and 127.0.0.1; signed by itself."""

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
StartServer = Callable[..., Awaitable[Endpoint]]


@pytest.fixture
async def network() -> AsyncIterator[RealNetwork]:
    made = RealNetwork()
    async with made.session():
        yield made
    assert len(made._open) == 0


@pytest.fixture
async def serve() -> AsyncIterator[StartServer]:
    """Start TCP (or TLS) servers; a connection ends with its handler or with the test."""
    servers: list[asyncio.Server] = []
    tasks: set[asyncio.Task[None]] = set()

    async def start(handler: Serve, *, secure: bool = False, host: str = "127.0.0.1") -> Endpoint:
        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            try:
                await handler(reader, writer)
            except (OSError, asyncio.CancelledError, asyncio.IncompleteReadError):
                pass  # the client went away, or the test is over
            finally:
                tasks.discard(task)
                writer.transport.abort()

        context = None
        if secure:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATE)
        server = await asyncio.start_server(connected, host, 0, ssl=context)
        servers.append(server)
        return Endpoint.of(host, server.sockets[0].getsockname()[1])

    yield start
    for task in tuple(tasks):
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for server in servers:
        server.close()


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The system trusts the test certificate."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    tls._made.clear()
    yield
    tls._made.clear()


@pytest.fixture
def suspicious(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """The system trusts nobody."""
    nobody = tmp_path / "nobody.pem"
    nobody.write_text("")
    monkeypatch.setenv("SSL_CERT_FILE", str(nobody))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    tls._made.clear()
    yield
    tls._made.clear()


def closed_port(kind: socket.SocketKind, host: str = "127.0.0.1") -> Iterator[Endpoint]:
    """A port that nobody listens on, and that nobody else gets meanwhile.

    The socket that holds it is bound and (TCP) not listening, or (UDP) connected elsewhere.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, kind) as holder:
        holder.bind((host, 0))
        if kind is socket.SOCK_DGRAM:
            holder.connect((host, 9))
        yield Endpoint.of(host, holder.getsockname()[1])


@pytest.fixture
def closed_udp() -> Iterator[Endpoint]:
    yield from closed_port(socket.SOCK_DGRAM)


@pytest.fixture
def closed_tcp() -> Iterator[Endpoint]:
    yield from closed_port(socket.SOCK_STREAM)


@pytest.fixture
def echo() -> Iterator[socket.socket]:
    """A plain UDP socket on loopback, for the test to answer with."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(5)
        yield sock
