"""Tailscale's DERP map: the relays, and where their STUN servers are (tailcfg/derpmap.go).

Read tolerantly: unknown keys are ignored, since the format grows. What cannot be a map is refused
with one sentence for a person.
"""

from __future__ import annotations

import json
from ipaddress import IPv4Address, IPv6Address
from typing import Any, TypeVar

from probes.clean import clean
from probes.model import Family, IPAddress
from probes.values import dataclass

MOST_BYTES = 4_000_000
"""The public map has some 30 kB; far more than this is not a map."""
DEFAULT_STUN_PORT = 3478
DEFAULT_DERP_PORT = 443
_NO_ADDRESS = "none"
"""In a node's IPv4 or IPv6: it has none, and DNS is not to be asked."""


A = TypeVar("A", IPv4Address, IPv6Address)


class BadDerpMap(ValueError):
    """The text is not a DERP map that can be used. One sentence."""


@dataclass(frozen=True, slots=True)
class Node:
    """One server of a region."""

    name: str
    host: str
    ipv4: IPv4Address | None
    ipv6: IPv6Address | None
    asks_dns: frozenset[Family]
    """Families whose address is to be looked up by name."""
    stun_port: int | None
    """None: no STUN on this server."""
    derp_port: int
    stun_only: bool
    cert_name: str
    """The name that the certificate must have if it is not the host's."""
    insecure: bool
    """InsecureForTests: the certificate is not to be checked."""
    can_port_80: bool

    def literal(self, family: Family) -> IPAddress | None:
        """The address that the map itself gives."""
        return self.ipv4 if family is Family.V4 else self.ipv6


@dataclass(frozen=True, slots=True)
class Region:
    """A place with relays."""

    id: int
    code: str
    name: str
    nodes: tuple[Node, ...]
    measured: bool
    """False: NoMeasureNoHome, so netcheck leaves it out."""


@dataclass(frozen=True, slots=True)
class DerpMap:
    """All regions, by id."""

    regions: tuple[Region, ...]


def parse_derp_map(text: str) -> DerpMap:
    """Read the map's JSON. Raises BadDerpMap."""
    if len(text) > MOST_BYTES:
        raise BadDerpMap(
            f"The relay map is larger than {MOST_BYTES // 1_000_000} MB, so it is not one."
        )
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise BadDerpMap("The relay map is not JSON.") from None
    regions = value.get("Regions") if isinstance(value, dict) else None
    if not isinstance(regions, dict):
        raise BadDerpMap('The relay map has no "Regions" object, so it is not a DERP map.')
    if not regions:
        raise BadDerpMap("The relay map has no regions.")
    found = sorted((_region(key, item) for key, item in regions.items()), key=lambda r: r.id)
    return DerpMap(tuple(found))


def _region(key: str, value: Any) -> Region:
    where = f"Region {clean(key, 20)} of the relay map"
    if not isinstance(value, dict):
        raise BadDerpMap(f"{where} is not an object.")
    region = value.get("RegionID")
    if not isinstance(region, int) or isinstance(region, bool) or region <= 0:
        raise BadDerpMap(f"{where} has no RegionID.")
    nodes = value.get("Nodes")
    if not isinstance(nodes, list) or not nodes:
        raise BadDerpMap(f"{where} has no nodes.")
    return Region(
        region,
        _text(value, "RegionCode", where) or str(region),
        _text(value, "RegionName", where) or _text(value, "RegionCode", where) or str(region),
        tuple(_node(node, where) for node in nodes),
        measured=not _flag(value, "NoMeasureNoHome"),
    )


def _node(value: Any, where: str) -> Node:
    if not isinstance(value, dict):
        raise BadDerpMap(f"{where} has a node that is not an object.")
    name = _text(value, "Name", where) or "?"
    host = _text(value, "HostName", where)
    where = f"Node {name} of the relay map"
    ipv4 = _address(value, "IPv4", IPv4Address, where)
    ipv6 = _address(value, "IPv6", IPv6Address, where)
    if not host and ipv4 is None and ipv6 is None:
        raise BadDerpMap(f"{where} has neither a HostName nor an address.")
    by_name = {
        family
        for family, key in ((Family.V4, "IPv4"), (Family.V6, "IPv6"))
        if host and not value.get(key)
    }
    stun_port = _port(value, "STUNPort", DEFAULT_STUN_PORT, where)
    derp_port = _port(value, "DERPPort", DEFAULT_DERP_PORT, where)
    return Node(
        name=name,
        host=host,
        ipv4=ipv4,
        ipv6=ipv6,
        asks_dns=frozenset(by_name),
        stun_port=stun_port,
        derp_port=derp_port or DEFAULT_DERP_PORT,
        stun_only=_flag(value, "STUNOnly"),
        cert_name=_text(value, "CertName", where),
        insecure=_flag(value, "InsecureForTests"),
        can_port_80=_flag(value, "CanPort80"),
    )


def _text(value: dict[str, Any], key: str, where: str) -> str:
    found = value.get(key, "")
    if not isinstance(found, str):
        raise BadDerpMap(f"{where} has a {key} that is not text.")
    return clean(found, 253)


def _flag(value: dict[str, Any], key: str) -> bool:
    return value.get(key) is True


def _port(value: dict[str, Any], key: str, default: int, where: str) -> int | None:
    """0 or absent: the default; negative: none (tailcfg.DERPNode)."""
    found = value.get(key, 0)
    if not isinstance(found, int) or isinstance(found, bool) or found > 0xFFFF:
        raise BadDerpMap(f"{where} has a {key} that is no port.")
    return None if found < 0 else found or default


def _address(value: dict[str, Any], key: str, kind: type[A], where: str) -> A | None:
    text = _text(value, key, where)
    if not text or text == _NO_ADDRESS:
        return None
    try:
        return kind(text)
    except ValueError:
        raise BadDerpMap(f"{where} has an {key} that is no {key} address.") from None
