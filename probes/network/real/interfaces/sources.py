"""Which local address the system would put on packets to the internet. No packet is sent."""

from __future__ import annotations

import socket
from ipaddress import ip_address

from probes.model import Endpoint, Family, IPAddress
from probes.network.real.addresses import AF, endpoint, sockaddr

PUBLIC = {
    # A root name server (k.root, RIPE NCC), named by IANA for good. No VPN pins a route to it, as
    # they do to the well-known public resolvers.
    Family.V4: ip_address("193.0.14.129"),
    Family.V6: ip_address("2001:7fd::1"),
}


def source(family: Family) -> IPAddress | None:
    """The address; None: no route, or the system lacks the family.

    connect() on a UDP socket makes the system choose route and address, and does nothing else.
    """
    try:
        with socket.socket(AF[family], socket.SOCK_DGRAM) as sock:
            sock.connect(sockaddr(Endpoint(PUBLIC[family], 9)))
            found = endpoint(sock.getsockname()).address
    except OSError:
        return None
    return None if found.is_unspecified else ip_address(str(found).partition("%")[0])


def os_ipv6() -> bool:
    """IPv6 sockets can be opened and bound (``disable_ipv6=1`` takes ::1 away too)."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True
