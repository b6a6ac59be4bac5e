"""PCP messages (RFC 6887): bytes to frozen values and back. No I/O, no clock.

`parse` and `parse_request` raise `Malformed` for anything that is no such message, and nothing
else.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address

from probes.model import IPAddress
from probes.values import dataclass

PORT = 5351
"""UDP, on the router; NAT-PMP's, too (section 7)."""
VERSION = 2
NONCE_BYTES = 12
HEADER_BYTES = 24
MOST_BYTES = 1100
"""Section 7."""
_ANSWER = 0x80
_MAP_BYTES = 36
_NAT_PMP_BYTES = 8
_V4_PREFIX = bytes(10) + b"\xff\xff"


class Malformed(ValueError):
    """The bytes are no PCP message. The text names what is wrong."""


class OtherVersion(Malformed):
    """An answer of another version: 0 is NAT-PMP's (section 9)."""

    def __init__(self, version: int) -> None:
        super().__init__(f"version {version} is not PCP's {VERSION}")
        self.version = version


class Opcode(IntEnum):
    """Section 19.2."""

    ANNOUNCE = 0
    MAP = 1
    PEER = 2


class Protocol(IntEnum):
    """The protocols that this program maps, by IANA's numbers."""

    TCP = 6
    UDP = 17


class ResultCode(IntEnum):
    """Section 7.4. Routers may send others: those stay plain numbers."""

    SUCCESS = 0
    UNSUPP_VERSION = 1
    NOT_AUTHORIZED = 2
    MALFORMED_REQUEST = 3
    UNSUPP_OPCODE = 4
    UNSUPP_OPTION = 5
    MALFORMED_OPTION = 6
    NETWORK_FAILURE = 7
    NO_RESOURCES = 8
    UNSUPP_PROTOCOL = 9
    USER_EX_QUOTA = 10
    CANNOT_PROVIDE_EXTERNAL = 11
    ADDRESS_MISMATCH = 12
    EXCESSIVE_REMOTE_PEERS = 13


@dataclass(frozen=True, slots=True)
class Option:
    """An option after the opcode's own data (section 7.3)."""

    code: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Map:
    """The data of the MAP opcode, asked for or granted (section 11.1)."""

    nonce: bytes
    """12 bytes that whoever changes the mapping has to know."""
    internal_port: int
    external_port: int
    external: IPAddress
    """Asked for: any address of the family stands for "you choose"."""
    protocol: int = Protocol.UDP

    def __post_init__(self) -> None:
        if len(self.nonce) != NONCE_BYTES:
            raise ValueError("a nonce has 12 bytes")


@dataclass(frozen=True, slots=True)
class Request:
    """A question to the router."""

    opcode: int
    lifetime_s: int
    client: IPAddress
    """This host's address; where the router sees another, there is a NAT between (section 8.1)."""
    map: Map | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the router."""

    opcode: int
    result: int
    lifetime_s: int
    """Of the mapping; of the error, where it is one (section 7.2)."""
    epoch_s: int
    """Seconds since the router's table of mappings began (section 8.5)."""
    map: Map | None = None
    """To `MAP`. In an error: what was asked."""
    options: tuple[Option, ...] = ()

    @property
    def ok(self) -> bool:
        """The router did what was asked."""
        return self.result == ResultCode.SUCCESS


def announce_request(client: IPAddress) -> bytes:
    """Asks whether the router speaks PCP (section 14.1)."""
    return _request(Opcode.ANNOUNCE, 0, client)


def map_request(client: IPAddress, wanted: Map, lifetime_s: int) -> bytes:
    """Asks for a mapping, or for an opening in an IPv6 firewall (section 11.2).

    Raises ValueError for port 0 on either side and for no lifetime: those would mean something
    else than one new mapping.
    """
    if not 0 < wanted.internal_port <= 0xFFFF or not 0 < wanted.external_port <= 0xFFFF:
        raise ValueError("a mapping has ports in 1..65535")
    if not 0 < lifetime_s <= 0xFFFFFFFF:
        raise ValueError(f"a mapping cannot live {lifetime_s} s")
    return _request(Opcode.MAP, lifetime_s, client) + _pack_map(wanted)


def delete_request(client: IPAddress, mapping: Map) -> bytes:
    """Gives a mapping up; needs its nonce (section 15.1). Raises ValueError for port 0."""
    if not 0 < mapping.internal_port <= 0xFFFF:
        raise ValueError("port 0 would stand for every mapping of this host")
    return _request(Opcode.MAP, 0, client) + _pack_map(mapping)


def _request(opcode: Opcode, lifetime_s: int, client: IPAddress) -> bytes:
    return struct.pack("!BBHI", VERSION, opcode, 0, lifetime_s) + _pack_address(client)


def _pack_address(address: IPAddress) -> bytes:
    return _V4_PREFIX + address.packed if address.version == 4 else address.packed


def _unpack_address(data: bytes) -> IPAddress:
    if data.startswith(_V4_PREFIX):
        return IPv4Address(data[12:])
    return IPv6Address(data)


def _pack_map(data: Map) -> bytes:
    return (
        data.nonce
        + struct.pack("!B3xHH", data.protocol, data.internal_port, data.external_port)
        + _pack_address(data.external)
    )


def _unpack_map(data: bytes) -> Map:
    protocol, internal, external = struct.unpack_from("!B3xHH", data, NONCE_BYTES)
    return Map(data[:NONCE_BYTES], internal, external, _unpack_address(data[20:36]), protocol)


def build(reply: Reply) -> bytes:
    """An answer as bytes: what a router sends."""
    head = struct.pack(
        "!BBBBII12x",
        VERSION,
        _ANSWER | reply.opcode,
        0,
        reply.result,
        reply.lifetime_s,
        reply.epoch_s,
    )
    body = _pack_map(reply.map) if reply.map is not None else b""
    for option in reply.options:
        padding = b"\0" * (-len(option.data) % 4)
        body += struct.pack("!BxH", option.code, len(option.data)) + option.data + padding
    return head + body


def parse(data: bytes) -> Reply:
    """The answer that the bytes are. Raises OtherVersion and Malformed."""
    if not data:
        raise Malformed("the datagram is empty")
    if data[0] != VERSION:
        # NAT-PMP's shortest answer has eight bytes (RFC 6886 section 3.5), and a later PCP keeps
        # the header: anything else is no version of anything.
        if data[0] == 0 and _NAT_PMP_BYTES <= len(data) <= MOST_BYTES:
            raise OtherVersion(data[0])
        _check_length(data)
        if not data[1] & _ANSWER:
            raise Malformed("it is a request, not an answer")
        raise OtherVersion(data[0])
    _check_length(data)
    _, opcode, _, result, lifetime_s, epoch_s = struct.unpack_from("!BBBBII", data)
    if not opcode & _ANSWER:
        raise Malformed("it is a request, not an answer")
    opcode &= ~_ANSWER
    if opcode != Opcode.MAP:
        return Reply(opcode, result, lifetime_s, epoch_s)
    if len(data) < HEADER_BYTES + _MAP_BYTES:
        if result == ResultCode.SUCCESS:
            raise Malformed("the answer names no mapping")
        return Reply(opcode, result, lifetime_s, epoch_s)
    body = data[HEADER_BYTES : HEADER_BYTES + _MAP_BYTES]
    options = _parse_options(data[HEADER_BYTES + _MAP_BYTES :])
    return Reply(opcode, result, lifetime_s, epoch_s, _unpack_map(body), options)


def _check_length(data: bytes) -> None:
    if len(data) < HEADER_BYTES:
        raise Malformed(f"{len(data)} bytes are less than a header")
    if len(data) > MOST_BYTES or len(data) % 4:
        raise Malformed(f"{len(data)} bytes are not a message's length")


def _parse_options(data: bytes) -> tuple[Option, ...]:
    found: list[Option] = []
    offset = 0
    while offset < len(data):
        # The whole length is a multiple of 4 (checked), so four bytes are here.
        code, length = struct.unpack_from("!BxH", data, offset)
        value = data[offset + 4 : offset + 4 + length]
        if len(value) != length:
            raise Malformed(f"option {code} is cut short")
        found.append(Option(code, value))
        offset += 4 + length + (-length % 4)
    return tuple(found)


def parse_request(data: bytes) -> Request:
    """The question that the bytes are. Raises OtherVersion and Malformed."""
    if not data:
        raise Malformed("the datagram is empty")
    if data[0] != VERSION:
        raise OtherVersion(data[0])
    _check_length(data)
    _, opcode, _, lifetime_s = struct.unpack_from("!BBHI", data)
    if opcode & _ANSWER:
        raise Malformed("it is an answer, not a request")
    wanted = None
    if opcode == Opcode.MAP:
        if len(data) < HEADER_BYTES + _MAP_BYTES:
            raise Malformed("the request names no mapping")
        wanted = _unpack_map(data[HEADER_BYTES : HEADER_BYTES + _MAP_BYTES])
    return Request(opcode, lifetime_s, _unpack_address(data[8:HEADER_BYTES]), wanted)


def restarted(before_epoch_s: int, now_epoch_s: int, elapsed_s: float) -> bool:
    """Whether the router lost its mappings between two answers (section 8.5).

    `elapsed_s` is this device's time between them. One second back is rounding; else the two
    clocks may differ by a sixteenth and two seconds.
    """
    if now_epoch_s < before_epoch_s:
        return before_epoch_s - now_epoch_s > 1
    server_s = now_epoch_s - before_epoch_s
    return elapsed_s + 2 < server_s - server_s / 16 or server_s + 2 < elapsed_s - elapsed_s / 16
