"""X.509 certificates of simulated servers: well-formed DER, signed by nobody."""

from __future__ import annotations

import hashlib
from functools import cache

from probes.values import dataclass

PUBLIC_AUTHORITY = "Example Trust Services"
"""The authority that every simulated system trusts."""

_SEQUENCE, _SET, _INTEGER, _BITS, _OCTETS, _OID = 0x30, 0x31, 0x02, 0x03, 0x04, 0x06
_UTF8, _UTC_TIME, _DNS_NAME = 0x0C, 0x17, 0x82
_EXPLICIT_VERSION, _EXPLICIT_EXTENSIONS = 0xA0, 0xA3
_ED25519 = bytes.fromhex("2b6570")  # RFC 8410 section 3
_COMMON_NAME, _ORGANISATION = bytes.fromhex("550403"), bytes.fromhex("55040a")
_ALT_NAME = bytes.fromhex("551d11")


@dataclass(frozen=True, slots=True)
class Certificate:
    """A server's certificate."""

    names: tuple[str, ...]
    """Host names that it is for; ``*.`` stands for one label."""
    issuer: str
    """The organisation that signed it."""

    @property
    def der(self) -> bytes:
        """As it goes over the wire."""
        return _der(self)

    def covers(self, host: str) -> bool:
        """Whether it is for that host (RFC 9525 section 6.3)."""
        host = host.lower().rstrip(".")
        _, _, parent = host.partition(".")
        return any(name.lower() in (host, f"*.{parent}") for name in self.names)


def _item(tag: int, *content: bytes) -> bytes:
    body = b"".join(content)
    if len(body) < 0x80:
        return bytes((tag, len(body))) + body
    size = len(body).to_bytes(2)
    return bytes((tag, 0x82)) + size + body


def _name(organisation: str, common: str) -> bytes:
    pairs = ((_ORGANISATION, organisation), (_COMMON_NAME, common))
    parts = (
        _item(_SET, _item(_SEQUENCE, _item(_OID, oid), _item(_UTF8, text.encode())))
        for oid, text in pairs
        if text
    )
    return _item(_SEQUENCE, *parts)


@cache
def _der(certificate: Certificate) -> bytes:
    """RFC 5280 section 4.1, with an Ed25519 key and signature made from a hash."""
    seed = repr((certificate.names, certificate.issuer)).encode()
    algorithm = _item(_SEQUENCE, _item(_OID, _ED25519))
    names = b"".join(
        _item(_DNS_NAME, name.encode("ascii", "replace")) for name in certificate.names
    )
    alt_names = _item(_SEQUENCE, _item(_OID, _ALT_NAME), _item(_OCTETS, _item(_SEQUENCE, names)))
    signed = _item(
        _SEQUENCE,
        _item(_EXPLICIT_VERSION, _item(_INTEGER, b"\x02")),
        _item(_INTEGER, b"\x01" + hashlib.blake2b(seed, digest_size=8).digest()),
        algorithm,
        _name(certificate.issuer, f"{certificate.issuer} CA"),
        _item(_SEQUENCE, _item(_UTC_TIME, b"260101000000Z"), _item(_UTC_TIME, b"360101000000Z")),
        _name("", certificate.names[0] if certificate.names else "nobody"),
        _item(_SEQUENCE, algorithm, _item(_BITS, b"\0" + hashlib.sha256(seed).digest())),
        _item(_EXPLICIT_EXTENSIONS, _item(_SEQUENCE, alt_names)),
    )
    signature = hashlib.sha512(seed).digest()
    return _item(_SEQUENCE, signed, algorithm, _item(_BITS, b"\0" + signature))
