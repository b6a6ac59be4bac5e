"""Pings: the messages, and one over loopback where this system lets us."""

from __future__ import annotations

import asyncio
import socket
import struct
from ipaddress import ip_address

import pytest

from probes.model import Family
from probes.network.real import RealNetwork, icmp
from probes.network.seam import Bind, NetworkError, NotPermitted, Unsupported


def reply(family: Family, identifier: int, sequence: int, payload: bytes) -> bytes:
    kind = 0 if family is Family.V4 else 129
    return struct.pack("!BBHHH", kind, 0, 0, identifier, sequence) + payload


def test_the_request_on_the_wire() -> None:
    # RFC 1071: over a whole message with its checksum, the sum is zero.
    data = icmp.request(Family.V4, 0x1234, 7, b"payload")
    assert data[:2] == b"\x08\x00"
    assert data[4:] == b"\x12\x34\x00\x07payload"
    assert icmp._checksum(data) == 0
    assert icmp.request(Family.V6, 1, 2, b"")[:4] == b"\x80\x00\x00\x00"


@pytest.mark.parametrize("family", list(Family))
def test_only_the_exact_reply_counts(family: Family) -> None:
    good = reply(family, 5, 7, b"mine")
    assert icmp.answers(family, good, 5, 7, b"mine")
    assert icmp.answers(family, good, None, 7, b"mine")
    for wrong in (
        reply(family, 6, 7, b"mine"),
        reply(family, 5, 8, b"mine"),
        reply(family, 5, 7, b"yours"),
        icmp.request(family, 5, 7, b"mine"),
        good[:-1],
        good[:5],
        b"",
    ):
        assert not icmp.answers(family, wrong, 5, 7, b"mine")


def test_an_ipv4_header_in_front_is_passed_over() -> None:
    """Raw sockets, and every ICMP socket of macOS, hand it out too."""
    for words in (5, 8):
        header = bytes([0x40 | words]) + bytes(words * 4 - 1)
        data = header + reply(Family.V4, 5, 7, b"mine")
        assert icmp.answers(Family.V4, data, 5, 7, b"mine")
        for length in range(len(data)):
            assert not icmp.answers(Family.V4, data[:length], 5, 7, b"mine")


@pytest.mark.parametrize(("family", "host"), [(Family.V4, "127.0.0.1"), (Family.V6, "::1")])
async def test_loopback_answers(network: RealNetwork, family: Family, host: str) -> None:
    if family is Family.V6 and not (await network.local()).os_ipv6:
        pytest.skip("this system has no IPv6")
    try:
        took = await network.ping_ms(ip_address(host), Bind(family))
    except (NotPermitted, Unsupported):
        pytest.skip("this user may not ping")
    assert took is not None
    assert 0.0 < took < 1000.0
    assert len(network._open) == 0


async def test_silence_is_none(network: RealNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, _theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)

    class Mute:
        """An ICMP socket that nobody answers."""

        def __getattr__(self, name: str) -> object:
            return getattr(ours, name)

        def sendto(self, data: bytes, to: object) -> int:
            return len(data)

    ours.setblocking(False)
    monkeypatch.setattr(icmp, "open_socket", lambda *_: Mute())
    monkeypatch.setattr(icmp, "_WAIT_S", 0.05)
    try:
        assert (
            await asyncio.wait_for(network.ping_ms(ip_address("192.0.2.1"), Bind(Family.V4)), 5)
            is None
        )
    finally:
        ours.close()
        _theirs.close()


async def test_rights_are_asked_for_twice_and_then_told(
    network: RealNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = []

    def refuse(bind: Bind, kind: socket.SocketKind, protocol: int) -> socket.socket:
        kinds.append(kind)
        raise NotPermitted("no")

    monkeypatch.setattr(icmp, "open_socket", refuse)
    with pytest.raises(NotPermitted):
        await network.ping_ms(ip_address("192.0.2.1"), Bind(Family.V4))
    assert kinds == [socket.SOCK_DGRAM, socket.SOCK_RAW]


async def test_the_other_family_is_a_clear_error(network: RealNetwork) -> None:
    with pytest.raises(NetworkError, match="IPv4"):
        await network.ping_ms(ip_address("::1"), Bind(Family.V4))
