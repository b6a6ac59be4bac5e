"""Whether packets as large as the VPN's get out: lost ones are told apart from lost chance."""

from __future__ import annotations

import pytest

from probes.checks.behavior_test import SOFTWARE
from probes.checks.packet_size import FILLED
from probes.diagnosis.diagnose import diagnose
from probes.diagnosis.model import CauseId
from probes.model import Reason, Unknown
from probes.network.simulated import parse
from probes.options import HostPort, Options
from probes.readings import behavior, classic
from probes.report import Report, report_of
from probes.wire.stun import binding_request
from probes.wire.stun import parse as parse_stun
from tests.engine.test_scenarios import events_of

HOME = 'description = "A home."\ninclude = ["regions", "behavior", "home"]\n'
UPLINK = "[box.router]\nline.{}\n"


def measured(more: str = "", *servers: str) -> Report:
    options = Options(behavior_servers=tuple(HostPort(each, 3478) for each in servers))
    return report_of(events_of(parse(HOME + more), options))


def causes(report: Report) -> set[CauseId]:
    return {each.id for each in diagnose(report).causes}


def test_the_large_request_is_as_large_as_it_says() -> None:
    data = binding_request(bytes(12), FILLED, software=SOFTWARE)
    assert len(data) + 28 == behavior.LARGE_BYTES
    assert parse_stun(data).attributes[0].type >= 0x8000, "servers have to ignore it"


@pytest.mark.parametrize(("mtu", "passed"), [(1500, True), (1340, True), (1339, False)])
def test_the_largest_packet_of_the_vpn_is_the_measure(mtu: int, passed: bool) -> None:
    report = measured(UPLINK.format(f"mtu = {mtu}"))
    found = report.value(behavior.LARGE4)
    assert found is not None
    assert found.passed is passed
    assert len(found.servers) == (1 if passed else 2)
    assert (CauseId.MTU in causes(report)) is not passed


def test_one_server_that_loses_it_proves_nothing() -> None:
    report = measured(UPLINK.format("mtu = 1300"), "cedar.behavior.example")
    reading = report[behavior.LARGE4]
    assert isinstance(reading, Unknown)
    assert reading.reason is Reason.TOO_FEW_ANSWERS
    assert CauseId.MTU not in causes(report)


@pytest.mark.parametrize("seed", range(4))
def test_a_lossy_line_is_not_taken_for_a_small_one(seed: int) -> None:
    report = measured(f"seed = {seed}\n" + UPLINK.format("loss = 0.2"))
    assert CauseId.MTU not in causes(report)


def test_it_keeps_to_the_manners_towards_public_servers() -> None:
    """The run's allowance still holds the classic test on two servers."""
    assert measured().known(classic.TYPE4)
