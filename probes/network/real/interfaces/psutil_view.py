"""Interfaces and addresses by psutil, on every system."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from ipaddress import IPv4Interface, IPv6Address, IPv6Interface

from probes.network.real.interfaces.faces import Face
from probes.readings.local import IPInterface


def read() -> tuple[Face, ...]:
    """All interfaces. Raises OSError."""
    import psutil  # 7 ms that `--version` need not pay

    stats = psutil.net_if_stats()
    addresses: Mapping[str, list[psutil._ntuples.snicaddr]] = psutil.net_if_addrs()
    found = []
    for name in dict.fromkeys((*stats, *addresses)):
        state = stats.get(name)
        entries = addresses.get(name, ())
        parsed = [interface(entry.family, entry.address, entry.netmask) for entry in entries]
        found.append(
            Face(
                name,
                # Without figures for it the system still lists it: the addresses decide.
                state.isup if state is not None else bool(entries),
                state.mtu if state is not None and state.mtu > 0 else None,
                tuple(address for address in parsed if address is not None),
            )
        )
    return tuple(found)


def interface(family: int, address: str, netmask: str | None) -> IPInterface | None:
    """Address and prefix; None for a family that is not IP or what cannot be read.

    Where the system does not tell the mask, the prefix is that of the single address.
    """
    host = address.partition("%")[0]  # the scope is the interface itself
    try:
        if family == socket.AF_INET:
            return IPv4Interface(f"{host}/{netmask or 32}")
        if family == socket.AF_INET6:
            return IPv6Interface(f"{host}/{_prefix6(netmask)}")
    except ValueError:
        return None
    return None


def _prefix6(netmask: str | None) -> int:
    if not netmask:
        return 128
    if netmask.isdigit():
        return int(netmask)
    return int(IPv6Address(netmask.partition("/")[0])).bit_count()
