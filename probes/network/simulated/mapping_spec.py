"""What a router offers of NAT-PMP, PCP and UPnP, as a scenario's file tells it."""

from __future__ import annotations

from dataclasses import field

from probes.model import Endpoint, IPAddress
from probes.network.simulated import schema
from probes.values import dataclass


@dataclass(frozen=True, slots=True)
class EntrySpec:
    """A mapping that the router holds from the beginning."""

    port: int
    to: Endpoint
    description: str = ""


@dataclass(frozen=True, slots=True)
class PortMappingSpec:
    """What a router offers, and how it fails."""

    nat_pmp: bool = False
    pcp: bool = False
    upnp: bool = False
    external: IPAddress | None = None
    """What it takes for its outer address; its real one unless told otherwise."""
    nat_pmp_result: int = 0
    """It answers everything with that code."""
    pcp_result: int = 0
    upnp_error: int = 0
    """It answers every new mapping with that code."""
    answer_after_ms: float = 0.0
    upnp_version: int = 1
    name: str = "Practice router"
    maker: str = "whyrelay"
    model: str = "simulated"
    status: str = "Connected"
    shortest_lease_s: int = 0
    epoch_s: int = 86_400
    """Age of its table when the network starts."""
    firewall_control: bool = False
    """It tells over UPnP whether its IPv6 firewall is on."""
    firewall_enabled: bool = True
    pinholes_allowed: bool = True
    """It opens its IPv6 firewall on request (PCP)."""
    useless: bool = False
    """It grants mappings, and pinholes, and nothing ever comes in by them."""
    entry: dict[str, EntrySpec] = field(default_factory=dict)


_RESULT = schema.integer(0, 0xFFFF)
PORT_MAPPING = schema.table(
    PortMappingSpec,
    nat_pmp=schema.boolean,
    pcp=schema.boolean,
    upnp=schema.boolean,
    external=schema.address4,
    nat_pmp_result=_RESULT,
    pcp_result=schema.integer(0, 255),
    upnp_error=_RESULT,
    answer_after_ms=schema.MILLISECONDS,
    upnp_version=schema.integer(1, 2),
    name=schema.text,
    maker=schema.text,
    model=schema.text,
    status=schema.text,
    shortest_lease_s=schema.integer(0, 86_400),
    epoch_s=schema.integer(0, 0xFFFFFFFF),
    firewall_control=schema.boolean,
    firewall_enabled=schema.boolean,
    pinholes_allowed=schema.boolean,
    useless=schema.boolean,
    entry=schema.mapping(
        schema.table(EntrySpec, port=schema.PORT, to=schema.endpoint, description=schema.text)
    ),
)
"""Reads a router's `port_mapping` table."""
