"""A router's NAT-PMP and PCP daemon that lies: ``mapper ADDRESS MANNER``.

It says ``ready`` once it listens. `MANNER` is one of `MANNERS`.
"""

from __future__ import annotations

import socket
import struct
import sys

PORT = 5351
MANNERS = (
    "honest",  # grants whatever is asked, to nobody's use
    "elsewhere",  # answers from another port than the one that was asked
    "nonce",  # answers a PCP mapping with somebody else's nonce
    "garbage",
    "flood",  # ten thousand wrong answers before the right one
)


def answer(request: bytes, manner: str) -> bytes:
    """The reply to a request, honest but for `manner` (RFC 6886 section 3, RFC 6887 section 11)."""
    if manner == "garbage":
        return b"\x02\x81\x1b[31m" + bytes(3)
    if request[0] == 0:
        opcode = 128 | request[1]
        if request[1] == 0:
            return struct.pack("!BBHI4s", 0, opcode, 0, 7, bytes((45, 83, 223, 10)))
        internal, external, lease = struct.unpack_from("!HHI", request, 4)
        return struct.pack("!BBHIHHI", 0, opcode, 0, 7, internal, external, lease)
    head = bytes((2, 128 | request[1], 0, 0)) + request[4:8] + struct.pack("!I12x", 7)
    body = bytearray(request[24:])
    if body:
        body[20:36] = bytes(10) + b"\xff\xff" + bytes((45, 83, 223, 10))
        if manner == "nonce":
            body[:12] = b"x" * 12
    return head + bytes(body)


def main(address: str, manner: str) -> None:
    """Serve until killed."""
    if manner not in MANNERS:
        raise SystemExit(f"{manner} is none of {MANNERS}")
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other,
    ):
        server.bind((address, PORT))
        other.bind((address, 0))
        print("ready", flush=True)
        while True:
            request, peer = server.recvfrom(2048)
            if manner == "flood":
                for number in range(10_000):
                    server.sendto(bytes((3, 200, number % 256)), peer)
            (other if manner == "elsewhere" else server).sendto(answer(request, manner), peer)


if __name__ == "__main__":
    main(*sys.argv[1:])
