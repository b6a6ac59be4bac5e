"""The netcheck view of a report says what netcheck would have said."""

from __future__ import annotations

import json
from ipaddress import ip_address
from typing import Any

import pytest

from probes.model import CheckId, Endpoint, Failed, Family, Reason, Unknown
from probes.readings import local, relays, stun
from probes.readings.stun import StunAnswer
from probes.report import Report
from probes.tailscale.netcheck import KEYS, netcheck_view
from tests.unit.content.reports import EASY, HARD, HOME, report, way_out

LAB = """{
    "Now": "2026-11-22T11:05:09.448421658Z", "UDP": true, "IPv6": false, "IPv4": true,
    "IPv6CanSend": false, "IPv4CanSend": true, "OSHasIPv6": true, "ICMPv4": false,
    "MappingVariesByDestIP": false, "UPnP": false, "PMP": false, "PCP": false,
    "PreferredDERP": 901,
    "RegionLatency": {"901": 20700580, "902": 45989088, "903": 81492769},
    "RegionV4Latency": {"901": 20700580, "902": 45989088, "903": 81492769},
    "RegionV6Latency": {},
    "GlobalV4Counters": {"198.51.100.101:49529": 3}, "GlobalV6Counters": null,
    "GlobalV4": "198.51.100.101:49529", "GlobalV6": "", "CaptivePortal": null
}"""
"""What `tailscale netcheck --format=json` printed on an easy home of a lab (one line there)."""


def answer(region: int, rtt_ms: float, mapped: str, host: str = "relay") -> StunAnswer:
    """One relay's answer."""
    server = "198.51.100.21:3478" if mapped[0] != "[" else "[2001:db8::21]:3478"
    here = "192.168.1.20:49529" if mapped[0] != "[" else "[2001:db8:1::20]:49529"
    return StunAnswer(
        region,
        host,
        Endpoint.parse(server),
        Endpoint.parse(mapped),
        Endpoint.parse(here),
        rtt_ms,
        1,
    )


def tcp(region: int, address: str, connect_ms: float, hello_ms: float | None) -> relays.TcpAnswer:
    """One relay over TCP."""
    return relays.TcpAnswer(
        region,
        "relay",
        ip_address(address),
        443,
        connect_ms,
        hello_ms,
        relays.Certificate.VALID,
        "",
    )


NO_IPV6: dict[str, Any] = {
    key.id: Unknown(Reason.NOT_APPLICABLE, "no usable IPv6 address or route")
    for key in stun.BY_FAMILY[Family.V6].all()
}
SEEN = "198.51.100.101:49529"
AS_IN_THE_LAB: dict[str, Any] = {
    **HOME,
    **NO_IPV6,
    stun.UDP.id: True,
    stun.ANSWERS4.id: (
        answer(901, 20.70058, SEEN),
        answer(902, 45.989088, SEEN),
        answer(903, 81.492769, SEEN),
    ),
    stun.ENDPOINT4.id: Endpoint.parse(SEEN),
    stun.CAN_SEND4.id: True,
    stun.VARIES4.id: False,
    stun.PREFERRED.id: 901,
}


def test_it_is_what_netcheck_printed_in_the_lab() -> None:
    wanted = json.loads(LAB)
    found = netcheck_view(report(AS_IN_THE_LAB))
    assert list(found) == list(wanted)
    # What whyrelay has not asked is null, where netcheck has asked and found nothing.
    not_asked = {"ICMPv4", "UPnP", "PMP", "PCP"}
    assert all(found.pop(name) is None for name in not_asked)
    del found["Now"], wanted["Now"]
    assert found == {name: value for name, value in wanted.items() if name not in not_asked}


def test_its_time_is_the_end_of_the_run() -> None:
    assert netcheck_view(report(EASY))["Now"] == "2026-01-01T00:00:00.009Z"
    assert netcheck_view(Report(taken_at="yesterday"))["Now"] is None
    assert netcheck_view(Report(taken_at="2026-01-01T00:00:00Z", elapsed_ms=1e300))["Now"] is None


def test_a_hard_nat_shows_every_endpoint() -> None:
    found = netcheck_view(report(HARD))
    assert found["MappingVariesByDestIP"] is True
    assert found["GlobalV4Counters"] == {
        "45.83.223.10:33017": 1,
        "45.83.223.10:40001": 1,
        "45.83.223.10:51820": 1,
    }
    assert found["GlobalV4"] == "45.83.223.10:51820"


BLOCKED: dict[str, Any] = {
    **HOME,
    **NO_IPV6,
    stun.UDP.id: False,
    stun.ANSWERS4.id: (),
    stun.ENDPOINT4.id: Unknown(Reason.NO_ANSWER),
    stun.VARIES4.id: Unknown(Reason.NO_ANSWER),
    stun.CAN_SEND4.id: True,
    stun.PREFERRED.id: Unknown(Reason.NO_ANSWER),
}


def test_where_udp_is_blocked_ipv4_is_true_by_way_of_tcp() -> None:
    answers = (tcp(902, "198.51.100.22", 30.0, 35.0), tcp(901, "198.51.100.21", 20.0, None))
    found = netcheck_view(report({**BLOCKED, relays.TCP_ANSWERS.id: answers}))
    assert (found["UDP"], found["IPv4"], found["IPv6"]) == (False, True, False)
    assert found["RegionLatency"] == {"901": 20_000_000, "902": 35_000_000}
    assert found["RegionV4Latency"] == {}
    assert found["PreferredDERP"] == 901
    assert found["GlobalV4"] == ""
    assert found["GlobalV4Counters"] is None
    assert found["MappingVariesByDestIP"] is None


def test_where_udp_is_blocked_ipv4_is_true_by_way_of_icmp() -> None:
    found = netcheck_view(report({**BLOCKED, relays.TCP_ANSWERS.id: (), relays.ICMP4.id: True}))
    assert (found["IPv4"], found["IPv6"], found["ICMPv4"]) == (True, False, True)
    assert found["PreferredDERP"] == 0


def test_where_everything_is_blocked_nothing_is_true() -> None:
    found = netcheck_view(report({**BLOCKED, relays.TCP_ANSWERS.id: (), relays.ICMP4.id: False}))
    assert (found["UDP"], found["IPv4"], found["IPv6"]) == (False, False, False)
    assert found["RegionLatency"] == {}
    assert found["PreferredDERP"] == 0


def test_tcp_says_nothing_where_udp_works() -> None:
    answers = (tcp(904, "2001:db8::1", 1.0, 1.0), tcp(901, "198.51.100.21", 1.0, 1.0))
    found = netcheck_view(report({**AS_IN_THE_LAB, relays.TCP_ANSWERS.id: answers}))
    assert found["RegionLatency"] == found["RegionV4Latency"]
    assert found["IPv6"] is False


def test_the_faster_family_counts_for_a_region() -> None:
    six = "[2001:db8:1::20]:49529"
    found = netcheck_view(
        report(
            {
                **AS_IN_THE_LAB,
                stun.ANSWERS6.id: (answer(901, 5.0, six), answer(902, 90.0, six)),
                stun.ENDPOINT6.id: Endpoint.parse(six),
                stun.CAN_SEND6.id: True,
                local.WAY_OUT6.id: way_out(Family.V6),
            }
        )
    )
    assert found["RegionLatency"] == {"901": 5_000_000, "902": 45_989_088, "903": 81_492_769}
    assert found["RegionV6Latency"] == {"901": 5_000_000, "902": 90_000_000}
    assert (found["IPv6"], found["GlobalV6"]) == (True, six)
    assert found["GlobalV6Counters"] == {six: 2}


@pytest.mark.parametrize(
    "why", [Unknown(Reason.THROUGH_TUNNEL), Unknown(Reason.TIMED_OUT), Failed("OSError: boom")]
)
def test_what_was_not_measured_is_null(why: Any) -> None:
    readings = {key.id: why for key in stun.KEYS}
    found = netcheck_view(report(readings))
    assert {name for name, value in found.items() if value is not None} == {"Now"}


def test_nothing_measured_is_all_null() -> None:
    found = netcheck_view(report(skipped=tuple(CheckId)[:3]))
    assert {name for name, value in found.items() if value is not None} == {"Now"}
    assert tuple(found) == KEYS


def test_plain_servers_that_stood_in_for_relays_never_enter() -> None:
    source = relays.MapSource(relays.MapOrigin.BUILT_IN, "built-in", 0, ("no map",))
    answers = tuple(
        answer(0, 20.0, SEEN, host) for host in ("stun.one.example", "stun.two.example")
    )
    found = netcheck_view(
        report({**AS_IN_THE_LAB, stun.ANSWERS4.id: answers, relays.MAP_SOURCE.id: source})
    )
    assert tuple(found) == KEYS
    known = {name: value for name, value in found.items() if value is not None}
    del known["Now"]
    assert known == {"IPv4CanSend": True, "IPv6CanSend": False, "OSHasIPv6": True}
