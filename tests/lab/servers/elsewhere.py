"""A STUN server that claims a second address (RFC 5780) and then lies, refuses or ignores.

``python -m tests.lab.servers.elsewhere ADDRESS OTHER MANNER``; it says ``ready`` once it listens.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
import sys
from enum import StrEnum

from tests.lab.servers.stun import BINDING_SUCCESS, COOKIE, attributes, success

PORT, OTHER_PORT = 3478, 3479
CHANGE_REQUEST, OTHER_ADDRESS, ERROR_CODE = 0x0003, 0x802C, 0x0009
BINDING_ERROR = 0x0111


class Claim(StrEnum):
    """What it does when it is asked to answer from elsewhere."""

    LIES = "lies"
    """It answers from where it was asked."""
    REFUSES = "refuses"
    """It says 420, unknown attribute."""
    BOASTS = "boasts"
    """It keeps silent, and there is nobody at its second address."""


def claimed(transaction: bytes, peer: tuple[str, int], other: str) -> bytes:
    """A success response that names a second address."""
    plain = success(transaction, *peer)
    value = struct.pack("!BBH", 0, 1, OTHER_PORT) + ipaddress.ip_address(other).packed
    body = plain[20:] + struct.pack("!HH", OTHER_ADDRESS, len(value)) + value
    return struct.pack("!HHI", BINDING_SUCCESS, len(body), COOKIE) + transaction + body


def refusal(transaction: bytes) -> bytes:
    """Error 420."""
    value = struct.pack("!HBB", 0, 4, 20) + b"Unknown Attribute   "
    body = struct.pack("!HH", ERROR_CODE, len(value)) + value
    return struct.pack("!HHI", BINDING_ERROR, len(body), COOKIE) + transaction + body


def main() -> None:
    """Serve until killed."""
    address, other, claim = sys.argv[1], sys.argv[2], Claim(sys.argv[3])
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((address, PORT))
    print("ready", flush=True)
    while True:
        data, peer = server.recvfrom(2048)
        found = attributes(data) if len(data) >= 20 else None
        if found is None:
            continue
        elsewhere = any(kind == CHANGE_REQUEST for kind, _, _ in found)
        if elsewhere and claim is Claim.REFUSES:
            server.sendto(refusal(data[8:20]), peer)
        elif not elsewhere or claim is Claim.LIES:
            server.sendto(claimed(data[8:20], peer, other), peer)


if __name__ == "__main__":
    main()
