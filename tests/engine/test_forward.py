"""The static forward of the VPN's port, over the simulated network."""

from __future__ import annotations

import pytest

from probes.checks.behavior import BehaviorCheck
from probes.checks.local import LocalCheck
from probes.engine import measure
from probes.events import Event
from probes.model import Family, Unknown
from probes.network.seam import Bind
from probes.network.simulated import run_virtual
from probes.options import Options
from probes.readings.port_mapping import FORWARD
from probes.report import report_of
from tests.engine.port_mapping import DEVICE, FIVE, home, report

HARD = 'mapping = "address-and-port-dependent"\nports = "random"'


@pytest.mark.parametrize("is_open", [True, False])
def test_a_static_forward_is_tested_from_outside(is_open: bool) -> None:
    forward = f'forwards = [{{ transport = "udp", port = 41641, to = "{DEVICE}:41641" }}]'
    network = home(nat=f"{HARD}\n{forward if is_open else ''}")
    found = report(network, BehaviorCheck(), behavior_servers=FIVE).value(FORWARD)
    assert found is not None
    assert (found.port, found.open) == (41641, is_open)


def test_a_port_in_use_is_not_taken_from_its_owner() -> None:
    network = home()

    async def run() -> list[Event]:
        owner = await network.udp(Bind(Family.V4, port=41641))
        options = Options(behavior_servers=FIVE)
        found = [e async for e in measure(network, (LocalCheck(), BehaviorCheck()), options)]
        owner.close()
        return found

    reading = report_of(run_virtual(run()))[FORWARD]
    assert isinstance(reading, Unknown)
    assert "in use" in reading.detail
