"""A witness that is no STUN: it tells whom it sees, and knocks from where it was not asked.

``serve FRONT… STRANGER`` answers on two ports of every front. ``ask FROM-PORT TO-PORT SILENCE-S
FRONT…`` asks all fronts from one socket and prints JSON. Each front answers a datagram three times,
in this order: from an address that nobody ever asks (the stranger), from another port of its own,
and from where it was asked. The last one passes any NAT, so once it is in, what has not arrived was
filtered: there is no waiting for silence. ``refusal TO-PORT SILENCE-S ADDRESS`` prints
the error that the system hands back for a datagram.
"""

from __future__ import annotations

import errno
import json
import selectors
import socket
import sys

FRONTS = (7000, 3478)
SIDE = 7001
ROUNDS = 3


def _socket(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_DGRAM)
    opened.bind((address, port))
    return opened


def serve(fronts: list[str], stranger: str) -> None:
    """Answer for ever."""
    apart = _socket(stranger, SIDE)
    with selectors.DefaultSelector() as selector:
        for address in fronts:
            side = _socket(address, SIDE)
            for port in FRONTS:
                selector.register(_socket(address, port), selectors.EVENT_READ, side)
        print("ready", flush=True)
        while True:
            for key, _ in selector.select():
                assert isinstance(key.fileobj, socket.socket)
                _, peer = key.fileobj.recvfrom(2048)
                for kind, via in (("stranger", apart), ("side", key.data), ("front", key.fileobj)):
                    via.sendto(f"{kind} {peer[0]} {peer[1]}".encode(), peer)


def ask(
    from_port: int, to_port: int, silence_s: float, fronts: list[str]
) -> dict[str, dict[str, object]]:
    """What each front sees of one socket, and who gets through to it.

    A front that does not answer within `silence_s` has no entry.
    """
    with _socket("::" if ":" in fronts[0] else "0.0.0.0", from_port) as asker:
        asker.settimeout(silence_s)
        found: dict[str, dict[str, object]] = {}
        for front in fronts:
            heard: set[str] = set()
            for _ in range(ROUNDS):
                asker.sendto(b"who am I?", (front, to_port))
                kind = ""
                try:
                    while kind != "front":
                        kind, address, port = asker.recv(2048).decode().split(" ")
                        heard.add(kind)
                except TimeoutError:
                    break
                found[front] = {"address": address, "port": int(port), "heard": sorted(heard)}
        return found


def refusal(to_port: int, silence_s: float, front: str) -> str:
    """The name of the error that comes back for a datagram, "" if none does."""
    with _socket("::" if ":" in front else "0.0.0.0", 0) as asker:
        asker.connect((front, to_port))
        asker.settimeout(silence_s)
        asker.send(b"who am I?")
        try:
            asker.recv(2048)
        except TimeoutError:
            return ""
        except OSError as error:
            return errno.errorcode[error.errno or 0]
        return ""


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve", *fronts, stranger]:
            serve(fronts, stranger)
        case ["ask", from_port, to_port, silence_s, *fronts]:
            print(json.dumps(ask(int(from_port), int(to_port), float(silence_s), fronts)))
        case ["refusal", to_port, silence_s, front]:
            print(json.dumps(refusal(int(to_port), float(silence_s), front)))
        case _:
            sys.exit(__doc__)
