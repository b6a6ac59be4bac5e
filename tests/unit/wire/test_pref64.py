"""The NAT64 prefix in what a resolver makes up (RFC 7050), with RFC 6052's own examples."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.wire.pref64 import embedded, prefix_of

# RFC 6052 section 2.4: 192.0.2.33 behind a prefix of each length.
VECTORS = (
    (32, "2001:db8:c000:221::"),
    (40, "2001:db8:1c0:2:21::"),
    (48, "2001:db8:122:c000:2:2100::"),
    (56, "2001:db8:122:3c0:0:221::"),
    (64, "2001:db8:122:344:c0:2:2100::"),
    (96, "2001:db8:122:344::192.0.2.33"),
)


@pytest.mark.parametrize(("length", "address"), VECTORS)
def test_the_standards_examples(length: int, address: str) -> None:
    assert embedded(IPv6Address(address), length) == IPv4Address("192.0.2.33")


@pytest.mark.parametrize(
    ("addresses", "prefix"),
    [
        (["64:ff9b::c000:aa"], "64:ff9b::/96"),
        (["2a0e:b107::1", "2a0e:b107:f64::c000:ab"], "2a0e:b107:f64::/96"),
        (["2001:db8:122:344:c0:0:aa00::"], "2001:db8:122:344::/64"),
        (["2001:db8:c000:aa::"], "2001:db8::/32"),
        (["192.0.0.170"], None),
        (["2a0e:b107::1"], None),
        ([], None),
    ],
)
def test_the_prefix_of_answers(addresses: list[str], prefix: str | None) -> None:
    found = prefix_of(map(ip_address, addresses))
    assert (None if found is None else str(found)) == prefix


@given(st.lists(st.ip_addresses(), max_size=4))
def test_any_answers_give_a_prefix_of_one_of_them_or_none(addresses: list[IPv6Address]) -> None:
    found = prefix_of(addresses)
    assert found is None or any(each in found for each in addresses if each.version == 6)
