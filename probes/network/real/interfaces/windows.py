"""Default routes and adapters of Windows, from `route print`.

It answers in a few milliseconds, where PowerShell's Get-NetRoute takes most of a second to start.
Its headings are translated, its rows are not: rows are told apart by their shape alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address

from probes.model import IPAddress
from probes.readings.local import Gateway

# "  0.0.0.0   0.0.0.0   192.168.1.1   192.168.1.20   25"; the third may be words ("On-link").
_DEFAULT4 = re.compile(
    r"^\s*0\.0\.0\.0\s+0\.0\.0\.0\s+(?P<router>\S.*?)\s+(?P<own>\d+\.\d+\.\d+\.\d+)\s+(?P<metric>\d+)\s*$"
)
# " 12    281 ::/0                     fe80::1"; persistent routes have index 0.
_DEFAULT6 = re.compile(r"^\s*(?P<index>[1-9]\d*)\s+(?P<metric>\d+)\s+::/0\s+(?P<router>\S.*?)\s*$")
# " 12...00 15 5d 01 02 03 ......Intel(R) Ethernet Connection"; eight bytes for old tunnels, none
# for new ones.
_ADAPTER = re.compile(
    r"^\s*(?P<index>\d+) ?\.{3}[. ]*(?:[0-9a-f]{2} )*[. ]*(?P<description>\S.*?)\s*$",
    re.IGNORECASE,
)


def gateways4(output: str, names: Mapping[IPAddress, str]) -> tuple[Gateway, ...]:
    """IPv4 default routes, the preferred one first. `names`: interfaces by their addresses."""
    found: list[tuple[int, Gateway]] = []
    for line in output.splitlines():
        match = _DEFAULT4.match(line)
        name = names.get(IPv4Address(match["own"]), "") if match else ""
        if match and name:
            address = _router(match["router"])
            if address is None or address.version == 4:
                found.append((int(match["metric"]), Gateway(address, name)))
    found.sort(key=lambda item: item[0])
    return tuple(route for _, route in found)


def gateways6(output: str, names: Mapping[int, str]) -> tuple[Gateway, ...]:
    """IPv6 default routes, the preferred one first. `names`: interfaces by their indices."""
    found: list[tuple[int, Gateway]] = []
    for line in output.splitlines():
        match = _DEFAULT6.match(line)
        name = names.get(int(match["index"]), "") if match else ""
        if match and name:
            address = _router(match["router"])
            if address is None or isinstance(address, IPv6Address):
                found.append((int(match["metric"]), Gateway(address, name)))
    found.sort(key=lambda item: item[0])
    return tuple(route for _, route in found)


def descriptions(output: str) -> dict[int, str]:
    """The adapters' own names by interface index ("WireGuard Tunnel")."""
    matches = map(_ADAPTER.match, output.splitlines())
    return {int(match["index"]): match["description"] for match in matches if match}


def _router(text: str) -> IPAddress | None:
    """None for the words that stand for "on this link"."""
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        return None
