"""A STUN server (RFC 8489) that can be a relay's, an ordinary one, slow, or a liar."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
import struct
import zlib
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

COOKIE = 0x2112A442
BINDING_REQUEST, BINDING_SUCCESS = 0x0001, 0x0101
XOR_MAPPED_ADDRESS, SOFTWARE, FINGERPRINT = 0x0020, 0x8022, 0x8028
FINGERPRINT_XOR = 0x5354554E


class Manner(StrEnum):
    """Whom the server answers."""

    DERP = "derp"
    """As Tailscale's relays: SOFTWARE `tailnode` and a right FINGERPRINT last, or silence."""
    PLAIN = "plain"
    """Any Binding request."""


class Lie(StrEnum):
    """What the server does instead of answering."""

    NONE = "none"
    SILENT = "silent"
    GARBAGE = "garbage"
    """Bytes that are no STUN message."""
    WRONG_TRANSACTION = "wrong-transaction"
    """A perfect answer to another request."""
    WRONG_SOURCE = "wrong-source"
    """A perfect answer, sent from a port that was not asked."""


@dataclass(frozen=True, slots=True)
class StunServer:
    """One server on one address and port."""

    address: str
    port: int = 3478
    manner: Manner = Manner.DERP
    delay_ms: float = 0.0
    """Each answer waits so long. Only UDP: a delay of the path is the hop's matter."""
    lie: Lie = Lie.NONE


def attributes(message: bytes) -> list[tuple[int, bytes, int]] | None:
    """Type, value and offset of each attribute; None where the message is broken."""
    found, at = [], 20
    while at < len(message):
        if at + 4 > len(message):
            return None
        kind, length = struct.unpack_from("!HH", message, at)
        if at + 4 + length > len(message):
            return None
        found.append((kind, message[at + 4 : at + 4 + length], at))
        at += 4 + length + -length % 4
    return found


def transaction_of(message: bytes, manner: Manner) -> bytes | None:
    """The transaction id of a Binding request that a server of this manner answers, else None."""
    if len(message) < 20:
        return None
    kind, length, cookie = struct.unpack_from("!HHI", message)
    if kind != BINDING_REQUEST or cookie != COOKIE or length != len(message) - 20:
        return None
    found = attributes(message)
    if found is None:
        return None
    if manner is Manner.DERP:
        if (SOFTWARE, b"tailnode") not in [(kind, value) for kind, value, _ in found]:
            return None
        kind, value, at = found[-1]
        crc = zlib.crc32(message[:at]) ^ FINGERPRINT_XOR
        if kind != FINGERPRINT or value != struct.pack("!I", crc):
            return None
    return message[8:20]


def success(transaction: bytes, address: str, port: int) -> bytes:
    """A Binding success response with one XOR-MAPPED-ADDRESS."""
    packed = ipaddress.ip_address(address).packed
    mask = struct.pack("!I", COOKIE) + transaction
    value = struct.pack("!BBH", 0, 1 if len(packed) == 4 else 2, port ^ (COOKIE >> 16))
    value += bytes(byte ^ key for byte, key in zip(packed, mask, strict=False))
    body = struct.pack("!HH", XOR_MAPPED_ADDRESS, len(value)) + value
    return struct.pack("!HHI", BINDING_SUCCESS, len(body), COOKIE) + transaction + body


class _Protocol(asyncio.DatagramProtocol):
    def __init__(self, server: StunServer, elsewhere: socket.socket) -> None:
        self.server = server
        self.elsewhere = elsewhere
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def connection_lost(self, _error: Exception | None) -> None:
        self.elsewhere.close()

    def datagram_received(self, data: bytes, peer: tuple[str, int]) -> None:
        transaction = transaction_of(data, self.server.manner)
        if transaction is not None and self.server.lie is not Lie.SILENT:
            loop = asyncio.get_running_loop()
            loop.call_later(self.server.delay_ms / 1000.0, self.answer, transaction, peer)

    def answer(self, transaction: bytes, peer: tuple[str, int]) -> None:
        assert self.transport is not None
        if self.server.lie is Lie.WRONG_SOURCE:
            self.elsewhere.sendto(success(transaction, peer[0], peer[1]), peer)
        elif self.server.lie is Lie.GARBAGE:
            self.transport.sendto(b"\x1b[31mHTTP/1.1 400 Bad Request\r\n\r\n", peer)
        elif self.server.lie is Lie.WRONG_TRANSACTION:
            self.transport.sendto(success(os.urandom(12), peer[0], peer[1]), peer)
        else:
            self.transport.sendto(success(transaction, peer[0], peer[1]), peer)


async def serve(server: StunServer) -> asyncio.DatagramTransport:
    """Open the server's socket and answer until the transport is closed."""
    family = socket.AF_INET6 if ":" in server.address else socket.AF_INET
    elsewhere = socket.socket(family, socket.SOCK_DGRAM)
    elsewhere.setblocking(False)
    elsewhere.bind((server.address, 0))
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Protocol(server, elsewhere), local_addr=(server.address, server.port)
    )
    return transport
