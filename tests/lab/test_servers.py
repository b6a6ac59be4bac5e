"""The lab's STUN server does what it is asked to: checked on loopback, byte by byte."""

from __future__ import annotations

import asyncio
import struct
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.lab.servers import stun
from tests.lab.servers.stun import Lie, Manner, StunServer

TRANSACTION = bytes(range(12))
COOKIE = bytes.fromhex("2112a442")


def request(*attributes: bytes, fingerprint: bool = False, spoil: int = 0) -> bytes:
    """A Binding request, written out by hand."""
    body = b"".join(attributes)
    length = len(body) + (8 if fingerprint else 0)
    message = b"\x00\x01" + struct.pack("!H", length) + COOKIE + TRANSACTION + body
    if fingerprint:
        crc = zlib.crc32(message) ^ 0x5354554E ^ spoil
        message += b"\x80\x28\x00\x04" + struct.pack("!I", crc)
    return message


TAILNODE = b"\x80\x22\x00\x08tailnode"
OURS = b"\x80\x22\x00\x03abc\x00"


class _Inbox(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.got: asyncio.Queue[tuple[bytes, tuple[str, int]]] = asyncio.Queue()

    def datagram_received(self, data: bytes, peer: tuple[str, int]) -> None:
        self.got.put_nowait((data, peer[:2]))


@asynccontextmanager
async def asking(
    server: StunServer,
) -> AsyncIterator[tuple[asyncio.DatagramTransport, _Inbox, tuple[str, int]]]:
    """A server on a free port and a socket connected to nothing."""
    loop = asyncio.get_running_loop()
    serving = await stun.serve(server)
    address: tuple[str, int] = serving.get_extra_info("sockname")[:2]
    transport, inbox = await loop.create_datagram_endpoint(_Inbox, local_addr=(server.address, 0))
    try:
        yield transport, inbox, address
    finally:
        transport.close()
        serving.close()
        await asyncio.sleep(0)


async def answer_to(server: StunServer, message: bytes) -> tuple[bytes, bool]:
    """What comes back, and whether it came from where it was asked."""
    async with asking(server) as (transport, inbox, address), asyncio.timeout(5):
        transport.sendto(message, address)
        data, peer = await inbox.got.get()
        return data, peer == address


@pytest.mark.parametrize(
    ("server", "message"),
    [
        (Manner.DERP, request(TAILNODE, fingerprint=True)),
        (Manner.DERP, request(OURS, TAILNODE, fingerprint=True)),
        (Manner.PLAIN, request()),
        (Manner.PLAIN, request(TAILNODE, fingerprint=True)),
    ],
    ids=["derp", "derp-with-another-name-first", "plain", "plain-asked-like-derp"],
)
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_the_answer_names_who_asked(server: Manner, message: bytes, address: str) -> None:
    async with asking(StunServer(address, 0, server)) as (transport, inbox, to), asyncio.timeout(5):
        transport.sendto(message, to)
        data, peer = await inbox.got.get()
        port = transport.get_extra_info("sockname")[1]
    assert peer == to
    masked = struct.pack("!H", port ^ 0x2112)
    if address == "127.0.0.1":
        value = b"\x00\x01" + masked + bytes((0x7F ^ 0x21, 0x12, 0xA4, 0x01 ^ 0x42))
    else:
        last = TRANSACTION[-1] ^ 1
        value = b"\x00\x02" + masked + COOKIE + TRANSACTION[:-1] + bytes((last,))
    body = b"\x00\x20" + struct.pack("!H", len(value)) + value
    assert data == b"\x01\x01" + struct.pack("!H", len(body)) + COOKIE + TRANSACTION + body


@pytest.mark.parametrize(
    "message",
    [
        request(),
        request(TAILNODE),
        request(fingerprint=True),
        request(OURS, fingerprint=True),
        request(TAILNODE, fingerprint=True, spoil=1),
        request(TAILNODE, fingerprint=True)[:-1],
        request(TAILNODE, b"\x80\x28\x00\x04abcd", OURS),
        b"",
        b"hello",
    ],
)
def test_a_relay_is_silent_to_others(message: bytes) -> None:
    assert stun.transaction_of(message, Manner.DERP) is None


async def test_lies() -> None:
    ask = request()
    honest, from_asked = await answer_to(StunServer("127.0.0.1", 0, Manner.PLAIN), ask)
    assert from_asked

    garbage, _ = await answer_to(StunServer("127.0.0.1", 0, Manner.PLAIN, lie=Lie.GARBAGE), ask)
    assert COOKIE not in garbage

    other = StunServer("127.0.0.1", 0, Manner.PLAIN, lie=Lie.WRONG_TRANSACTION)
    data, from_asked = await answer_to(other, ask)
    assert from_asked
    assert data[:8] == honest[:8]
    assert data[8:20] != TRANSACTION

    astray = StunServer("127.0.0.1", 0, Manner.PLAIN, lie=Lie.WRONG_SOURCE)
    data, from_asked = await answer_to(astray, ask)
    assert not from_asked
    assert data[8:20] == TRANSACTION


async def test_delay() -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    await answer_to(StunServer("127.0.0.1", 0, Manner.PLAIN, delay_ms=80.0), request())
    assert 0.08 <= loop.time() - began < 1.0
