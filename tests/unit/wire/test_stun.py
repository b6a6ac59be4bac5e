"""The STUN codec against the RFC's own samples, and against anything at all."""

from __future__ import annotations

import struct
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.model import Endpoint
from probes.wire import stun
from probes.wire.stun import (
    Attribute,
    AttributeType,
    ChangeRequest,
    ErrorCode,
    Malformed,
    Message,
    MessageClass,
)

# RFC 5769 sections 2.1 to 2.3.
SAMPLE_REQUEST = bytes.fromhex(
    "000100582112a442b7e7a701bc34d686fa87dfae"
    "802200105354554e207465737420636c69656e74"
    "002400046e0001ff80290008932ff9b151263b36"
    "000600096576746a3a68367659202020"
    "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf"
)
SAMPLE_V4_RESPONSE = bytes.fromhex(
    "0101003c2112a442b7e7a701bc34d686fa87dfae"
    "8022000b7465737420766563746f722000200008 0001a147e112a643".replace(" ", "")
    + "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96"
)
SAMPLE_V6_RESPONSE = bytes.fromhex(
    "010100482112a442b7e7a701bc34d686fa87dfae"
    "8022000b7465737420766563746f7220002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9"
    "00080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c"
)
TRANSACTION = bytes.fromhex("b7e7a701bc34d686fa87dfae")


def test_the_sample_request_is_read() -> None:
    message = stun.parse(SAMPLE_REQUEST)
    assert message.message_class is MessageClass.REQUEST
    assert message.method == stun.BINDING
    assert message.transaction == TRANSACTION
    assert message.get(AttributeType.SOFTWARE) == "STUN test client"


@pytest.mark.parametrize(
    ("data", "endpoint"),
    [
        (SAMPLE_V4_RESPONSE, "192.0.2.1:32853"),
        (SAMPLE_V6_RESPONSE, "[2001:db8:1234:5678:11:2233:4455:6677]:32853"),
    ],
)
def test_the_sample_responses_name_their_addresses(data: bytes, endpoint: str) -> None:
    message = stun.parse(data)
    assert message.message_class is MessageClass.SUCCESS
    assert message.mapped == Endpoint.parse(endpoint)


def test_a_wrong_fingerprint_is_refused() -> None:
    broken = SAMPLE_V4_RESPONSE[:-1] + bytes([SAMPLE_V4_RESPONSE[-1] ^ 1])
    with pytest.raises(Malformed, match="FINGERPRINT"):
        stun.parse(broken)


def test_the_request_that_relays_answer_has_their_form() -> None:
    """Both names in SOFTWARE, ours first, and the fingerprint last (tailscale net/stun)."""
    data = stun.binding_request(TRANSACTION, software=("whyrelay", "tailnode"))
    message = stun.parse(data)
    types = [attribute.type for attribute in message.attributes]
    assert types == [
        AttributeType.SOFTWARE,
        AttributeType.SOFTWARE,
        AttributeType.FINGERPRINT,
    ]
    assert message.attributes[1].value == "tailnode"
    assert len(data) % 4 == 0


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "less than a header"),
        (SAMPLE_V4_RESPONSE[:19], "less than a header"),
        (b"\x80" + SAMPLE_V4_RESPONSE[1:], "first two bits"),
        (SAMPLE_V4_RESPONSE[:4] + b"\0\0\0\0" + SAMPLE_V4_RESPONSE[8:], "cookie"),
        (SAMPLE_V4_RESPONSE[:-4], "length field"),
        (SAMPLE_V4_RESPONSE + b"\0\0\0\0", "length field"),
        (SAMPLE_V4_RESPONSE + bytes(2000), "more than a packet"),
    ],
)
def test_broken_headers_are_refused_with_a_reason(data: bytes, why: str) -> None:
    with pytest.raises(Malformed, match=why):
        stun.parse(data)


def _raw(attributes: bytes) -> bytes:
    return (
        struct.pack("!HHI", 0x0101, len(attributes), stun.MAGIC_COOKIE) + TRANSACTION + attributes
    )


@pytest.mark.parametrize(
    ("attribute", "why"),
    [
        (struct.pack("!HH", 0x0020, 8) + b"\0\1\0\0", "cut short"),
        (struct.pack("!HH", 0x0020, 4) + b"\0\1\0\0", "family 1 has 4 bytes"),
        (struct.pack("!HH", 0x0001, 8) + b"\0\2\0\0" + bytes(4), "family 2 has 8 bytes"),
        (struct.pack("!HH", 0x0001, 8) + b"\0\7\0\0" + bytes(4), "family 7"),
        (struct.pack("!HH", 0x0009, 0), "ERROR-CODE"),
        (struct.pack("!HH", 0x0027, 3) + bytes(4), "RESPONSE-PORT"),
        (struct.pack("!HH", 0x8028, 4) + bytes(4) + struct.pack("!HH", 0x7FFF, 0), "FINGERPRINT"),
    ],
)
def test_broken_attributes_are_refused_with_a_reason(attribute: bytes, why: str) -> None:
    with pytest.raises(Malformed, match=why):
        stun.parse(_raw(attribute))


def test_both_lengths_of_response_port_are_read() -> None:
    for length in (2, 4):
        data = _raw(struct.pack("!HHHH", 0x0027, length, 4242, 0))
        assert stun.parse(data).get(AttributeType.RESPONSE_PORT) == 4242


def test_old_names_stand_in_for_new_ones() -> None:
    other = Endpoint.of("192.0.2.9", 3479)
    data = stun.build(
        Message(
            MessageClass.SUCCESS,
            stun.BINDING,
            TRANSACTION,
            (
                Attribute(AttributeType.MAPPED_ADDRESS, Endpoint.of("192.0.2.1", 1)),
                Attribute(AttributeType.CHANGED_ADDRESS, other),
            ),
        )
    )
    message = stun.parse(data)
    assert message.mapped == Endpoint.of("192.0.2.1", 1)
    assert message.other == other


v4 = st.integers(0, 2**32 - 1).map(IPv4Address)
v6 = st.integers(0, 2**128 - 1).map(IPv6Address)
ports = st.integers(0, 65535)
endpoints = st.builds(Endpoint, st.one_of(v4, v6), ports)
transactions = st.binary(min_size=12, max_size=12)
_ADDRESSES = (
    AttributeType.MAPPED_ADDRESS,
    AttributeType.XOR_MAPPED_ADDRESS,
    AttributeType.XOR_MAPPED_ADDRESS_OLD,
    AttributeType.OTHER_ADDRESS,
    AttributeType.RESPONSE_ORIGIN,
    AttributeType.ALTERNATE_SERVER,
)
attributes = st.one_of(
    st.builds(
        lambda kind, value: Attribute(int(kind), value), st.sampled_from(_ADDRESSES), endpoints
    ),
    st.builds(
        lambda ip, port: Attribute(AttributeType.CHANGE_REQUEST, ChangeRequest(ip, port)),
        st.booleans(),
        st.booleans(),
    ),
    st.builds(lambda port: Attribute(AttributeType.RESPONSE_PORT, port), ports),
    st.builds(
        lambda code, text: Attribute(AttributeType.ERROR_CODE, ErrorCode(code, text)),
        st.integers(300, 699),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    ),
    st.builds(
        lambda types: Attribute(AttributeType.UNKNOWN_ATTRIBUTES, tuple(types)),
        st.lists(st.integers(0, 65535), max_size=5),
    ),
    st.builds(lambda data: Attribute(0x7ABC, data), st.binary(max_size=30)),
)
messages = st.builds(
    Message,
    st.sampled_from(MessageClass),
    st.integers(0, 0xFFF),
    transactions,
    st.lists(attributes, max_size=6).map(tuple),
)


@given(messages, st.booleans())
def test_what_is_built_is_read_back(message: Message, fingerprint: bool) -> None:
    found = stun.parse(stun.build(message, fingerprint=fingerprint))
    assert found.message_class is message.message_class
    assert found.method == message.method
    assert found.transaction == message.transaction
    assert found.attributes[: len(message.attributes)] == message.attributes
    assert len(found.attributes) == len(message.attributes) + fingerprint


@given(st.binary(max_size=200))
def test_arbitrary_bytes_never_raise_anything_else(data: bytes) -> None:
    with suppress(Malformed):
        assert stun.parse(data).method <= 0xFFF


@given(messages, st.data())
def test_damaged_messages_never_raise_anything_else(message: Message, data: st.DataObject) -> None:
    good = bytearray(stun.build(message, fingerprint=True))
    for _ in range(data.draw(st.integers(1, 3))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    with suppress(Malformed):
        assert stun.parse(bytes(good)).method <= 0xFFF
