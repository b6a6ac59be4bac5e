"""Test mappings over UPnP: made with consent, read back, seen from outside, removed."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address

import pytest

from probes.checks.local import LocalCheck
from probes.checks.mapping_errors import UPNP as CODES
from probes.checks.upnp import UpnpCheck
from probes.engine import measure
from probes.events import Event
from probes.mappings import DESCRIPTION, TestMapping
from probes.model import Endpoint
from probes.network.simulated import SimulatedNetwork, run_virtual
from probes.options import Options
from probes.readings.port_mapping import (
    LEFTOVERS,
    UPNP,
    LeftoverState,
    MappingFault,
    MappingProtocol,
)
from probes.report import Report, report_of
from tests.engine.port_mapping import (
    DEVICE,
    FIVE,
    ROUTER,
    Drawer,
    home,
    mapper,
    report,
)
from tests.engine.test_upnp import entry

HARD = 'mapping = "address-and-port-dependent"\nports = "random"'


def tried(table: str, more: str = "", nat: str = "") -> tuple[Report, SimulatedNetwork, Drawer]:
    network, drawer = home(f"upnp = true\n{table}", more, nat), Drawer()
    found = report(
        network,
        UpnpCheck(),
        stun=True,
        map_test=True,
        journal=drawer.journal,
        behavior_servers=FIVE,
    )
    return found, network, drawer


def test_a_mapping_is_made_read_back_seen_and_removed() -> None:
    found, network, drawer = tried("", entry("a", 41641, DEVICE, "tailscale-portmap"), HARD)
    test = found.value(UPNP.test)
    assert test is not None
    assert (test.granted, test.read_back, test.address_matches) == (True, True, True)
    assert (test.seen_from_outside, test.removed, test.ok) == (True, True, True)
    assert list(mapper(network).table) == [41641]
    assert drawer.kept == {}
    assert TestMapping.from_text(drawer.ever[0]).control_url == f"http://{ROUTER}:5000/ctl/IPConn"


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_error_of_a_new_mapping_is_told(code: int) -> None:
    found, network, drawer = tried(f"upnp_error = {code}")
    test = found.value(UPNP.test)
    assert test is not None
    assert not test.granted
    assert test.error is not None
    assert (test.error.code, test.error.name) == (code, CODES[code][0])
    assert mapper(network).table == {}
    assert drawer.kept == {}
    # A port that is taken is worth another one; nothing else is asked twice.
    again = CODES[code][1] in (MappingFault.CONFLICT, MappingFault.OTHER_MECHANISM)
    assert len(drawer.ever) == (3 if again else 1)


def test_only_permanent_leases_means_no_mapping_at_all() -> None:
    found, network, _ = tried("upnp_error = 725")
    test = found.value(UPNP.test)
    assert test is not None
    assert test.error is not None
    assert test.error.fault is MappingFault.ONLY_PERMANENT
    assert mapper(network).table == {}


@pytest.mark.parametrize("when_ms", [10, 50, 150, 400])
def test_whoever_leaves_half_way_leaves_nothing_behind(when_ms: int) -> None:
    network, drawer = home("upnp = true\nanswer_after_ms = 20"), Drawer()
    options = Options(
        map_test=True,
        journal=drawer.journal,
        behavior_servers=FIVE,
        derp_map_text=network.relay_map,
    )

    async def leave() -> None:
        async def watch() -> None:
            async for _ in measure(network, (LocalCheck(), UpnpCheck()), options):
                pass

        task = asyncio.create_task(watch())
        await asyncio.sleep(when_ms / 1000)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.sleep(0.001)
        assert mapper(network).table == {}

    run_virtual(leave())


@pytest.mark.parametrize(
    ("held", "state"),
    [
        ((DEVICE, 50001, DESCRIPTION), LeftoverState.REMOVED),
        ((DEVICE, 50001, "of another program"), LeftoverState.NOT_OURS),
        ((DEVICE, 50009, DESCRIPTION), LeftoverState.NOT_OURS),
        (("192.168.1.30", 50001, DESCRIPTION), LeftoverState.NOT_OURS),
        (None, LeftoverState.GONE),
    ],
)
def test_only_what_was_recorded_and_leads_here_is_removed(
    held: tuple[str, int, str] | None, state: LeftoverState
) -> None:
    network, drawer = home("upnp = true"), Drawer()

    async def run() -> list[Event]:
        left = TestMapping(
            id="0123",
            protocol=MappingProtocol.UPNP,
            made_at=network.wall().isoformat(timespec="seconds"),
            lease_s=60,
            gateway=ip_address(ROUTER),
            client=ip_address(DEVICE),
            interface="",
            internal_port=50001,
            external_port=50002,
            control_url=f"http://{ROUTER}:5000/ctl/IPConn",
            service="urn:schemas-upnp-org:service:WANIPConnection:1",
        )
        drawer.kept = {"0123": left.to_text()}
        if held is not None:
            mapper(network).put(50002, Endpoint.of(held[0], held[1]), 60, held[2])
        options = Options(journal=drawer.journal)
        return [each async for each in measure(network, (LocalCheck(), UpnpCheck()), options)]

    found = report_of(run_virtual(run()))
    assert [each.state for each in found.value(LEFTOVERS) or ()] == [state]
    assert drawer.kept == {}
    still_there = state is LeftoverState.NOT_OURS
    assert (50002 in mapper(network).table) is still_there
