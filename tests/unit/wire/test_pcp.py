"""The PCP codec against RFC 6887's layouts, and against anything at all."""

from __future__ import annotations

from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.wire import pcp
from probes.wire.pcp import Malformed, Map, Opcode, Option, OtherVersion, Reply, ResultCode

NONCE = bytes(range(1, 13))
HOST = IPv4Address("192.168.1.20")
HOST_HEX = "00000000000000000000ffffc0a80114"
PUBLIC = IPv4Address("45.83.223.10")
PUBLIC_HEX = "00000000000000000000ffff2d53df0a"


def _on_this_wire(address: IPv4Address | IPv6Address) -> bool:
    """An IPv4-mapped address is IPv4 on this wire (section 5)."""
    return address.version == 4 or address.ipv4_mapped is None


ADDRESSES = st.ip_addresses().filter(_on_this_wire)
PORTS = st.integers(1, 0xFFFF)
U32 = st.integers(0, 0xFFFFFFFF)
MAPS = st.builds(
    Map, st.binary(min_size=12, max_size=12), PORTS, PORTS, ADDRESSES, st.integers(0, 255)
)


def test_announce_is_a_bare_header() -> None:
    # Sections 7.1 and 14.1.
    assert pcp.announce_request(HOST) == bytes.fromhex("0200000000000000" + HOST_HEX)


def test_a_map_request_is_laid_out_as_the_rfc_draws_it() -> None:
    # Sections 7.1 and 11.1: UDP 51413, external 40000 suggested, 60 s, any address.
    wanted = Map(NONCE, 51413, 40000, IPv4Address(0))
    assert pcp.map_request(HOST, wanted, 60) == bytes.fromhex(
        "020100000000003c"
        + HOST_HEX
        + "0102030405060708090a0b0c"
        + "11000000"
        + "c8d59c40"
        + "00000000000000000000ffff00000000"
    )


def test_an_ipv6_request_carries_plain_addresses() -> None:
    client = IPv6Address("2001:db8::5")
    data = pcp.map_request(client, Map(NONCE, 41641, 41641, IPv6Address(0)), 60)
    assert data[8:24] == client.packed
    assert data[44:60] == bytes(16)


def test_a_map_answer_is_read() -> None:
    # Section 7.2: version, R with opcode, reserved, result, lifetime, epoch, 12 reserved.
    data = bytes.fromhex(
        "0281000000000078000004d2"
        + "00" * 12
        + "0102030405060708090a0b0c"
        + "11000000"
        + "c8d59c41"
        + PUBLIC_HEX
    )
    assert pcp.parse(data) == Reply(1, 0, 120, 1234, Map(NONCE, 51413, 40001, PUBLIC))


@pytest.mark.parametrize("result", list(ResultCode)[1:])
def test_every_error_is_read_with_and_without_what_was_asked(result: ResultCode) -> None:
    head = bytes.fromhex(f"028100{int(result):02x}0000001e00000001") + bytes(12)
    bare = pcp.parse(head)
    assert (bare.result, bare.lifetime_s, bare.map, bare.ok) == (result, 30, None, False)
    asked = Map(NONCE, 1, 2, PUBLIC)
    full = pcp.parse(pcp.build(Reply(1, result, 30, 1, asked)))
    assert (full.result, full.map) == (result, asked)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        ("", "empty"),
        ("1b5b33316d", "less than"),
        ("0300" + "00" * 22, "a request"),
        ("0280" + "00" * 20, "less than"),
        ("0280" + "00" * 23, "length"),
        ("0280" + "00" * 1102, "length"),
        ("0200" + "00" * 22, "a request"),
        ("0281" + "00" * 22, "no mapping"),
        ("0281" + "00" * 58 + "03000010", "cut short"),
    ],
)
def test_what_is_no_answer_is_said(data: str, what: str) -> None:
    with pytest.raises(Malformed, match=what):
        pcp.parse(bytes.fromhex(data))


@pytest.mark.parametrize(
    "data", ["0082000100000007", "01800001" + "00" * 20, "03800001" + "00" * 20]
)
def test_another_version_is_told_from_garbage(data: str) -> None:
    with pytest.raises(OtherVersion) as told:
        pcp.parse(bytes.fromhex(data))
    assert told.value.version == int(data[:2], 16)


def test_options_follow_the_mapping() -> None:
    options = (Option(2, b""), Option(3, b"\x00\x80\x00\x00" + PUBLIC.packed), Option(131, b"abc"))
    reply = Reply(1, 0, 120, 9, Map(NONCE, 1, 2, PUBLIC), options)
    assert pcp.parse(pcp.build(reply)) == reply


@pytest.mark.parametrize(("internal", "external"), [(0, 40000), (51413, 0), (65536, 1)])
def test_a_mapping_of_port_zero_cannot_be_asked_for(internal: int, external: int) -> None:
    with pytest.raises(ValueError, match="ports"):
        pcp.map_request(HOST, Map(NONCE, internal, external, IPv4Address(0)), 60)


def test_nothing_can_wipe_all_mappings_of_this_host() -> None:
    with pytest.raises(ValueError, match="port 0"):
        pcp.delete_request(HOST, Map(NONCE, 0, 0, IPv4Address(0)))
    with pytest.raises(ValueError, match="live"):
        pcp.map_request(HOST, Map(NONCE, 1, 1, IPv4Address(0)), 0)


def test_a_deletion_carries_the_nonce_and_no_lifetime() -> None:
    mapping = Map(NONCE, 51413, 40001, PUBLIC)
    request = pcp.parse_request(pcp.delete_request(HOST, mapping))
    assert (request.opcode, request.lifetime_s, request.map) == (Opcode.MAP, 0, mapping)


def test_a_nonce_has_twelve_bytes() -> None:
    with pytest.raises(ValueError, match="12 bytes"):
        Map(b"short", 1, 1, PUBLIC)


@given(st.sampled_from((b"", b"\x02\x81", b"\x02\x01")), st.binary(max_size=96))
def test_any_bytes_are_malformed_or_say_what_can_be_said_again(start: bytes, data: bytes) -> None:
    with suppress(Malformed):
        reply = pcp.parse(start + data)
        assert pcp.parse(pcp.build(reply)) == reply
    with suppress(Malformed):
        asked = pcp.parse_request(start + data)
        assert (asked.map is not None) is (asked.opcode == Opcode.MAP)


@given(
    st.one_of(
        st.builds(Reply, st.just(0), st.integers(0, 255), U32, U32),
        st.builds(
            Reply,
            st.just(1),
            st.integers(0, 255),
            U32,
            U32,
            MAPS,
            st.lists(
                st.builds(Option, st.integers(0, 255), st.binary(max_size=20)), max_size=3
            ).map(tuple),
        ),
    )
)
def test_answers_survive_the_wire(reply: Reply) -> None:
    assert pcp.parse(pcp.build(reply)) == reply


@given(ADDRESSES, MAPS, st.integers(1, 0xFFFFFFFF))
def test_requests_survive_the_wire(
    client: IPv4Address | IPv6Address, wanted: Map, lifetime_s: int
) -> None:
    request = pcp.parse_request(pcp.map_request(client, wanted, lifetime_s))
    assert request == pcp.Request(Opcode.MAP, lifetime_s, client, wanted)


@pytest.mark.parametrize(
    ("before", "now", "elapsed_s", "lost"),
    [
        (1000, 1100, 100.0, False),
        (1000, 999, 0.5, False),  # one second back is rounding
        (1000, 998, 0.5, True),
        (1000, 1000, 2.0, False),
        (1000, 1000, 3.0, True),
        (1000, 1108, 100.0, False),  # 108 - 108/16 = 101.25, within two seconds of 100
        (1000, 1110, 100.0, True),
        (1000, 1092, 100.0, False),
        (1000, 1091, 100.0, True),
        (100000, 5, 30.0, True),
    ],
)
def test_a_restart_shows_in_the_epoch(before: int, now: int, elapsed_s: float, lost: bool) -> None:
    assert pcp.restarted(before, now, elapsed_s) is lost
