"""Openings in a real router's IPv6 firewall, asked for over PCP by the installed program."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.lab.customer import LINE_A
from tests.lab.loop_hands import OWN_FIREWALL
from tests.lab.mapping_runs import NOBODY6, begin, records
from tests.lab.namespaces import Machine, await_until
from tests.lab.place import Place
from tests.lab.routers import COTURN6, Offer, coturn, miniupnpd, pinholes
from tests.lab.test_port_mapping import value
from tests.patience import UNHURRIED_S

At = Callable[..., Place]
DEVICE6 = f"{LINE_A.lan6}20"
ONLY = ("--only", "local,stun,upnp,pcp")


def ask(place: Place, *argv: str) -> Any:
    return place.check(*ONLY, *argv).json


def test_a_pinhole_works_is_seen_from_outside_and_is_gone_again(at: At) -> None:
    place = at("ipv6-works")
    daemon = miniupnpd(place.site, Offer(igd_version=2))
    server = coturn(place.internet, *COTURN6)
    said = ask(place, "--map-test", "--behavior-server", f"[{server}]:3478")
    assert value(said, "pcp.present6") is True
    found = value(said, "pcp.pinhole6")
    assert found["granted"] is True
    assert (found["external_address"], found["external_port"]) == (DEVICE6, found["internal_port"])
    assert found["address_matches"] is True
    assert found["seen_from_outside"] is True
    assert "RESPONSE-PORT" in found["how"]
    assert found["removed"] is True
    assert value(said, "upnp.firewall6") == {"enabled": True, "pinholes_allowed": True}
    assert place.site.router is not None
    assert pinholes(place.site.router) == set()
    assert records(place) == []
    assert f"UDP {found['external_port']}->{DEVICE6}" in daemon.log.read_text()


def announce(place: Place) -> Machine:
    """Let the router be known by its link-local address, as routers announce themselves."""
    router = place.site.router
    assert router is not None
    router.ip("address add fe80::1/64 dev lan0 nodad")
    place.site.device.ip("route replace default via fe80::1 dev eth0")
    return router


def test_a_router_with_a_link_local_address_that_speaks_none_is_absent_at_once(at: At) -> None:
    place = at("ipv6-works")
    announce(place)
    said = ask(place)
    assert value(said, "pcp.present6") is False
    assert "port-unreachable from fe80::1" in said["readings"]["pcp.present6"]["source"]
    check = said["checks"]["pcp"]
    assert check["finished_ms"] - check["started_ms"] < 800


def test_a_router_with_a_link_local_address_is_asked_as_well(at: At) -> None:
    place = at("ipv6-works")
    miniupnpd(place.site, Offer(igd_version=2))
    router = announce(place)
    server = coturn(place.internet, *COTURN6)
    said = ask(place, "--map-test", "--behavior-server", f"[{server}]:3478")
    assert "fe80::1" in said["readings"]["pcp.present6"]["source"]
    assert value(said, "pcp.present6") is True
    found = value(said, "pcp.pinhole6")
    assert (found["granted"], found["seen_from_outside"], found["removed"]) == (True, True, True)
    assert pinholes(router) == set()


def test_a_pinhole_that_the_home_does_not_let_in_is_not_ok(at: At) -> None:
    place = at("ipv6-works")
    miniupnpd(place.site, Offer(igd_version=2, pinholes=False))
    server = coturn(place.internet, *COTURN6)
    said = ask(place, "--map-test", "--behavior-server", f"[{server}]:3478")
    found = value(said, "pcp.pinhole6")
    assert (found["granted"], found["seen_from_outside"]) == (True, False)
    assert value(said, "port_mapping.let_through6") is False
    assert found["removed"] is True


def test_the_own_firewall_is_told_from_the_router_over_ipv6_too(at: At) -> None:
    place = at("ipv6-works")
    miniupnpd(place.site, Offer(igd_version=2))
    place.site.device.nft(OWN_FIREWALL)
    server = coturn(place.internet, *COTURN6)
    said = ask(place, "--map-test", "--behavior-server", f"[{server}]:3478")
    found = value(said, "pcp.pinhole6")
    assert found["seen_from_outside"] is False
    assert value(said, "port_mapping.let_through6") is True
    assert found["removed"] is True


def test_an_igd_of_version_1_names_no_firewall_control(at: At) -> None:
    place = at("ipv6-works")
    miniupnpd(place.site)
    reading = ask(place)["readings"]["upnp.firewall6"]
    assert reading["state"] == "unknown"
    assert reading["reason"].startswith("not-applicable: the router names no control")


OTHERS = """
import socket, struct, sys
own, port = socket.inet_pton(socket.AF_INET6, sys.argv[1]), int(sys.argv[3])
head = struct.pack("!BBHI16s", 2, 1, 0, 3600, own)
ask = head + b"other program" [:12] + struct.pack("!B3xHH16s", 17, port, port, bytes(16))
with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
    s.settimeout(5)
    s.bind((sys.argv[1], 0))
    s.sendto(ask, (sys.argv[2], 5351))
    assert s.recv(1100)[3] == 0
"""


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_ended_in_the_middle_nothing_stays_but_what_others_opened(
    at: At, end: signal.Signals
) -> None:
    place = at("ipv6-works")
    miniupnpd(place.site, Offer(igd_version=2))
    router = place.site.router
    assert router is not None
    argv = (sys.executable, "-c", OTHERS, DEVICE6, f"{LINE_A.lan6}1", "45678")
    assert place.site.device.run(argv).returncode == 0
    assert pinholes(router) == {45678}
    run = begin(place, "local,stun,pcp", pinholes, NOBODY6)
    run.signal(end.name.removeprefix("SIG"))
    if end is signal.SIGKILL:
        (port,) = pinholes(router) - {45678}
        (leftover,) = value(ask(place), "port_mapping.leftovers")
        assert (leftover["state"], leftover["external_port"]) == ("removed", port)
    await_until("the opening is gone", lambda: pinholes(router) == {45678}, limit_s=UNHURRIED_S)
    await_until("its record is gone", lambda: not records(place), limit_s=UNHURRIED_S)
