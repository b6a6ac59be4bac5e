"""STUN messages (RFC 8489, RFC 5780): bytes to frozen values and back. No I/O, no clock.

`parse` raises `Malformed` for anything that is not a well-formed message with the magic cookie,
and nothing else. Addresses, lengths, padding and the fingerprint are checked; attributes that are
not in the table are kept as bytes.
"""

from __future__ import annotations

import struct
import zlib
from enum import IntEnum

from probes.model import Endpoint
from probes.values import dataclass
from probes.wire.stun_attributes import (
    CODECS,
    MAGIC_COOKIE,
    Attribute,
    AttributeType,
    AttributeValue,
    ChangeRequest,
    ErrorCode,
    Malformed,
)

__all__ = [
    "BINDING",
    "HEADER_BYTES",
    "MAGIC_COOKIE",
    "MOST_BYTES",
    "TRANSACTION_BYTES",
    "Attribute",
    "AttributeType",
    "AttributeValue",
    "ChangeRequest",
    "ErrorCode",
    "Malformed",
    "Message",
    "MessageClass",
    "binding_request",
    "build",
    "parse",
]

HEADER_BYTES = 20
TRANSACTION_BYTES = 12
MOST_BYTES = 1500
"""No answer to a Binding request is larger than a link's packet."""
_FINGERPRINT_XOR = 0x5354554E
_FINGERPRINT_BYTES = 8


class MessageClass(IntEnum):
    """RFC 8489 section 5."""

    REQUEST = 0
    INDICATION = 1
    SUCCESS = 2
    ERROR = 3


BINDING = 0x001


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
        data += struct.pack("!HHI", AttributeType.FINGERPRINT, 4, _checksum(data))
    return data


def _build_attribute(attribute: Attribute, transaction: bytes) -> bytes:
    packer = CODECS.get(attribute.type)
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
        if found and found[-1].type == AttributeType.FINGERPRINT:
            raise Malformed("something follows FINGERPRINT")
        # A length that is a multiple of 4 (checked) leaves at least 4 bytes here.
        kind, length = struct.unpack_from("!HH", data, offset)
        value = data[offset + 4 : offset + 4 + length]
        if len(value) != length:
            raise Malformed(f"attribute {kind:#06x} is cut short")
        codec = CODECS.get(kind)
        decoded = codec[1](value, transaction) if codec else value
        if kind == AttributeType.FINGERPRINT and decoded != _checksum(data[:offset]):
            raise Malformed("FINGERPRINT does not match")
        found.append(Attribute(kind, decoded))
        offset += 4 + length + (-length % 4)
    return tuple(found)


def binding_request(
    transaction: bytes, *attributes: Attribute, software: tuple[str, ...] = ()
) -> bytes:
    """A Binding request with a FINGERPRINT; SOFTWARE once for each name, in order."""
    names = tuple(Attribute(AttributeType.SOFTWARE, name) for name in software)
    return build(
        Message(MessageClass.REQUEST, BINDING, transaction, (*attributes, *names)),
        fingerprint=True,
    )
