"""NAT-PMP and PCP over the simulated network: presence, errors, versions, liars."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from probes.addresses import AddressKind
from probes.checks.context import Check
from probes.checks.nat_pmp import NatPmpCheck
from probes.checks.pcp import PcpCheck
from probes.events import CheckFinished, Event, Observed
from probes.model import CheckId, Endpoint, Known, Reason, Unknown
from probes.network.simulated import SimulatedNetwork
from probes.network.simulated.packet import Packet, Transport
from probes.network.simulated.stun_server import Reply
from probes.readings.port_mapping import (
    GATEWAY,
    NAT_PMP,
    NAT_PMP_EPOCH,
    PCP,
    PCP_EPOCH,
    TAILSCALE_ASKS,
    MappingFault,
    MappingProtocol,
)
from probes.report import report_of
from probes.wire import natpmp, pcp
from tests.engine.port_mapping import (
    DEVICE,
    OUTER,
    ROUTER,
    Drawer,
    events_of,
    home,
    report,
)

BOTH: tuple[type[NatPmpCheck] | type[PcpCheck], ...] = (NatPmpCheck, PcpCheck)
ON = {NatPmpCheck: "nat_pmp = true", PcpCheck: "pcp = true"}
KEYS = {NatPmpCheck: NAT_PMP, PcpCheck: PCP}
PROTOCOL = {NatPmpCheck: MappingProtocol.NAT_PMP, PcpCheck: MappingProtocol.PCP}


def ended_ms(events: list[Event], check: CheckId) -> float:
    return next(
        each.at_ms for each in events if isinstance(each, CheckFinished) and each.check is check
    )


def served(network: SimulatedNetwork, answer: object) -> SimulatedNetwork:
    """The router's NAT-PMP and PCP port answers as the test says."""
    assert callable(answer)
    services = dict(network.world.boxes["router"].services)
    services[Transport.UDP, natpmp.PORT] = answer
    network.world.boxes["router"].services = services
    return network


# --- presence -----------------------------------------------------------------------------------


def test_nat_pmp_tells_presence_address_and_epoch() -> None:
    found = report(home("nat_pmp = true\nepoch_s = 4711"), NatPmpCheck())
    assert found.value(NAT_PMP.present) is True
    assert found.value(NAT_PMP.external) == ip_address(OUTER)
    assert found.value(NAT_PMP_EPOCH) == 4711
    error = found[NAT_PMP.error]
    assert isinstance(error, Known)
    assert (error.value, error.source) == (None, f"NAT-PMP answer of {ROUTER}")
    assert found.value(GATEWAY) == ip_address(ROUTER)
    assert found.value(TAILSCALE_ASKS) is True


def test_pcp_tells_presence_and_asks_before_it_maps() -> None:
    found = report(home("pcp = true\nepoch_s = 4711"), PcpCheck())
    assert found.value(PCP.present) is True
    assert found.value(PCP_EPOCH) == 4711
    for reading in (found[PCP.external], found[PCP.test]):
        assert isinstance(reading, Unknown)
        assert reading.reason is Reason.NEEDS_CONSENT


@pytest.mark.parametrize("check", BOTH)
def test_a_closed_port_is_absent_at_once(check: type[Check]) -> None:
    events = events_of(home(), check())
    found = report_of(events)
    assert found.value(KEYS[check].present) is False
    assert "port-unreachable" in str(found[KEYS[check].present])
    assert ended_ms(events, check().id) < 20


@pytest.mark.parametrize("check", BOTH)
def test_silence_is_absent_after_three_tries_and_three_hundred_ms(check: type[Check]) -> None:
    heard: list[float] = []
    network = home()

    def silent(packet: Packet) -> list[Reply]:
        if packet.source.address == ip_address(DEVICE):
            heard.append(network.now())
        return []

    events = events_of(served(network, silent), check())
    assert report_of(events).value(KEYS[check].present) is False
    assert len(heard) == 3
    assert 300 <= ended_ms(events, check().id) <= 400


def test_a_slow_router_gets_twenty_round_trips() -> None:
    slow = "[host.here.interface.wlan0]\nline = { delay_ms = 40 }"
    network = home("nat_pmp = true\nanswer_after_ms = 900", slow)
    assert report(network, NatPmpCheck()).value(NAT_PMP.present) is True
    events = events_of(served(home("", slow), lambda _packet: []), NatPmpCheck())
    assert report_of(events).value(NAT_PMP.present) is False
    assert 1600 <= ended_ms(events, CheckId.NAT_PMP) <= 1720


def test_nothing_waits_longer_than_two_seconds() -> None:
    rules = (
        '[box.router.rule.x]\naction = "drop"\n'
        "[host.here.interface.wlan0]\nline = { delay_ms = 900 }"
    )
    events = events_of(served(home("", rules), lambda _packet: []), NatPmpCheck())
    assert report_of(events).value(NAT_PMP.present) is False
    assert 2000 <= ended_ms(events, CheckId.NAT_PMP) <= 2100


def test_a_late_answer_still_wins() -> None:
    network = home("nat_pmp = true\nanswer_after_ms = 700")
    other = home("nat_pmp = true\nanswer_after_ms = 700")
    events = events_of(network, NatPmpCheck(), stun=True)
    said = [
        each.reading.value
        for each in events
        if isinstance(each, Observed)
        and each.key == NAT_PMP.present.id
        and isinstance(each.reading, Known)
    ]
    # The run lasts as long as its slowest check: here nothing else waits for 700 ms.
    assert said[0] is False
    alone = report(other, NatPmpCheck())
    assert alone.value(NAT_PMP.present) is False


@pytest.mark.parametrize(
    ("gateway", "asks"), [("192.168.1.1", True), ("100.64.0.1", False), ("45.83.223.1", False)]
)
def test_routers_of_any_kind_are_asked_and_tailscales_choice_is_told(
    gateway: str, asks: bool
) -> None:
    head = f"""
    [host.here.interface.wlan0]
    addresses = ["{gateway.rpartition(".")[0]}.20/24"]
    gateways = ["{gateway}"]
    [box.router]
    inside = ["{gateway}/24"]
    """
    found = report(home("nat_pmp = true\npcp = true", head), NatPmpCheck(), PcpCheck())
    assert found.value(NAT_PMP.present) is True
    assert found.value(PCP.present) is True
    assert found.value(TAILSCALE_ASKS) is asks


@pytest.mark.parametrize(
    ("external", "kind"),
    [("192.168.178.20", "private"), ("100.72.3.4", "carrier"), ("0.0.0.0", "unspecified")],
)
def test_a_useless_outer_address_is_called_by_its_kind(external: str, kind: str) -> None:
    found = report(home(f'nat_pmp = true\nexternal = "{external}"'), NatPmpCheck())
    address = found.value(NAT_PMP.external)
    assert address == ip_address(external)
    assert AddressKind.of(address) == kind
    assert kind in str(found[NAT_PMP.external])


# --- errors and versions ------------------------------------------------------------------------


@pytest.mark.parametrize("result", list(natpmp.ResultCode)[2:])
def test_nat_pmp_errors_are_told_and_the_service_is_there(result: int) -> None:
    found = report(home(f"nat_pmp = true\nnat_pmp_result = {result}"), NatPmpCheck())
    assert found.value(NAT_PMP.present) is True
    error = found.value(NAT_PMP.error)
    assert error is not None
    assert (error.code, error.name) == (result, natpmp.ResultCode(result).name)
    assert isinstance(found[NAT_PMP.external], Unknown)


@pytest.mark.parametrize("result", list(pcp.ResultCode)[2:])
def test_pcp_errors_are_told_and_the_service_is_there(result: int) -> None:
    found = report(home(f"pcp = true\npcp_result = {result}"), PcpCheck())
    assert found.value(PCP.present) is True
    error = found.value(PCP.error)
    assert error is not None
    assert (error.code, error.name) == (result, pcp.ResultCode(result).name)


def test_a_router_that_speaks_only_one_of_them_says_so_to_the_other() -> None:
    found = report(home("nat_pmp = true"), NatPmpCheck(), PcpCheck())
    assert (found.value(NAT_PMP.present), found.value(PCP.present)) == (True, False)
    assert "answered in NAT-PMP" in str(found[PCP.present])
    found = report(home("pcp = true"), NatPmpCheck(), PcpCheck())
    assert (found.value(NAT_PMP.present), found.value(PCP.present)) == (False, True)
    assert "version 2" in str(found[NAT_PMP.present])


def test_a_router_that_refuses_the_version_is_absent_with_its_error() -> None:
    found = report(home("nat_pmp = true\nnat_pmp_result = 1"), NatPmpCheck())
    assert found.value(NAT_PMP.present) is False
    error = found.value(NAT_PMP.error)
    assert error is not None
    assert error.fault is MappingFault.UNSUPPORTED_VERSION


def test_an_address_translated_on_the_way_is_an_address_mismatch() -> None:
    between = """
    [host.here.interface.wlan0]
    via = "wifi"
    gateways = ["192.168.1.1"]
    [box.wifi]
    via = "router"
    outside = ["192.168.1.77"]
    [box.wifi.nat]
    """
    found = report(home("pcp = true", between), PcpCheck())
    error = found.value(PCP.error)
    assert error is not None
    assert error.fault is MappingFault.NAT_BETWEEN


# --- liars --------------------------------------------------------------------------------------


def test_an_answer_from_another_address_or_port_does_not_count() -> None:
    good = natpmp.build(natpmp.Reply(0, 0, 5, external=ip_address("45.83.1.1")))  # type: ignore[arg-type]

    def lie(packet: Packet) -> list[Reply]:
        elsewhere = (Endpoint.of("192.168.1.99", 5351), Endpoint.of(ROUTER, 15351))
        return [Reply(packet.answer(good, source=each)) for each in elsewhere]

    found = report(served(home(), lie), NatPmpCheck())
    assert found.value(NAT_PMP.present) is False
    assert "5351, which was not asked" in str(found[NAT_PMP.present])


@pytest.mark.parametrize("check", BOTH)
@pytest.mark.parametrize(
    "data", [b"", b"\0", b"\x1b[31m", b"\0\x80" + bytes(3), bytes(1200), b"\2\x80" + bytes(21)]
)
def test_garbage_is_no_answer(check: type[Check], data: bytes) -> None:
    network = served(home(), lambda packet: [Reply(packet.answer(data))] * 50)
    found = report(network, check())
    assert found.value(KEYS[check].present) is False
    assert "fits no question" in str(found[KEYS[check].present])


def test_a_flood_of_forged_answers_neither_blinds_nor_delays() -> None:
    good = natpmp.build(natpmp.Reply(0, 0, 5, external=ip_address("45.83.1.1")))  # type: ignore[arg-type]

    def flood(packet: Packet) -> list[Reply]:
        forged = [
            Reply(packet.answer(good, source=Endpoint.of(f"10.{n >> 8}.{n & 255}.1", 5351)))
            for n in range(3000)
        ]
        return [*forged, Reply(packet.answer(good))]

    events = events_of(served(home(), flood), NatPmpCheck())
    found = report_of(events)
    assert found.value(NAT_PMP.external) == ip_address("45.83.1.1")
    assert "ignored" in str(found[NAT_PMP.present])
    assert len(str(found[NAT_PMP.present])) < 400


@pytest.mark.parametrize("wrong", ["nonce", "internal_port", "protocol"])
def test_a_pcp_answer_about_another_mapping_does_not_count(wrong: str) -> None:
    network = home("pcp = true")
    usual = network.world.boxes["router"].services[Transport.UDP, pcp.PORT]

    def confuse(packet: Packet) -> list[Reply]:
        assert isinstance(packet.payload, bytes)
        asked = pcp.parse_request(packet.payload)
        if asked.map is None:
            return list(usual(packet))
        other: Any = {"nonce": b"x" * 12, "internal_port": 1, "protocol": 6}[wrong]
        told = replace(asked.map, external=ip_address(OUTER), **{wrong: other})
        return [Reply(packet.answer(pcp.build(pcp.Reply(asked.opcode, 0, 60, 5, told))))]

    drawer = Drawer()
    found = report(served(network, confuse), PcpCheck(), map_test=True, journal=drawer.journal)
    test = found.value(PCP.test)
    assert test is not None
    assert (test.granted, test.removed) == (False, False)
    # Whether it was made is not known, so the record stays for the next start.
    assert len(drawer.kept) == 1
