"""Whether a silent UDP flow is still let in, in two roles.

``idle serve ADDRESS PORT`` answers a number after so many seconds, to where it came from.
``idle ask ADDRESS PORT SILENCE EVERY`` sends from two sockets, goes on every EVERY seconds with one
of them alone, and prints as JSON which of them the server still reaches after SILENCE seconds.
"""

from __future__ import annotations

import json
import select
import socket
import sys
import time


def serve(address: str, port: int) -> None:
    """Until it is killed."""
    waiting: list[tuple[float, tuple[str, int]]] = []
    with socket.socket(type=socket.SOCK_DGRAM) as own:
        own.bind((address, port))
        print("ready", flush=True)
        while True:
            ready, _, _ = select.select([own], [], [], 0.1)
            if ready:
                data, source = own.recvfrom(64)
                if data != b"keep":
                    waiting.append((time.monotonic() + float(data), source))
            for due in [each for each in waiting if each[0] <= time.monotonic()]:
                waiting.remove(due)
                own.sendto(b"there?", due[1])


def ask(server: tuple[str, int], silence_s: float, every_s: float) -> dict[str, bool]:
    """Both are asked after the same time; only the first one speaks meanwhile."""
    with (
        socket.socket(type=socket.SOCK_DGRAM) as kept,
        socket.socket(type=socket.SOCK_DGRAM) as silent,
    ):
        began = time.monotonic()
        for each in (kept, silent):
            each.sendto(str(silence_s).encode(), server)
        spoken = 1
        reached: set[socket.socket] = set()
        while (now := time.monotonic() - began) < silence_s + 2.0:
            if now >= spoken * every_s and now < silence_s:
                kept.sendto(b"keep", server)
                spoken += 1
            ready, _, _ = select.select([kept, silent], [], [], 0.1)
            for each in ready:
                each.recv(64)
                reached.add(each)
        return {"kept": kept in reached, "silent": silent in reached}


if __name__ == "__main__":
    role, host, number, *times = sys.argv[1:]
    if role == "serve":
        serve(host, int(number))
    else:
        print(json.dumps(ask((host, int(number)), *map(float, times))))
