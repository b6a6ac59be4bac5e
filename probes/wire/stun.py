"""STUN messages (RFC 8489, RFC 5780): bytes to frozen values and back. No I/O, no clock.

`parse` raises `Malformed` for anything that is not a well-formed message with the magic cookie,
and nothing else. Addresses, lengths, padding and the fingerprint are checked; attributes that are
not in the table are kept as bytes.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address
from typing import Any, TypeAlias

from probes.model import Endpoint
from probes.values import dataclass

MAGIC_COOKIE = 0x2112A442
HEADER_BYTES = 20
TRANSACTION_BYTES = 12
MOST_BYTES = 1500
"""No answer to a Binding request is larger than a link's packet."""
_FINGERPRINT_XOR = 0x5354554E
_FINGERPRINT_BYTES = 8


class Malformed(ValueError):
    """The bytes are no STUN message. The text names what is wrong."""


class MessageClass(IntEnum):
    """RFC 8489 section 5."""

    REQUEST = 0
    INDICATION = 1
    SUCCESS = 2
    ERROR = 3


BINDING = 0x001


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


@dataclass(frozen=True, slots=True)
class Message:
    """One STUN message."""

    message_class: MessageClass
    method: int
    transaction: bytes
    """96 bits."""
    attributes: tuple[Attribute, ...] = ()

    def __post_init__(self) -> None:
        if len(self.transaction) != TRANSACTION_BYTES:
            raise ValueError("a transaction id has 12 bytes")

    def get(self, *types: AttributeType) -> AttributeValue | None:
        """The first attribute of the first type that is there (RFC 8489 section 14)."""
        for wanted in types:
            for attribute in self.attributes:
                if attribute.type == wanted:
                    return attribute.value
        return None

    @property
    def mapped(self) -> Endpoint | None:
        """The reflexive address: XOR-MAPPED-ADDRESS, else the older forms."""
        return _endpoint(
            self.get(
                AttributeType.XOR_MAPPED_ADDRESS,
                AttributeType.XOR_MAPPED_ADDRESS_OLD,
                AttributeType.MAPPED_ADDRESS,
            )
        )

    @property
    def other(self) -> Endpoint | None:
        """The server's alternate address and port (OTHER-ADDRESS, CHANGED-ADDRESS)."""
        return _endpoint(self.get(AttributeType.OTHER_ADDRESS, AttributeType.CHANGED_ADDRESS))

    @property
    def error(self) -> ErrorCode | None:
        """The error code of an error response."""
        value = self.get(AttributeType.ERROR_CODE)
        return value if isinstance(value, ErrorCode) else None


def _endpoint(value: AttributeValue | None) -> Endpoint | None:
    return value if isinstance(value, Endpoint) else None


# --- attribute table ----------------------------------------------------------------------------


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
_TABLE: dict[int, tuple[_Pack, _Unpack]] = {
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


# --- messages -----------------------------------------------------------------------------------


def _type_field(message_class: int, method: int) -> int:
    """RFC 8489 section 5: the class bits C1 and C0 sit inside the method's bits."""
    return (
        (method & 0x000F)
        | (message_class & 1) << 4
        | (method & 0x0070) << 1
        | (message_class & 2) << 7
        | (method & 0x0F80) << 2
    )


def _split_type(field: int) -> tuple[int, int]:
    message_class = (field >> 4 & 1) | (field >> 7 & 2)
    method = (field & 0x000F) | (field >> 1 & 0x0070) | (field >> 2 & 0x0F80)
    return message_class, method


def build(message: Message, *, fingerprint: bool = False) -> bytes:
    """The message as bytes; with a FINGERPRINT as the last attribute if asked (section 14.7)."""
    body = b"".join(_build_attribute(each, message.transaction) for each in message.attributes)
    extra = _FINGERPRINT_BYTES if fingerprint else 0
    head = struct.pack(
        "!HHI",
        _type_field(message.message_class, message.method),
        len(body) + extra,
        MAGIC_COOKIE,
    )
    data = head + message.transaction + body
    if fingerprint:
        data += struct.pack("!HHI", _A.FINGERPRINT, 4, _checksum(data))
    return data


def _build_attribute(attribute: Attribute, transaction: bytes) -> bytes:
    packer = _TABLE.get(attribute.type)
    if packer is not None:
        value = packer[0](attribute.value, transaction)
    elif isinstance(attribute.value, bytes):
        value = attribute.value
    else:
        raise TypeError(f"no codec for attribute {attribute.type:#06x}")
    return struct.pack("!HH", attribute.type, len(value)) + value + b"\0" * (-len(value) % 4)


def _checksum(data: bytes) -> int:
    return zlib.crc32(data) ^ _FINGERPRINT_XOR


def parse(data: bytes) -> Message:
    """The message that the bytes are. Raises Malformed."""
    if len(data) < HEADER_BYTES:
        raise Malformed(f"{len(data)} bytes are less than a header")
    if len(data) > MOST_BYTES:
        raise Malformed(f"{len(data)} bytes are more than a packet")
    field, length, cookie = struct.unpack_from("!HHI", data)
    if field & 0xC000:
        raise Malformed("the first two bits are not zero")
    if cookie != MAGIC_COOKIE:
        raise Malformed("the magic cookie is missing")
    if length % 4 or length != len(data) - HEADER_BYTES:
        raise Malformed(f"the length field says {length}, there are {len(data) - HEADER_BYTES}")
    message_class, method = _split_type(field)
    transaction = data[8:HEADER_BYTES]
    return Message(
        MessageClass(message_class), method, transaction, _parse_attributes(data, transaction)
    )


def _parse_attributes(data: bytes, transaction: bytes) -> tuple[Attribute, ...]:
    found: list[Attribute] = []
    offset = HEADER_BYTES
    while offset < len(data):
        if found and found[-1].type == _A.FINGERPRINT:
            raise Malformed("something follows FINGERPRINT")
        # A length that is a multiple of 4 (checked) leaves at least 4 bytes here.
        kind, length = struct.unpack_from("!HH", data, offset)
        value = data[offset + 4 : offset + 4 + length]
        if len(value) != length:
            raise Malformed(f"attribute {kind:#06x} is cut short")
        codec = _TABLE.get(kind)
        decoded = codec[1](value, transaction) if codec else value
        if kind == _A.FINGERPRINT and decoded != _checksum(data[:offset]):
            raise Malformed("FINGERPRINT does not match")
        found.append(Attribute(kind, decoded))
        offset += 4 + length + (-length % 4)
    return tuple(found)


def binding_request(
    transaction: bytes, *attributes: Attribute, software: tuple[str, ...] = ()
) -> bytes:
    """A Binding request with a FINGERPRINT; SOFTWARE once for each name, in order."""
    names = tuple(Attribute(_A.SOFTWARE, name) for name in software)
    return build(
        Message(MessageClass.REQUEST, BINDING, transaction, (*attributes, *names)),
        fingerprint=True,
    )
