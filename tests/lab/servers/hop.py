"""A cable with a length: two TUN devices on two machines, and what goes in at one end comes out
at the other after a fixed time. All of IP passes, so TCP and ICMP are delayed like UDP.

Kernels without netem are common where CI runs; TUN devices are everywhere.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import select
import struct
import sys
import time
from collections import deque

CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
MOST_BYTES = 65536


def open_tun(machine: str, interface: str) -> int:
    """Make a TUN device on a machine; its file descriptor."""
    libc = ctypes.CDLL(None, use_errno=True)
    space = os.open(f"/var/run/netns/{machine}", os.O_RDONLY)
    if libc.setns(space, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), f"cannot enter {machine}")
    os.close(space)
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", interface.encode(), IFF_TUN | IFF_NO_PI))
    return tun


def carry(ends: tuple[int, int], delay_s: float) -> None:
    """Move packets between the two ends for ever."""
    far = {ends[0]: ends[1], ends[1]: ends[0]}
    under_way: deque[tuple[float, int, bytes]] = deque()  # one delay for all: always in order
    while True:
        wait = max(0.0, under_way[0][0] - time.monotonic()) if under_way else None
        ready, _, _ = select.select(ends, (), (), wait)
        for end in ready:
            packet = os.read(end, MOST_BYTES)
            under_way.append((time.monotonic() + delay_s, far[end], packet))
        while under_way and under_way[0][0] <= time.monotonic():
            _, end, packet = under_way.popleft()
            try:
                os.write(end, packet)
            except OSError:
                continue  # the far device is down or full: the packet is lost, as on a line


if __name__ == "__main__":
    near, near_name, far, far_name, delay_ms = sys.argv[1:]
    both = (open_tun(near, near_name), open_tun(far, far_name))
    print("ready", flush=True)
    carry(both, float(delay_ms) / 1000.0)
