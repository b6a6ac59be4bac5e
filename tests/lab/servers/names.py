"""A resolver stub as many systems run one on 127.0.0.53: knows the names it is given, no others.

``python -m tests.lab.servers.names NAME=ADDRESS…``
"""

from __future__ import annotations

import ipaddress
import socket
import struct
import sys

_A, _AAAA, _NO_SUCH_NAME = 1, 28, 3


def answer(query: bytes, names: dict[str, list[str]]) -> bytes:
    """The reply to a query with one question (RFC 1035 section 4)."""
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode())
        at += 1 + query[at]
    kind = struct.unpack_from("!H", query, at + 1)[0]
    question = query[12 : at + 5]
    addresses = names.get(".".join(labels).lower())
    packed = [ipaddress.ip_address(address).packed for address in addresses or ()]
    size = {_A: 4, _AAAA: 16}.get(kind)
    # The name is a pointer to the question's, the class IN, the time to live one minute.
    records = [
        struct.pack("!HHHIH", 0xC00C, kind, 1, 60, len(one)) + one
        for one in packed
        if len(one) == size
    ]
    flags = 0x8180 | (_NO_SUCH_NAME if addresses is None else 0)
    head = query[:2] + struct.pack("!HHHHH", flags, 1, len(records), 0, 0)
    return head + question + b"".join(records)


def main() -> None:
    """Answer for ever."""
    names: dict[str, list[str]] = {}
    for entry in sys.argv[1:]:
        name, _, address = entry.partition("=")
        names.setdefault(name, []).append(address)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stub:
        stub.bind(("127.0.0.53", 53))
        print("ready", flush=True)
        while True:
            query, peer = stub.recvfrom(2048)
            stub.sendto(answer(query, names), peer)


if __name__ == "__main__":
    main()
