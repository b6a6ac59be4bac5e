"""Whose an answer is."""

from __future__ import annotations

import pytest

from probes.checks.gateway import is_same
from probes.model import Endpoint


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.168.1.1:5351", "192.168.1.1:5351", True),
        ("192.168.1.1:5351", "192.168.1.1:5350", False),
        ("192.168.1.1:5351", "192.168.1.2:5351", False),
        ("[fe80::1%eth0]:5351", "[fe80::1]:5351", True),
        ("[fe80::1]:5351", "[fe80::1%eth0]:5351", True),
        ("[fe80::1%eth0]:5351", "[fe80::1%eth0]:5351", True),
        ("[fe80::1%eth0]:5351", "[fe80::1%eth1]:5351", False),
        ("[fe80::2%eth0]:5351", "[fe80::1]:5351", False),
        ("[::c0a8:101]:5351", "192.168.1.1:5351", False),
    ],
)
def test_a_link_local_address_may_or_may_not_name_its_interface(
    one: str, other: str, same: bool
) -> None:
    assert is_same(Endpoint.parse(one), Endpoint.parse(other)) is same
