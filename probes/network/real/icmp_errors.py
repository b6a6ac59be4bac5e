"""ICMP errors about datagrams of ours, as Linux hands them out (ip(7), IP_RECVERR)."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address

from probes.model import Family, IPAddress
from probes.network.seam import IcmpError

# <linux/in.h>, <linux/in6.h>, <linux/errqueue.h>
_IP_RECVERR = 11
_IPV6_RECVERR = 25
MSG_ERRQUEUE = 0x2000
_ORIGIN_ICMP = 2
_ORIGIN_ICMP6 = 3
# struct sock_extended_err: errno, origin, type, code, pad, info, data; the reporter's address after
_EXTENDED = struct.Struct("@IBBBxII")

# RFC 792, RFC 1122 section 3.2.2.1, RFC 1812 section 5.2.7.1
_UNREACHABLE4 = {
    0: IcmpError.NET,
    1: IcmpError.HOST,
    3: IcmpError.PORT,
    4: IcmpError.TOO_BIG,
    6: IcmpError.NET,
    7: IcmpError.HOST,
    9: IcmpError.PROHIBITED,
    10: IcmpError.PROHIBITED,
    11: IcmpError.NET,
    12: IcmpError.HOST,
    13: IcmpError.PROHIBITED,
}
# RFC 4443 section 3.1
_UNREACHABLE6 = {
    0: IcmpError.NET,
    1: IcmpError.PROHIBITED,
    3: IcmpError.HOST,
    4: IcmpError.PORT,
    5: IcmpError.PROHIBITED,
    6: IcmpError.PROHIBITED,
}


def ask_for_errors(sock: socket.socket, family: Family) -> None:
    """Have ICMP errors queued with what they are about. Raises OSError."""
    if family is Family.V4:
        sock.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, 1)


def parse(control: Iterable[tuple[int, int, bytes]]) -> tuple[IcmpError, IPAddress | None] | None:
    """The error and who reported it; None if the message is not about ICMP."""
    for level, kind, data in control:
        about4 = level == socket.IPPROTO_IP and kind == _IP_RECVERR
        about6 = level == socket.IPPROTO_IPV6 and kind == _IPV6_RECVERR
        if not (about4 or about6) or len(data) < _EXTENDED.size:
            continue
        _errno, origin, icmp_type, code, _info, _data = _EXTENDED.unpack_from(data)
        reporter = _reporter(data[_EXTENDED.size :])
        if origin == _ORIGIN_ICMP:
            return _error4(icmp_type, code), reporter
        if origin == _ORIGIN_ICMP6:
            return _error6(icmp_type, code), reporter
    return None


def _error4(icmp_type: int, code: int) -> IcmpError:
    if icmp_type == 3:
        return _UNREACHABLE4.get(code, IcmpError.OTHER)
    return IcmpError.TTL if icmp_type == 11 else IcmpError.OTHER


def _error6(icmp_type: int, code: int) -> IcmpError:
    if icmp_type == 1:
        return _UNREACHABLE6.get(code, IcmpError.OTHER)
    return {2: IcmpError.TOO_BIG, 3: IcmpError.TTL}.get(icmp_type, IcmpError.OTHER)


def _reporter(offender: bytes) -> IPAddress | None:
    """SO_EE_OFFENDER: a sockaddr behind the error; AF_UNSPEC where the kernel does not know."""
    if len(offender) < 8:
        return None
    family = int(struct.unpack_from("@H", offender)[0])
    if family == socket.AF_INET:
        return IPv4Address(offender[4:8])
    if family == socket.AF_INET6 and len(offender) >= 24:
        return IPv6Address(offender[8:24])
    return None
