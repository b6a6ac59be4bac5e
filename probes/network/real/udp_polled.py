"""UDP sockets that the loop watches. Linux adds ICMP errors and the kernel's time stamps."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable
from contextlib import suppress

from probes.model import Family
from probes.network.real import addresses, icmp_errors, stamps
from probes.network.real.udp_base import BaseUdp
from probes.network.seam import Bounced, Datagram, UdpSocket

# Windows' sockets have no recvmsg, and its usual loop polls nothing.
assert sys.platform != "win32"

_BATCH = 64
"""Datagrams read before the loop gets its turn again."""
_LARGEST = 65535


class PolledUdp(BaseUdp):
    """A UDP socket read whenever the loop finds it readable."""

    def __init__(
        self,
        sock: socket.socket,
        family: Family,
        loop: asyncio.AbstractEventLoop,
        on_close: Callable[[UdpSocket], None],
    ) -> None:
        super().__init__(sock, family, loop, on_close)
        self._tells_errors = False
        stamps.ask_for_stamps(sock)
        if sys.platform == "linux":
            with suppress(OSError):  # an emulated kernel: then nothing ends early
                icmp_errors.ask_for_errors(sock, family)
                self._tells_errors = True
        loop.add_reader(sock.fileno(), self._on_readable)

    def _release(self) -> None:
        self._loop.remove_reader(self._sock.fileno())
        self._sock.close()

    def _on_readable(self) -> None:
        self._read_errors()
        for _ in range(_BATCH):
            try:
                data, source, at = stamps.receive(self._sock, _LARGEST, self._loop.time)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                # An ICMP error is also raised here, once and instead of a datagram. Its message
                # is in the queue; the datagrams behind it are still to be read.
                self._read_errors()
                continue
            self._inbox.put(Datagram(data, addresses.endpoint(source), at))

    def _read_errors(self) -> bool:
        found = False
        for _ in range(_BATCH if self._tells_errors else 0):
            try:
                _data, control, _flags, to = self._sock.recvmsg(
                    _LARGEST, 512, icmp_errors.MSG_ERRQUEUE
                )
            except OSError:
                break
            found = True
            told = icmp_errors.parse(control)
            if told is not None and to:
                error, reporter = told
                at = stamps.arrived(control, self._loop.time())
                self._inbox.put(Bounced(error, addresses.endpoint(to), reporter, at))
        return found
