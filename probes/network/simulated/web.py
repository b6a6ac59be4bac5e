"""Names, TCP, TLS and the web, as one host of a simulated network has them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from urllib.parse import urlsplit

from probes.model import Endpoint, Family, IPAddress
from probes.network.seam import (
    Bind,
    HttpAsk,
    HttpReply,
    NetworkError,
    NotResolved,
    Refused,
    TlsReply,
    Unreachable,
)
from probes.network.simulated.build import World
from probes.network.simulated.certificate import PUBLIC_AUTHORITY, Certificate
from probes.network.simulated.host import Host
from probes.network.simulated.scenario import HostSpec, Scenario
from probes.network.simulated.sockets import TcpConnection

_RESOLVER_GIVES_UP_S = 5.0  # resolv.conf(5), timeout
_HTTP, _HTTPS = 80, 443
_WEB_TIMEOUT_S = 10.0


class Web:
    """What a host can ask for by name."""

    def __init__(self, scenario: Scenario, world: World, spec: HostSpec, host: Host) -> None:
        self._dns = scenario.dns
        self._world = world
        self._trusts = spec.trusts
        self._host = host

    async def resolve(self, host: str, family: Family) -> tuple[IPAddress, ...]:
        """Ask the scenario's DNS. Raises NotResolved."""
        try:
            literal = ip_address(host)
        except ValueError:
            pass
        else:
            if Family.of(literal) is family:
                return (literal,)
            raise NotResolved(f"{host} has no IPv{family} address.")
        if not self._dns.works:
            await asyncio.sleep(_RESOLVER_GIVES_UP_S)
            raise NotResolved(f"{host} does not resolve: no name server answered.")
        await asyncio.sleep(self._dns.takes_ms / 1000.0)
        known = self._world.names.get(host.lower().rstrip("."), ())
        found = tuple(each for each in known if Family.of(each) is family)
        if not found:
            raise NotResolved(f"{host} does not resolve.")
        return found

    async def connect_ms(self, to: Endpoint, bind: Bind) -> float:
        """A TCP handshake. Raises Refused, Unreachable or NetworkError."""
        async with _connected(self._host, to, bind) as (_, connect_ms):
            return connect_ms

    async def tls(
        self,
        to: Endpoint,
        bind: Bind,
        server_name: str,
        *,
        verify: bool,
        connect_timeout_s: float,
        handshake_timeout_s: float,
    ) -> TlsReply:
        """TCP and a TLS handshake. Raises NetworkError when TCP fails or is late."""
        async with _connected(self._host, to, bind, connect_timeout_s) as (tcp, connect_ms):
            began = self._world.clock.now()
            try:
                async with asyncio.timeout(handshake_timeout_s):
                    hello = await tcp.hello(server_name)
            except TimeoutError:
                error = "The TLS handshake was not answered in time."
                return TlsReply(connect_ms, None, False, b"", False, error)
            except (Refused, Unreachable) as fault:
                return TlsReply(connect_ms, None, False, b"", False, str(fault))
            hello_ms = (self._world.clock.now() - began) * 1000.0
            shown = hello.certificate
            if shown is None:
                error = "What answered does not speak TLS."
                return TlsReply(connect_ms, hello_ms, False, b"", False, error)
            problem = self._distrust(shown, server_name) if verify else ""
            trusted = verify and not problem
            return TlsReply(connect_ms, hello_ms, True, shown.der, trusted, problem)

    async def http(
        self,
        url: str,
        ask: HttpAsk,
        *,
        most: int,
        bind: Bind | None,
        to: Endpoint | None,
    ) -> HttpReply:
        """Ask a web server. Raises NetworkError; an untrusted certificate is one."""
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise NetworkError(f"{url} is not a web address.")
        try:
            async with asyncio.timeout(_WEB_TIMEOUT_S):
                if to is None:
                    port = parts.port or (_HTTPS if secure else _HTTP)
                    addresses = await self._resolve_any(parts.hostname)
                    to = Endpoint(addresses[0], port)
                where = bind or Bind(to.family)
                async with _connected(self._host, to, where) as (tcp, _):
                    if secure:
                        await self._handshake(tcp, parts.hostname)
                    path = parts.path or "/"
                    answer = await tcp.ask(parts.hostname, path, ask)
        except TimeoutError:
            raise NetworkError(f"{url} did not answer in time.") from None
        body = answer.body[:most]
        return HttpReply(answer.status, answer.headers, body, len(answer.body) > most)

    def _distrust(self, shown: Certificate, server_name: str) -> str:
        if shown.issuer not in (PUBLIC_AUTHORITY, *self._trusts):
            return f"The certificate is signed by {shown.issuer}, which this system does not trust."
        if not shown.covers(server_name):
            return f"The certificate is not for {server_name}."
        return ""

    async def _handshake(self, tcp: TcpConnection, server_name: str) -> None:
        hello = await tcp.hello(server_name)
        if hello.certificate is None:
            raise NetworkError("What answered does not speak TLS.")
        problem = self._distrust(hello.certificate, server_name)
        if problem:
            raise NetworkError(problem)

    async def _resolve_any(self, host: str) -> tuple[IPAddress, ...]:
        try:
            return await self.resolve(host, Family.V4)
        except NotResolved:
            return await self.resolve(host, Family.V6)


@asynccontextmanager
async def _connected(
    host: Host, to: Endpoint, bind: Bind, timeout_s: float | None = None
) -> AsyncIterator[tuple[TcpConnection, float]]:
    tcp = TcpConnection(host, to, bind)
    try:
        try:
            async with asyncio.timeout(timeout_s):
                connect_ms = await tcp.connect()
        except TimeoutError:
            raise NetworkError(f"{to} did not answer in time.") from None
        yield tcp, connect_ms
    finally:
        tcp.close()
