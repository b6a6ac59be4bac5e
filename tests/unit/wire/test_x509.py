"""Reading who issued a certificate."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from probes.wire.x509 import issuer_of

_ORGANISATION, _COMMON_NAME = b"\x55\x04\x0a", b"\x55\x04\x03"


def _der(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    if len(body) < 0x80:
        return bytes([tag, len(body)]) + body
    size = (len(body).bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + len(body).to_bytes(size) + body


def _name(**parts: bytes) -> bytes:
    kinds = {"organisation": _ORGANISATION, "common": _COMMON_NAME}
    return _der(
        0x30,
        *(
            _der(0x31, _der(0x30, _der(0x06, kinds[kind]), _der(0x0C, value)))
            for kind, value in parts.items()
        ),
    )


def _certificate(issuer: bytes, *, version: bool = True, padding: int = 0) -> bytes:
    head = _der(0xA0, _der(0x02, b"\x02")) if version else b""
    signed = _der(0x30, head, _der(0x02, b"\x01"), _der(0x30), issuer, _der(0x04, bytes(padding)))
    return _der(0x30, signed)


def test_the_organisation_is_preferred() -> None:
    issuer = _name(common=b"R11", organisation=b"Example Inspection Ltd")
    assert issuer_of(_certificate(issuer)) == "Example Inspection Ltd"


def test_the_common_name_stands_in() -> None:
    assert issuer_of(_certificate(_name(common=b"my proxy"), version=False)) == "my proxy"


def test_long_lengths_are_read() -> None:
    assert issuer_of(_certificate(_name(common=b"x" * 200), padding=70_000)) == "x" * 200


@given(st.binary(max_size=120))
def test_garbage_gives_nothing_and_raises_nothing(data: bytes) -> None:
    assert isinstance(issuer_of(data), str)


@given(st.integers(0, 60), st.integers(0, 255))
def test_damage_raises_nothing(position: int, value: int) -> None:
    good = bytearray(_certificate(_name(common=b"a", organisation=b"b")))
    good[position % len(good)] = value
    assert isinstance(issuer_of(bytes(good)), str)
