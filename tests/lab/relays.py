"""The relays of the lab's internet: what listens where, and the DERP map that names them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.lab.servers.stun import Lie, Manner, StunServer
from tests.lab.servers.web import WebServer

_PLACES = (("nyc", "New York City"), ("fra", "Frankfurt"), ("sin", "Singapore"))
_DELAYS_MS = (10.0, 25.0, 40.0)

ELSEWHERE = StunServer("45.83.221.77", 19302, Manner.PLAIN, delay_ms=20.0)
"""A STUN server that is no relay, on another port."""
ASK_ELSEWHERE = ("--stun", f"{ELSEWHERE.address}:{ELSEWHERE.port}")


@dataclass(frozen=True, slots=True)
class Relay:
    """One region of the map, with one node."""

    region: int
    code: str
    name: str
    address: str
    address6: str
    delay_ms: float = 0.0
    """How long its STUN answers wait. Its TCP side answers at once."""
    lie: Lie = Lie.NONE
    host: str = ""
    """A name to be resolved in place of the literal addresses."""
    insecure: bool = True
    """The map says not to check the certificate (there is no authority in the lab)."""


def relays(count: int = 3, delays_ms: tuple[float, ...] = _DELAYS_MS) -> tuple[Relay, ...]:
    """`count` regions in three networks, each a little further away than the one before."""
    made = []
    for index in range(count):
        code, name = _PLACES[index] if index < 3 else (f"r{index + 1:02}", f"Region {index + 1}")
        network, host = index % 3, index // 3 + 1
        delay_ms = delays_ms[index] if index < len(delays_ms) else 12.0 + 11.0 * index
        made.append(
            Relay(
                region=index + 1,
                code=code,
                name=name,
                address=f"45.83.{220 + network}.{host}",
                address6=f"2a0e:b107:f00:{220 + network}::{host}",
                delay_ms=delay_ms,
            )
        )
    return tuple(made)


def stun_servers(fleet: Iterable[Relay]) -> list[StunServer]:
    """The STUN side of the relays, on both families."""
    return [
        StunServer(address, 3478, Manner.DERP, relay.delay_ms, relay.lie)
        for relay in fleet
        for address in (relay.address, relay.address6)
    ]


def web_servers(fleet: Iterable[Relay], certificate: Path) -> list[WebServer]:
    """The TLS and HTTP side of the relays, on both families."""
    fleet = tuple(fleet)
    text = json.dumps(derp_map(fleet))
    return [
        server
        for relay in fleet
        for address in (relay.address, relay.address6)
        for server in (
            WebServer(address, 443, str(certificate)),
            WebServer(address, 80, derp_map=text),
        )
    ]


def derp_map(fleet: Iterable[Relay]) -> dict[str, Any]:
    """The relays as a DERP map, with literal addresses unless a host is named."""
    return {
        "Regions": {
            str(relay.region): {
                "RegionID": relay.region,
                "RegionCode": relay.code,
                "RegionName": relay.name,
                "Nodes": [_node(relay)],
            }
            for relay in fleet
        }
    }


def _node(relay: Relay) -> dict[str, Any]:
    node: dict[str, Any] = {
        "Name": f"{relay.region}a",
        "RegionID": relay.region,
        "HostName": relay.host or relay.address,
        "CanPort80": True,
        "InsecureForTests": relay.insecure,
    }
    if not relay.host:
        node |= {"IPv4": relay.address, "IPv6": relay.address6}
    return node


def servers_json(stun: Iterable[StunServer], web: Iterable[WebServer]) -> str:
    """What `python -m tests.lab.servers` reads."""
    listed = {"stun": [asdict(one) for one in stun], "web": [asdict(one) for one in web]}
    return json.dumps(listed)
