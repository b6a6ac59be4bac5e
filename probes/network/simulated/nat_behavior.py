"""How a NAT behaves: what a scenario says about one (RFC 4787)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from probes.model import Endpoint, IPAddress
from probes.network.simulated.packet import Transport
from probes.network.simulated.ports import PoolPolicy, PortPolicy
from probes.values import dataclass


class Dependence(StrEnum):
    """What a mapping or a filter depends on (RFC 4787 sections 4.1 and 5)."""

    NOTHING = "endpoint-independent"
    ADDRESS = "address-dependent"
    ADDRESS_AND_PORT = "address-and-port-dependent"


@dataclass(frozen=True, slots=True)
class Forward:
    """What arrives at a public port goes to one host, whoever sent it."""

    transport: Transport
    port: int
    to: Endpoint


@dataclass(frozen=True, slots=True)
class NatBehavior:
    """How a NAT behaves."""

    addresses: tuple[IPAddress, ...] = ()
    """Its public addresses."""
    mapping: Dependence = Dependence.NOTHING
    filtering: Dependence = Dependence.ADDRESS_AND_PORT
    ports: PortPolicy = PortPolicy.PRESERVE
    port_range: tuple[int, int] = (1024, 65535)
    pool: PoolPolicy = PoolPolicy.PAIRED
    overload: bool = False
    """Two hosts may share a public port while they talk to different ends (RFC 7857 section 3)."""
    timeout_s: float = 120.0
    """A mapping lives so long after the last packet, once both ends have sent."""
    unreplied_s: float = 30.0
    """And so long while only one of them has."""
    inbound_refresh: bool = True
    """Packets from outside keep a mapping alive, too (REQ-6; RFC 7857 says they should not)."""
    hairpin: bool = False
    """A host may reach another one by its public endpoint (REQ-9)."""
    accepts_unsolicited: bool = False
    """The router takes unsolicited packets as meant for itself, and remembers the flow."""
    forwards: tuple[Forward, ...] = ()
    one_to_one: Mapping[IPAddress, IPAddress] = field(default_factory=dict)
    """Public address to host address, all ports, both ways (a cloud's public address)."""
