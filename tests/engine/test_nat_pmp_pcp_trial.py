"""Test mappings over NAT-PMP and PCP: made with consent, compared, seen from outside, removed."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address

import pytest

from probes.checks.context import Check
from probes.checks.local import LocalCheck
from probes.checks.nat_pmp import NatPmpCheck
from probes.checks.pcp import PcpCheck
from probes.engine import measure
from probes.mappings import TestMapping
from probes.model import Reason, Unknown
from probes.network.simulated import SimulatedNetwork, run_virtual
from probes.network.simulated.packet import Packet, Transport
from probes.network.simulated.stun_server import Reply
from probes.options import Options
from probes.readings.port_mapping import (
    LET_THROUGH,
    MappingTest,
)
from probes.wire import natpmp, pcp
from tests.engine.port_mapping import (
    DEVICE,
    FIVE,
    OUTER,
    Drawer,
    home,
    mapper,
    report,
)
from tests.engine.test_nat_pmp_pcp import BOTH, KEYS, ON, served

USELESS = "useless = true"
OWN_FIREWALL = "[host.here.firewall]\n"
HARD = 'mapping = "address-and-port-dependent"\nports = "random"'


def tried(network: SimulatedNetwork, check: Check, **options: object) -> tuple[MappingTest, Drawer]:
    drawer = Drawer()
    options.setdefault("journal", drawer.journal)
    found = report(network, check, stun=True, map_test=True, **options)
    key = KEYS[type(check)].test
    value = found.value(key)
    assert isinstance(value, MappingTest), found[key]
    return value, drawer


@pytest.mark.parametrize("check", BOTH)
def test_a_mapping_is_made_compared_seen_and_removed(
    check: type[NatPmpCheck] | type[PcpCheck],
) -> None:
    network = home(ON[check], nat=HARD)
    found, drawer = tried(network, check(), behavior_servers=FIVE)
    assert found.granted
    assert found.error is None
    assert found.external_address == ip_address(OUTER)
    assert found.address_matches is True
    assert found.seen_from_outside is True
    assert "RESPONSE-PORT" in found.how
    assert found.ok is True
    assert found.lease_s == 60
    assert found.removed is True
    assert found.external_port is not None
    assert found.external_port >= 49152
    assert mapper(network).table == {}
    assert drawer.kept == {}
    first = TestMapping.from_text(drawer.ever[0])
    assert first.external_port == found.external_port
    assert str(first.client) == DEVICE


@pytest.mark.parametrize("check", BOTH)
def test_a_mapping_through_which_nothing_comes_in_is_not_ok(
    check: type[NatPmpCheck] | type[PcpCheck],
) -> None:
    found, _ = tried(home(f"{ON[check]}\nuseless = true"), check(), behavior_servers=FIVE)
    assert found.granted
    assert found.seen_from_outside is False
    assert found.ok is False
    assert found.removed is True


@pytest.mark.parametrize("check", BOTH)
@pytest.mark.parametrize(
    ("useless", "own_firewall", "let_through"),
    [
        ("", "", None),
        ("", OWN_FIREWALL, True),
        (USELESS, "", False),
        (USELESS, OWN_FIREWALL, False),
    ],
)
def test_who_keeps_a_stranger_s_packet_out_shows(
    check: type[NatPmpCheck] | type[PcpCheck],
    useless: str,
    own_firewall: str,
    let_through: bool | None,
) -> None:
    network = home(f"{ON[check]}\n{useless}", own_firewall)
    found = report(network, check(), behavior_servers=FIVE, map_test=True, journal=Drawer().journal)
    test = found.value(KEYS[check].test)
    assert test is not None
    assert test.seen_from_outside is (let_through is None)
    assert found.value(LET_THROUGH) is let_through
    assert test.removed is True


@pytest.mark.parametrize("check", BOTH)
def test_a_router_that_restarts_in_the_middle_has_forgotten_it(
    check: type[NatPmpCheck] | type[PcpCheck],
) -> None:
    network, drawer = home(ON[check]), Drawer()
    usual = network.world.boxes["router"].services[Transport.UDP, natpmp.PORT]

    def restart(packet: Packet) -> list[Reply]:
        data = packet.payload
        assert isinstance(data, bytes)
        if data[0] == natpmp.VERSION:
            wanted = natpmp.parse_request(data)
            if wanted is None or wanted.lifetime_s:
                return list(usual(packet))
            return [Reply(packet.answer(natpmp.build(natpmp.Reply(wanted.opcode, 2, 3))))]
        asked = pcp.parse_request(data)
        if asked.map is None or asked.lifetime_s:
            return list(usual(packet))
        return [Reply(packet.answer(pcp.build(pcp.Reply(asked.opcode, 2, 0, 3, asked.map))))]

    found = report(served(network, restart), check(), map_test=True, journal=drawer.journal)
    test = found.value(KEYS[check].test)
    assert test is not None
    assert (test.granted, test.removed) == (True, True)
    assert "restarted meanwhile" in str(found[KEYS[check].test])
    assert drawer.kept == {}


def test_without_an_able_server_nobody_can_say_what_comes_in() -> None:
    plain = '[server.five]\nstun = { kind = "plain" }'
    network = home(
        "nat_pmp = true",
        plain.replace("[server.five]\n", "[server.six]\n")
        + """
host = "six.example"
ipv4 = "45.83.202.1"
""",
    )
    from probes.options import HostPort

    found, _ = tried(network, NatPmpCheck(), behavior_servers=(HostPort("six.example", 3478),))
    assert found.granted
    assert found.seen_from_outside is None
    assert found.ok is True


def test_a_private_outer_address_does_not_match() -> None:
    network = home('nat_pmp = true\nexternal = "192.168.178.20"')
    found, _ = tried(network, NatPmpCheck(), behavior_servers=FIVE)
    assert found.granted
    assert found.address_matches is False
    assert found.ok is False
    assert found.removed is True


@pytest.mark.parametrize("check", BOTH)
def test_without_consent_nothing_on_the_router_changes(
    check: type[NatPmpCheck] | type[PcpCheck],
) -> None:
    network, drawer = home(ON[check]), Drawer()
    asked: list[bytes] = []
    whole = mapper(network)._datagram

    def watch(packet: Packet) -> list[Reply]:
        assert isinstance(packet.payload, bytes)
        asked.append(packet.payload)
        return whole(packet)

    found = report(served(network, watch), check(), journal=drawer.journal)
    reading = found[KEYS[check].test]
    assert isinstance(reading, Unknown)
    assert reading.reason is Reason.NEEDS_CONSENT
    assert [each[:2] for each in asked] == [b"\0\0" if check is NatPmpCheck else b"\2\0"]
    assert drawer.ever == []


@pytest.mark.parametrize("check", BOTH)
def test_without_a_record_no_mapping_is_made(check: type[NatPmpCheck] | type[PcpCheck]) -> None:
    network, drawer = home(ON[check]), Drawer(works=False)
    found = report(network, check(), map_test=True, journal=drawer.journal)
    reading = found[KEYS[check].test]
    assert isinstance(reading, Unknown)
    assert reading.reason is Reason.NO_RIGHTS
    assert mapper(network).table == {}


@pytest.mark.parametrize("check", BOTH)
def test_the_record_is_there_before_the_router_hears_of_it(
    check: type[NatPmpCheck] | type[PcpCheck],
) -> None:
    network, drawer = home(ON[check]), Drawer()
    whole, seen = mapper(network)._datagram, []

    def watch(packet: Packet) -> list[Reply]:
        assert isinstance(packet.payload, bytes)
        if packet.payload[1] == 1 and not mapper(network).table:
            seen.append(len(drawer.kept))
        return whole(packet)

    report(served(network, watch), check(), map_test=True, journal=drawer.journal)
    assert seen[0] == 1


@pytest.mark.parametrize("check", BOTH)
def test_a_longer_lease_and_another_port_are_taken_and_told(
    check: type[NatPmpCheck] | type[PcpCheck],
) -> None:
    network = home(f"{ON[check]}\nshortest_lease_s = 120")
    found, drawer = tried(network, check())
    assert found.lease_s == 120
    assert TestMapping.from_text(drawer.ever[-1]).lease_s == 120


@pytest.mark.parametrize("check", BOTH)
def test_other_mappings_are_left_alone(check: type[NatPmpCheck] | type[PcpCheck]) -> None:
    entries = """
    [box.router.port_mapping.entry.a]
    port = 41641
    to = "192.168.1.20:41641"
    description = "tailscale-portmap"
    [box.router.port_mapping.entry.b]
    port = 51820
    to = "192.168.1.30:51820"
    """
    network = home(ON[check], entries)
    found, _ = tried(network, check())
    assert found.removed is True
    assert sorted(mapper(network).table) == [41641, 51820]


@pytest.mark.parametrize("check", BOTH)
@pytest.mark.parametrize("when_ms", [5, 30, 60, 200])
def test_whoever_leaves_half_way_leaves_nothing_behind(
    check: type[NatPmpCheck] | type[PcpCheck], when_ms: int
) -> None:
    network, drawer = home(f"{ON[check]}\nanswer_after_ms = 20"), Drawer()
    options = Options(
        map_test=True,
        journal=drawer.journal,
        behavior_servers=FIVE,
        derp_map_text=network.relay_map,
    )

    async def leave() -> None:
        async def watch() -> None:
            async for _ in measure(network, (LocalCheck(), check()), options):
                pass

        task = asyncio.create_task(watch())
        await asyncio.sleep(when_ms / 1000)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.sleep(0.001)
        assert [port for port, held in mapper(network).table.items()] == []

    run_virtual(leave())
