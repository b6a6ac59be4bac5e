"""UDP sockets read by an asyncio transport: for loops that cannot poll (Windows)."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable
from typing import Any

from probes.model import Family
from probes.network.real import addresses
from probes.network.real.udp_base import BaseUdp, Inbox
from probes.network.seam import Datagram, UdpSocket


class TransportUdp(BaseUdp):
    """A UDP socket that an asyncio transport reads."""

    _transport: asyncio.DatagramTransport

    @classmethod
    async def open(
        cls,
        sock: socket.socket,
        family: Family,
        loop: asyncio.AbstractEventLoop,
        on_close: Callable[[UdpSocket], None],
    ) -> TransportUdp:
        """Take over a bound socket. Raises OSError."""
        if sys.platform == "win32":
            from probes.network.real.interfaces.windows_api import ignore_port_unreachable

            ignore_port_unreachable(sock)
        made = cls(sock, family, loop, on_close)
        made._transport, _ = await loop.create_datagram_endpoint(
            lambda: _Receiver(made._inbox, loop), sock=sock
        )
        return made

    def _release(self) -> None:
        self._transport.abort()


class _Receiver(asyncio.DatagramProtocol):
    def __init__(self, inbox: Inbox, loop: asyncio.AbstractEventLoop) -> None:
        self._inbox = inbox
        self._loop = loop

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        self._inbox.put(Datagram(data, addresses.endpoint(addr), self._loop.time()))

    def error_received(self, exc: Exception) -> None:
        """An ICMP error of an unknown datagram: the system does not say which, so nobody ends."""
