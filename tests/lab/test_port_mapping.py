"""Asking real and strange routers for a port, with the installed program."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.lab.customer import LINE_A, Customer
from tests.lab.internet import expect_ready, python_env
from tests.lab.loop_hands import OWN_FIREWALL
from tests.lab.mapping_runs import records
from tests.lab.place import Place
from tests.lab.program import Outcome
from tests.lab.routers import (
    DENY_ALL,
    Offer,
    coturn,
    forwarded,
    keep_forwarding,
    miniupnpd,
    strange_igd,
)
from tests.patience import UNHURRIED_S

At = Callable[..., Place]
ROUTER, DEVICE = f"{LINE_A.lan}.1", f"{LINE_A.lan}.2"
ONLY = ("--only", "local,stun,upnp,nat-pmp,pcp")


def ask(place: Place, *argv: str) -> Any:
    """What the program says about port mapping: the whole JSON."""
    return place.check(*ONLY, *argv).json


def present(said: Any) -> dict[str, bool | None]:
    return {name: found["present"] for name, found in said["port_mapping"].items()}


def value(said: Any, key: str) -> Any:
    return said["readings"][key]["value"]


# --- what is there ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("offer", "expected"),
    [
        (None, {"upnp": False, "nat_pmp": False, "pcp": False}),
        (Offer(pcp_and_nat_pmp=False), {"upnp": True, "nat_pmp": False, "pcp": False}),
        (Offer(upnp=False), {"upnp": False, "nat_pmp": True, "pcp": True}),
        (Offer(), {"upnp": True, "nat_pmp": True, "pcp": True}),
        (Offer(igd_version=2), {"upnp": True, "nat_pmp": True, "pcp": True}),
    ],
    ids=["none", "upnp", "pcp-and-nat-pmp", "all", "all-igd2"],
)
def test_a_router_offers_what_it_offers(
    at: At, offer: Offer | None, expected: dict[str, bool]
) -> None:
    place = at("easy-home")
    if offer is not None:
        miniupnpd(place.site, offer)
    said = ask(place)
    assert present(said) == expected
    netcheck = said["netcheck"]
    assert [netcheck[name] for name in ("UPnP", "PMP", "PCP")] == list(expected.values())
    if expected["upnp"]:
        igd = value(said, "upnp.igd")
        version = offer.igd_version if offer else 0
        assert igd["name"] == "Lab router"
        assert (igd["version"], igd["service"]) == (version, f"WANIPConnection:{version}")
        assert value(said, "upnp.status")["status"] == "Connected"
        assert said["port_mapping"]["upnp"]["external_ip"] == LINE_A.wan
    if expected["nat_pmp"]:
        assert said["port_mapping"]["nat_pmp"]["external_ip"] == LINE_A.wan
    assert not any(found["mapping"]["tested"] for found in said["port_mapping"].values())
    if offer is not None:
        assert place.site.router is not None
        assert forwarded(place.site.router) == set()


def test_nothing_there_is_said_in_time(at: At) -> None:
    said = ask(at("easy-home"))
    assert said["checks"]["nat-pmp"]["finished_ms"] - said["checks"]["nat-pmp"]["started_ms"] < 800
    assert said["checks"]["upnp"]["finished_ms"] < 2500


# --- test mappings ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["easy-home", "hard-home"])
def test_a_mapping_works_is_seen_from_outside_and_is_gone_again(at: At, name: str) -> None:
    place = at(name)
    daemon = miniupnpd(place.site)
    server = coturn(place.internet)
    said = ask(place, "--map-test", "--behavior-server", server)
    assert place.site.router is not None
    for found in said["port_mapping"].values():
        mapping = found["mapping"]
        assert mapping["granted"] is True
        assert mapping["address_matches"] is True
        assert mapping["seen_from_outside"] is True
        assert mapping["ok"] is True
        assert mapping["removed"] is True
        assert mapping["external_port"] >= 1024
        assert mapping["lease_s"] in (60, 120)
    assert "RESPONSE-PORT" in value(said, "upnp.mapping")["how"]
    assert value(said, "upnp.mapping")["read_back"] is True
    assert forwarded(place.site.router) == set()
    assert records(place) == []
    # Nobody asked for port 0 on either side, nor for all mappings of this host.
    log = daemon.log.read_text()
    assert "whyrelay test" in log
    assert "AddPortMapping: ext port 0 " not in log


def test_a_mapping_that_the_home_does_not_let_in_is_not_ok(at: At) -> None:
    place = at("hard-home")
    miniupnpd(place.site)
    keep_forwarding(place.site, allowed=False)
    server = coturn(place.internet)
    said = ask(place, "--map-test", "--behavior-server", server)
    for found in said["port_mapping"].values():
        assert found["mapping"]["granted"] is True
        assert found["mapping"]["seen_from_outside"] is False
        assert found["mapping"]["ok"] is False
        assert found["mapping"]["removed"] is True
    assert value(said, "port_mapping.let_through") is False
    (broken,) = (each for each in said["causes"] if each["id"] == "port-mapping-broken")
    assert (broken["acts"], broken["confidence"]) == ("router", "likely")


def test_the_own_firewall_is_found_by_what_it_keeps_out_without_rights_to_read_it(at: At) -> None:
    place = at("hard-home")
    miniupnpd(place.site)
    place.site.device.nft(OWN_FIREWALL)
    said = ask(place, "--map-test", "--behavior-server", coturn(place.internet))
    for found in said["port_mapping"].values():
        assert found["mapping"]["seen_from_outside"] is False
        assert found["mapping"]["removed"] is True
    assert value(said, "port_mapping.let_through") is True
    causes = {each["id"]: each for each in said["causes"]}
    assert "port-mapping-broken" not in causes
    assert causes["host-firewall"]["acts"] == "this-device"
    assert causes["host-firewall"]["confidence"] == "possible"
    assert causes["host-firewall"]["missing"] == ["firewall.inbound4"]


@pytest.mark.parametrize(
    # An IGD 1 may not say 606 (miniupnpd follows WANIPConnection:1): it calls it a conflict.
    ("version", "says"),
    [(1, {"not-authorised", "conflict"}), (2, {"not-authorised"})],
)
def test_a_router_that_denies_is_there_and_says_so(at: At, version: int, says: set[str]) -> None:
    place = at("hard-home")
    miniupnpd(place.site, Offer(allowed=DENY_ALL, igd_version=version))
    said = ask(place, "--map-test")
    assert present(said) == {"upnp": True, "nat_pmp": True, "pcp": True}
    faults = {}
    for name, found in said["port_mapping"].items():
        assert found["mapping"]["granted"] is False
        faults[name] = value(said, f"{name}.mapping")["error"]["fault"]
    assert faults["upnp"] in says
    assert faults["nat_pmp"] == faults["pcp"] == "not-authorised"
    assert records(place) == []


@pytest.mark.parametrize(
    ("code", "fault"), [(725, "only-permanent"), (728, "table-full"), (501, "action-failed")]
)
def test_a_router_that_refuses_with_a_code(at: At, code: int, fault: str) -> None:
    place = at("hard-home")
    strange_igd(place.site, "refuse", str(code))
    said = ask(place, "--map-test")
    upnp = said["port_mapping"]["upnp"]
    assert upnp["present"] is True
    assert upnp["mapping"]["granted"] is False
    assert upnp["error"]["code"] == code
    assert value(said, "upnp.mapping")["error"]["fault"] == fault
    assert records(place) == []


def test_mappings_of_other_programs_are_seen_and_left_alone(at: At) -> None:
    place = at("easy-home")
    miniupnpd(place.site)
    add = (
        "import miniupnpc; u = miniupnpc.UPnP();"
        f"u.selectigd('http://{ROUTER}:43211/rootDesc.xml');"
        f"u.addportmapping(41641, 'UDP', '{DEVICE}', 41641, 'tailscale-portmap', '', 3600);"
        f"u.addportmapping(51820, 'UDP', '{DEVICE}', 51820, 'other \\x1b[31m', '', 3600)"
    )
    done = place.site.device.run((sys.executable, "-c", add))
    assert done.returncode == 0, done.stderr
    assert place.site.router is not None
    assert forwarded(place.site.router) == {41641, 51820}
    said = ask(place, "--map-test")
    owners = {
        each["external_port"]: each["owner"] for each in value(said, "upnp.entries")["entries"]
    }
    assert owners == {41641: "tailscale", 51820: "other"}
    assert all(found["mapping"]["removed"] for found in said["port_mapping"].values())
    assert forwarded(place.site.router) == {41641, 51820}


# --- strange and hostile routers ----------------------------------------------------------------


def test_a_router_may_take_its_time_to_answer(at: At) -> None:
    place = at("easy-home")
    strange_igd(place.site, "delay", "1.0")
    for _ in range(3):
        assert present(ask(place))["upnp"] is True


@pytest.mark.parametrize("location", ["http://45.83.220.9/x", f"http://{DEVICE}:22/x"])
def test_a_location_elsewhere_is_named_and_not_contacted(at: At, location: str) -> None:
    place = at("easy-home")
    strange_igd(place.site, "location", location)
    said = ask(place)
    (strange,) = value(said, "upnp.strange")
    assert (strange["reason"], strange["sender"]) == ("location-elsewhere", ROUTER)
    assert said["readings"]["upnp.external_address"]["state"] == "unknown"


def test_an_answer_of_another_host_is_named_and_not_followed(at: At) -> None:
    place = at("easy-home")
    router = place.site.router
    assert router is not None
    router.ip(f"address add {LINE_A.lan}.66/24 dev lan0")
    strange_igd(place.site, "elsewhere", f"{LINE_A.lan}.66")
    said = ask(place)
    assert present(said)["upnp"] is False
    (strange,) = value(said, "upnp.strange")
    assert (strange["reason"], strange["sender"]) == ("not-the-gateway", f"{LINE_A.lan}.66")


@pytest.mark.parametrize("manner", ["huge", "endless", "drip", "nested", "entities", "redirect"])
def test_a_hostile_description_ends_in_a_sentence(at: At, manner: str) -> None:
    place = at("easy-home")
    strange_igd(place.site, manner)
    outcome = measured(place)
    said = outcome.json
    assert outcome.seconds < UNHURRIED_S
    assert present(said)["upnp"] is True
    (strange,) = value(said, "upnp.strange")
    assert strange["reason"] == "bad-description"
    assert said["checks"]["upnp"]["status"] == "done"


MEMORY_MIB = 60
"""The budget of the whole program."""


def measured(place: Place, *argv: str) -> Outcome:
    """A run whose peak memory (VmHWM of all that the shell waited for) is within the budget."""
    code = (
        "import resource, subprocess, sys; done = subprocess.run(sys.argv[1:]);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr);"
        "sys.exit(done.returncode)"
    )
    program = place.program
    words = ("check", "--json", "--derp-map", str(place.map_file), *ONLY, *argv)
    command = (sys.executable, "-c", code, *program.command(words))
    began = time.monotonic()
    done = program.machine.run(command, env=program.environment(), limit_s=60)
    used_mib = int(done.stderr.split()[-1]) / 1024
    assert used_mib <= MEMORY_MIB
    seconds = time.monotonic() - began
    return Outcome(words, done.returncode, done.stdout, done.stderr, seconds)


@pytest.mark.parametrize("manner", ["elsewhere", "nonce", "garbage", "flood"])
def test_a_router_that_lies_over_nat_pmp_and_pcp_gets_nothing_made(at: At, manner: str) -> None:
    place = at("easy-home")
    router = place.site.router
    assert router is not None
    argv = (sys.executable, "-m", "tests.lab.servers.mapper", ROUTER, manner)
    expect_ready(router.start(argv, env=python_env()))
    outcome = measured(place, "--map-test")
    said = outcome.json
    assert outcome.seconds < UNHURRIED_S
    # What the right answer is worth in a flood hangs on the system's buffer.
    if manner != "flood":
        believed = manner == "nonce"
        assert present(said) == {"upnp": False, "nat_pmp": believed, "pcp": believed}
    if manner == "nonce":
        assert said["port_mapping"]["nat_pmp"]["mapping"]["granted"] is True
        assert said["port_mapping"]["pcp"]["mapping"]["granted"] is False
    assert {said["checks"][check]["status"] for check in ("nat-pmp", "pcp")} == {"done"}


def test_a_flood_of_ten_thousand_answers_changes_nothing(at: At) -> None:
    place = at("easy-home")
    strange_igd(place.site, "flood")
    outcome = measured(place)
    assert outcome.seconds < UNHURRIED_S
    assert present(outcome.json)["upnp"] is True
    assert outcome.json["port_mapping"]["upnp"]["external_ip"] == LINE_A.wan


def test_markup_and_escape_codes_of_a_router_reach_no_terminal(at: At) -> None:
    place = at("easy-home")
    strange_igd(place.site, "markup")
    said = ask(place)
    igd = value(said, "upnp.igd")
    assert igd["name"] == "\\x9b31m [b]evil[/b]"
    assert igd["software"] == "lab \\x1b[2J UPnP/1.0"
    plain = place.program.run("check", "--plain", "--derp-map", str(place.map_file), *ONLY)
    assert "\x1b" not in plain.stdout + plain.stderr
    assert "\x9b" not in plain.stdout + plain.stderr


def test_a_private_outer_address_is_named_and_does_not_match(at: At) -> None:
    place = at("easy-home")
    strange_igd(_behind(place.site), "plain")
    said = ask(place, "--map-test")
    upnp = said["port_mapping"]["upnp"]
    assert upnp["external_ip"] == "192.168.178.20"
    assert "private" in said["readings"]["upnp.external_address"]["source"]
    assert upnp["mapping"]["granted"] is True
    assert upnp["mapping"]["address_matches"] is False
    assert upnp["mapping"]["ok"] is False


def test_a_real_router_behind_another_says_so(at: At) -> None:
    place = at("hard-home")
    router = place.site.router
    assert router is not None
    router.ip("address flush dev wan0\naddress add 10.99.0.2/24 dev wan0")
    behind = replace(place.site, line=replace(place.site.line, wan="10.99.0.2"))
    miniupnpd(behind)
    said = ask(place, "--map-test")
    assert present(said) == {"upnp": True, "nat_pmp": True, "pcp": True}
    codes = {name: found["error"]["code"] for name, found in said["port_mapping"].items()}
    # What miniupnpd 2.3 says where its WAN address is private; it grants nothing then.
    assert codes == {"upnp": 501, "nat_pmp": 3, "pcp": 8}
    assert not any(found["mapping"]["granted"] for found in said["port_mapping"].values())
    assert forwarded(router) == set()
    assert records(place) == []


BETWEEN = f"""
table ip between {{
  chain in {{
    type nat hook input priority 100
    iifname lan0 ip saddr {DEVICE} udp dport 5351 snat to {LINE_A.lan}.77
    iifname lan0 ip saddr {DEVICE} tcp dport 43211 snat to {LINE_A.lan}.77
  }}
}}
"""
"""The router's own services see another address than the device's: that of a box in between."""


def test_a_nat_between_here_and_the_router_shows_when_a_port_is_asked_for(at: At) -> None:
    """PCP says ADDRESS_MISMATCH then, and UPnP's secure mode refuses (718, or 606 in IGD 2)."""
    place = at("hard-home")
    miniupnpd(place.site)
    assert place.site.router is not None
    place.site.router.nft(BETWEEN)
    # Whoever says "second router" has looked whether it is the computer around a container.
    said = place.check("--only", f"{ONLY[1]},environment", "--map-test").json
    assert value(said, "pcp.error") is None, "it was not asked for anything then"
    assert value(said, "pcp.mapping")["error"]["fault"] == "nat-between"
    assert value(said, "upnp.mapping")["granted"] is False
    assert value(said, "upnp.mapping")["error"]["code"] in (718, 606)
    (double,) = (each for each in said["causes"] if each["id"] == "double-nat")
    assert "pcp.mapping" in double["because"]
    assert records(place) == []


def _behind(site: Customer) -> Customer:
    """The site, with a router that believes to have a private address outside."""
    return replace(site, line=replace(site.line, wan="192.168.178.20"))
