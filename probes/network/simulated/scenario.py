"""A practice network as its TOML file tells it: plain values, checked, nothing running yet."""

from __future__ import annotations

from dataclasses import field
from typing import Any, TypeAlias

from probes.diagnosis.model import CauseId, NatClass, Verdict
from probes.diagnosis.remedies import RemedyId
from probes.model import CheckId, Family, IPAddress
from probes.network.simulated.firewall import FirewallBehavior, Rule
from probes.network.simulated.link import LineQuality
from probes.network.simulated.mapping_spec import PortMappingSpec
from probes.network.simulated.metadata import MetadataSpec
from probes.network.simulated.nat_behavior import NatBehavior
from probes.network.simulated.server import TlsKind
from probes.network.simulated.stun_server import StunFault, StunKind
from probes.network.simulated.tailnet import TailscaleSpec
from probes.readings.local import InterfaceKind, IPInterface
from probes.values import dataclass

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
class AskSpec:
    """A run that is asked for more than an ordinary one, and what it is to find."""

    expect: Expect
    peer: str = ""
    """A device of the tailnet that it is about."""
    map_test: bool = False
    """The router is tried with a port."""
    opt_in: tuple[CheckId, ...] = ()
    """Checks that an ordinary run leaves out."""


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
    upnp_library: bool = True
    """The library that drives routers over UPnP is installed."""
    file: dict[str, str] = field(default_factory=dict)
    """By path. Other files cannot be read."""
    tailscale: TailscaleSpec | None = None
    """Tailscale on it; None: not installed, unless a program says so."""


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
    port_mapping: PortMappingSpec | None = None
    """NAT-PMP, PCP and UPnP; None: it speaks none of them."""
    metadata: MetadataSpec | None = None
    """A cloud's metadata service, at its link-local address; None: there is none."""


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


Change: TypeAlias = str | dict[str, Any]
"""Another practice network's name, or what changes in this one: values of the same form, and
`without`, a list of the keys that go away."""


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
    after: dict[RemedyId, Change] = field(default_factory=dict)
    """What the network becomes once that remedy is done."""
    ask: dict[str, AskSpec] = field(default_factory=dict)
    """By name: runs that are asked for more than an ordinary one."""
    no_after: str = ""
    """Why none of the person's own remedies changes what this network shows."""
