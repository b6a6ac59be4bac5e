"""Who issued a certificate: just enough of DER (X.690) and X.509 (RFC 5280) to read a name."""

from __future__ import annotations

from collections.abc import Iterator

_SEQUENCE = 0x30
_EXPLICIT_VERSION = 0xA0
_ORGANISATION = bytes((0x55, 0x04, 0x0A))
_COMMON_NAME = bytes((0x55, 0x04, 0x03))


def issuer_of(certificate: bytes) -> str:
    """The issuer's organisation, else its common name; "" where it cannot be read. Untrusted."""
    try:
        names = dict(_names(_issuer(certificate)))
    except (ValueError, IndexError, StopIteration):
        return ""
    found = names.get(_ORGANISATION) or names.get(_COMMON_NAME) or b""
    return found.decode("utf-8", "backslashreplace")


def _issuer(certificate: bytes) -> bytes:
    """Certificate → tbsCertificate → [version] serial, signature, issuer (RFC 5280 section 4.1)."""
    (_, whole), *_ = _items(certificate)
    (_, signed), *_ = _items(whole)
    fields = [item for item in _items(signed) if item[0] != _EXPLICIT_VERSION]
    tag, issuer = fields[2]
    if tag != _SEQUENCE:
        raise ValueError("the issuer is no sequence")
    return issuer


def _names(issuer: bytes) -> Iterator[tuple[bytes, bytes]]:
    for _, relative in _items(issuer):
        for _, pair in _items(relative):
            (_, kind), (_, value), *_ = _items(pair)
            yield kind, value


def _items(data: bytes) -> list[tuple[int, bytes]]:
    """The tag-length-value items that `data` consists of."""
    items, offset = [], 0
    while offset < len(data):
        tag, first = data[offset], data[offset + 1]
        offset += 2
        length = first
        if first & 0x80:
            size = first & 0x7F
            length = int.from_bytes(data[offset : offset + size])
            offset += size
        if offset + length > len(data):
            raise ValueError("an item is cut short")
        items.append((tag, data[offset : offset + length]))
        offset += length
    return items
