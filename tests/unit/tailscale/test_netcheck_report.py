"""netcheck's report as JSON and as text: both forms of one run agree, old and odd ones are read."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.model import Endpoint
from probes.readings.netcheck import NETCHECK_RECORD, Netcheck, NetcheckRegion, SeenEndpoint
from probes.tailscale.loose import Unreadable
from probes.tailscale.netcheck_report import parse_netcheck_json
from probes.tailscale.netcheck_text import milliseconds, parse_netcheck_text
from tests.unit.tailscale.recorded import recorded


def test_a_recorded_json_report_is_read_whole() -> None:
    report = parse_netcheck_json(recorded("hard_hard.netcheck1.json"))
    assert (report.udp, report.ipv4, report.ipv6, report.mapping_varies) == (
        True,
        True,
        False,
        True,
    )
    assert (report.upnp, report.nat_pmp, report.pcp) == (False, False, False)
    assert report.captive_portal is None
    assert report.global4 == Endpoint.parse("198.51.100.101:31140")
    assert report.global6 is None
    assert report.seen4 == tuple(
        SeenEndpoint(Endpoint.parse(f"198.51.100.101:{port}"), 1) for port in (31140, 57602, 62353)
    )
    assert report.nearest == "901"
    assert report.regions[0] == NetcheckRegion(901, "", "", 20.629214, 20.629214, None)
    assert len(report.regions) == 3
    assert report.unread == ()
    assert NETCHECK_RECORD.decode(json.loads(json.dumps(NETCHECK_RECORD.encode(report)))) == report


def test_a_recorded_text_report_is_read_whole() -> None:
    report = parse_netcheck_text(recorded("hard_hard.netcheck1.txt"))
    assert report.taken_at == "2026-11-22 11:05:54.004006847Z"
    assert (report.udp, report.ipv4, report.ipv6, report.mapping_varies) == (
        True,
        True,
        False,
        True,
    )
    assert report.os_has_ipv6 is True
    assert (report.upnp, report.nat_pmp, report.pcp) == (False, False, False)
    assert report.global4 == Endpoint.parse("198.51.100.101:49354")
    assert report.nearest == "Lab 1"
    assert report.regions == (
        NetcheckRegion(0, "r01", "Lab 1", 20.4, None, None),
        NetcheckRegion(0, "r02", "Lab 2", 45.6, None, None),
        NetcheckRegion(0, "r03", "Lab 3", 80.9, None, None),
    )
    assert report.unread == ()


_BOTH = ("udp", "ipv4", "ipv6", "mapping_varies", "upnp", "nat_pmp", "pcp", "captive_portal")


@pytest.mark.parametrize("name", ["easy_easy", "easypf_hard", "hard_hard", "hard_hard_peerrelay"])
def test_both_forms_of_one_site_agree(name: str) -> None:
    as_json = parse_netcheck_json(recorded(f"{name}.netcheck1.json"))
    as_text = parse_netcheck_text(recorded(f"{name}.netcheck1.txt"))
    for field in _BOTH:
        assert getattr(as_json, field) == getattr(as_text, field), field
    assert as_json.global4 is not None
    assert as_text.global4 is not None
    assert as_json.global4.address == as_text.global4.address
    assert len(as_json.regions) == len(as_text.regions)


OLD = """
Report:
\t* UDP: true
\t* IPv4: yes, 203.0.113.7:41234
\t* IPv6: no
\t* MappingVariesByDestIP: true
\t* HairPinning: false
\t* PortMapping: UPnP, NAT-PMP
\t* Nearest DERP: Frankfurt
\t* DERP latency:
\t\t- fra: 12.6ms  (derp4, Frankfurt)
\t\t- blr:         (Bangalore)
"""


def test_a_report_of_version_1_66_and_older_is_read() -> None:
    report = parse_netcheck_text(OLD)
    assert (report.hair_pinning, report.ipv6, report.mapping_varies) == (False, False, True)
    assert (report.upnp, report.nat_pmp, report.pcp) == (True, True, False)
    assert report.regions == (
        NetcheckRegion(0, "fra", "Frankfurt", 12.6, None, None),
        NetcheckRegion(0, "blr", "Bangalore", None, None, None),
    )
    assert report.unread == ()


def test_a_report_from_a_network_without_udp_is_read() -> None:
    report = parse_netcheck_text(
        "Report:\n* UDP: false\n* IPv4: (no addr found)\n* IPv6: no, unavailable in OS\n"
        "* MappingVariesByDestIP: \n* PortMapping: not checked\n* CaptivePortal: true\n"
        "* Nearest DERP: unknown (no response to latency probes)\n"
    )
    assert (report.udp, report.ipv4, report.ipv6, report.os_has_ipv6) == (False, None, False, False)
    assert (report.mapping_varies, report.upnp, report.captive_portal) == (None, None, True)
    assert (report.nearest, report.regions, report.global4) == ("", (), None)


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("IPv6: yes, [2001:db8::5]:4321", "global6", Endpoint.parse("[2001:db8::5]:4321")),
        ("IPv6: no, but OS has support", "os_has_ipv6", True),
        ("PortMapping: binary built without portmapper support", "upnp", None),
        ("PortMapping: False", "pcp", False),
        ("PortMapping:", "nat_pmp", False),
        ("PortMapping: PCP", "pcp", True),
        ("CaptivePortal: false", "captive_portal", False),
        ("Nearest DERP: [none]", "nearest", ""),
    ],
)
def test_each_value_of_a_line(line: str, field: str, value: object) -> None:
    report = parse_netcheck_text(f"* UDP: true\n   * {line}")
    assert getattr(report, field) == value


def test_a_report_pasted_between_other_text_is_found_and_strange_lines_are_listed() -> None:
    pasted = "> hi, here it is:\n" + OLD.replace(
        "\t* HairPinning", "\t* Quantum: yes\n* HairPinning"
    )
    report = parse_netcheck_text(pasted + "\nReport:\n* UDP: false\n")
    assert report.udp is True
    assert report.unread == ("the line Quantum is new",)


def test_of_json_reports_in_a_row_the_first_is_read() -> None:
    one = recorded("easy_easy.netcheck1.json")
    text = "# Warning: this JSON format is not yet considered a stable interface\n" + one + one
    assert parse_netcheck_json(text).mapping_varies is False


def test_missing_and_unknown_keys_are_listed() -> None:
    whole = json.loads(recorded("easy_easy.netcheck1.json"))
    whole.pop("MappingVariesByDestIP")
    whole |= {"Flux": 1, "UDP": "yes", "RegionLatency": {"1": "fast", "x": 2, "7": 1_500_000}}
    report = parse_netcheck_json(json.dumps(whole))
    assert (report.udp, report.mapping_varies) == (None, None)
    assert {each.region: each.rtt_ms for each in report.regions}[7] == 1.5
    assert set(report.unread) == {
        "Flux is new",
        "UDP is str",
        "MappingVariesByDestIP is missing",
        "RegionLatency holds something that is no latency of a region",
    }


@pytest.mark.parametrize("text", ["", "hello", "UDP", "* IPv4: yes", "{", "[]", "[" * 50_000])
def test_what_is_no_report_is_refused_with_a_sentence(text: str) -> None:
    for parse in (parse_netcheck_text, parse_netcheck_json):
        with pytest.raises(Unreadable, match=r"\.$"):
            parse(text)


@given(st.text(max_size=400))
def test_any_text_is_read_or_refused(text: str) -> None:
    report = parse_netcheck_text("* UDP: true\n" + text)
    for each in _texts(report):
        assert each.isprintable()


@given(
    st.lists(st.sampled_from([*OLD.splitlines(), "\t\t- \x1b[1m: 1ms (x)", "* Nearest DERP: \x07"]))
)
def test_any_order_of_lines_is_read_or_refused(lines: list[str]) -> None:
    report = parse_netcheck_text("\n".join(["* MappingVariesByDestIP: true", *lines]))
    for each in _texts(report):
        assert each.isprintable()


def _texts(report: Netcheck) -> list[str]:
    plain: list[Any] = [getattr(report, field.name) for field in fields(report)]
    found = [each for each in plain if isinstance(each, str)]
    return [*found, *report.unread, *(region.name + region.code for region in report.regions)]


@pytest.mark.parametrize(
    ("text", "ms"),
    [("12.6ms", 12.6), ("1.5s", 1500.0), ("1m2s", 62_000.0), ("0s", 0.0), ("850µs", 0.85)],
)
def test_durations_as_go_prints_them(text: str, ms: float) -> None:
    assert milliseconds(text) == pytest.approx(ms)


@pytest.mark.parametrize("text", ["", "fast", "12", "1ms later", "ms", "1h-2m"])
def test_what_is_no_duration(text: str) -> None:
    assert milliseconds(text) is None
