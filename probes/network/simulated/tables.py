"""The tables by which a scenario file is read: one reader a field, nothing else accepted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from probes.diagnosis.model import CauseId, NatClass, Verdict
from probes.diagnosis.remedies import RemedyId
from probes.model import CheckId, Family
from probes.network.seam import IcmpError
from probes.network.simulated import schema
from probes.network.simulated.firewall import Action, Direction, FirewallBehavior, Rule
from probes.network.simulated.link import LineQuality
from probes.network.simulated.mapping_spec import PORT_MAPPING
from probes.network.simulated.metadata import METADATA
from probes.network.simulated.nat_behavior import Dependence, Forward, NatBehavior
from probes.network.simulated.packet import Transport
from probes.network.simulated.ports import PoolPolicy, PortPolicy
from probes.network.simulated.scenario import (
    AskSpec,
    BoxSpec,
    Change,
    DnsSpec,
    Expect,
    HostSpec,
    InterfaceSpec,
    PageSpec,
    ProgramSpec,
    RegionSpec,
    Scenario,
    ServerSpec,
    StunSpec,
)
from probes.network.simulated.schema import Path, Reader, ScenarioError, shown
from probes.network.simulated.server import TlsKind
from probes.network.simulated.stun_server import StunFault, StunKind
from probes.network.simulated.tailnet import TAILSCALE
from probes.readings.local import InterfaceKind

T = TypeVar("T")


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
    port_mapping=PORT_MAPPING,
    metadata=METADATA,
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
    upnp_library=schema.boolean,
    file=schema.mapping(schema.text),
    tailscale=TAILSCALE,
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


_ASK = schema.table(
    AskSpec,
    expect=_EXPECT,
    peer=schema.text,
    map_test=schema.boolean,
    opt_in=schema.array(schema.choice(CheckId)),
)


def _change(value: object, path: Path) -> Change:
    """A name or a table. What the table holds is read when the change is made."""
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        raise ScenarioError(
            f"{shown(path)} is {value!r}, but must be a practice network's name or a table."
        )
    return value


SCENARIO: Reader[Scenario] = schema.table(
    Scenario,
    description=_SENTENCE,
    host=schema.mapping(_HOST),
    seed=schema.integer(0, 2**31),
    include=schema.array(schema.text),
    expect=_EXPECT,
    ask=schema.mapping(_ASK),
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
    after=schema.mapping(_change, schema.choice(RemedyId)),
    no_after=schema.text,
)
"""Reads a whole file."""
