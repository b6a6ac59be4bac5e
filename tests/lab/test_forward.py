"""A port that is forwarded for good: tested from outside, by the installed program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.lab.behavior import ask, two_coturns
from tests.lab.customer import LINE_A
from tests.lab.place import Place

At = Callable[..., Place]
PORT = 41641
DEVICE = f"{LINE_A.lan}.2"
FORWARD = f"""
table ip forwards {{
  chain prerouting {{
    type nat hook prerouting priority dstnat - 1; policy accept;
    iifname wan0 udp dport {PORT} dnat to {DEVICE}
  }}
}}
"""

LET_IN = "insert rule inet home forward ct status dnat accept\n"


def forward(place: Place) -> Any:
    """What is said of the VPN's port."""
    servers = two_coturns(place.internet)
    return ask(place, *servers, more=("--port", str(PORT))).json


@pytest.mark.parametrize("site", ["hard-home", "easy-home"])
def test_a_static_forward_is_open(at: At, site: str) -> None:
    place = at(site)
    assert place.site.router is not None
    place.site.router.nft(FORWARD + LET_IN)
    said = forward(place)
    assert said["forward"]["port"] == PORT
    assert said["forward"]["open"] is True
    assert said["nat"]["class"] == "easy"


def test_a_port_that_nobody_forwards_is_closed(at: At) -> None:
    said = forward(at("hard-home"))
    assert said["forward"]["open"] is False
    assert said["nat"]["class"] == "hard"


def test_a_forward_that_the_home_does_not_let_in_is_closed(at: At) -> None:
    place = at("hard-home")
    assert place.site.router is not None
    place.site.router.nft(FORWARD)
    assert forward(place)["forward"]["open"] is False
