"""Asking the Linux kernel itself for the route that a packet would take.

rtnetlink(7); no rights are needed. Neither psutil nor /proc can tell: /proc/net/route shows the
main table alone, and rules may send traffic to another one.
"""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address

from probes.model import Family, IPAddress
from probes.network.real.addresses import AF
from probes.readings.local import Gateway

# <linux/netlink.h>
_NETLINK_ROUTE = 0
_NLM_F_REQUEST = 0x1
# <linux/rtnetlink.h>
_RTM_NEWROUTE, _RTM_GETROUTE = 24, 26
_RTA_DST, _RTA_OIF, _RTA_GATEWAY = 1, 4, 5

_HEADER = struct.Struct("=IHHII")
_ROUTE = struct.Struct("=BBBBBBBBI")
_ATTRIBUTE = struct.Struct("=HH")
_WAIT_S = 0.5
"""The kernel answers within the call; an emulated one may not."""


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


def _attributes(body: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    while at + _ATTRIBUTE.size <= len(body):
        size, name = _ATTRIBUTE.unpack_from(body, at)
        if size < _ATTRIBUTE.size or at + size > len(body):
            return
        yield name, body[at + _ATTRIBUTE.size : at + size]
        at += _aligned(size)


def _aligned(size: int) -> int:
    return (size + 3) & ~3
