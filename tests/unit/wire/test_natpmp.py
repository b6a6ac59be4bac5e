"""The NAT-PMP codec against RFC 6886's layouts, and against anything at all."""

from __future__ import annotations

from contextlib import suppress
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.wire import natpmp
from probes.wire.natpmp import Granted, Malformed, MapRequest, Opcode, OtherVersion, Reply

U16 = st.integers(0, 0xFFFF)
U32 = st.integers(0, 0xFFFFFFFF)
PORTS = st.integers(1, 0xFFFF)


def test_the_requests_are_laid_out_as_the_rfc_draws_them() -> None:
    # Sections 3.2 and 3.3: 51413 inside, 40000 suggested, 7200 s.
    assert natpmp.address_request() == bytes.fromhex("0000")
    assert natpmp.map_request(51413, 40000, 7200) == bytes.fromhex("00010000c8d59c4000001c20")
    tcp = natpmp.map_request(22, 2222, 60, Opcode.MAP_TCP)
    assert tcp == bytes.fromhex("00020000001608ae0000003c")
    # Section 3.4: lifetime and suggested port are both zero.
    assert natpmp.delete_request(51413) == bytes.fromhex("00010000c8d5000000000000")


@pytest.mark.parametrize(
    ("data", "reply"),
    [
        ("00800000 0001e240 2d53df0a", Reply(0, 0, 123456, external=IPv4Address("45.83.223.10"))),
        (
            "00810000 00000007 c8d59c40 00000e10",
            Reply(1, 0, 7, granted=Granted(51413, 40000, 3600)),
        ),
        ("00800003 00000001 00000000", Reply(0, 3, 1)),
        ("00810002 00000001 c8d50000 00000000", Reply(1, 2, 1)),
        # Section 3.5: the whole request comes back, with the answer bit and code 5.
        ("00e30005 00000000", Reply(0x63, 5, 0)),
        # An unsupported version is answered with opcode 0 and without the bit, or with it.
        ("00000001 00000009", Reply(0, 1, 9)),
        ("00800001 00000009", Reply(0, 1, 9)),
    ],
)
def test_answers_are_read(data: str, reply: Reply) -> None:
    assert natpmp.parse(bytes.fromhex(data.replace(" ", ""))) == reply


def test_an_answer_with_padding_is_still_an_answer() -> None:
    data = bytes.fromhex("00800000000000012d53df0a") + bytes(52)
    assert natpmp.parse(data).external == IPv4Address("45.83.223.10")


@pytest.mark.parametrize(
    ("data", "what"),
    [
        ("", "empty"),
        ("1b5b33316d", "neither"),
        ("0280" + "00" * 21, "neither"),
        ("0200" + "00" * 22, "neither"),
        ("0080", "less than"),
        ("0080000000000001", "no address"),
        ("0081000000000001c8d59c40", "no mapping"),
        ("000000000000000100000000", "a request"),
        ("00850000000000010000000000000000", "never asked"),
        ("0080000000000001" + "00" * 1100, "more than"),
    ],
)
def test_what_is_no_answer_is_said(data: str, what: str) -> None:
    with pytest.raises(Malformed, match=what):
        natpmp.parse(bytes.fromhex(data))


def test_a_pcp_answer_is_told_from_garbage() -> None:
    with pytest.raises(OtherVersion) as told:
        natpmp.parse(bytes.fromhex("02800001") + bytes(20))
    assert told.value.version == 2


@pytest.mark.parametrize(("internal", "external"), [(0, 40000), (51413, 0), (65536, 1), (1, -1)])
def test_a_mapping_of_port_zero_cannot_be_asked_for(internal: int, external: int) -> None:
    with pytest.raises(ValueError, match="port"):
        natpmp.map_request(internal, external, 60)


def test_nothing_can_wipe_all_mappings_of_this_host() -> None:
    with pytest.raises(ValueError, match="port 0"):
        natpmp.delete_request(0)
    with pytest.raises(ValueError, match="live"):
        natpmp.map_request(51413, 40000, 0)


@given(st.sampled_from((b"", b"\0\x80\0\0", b"\0\x81\0\0", b"\0\x01")), st.binary(max_size=64))
def test_any_bytes_are_malformed_or_say_what_can_be_said_again(start: bytes, data: bytes) -> None:
    with suppress(Malformed):
        reply = natpmp.parse(start + data)
        assert natpmp.parse(natpmp.build(reply)) == reply
    with suppress(Malformed):
        asked = natpmp.parse_request(start + data)
        assert asked is None or asked.opcode in (Opcode.MAP_UDP, Opcode.MAP_TCP)


@given(
    st.one_of(
        st.builds(Reply, st.just(0), st.just(0), U32, st.ip_addresses(v=4)),
        st.builds(
            Reply,
            st.sampled_from((1, 2)),
            st.just(0),
            U32,
            st.none(),
            st.builds(Granted, U16, U16, U32),
        ),
        st.builds(Reply, st.integers(0, 127), st.integers(1, 0xFFFF), U32),
    )
)
def test_answers_survive_the_wire(reply: Reply) -> None:
    assert natpmp.parse(natpmp.build(reply)) == reply


@given(PORTS, PORTS, st.integers(1, 0xFFFFFFFF), st.sampled_from((Opcode.MAP_UDP, Opcode.MAP_TCP)))
def test_requests_survive_the_wire(
    internal: int, external: int, lifetime_s: int, opcode: Opcode
) -> None:
    data = natpmp.map_request(internal, external, lifetime_s, opcode)
    assert natpmp.parse_request(data) == MapRequest(opcode, internal, external, lifetime_s)
    deletion = natpmp.parse_request(natpmp.delete_request(internal, opcode))
    assert deletion == MapRequest(opcode, internal, 0, 0)


def test_the_address_request_asks_for_no_mapping() -> None:
    assert natpmp.parse_request(natpmp.address_request()) is None


@pytest.mark.parametrize(
    ("before", "now", "elapsed_s", "lost"),
    [
        (1000, 1100, 100.0, False),
        (1000, 1086, 100.0, False),  # 1000 + 87.5 - 2 is the limit
        (1000, 1085, 100.0, True),
        (1000, 998, 0.0, False),
        (1000, 997, 0.0, True),
        (1000, 0, 30.0, True),
        (1000, 9000, 30.0, False),  # a fast clock loses nothing
    ],
)
def test_a_restart_shows_in_the_epoch(before: int, now: int, elapsed_s: float, lost: bool) -> None:
    assert natpmp.restarted(before, now, elapsed_s) is lost
