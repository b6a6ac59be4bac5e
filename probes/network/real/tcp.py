"""TCP connections: bound like the UDP sockets, timed by the kernel where it tells."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from typing import Protocol

from probes.model import Endpoint
from probes.network.real import stamps
from probes.network.real.addresses import sockaddr
from probes.network.real.errors import translate
from probes.network.real.sockets import open_socket
from probes.network.seam import Bind, NetworkError

_CHUNK = 16384
# struct tcp_info, <linux/tcp.h>: eight bytes of flags, then 32-bit fields; these two of them.
_INFO_BYTES = 104
_INFO_RTT_US = 8 + 15 * 4
_INFO_RETRANSMISSIONS = 8 + 23 * 4


class Closable(Protocol):
    """Something that holds a system resource."""

    def close(self) -> None:
        """Give it back. Idempotent."""


class OpenThings:
    """What a session has open, to be closed at its end."""

    def __init__(self) -> None:
        self._things: dict[int, Closable] = {}

    def __len__(self) -> int:
        return len(self._things)

    def add(self, thing: Closable) -> None:
        """It is open now."""
        self._things[id(thing)] = thing

    def discard(self, thing: Closable) -> None:
        """It is closed."""
        self._things.pop(id(thing), None)

    def close_all(self) -> None:
        """Close whatever is still open."""
        for thing in tuple(self._things.values()):
            thing.close()
        self._things.clear()


class TcpStream:
    """A connected TCP socket."""

    def __init__(self, sock: socket.socket, connect_ms: float, open_things: OpenThings) -> None:
        self._sock = sock
        self._loop = asyncio.get_running_loop()
        self._open_things = open_things
        self._waiting: asyncio.Future[None] | None = None
        self.connect_ms = connect_ms
        """From connect() to the SYN-ACK."""
        open_things.add(self)

    @classmethod
    async def connect(cls, to: Endpoint, bind: Bind, open_things: OpenThings) -> TcpStream:
        """Connect. Raises NetworkError."""
        if bind.family is not to.family:
            raise NetworkError(f"an IPv{bind.family} socket cannot connect to {to}")
        loop = asyncio.get_running_loop()
        sock = open_socket(bind, socket.SOCK_STREAM)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            began = loop.time()
            await loop.sock_connect(sock, sockaddr(to))
            elapsed_ms = (loop.time() - began) * 1000.0
        except OSError as error:
            sock.close()
            raise translate(error) from error
        except BaseException:
            sock.close()
            raise
        stamps.ask_for_stamps(sock)
        return cls(sock, min(elapsed_ms, _handshake_ms(sock) or elapsed_ms), open_things)

    async def send(self, data: bytes) -> None:
        """Send all of it. Raises NetworkError."""
        try:
            await self._loop.sock_sendall(self._sock, data)
        except OSError as error:
            raise translate(error) from error

    async def receive(self) -> tuple[bytes, float]:
        """The next bytes, and when they arrived on the loop's clock. b"" at the end.

        Raises NetworkError.
        """
        try:
            if sys.platform == "linux":
                return await self._receive_stamped()
            data = await self._loop.sock_recv(self._sock, _CHUNK)
        except OSError as error:
            raise translate(error) from error
        return data, self._loop.time()

    def close(self) -> None:
        """Close it. Idempotent; a pending `receive` ends with NetworkError."""
        if self._sock.fileno() < 0:
            return
        if self._waiting is not None and not self._waiting.done():
            self._loop.remove_reader(self._sock.fileno())
            self._waiting.set_exception(NetworkError("the connection is closed"))
        self._sock.close()
        self._open_things.discard(self)

    async def _receive_stamped(self) -> tuple[bytes, float]:
        while True:
            if self._sock.fileno() < 0:
                raise NetworkError("the connection is closed")
            try:
                data, _, at = stamps.receive(self._sock, _CHUNK, self._loop.time)
            except (BlockingIOError, InterruptedError):
                await self._readable()
            else:
                return data, at

    async def _readable(self) -> None:
        ready: asyncio.Future[None] = self._loop.create_future()
        descriptor = self._sock.fileno()

        def wake() -> None:
            if not ready.done():
                ready.set_result(None)

        self._loop.add_reader(descriptor, wake)
        self._waiting = ready
        try:
            await ready
        finally:
            self._waiting = None
            # Not after close(): the number may belong to another socket by then.
            if self._sock.fileno() == descriptor:
                self._loop.remove_reader(descriptor)


async def connect_ms(to: Endpoint, bind: Bind, open_things: OpenThings) -> float:
    """Milliseconds of a TCP handshake; the connection is closed again. Raises NetworkError."""
    stream = await TcpStream.connect(to, bind, open_things)
    stream.close()
    return stream.connect_ms


def _handshake_ms(sock: socket.socket) -> float | None:
    """The kernel's own figure for the SYN's round trip; None where it has none.

    The loop may have been busy when the SYN-ACK came. After a lost SYN the figure says less than
    the whole wait, so then it is not taken.
    """
    if sys.platform != "linux":
        return None
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO_BYTES)
    except OSError:
        return None
    if len(info) < _INFO_BYTES:
        return None
    (rtt_us,) = struct.unpack_from("@I", info, _INFO_RTT_US)
    (retransmissions,) = struct.unpack_from("@I", info, _INFO_RETRANSMISSIONS)
    return rtt_us / 1000.0 if rtt_us and not retransmissions else None
