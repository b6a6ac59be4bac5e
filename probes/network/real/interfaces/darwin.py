"""Default routes and neighbours of macOS (and the BSDs), from `netstat -rn` and `arp -n`."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address

from probes.model import Family, IPAddress
from probes.readings.local import Gateway

_MAC = re.compile(r"\b(?:[0-9a-f]{1,2}[:-]){5}[0-9a-f]{1,2}\b", re.IGNORECASE)


def gateways(table: str, family: Family) -> tuple[Gateway, ...]:
    """Default routes, in the order in which the system tries them.

    A route with the flag I counts only for sockets bound to its interface, so it comes after.
    R and B mark routes that reject.
    """
    found: list[tuple[bool, Gateway]] = []
    columns: list[str] = []
    for line in table.splitlines():
        fields = line.split()
        if fields[:1] == ["Destination"]:
            columns = fields
        elif fields[:1] == ["default"] and {"Gateway", "Flags", "Netif"} <= set(columns):
            row = dict(zip(columns, fields, strict=False))
            flags, name = row.get("Flags", ""), row.get("Netif", "")
            if "U" in flags and name and not set(flags) & set("RB"):
                found.append(("I" in flags, Gateway(_address(row["Gateway"], family), name)))
    found.sort(key=lambda item: item[0])
    return tuple(dict.fromkeys(route for _, route in found))


def neighbour(output: str, gateway: IPAddress) -> str:
    """A router's MAC address from the output of `arp`, on macOS or Windows; "" if not in there.

    macOS leaves out leading zeros, Windows writes dashes.
    """
    for line in output.splitlines():
        if str(gateway) in re.split(r"[\s()]+", line):
            match = _MAC.search(line)
            if match is not None:
                parts = re.split("[:-]", match[0].lower())
                return ":".join(part.zfill(2) for part in parts)
    return ""


def _address(text: str, family: Family) -> IPAddress | None:
    """None for a link (``link#14``) and for the bare ``fe80::%utun0`` of a tunnel."""
    host = text.partition("%")[0]
    try:
        if family is Family.V4:
            return IPv4Address(host)
        address = IPv6Address(host)
    except ValueError:
        return None
    return None if address == IPv6Address("fe80::") else address
