"""NAT-PMP messages (RFC 6886): bytes to frozen values and back. No I/O, no clock.

`parse` and `parse_request` raise `Malformed` for anything that is no such message, and nothing
else. What a request must never say (internal port 0 wipes every mapping of this host, RFC 6886
section 3.4) cannot be built.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from ipaddress import IPv4Address

from probes.values import dataclass

PORT = 5351
"""UDP, on the router (section 3.1)."""
VERSION = 0
ANSWER = 128
"""Added to the opcode of the request (section 3)."""
MOST_BYTES = 1100
"""PCP's limit (RFC 6887 section 7); no NAT-PMP message comes near it."""
_HEADER_BYTES = 8
_ADDRESS_BYTES = 12
_MAPPING_BYTES = 16
_PCP_HEADER_BYTES = 24


class Malformed(ValueError):
    """The bytes are no NAT-PMP message. The text names what is wrong."""


class OtherVersion(Malformed):
    """Well enough formed, but of another version: PCP answers a NAT-PMP request so."""

    def __init__(self, version: int) -> None:
        super().__init__(f"version {version} is not NAT-PMP's")
        self.version = version


class Opcode(IntEnum):
    """Section 3.2 and 3.3."""

    ADDRESS = 0
    """The external address is asked for."""
    MAP_UDP = 1
    MAP_TCP = 2


class ResultCode(IntEnum):
    """Section 3.5. Routers may send others: those stay plain numbers."""

    SUCCESS = 0
    UNSUPPORTED_VERSION = 1
    NOT_AUTHORIZED = 2
    NETWORK_FAILURE = 3
    OUT_OF_RESOURCES = 4
    UNSUPPORTED_OPCODE = 5


@dataclass(frozen=True, slots=True)
class Granted:
    """What a mapping answer says (section 3.3)."""

    internal_port: int
    external_port: int
    lifetime_s: int


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the router."""

    opcode: int
    """As asked, without the answer bit."""
    result: int
    epoch_s: int
    """Seconds since the router's table of mappings began (section 3.6)."""
    external: IPv4Address | None = None
    """To `ADDRESS`, where the result is success."""
    granted: Granted | None = None
    """To `MAP_UDP` and `MAP_TCP`, where the result is success."""

    @property
    def ok(self) -> bool:
        """The router did what was asked."""
        return self.result == ResultCode.SUCCESS


@dataclass(frozen=True, slots=True)
class MapRequest:
    """A mapping that a host asks for; with lifetime 0 one that it gives up."""

    opcode: Opcode
    internal_port: int
    external_port: int
    lifetime_s: int


def address_request() -> bytes:
    """Asks for the external address (section 3.2)."""
    return bytes((VERSION, Opcode.ADDRESS))


def map_request(
    internal_port: int, external_port: int, lifetime_s: int, opcode: Opcode = Opcode.MAP_UDP
) -> bytes:
    """Asks for a mapping (section 3.3).

    Raises ValueError for port 0 on either side, for no lifetime, and for an opcode that maps
    nothing: those would mean something else than one new mapping.
    """
    _check_port("internal", internal_port)
    _check_port("external", external_port)
    if opcode is Opcode.ADDRESS:
        raise ValueError("that opcode maps nothing")
    if not 0 < lifetime_s <= 0xFFFFFFFF:
        raise ValueError(f"a mapping cannot live {lifetime_s} s")
    return _pack_map(opcode, internal_port, external_port, lifetime_s)


def delete_request(internal_port: int, opcode: Opcode = Opcode.MAP_UDP) -> bytes:
    """Gives one mapping up (section 3.4). Raises ValueError for internal port 0."""
    _check_port("internal", internal_port)
    if opcode is Opcode.ADDRESS:
        raise ValueError("that opcode maps nothing")
    return _pack_map(opcode, internal_port, 0, 0)


def _check_port(which: str, port: int) -> None:
    if not 0 < port <= 0xFFFF:
        raise ValueError(f"{which} port {port} is not in 1..65535")


def _pack_map(opcode: Opcode, internal: int, external: int, lifetime_s: int) -> bytes:
    return struct.pack("!BBHHHI", VERSION, opcode, 0, internal, external, lifetime_s)


def build(reply: Reply) -> bytes:
    """An answer as bytes: what a router sends."""
    head = struct.pack("!BBHI", VERSION, ANSWER | reply.opcode, reply.result, reply.epoch_s)
    if reply.external is not None:
        return head + reply.external.packed
    if reply.granted is not None:
        granted = reply.granted
        return head + struct.pack(
            "!HHI", granted.internal_port, granted.external_port, granted.lifetime_s
        )
    return head


def parse(data: bytes) -> Reply:
    """The answer that the bytes are. Raises OtherVersion and Malformed.

    Longer answers than the RFC's are taken: padding hurts nobody.
    """
    if not data:
        raise Malformed("the datagram is empty")
    if len(data) > MOST_BYTES:
        raise Malformed(f"{len(data)} bytes are more than any answer has")
    if data[0] != VERSION:
        # PCP's header (RFC 6887 section 7.2): anything shorter or odd is no version of anything.
        if len(data) < _PCP_HEADER_BYTES or len(data) % 4 or data[1] < ANSWER:
            raise Malformed("neither NAT-PMP nor PCP")
        raise OtherVersion(data[0])
    if len(data) < _HEADER_BYTES:
        raise Malformed(f"{len(data)} bytes are less than an answer's header")
    _, opcode, result, epoch_s = struct.unpack_from("!BBHI", data)
    if opcode < ANSWER:
        # RFC 6886 section 3.5 leaves the opcode of this one answer at zero.
        if result != ResultCode.UNSUPPORTED_VERSION:
            raise Malformed("it is a request, not an answer")
        return Reply(opcode, result, epoch_s)
    opcode -= ANSWER
    if result != ResultCode.SUCCESS:
        return Reply(opcode, result, epoch_s)
    if opcode == Opcode.ADDRESS:
        if len(data) < _ADDRESS_BYTES:
            raise Malformed("the answer names no address")
        return Reply(opcode, result, epoch_s, external=IPv4Address(data[8:12]))
    if opcode in (Opcode.MAP_UDP, Opcode.MAP_TCP):
        if len(data) < _MAPPING_BYTES:
            raise Malformed("the answer names no mapping")
        return Reply(opcode, result, epoch_s, granted=Granted(*struct.unpack_from("!HHI", data, 8)))
    raise Malformed(f"opcode {opcode} was never asked")


def parse_request(data: bytes) -> MapRequest | None:
    """The mapping that a host asks for, or None where it asks for the address.

    Raises OtherVersion and Malformed.
    """
    if len(data) < 2:
        raise Malformed(f"{len(data)} bytes are less than a request")
    if data[0] != VERSION:
        raise OtherVersion(data[0])
    if data[1] == Opcode.ADDRESS:
        return None
    if data[1] not in (Opcode.MAP_UDP, Opcode.MAP_TCP):
        raise Malformed(f"opcode {data[1]} is no request's")
    if len(data) < 12:
        raise Malformed("the request names no mapping")
    _, opcode, _, internal, external, lifetime_s = struct.unpack_from("!BBHHHI", data)
    return MapRequest(Opcode(opcode), internal, external, lifetime_s)


def restarted(before_epoch_s: int, now_epoch_s: int, elapsed_s: float) -> bool:
    """Whether the router lost its mappings between two answers (section 3.6).

    `elapsed_s` is this device's time between them. The router's clock may be slow by an eighth,
    and two seconds are granted for rounding.
    """
    return now_epoch_s < before_epoch_s + elapsed_s * 7 / 8 - 2
