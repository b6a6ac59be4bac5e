"""One host's view of a simulated network: the seam, over packets in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta
from random import Random

from probes.diagnosis.model import NatClass
from probes.mappings import TestMapping
from probes.model import Endpoint, Family, IPAddress
from probes.network.igd import IgdService, IgdSession
from probes.network.seam import (
    GET,
    Bind,
    HttpAsk,
    HttpReply,
    LocalView,
    NetworkError,
    NotPermitted,
    ProcessResult,
    TlsReply,
)
from probes.network.simulated.build import World, build
from probes.network.simulated.host import Host, HostInterface
from probes.network.simulated.igd import drive
from probes.network.simulated.life import Life
from probes.network.simulated.relay_map import relay_map_text
from probes.network.simulated.scenario import HERE, HostSpec, Scenario
from probes.network.simulated.sockets import TELLS_ICMP, SimulatedUdpSocket, ping
from probes.network.simulated.stun_server import StunKind
from probes.network.simulated.tailnet import TailscaleSpec
from probes.network.simulated.tailscale_program import PROGRAM, TailscaleProgram
from probes.network.simulated.web import Web
from probes.options import HostPort
from probes.readings.local import Gateway
from probes.report import SIMULATED


class SimulatedNetwork:
    """The network as one host of the scenario sees it (`Network` of the seam)."""

    def __init__(
        self,
        scenario: Scenario,
        name: str,
        *,
        host: str = HERE,
        world: World | None = None,
        wall: Callable[[], datetime] | None = None,
        reached: tuple[NatClass, ...] | None = None,
        life: Life | None = None,
        user: str = "checks",
    ) -> None:
        self.scenario = scenario
        self.world = world or build(scenario)
        self._title = name
        self._wall = wall
        self._life = Life() if life is None else life
        self._spec: HostSpec = scenario.host[host]
        self._host: Host = self.world.hosts[host]
        self._web = Web(scenario, self.world, self._spec, self._host)
        if life is None:  # nobody else holds it: with another loop it begins anew
            self.world.clock.on_new_loop.append(self._life.woken.clear)
        self._rng = Random(f"{scenario.seed}/{user} of {host}")  # noqa: S311 - to be repeated
        self._sockets: set[SimulatedUdpSocket] = set()
        self._tailscale: TailscaleProgram | None = None
        if self._spec.tailscale is not None and user != PROGRAM:
            self._tailscale = self._daemon(self._spec.tailscale, host, reached)

    def _daemon(
        self, spec: TailscaleSpec, host: str, reached: tuple[NatClass, ...] | None
    ) -> TailscaleProgram:
        """Tailscale on this device; its packets and its chance are its own."""
        own = self.seen_from(host, PROGRAM)
        clock, system = self.world.clock, self._host.system
        return TailscaleProgram(
            spec, self.scenario, own, clock, self.world.mappers, system, reached, self._life
        )

    def seen_from(self, host: str, user: str = "checks") -> SimulatedNetwork:
        """The same network, same moment, as another host or user sees it. Raises KeyError."""
        return SimulatedNetwork(
            self.scenario,
            self._title,
            host=host,
            world=self.world,
            wall=self._wall,
            life=self._life,
            user=user,
        )

    @property
    def host(self) -> Host:
        """The device itself, for whoever plays with it."""
        return self._host

    @property
    def relay_map(self) -> str:
        """The scenario's relays as DERP map JSON."""
        return relay_map_text(self.scenario)

    @property
    def behavior_servers(self) -> tuple[HostPort, ...]:
        """The scenario's servers that can tell mapping and filtering (RFC 5780)."""
        return tuple(
            HostPort(spec.host or str(spec.ipv4 or spec.ipv6), spec.stun.ports[0])
            for spec in self.scenario.server.values()
            if spec.stun is not None and spec.stun.kind is StunKind.BEHAVIOR
        )

    # --- clock and chance -----------------------------------------------------------------------

    @property
    def name(self) -> str:
        """``simulated:NAME``."""
        return f"{SIMULATED}{self._title}"

    @property
    def reports_icmp_errors(self) -> bool:
        """As on the system that the scenario names."""
        return self._host.system in TELLS_ICMP

    def now(self) -> float:
        """The running loop's seconds."""
        return self.world.clock.now()

    def wall(self) -> datetime:
        """The date and time in the simulation."""
        if self._wall is not None:
            return self._wall()
        age_s = self._life.age_s + self.world.clock.since_start()
        return self._life.beginning + timedelta(seconds=age_s)

    def random_bytes(self, count: int) -> bytes:
        """Bytes from the scenario's seed."""
        return self._rng.randbytes(count)

    # --- the device -----------------------------------------------------------------------------

    async def local(self) -> LocalView:
        """What the scenario says about the device."""
        host = self._host
        return LocalView(
            interfaces=tuple(face.shape for face in host.interfaces),
            gateways4=_gateways(host, Family.V4),
            gateways6=_gateways(host, Family.V6),
            os_ipv6=host.os_ipv6,
            source4=_source(host, Family.V4),
            source6=_source(host, Family.V6) if host.os_ipv6 else None,
            system=host.system,
            gateway_mac=next((each.mac for each in host.default_routes(Family.V4) if each.mac), ""),
        )

    async def can_bind(self, bind: Bind) -> bool:
        """Whether the scenario allows it."""
        try:
            self._host.check_bind(bind)
        except NetworkError:
            return False
        return bind.family is Family.V4 or self._host.os_ipv6

    async def run(
        self, argv: Sequence[str], *, timeout_s: float, most: int = 1_000_000
    ) -> ProcessResult:
        """What the scenario says a command prints; a program that it does not name is not there."""
        command = " ".join(argv)
        spec = self._spec.program.get(command)
        if spec is None and self._tailscale is not None and argv[0] == PROGRAM:
            return await self._tailscale_run(self._tailscale, argv, timeout_s, most)
        if spec is None:
            found = any(each.split(" ", 1)[0] == argv[0] for each in self._spec.program)
            status = 1 if found else None
            return ProcessResult(tuple(argv), found, status, b"", b"", False, False)
        late = spec.takes_ms / 1000.0 > timeout_s
        await asyncio.sleep(min(spec.takes_ms / 1000.0, timeout_s))
        if late:
            return ProcessResult(tuple(argv), True, None, b"", b"", False, True)
        out = spec.stdout.encode()
        cut = len(out) > most
        return ProcessResult(
            tuple(argv),
            True,
            None if cut else spec.status,
            out[:most],
            spec.stderr.encode()[:most],
            cut,
            False,
        )

    async def _tailscale_run(
        self, program: TailscaleProgram, argv: Sequence[str], timeout_s: float, most: int
    ) -> ProcessResult:
        try:
            async with asyncio.timeout(timeout_s):
                printed = await program.run(argv[1:])
        except TimeoutError:
            return ProcessResult(tuple(argv), True, None, b"", b"", False, True)
        out, complaint = printed.stdout.encode(), printed.stderr.encode()
        cut = len(out) > most
        status = None if cut else printed.status
        return ProcessResult(tuple(argv), True, status, out[:most], complaint[:most], cut, False)

    async def read_file(self, path: str, *, most: int) -> bytes | None:
        """A file that the scenario names."""
        text = self._spec.file.get(path)
        return None if text is None else text.encode()[:most]

    # --- packets --------------------------------------------------------------------------------

    async def udp(self, bind: Bind) -> SimulatedUdpSocket:
        """Open a UDP socket. Raises NetworkError."""
        socket = SimulatedUdpSocket(self._host, bind)
        self._sockets.add(socket)
        return socket

    async def resolve(self, host: str, family: Family) -> tuple[IPAddress, ...]:
        """Ask the scenario's DNS. Raises NotResolved."""
        return await self._web.resolve(host, family)

    async def connect_ms(self, to: Endpoint, bind: Bind) -> float:
        """A TCP handshake. Raises Refused, Unreachable or NetworkError."""
        return await self._web.connect_ms(to, bind)

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
        """TCP and a TLS handshake. Raises NetworkError when TCP fails or is late."""
        return await self._web.tls(
            to,
            bind,
            server_name,
            verify=verify,
            connect_timeout_s=connect_timeout_s,
            handshake_timeout_s=handshake_timeout_s,
        )

    async def http_get(
        self, url: str, *, most: int, bind: Bind | None = None, to: Endpoint | None = None
    ) -> HttpReply:
        """GET. Raises NetworkError; an untrusted certificate is one."""
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
        """Ask a web server. Raises NetworkError; an untrusted certificate is one."""
        return await self._web.http(url, ask, most=most, bind=bind, to=to)

    async def ping_ms(self, to: IPAddress, bind: Bind) -> float | None:
        """One ICMP echo. Raises NotPermitted, Unreachable or NetworkError."""
        if not self._spec.may_ping:
            raise NotPermitted("This user may not send ICMP echo requests.")
        return await ping(self._host, to, bind)

    def igd(self, service: IgdService, bind: Bind) -> AbstractAsyncContextManager[IgdSession]:
        """Drive the router's model. Entering raises Unsupported where the scenario says so."""
        return drive(self.world.mappers, service.control_url, self._spec.upnp_library)

    def remove_later(self, mapping: str, record: str) -> None:
        """Nobody waits in a simulation: the mapping is gone at once."""
        left = TestMapping.from_text(mapping)
        for mapper in self.world.mappers:
            if left.gateway in mapper.gateways:
                mapper.forget(left.external_port, Endpoint(left.client, left.internal_port))

    @asynccontextmanager
    async def session(self) -> AsyncIterator[None]:
        """What is opened during it is closed at its end."""
        before = set(self._sockets)
        try:
            yield
        finally:
            for socket in self._sockets - before:
                socket.close()
            self._sockets = before


def _gateways(host: Host, family: Family) -> tuple[Gateway, ...]:
    return tuple(
        Gateway(_router(face, family), face.shape.name) for face in host.default_routes(family)
    )


def _router(face: HostInterface, family: Family) -> IPAddress | None:
    return next((each for each in face.gateways if Family.of(each) is family), None)


def _source(host: Host, family: Family) -> IPAddress | None:
    routes = host.default_routes(family)
    return routes[0].source(family) if routes else None
