"""Which box is which: clouds, IPv4 inside IPv6, and the ledger of what speaks for and against."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest

from probes.diagnosis.cloud import OneToOne, cloud_address
from probes.diagnosis.diagnose import diagnose
from probes.diagnosis.layers import LayerKind, layers_of
from probes.diagnosis.ledger import Claim, Sign, ledger
from probes.diagnosis.model import CauseId, Diagnosis, NatClass
from probes.model import Known, Reason, Unknown
from probes.network.simulated import SimulatedNetwork, load, parse
from probes.network.simulated.packet import HttpRequest, Packet, Transport
from probes.network.simulated.stun_server import Reply
from probes.options import Options
from probes.readings import layers
from probes.readings.environment import METADATA, CloudMetadata
from probes.report import Report, report_of
from probes.surroundings.metadata import Provider
from tests.engine.test_scenarios import events_of

CLOUD = """
description = "A machine in a cloud."
include = ["regions", "behavior"]
[host.here]
file."/sys/class/dmi/id/sys_vendor" = "{vendor}\\n"
[host.here.interface.ens5]
addresses = ["172.31.5.20/20"]
gateways = ["172.31.0.1"]
via = "cloud"
[box.cloud]
inside = ["172.31.0.1/20"]
{more}
[box.cloud.nat]
{nat}
"""
CONTAINER = """
description = "A container on its engine's bridge."
include = ["regions", "behavior"]
[host.here]
file."/.dockerenv" = ""
[host.here.interface.eth0]
addresses = ["172.17.0.2/16"]
gateways = ["172.17.0.1"]
via = "bridge"
[box.bridge]
inside = ["172.17.0.1/16"]
outside = ["192.168.1.20"]
via = "router"
[box.bridge.nat]
"""
OPEN = 'one_to_one = { "45.83.223.10" = "172.31.5.20" }'
ONE_TO_ONE = f"{OPEN}\n[box.cloud.firewall]\n"
"""With the usual firewall rules of a cloud: only answers come in."""
GATEWAY = 'addresses = ["45.83.223.10"]\nports = "random"'


def cloud(
    provider: Provider | None = None,
    address: str = "45.83.223.10",
    nat: str = ONE_TO_ONE,
    vendor: str = "Amazon EC2",
) -> SimulatedNetwork:
    """A machine whose cloud translates one to one and lets only answers in."""
    told = f', address = "{address}"' if address else ""
    more = f'metadata = {{ provider = "{provider}"{told} }}' if provider else ""
    return parse(CLOUD.replace("{vendor}", vendor).replace("{more}", more).replace("{nat}", nat))


def run(network: SimulatedNetwork, **options: Any) -> tuple[Report, Diagnosis]:
    report = report_of(events_of(network, Options(**options)))
    return report, diagnose(report)


def kinds(report: Report) -> list[tuple[str, LayerKind]]:
    return [(str(each.address), each.kind) for each in layers_of(report)]


def signs(report: Report) -> set[Sign]:
    return {each.sign for each in ledger(report)}


# --- a cloud's metadata -------------------------------------------------------------------------


def watched(network: SimulatedNetwork) -> list[HttpRequest]:
    """What the metadata service is asked."""
    heard: list[HttpRequest] = []
    box = network.world.boxes["cloud"]
    services = dict(box.services)
    usual = services[Transport.TCP, 80]

    def serve(packet: Packet) -> list[Reply]:
        if isinstance(packet.payload, HttpRequest):
            heard.append(packet.payload)
        return list(usual(packet))

    services[Transport.TCP, 80] = serve
    box.services = services
    return heard


def test_without_consent_nobody_is_asked() -> None:
    network = cloud(Provider.AMAZON)
    heard = watched(network)
    report, diagnosis = run(network)
    reading = report[METADATA]
    assert isinstance(reading, Unknown)
    assert reading.reason is Reason.NEEDS_CONSENT
    assert "--with cloud-metadata" in reading.detail
    assert heard == []
    # A kept port inside a cloud is a hint, and no more.
    assert diagnosis.nat4.nat_class is NatClass.EASY
    found = cloud_address(report)
    assert found is not None
    assert (found.how, found.settled) == (OneToOne.LIKELY, False)
    assert LayerKind.CLOUD not in dict(kinds(report)).values()
    cause = next(each for each in diagnosis.causes if each.id is CauseId.CLOUD_NAT)
    assert cause.missing == (METADATA.id,)


VENDORS = {
    Provider.AMAZON: ("sys_vendor", "Amazon EC2"),
    Provider.GOOGLE: ("product_name", "Google Compute Engine"),
    Provider.AZURE: ("chassis_asset_tag", "7783-7084-3265-9085-8269-3286-77"),
    Provider.OPENSTACK: ("sys_vendor", "OpenStack Foundation"),
}


@pytest.mark.parametrize("provider", [*VENDORS, None])
def test_each_provider_is_asked_its_own_way_and_settles_the_class(
    provider: Provider | None,
) -> None:
    field, vendor = VENDORS[provider] if provider else ("sys_vendor", "unheard of")
    text = CLOUD.replace("sys_vendor", field).replace("{vendor}", vendor)
    whose = provider or Provider.GOOGLE
    more = f'metadata = {{ provider = "{whose}", address = "45.83.223.10" }}'
    network = parse(text.replace("{more}", more).replace("{nat}", ONE_TO_ONE))
    heard = watched(network)
    report, diagnosis = run(network, cloud_metadata=True)
    assert report.value(METADATA) == CloudMetadata(str(whose), ip_address("45.83.223.10"))
    assert diagnosis.nat4.nat_class is NatClass.NONE
    assert METADATA.id in diagnosis.nat4.because
    assert kinds(report)[-1] == ("45.83.223.10", LayerKind.CLOUD)
    assert Sign.CLOUD_CONFIRMED in signs(report)
    # Only answers come in: that is for whoever manages the cloud's firewall.
    assert CauseId.INBOUND_BLOCKED in {each.id for each in diagnosis.causes}
    if provider is not None:
        assert len(heard) == (2 if provider is Provider.AMAZON else 1)


def test_a_gateway_that_many_machines_share_is_no_address_of_ones_own() -> None:
    network = cloud(Provider.AMAZON, address="", nat=GATEWAY)
    report, diagnosis = run(network, cloud_metadata=True)
    assert report.value(METADATA) == CloudMetadata("Amazon EC2", None)
    assert diagnosis.nat4.nat_class is NatClass.EASY
    assert cloud_address(report) is None


def test_metadata_that_names_another_address_confirms_nothing() -> None:
    report, diagnosis = run(cloud(Provider.AMAZON, "45.83.223.99"), cloud_metadata=True)
    assert report.known(METADATA)
    assert diagnosis.nat4.nat_class is NatClass.EASY


@pytest.mark.parametrize("provider", [Provider.ORACLE, Provider.AZURE])
def test_a_service_that_tells_no_address_is_there_all_the_same(provider: Provider) -> None:
    vendor = {"vendor": "unheard of"}
    report, _ = run(cloud(provider, address="", **vendor), cloud_metadata=True)
    assert report.value(METADATA) == CloudMetadata(str(provider), None)


def test_no_service_is_said_in_bounded_time() -> None:
    report, _ = run(cloud(), cloud_metadata=True)
    reading = report[METADATA]
    assert isinstance(reading, Unknown)
    assert reading.reason is Reason.NO_ANSWER


def test_an_ordinary_home_is_not_told_of_consent() -> None:
    reading = run(load("easy-home"))[0][METADATA]
    assert isinstance(reading, Unknown)
    assert reading.reason is Reason.NOT_APPLICABLE


def test_strangers_that_come_in_show_it_too() -> None:
    report, diagnosis = run(cloud(nat=OPEN))
    assert diagnosis.nat4.nat_class is NatClass.NONE
    assert Sign.CLOUD_SHOWN in signs(report)
    assert diagnosis.outlook.hard.result == "direct"


def test_a_home_that_lets_everybody_in_is_no_cloud() -> None:
    report, diagnosis = run(load("full-cone"))
    assert cloud_address(report) is None
    assert diagnosis.nat4.nat_class is NatClass.EASY


# --- IPv4 inside IPv6 ---------------------------------------------------------------------------

CLAT = """
[host.here.interface.wlan0]
addresses = ["192.0.0.4/29", "2a0e:b107:f00:1::20/64"]
gateways = ["192.0.0.1", "fe80::1"]
[box.router]
inside = ["192.0.0.1/29", "fe80::1/64"]
firewall6 = {}
[dns.name]
"ipv4only.arpa" = ["2a0e:b107:f64::c000:aa"]
"""


def test_ds_lite_is_the_providers_nat() -> None:
    report, diagnosis = run(load("ds-lite"))
    assert ("192.0.0.1", LayerKind.CARRIER) in kinds(report)
    cause = next(each for each in diagnosis.causes if each.id is CauseId.CGNAT)
    assert cause.because == (layers.HOPS4.id,)
    assert Sign.HOP_TRANSITION in signs(report)
    reading = report[layers.NAT64]
    assert isinstance(reading, Unknown)
    assert reading.reason is Reason.NOT_APPLICABLE


def test_a_router_that_has_only_a_stand_in_outside_says_the_same() -> None:
    more = '[box.router.port_mapping]\nnat_pmp = true\nexternal = "192.0.0.2"\n'
    text = f'description = "x."\ninclude = ["regions", "behavior", "home"]\n{more}'
    report, diagnosis = run(parse(text))
    assert Sign.ROUTER_TRANSITION in signs(report)
    assert CauseId.CGNAT in {each.id for each in diagnosis.causes}


def test_464xlat_shows_by_this_devices_own_address_and_the_prefix() -> None:
    text = f'description = "x."\ninclude = ["regions", "behavior", "home"]\n{CLAT}'
    report, diagnosis = run(parse(text))
    reading = report[layers.NAT64]
    assert isinstance(reading, Known)
    assert reading.value == "2a0e:b107:f64::/96"
    assert {Sign.OWN_TRANSITION, Sign.NAT64_PREFIX} <= signs(report)
    assert CauseId.CGNAT in {each.id for each in diagnosis.causes}


def test_an_ipv6_only_network_shows_its_translator() -> None:
    report, diagnosis = run(load("ipv6-only"))
    assert report.value(layers.NAT64) == "64:ff9b::/96"
    assert {Sign.ONLY_IPV6, Sign.NAT64_PREFIX} <= signs(report)
    assert diagnosis.nat6.nat_class is NatClass.NONE
    assert diagnosis.nat4.nat_class is NatClass.UNKNOWN


def test_a_name_server_that_makes_up_no_address_proves_nothing() -> None:
    network = load("ipv6-only")
    network.world.names["ipv4only.arpa"] = ()
    reading = run(network)[0][layers.NAT64]
    assert isinstance(reading, Unknown)
    assert reading.reason is Reason.NO_ANSWER


def test_a_router_that_was_named_and_is_farther_away_keeps_its_place() -> None:
    report, diagnosis = run(load("double-nat"), gateway=ip_address("192.168.100.1"))
    assert [(each.hop, str(each.address), each.kind) for each in layers_of(report)][1:3] == [
        (1, "192.168.1.1", LayerKind.ROUTER),
        (2, "192.168.100.1", LayerKind.SECOND_ROUTER),
    ]
    assert CauseId.DOUBLE_NAT in {each.id for each in diagnosis.causes}


# --- the computer around a container or a virtual machine -----------------------------------------


@pytest.mark.parametrize("name", ["container", "virtual-machine"])
def test_the_first_box_is_the_computer_around_and_the_second_the_router(name: str) -> None:
    report, diagnosis = run(load(name))
    first = str(next(each.address for each in layers_of(report) if each.hop == 1))
    assert kinds(report)[1:] == [
        (first, LayerKind.HOST),
        ("192.168.1.1", LayerKind.ROUTER),
        ("45.83.223.10", LayerKind.PUBLIC),
    ]
    assert CauseId.DOUBLE_NAT not in {each.id for each in diagnosis.causes}
    assert CauseId(name) in {each.id for each in diagnosis.causes}


def test_another_router_beyond_the_home_s_is_one_for_a_container_too() -> None:
    text = f"""{CONTAINER}
    [box.router]
    inside = ["192.168.1.1/24"]
    outside = ["192.168.100.2"]
    via = "modem"
    [box.router.nat]
    [box.modem]
    inside = ["192.168.100.1/24"]
    outside = ["45.83.223.10"]
    [box.modem.nat]
    """
    report, diagnosis = run(parse(text))
    assert kinds(report)[2:4] == [
        ("192.168.1.1", LayerKind.ROUTER),
        ("192.168.100.1", LayerKind.SECOND_ROUTER),
    ]
    assert {CauseId.CONTAINER, CauseId.DOUBLE_NAT} <= {each.id for each in diagnosis.causes}


def test_in_its_computer_s_own_network_a_container_has_the_home_s_router_first() -> None:
    text = CONTAINER.replace("172.17.0.2/16", "192.168.1.20/24")
    text = text.replace("172.17.0.1", "192.168.1.1").replace("/16", "/24")
    text = text.replace('outside = ["192.168.1.20"]\nvia = "router"', 'outside = ["45.83.223.10"]')
    report, _ = run(parse(text))
    assert kinds(report)[1] == ("192.168.1.1", LayerKind.ROUTER)


# --- the ledger ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "supported", "contradicted"),
    [
        ("open", {Claim.NO_NAT}, {Claim.ONE_ROUTER, Claim.SECOND_ROUTER, Claim.CARRIER}),
        ("easy-home-upnp", {Claim.ONE_ROUTER}, {Claim.NO_NAT, Claim.SECOND_ROUTER, Claim.CARRIER}),
        ("double-nat", {Claim.SECOND_ROUTER}, {Claim.NO_NAT}),
        ("cgnat", {Claim.CARRIER}, {Claim.NO_NAT, Claim.ONE_ROUTER}),
        (
            "ds-lite",
            {Claim.CARRIER, Claim.IPV4_IN_IPV6},
            {Claim.NO_NAT, Claim.ONE_ROUTER},
        ),
        ("one-to-one-cloud", {Claim.CLOUD}, {Claim.NO_NAT, Claim.CARRIER}),
        ("ipv6-only", {Claim.IPV4_IN_IPV6}, set()),
        ("container", {Claim.COMPUTER}, {Claim.NO_NAT}),
    ],
)
def test_each_network_speaks_for_what_it_is(
    name: str, supported: set[Claim], contradicted: set[Claim]
) -> None:
    found = ledger(run(load(name))[0])
    assert {claim for each in found for claim in each.supports} == supported
    assert {claim for each in found for claim in each.contradicts} == contradicted
    assert all(each.reading and each.what for each in found)


def test_a_tunnel_says_nothing_about_this_network() -> None:
    assert Sign.ADDRESS_ELSEWHERE not in signs(run(load("tunnel-unbindable"))[0])
