"""Openings in a router's IPv6 firewall, asked for over PCP, and what the router says of it."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from probes.checks.local import LocalCheck
from probes.checks.pcp import PcpCheck
from probes.checks.upnp import UpnpCheck
from probes.engine import measure
from probes.mappings import TestMapping
from probes.model import Endpoint, Reason, Unknown
from probes.network.simulated import SimulatedNetwork, run_virtual
from probes.network.simulated.packet import HttpAnswer, Packet, Transport
from probes.network.simulated.stun_server import Reply
from probes.options import Options
from probes.readings.igd import FIREWALL6, FirewallControl
from probes.readings.port_mapping import (
    LEFTOVERS,
    LET_THROUGH6,
    PCP,
    PINHOLE6,
    PRESENT6,
    LeftoverState,
    MappingFault,
    MappingProtocol,
)
from probes.report import Report, report_of
from probes.wire import pcp
from tests.engine.port_mapping import (
    DEVICE6,
    FIVE,
    Drawer,
    home6,
    mapper,
    page,
    report,
)

OWN_FIREWALL = "[host.here.firewall]\n"


def pinholes(network: SimulatedNetwork) -> list[Endpoint]:
    """What the router's IPv6 firewall lets in just now."""
    return list(mapper(network).pinholes.held)


def test_presence_is_asked_of_the_ipv6_router_too() -> None:
    found = report(home6("pcp = true"), PcpCheck())
    assert found.value(PCP.present) is True
    assert found.value(PRESENT6) is True
    reading = found[PINHOLE6]
    assert isinstance(reading, Unknown)
    assert reading.reason is Reason.NEEDS_CONSENT


def test_a_router_without_pcp_has_none_over_ipv6_either() -> None:
    found = report(home6(""), PcpCheck())
    assert found.value(PRESENT6) is False
    assert isinstance(found[PINHOLE6], Unknown)


def test_a_pinhole_is_opened_seen_from_outside_and_closed() -> None:
    drawer = Drawer()
    network = home6("pcp = true")
    found = report(
        network,
        PcpCheck(),
        stun=True,
        map_test=True,
        behavior_servers=FIVE,
        journal=drawer.journal,
    )
    test = found.value(PINHOLE6)
    assert test is not None
    assert test.granted
    assert test.external_address == ip_address(DEVICE6)
    assert test.external_port == test.internal_port
    assert test.address_matches is True
    assert test.seen_from_outside is True
    assert "RESPONSE-PORT" in test.how
    assert test.ok is True
    assert test.removed is True
    assert pinholes(network) == []
    assert drawer.kept == {}
    assert any(DEVICE6 in text for text in drawer.ever)


def test_a_pinhole_through_which_nothing_comes_in_is_not_ok() -> None:
    found = report(
        home6("pcp = true\nuseless = true"),
        PcpCheck(),
        stun=True,
        map_test=True,
        behavior_servers=FIVE,
        journal=Drawer().journal,
    )
    test = found.value(PINHOLE6)
    assert test is not None
    assert (test.granted, test.seen_from_outside, test.ok) == (True, False, False)


@pytest.mark.parametrize(
    ("useless", "own_firewall", "let_through"),
    [("", "", None), ("", OWN_FIREWALL, True), ("useless = true", "", False)],
)
def test_who_keeps_a_stranger_s_packet_out_shows_over_ipv6_too(
    useless: str, own_firewall: str, let_through: bool | None
) -> None:
    found = report(
        home6(f"pcp = true\n{useless}", own_firewall),
        PcpCheck(),
        stun=True,
        map_test=True,
        behavior_servers=FIVE,
        journal=Drawer().journal,
    )
    test = found.value(PINHOLE6)
    assert test is not None
    assert test.seen_from_outside is (let_through is None)
    assert test.address_matches is True
    assert found.value(LET_THROUGH6) is let_through
    assert test.removed is True


def test_a_router_that_allows_none_says_so_and_maps_ipv4_all_the_same() -> None:
    network = home6("pcp = true\npinholes_allowed = false")
    found = report(network, PcpCheck(), stun=True, map_test=True, journal=Drawer().journal)
    test = found.value(PINHOLE6)
    assert test is not None
    assert test.granted is False
    assert test.error is not None
    assert (test.error.code, test.error.fault) == (2, MappingFault.NOT_AUTHORISED)
    mapping = found.value(PCP.test)
    assert mapping is not None
    assert mapping.granted is True


def test_without_consent_nothing_is_opened() -> None:
    heard: list[int] = []
    network = home6("pcp = true")
    router = network.world.boxes["router"]
    services = dict(router.services)
    serve = services[Transport.UDP, pcp.PORT]

    def watch(packet: Packet) -> list[Reply]:
        assert isinstance(packet.payload, bytes)
        heard.append(pcp.parse_request(packet.payload).opcode)
        return list(serve(packet))

    services[Transport.UDP, pcp.PORT] = watch
    router.services = services
    report(network, PcpCheck())
    assert set(heard) == {pcp.Opcode.ANNOUNCE}


def test_a_killed_runs_pinhole_is_removed_and_said_at_the_next_start() -> None:
    network, drawer = home6("pcp = true"), Drawer()
    left = TestMapping(
        id="0123",
        protocol=MappingProtocol.PCP,
        made_at="2026-01-15T12:00:00+00:00",
        lease_s=60,
        gateway=ip_address("fe80::1"),
        client=ip_address(DEVICE6),
        interface="wlan0",
        internal_port=50001,
        external_port=50001,
        nonce="ab" * 12,
    )
    drawer.kept = {left.id: left.to_text()}

    async def run() -> Report:
        other = Endpoint.of(DEVICE6, 50002)
        mapper(network).pinholes.put(Endpoint.of(DEVICE6, 50001), 60, bytes.fromhex(left.nonce))
        mapper(network).pinholes.put(other, 600, b"other program")
        options = Options(journal=drawer.journal)
        checks = (LocalCheck(), PcpCheck())
        found = report_of([each async for each in measure(network, checks, options)])
        assert pinholes(network) == [other]
        return found

    (leftover,) = run_virtual(run()).value(LEFTOVERS) or ()
    assert leftover.state is LeftoverState.REMOVED
    assert drawer.kept == {}


# --- what the router says of its IPv6 firewall --------------------------------------------------


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("allowed", [True, False])
def test_the_firewalls_own_word_is_told(enabled: bool, allowed: bool) -> None:
    table = f"""
    upnp = true
    firewall_control = true
    firewall_enabled = {str(enabled).lower()}
    pinholes_allowed = {str(allowed).lower()}
    """
    found = report(home6(table), UpnpCheck())
    assert found.value(FIREWALL6) == FirewallControl(enabled, allowed)


def test_a_router_without_such_a_control_is_not_asked() -> None:
    reading = report(home6("upnp = true"), UpnpCheck())[FIREWALL6]
    assert isinstance(reading, Unknown)
    assert reading.reason is Reason.NOT_APPLICABLE


def test_it_is_told_where_the_library_is_missing() -> None:
    network = home6("upnp = true\nfirewall_control = true", "[host.here]\nupnp_library = false")
    assert report(network, UpnpCheck()).value(FIREWALL6) == FirewallControl(True, True)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (HttpAnswer(500), "no answer"),
        (HttpAnswer(200, body=b"<a/>"), "no answer"),
        (HttpAnswer(302, (("location", "http://45.83.220.9/"),)), "no answer"),
    ],
)
def test_an_answer_that_is_none_is_not_believed(answer: HttpAnswer, why: str) -> None:
    network = page(home6("upnp = true\nfirewall_control = true"), "/ctl/IP6FCtl", answer)
    reading = report(network, UpnpCheck())[FIREWALL6]
    assert isinstance(reading, Unknown)
    assert reading.reason is Reason.NO_ANSWER
    assert why in reading.detail
