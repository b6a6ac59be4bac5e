"""HTTP over loopback: what is sent, where it goes, and servers that never come to an end."""

from __future__ import annotations

import asyncio

import pytest

from probes.model import Endpoint, Family, IPAddress
from probes.network.real import RealNetwork
from probes.network.real.http import Target
from probes.network.seam import GET, Bind, HttpAsk, NetworkError, NotResolved, Refused
from tests.unit.real.conftest import Serve, StartServer


def serving(reply: bytes, requests: list[bytes] | None = None) -> Serve:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        if requests is not None:
            requests.append(request)
        writer.write(reply)
        await writer.drain()

    return handler


def dripping(head: bytes, drip: bytes) -> Serve:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head)
        while True:
            writer.write(drip)
            await writer.drain()
            await asyncio.sleep(0)

    return handler


async def test_the_request_and_the_answer(network: RealNetwork, serve: StartServer) -> None:
    seen: list[bytes] = []
    end = await serve(serving(b"HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 2\r\n\r\nok", seen))
    reply = await network.http_get(f"http://{end}/a?b=c d", most=10)
    assert (reply.status, reply.body, reply.truncated) == (200, b"ok", False)
    assert ("x", "y") in reply.headers
    lines = seen[0].decode().split("\r\n")
    assert lines[0] == "GET /a?b=c%20d HTTP/1.1"
    assert f"Host: {end}" in lines
    assert any(line.startswith("User-Agent: whyrelay/") for line in lines)


async def test_a_method_headers_and_a_body_of_the_callers(
    network: RealNetwork, serve: StartServer
) -> None:
    seen: list[bytes] = []
    end = await serve(serving(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", seen))
    ask = HttpAsk("PUT", (("X-Wish", "one"),), b"body")
    reply = await network.http(f"http://{end}/token", ask, most=10)
    assert (reply.status, reply.body) == (200, b"ok")
    head = seen[0].decode()
    assert head.startswith("PUT /token HTTP/1.1\r\n")
    assert "\r\nX-Wish: one\r\n" in head
    assert "\r\nContent-Length: 4\r\n" in head


async def test_redirects_are_answers(network: RealNetwork, serve: StartServer) -> None:
    end = await serve(serving(b"HTTP/1.1 302 Found\r\nLocation: http://portal/\r\n\r\n"))
    reply = await network.http_get(f"http://{end}/generate_204", most=10)
    assert (reply.status, reply.headers) == (302, (("location", "http://portal/"),))


async def test_to_a_given_address_with_the_urls_host(
    network: RealNetwork, serve: StartServer
) -> None:
    seen: list[bytes] = []
    end = await serve(serving(b"HTTP/1.1 204 No Content\r\n\r\n", seen))
    reply = await network.http_get(
        "http://derp.invalid/generate_204", most=10, bind=Bind(Family.V4), to=end
    )
    assert reply.status == 204
    assert b"\r\nHost: derp.invalid\r\n" in seen[0]


@pytest.mark.usefixtures("trusting")
async def test_https(network: RealNetwork, serve: StartServer) -> None:
    body = b"x" * 100_000
    end = await serve(
        serving(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + body), secure=True
    )
    reply = await network.http_get(f"https://{end}/", most=200_000)
    assert (reply.status, reply.body) == (200, body)
    cut = await network.http_get("https://relay.test/", most=1000, to=end)
    assert (cut.body, cut.truncated) == (body[:1000], True)


@pytest.mark.usefixtures("suspicious")
async def test_https_is_verified(network: RealNetwork, serve: StartServer) -> None:
    end = await serve(serving(b"HTTP/1.1 200 OK\r\n\r\n"), secure=True)
    with pytest.raises(NetworkError, match="certificate is not trusted"):
        await network.http_get(f"https://{end}/", most=10)


@pytest.mark.parametrize(
    ("head", "drip", "status"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 1000, 200),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", 200),
        (b"HTTP/1.1 200 OK\r\n", b"Header: x\r\n", None),
        (b"HTTP/1.1 200 OK\r\nX: ", b"x" * 1000, None),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"x" * 100, None),
        (b"", b"garbage", None),
    ],
    ids=["body", "chunks", "headers", "header", "chunk line", "garbage"],
)
async def test_what_never_ends_ends_here(
    network: RealNetwork, serve: StartServer, head: bytes, drip: bytes, status: int | None
) -> None:
    end = await serve(dripping(head, drip))
    async with asyncio.timeout(10):
        if status is None:
            with pytest.raises(NetworkError):
                await network.http_get(f"http://{end}/", most=500)
        else:
            reply = await network.http_get(f"http://{end}/", most=500)
            assert (reply.status, len(reply.body), reply.truncated) == (status, 500, True)
    assert len(network._open) == 0


async def test_one_byte_at_a_time_is_the_callers_patience(
    network: RealNetwork, serve: StartServer
) -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + b"x" * 100:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.02)

    end = await serve(slow)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await network.http_get(f"http://{end}/", most=500)
    assert len(network._open) == 0


async def test_a_reset_is_an_error_of_the_network(network: RealNetwork, serve: StartServer) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.transport.abort()

    end = await serve(hang_up)
    with pytest.raises(NetworkError):
        await network.http_get(f"http://{end}/", most=500)


@pytest.mark.parametrize(
    "url",
    [
        *("", "relay.test", "ftp://relay.test/", "http://", "http://user@relay.test/"),
        *("http://relay.test:99999/", "http://[::1/", "file:///etc/passwd", "http://a..\u00e9/"),
    ],
)
async def test_what_is_no_web_address(network: RealNetwork, url: str) -> None:
    with pytest.raises(NetworkError, match="not a web address"):
        await network.http_get(url, most=10)


@pytest.mark.parametrize(
    ("url", "authority", "path", "port"),
    [
        ("http://relay.test", "relay.test", "/", 80),
        ("https://relay.test/x", "relay.test", "/x", 443),
        ("https://relay.test:8443/x#fragment", "relay.test:8443", "/x", 8443),
        ("http://[2001:db8::1]:80/", "[2001:db8::1]", "/", 80),
        ("http://b\u00fccher.test/\u00fc?q=\u00fc", "xn--bcher-kva.test", "/%C3%BC?q=%C3%BC", 80),
        ("http://relay.test/a%20b", "relay.test", "/a%20b", 80),
    ],
)
def test_taking_a_url_apart(url: str, authority: str, path: str, port: int) -> None:
    target = Target.parse(url)
    assert (target.authority, target.path, target.port) == (authority, path, port)
    request = target.request(GET)
    assert request.count(b"\r\n\r\n") == 1
    assert request.startswith(f"GET {path} HTTP/1.1\r\nHost: {authority}\r\n".encode())


def resolving(monkeypatch: pytest.MonkeyPatch, **answers: tuple[str, ...]) -> None:
    async def resolve(self: RealNetwork, host: str, family: Family) -> tuple[IPAddress, ...]:
        found = answers.get(f"v{family}", ())
        if not found:
            raise NotResolved(f"{host} does not resolve")
        return tuple(Endpoint.of(text, 0).address for text in found)

    monkeypatch.setattr(RealNetwork, "resolve", resolve)


async def test_an_address_that_refuses_gives_way_to_the_next(
    network: RealNetwork, serve: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = await serve(serving(b"HTTP/1.1 204 No Content\r\n\r\n"))
    # Nothing listens at 127.0.0.9; the port is taken at 127.0.0.1 alone.
    resolving(monkeypatch, v4=("127.0.0.9", "127.0.0.1"))
    reply = await network.http_get(f"http://relay.test:{end.port}/", most=10)
    assert reply.status == 204
    resolving(monkeypatch, v4=("127.0.0.9",))
    with pytest.raises(Refused):
        await network.http_get(f"http://relay.test:{end.port}/", most=10)


async def test_a_bound_request_asks_for_its_family_alone(
    network: RealNetwork, serve: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = await serve(serving(b"HTTP/1.1 204 No Content\r\n\r\n"))
    resolving(monkeypatch, v4=("127.0.0.1",))
    bind = Bind(Family.V4)
    assert (
        await network.http_get(f"http://relay.test:{end.port}/", most=10, bind=bind)
    ).status == 204
    with pytest.raises(NotResolved):
        await network.http_get(f"http://relay.test:{end.port}/", most=10, bind=Bind(Family.V6))


async def test_a_host_that_does_not_resolve(
    network: RealNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving(monkeypatch)
    with pytest.raises(NotResolved, match=r"relay\.test"):
        await network.http_get("http://relay.test/", most=10)
