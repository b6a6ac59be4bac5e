"""What a router says, in words: on the page of each way to ask it, and in plain text."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest

from probes.diagnosis.diagnose import diagnose
from probes.model import CheckId
from probes.readings import igd, layers, port_mapping
from probes.readings.igd import (
    Entries,
    Entry,
    EntryOwner,
    FirewallControl,
    Igd,
    IgdStatus,
    Strange,
    StrangeReason,
)
from probes.readings.port_mapping import (
    Leftover,
    LeftoverState,
    MappingError,
    MappingFault,
    MappingProtocol,
    MappingTest,
)
from probes.report import Report
from tests.unit.content.reports import EASY, report
from tui import content
from tui.explain.router import router_says
from tui.explain.words import duration
from tui.plain import report_to_text
from tui.screens.answers import explanation
from tui.widgets.page import Page

OUTER = ip_address("45.83.223.10")


def entry(port: int, owner: EntryOwner, description: str = "", lease_s: int = 0) -> Entry:
    return Entry("UDP", port, "192.168.1.20", port, description, True, "", lease_s, owner)


ROUTER: dict[str, Any] = {
    port_mapping.UPNP.present.id: True,
    port_mapping.UPNP.external.id: OUTER,
    port_mapping.GATEWAY.id: ip_address("192.168.1.1"),
    igd.IGD.id: Igd("192.168.1.254", 2, "WANIPConnection:2", "Box [b]7", "Maker", "M1", "x/1 UPnP"),
    igd.STATUS.id: IgdStatus("Connected", 7300, "ERROR_ISP_TIME_OUT"),
    igd.FIREWALL6.id: FirewallControl(enabled=True, pinholes_allowed=False),
    igd.ENTRIES.id: Entries(
        (
            entry(41641, EntryOwner.TAILSCALE, "tailscale-portmap", 3540),
            entry(3074, EntryOwner.OTHER, "console"),
            entry(50001, EntryOwner.THIS_PROGRAM, "whyrelay test", 60),
        ),
        complete=False,
    ),
    igd.STRANGE.id: (
        Strange(StrangeReason.NOT_THE_GATEWAY, "192.168.1.66", "http://192.168.1.66/x", 3),
    ),
    port_mapping.LEFTOVERS.id: (
        Leftover(
            MappingProtocol.UPNP, 50009, "2026-01-15T11:59:30+00:00", LeftoverState.STILL_THERE
        ),
        Leftover(MappingProtocol.PCP, 50010, "2026-01-15T11:58:30+00:00", LeftoverState.REMOVED),
    ),
}


def said(found: Report, check: CheckId) -> dict[str, tuple[str, ...]]:
    return {part.heading: part.lines for part in router_says(found, check)}


def test_upnp_shows_the_router_its_ports_strangers_and_leftovers() -> None:
    assert said(report({**EASY, **ROUTER}), CheckId.UPNP) == {
        "What it says of itself": (
            "Box [b]7, WANIPConnection:2, version 2",
            "Made by Maker: M1",
            "Its software: x/1 UPnP",
            "Its description came from 192.168.1.254",
            "Its connection: Connected, for 2 h",
            "Its last error: ERROR_ISP_TIME_OUT",
            "Its IPv6 firewall is on, and opens for nobody",
            "Its outer address: 45.83.223.10, a public address",
        ),
        "Ports that it holds open": (
            "UDP 41641 to 192.168.1.20 41641, Tailscale's own (tailscale-portmap), for 59 min",
            "UDP 3074 to 192.168.1.20 3074, of another program (console)",
            "UDP 50001 to 192.168.1.20 50001, of a whyrelay test (whyrelay test), for 60 s",
            "There are more, which were not read",
        ),
        "Answers that were not followed": (
            "192.168.1.66: came from a host that is not the router (http://192.168.1.66/x), "
            "3 times",
        ),
        "Ports of an earlier test": (
            "Port 50009, opened on 2026-01-15 11:59: could not be closed this time either",
        ),
    }


def test_each_way_shows_the_leftovers_of_its_own() -> None:
    found = said(report({**EASY, **ROUTER}), CheckId.PCP)
    assert found["Ports of an earlier test"] == (
        "Port 50010, opened on 2026-01-15 11:58: closed now",
    )
    assert said(report({**EASY, **ROUTER}), CheckId.NAT_PMP) == {}
    assert said(report({**EASY, **ROUTER}), CheckId.STUN) == {}


def test_an_empty_list_is_told_from_one_that_was_not_read() -> None:
    empty = {**EASY, igd.ENTRIES.id: Entries((), complete=True)}
    assert said(report(empty), CheckId.UPNP) == {"Ports that it holds open": ("None",)}
    assert said(report(EASY), CheckId.UPNP) == {}


@pytest.mark.parametrize(
    ("state", "line"),
    [
        (FirewallControl(False, False), "Its IPv6 firewall is off"),
        (FirewallControl(True, True), "Its IPv6 firewall is on, and opens on request"),
    ],
)
def test_the_ipv6_firewall(state: FirewallControl, line: str) -> None:
    found = said(report({**EASY, igd.FIREWALL6.id: state}), CheckId.UPNP)
    assert found == {"What it says of itself": (line,)}


def test_a_trial_is_told_step_by_step() -> None:
    test = MappingTest(True, None, 1, 50001, OUTER, 120, None, True, False, "how", True)
    pinhole = MappingTest(True, None, 1, 1, OUTER, None, None, None, None, "", None)
    readings = {
        **EASY,
        port_mapping.PCP.present.id: True,
        port_mapping.PCP_EPOCH.id: 200_000,
        port_mapping.TAILSCALE_ASKS.id: False,
        port_mapping.PRESENT6.id: True,
        port_mapping.PCP.test.id: test,
        port_mapping.PINHOLE6.id: pinhole,
    }
    assert said(report(readings), CheckId.PCP) == {
        "What it says of itself": (
            "It has kept its list for 2 days",
            "Tailscale does not ask it: its address is not a private one",
        ),
        "Asked over IPv6": ("The router there answers too",),
        "The port that was tried": (
            "It opened port 50001 for 2 min",
            "Its outer address, 45.83.223.10, is the one that servers see",
            "No packet from outside came in through it",
            "It is closed again",
        ),
        "The opening in its IPv6 firewall that was tried": (
            "It opened port 1, and did not say for how long",
            "Nobody could try it from outside",
        ),
    }


@pytest.mark.parametrize(
    ("through", "line"),
    [
        (True, "The router let one through, and this device kept it out of the test's port"),
        (False, "The router itself held it back"),
        (None, "No packet from outside came in through it"),
    ],
)
def test_who_kept_a_packet_from_outside_out_is_told(through: bool | None, line: str) -> None:
    test = MappingTest(True, None, 1, 50001, OUTER, 120, None, True, False, "how", True)
    readings = {**EASY, port_mapping.PCP.test.id: test, port_mapping.PINHOLE6.id: test}
    if through is not None:
        # What is known of the one family says nothing about the other.
        readings |= {port_mapping.LET_THROUGH.id: through, port_mapping.LET_THROUGH6.id: through}
    told = said(report(readings), CheckId.PCP)
    *port, closed = told["The port that was tried"]
    *pinhole, shut = told["The opening in its IPv6 firewall that was tried"]
    assert closed == shut == "It is closed again"
    assert port[-1] == pinhole[-1] == line
    readings.pop(port_mapping.LET_THROUGH6.id, None)
    told = said(report(readings), CheckId.PCP)
    assert told["The opening in its IPv6 firewall that was tried"][-1] == "It is closed again"


def test_every_error_becomes_a_sentence_and_what_helps() -> None:
    for fault in MappingFault:
        error = MappingError(718, "ConflictInMappingEntry", fault)
        test = MappingTest(False, error, 1, None, None, None, None, None, None, "", None)
        found = said(report({**EASY, port_mapping.UPNP.test.id: test}), CheckId.UPNP)
        words = content.mapping_fault(fault)
        assert found["The port that was tried"] == (
            "It opened none",
            f"It said no: {words.label} (ConflictInMappingEntry)",
            content.plain(words.meaning),
            content.plain(words.next_step),
        )


def test_the_app_and_the_plain_text_show_the_same_lines() -> None:
    found = report({**EASY, **ROUTER})
    page = Page(explanation(found, str(CheckId.UPNP))[1]).plain(200)
    text = " ".join(report_to_text(found, diagnose(found)).split())
    for part in router_says(found, CheckId.UPNP):
        assert part.heading in page
        for line in part.lines:
            assert line in page
            assert f"UPnP: {part.heading}: {line}" in text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7199, "119 min"),
        (7200, "2 h"),
        (172_800, "2 days"),
    ],
)
def test_a_length_of_time(seconds: int, text: str) -> None:
    assert duration(seconds) == text


def test_the_boxes_are_shown_with_all_that_speaks_for_and_against() -> None:
    hops = (
        layers.Hop(1, ip_address("192.168.1.1"), 1.0),
        layers.Hop(2, ip_address("192.0.0.1"), 4.0),
    )
    found = report({**EASY, layers.HOPS4.id: hops})
    page = Page(explanation(found, str(CheckId.LAYERS))[1]).plain(200)
    assert "- 192.0.0.1: the provider's own network" in page
    assert (
        "- 192.0.0.1, a stand-in for IPv4, lies beyond the router; speaks for the provider's NAT "
        "and IPv4 carried inside IPv6; speaks against one router alone"
    ) in " ".join(page.split())
