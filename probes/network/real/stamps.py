"""When bytes arrived, by the kernel's clock where it tells.

The event loop also draws the screen: without the kernel's stamp, a frame of 30 ms would count as
30 ms of network.
"""

from __future__ import annotations

import socket
import struct
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

# <asm-generic/socket.h>; socket(7). The control message has the same number.
_SO_TIMESTAMPNS = 35
_TIMESPEC = struct.Struct("@ll")
Received: TypeAlias = tuple[bytes, Any, float]
"""The bytes, the sender's address as the socket module has it, and when they arrived."""
CONTROL_BYTES = 128 if sys.platform == "linux" else 0
"""Room for control messages that `recvmsg` needs."""
_OLDEST_S = 60.0


def ask_for_stamps(sock: socket.socket) -> None:
    """Have the kernel stamp what arrives (Linux; nothing elsewhere)."""
    if sys.platform == "linux":
        try:
            sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        except OSError:
            return  # an emulated kernel: the time of reading has to do


if sys.platform != "win32":

    def receive(sock: socket.socket, most: int, now: Callable[[], float]) -> Received:
        """What `recvfrom` gives, with the time of arrival. Raises OSError."""
        data, control, _flags, source = sock.recvmsg(most, CONTROL_BYTES)
        return data, source, arrived(control, now())

else:

    def receive(sock: socket.socket, most: int, now: Callable[[], float]) -> Received:
        """What `recvfrom` gives, with the time of reading. Raises OSError."""
        data, source = sock.recvfrom(most)
        return data, source, now()


def arrived(control: Iterable[tuple[int, int, bytes]], now: float) -> float:
    """The arrival on the loop's clock: `now`, less the time that the bytes lay in the kernel."""
    for level, kind, data in control:
        if (
            level == socket.SOL_SOCKET
            and kind == _SO_TIMESTAMPNS
            and len(data) >= _TIMESPEC.size
            and sys.platform == "linux"
        ):
            seconds, nanoseconds = _TIMESPEC.unpack_from(data)
            waited = time.time() - (seconds + nanoseconds / 1e9)
            # The stamp is the wall clock's: if that was set meanwhile, it means nothing.
            return now - waited if 0.0 <= waited <= _OLDEST_S else now
    return now
