"""A scenario's relays as a DERP map (tailcfg/derpmap.go), with literal addresses."""

from __future__ import annotations

import json
from typing import Any

from probes.network.simulated.scenario import RegionSpec, Scenario, ServerSpec

_USUAL_STUN_PORT, _USUAL_TLS_PORT, _NO_STUN = 3478, 443, -1


def relay_map_text(scenario: Scenario) -> str:
    """The map as JSON."""
    regions = {str(region.id): _region(code, region) for code, region in scenario.region.items()}
    return json.dumps({"Regions": regions}, indent=1)


def _region(code: str, region: RegionSpec) -> dict[str, Any]:
    found: dict[str, Any] = {
        "RegionID": region.id,
        "RegionCode": code,
        "RegionName": region.name,
        "Nodes": [_node(name, region.id, node) for name, node in region.node.items()],
    }
    if not region.measured:
        found["NoMeasureNoHome"] = True
    return found


def _node(name: str, region: int, node: ServerSpec) -> dict[str, Any]:
    found: dict[str, Any] = {
        "Name": name,
        "RegionID": region,
        "HostName": node.host,
        "IPv4": str(node.ipv4) if node.ipv4 is not None else "none",
        "IPv6": str(node.ipv6) if node.ipv6 is not None else "none",
    }
    port = node.stun.ports[0] if node.stun else _USUAL_STUN_PORT
    if not node.offers_stun:
        found["STUNPort"] = _NO_STUN
    elif port != _USUAL_STUN_PORT:
        found["STUNPort"] = port
    if node.tls_port != _USUAL_TLS_PORT:
        found["DERPPort"] = node.tls_port
    if node.insecure:
        found["InsecureForTests"] = True
    if node.page:
        found["CanPort80"] = True
    return found
