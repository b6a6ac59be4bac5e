"""What all UDP sockets share: sending, the inbox, closing."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from probes.model import Endpoint, Family
from probes.network.real import addresses
from probes.network.real.errors import translate
from probes.network.seam import Arrival, NetworkError, UdpSocket

_MOST_WAITING = 1024
"""Datagrams kept for a slow reader. A flood beyond is dropped, as the kernel would."""
_TRIES = 8

# What a send may report although it concerns an earlier datagram: the ICMP errors that Linux turns
# into an error of the socket. The datagram in hand was not sent then.
_OF_AN_EARLIER_SEND = frozenset(
    {
        errno.ECONNREFUSED,
        errno.EHOSTUNREACH,
        errno.ENETUNREACH,
        errno.EHOSTDOWN,
        errno.ENOPROTOOPT,
        errno.EPROTO,
        errno.EACCES,
        errno.EMSGSIZE,
        errno.ECONNRESET,
    }
)


class Inbox:
    """What has arrived and not been asked for yet."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._items: deque[Arrival] = deque()
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._closed = False

    def put(self, item: Arrival) -> None:
        if not self._closed and len(self._items) < _MOST_WAITING:
            self._items.append(item)
            self._wake_one()

    async def get(self) -> Arrival:
        while not self._closed:
            if self._items:
                return self._items.popleft()
            waiter: asyncio.Future[None] = self._loop.create_future()
            self._waiters.append(waiter)
            try:
                await waiter
            except asyncio.CancelledError:
                # Woken and cancelled at once: the item is somebody else's now.
                if waiter.done() and not waiter.cancelled() and self._items:
                    self._wake_one()
                raise
            finally:
                with suppress(ValueError):
                    self._waiters.remove(waiter)
        raise NetworkError("the socket is closed")

    def close(self) -> None:
        self._closed = True
        self._items.clear()
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _wake_one(self) -> None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return


class BaseUdp:
    """What both kinds share: sending, the inbox, closing."""

    def __init__(
        self,
        sock: socket.socket,
        family: Family,
        loop: asyncio.AbstractEventLoop,
        on_close: Callable[[UdpSocket], None],
    ) -> None:
        self._sock = sock
        self._family = family
        self._loop = loop
        self._inbox = Inbox(loop)
        self._on_close = on_close
        self._closed = False
        self._local = addresses.endpoint(sock.getsockname())

    @property
    def local(self) -> Endpoint:
        """Address and port it is bound to."""
        return self._local

    def send(self, data: bytes, to: Endpoint, *, ttl: int | None = None) -> None:
        """Send one datagram, at once. Raises NetworkError."""
        if self._closed:
            raise NetworkError("the socket is closed")
        if to.family is not self._family:
            raise NetworkError(f"an IPv{self._family} socket cannot send to {to}")
        try:
            if ttl is None:
                self._send(data, addresses.sockaddr(to))
            else:
                self._send_with_ttl(data, to, ttl)
        except BlockingIOError as error:
            raise NetworkError("the send buffer is full") from error
        except OSError as error:
            raise translate(error) from error

    async def receive(self) -> Arrival:
        """The next datagram or ICMP error."""
        return await self._inbox.get()

    def close(self) -> None:
        """Close it. Idempotent."""
        if self._closed:
            return
        self._closed = True
        self._release()
        self._inbox.close()
        self._on_close(self)

    def _release(self) -> None:
        raise NotImplementedError

    def _send(self, data: bytes, to: addresses.SockAddr) -> None:
        """Send, not mistaking the error of an earlier datagram for one of this."""
        for left in reversed(range(_TRIES)):
            try:
                self._sock.sendto(data, to)
            except OSError as error:
                drained = self._read_errors()
                stale = error.errno in _OF_AN_EARLIER_SEND and (
                    # The error may be raised a moment before its message can be read, so even
                    # an empty queue earns one more try: a route that is missing will say so again.
                    drained or error.errno == errno.ECONNREFUSED or left == _TRIES - 1
                )
                if not stale or not left:
                    raise
            else:
                return

    def _send_with_ttl(self, data: bytes, to: Endpoint, ttl: int) -> None:
        if self._family is Family.V4:
            level, option = socket.IPPROTO_IP, socket.IP_TTL
        else:
            level, option = socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS
        usual = self._sock.getsockopt(level, option)
        self._sock.setsockopt(level, option, ttl)
        try:
            self._send(data, addresses.sockaddr(to))
        finally:
            self._sock.setsockopt(level, option, usual)

    def _read_errors(self) -> bool:
        """Take ICMP errors out of the socket. True if there were any."""
        return False
