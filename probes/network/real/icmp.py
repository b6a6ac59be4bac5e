"""One ICMP echo without special rights: a datagram socket of ICMP (icmp(7); macOS has it too).

Where only root may, a raw socket does the same.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import sys

from probes.model import Endpoint, Family, IPAddress
from probes.network.real import stamps
from probes.network.real.addresses import sockaddr
from probes.network.real.errors import translate
from probes.network.real.sockets import open_socket
from probes.network.real.tcp import OpenThings
from probes.network.seam import Bind, NetworkError, NotPermitted, Unsupported

_WAIT_S = 1.0
_ECHO = {Family.V4: (8, 0), Family.V6: (128, 129)}  # RFC 792; RFC 4443 section 4
_ICMPV6 = 58
_HEADER = struct.Struct("!BBHHH")


def _checksum(data: bytes) -> int:
    """RFC 1071."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def request(family: Family, identifier: int, sequence: int, payload: bytes) -> bytes:
    """An echo request. ICMPv6's checksum is the kernel's affair (it covers the addresses)."""
    kind = _ECHO[family][0]
    blank = _HEADER.pack(kind, 0, 0, identifier, sequence) + payload
    checksum = _checksum(blank) if family is Family.V4 else 0
    return _HEADER.pack(kind, 0, checksum, identifier, sequence) + payload


def answers(
    family: Family, data: bytes, identifier: int | None, sequence: int, payload: bytes
) -> bool:
    """Whether a message is the echo reply to our request; None: the kernel chose the identifier."""
    if family is Family.V4 and data and data[0] >> 4 == 4:
        # Raw sockets, and macOS always, put the IPv4 header in front. Type 0x4X is no echo reply.
        data = data[(data[0] & 0x0F) * 4 :]
    if len(data) < _HEADER.size:
        return False
    kind, code, _checksum_seen, their_identifier, their_sequence = _HEADER.unpack_from(data)
    return (
        (kind, code) == (_ECHO[family][1], 0)
        and their_sequence == sequence
        and identifier in (None, their_identifier)
        and data[_HEADER.size :] == payload
    )


async def ping_ms(to: IPAddress, bind: Bind, open_things: OpenThings) -> float | None:
    """Round trip of one echo; None: no answer within 1 s. Raises Unsupported or NotPermitted."""
    if sys.platform == "win32":
        raise Unsupported("there are no unprivileged ICMP sockets on Windows")
    if bind.family is not Family.of(to):
        raise NetworkError(f"an IPv{bind.family} socket cannot send to {to}")
    sock, identifier = _open(bind)
    handle = _Handle(sock, open_things)
    try:
        return await _ping(sock, Endpoint(to, 0), bind.family, identifier)
    except OSError as error:
        raise translate(error) from error
    finally:
        handle.close()


def _open(bind: Bind) -> tuple[socket.socket, int | None]:
    protocol = socket.IPPROTO_ICMP if bind.family is Family.V4 else _ICMPV6
    plain = Bind(bind.family, bind.interface, bind.address)
    try:
        sock = open_socket(plain, socket.SOCK_DGRAM, protocol)
    except NotPermitted:
        raw = open_socket(plain, socket.SOCK_RAW, protocol)
        return raw, int.from_bytes(os.urandom(2))
    return sock, None


class _Handle:
    """A socket among the session's open things."""

    def __init__(self, sock: socket.socket, open_things: OpenThings) -> None:
        self._sock = sock
        self._open_things = open_things
        open_things.add(self)

    def close(self) -> None:
        self._sock.close()
        self._open_things.discard(self)


async def _ping(
    sock: socket.socket, to: Endpoint, family: Family, identifier: int | None
) -> float | None:
    loop = asyncio.get_running_loop()
    payload = os.urandom(16)
    sequence = int.from_bytes(os.urandom(2))
    answered: asyncio.Future[float] = loop.create_future()
    stamps.ask_for_stamps(sock)
    descriptor = sock.fileno()

    def on_readable() -> None:
        try:
            data, source, at = stamps.receive(sock, 2048, loop.time)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            if not answered.done():
                answered.set_exception(error)
            return
        same = str(source[0]).partition("%")[0] == str(to.address).partition("%")[0]
        if same and answers(family, data, identifier, sequence, payload) and not answered.done():
            answered.set_result(at)

    loop.add_reader(descriptor, on_readable)
    try:
        sent = loop.time()
        sock.sendto(request(family, identifier or 0, sequence, payload), sockaddr(to))
        async with asyncio.timeout(_WAIT_S):
            return (await answered - sent) * 1000.0
    except TimeoutError:
        return None
    finally:
        loop.remove_reader(descriptor)
