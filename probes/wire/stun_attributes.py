"""STUN attributes (RFC 8489 section 14, RFC 5780 section 7): a table of types and their codecs."""

from __future__ import annotations

import struct
from collections.abc import Callable
from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address
from typing import Any, TypeAlias

from probes.model import Endpoint
from probes.values import dataclass

MAGIC_COOKIE = 0x2112A442


class Malformed(ValueError):
    """The bytes are no STUN message. The text names what is wrong."""


class AttributeType(IntEnum):
    """The attributes that this program reads or writes (RFC 8489, 5780; 3489 for old names)."""

    MAPPED_ADDRESS = 0x0001
    CHANGE_REQUEST = 0x0003
    SOURCE_ADDRESS = 0x0004
    """RFC 3489; RFC 5780 calls it RESPONSE-ORIGIN."""
    CHANGED_ADDRESS = 0x0005
    """RFC 3489; RFC 5780 calls it OTHER-ADDRESS."""
    ERROR_CODE = 0x0009
    UNKNOWN_ATTRIBUTES = 0x000A
    XOR_MAPPED_ADDRESS = 0x0020
    PADDING = 0x0026
    RESPONSE_PORT = 0x0027
    XOR_MAPPED_ADDRESS_OLD = 0x8020
    """The number that drafts used; some servers still send it."""
    SOFTWARE = 0x8022
    ALTERNATE_SERVER = 0x8023
    FINGERPRINT = 0x8028
    RESPONSE_ORIGIN = 0x802B
    OTHER_ADDRESS = 0x802C
    IGNORED = 0xFFFE
    """Not assigned to anything: a server that does not know it has to ignore it (section 14)."""


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """RFC 5780 section 7.2: answer from another address, from another port."""

    ip: bool
    port: bool


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """RFC 8489 section 14.8."""

    code: int
    reason: str
    """As the server wrote it: untrusted."""


AttributeValue: TypeAlias = (
    Endpoint | ChangeRequest | ErrorCode | int | str | bytes | tuple[int, ...]
)


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute, decoded where its type is in the table, else as bytes."""

    type: int
    value: AttributeValue


# --- codecs ---------------------------------------------------------------------------------------


def _pack_address(value: Any, _transaction: bytes) -> bytes:
    family = 1 if value.address.version == 4 else 2
    return struct.pack("!BBH", 0, family, value.port) + bytes(value.address.packed)


def _unpack_address(data: bytes, _transaction: bytes) -> Endpoint:
    if len(data) < 4:
        raise Malformed("an address attribute is too short")
    _, family, port = struct.unpack_from("!BBH", data)
    if family == 1 and len(data) == 8:
        return Endpoint(IPv4Address(data[4:]), port)
    if family == 2 and len(data) == 20:
        return Endpoint(IPv6Address(data[4:]), port)
    raise Malformed(f"an address attribute of family {family} has {len(data)} bytes")


def _xor(data: bytes, transaction: bytes) -> bytes:
    """RFC 8489 section 14.2: the port with the cookie's top half, the address with cookie + id."""
    mask = struct.pack("!H", MAGIC_COOKIE >> 16) + struct.pack("!I", MAGIC_COOKIE) + transaction
    body = bytes(byte ^ key for byte, key in zip(data[2:], mask, strict=False))
    return data[:2] + body


def _pack_xor_address(value: Any, transaction: bytes) -> bytes:
    return _xor(_pack_address(value, transaction), transaction)


def _unpack_xor_address(data: bytes, transaction: bytes) -> Endpoint:
    return _unpack_address(_xor(data, transaction), transaction)


def _pack_change(value: Any, _transaction: bytes) -> bytes:
    return struct.pack("!I", (0x4 if value.ip else 0) | (0x2 if value.port else 0))


def _unpack_change(data: bytes, _transaction: bytes) -> ChangeRequest:
    if len(data) != 4:
        raise Malformed("CHANGE-REQUEST does not have 4 bytes")
    (flags,) = struct.unpack("!I", data)
    return ChangeRequest(bool(flags & 0x4), bool(flags & 0x2))


def _pack_error(value: Any, _transaction: bytes) -> bytes:
    reason: bytes = value.reason.encode()
    return struct.pack("!HBB", 0, value.code // 100, value.code % 100) + reason


def _unpack_error(data: bytes, _transaction: bytes) -> ErrorCode:
    if len(data) < 4:
        raise Malformed("ERROR-CODE is too short")
    _, hundreds, rest = struct.unpack_from("!HBB", data)
    return ErrorCode((hundreds & 0x7) * 100 + rest, data[4:].decode("utf-8", "backslashreplace"))


def _pack_port(value: Any, _transaction: bytes) -> bytes:
    return struct.pack("!HH", value, 0)


def _unpack_port(data: bytes, _transaction: bytes) -> int:
    # RFC 5780 section 7.5 has 4 bytes with padding; one widespread server writes 2.
    if len(data) not in (2, 4):
        raise Malformed("RESPONSE-PORT has neither 2 nor 4 bytes")
    return int(struct.unpack_from("!H", data)[0])


def _pack_types(value: Any, _transaction: bytes) -> bytes:
    return struct.pack(f"!{len(value)}H", *value)


def _unpack_types(data: bytes, _transaction: bytes) -> tuple[int, ...]:
    if len(data) % 2:
        raise Malformed("UNKNOWN-ATTRIBUTES has an odd length")
    return struct.unpack(f"!{len(data) // 2}H", data)


def _pack_text(value: Any, _transaction: bytes) -> bytes:
    return bytes(value.encode())


def _unpack_text(data: bytes, _transaction: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


def _pack_u32(value: Any, _transaction: bytes) -> bytes:
    return struct.pack("!I", value)


def _unpack_u32(data: bytes, _transaction: bytes) -> int:
    if len(data) != 4:
        raise Malformed("FINGERPRINT does not have 4 bytes")
    return int(struct.unpack("!I", data)[0])


_Pack: TypeAlias = Callable[[Any, bytes], bytes]
_Unpack: TypeAlias = Callable[[bytes, bytes], AttributeValue]

_A = AttributeType
CODECS: dict[int, tuple[_Pack, _Unpack]] = {
    _A.MAPPED_ADDRESS: (_pack_address, _unpack_address),
    _A.CHANGE_REQUEST: (_pack_change, _unpack_change),
    _A.SOURCE_ADDRESS: (_pack_address, _unpack_address),
    _A.CHANGED_ADDRESS: (_pack_address, _unpack_address),
    _A.ERROR_CODE: (_pack_error, _unpack_error),
    _A.UNKNOWN_ATTRIBUTES: (_pack_types, _unpack_types),
    _A.XOR_MAPPED_ADDRESS: (_pack_xor_address, _unpack_xor_address),
    _A.RESPONSE_PORT: (_pack_port, _unpack_port),
    _A.XOR_MAPPED_ADDRESS_OLD: (_pack_xor_address, _unpack_xor_address),
    _A.SOFTWARE: (_pack_text, _unpack_text),
    _A.ALTERNATE_SERVER: (_pack_address, _unpack_address),
    _A.FINGERPRINT: (_pack_u32, _unpack_u32),
    _A.RESPONSE_ORIGIN: (_pack_address, _unpack_address),
    _A.OTHER_ADDRESS: (_pack_address, _unpack_address),
}
"""How the value of each attribute is packed and unpacked; the second argument of either is the
transaction. Unpacking raises Malformed."""
