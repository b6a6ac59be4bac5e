"""A practice network as its TOML file tells it: plain values, checked, nothing running yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from probes.diagnosis.model import CauseId, NatClass, Verdict
from probes.model import Family, IPAddress
from probes.network.seam import IcmpError
from probes.network.simulated import schema
from probes.network.simulated.firewall import Action, Direction, FirewallBehavior, Rule
from probes.network.simulated.link import LineQuality
from probes.network.simulated.nat import Dependence, Forward, NatBehavior
from probes.network.simulated.packet import Transport
from probes.network.simulated.ports import PoolPolicy, PortPolicy
from probes.network.simulated.schema import Path, Reader, ScenarioError, shown
from probes.network.simulated.server import TlsKind
from probes.network.simulated.stun_server import StunFault, StunKind
from probes.readings.local import InterfaceKind, IPInterface

T = TypeVar("T")
HERE = "here"
"""The host that measures."""
INTERNET = "internet"


@dataclass(frozen=True, slots=True)
class Expect:
    """What a run on this network is to find."""

    verdict: Verdict
    exit: int
    nat: NatClass
    causes: tuple[CauseId, ...]
    """Exactly these, in any order."""
    nat6: NatClass | None = None
    hard: str = ""
    """The outlook with a peer behind a hard NAT, where the network is about that."""


@dataclass(frozen=True, slots=True)
class InterfaceSpec:
    """An interface of a host."""

    kind: InterfaceKind = InterfaceKind.PHYSICAL
    addresses: tuple[IPInterface, ...] = ()
    via: str = ""
    """The box behind it, or ``internet``; "" where it leads nowhere."""
    gateways: tuple[IPAddress, ...] = ()
    """Default routers, one for each family at most."""
    default_route: tuple[Family, ...] = ()
    """Families with a default route that has no router address (tunnels)."""
    metric: int = 100
    up: bool = True
    mtu: int = 1500
    bindable: bool = True
    """Sockets may be bound to it."""
    mac: str = ""
    """Hardware address of the router, as the neighbour table has it."""
    line: LineQuality = field(default_factory=LineQuality)


@dataclass(frozen=True, slots=True)
class ProgramSpec:
    """What a command prints."""

    stdout: str = ""
    stderr: str = ""
    status: int = 0
    takes_ms: float = 5.0


@dataclass(frozen=True, slots=True)
class HostSpec:
    """A device."""

    interface: dict[str, InterfaceSpec]
    system: str = "linux"
    os_ipv6: bool = True
    may_ping: bool = True
    """Unprivileged ICMP is allowed."""
    rule: dict[str, Rule] = field(default_factory=dict)
    firewall: FirewallBehavior | None = None
    trusts: tuple[str, ...] = ()
    """Certificate authorities besides the public ones."""
    program: dict[str, ProgramSpec] = field(default_factory=dict)
    """By the whole command line. Other programs do not exist."""
    file: dict[str, str] = field(default_factory=dict)
    """By path. Other files cannot be read."""


@dataclass(frozen=True, slots=True)
class BoxSpec:
    """A router."""

    via: str = INTERNET
    inside: tuple[IPInterface, ...] = ()
    outside: tuple[IPAddress, ...] = ()
    line: LineQuality = field(default_factory=LineQuality)
    nat: NatBehavior | None = None
    """IPv4; its addresses are `outside`."""
    nat6: NatBehavior | None = None
    firewall: FirewallBehavior | None = None
    """For IPv4 hosts behind it that need no NAT."""
    firewall6: FirewallBehavior | None = None
    rule: dict[str, Rule] = field(default_factory=dict)
    tcp_accelerator: bool = False
    tls_inspector: str = ""
    """Name of the authority that signs for every server; "" for no inspection."""
    captive_portal: str = ""
    """Where every plain web page is redirected to; "" for none."""
    isolates: bool = False
    silent: bool = False


@dataclass(frozen=True, slots=True)
class StunSpec:
    """A server's STUN side."""

    kind: StunKind = StunKind.PLAIN
    ports: tuple[int, ...] = (3478,)
    fault: StunFault = StunFault.NONE
    answer_after_ms: float = 0.0
    ignores_first: int = 0
    software: str = ""
    other_ipv4: IPAddress | None = None
    """RFC 5780: the alternate address."""
    other_ipv6: IPAddress | None = None
    other_port: int = 3479


@dataclass(frozen=True, slots=True)
class PageSpec:
    """An answer to a GET."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""


@dataclass(frozen=True, slots=True)
class ServerSpec:
    """A server on the internet, or a relay."""

    host: str = ""
    ipv4: IPAddress | None = None
    ipv6: IPAddress | None = None
    rtt_ms: float | None = None
    """Round trip from the middle of the internet; a relay's is its region's unless given."""
    line: LineQuality = field(default_factory=LineQuality)
    """Its delay is replaced by half of the round trip."""
    answers_ping: bool = True
    dead: bool = False
    stun: StunSpec | None = None
    """None: no STUN; for a relay, a relay's usual one."""
    tls: TlsKind | None = None
    tls_port: int = 443
    issuer: str = ""
    """Who signed its certificate."""
    page: dict[str, PageSpec] = field(default_factory=dict)
    """Web pages by path, on port 80 and over TLS."""
    insecure: bool = False
    """The relay map says not to check the certificate."""
    offers_stun: bool = True
    """The relay map names a STUN port."""


@dataclass(frozen=True, slots=True)
class RegionSpec:
    """A region of the relay map."""

    id: int
    name: str
    rtt_ms: float
    node: dict[str, ServerSpec]
    measured: bool = True


@dataclass(frozen=True, slots=True)
class DnsSpec:
    """Name resolution."""

    works: bool = True
    takes_ms: float = 15.0
    name: dict[str, tuple[IPAddress, ...]] = field(default_factory=dict)
    """Names besides those of servers and relays."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A whole practice network."""

    description: str
    """One sentence, for a person who chooses."""
    host: dict[str, HostSpec]
    seed: int = 1
    include: tuple[str, ...] = ()
    """Parts that stand below this file's own values."""
    expect: Expect | None = None
    box: dict[str, BoxSpec] = field(default_factory=dict)
    region: dict[str, RegionSpec] = field(default_factory=dict)
    """By region code."""
    server: dict[str, ServerSpec] = field(default_factory=dict)
    dns: DnsSpec = field(default_factory=DnsSpec)
    hops: tuple[IPAddress, ...] = ()
    """Routers in the middle of the internet, for probes with a small TTL."""


# --- tables -------------------------------------------------------------------------------------


def _frozen(inner: Reader[tuple[T, ...]]) -> Reader[frozenset[T]]:
    return lambda value, path: frozenset(inner(value, path))


def _checked(inner: Reader[T], holds: Callable[[T], bool], wanted: str) -> Reader[T]:
    def read(value: object, path: Path) -> T:
        found = inner(value, path)
        if not holds(found):
            raise ScenarioError(f"{shown(path)} is {value!r}, but must be {wanted}.")
        return found

    return read


def _port_range(value: object, path: Path) -> tuple[int, int]:
    ports = schema.array(schema.PORT)(value, path)
    if len(ports) != 2 or ports[0] > ports[1]:
        raise ScenarioError(f"{shown(path)} is {value!r}, but must be the lowest and highest port.")
    return ports[0], ports[1]


def _open_port(value: object, path: Path) -> tuple[Transport, int]:
    """``udp/41641``."""
    transport, _, port = schema.text(value, path).partition("/")
    if transport in (Transport.UDP, Transport.TCP) and port.isascii() and port.isdigit():
        return Transport(transport), schema.PORT(int(port), path)
    raise ScenarioError(f"{shown(path)} is {value!r}, but must be like udp/41641.")


_FAMILY: Reader[Family] = schema.choice(Family)
_TRANSPORT: Reader[Transport] = schema.choice(Transport)
_DEPENDENCE: Reader[Dependence] = schema.choice(Dependence)
_ADDRESSES = schema.array(schema.address)
_SENTENCE = _checked(
    schema.text, lambda text: text.endswith(".") and "\n" not in text, "one sentence on one line"
)

_LINE = schema.table(
    LineQuality,
    delay_ms=schema.MILLISECONDS,
    jitter_ms=schema.MILLISECONDS,
    loss=schema.SHARE,
    duplicate=schema.SHARE,
    mtu=schema.integer(68, 65535),
)
_RULE = schema.table(
    Rule,
    action=schema.choice(Action),
    direction=schema.choice(Direction),
    transport=_TRANSPORT,
    family=_FAMILY,
    ports=_frozen(schema.array(schema.PORT)),
    except_ports=_frozen(schema.array(schema.PORT)),
    to=schema.array(schema.interface),
    error=schema.choice(IcmpError),
)
_FIREWALL = schema.table(
    FirewallBehavior,
    filtering=_DEPENDENCE,
    action=schema.choice(Action),
    allow=_frozen(schema.array(_open_port)),
    timeout_s=schema.SECONDS,
    unreplied_s=schema.SECONDS,
)
_NAT = schema.table(
    NatBehavior,
    addresses=_checked(_ADDRESSES, bool, "at least one address"),
    mapping=_DEPENDENCE,
    filtering=_DEPENDENCE,
    ports=schema.choice(PortPolicy),
    port_range=_port_range,
    pool=schema.choice(PoolPolicy),
    overload=schema.boolean,
    timeout_s=schema.SECONDS,
    unreplied_s=schema.SECONDS,
    inbound_refresh=schema.boolean,
    hairpin=schema.boolean,
    accepts_unsolicited=schema.boolean,
    forwards=schema.array(
        schema.table(Forward, transport=_TRANSPORT, port=schema.PORT, to=schema.endpoint)
    ),
    one_to_one=schema.mapping(schema.address, key=schema.address),
)
_BOX = schema.table(
    BoxSpec,
    via=schema.text,
    inside=schema.array(schema.interface),
    outside=_ADDRESSES,
    line=_LINE,
    nat=_NAT,
    nat6=_NAT,
    firewall=_FIREWALL,
    firewall6=_FIREWALL,
    rule=schema.mapping(_RULE),
    tcp_accelerator=schema.boolean,
    tls_inspector=schema.text,
    captive_portal=schema.text,
    isolates=schema.boolean,
    silent=schema.boolean,
)
_INTERFACE = schema.table(
    InterfaceSpec,
    kind=schema.choice(InterfaceKind),
    addresses=schema.array(schema.interface),
    via=schema.text,
    gateways=_ADDRESSES,
    default_route=schema.array(_FAMILY),
    metric=schema.integer(0, 1_000_000),
    up=schema.boolean,
    mtu=schema.integer(68, 65535),
    bindable=schema.boolean,
    mac=schema.text,
    line=_LINE,
)
_HOST = schema.table(
    HostSpec,
    interface=schema.mapping(_INTERFACE),
    system=schema.text,
    os_ipv6=schema.boolean,
    may_ping=schema.boolean,
    rule=schema.mapping(_RULE),
    firewall=_FIREWALL,
    trusts=schema.array(schema.text),
    program=schema.mapping(
        schema.table(
            ProgramSpec,
            stdout=schema.text,
            stderr=schema.text,
            status=schema.integer(0, 255),
            takes_ms=schema.MILLISECONDS,
        )
    ),
    file=schema.mapping(schema.text),
)
_STUN = schema.table(
    StunSpec,
    kind=schema.choice(StunKind),
    ports=_checked(schema.array(schema.PORT), bool, "at least one port"),
    fault=schema.choice(StunFault),
    answer_after_ms=schema.MILLISECONDS,
    ignores_first=schema.integer(0, 1000),
    software=schema.text,
    other_ipv4=schema.address4,
    other_ipv6=schema.address6,
    other_port=schema.PORT,
)
_SERVER = schema.table(
    ServerSpec,
    host=schema.text,
    ipv4=schema.address4,
    ipv6=schema.address6,
    rtt_ms=schema.MILLISECONDS,
    line=_LINE,
    answers_ping=schema.boolean,
    dead=schema.boolean,
    stun=_STUN,
    tls=schema.choice(TlsKind),
    tls_port=schema.PORT,
    issuer=schema.text,
    page=schema.mapping(
        schema.table(
            PageSpec,
            status=schema.integer(100, 599),
            headers=schema.mapping(schema.text),
            body=schema.text,
        )
    ),
    insecure=schema.boolean,
    offers_stun=schema.boolean,
)
_REGION = schema.table(
    RegionSpec,
    id=schema.integer(1, 1_000_000),
    name=schema.text,
    rtt_ms=schema.MILLISECONDS,
    node=_checked(schema.mapping(_SERVER), bool, "at least one node"),
    measured=schema.boolean,
)
_EXPECT = schema.table(
    Expect,
    verdict=schema.choice(Verdict),
    exit=schema.integer(0, 130),
    nat=schema.choice(NatClass),
    causes=schema.array(schema.choice(CauseId)),
    nat6=schema.choice(NatClass),
    hard=schema.text,
)
SCENARIO: Reader[Scenario] = schema.table(
    Scenario,
    description=_SENTENCE,
    host=schema.mapping(_HOST),
    seed=schema.integer(0, 2**31),
    include=schema.array(schema.text),
    expect=_EXPECT,
    box=schema.mapping(_BOX),
    region=schema.mapping(_REGION),
    server=schema.mapping(_SERVER),
    dns=schema.table(
        DnsSpec,
        works=schema.boolean,
        takes_ms=schema.MILLISECONDS,
        name=schema.mapping(_ADDRESSES),
    ),
    hops=_ADDRESSES,
)
"""Reads a whole file."""
