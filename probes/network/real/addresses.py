"""Between the program's endpoints and the address tuples of the socket module."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address
from typing import Any, TypeAlias

from probes.model import Endpoint, Family, IPAddress

SockAddr: TypeAlias = tuple[str, int] | tuple[str, int, int, int]

AF = {Family.V4: socket.AF_INET, Family.V6: socket.AF_INET6}


def sockaddr(endpoint: Endpoint) -> SockAddr:
    """The tuple that sendto and connect take. Raises OSError for the scope of a gone interface.

    The scope goes in as a number: with a name in the host, asyncio would ask the resolver.
    """
    address = endpoint.address
    if isinstance(address, IPv4Address):
        return str(address), endpoint.port
    scope = address.scope_id
    if not scope:
        return str(address), endpoint.port, 0, 0
    index = int(scope) if scope.isdigit() else socket.if_nametoindex(scope)
    return str(address).partition("%")[0], endpoint.port, 0, index


def endpoint(address: Any) -> Endpoint:
    """The endpoint of a tuple from recvfrom or getsockname; link-local ones keep their scope."""
    host = str(address[0]).partition("%")[0]
    if len(address) == 2:
        return Endpoint(IPv4Address(host), int(address[1]))
    found = IPv6Address(host)
    if found.is_link_local and address[3]:
        found = IPv6Address(f"{host}%{_scope(int(address[3]))}")
    return Endpoint(found, int(address[1]))


def unspecified(family: Family) -> IPAddress:
    """The address that stands for any address of this host."""
    return IPv4Address(0) if family is Family.V4 else IPv6Address(0)


def _scope(index: int) -> str:
    try:
        return socket.if_indextoname(index)
    except OSError:  # the interface went away in between
        return str(index)
