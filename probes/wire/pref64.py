"""The NAT64 prefix of a network, from what its resolver makes of ``ipv4only.arpa`` (RFC 7050)."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network

from probes.model import IPAddress

NAME = "ipv4only.arpa"
"""Has the IPv4 addresses below and no IPv6 ones: where there are some, DNS64 made them up."""
WELL_KNOWN = (IPv4Address("192.0.0.170"), IPv4Address("192.0.0.171"))
_LENGTHS = (96, 64, 56, 48, 40, 32)


def embedded(address: IPv6Address, length: int) -> IPv4Address:
    """The IPv4 address in an IPv6 one behind a prefix of that length (RFC 6052 section 2.2)."""
    data = address.packed
    start = length // 8
    if length == 96:
        return IPv4Address(data[12:])
    without_u = data[:8] + data[9:]  # bits 64 to 71 are zero and carry nothing
    return IPv4Address(without_u[start : start + 4])


def prefix_of(addresses: Iterable[IPAddress]) -> IPv6Network | None:
    """The prefix that these answers show; None where they show none."""
    for address in addresses:
        if not isinstance(address, IPv6Address):
            continue
        for length in _LENGTHS:
            if embedded(address, length) in WELL_KNOWN:
                return IPv6Network((address, length), strict=False)
    return None
