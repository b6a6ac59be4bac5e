"""Asking the Linux kernel which route a packet would take (rtnetlink(7)); no rights are needed.

/proc/net/route shows the main table alone. Where rules send traffic to another table, only this
tells the router.
"""

from __future__ import annotations

import socket
import struct
import sys
from ipaddress import IPv4Address, IPv6Address

from probes.model import Family, IPAddress
from probes.network.real.addresses import AF
from probes.readings.local import Gateway

# <linux/netlink.h>, <linux/rtnetlink.h>
_NETLINK_ROUTE = 0
_NLM_F_REQUEST = 0x1
_RTM_NEWROUTE = 24
_RTM_GETROUTE = 26
_RTA_DST = 1
_RTA_OIF = 4
_RTA_GATEWAY = 5
_HEADER = struct.Struct("=IHHII")
_ROUTE = struct.Struct("=BBBBBBBBI")
_ATTRIBUTE = struct.Struct("=HH")


def route_to(destination: IPAddress) -> Gateway | None:
    """The router and interface that the kernel would use now. None: no route, or no netlink."""
    if sys.platform != "linux":
        return None
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_ROUTE) as sock:
            sock.settimeout(0.5)  # the kernel answers within the call; an emulated one may not
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
    """The answer; None for an error or anything else. Raises OSError for a vanished interface."""
    if len(data) < _HEADER.size + _ROUTE.size:
        return None
    length, kind, _, _, _ = _HEADER.unpack_from(data)
    if kind != _RTM_NEWROUTE:
        return None
    address: IPAddress | None = None
    index = 0
    at, end = _HEADER.size + _ROUTE.size, min(length, len(data))
    while at + _ATTRIBUTE.size <= end:
        size, name = _ATTRIBUTE.unpack_from(data, at)
        value = data[at + _ATTRIBUTE.size : at + size]
        if size < _ATTRIBUTE.size:
            return None
        if name == _RTA_OIF and len(value) == 4:
            (index,) = struct.unpack("=I", value)
        elif name == _RTA_GATEWAY and len(value) == (4 if family is Family.V4 else 16):
            address = IPv4Address(value) if family is Family.V4 else IPv6Address(value)
        at += (size + 3) & ~3  # RTA_ALIGN
    return Gateway(address, socket.if_indextoname(index)) if index else None
