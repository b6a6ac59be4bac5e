"""The kernel's extended errors, byte for byte (struct sock_extended_err, <linux/errqueue.h>)."""

from __future__ import annotations

import socket
import struct
from ipaddress import ip_address

import pytest

from probes.network.real.icmp_errors import parse
from probes.network.seam import IcmpError


def control(
    version: int, origin: int, kind: int, code: int, offender: str | None
) -> tuple[int, int, bytes]:
    data = struct.pack("@IBBBxII", 111, origin, kind, code, 0, 0)
    if offender is None:
        data += bytes(16)
    elif version == 4:
        data += struct.pack("@HH", socket.AF_INET, 0) + ip_address(offender).packed + bytes(8)
    else:
        data += struct.pack("@HHI", socket.AF_INET6, 0, 0) + ip_address(offender).packed + bytes(4)
    return (0, 11, data) if version == 4 else (41, 25, data)


@pytest.mark.parametrize(
    ("version", "kind", "code", "error"),
    [
        (4, 3, 0, IcmpError.NET),
        (4, 3, 1, IcmpError.HOST),
        (4, 3, 2, IcmpError.OTHER),
        (4, 3, 3, IcmpError.PORT),
        (4, 3, 4, IcmpError.TOO_BIG),
        (4, 3, 10, IcmpError.PROHIBITED),
        (4, 3, 13, IcmpError.PROHIBITED),
        (4, 11, 0, IcmpError.TTL),
        (4, 12, 0, IcmpError.OTHER),
        (6, 1, 0, IcmpError.NET),
        (6, 1, 1, IcmpError.PROHIBITED),
        (6, 1, 3, IcmpError.HOST),
        (6, 1, 4, IcmpError.PORT),
        (6, 2, 0, IcmpError.TOO_BIG),
        (6, 3, 0, IcmpError.TTL),
        (6, 4, 0, IcmpError.OTHER),
    ],
)
def test_types_and_codes(version: int, kind: int, code: int, error: IcmpError) -> None:
    reporter = "192.0.2.1" if version == 4 else "2001:db8::1"
    origin = 2 if version == 4 else 3
    told = parse([(1, 35, bytes(16)), control(version, origin, kind, code, reporter)])
    assert told == (error, ip_address(reporter))


def test_an_unknown_reporter() -> None:
    assert parse([control(4, 2, 3, 3, None)]) == (IcmpError.PORT, None)


@pytest.mark.parametrize("origin", [0, 1, 4])
def test_what_the_own_system_or_a_time_stamp_says_is_no_icmp(origin: int) -> None:
    assert parse([control(4, origin, 3, 3, "192.0.2.1")]) is None


def test_short_control_messages_are_passed_over() -> None:
    level, kind, data = control(6, 3, 1, 4, "2001:db8::1")
    for length in range(len(data)):
        told = parse([(level, kind, data[:length])])
        assert told is None or told[0] is IcmpError.PORT
