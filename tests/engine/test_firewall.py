"""The stateful firewall model."""

from __future__ import annotations

from typing import Any

import pytest

from probes.model import Endpoint
from probes.network.seam import IcmpError
from probes.network.simulated.firewall import Firewall, FirewallBehavior
from probes.network.simulated.nat_behavior import Dependence
from probes.network.simulated.packet import Packet, Transport

INSIDE = Endpoint.of("45.83.226.10", 41641)
FAR = Endpoint.of("45.83.220.1", 3478)
FAR_OTHER_PORT = Endpoint.of("45.83.220.1", 9)
ELSEWHERE = Endpoint.of("45.83.221.1", 3478)


def wall(**behavior: Any) -> Firewall:
    return Firewall(FirewallBehavior(**behavior))


def udp(source: Endpoint, destination: Endpoint) -> Packet:
    return Packet(Transport.UDP, source, destination, b"x")


@pytest.mark.parametrize(
    ("filtering", "other_port", "elsewhere"),
    [
        (Dependence.NOTHING, True, True),
        (Dependence.ADDRESS, True, False),
        (Dependence.ADDRESS_AND_PORT, False, False),
    ],
)
def test_who_counts_as_an_answer(filtering: Dependence, other_port: bool, elsewhere: bool) -> None:
    firewall = wall(filtering=filtering)
    assert not firewall.inward(udp(FAR, INSIDE), 0.0)
    firewall.outward(udp(INSIDE, FAR), 0.0)
    assert firewall.inward(udp(FAR, INSIDE), 0.0)
    assert firewall.inward(udp(FAR_OTHER_PORT, INSIDE), 0.0) is other_port
    assert firewall.inward(udp(ELSEWHERE, INSIDE), 0.0) is elsewhere
    other_local = Endpoint(INSIDE.address, 5000)
    assert not firewall.inward(udp(FAR, other_local), 0.0)


def test_an_open_port_takes_everybody() -> None:
    firewall = wall(allow=frozenset({(Transport.UDP, 41641)}))
    assert firewall.inward(udp(ELSEWHERE, INSIDE), 0.0)
    assert not firewall.inward(udp(ELSEWHERE, Endpoint(INSIDE.address, 22)), 0.0)


def test_flows_die_of_silence_later_once_answered() -> None:
    firewall = wall(unreplied_s=30, timeout_s=120)
    firewall.outward(udp(INSIDE, FAR), 0.0)
    assert not firewall.inward(udp(FAR, INSIDE), 30.1)
    firewall.outward(udp(INSIDE, FAR), 40.0)
    assert firewall.inward(udp(FAR, INSIDE), 41.0)
    assert firewall.inward(udp(FAR, INSIDE), 160.0)
    assert not firewall.inward(udp(FAR, INSIDE), 281.0)


def test_errors_about_known_flows_come_in_and_others_do_not() -> None:
    firewall = wall()
    sent = udp(INSIDE, FAR)
    bounce = sent.bounce(IcmpError.PORT, FAR)
    assert bounce is not None
    assert not firewall.inward(bounce, 0.0)
    firewall.outward(sent, 0.0)
    assert firewall.inward(bounce, 0.0)


def test_reset_forgets() -> None:
    firewall = wall(filtering=Dependence.NOTHING)
    firewall.outward(udp(INSIDE, FAR), 0.0)
    firewall.reset()
    assert not firewall.inward(udp(FAR, INSIDE), 0.0)
