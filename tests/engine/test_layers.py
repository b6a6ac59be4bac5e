"""The first boxes on the way out, by packets that expire there."""

from __future__ import annotations

import json

import pytest

from probes.checks.layers import FARTHEST, LayersCheck
from probes.model import Reason, Unknown
from probes.network.seam import IcmpError
from probes.network.simulated.box import Box
from probes.network.simulated.library import parse
from probes.network.simulated.node import Below
from probes.network.simulated.packet import Packet
from probes.readings.layers import HOPS4
from probes.report import Report
from tests.engine.port_mapping import report

HOME = 'description = "x."\ninclude = ["regions", "home"]\n'
CARRIER = """
[box.router]
via = "carrier"
outside = ["100.64.17.2"]
[box.carrier]
inside = ["100.64.17.1/24"]
outside = ["45.83.223.10"]
[box.carrier.nat]
"""


def run(more: str = "", top: str = "") -> Report:
    return report(parse(f"{top}{HOME}{more}"), LayersCheck(), stun=True)


def hops(found: Report) -> list[tuple[int, str]]:
    return [(each.ttl, str(each.address)) for each in found.value(HOPS4) or ()]


def test_the_boxes_are_told_in_order_with_their_round_trips() -> None:
    found = run(CARRIER)
    assert hops(found) == [(1, "192.168.1.1"), (2, "100.64.17.1")]
    rtts = [each.rtt_ms for each in found.value(HOPS4) or ()]
    assert 0 < rtts[0] < rtts[1] < 50


def test_no_more_boxes_are_asked_than_a_home_and_its_provider_have() -> None:
    middle = [f"45.83.230.{number}" for number in range(1, 9)]
    seen = hops(run(top=f"hops = {json.dumps(middle)}\n"))
    beyond = [(ttl, address) for ttl, address in enumerate(middle, 2) if ttl <= FARTHEST]
    assert seen == [(1, "192.168.1.1"), *beyond]


def test_a_silent_box_leaves_a_gap_and_hides_no_other() -> None:
    text = CARRIER.replace('via = "carrier"', 'via = "carrier"\nsilent = true')
    assert hops(run(text)) == [(2, "100.64.17.1")]


@pytest.mark.parametrize(("lost", "seen"), [(2, True), (3, False)])
def test_a_box_whose_answers_get_lost_is_asked_three_times(
    monkeypatch: pytest.MonkeyPatch, lost: int, seen: bool
) -> None:
    network = parse(f"{HOME}{CARRIER}")
    box, left, usual = network.world.boxes["carrier"], [lost], Box._reply

    def reply(self: Box, below: Below, packet: Packet, error: IcmpError) -> None:
        if self is box and error is IcmpError.TTL and left[0]:
            left[0] -= 1
        else:
            usual(self, below, packet, error)

    monkeypatch.setattr(Box, "_reply", reply)
    found = report(network, LayersCheck(), stun=True)
    assert ((2, "100.64.17.1") in hops(found)) is seen


def test_a_filter_that_refuses_is_no_box_on_the_way() -> None:
    # The router drops what has expired itself, and refuses the rest with an error of its own.
    refuses = '[box.router.rule.x]\naction = "reject"\ntransport = "udp"\nexcept_ports = [3478]\n'
    assert hops(run(f"{CARRIER}{refuses}")) == [(1, "192.168.1.1")]


@pytest.mark.parametrize("seed", range(4))
def test_lost_packets_may_hide_a_box_and_never_move_one(seed: int) -> None:
    lossy = CARRIER.replace("[box.carrier]", "line = { loss = 0.3 }\n[box.carrier]")
    truth = [(1, "192.168.1.1"), (2, "100.64.17.1")]
    seen = hops(run(lossy, f"seed = {seed}\n"))
    assert seen == [each for each in truth if each in seen]


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_a_system_that_does_not_tell_says_so(system: str) -> None:
    reading = run(f'[host.here]\nsystem = "{system}"\n')[HOPS4]
    assert isinstance(reading, Unknown)
    assert reading.reason is Reason.UNSUPPORTED_SYSTEM
    assert "without special rights" in reading.detail


def test_without_ipv4_there_is_nothing_to_trace() -> None:
    reading = run('[host.here.interface.wlan0]\naddresses = ["2a0e:b107:f00:1::20/64"]\n')[HOPS4]
    assert isinstance(reading, Unknown)
    assert reading.reason is Reason.NOT_APPLICABLE
