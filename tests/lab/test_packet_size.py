"""Packets as large as the VPN's, on kernel routers and with a real server."""

from __future__ import annotations

from collections.abc import Callable

from tests.lab.behavior import ask, two_coturns
from tests.lab.expected import value
from tests.lab.place import Place

At = Callable[..., Place]

SWALLOWS = """
table inet small {{
  chain out {{
    type filter hook forward priority -10
    oifname "wan0" meta length > {most} drop
  }}
}}
"""


def test_a_router_that_swallows_large_packets_is_found_out(at: At) -> None:
    place = at("easy-home")
    assert place.site.router is not None
    place.site.router.nft(SWALLOWS.format(most=1339))
    outcome = ask(place, *two_coturns(place.internet))
    assert value(outcome, "behavior.large4")["passed"] is False
    assert len(value(outcome, "behavior.large4")["servers"]) == 2
    assert ("mtu", "limits") in {(each["id"], each["weight"]) for each in outcome.json["causes"]}
    assert outcome.json["verdict"] == "direct", "it looks direct, and transfers stand still"


def test_a_router_that_lets_them_through_is_not_accused(at: At) -> None:
    place = at("easy-home")
    assert place.site.router is not None
    place.site.router.nft(SWALLOWS.format(most=1340))
    outcome = ask(place, *two_coturns(place.internet))
    assert value(outcome, "behavior.large4")["passed"] is True
    assert len(value(outcome, "behavior.large4")["servers"]) == 1


def test_a_small_line_that_says_so_is_no_obstacle(at: At) -> None:
    """The system then sends in pieces, and so it does with the VPN's packets."""
    place = at("easy-home")
    assert place.site.router is not None
    place.site.router.ip("link set wan0 mtu 1300")
    outcome = ask(place, *two_coturns(place.internet))
    assert value(outcome, "behavior.large4")["passed"] is True
    assert "mtu" not in {each["id"] for each in outcome.json["causes"]}
