"""What a killed run left open over NAT-PMP and PCP: removed at the next start, or over by then."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_address

import pytest

from probes.checks.context import Check
from probes.checks.local import LocalCheck
from probes.checks.nat_pmp import NatPmpCheck
from probes.checks.pcp import PcpCheck
from probes.engine import measure
from probes.events import Event
from probes.mappings import TestMapping
from probes.model import Endpoint
from probes.network.simulated import run_virtual
from probes.network.simulated.network import SimulatedNetwork
from probes.options import Options
from probes.readings.port_mapping import LEFTOVERS, LeftoverState, MappingProtocol
from probes.report import Report, report_of
from tests.engine.port_mapping import DEVICE, ROUTER, Drawer, home, mapper

CHECKS: dict[MappingProtocol, type[NatPmpCheck] | type[PcpCheck]] = {
    MappingProtocol.NAT_PMP: NatPmpCheck,
    MappingProtocol.PCP: PcpCheck,
}
ON = {MappingProtocol.NAT_PMP: "nat_pmp = true", MappingProtocol.PCP: "pcp = true"}
REFUSES = {
    MappingProtocol.NAT_PMP: "nat_pmp_result = 2",
    MappingProtocol.PCP: "pcp_result = 8",  # as miniupnpd, where there is nothing to remove
}


def left(
    network: SimulatedNetwork,
    protocol: MappingProtocol,
    *,
    name: str = "0123",
    ago_s: float = 0.0,
    lan: str = "",
) -> TestMapping:
    """The record of a test mapping with a lease of a minute, made `ago_s` seconds before."""

    async def ask() -> str:
        return (network.wall() - timedelta(seconds=ago_s)).isoformat(timespec="seconds")

    return TestMapping(
        id=name,
        protocol=protocol,
        made_at=run_virtual(ask()),
        lease_s=60,
        gateway=ip_address(f"{lan}.1" if lan else ROUTER),
        client=ip_address(f"{lan}.20" if lan else DEVICE),
        interface="",
        internal_port=50001,
        external_port=50002,
        nonce="ab" * 12,
    )


def start(network: SimulatedNetwork, check: Check, drawer: Drawer, *, held: bool = False) -> Report:
    """The next start. `held`: the router still has the mapping. Another program's it has anyway."""

    async def run() -> list[Event]:
        for router in network.world.mappers:
            router.put(50003, Endpoint.of(DEVICE, 50003), 60, "of another program")
            if held:
                to = Endpoint.of(DEVICE, 50001)
                router.put(50002, to, 60, "whyrelay test", bytes.fromhex("ab" * 12))
        options = Options(journal=drawer.journal)
        return [each async for each in measure(network, (LocalCheck(), check), options)]

    return report_of(run_virtual(run()))


@pytest.mark.parametrize("protocol", CHECKS)
def test_what_a_killed_run_left_is_removed_and_said(protocol: MappingProtocol) -> None:
    network, drawer = home(ON[protocol]), Drawer()
    record = left(network, protocol).to_text()
    drawer.kept = {"0123": record, "broken": "{", "odd": '{"id": 1}'}
    found = start(network, CHECKS[protocol](), drawer, held=True)
    (leftover,) = found.value(LEFTOVERS) or ()
    assert leftover.state is LeftoverState.REMOVED
    assert leftover.external_port == 50002
    assert list(mapper(network).table) == [50003]
    assert sorted(drawer.kept) == ["broken", "odd"]


@pytest.mark.parametrize("protocol", CHECKS)
@pytest.mark.parametrize("refuses", [False, True], ids=["confirms", "refuses"])
def test_once_its_time_is_over_the_router_has_forgotten_it(
    protocol: MappingProtocol, refuses: bool
) -> None:
    more = REFUSES[protocol] if refuses else ""
    network, drawer = home(f"{ON[protocol]}\n{more}"), Drawer()
    drawer.kept = {"0123": left(network, protocol, ago_s=61).to_text()}
    found = start(network, CHECKS[protocol](), drawer)
    assert [each.state for each in found.value(LEFTOVERS) or ()] == [LeftoverState.EXPIRED]
    assert drawer.kept == {}
    assert list(mapper(network).table) == [50003]


@pytest.mark.parametrize("protocol", CHECKS)
def test_before_its_time_is_over_a_refusal_leaves_it_open_and_recorded(
    protocol: MappingProtocol,
) -> None:
    network, drawer = home(f"{ON[protocol]}\n{REFUSES[protocol]}"), Drawer()
    drawer.kept = {"0123": left(network, protocol, ago_s=30).to_text()}
    found = start(network, CHECKS[protocol](), drawer, held=True)
    assert [each.state for each in found.value(LEFTOVERS) or ()] == [LeftoverState.STILL_THERE]
    assert sorted(drawer.kept) == ["0123"]


@pytest.mark.parametrize(
    ("ago_s", "state"), [(61, LeftoverState.STILL_THERE), (4000, LeftoverState.EXPIRED)]
)
def test_a_silent_router_is_believed_to_have_it_for_an_hour(
    ago_s: float, state: LeftoverState
) -> None:
    network, drawer = home(), Drawer()
    drawer.kept = {"0123": left(network, MappingProtocol.PCP, ago_s=ago_s).to_text()}
    found = start(network, PcpCheck(), drawer)
    assert [each.state for each in found.value(LEFTOVERS) or ()] == [state]


def test_a_record_of_another_network_waits_there() -> None:
    network, drawer = home("nat_pmp = true"), Drawer()
    new = left(network, MappingProtocol.NAT_PMP, name="1", lan="192.168.99")
    old = left(network, MappingProtocol.NAT_PMP, name="2", lan="192.168.99", ago_s=7200)
    drawer.kept = {each.id: each.to_text() for each in (new, old)}
    found = start(network, NatPmpCheck(), drawer)
    assert list(drawer.kept) == ["1"]
    assert [each.state for each in found.value(LEFTOVERS) or ()] == [LeftoverState.EXPIRED]
