"""Asking the Linux kernel itself: interfaces, addresses, and the route a packet would take.

rtnetlink(7); no rights are needed. Quicker than importing psutil, and it knows what /proc does not:
/proc/net/route shows the main table alone, and rules may send traffic to another one.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface

from probes.model import Family, IPAddress
from probes.network.real.addresses import AF
from probes.network.real.interfaces.faces import Face
from probes.readings.local import Gateway, IPInterface

# <linux/netlink.h>
_NETLINK_ROUTE = 0
_NLMSG_ERROR = 2
_NLMSG_DONE = 3
_NLM_F_REQUEST = 0x1
_NLM_F_DUMP = 0x300
# <linux/rtnetlink.h>
_RTM_NEWLINK, _RTM_GETLINK = 16, 18
_RTM_NEWADDR, _RTM_GETADDR = 20, 22
_RTM_NEWROUTE, _RTM_GETROUTE = 24, 26
_RTA_DST, _RTA_OIF, _RTA_GATEWAY = 1, 4, 5
# <linux/if_link.h>, <linux/if_addr.h>, <linux/if.h>
_IFLA_IFNAME, _IFLA_MTU = 3, 4
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_IFA_F_DADFAILED, _IFA_F_DEPRECATED = 0x08, 0x20
_IFF_UP, _IFF_RUNNING = 0x1, 0x40

_HEADER = struct.Struct("=IHHII")
_LINK = struct.Struct("=BxHiII")
_ADDRESS = struct.Struct("=BBBBI")
_ROUTE = struct.Struct("=BBBBBBBBI")
_ATTRIBUTE = struct.Struct("=HH")
_WAIT_S = 0.5
"""The kernel answers within the call; an emulated one may not."""


def read() -> tuple[Face, ...]:
    """All interfaces with their addresses. Raises OSError."""
    with _open() as sock:
        links = list(_ask(sock, _RTM_GETLINK, _LINK.pack(0, 0, 0, 0, 0)))
        addresses = list(_ask(sock, _RTM_GETADDR, _ADDRESS.pack(0, 0, 0, 0, 0)))
    return faces(links, addresses)


def route_to(destination: IPAddress) -> Gateway | None:
    """The router and interface that the kernel would use now. None: no route, or no netlink."""
    if sys.platform != "linux":
        return None
    try:
        with _open() as sock:
            sock.send(request(destination))
            return parse(sock.recv(8192), Family.of(destination))
    except OSError:
        return None


def faces(links: Sequence[bytes], addresses: Sequence[bytes]) -> tuple[Face, ...]:
    """Interfaces from the bodies of RTM_NEWLINK and RTM_NEWADDR messages.

    Addresses past their preferred lifetime come last; what another host holds too is left out.
    """
    held: dict[int, list[tuple[bool, IPInterface]]] = {}
    for body in addresses:
        if len(body) < _ADDRESS.size:
            continue
        _family, length, flags, _scope, index = _ADDRESS.unpack_from(body)
        attributes = dict(_attributes(body, _ADDRESS.size))
        # On a point-to-point link ADDRESS is the other end, and LOCAL is ours.
        packed = attributes.get(_IFA_LOCAL, attributes.get(_IFA_ADDRESS, b""))
        own = _interface(packed, length)
        if own is not None and not flags & _IFA_F_DADFAILED:
            held.setdefault(index, []).append((bool(flags & _IFA_F_DEPRECATED), own))
    found = []
    for body in links:
        if len(body) < _LINK.size:
            continue
        _family, _kind, index, flags, _change = _LINK.unpack_from(body)
        attributes = dict(_attributes(body, _LINK.size))
        name = os.fsdecode(attributes.get(_IFLA_IFNAME, b"").partition(b"\0")[0])
        mtu = attributes.get(_IFLA_MTU, b"")
        if name:
            found.append(
                Face(
                    name,
                    flags & _IFF_UP != 0 and flags & _IFF_RUNNING != 0,
                    int.from_bytes(mtu, sys.byteorder) if len(mtu) == 4 else None,
                    tuple(own for _, own in sorted(held.get(index, ()), key=lambda one: one[0])),
                )
            )
    return tuple(found)


def request(destination: IPAddress) -> bytes:
    """RTM_GETROUTE for one address."""
    packed = destination.packed
    attribute = _ATTRIBUTE.pack(_ATTRIBUTE.size + len(packed), _RTA_DST) + packed
    family = AF[Family.of(destination)]
    body = _ROUTE.pack(family, len(packed) * 8, 0, 0, 0, 0, 0, 0, 0) + attribute
    return _HEADER.pack(_HEADER.size + len(body), _RTM_GETROUTE, _NLM_F_REQUEST, 1, 0) + body


def parse(data: bytes, family: Family) -> Gateway | None:
    """A route; None for an error or anything else. Raises OSError for a vanished interface."""
    for kind, body in messages(data):
        if kind != _RTM_NEWROUTE or len(body) < _ROUTE.size:
            return None
        attributes = dict(_attributes(body, _ROUTE.size))
        packed = attributes.get(_RTA_GATEWAY, b"")
        address: IPAddress | None = None
        if len(packed) == (4 if family is Family.V4 else 16):
            address = IPv4Address(packed) if family is Family.V4 else IPv6Address(packed)
        index = int.from_bytes(attributes.get(_RTA_OIF, b""), sys.byteorder)
        return Gateway(address, socket.if_indextoname(index)) if index else None
    return None


def messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The messages in one answer: type and body. What is cut short is left out."""
    at = 0
    while at + _HEADER.size <= len(data):
        length, kind, _flags, _sequence, _port = _HEADER.unpack_from(data, at)
        if length < _HEADER.size or at + length > len(data):
            return
        yield kind, data[at + _HEADER.size : at + length]
        at += _aligned(length)


def _open() -> socket.socket:
    if sys.platform != "linux":
        raise OSError("netlink is Linux's")
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_ROUTE)
    sock.settimeout(_WAIT_S)
    return sock


def _ask(sock: socket.socket, kind: int, body: bytes) -> Iterator[bytes]:
    """The bodies of a whole table. Raises OSError."""
    flags = _NLM_F_REQUEST | _NLM_F_DUMP
    sock.send(_HEADER.pack(_HEADER.size + len(body), kind, flags, 1, 0) + body)
    while True:
        for answer, found in messages(sock.recv(65536)):
            if answer == _NLMSG_DONE:
                return
            if answer == _NLMSG_ERROR:
                code = int.from_bytes(found[:4], sys.byteorder, signed=True)
                raise OSError(-code, os.strerror(-code))
            # GETLINK answers with NEWLINK, GETADDR with NEWADDR: always two below.
            if answer == kind - 2:
                yield found


def _attributes(body: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    while at + _ATTRIBUTE.size <= len(body):
        size, name = _ATTRIBUTE.unpack_from(body, at)
        if size < _ATTRIBUTE.size or at + size > len(body):
            return
        yield name, body[at + _ATTRIBUTE.size : at + size]
        at += _aligned(size)


def _interface(packed: bytes, length: int) -> IPInterface | None:
    try:
        if len(packed) == 4:
            return IPv4Interface((packed, length))
        return IPv6Interface((packed, length)) if len(packed) == 16 else None
    except ValueError:
        return None


def _aligned(size: int) -> int:
    return (size + 3) & ~3
