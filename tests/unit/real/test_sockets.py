"""Addresses of the socket module, and binding to an interface on systems that are not at hand."""

from __future__ import annotations

import socket
import sys
from ipaddress import IPv6Address
from types import SimpleNamespace
from typing import Any, cast

import pytest

from probes.model import Endpoint, Family
from probes.network.real import addresses, stamps
from probes.network.real.sockets import bind_to_interface
from probes.network.seam import Unsupported


class Recorder:
    """A socket that only notes its options."""

    def __init__(self) -> None:
        self.options: list[tuple[int, int, Any]] = []

    def setsockopt(self, level: int, option: int, value: Any) -> None:
        self.options.append((level, option, value))


def bound(family: Family) -> tuple[int, int, Any]:
    sock = Recorder()
    bind_to_interface(cast(socket.socket, sock), family, "some0")
    (option,) = sock.options
    return option


def test_macos(monkeypatch: pytest.MonkeyPatch) -> None:
    """IP_BOUND_IF is 25, IPV6_BOUND_IF 125 (<netinet/in.h>, <netinet6/in6.h>)."""
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(socket, "if_nametoindex", lambda name: 15)
    assert bound(Family.V4) == (socket.IPPROTO_IP, 25, 15)
    assert bound(Family.V6) == (socket.IPPROTO_IPV6, 125, 15)


def test_windows_takes_the_index_in_two_byte_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    """IP_UNICAST_IF and IPV6_UNICAST_IF are both 31 (<ws2ipdef.h>)."""
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setitem(
        sys.modules,
        "probes.network.real.interfaces.windows_api",
        cast(Any, SimpleNamespace(interface_index=lambda name: 0x85)),
    )
    assert bound(Family.V4) == (socket.IPPROTO_IP, 31, b"\x00\x00\x00\x85")
    native = (0x85).to_bytes(4, sys.byteorder)
    assert bound(Family.V6) == (socket.IPPROTO_IPV6, 31, native)


def test_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "freebsd14")
    with pytest.raises(Unsupported, match="freebsd14"):
        bound(Family.V4)


def test_addresses_there_and_back() -> None:
    for text in ("192.0.2.1:3478", "[2001:db8::1]:41641", "[::]:0"):
        endpoint = Endpoint.parse(text)
        assert addresses.endpoint(addresses.sockaddr(endpoint)) == endpoint


def test_link_local_addresses_keep_their_interface() -> None:
    index = next(index for index, _ in socket.if_nameindex())
    name = socket.if_indextoname(index)
    endpoint = Endpoint(IPv6Address(f"fe80::1%{name}"), 5351)
    assert addresses.sockaddr(endpoint) == ("fe80::1", 5351, 0, index)
    assert addresses.endpoint(("fe80::1", 5351, 0, index)) == endpoint
    assert addresses.sockaddr(Endpoint(IPv6Address(f"fe80::1%{index}"), 1))[3:] == (index,)
    # Only link-local addresses need it; others are told apart without.
    assert addresses.endpoint(("2001:db8::1", 1, 0, index)).address == IPv6Address("2001:db8::1")
    with pytest.raises(OSError, match="interface"):
        addresses.sockaddr(Endpoint(IPv6Address("fe80::1%nosuch0"), 1))


def test_stamps_of_a_clock_that_was_set_mean_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux stamps")

    def control(at: float) -> list[tuple[int, int, bytes]]:
        seconds, rest = divmod(at, 1.0)
        return [(socket.SOL_SOCKET, 35, stamps._TIMESPEC.pack(int(seconds), int(rest * 1e9)))]

    monkeypatch.setattr(stamps, "time", SimpleNamespace(time=lambda: 1000.0))
    assert stamps.arrived(control(999.5), 50.0) == pytest.approx(49.5)
    assert stamps.arrived(control(1000.5), 50.0) == 50.0
    assert stamps.arrived(control(500.0), 50.0) == 50.0
    assert stamps.arrived([(0, 0, b"")], 50.0) == 50.0
    assert stamps.arrived([(socket.SOL_SOCKET, 35, b"short")], 50.0) == 50.0
