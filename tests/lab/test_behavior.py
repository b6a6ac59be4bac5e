"""Who is let in, the boxes on the way, sign-in pages and lifetimes: by real servers and routers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.lab.behavior import ask, liar, sign_in_page, stund, two_coturns
from tests.lab.expected import schema_faults, value
from tests.lab.place import Place
from tests.lab.program import Outcome
from tests.lab.servers.elsewhere import Claim
from tests.patience import UNHURRIED_S

At = Callable[..., Place]

EIM, APDM = "endpoint-independent", "address-and-port-dependent"
EIF, ADF, APDF = "endpoint-independent", "address-dependent", "address-and-port-dependent"


def causes(outcome: Outcome) -> set[tuple[str, str]]:
    assert schema_faults(outcome.json) == []
    return {(cause["id"], cause["weight"]) for cause in outcome.json["causes"]}


@pytest.mark.parametrize(
    ("site", "mapping", "filtering", "hard"),
    [
        ("easy-home", EIM, APDF, "relayed"),
        ("eif-home", EIM, EIF, "direct"),
        ("adf-home", EIM, ADF, "direct"),
        ("hard-home", APDM, APDF, "relayed"),
        ("public", EIM, EIF, "direct"),
        ("public-firewall", EIM, APDF, "relayed"),
    ],
)
def test_mapping_and_filtering_are_named_right(
    at: At, site: str, mapping: str, filtering: str, hard: str
) -> None:
    place = at(site)
    outcome = ask(place, *two_coturns(place.internet))
    nat = outcome.json["nat"]
    assert (nat["mapping"], nat["filtering"]) == (mapping, filtering)
    for reading in ("behavior.mapping4", "behavior.filtering4"):
        assert value(outcome, reading)["confidence"] == "certain"
        assert len(value(outcome, reading)["servers"]) == 2
    assert {server["state"] for server in value(outcome, "behavior.servers")} == {"able"}
    assert outcome.json["outlook"]["hard"]["result"] == hard
    assert (("inbound-blocked", "limits") in causes(outcome)) is (site == "public-firewall")
    assert "nat-state-collision" not in {cause for cause, _ in causes(outcome)}
    if site in ("easy-home", "adf-home"):
        assert value(outcome, "collision.present") is False
        assert outcome.json["verdict"] == "direct"


def test_a_router_that_takes_strangers_packets_gives_the_port_away(at: At) -> None:
    place = at("easy-home-wan-open")
    outcome = ask(place, *two_coturns(place.internet))
    assert value(outcome, "collision.present") is True
    assert ("nat-state-collision", "limits") in causes(outcome)
    assert outcome.json["verdict"] == "depends"


@pytest.mark.parametrize(
    ("claim", "state"),
    [(Claim.LIES, "liar"), (Claim.REFUSES, "refuses"), (Claim.BOASTS, "other-silent")],
)
def test_a_server_that_cannot_is_dropped_and_named(at: At, claim: Claim, state: str) -> None:
    place = at("easy-home")
    wrong = liar(place.internet, claim)
    outcome = ask(place, wrong, *two_coturns(place.internet))
    states = {each["host"]: each["state"] for each in value(outcome, "behavior.servers")}
    assert states.pop(f"{wrong}:3478") == state
    assert set(states.values()) == {"able"}
    assert value(outcome, "behavior.filtering4")["filtering"] == APDF
    assert f"{wrong}:3478" not in value(outcome, "behavior.filtering4")["servers"]
    plain = place.program.run(
        *("check", "--plain", "--no-save", "--derp-map", str(place.map_file)),
        *("--only", "local,stun,behavior", "--behavior-server", wrong),
    )
    assert f"Server with two addresses: {wrong}:3478: " in plain.stdout
    assert "Filtering: not measured." in plain.stdout


PYSTUN = """
import socket, stun
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    s.settimeout(0.4)
    s.bind(("0.0.0.0", 0))
    print(stun.get_nat_type(s, {own!r}, s.getsockname()[1], stun_host={server!r})[0])
"""


def pystun_says(place: Place, server: str) -> str:
    """pystun3's own verdict, all tests on one socket."""
    code = PYSTUN.format(own=f"{place.site.line.lan}.2", server=server)
    return place.site.device.run((sys.executable, "-c", code), limit_s=30).stdout.strip()


@pytest.mark.parametrize(
    ("site", "ours", "theirs"),
    [
        ("easy-home", "port-restricted-cone", "Restric Port NAT"),
        # It sends from the very socket that a stranger's packet has just spoiled.
        ("easy-home-wan-open", "port-restricted-cone", "Symmetric NAT"),
        ("eif-home", "full-cone", "Full Cone"),
        ("hard-home", "symmetric", "Symmetric NAT"),
    ],
)
@pytest.mark.parametrize("serve", [stund, lambda net: two_coturns(net)[0]], ids=["stund", "coturn"])
def test_the_classic_type_beside_pystun_s_own(
    at: At, site: str, ours: str, theirs: str, serve: Callable[[Any], str]
) -> None:
    place = at(site)
    server = serve(place.internet)
    outcome = ask(place, server)
    assert outcome.json["nat"]["classic"] == ours
    assert pystun_says(place, server) == theirs


@pytest.mark.parametrize(
    ("site", "ours"), [("public", "open-internet"), ("public-firewall", "symmetric-udp-firewall")]
)
def test_the_classic_type_of_a_public_address(at: At, site: str, ours: str) -> None:
    place = at(site)
    assert ask(place, stund(place.internet)).json["nat"]["classic"] == ours


def test_a_lifetime_is_bracketed(at: At) -> None:
    place = at("forgetful-home")
    server, _ = two_coturns(place.internet)
    more = ("--only", "local,stun,lifetime")
    outcome = ask(place, server, more=more)
    found = value(outcome, "lifetime.mapping4")
    assert (found["lived_s"], found["expired_s"]) == (20, 35)
    assert found["method"] == "response-port"
    assert outcome.seconds < 35 + UNHURRIED_S, "the brackets after it are not waited for"
    assert ("short-mapping-lifetime", "notes") in causes(outcome)


@pytest.mark.parametrize(("site", "works"), [("easy-home", False), ("hairpin-home", True)])
def test_hairpin(at: At, site: str, works: bool) -> None:
    place = at(site)
    server, _ = two_coturns(place.internet)
    outcome = ask(place, server, more=("--with", "hairpin"))
    assert value(outcome, "hairpin.works4") is works


def test_a_sign_in_page_is_seen(at: At) -> None:
    place = at("udp-dropped")
    sign_in_page(place)
    outcome = place.check()
    assert value(outcome, "captive_portal.present") is True
    assert {each["location"] for each in value(outcome, "captive_portal.answers")} == {
        "http://sign-in.hotel.example/"
    }
    assert outcome.json["netcheck"]["CaptivePortal"] is True
    assert ("captive-portal", "blocks") in causes(outcome)
    assert outcome.json["headline"].startswith("Sign in first")


def test_no_sign_in_page_where_there_is_none(at: At) -> None:
    outcome = at("easy-home").check()
    assert value(outcome, "captive_portal.present") is False
    assert outcome.json["netcheck"]["CaptivePortal"] is False


def test_without_a_server_it_ends_soon_and_says_why(at: At) -> None:
    outcome = at("easy-home").check("--no-save")
    assert outcome.json["nat"]["filtering"] == "unknown"
    reading = outcome.json["readings"]["behavior.filtering4"]
    assert reading["reason"].startswith("no-server")
    assert outcome.json["checks"]["behavior"]["finished_ms"] < 1500
