"""Every code of the three standards has a meaning, and every meaning a code."""

from __future__ import annotations

import json

import pytest

from probes.addresses import AddressKind, is_rfc1918
from probes.checks import mapping_errors
from probes.model import Known
from probes.readings.port_mapping import SERVICES, MappingError, MappingFault, MappingTest
from probes.wire import natpmp, pcp


def test_no_result_code_is_forgotten() -> None:
    assert set(mapping_errors.NAT_PMP) == set(natpmp.ResultCode) - {0}
    assert set(mapping_errors.PCP) == set(pcp.ResultCode) - {0}
    told = (402, 501, 606, 713, 714, 715, 716, 718, *range(724, 734))
    assert {
        code for code in told if mapping_errors.upnp(code).fault is MappingFault.UNKNOWN
    } == set()


def test_every_meaning_is_some_codes() -> None:
    meant = {
        *mapping_errors.NAT_PMP.values(),
        *mapping_errors.PCP.values(),
        *(fault for _, fault in mapping_errors.UPNP.values()),
    }
    assert meant == set(MappingFault) - {MappingFault.UNKNOWN}


def test_a_code_of_nobody_keeps_its_number() -> None:
    unknown = MappingFault.UNKNOWN
    assert mapping_errors.nat_pmp(77) == MappingError(77, "", unknown)
    assert mapping_errors.pcp_result(200) == MappingError(200, "", unknown)
    assert mapping_errors.upnp(801) == MappingError(801, "", unknown)
    assert mapping_errors.pcp_result(12).name == "ADDRESS_MISMATCH"
    assert mapping_errors.upnp(725) == MappingError(
        725, "OnlyPermanentLeasesSupported", MappingFault.ONLY_PERMANENT
    )


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("45.83.223.10", AddressKind.PUBLIC),
        ("192.168.1.1", AddressKind.PRIVATE),
        ("172.31.255.1", AddressKind.PRIVATE),
        ("172.32.0.1", AddressKind.PUBLIC),
        ("10.0.0.1", AddressKind.PRIVATE),
        ("100.64.0.1", AddressKind.CARRIER),
        ("100.128.0.1", AddressKind.PUBLIC),
        ("0.0.0.0", AddressKind.UNSPECIFIED),
        ("127.0.0.1", AddressKind.OTHER),
        ("169.254.1.1", AddressKind.OTHER),
        ("192.0.0.4", AddressKind.TRANSITION),
        ("192.0.0.8", AddressKind.OTHER),
        ("203.0.113.7", AddressKind.PUBLIC),  # what masked output has in its place
        ("2001:db8::1", AddressKind.PUBLIC),
        ("2a0e:b107::1", AddressKind.PUBLIC),
        ("fe80::1", AddressKind.OTHER),
        ("::", AddressKind.UNSPECIFIED),
    ],
)
def test_an_address_is_worth_what_its_range_says(address: str, kind: AddressKind) -> None:
    from ipaddress import ip_address

    assert AddressKind.of(ip_address(address)) is kind
    assert is_rfc1918(ip_address(address)) is (kind is AddressKind.PRIVATE)


@pytest.mark.parametrize(
    ("granted", "matches", "seen", "ok"),
    [
        (True, True, True, True),
        (True, True, None, True),
        (True, True, False, False),
        (True, False, None, False),
        (True, None, None, None),
        (True, None, False, False),
        (False, None, None, False),
    ],
)
def test_a_mapping_is_ok_only_where_nothing_speaks_against_it(
    granted: bool, matches: bool | None, seen: bool | None, ok: bool | None
) -> None:
    test = MappingTest(granted, None, 1, 2, None, 60, None, matches, seen, "", True)
    assert test.ok is ok


def test_a_mapping_test_survives_a_recording() -> None:
    refused = MappingTest(
        False, mapping_errors.upnp(728), 50000, None, None, None, None, None, None, "", None
    )
    for keys in SERVICES.values():
        written = json.loads(json.dumps(keys.test.encode(Known(refused, "asked", 5.0))))
        assert keys.test.decode(written) == Known(refused, "asked", 5.0)
