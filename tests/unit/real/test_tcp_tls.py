"""TCP and TLS over loopback: times, certificates, and servers that misbehave."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest

from probes.model import Endpoint, Family
from probes.network.real import RealNetwork
from probes.network.real.tcp import OpenThings, TcpStream
from probes.network.seam import Bind, NetworkError, Refused, Unreachable
from tests.unit.real.conftest import CERTIFICATE, Serve, StartServer

V4 = Bind(Family.V4)


def der() -> bytes:
    text = Path(CERTIFICATE).read_text()
    begin, end = text.index("-----BEGIN CERT"), text.index("-----END CERTIFICATE-----")
    return ssl.PEM_cert_to_DER_cert(text[begin:end] + "-----END CERTIFICATE-----\n")


async def linger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


def say(data: bytes, *, first_read: int = 1, then: float = 0.0) -> Serve:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if first_read:
            await reader.read(first_read)
        writer.write(data)
        await writer.drain()
        await asyncio.sleep(then)

    return handler


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[Endpoint]:
    """Every TCP connection that is made."""
    made: list[Endpoint] = []
    connect = TcpStream.connect

    async def counted(to: Endpoint, bind: Bind, open_things: OpenThings) -> TcpStream:
        made.append(to)
        return await connect(to, bind, open_things)

    monkeypatch.setattr(TcpStream, "connect", counted)
    return made


async def test_a_handshake_takes_time(network: RealNetwork, serve: StartServer) -> None:
    end = await serve(linger)
    assert 0.0 < await network.connect_ms(end, V4) < 5000.0


async def test_a_closed_port_refuses(network: RealNetwork, closed_tcp: Endpoint) -> None:
    with pytest.raises(Refused, match="refused"):
        await network.connect_ms(closed_tcp, V4)
    with pytest.raises(Refused):
        await network.tls(closed_tcp, V4, "relay.test")


async def test_the_other_family_is_a_clear_error(network: RealNetwork) -> None:
    with pytest.raises(NetworkError, match="IPv4"):
        await network.connect_ms(Endpoint.of("::1", 9), V4)


@pytest.mark.usefixtures("trusting")
@pytest.mark.parametrize("name", ["relay.test", "127.0.0.1"])
async def test_a_good_certificate(
    network: RealNetwork, serve: StartServer, connections: list[Endpoint], name: str
) -> None:
    reply = await network.tls(await serve(linger, secure=True), V4, name)
    assert len(connections) == 1
    assert (reply.tls, reply.trusted, reply.error) == (True, True, "")
    assert reply.certificate == der()
    assert reply.connect_ms > 0
    assert reply.server_hello_ms is not None
    assert reply.server_hello_ms > 0


@pytest.mark.usefixtures("trusting")
async def test_a_certificate_for_somebody_else(network: RealNetwork, serve: StartServer) -> None:
    reply = await network.tls(await serve(linger, secure=True), V4, "other.test")
    assert (reply.tls, reply.trusted) == (True, False)
    assert "other.test" in reply.error
    assert reply.certificate == der()


@pytest.mark.usefixtures("suspicious")
async def test_a_certificate_from_nobody(
    network: RealNetwork, serve: StartServer, connections: list[Endpoint]
) -> None:
    end = await serve(linger, secure=True)
    reply = await network.tls(end, V4, "relay.test")
    assert (reply.tls, reply.trusted) == (True, False)
    assert "self-signed" in reply.error.replace("self signed", "self-signed")
    assert reply.certificate == der()
    assert reply.server_hello_ms is not None
    assert connections == [end, end]  # the second fetched the certificate


@pytest.mark.usefixtures("suspicious")
async def test_without_judging_one_connection_does(
    network: RealNetwork, serve: StartServer, connections: list[Endpoint]
) -> None:
    reply = await network.tls(await serve(linger, secure=True), V4, "relay.test", verify=False)
    assert len(connections) == 1
    assert (reply.tls, reply.trusted, reply.error) == (True, False, "")
    assert reply.certificate == der()


@pytest.mark.usefixtures("suspicious")
async def test_many_at_once_share_one_context(network: RealNetwork, serve: StartServer) -> None:
    end = await serve(linger, secure=True)
    replies = await asyncio.gather(
        *(network.tls(end, V4, "relay.test", verify=False) for _ in range(10))
    )
    assert all(reply.tls for reply in replies)
    assert len(network._contexts._making) <= 1


@pytest.mark.parametrize(
    ("answer", "timed", "error"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", False, "wrong version number"),
        (b"\x15\x03\x03\x00\x02\x02\x28", True, "handshake failure"),
        (b"", False, "closed"),
        (b"\x16\x03\x03\x00\x04\x02\x00\x00\x00", True, ""),
        (bytes(100), False, ""),
    ],
    ids=["http", "alert", "nothing", "cut short", "zeros"],
)
async def test_what_is_no_handshake_is_told(
    network: RealNetwork, serve: StartServer, answer: bytes, timed: bool, error: str
) -> None:
    reply = await network.tls(await serve(say(answer)), V4, "relay.test", verify=False)
    assert (reply.tls, reply.trusted, reply.certificate) == (False, False, b"")
    assert error in reply.error
    assert reply.error
    assert (reply.server_hello_ms is not None) == timed
    assert reply.connect_ms > 0


async def test_a_server_that_speaks_first_has_not_answered(
    network: RealNetwork, serve: StartServer
) -> None:
    end = await serve(say(b"SSH-2.0-OpenSSH_9.2\r\n", first_read=0, then=10))
    reply = await network.tls(end, V4, "relay.test", verify=False)
    assert reply.server_hello_ms is None
    assert not reply.tls


async def test_a_dropped_client_hello_keeps_the_connect_time(
    network: RealNetwork, serve: StartServer
) -> None:
    end = await serve(linger)
    reply = await network.tls(end, V4, "relay.test", verify=False, handshake_timeout_s=0.1)
    assert (reply.tls, reply.server_hello_ms) == (False, None)
    assert reply.connect_ms > 0
    assert "in time" in reply.error


async def test_a_stalled_connect_ends_in_time(network: RealNetwork, serve: StartServer) -> None:
    end = await serve(linger)
    with pytest.raises(Unreachable, match="no answer within 0 s"):
        await network.tls(end, V4, "relay.test", verify=False, connect_timeout_s=0.0)


@pytest.mark.parametrize("name", ["a" * 70 + ".test", ".test", "\0"])
async def test_a_name_that_no_certificate_can_have(
    network: RealNetwork, serve: StartServer, name: str
) -> None:
    end = await serve(linger)
    with pytest.raises(NetworkError, match="TLS server name"):
        await network.tls(end, V4, name)


async def test_cancelling_leaves_nothing_open(network: RealNetwork, serve: StartServer) -> None:
    reached = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.set()
        await reader.read()

    end = await serve(silent)
    task = asyncio.create_task(network.tls(end, V4, "relay.test", verify=False))
    await reached.wait()
    assert len(network._open) == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(network._open) == 0
