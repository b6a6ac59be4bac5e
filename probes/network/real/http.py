"""HTTP over a socket of our choosing: bound to an interface, to a given address, and bounded.

None of the usual clients binds to an interface, connects to a given address and reads only so
many bytes. Redirects are answers: a captive portal shows itself by one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address
from urllib.parse import quote, urlsplit

from probes.clean import clean
from probes.model import Endpoint, Family, IPAddress
from probes.network.real.http_wire import Response
from probes.network.real.tcp import OpenThings, TcpStream
from probes.network.real.tls import Contexts, TlsStream, Untrusted
from probes.network.seam import Bind, HttpAsk, HttpReply, NetworkError, NotResolved
from probes.values import dataclass
from probes.version import __version__

_HEAD_START_S = 0.25
"""How long one address has before the next is tried beside it (RFC 8305 section 5)."""

Resolve = Callable[[str, Family], Awaitable[tuple[IPAddress, ...]]]


@dataclass(frozen=True, slots=True)
class Target:
    """A URL, taken apart."""

    secure: bool
    host: str
    port: int
    authority: str
    """What the Host header says."""
    path: str
    """Path and query, as the request line says them."""

    @classmethod
    def parse(cls, url: str) -> Target:
        """Raises NetworkError for anything but a plain http or https URL."""
        try:
            parts = urlsplit(url)
            port = parts.port
            host = parts.hostname or ""
            if parts.username is not None or parts.scheme not in ("http", "https") or not host:
                raise ValueError(url)
            if not host.isascii():
                host = host.encode("idna").decode("ascii")
        except ValueError as error:  # UnicodeError is one
            raise NetworkError(f"{clean(url)} is not a web address") from error
        secure = parts.scheme == "https"
        usual = 443 if secure else 80
        shown = f"[{host}]" if ":" in host else host
        path = quote(parts.path or "/", safe="/%!$&'()*+,;=:@-._~")
        if parts.query:
            path += "?" + quote(parts.query, safe="/?%!$&'()*+,;=:@-._~")
        authority = shown if port in (None, usual) else f"{shown}:{port}"
        return cls(secure, host, port or usual, authority, path)

    def request(self, ask: HttpAsk) -> bytes:
        """The request. The program says who it is: server owners should know."""
        more = "".join(f"{name}: {value}\r\n" for name, value in ask.headers)
        if ask.body or ask.method in _WITH_BODY:
            more += f"Content-Length: {len(ask.body)}\r\n"
        return (
            f"{ask.method} {self.path} HTTP/1.1\r\n"
            f"Host: {self.authority}\r\n"
            f"User-Agent: whyrelay/{__version__}\r\n"
            "Accept: */*\r\n"
            "Accept-Encoding: identity\r\n"
            f"{more}"
            "Connection: close\r\n\r\n"
        ).encode("ascii") + ask.body


_WITH_BODY = ("PUT", "POST")
"""Their requests say how long the body is, even an empty one (RFC 9110 section 8.6)."""


async def http(
    url: str,
    ask: HttpAsk,
    *,
    most: int,
    bind: Bind | None,
    to: Endpoint | None,
    resolve: Resolve,
    contexts: Contexts,
    open_things: OpenThings,
) -> HttpReply:
    """Ask for a URL. Raises NetworkError. Slow servers are bounded by the caller's patience."""
    target = Target.parse(url)
    request = target.request(ask)
    ends = (to,) if to is not None else await _ends(target, bind, resolve)
    stream = await _connect_any(ends, bind, open_things)
    try:
        if not target.secure:
            return await _exchange(request, most, stream.send, lambda: _plain(stream))
        client = TlsStream(stream, await contexts.get(verify=True), target.host)
        try:
            await client.handshake()
        except Untrusted as error:
            raise NetworkError(f"the certificate is not trusted: {error}") from error
        return await _exchange(request, most, client.send, client.receive)
    finally:
        stream.close()


async def _plain(stream: TcpStream) -> bytes:
    data, _at = await stream.receive()
    return data


async def _exchange(
    request: bytes,
    most: int,
    send: Callable[[bytes], Awaitable[None]],
    receive: Callable[[], Awaitable[bytes]],
) -> HttpReply:
    await send(request)
    response = Response(most)
    while not response.done:
        data = await receive()
        if data:
            response.feed(data)
        else:
            response.end()
    return response.reply()


async def _ends(target: Target, bind: Bind | None, resolve: Resolve) -> Sequence[Endpoint]:
    """Where to connect to: both families by turns where the caller does not care."""
    try:
        literal = ip_address(target.host)
    except ValueError:
        pass
    else:
        return (Endpoint(literal, target.port),)
    if bind is not None:
        found = await resolve(target.host, bind.family)
        return [Endpoint(address, target.port) for address in found]
    answers = await asyncio.gather(
        resolve(target.host, Family.V6), resolve(target.host, Family.V4), return_exceptions=True
    )
    lists = []
    for answer in answers:
        if isinstance(answer, tuple):
            lists.append(answer)
        elif not isinstance(answer, NetworkError):
            raise answer
    if not lists:
        raise NotResolved(f"{clean(target.host)} does not resolve")
    longest = max(len(addresses) for addresses in lists)
    return [
        Endpoint(addresses[turn], target.port)
        for turn in range(longest)
        for addresses in lists
        if turn < len(addresses)
    ]


async def _connect_any(
    ends: Sequence[Endpoint], bind: Bind | None, open_things: OpenThings
) -> TcpStream:
    """The first connection that succeeds, each next one started after a pause or a failure."""

    def start(end: Endpoint) -> asyncio.Task[TcpStream]:
        where = bind if bind is not None else Bind(end.family)
        return asyncio.create_task(TcpStream.connect(end, where, open_things))

    waiting = list(ends)
    running: set[asyncio.Task[TcpStream]] = set()
    fault: NetworkError = NetworkError("there is no address to connect to")
    winner: TcpStream | None = None
    try:
        while winner is None and (waiting or running):
            if waiting:
                running.add(start(waiting.pop(0)))
            done, running = await asyncio.wait(
                running,
                timeout=_HEAD_START_S if waiting else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            for task in done:
                error = task.exception()
                if isinstance(error, NetworkError):
                    fault = error
                elif error is not None:
                    raise error
                elif winner is None:
                    winner = task.result()
                else:
                    task.result().close()
    finally:
        for task in running:
            task.cancel()
        for late in await asyncio.gather(*running, return_exceptions=True):
            if isinstance(late, TcpStream):
                late.close()
    if winner is None:
        raise fault
    return winner
