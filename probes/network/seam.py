"""What a check may use of the world. Two sides implement it: `real` and `simulated`.

Checks use nothing else: no sockets, no clock, no randomness, no files of their own. Time is the
running event loop's (`asyncio.sleep`, `asyncio.timeout`, `Network.now`), which the simulated side
replaces by a virtual clock where nobody watches.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, TypeAlias

from probes.model import Endpoint, Family, IPAddress
from probes.readings.local import Gateway, Interface
from probes.values import dataclass

if TYPE_CHECKING:
    from probes.network.igd import IgdService, IgdSession


class NetworkError(Exception):
    """The network did not do what was asked. The text is one clean sentence."""


class NotPermitted(NetworkError):
    """The system or a local firewall refused (EPERM, EACCES)."""


class Unreachable(NetworkError):
    """No route, or an ICMP error said so (ENETUNREACH, EHOSTUNREACH, ENETDOWN)."""


class Refused(NetworkError):
    """The other end said no (ECONNREFUSED, RST)."""


class NotResolved(NetworkError):
    """The name does not resolve."""


class Unsupported(NetworkError):
    """This system cannot do it."""


@dataclass(frozen=True, slots=True)
class Bind:
    """Where a socket is bound to."""

    family: Family
    interface: str = ""
    """Leave by this interface whatever the routes say; "" lets the routes decide."""
    address: IPAddress | None = None
    """Local address; None lets the system choose."""
    port: int = 0
    """Local port; 0 lets the system choose."""


@dataclass(frozen=True, slots=True)
class Datagram:
    """A datagram that arrived."""

    data: bytes
    source: Endpoint
    at: float
    """`Network.now` when it arrived, seconds."""


class IcmpError(enum.StrEnum):
    """What an ICMP error about a sent datagram said."""

    PORT = "port-unreachable"
    HOST = "host-unreachable"
    NET = "net-unreachable"
    PROHIBITED = "administratively-prohibited"
    TTL = "ttl-exceeded"
    TOO_BIG = "too-big"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Bounced:
    """An ICMP error about a datagram of ours (IP_RECVERR; only where the system tells)."""

    error: IcmpError
    destination: Endpoint
    """Where the datagram had been sent to."""
    reporter: IPAddress | None
    """The host that sent the ICMP message."""
    at: float


Arrival: TypeAlias = Datagram | Bounced


class UdpSocket(Protocol):
    """An unconnected UDP socket."""

    @property
    def local(self) -> Endpoint:
        """Address and port it is bound to; the address may be unspecified."""

    def send(self, data: bytes, to: Endpoint, *, ttl: int | None = None) -> None:
        """Send one datagram, at once. Raises NotPermitted, Unreachable or NetworkError."""

    async def receive(self) -> Arrival:
        """The next datagram or ICMP error. Waits for ever; cancel it."""

    def close(self) -> None:
        """Close it. Idempotent; a pending `receive` ends with NetworkError."""


@dataclass(frozen=True, slots=True)
class TlsReply:
    """How a TCP connection with a TLS handshake went."""

    connect_ms: float
    """From connect() to the SYN-ACK."""
    server_hello_ms: float | None
    """From the ClientHello to the first bytes of the answer; None if none came."""
    tls: bool
    """The handshake was completed, whatever the certificate."""
    certificate: bytes
    """The peer's certificate in DER, b"" if none was seen."""
    trusted: bool
    """The system trusts the chain and the certificate names the host."""
    error: str
    """Why the handshake or the trust failed, cleaned; "" else."""


@dataclass(frozen=True, slots=True)
class HttpAsk:
    """What is asked of a web server at an address. Our own words only: nothing is escaped here."""

    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


GET = HttpAsk()
"""The plainest question."""


@dataclass(frozen=True, slots=True)
class HttpReply:
    """An HTTP answer; redirects are answers, never followed."""

    status: int
    headers: tuple[tuple[str, str], ...]
    """Names in lower case, cleaned."""
    body: bytes
    """At most the number of bytes asked for."""
    truncated: bool


@dataclass(frozen=True, slots=True)
class ProcessResult:
    """How a program ended."""

    argv: tuple[str, ...]
    found: bool
    """False: no such program."""
    status: int | None
    """Exit status; None if it was killed at the deadline or at the output limit."""
    stdout: bytes
    stderr: bytes
    truncated: bool
    timed_out: bool


@dataclass(frozen=True, slots=True)
class LocalView:
    """What the system says about its own network, without a packet sent."""

    interfaces: tuple[Interface, ...]
    gateways4: tuple[Gateway, ...]
    """IPv4 default routes, the preferred one first; tunnels' routes included."""
    gateways6: tuple[Gateway, ...]
    os_ipv6: bool
    """IPv6 sockets can be opened."""
    source4: IPAddress | None
    """The local address that a packet to the IPv4 internet would carry; None: no route."""
    source6: IPAddress | None
    system: str
    """``linux``, ``darwin``, ``win32`` … as `sys.platform`."""
    gateway_mac: str
    """MAC address of the preferred IPv4 router if the neighbour table holds it, else ""."""


class Network(Protocol):
    """One device's view of one network."""

    @property
    def name(self) -> str:
        """``real``, or ``simulated:NAME``."""

    @property
    def reports_icmp_errors(self) -> bool:
        """Whether sockets hand out ICMP errors with their sender (`Bounced`)."""

    def now(self) -> float:
        """Monotonic seconds (the event loop's clock)."""

    def wall(self) -> datetime:
        """The date and time, UTC, aware."""

    def random_bytes(self, count: int) -> bytes:
        """Unpredictable bytes (the simulated side: from a seed)."""

    async def local(self) -> LocalView:
        """Interfaces, routes, addresses. Raises NetworkError."""

    async def can_bind(self, bind: Bind) -> bool:
        """Whether a UDP socket may be bound so (rights for the interface, above all)."""

    async def udp(self, bind: Bind) -> UdpSocket:
        """Open a UDP socket. Raises NetworkError."""

    async def resolve(self, host: str, family: Family) -> tuple[IPAddress, ...]:
        """Addresses of a host; a literal address is answered without asking. Raises NotResolved."""

    async def connect_ms(self, to: Endpoint, bind: Bind) -> float:
        """Milliseconds of a TCP handshake; the connection is closed again. Raises NetworkError."""

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
        """TCP and a TLS handshake, then closed.

        Raises NetworkError when TCP itself fails or is not there in time. A handshake that fails or
        stalls is an answer: `tls` false, with what was seen until then.
        """

    async def http_get(
        self, url: str, *, most: int, bind: Bind | None = None, to: Endpoint | None = None
    ) -> HttpReply:
        """GET an http or https URL, reading at most `most` bytes of body; HTTPS is verified.

        `to` connects there instead of to what the URL's host resolves to.
        """

    async def http(
        self,
        url: str,
        ask: HttpAsk,
        *,
        most: int,
        bind: Bind | None = None,
        to: Endpoint | None = None,
    ) -> HttpReply:
        """The same with a method, headers and a body of the caller's."""

    async def ping_ms(self, to: IPAddress, bind: Bind) -> float | None:
        """Round trip of one ICMP echo without special rights. None: no answer within 1 s.

        Raises Unsupported or NotPermitted where unprivileged ICMP is not allowed.
        """

    async def run(
        self, argv: Sequence[str], *, timeout_s: float, most: int = 1_000_000
    ) -> ProcessResult:
        """Run a program without a shell, with no input, killed at the deadline."""

    async def read_file(self, path: str, *, most: int) -> bytes | None:
        """A file of the system (``/proc``, ``/etc``): at most `most` bytes; None if unreadable."""

    def igd(self, service: IgdService, bind: Bind) -> AbstractAsyncContextManager[IgdSession]:
        """Drive one UPnP connection service. Entering raises Unsupported without the library."""

    def remove_later(self, mapping: str, record: str) -> None:
        """Have a test mapping (`TestMapping.to_text`) removed although this program is leaving.

        Returns at once and never raises. Once the mapping is gone the file `record` is deleted.
        """

    def session(self) -> AbstractAsyncContextManager[None]:
        """Entered for the length of one run: what is open is closed at its end."""
