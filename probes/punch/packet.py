"""The packets that two ends send each other while they try: a few dozen bytes, known by a nonce."""

from __future__ import annotations

from enum import IntEnum
from ipaddress import IPv6Address

from probes.model import Endpoint
from probes.punch.offer import NONCE_BYTES
from probes.values import dataclass

ID_BYTES = 8
_MAGIC = b"wrly"
_ADDRESS_BYTES = 16
_SEEN_BYTES = _ADDRESS_BYTES + 2
_HEAD = len(_MAGIC) + 1 + NONCE_BYTES
BYTES = _HEAD + ID_BYTES + _SEEN_BYTES
"""Of every packet: none is an amplifier for another."""


class Kind(IntEnum):
    """What a packet says."""

    PING = 1
    PONG = 2
    """The answer to the ping of the same id. It tells where that ping came from."""
    DONE = 3
    """Its sender has had an answer."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet."""

    kind: Kind
    nonce: bytes
    """The receiver's."""
    id: bytes
    seen: Endpoint | None = None
    """Of a pong: the source address that the ping carried when it arrived."""


def encode(packet: Packet) -> bytes:
    """The bytes."""
    seen = bytes(_SEEN_BYTES)
    if packet.seen is not None:
        address = packet.seen.address.packed
        if len(address) == 4:
            address = bytes(10) + b"\xff\xff" + address  # RFC 4291 section 2.5.5.2
        seen = address + packet.seen.port.to_bytes(2)
    return _MAGIC + bytes((packet.kind,)) + packet.nonce + packet.id + seen


def decode(data: bytes) -> Packet | None:
    """The packet; None for anything else."""
    if len(data) != BYTES or data[: len(_MAGIC)] != _MAGIC:
        return None
    try:
        kind = Kind(data[len(_MAGIC)])
    except ValueError:
        return None
    nonce, rest = data[len(_MAGIC) + 1 : _HEAD], data[_HEAD:]
    return Packet(kind, nonce, rest[:ID_BYTES], _seen(rest[ID_BYTES:]))


def _seen(data: bytes) -> Endpoint | None:
    address, port = IPv6Address(data[:_ADDRESS_BYTES]), int.from_bytes(data[_ADDRESS_BYTES:])
    if not port:
        return None
    return Endpoint(address.ipv4_mapped or address, port)
