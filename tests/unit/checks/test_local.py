"""The `local` check and the way out, for every shape of device that would be measured wrongly."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

import pytest

from probes.checks.local import LocalCheck
from probes.checks.ways_out import bind_for, own_gateway, usable
from probes.engine import measure
from probes.events import Event, Progressed
from probes.model import NOT_MEASURED, CheckId, CheckStatus, Failed, Family, Known, Reason, Unknown
from probes.network.seam import Bind, LocalView, NetworkError
from probes.options import Options
from probes.readings import local
from probes.readings.key import Key
from probes.readings.local import Gateway, WayOut
from probes.report import Report, report_of
from tests.unit.fake_network import FakeNetwork, face, route, view

V4, V6 = Family.V4, Family.V6
ETH = face("eth0", "physical", "192.168.1.20/24", "fe80::20/64")
ETH6 = face("eth0", "physical", "192.168.1.20/24", "2001:db8:1::20/64", "fe80::20/64")
HOME = route("eth0", "192.168.1.1")
HOME6 = route("eth0", "fe80::1")
TAILSCALE = face("tailscale0", "tailscale", "100.101.1.2/32", "fd7a:115c:a1e0::2/128")


async def run(network: FakeNetwork, options: Options | None = None) -> Report:
    return report_of(await events(network, options))


async def events(network: FakeNetwork, options: Options | None = None) -> list[Event]:
    return [event async for event in measure(network, [LocalCheck()], options or Options())]


def way(interface: str, source: str, *, bound: bool = False, tunnel: str = "") -> WayOut:
    address = ip_address(source)
    return WayOut(Family.of(address), interface, address, bound, tunnel)


@dataclass(frozen=True)
class Case:
    name: str
    seen: LocalView
    way4: WayOut | None
    way6: WayOut | None = None
    gateway4: Gateway | None = None
    gateway6: Gateway | None = None
    bindable: frozenset[str] = field(default_factory=frozenset)


CASES = [
    Case(
        "an ordinary home",
        view(
            ETH6, routes4=[HOME], routes6=[HOME6], source4="192.168.1.20", source6="2001:db8:1::20"
        ),
        way("eth0", "192.168.1.20"),
        way("eth0", "2001:db8:1::20"),
        HOME,
        HOME6,
    ),
    Case("only loopback", view(), None),
    Case("an interface that is down", view(face("eth0", "physical", up=False)), None),
    Case("an address, but no route", view(ETH6), None),
    Case(
        "only IPv6",
        view(
            face("eth0", "physical", "2001:db8:1::20/64"), routes6=[HOME6], source6="2001:db8:1::20"
        ),
        None,
        way("eth0", "2001:db8:1::20"),
        None,
        HOME6,
    ),
    Case(
        "unique local IPv6 with a route",
        view(face("eth0", "physical", "fd00:1::2/64"), routes6=[HOME6], source6="fd00:1::2"),
        None,
        way("eth0", "fd00:1::2"),
        None,
        HOME6,
    ),
    Case(
        "link-local IPv6 is no address",
        view(ETH, routes4=[HOME], routes6=[HOME6], source4="192.168.1.20", source6="fe80::20"),
        way("eth0", "192.168.1.20"),
        None,
        HOME,
        HOME6,
    ),
    Case(
        "several default routes: the system's choice, and its router",
        view(
            ETH,
            face("wlan0", "physical", "10.1.2.3/24"),
            routes4=[HOME, route("wlan0", "10.1.2.1")],
            source4="10.1.2.3",
        ),
        way("wlan0", "10.1.2.3"),
        None,
        route("wlan0", "10.1.2.1"),
    ),
    Case(
        "a line without a router's address",
        view(
            face("ppp0", "physical", "100.72.3.4/32"), routes4=[route("ppp0")], source4="100.72.3.4"
        ),
        way("ppp0", "100.72.3.4"),
        None,
        route("ppp0"),
    ),
    Case(
        "the address sits on a bridge",
        view(
            face("br0", "bridge", "192.168.1.20/24"),
            routes4=[route("br0", "192.168.1.1")],
            source4="192.168.1.20",
        ),
        way("br0", "192.168.1.20"),
        None,
        route("br0", "192.168.1.1"),
    ),
    Case(
        "a public address on the loopback interface (anycast, some hosters)",
        view(
            face("lo2", "loopback", "198.51.100.9/32"),
            face("eth0", "physical", "169.254.7.2/30"),
            routes4=[route("eth0", "169.254.7.1")],
            source4="198.51.100.9",
        ),
        way("eth0", "198.51.100.9"),
        None,
        route("eth0", "169.254.7.1"),
    ),
    Case(
        "Tailscale up, no exit node",
        view(
            ETH6,
            TAILSCALE,
            routes4=[HOME],
            routes6=[HOME6],
            source4="192.168.1.20",
            source6="2001:db8:1::20",
        ),
        way("eth0", "192.168.1.20"),
        way("eth0", "2001:db8:1::20"),
        HOME,
        HOME6,
    ),
    Case(
        "an exit node, sockets can be bound (the route is in another table)",
        view(
            ETH6,
            TAILSCALE,
            routes4=[HOME],
            routes6=[route("tailscale0"), HOME6],
            source4="100.101.1.2",
            source6="fd7a:115c:a1e0::2",
        ),
        way("eth0", "192.168.1.20", bound=True, tunnel="tailscale0"),
        way("eth0", "2001:db8:1::20", bound=True, tunnel="tailscale0"),
        HOME,
        HOME6,
        frozenset({"eth0"}),
    ),
    Case(
        "an exit node, sockets cannot be bound",
        view(ETH, TAILSCALE, routes4=[HOME], source4="100.101.1.2"),
        way("tailscale0", "100.101.1.2", tunnel="tailscale0"),
        None,
        HOME,
    ),
    Case(
        "an exit node gives IPv6, the network itself has none",
        view(
            ETH,
            TAILSCALE,
            routes4=[HOME],
            routes6=[route("tailscale0")],
            source4="100.101.1.2",
            source6="fd7a:115c:a1e0::2",
        ),
        way("eth0", "192.168.1.20", bound=True, tunnel="tailscale0"),
        None,
        HOME,
        None,
        frozenset({"eth0"}),
    ),
    Case(
        "a VPN took the only default route",
        view(
            ETH,
            face("tun0", "tunnel", "10.8.0.6/32"),
            routes4=[route("tun0")],
            source4="10.8.0.6",
        ),
        way("tun0", "10.8.0.6", tunnel="tun0"),
        None,
        None,
        None,
        frozenset({"eth0", "tun0"}),
    ),
    Case(
        "a VPN beside a container bridge: the bridge is no way out before the card",
        view(
            face("docker0", "bridge", "172.17.0.1/16"),
            ETH,
            face("wg0", "tunnel", "10.6.0.2/32"),
            routes4=[route("wg0"), route("docker0", "172.17.0.9"), HOME],
            source4="10.6.0.2",
        ),
        way("eth0", "192.168.1.20", bound=True, tunnel="wg0"),
        None,
        HOME,
        None,
        frozenset({"eth0", "docker0"}),
    ),
    Case(
        "a namespace with nothing but a VPN",
        view(face("wg0", "tunnel", "10.6.0.2/32"), routes4=[route("wg0")], source4="10.6.0.2"),
        way("wg0", "10.6.0.2", tunnel="wg0"),
        None,
        None,
    ),
    Case(
        "IPv4 only through a VPN that rides on IPv6",
        view(
            face("eth0", "physical", "2001:db8:1::20/64"),
            face("wg0", "tunnel", "10.6.0.2/32"),
            routes4=[route("wg0")],
            routes6=[HOME6],
            source4="10.6.0.2",
            source6="2001:db8:1::20",
        ),
        None,
        way("eth0", "2001:db8:1::20"),
        None,
        HOME6,
    ),
    Case(
        "a carrier's address like Tailscale's, on a modem",
        view(
            face("wwan0", "physical", "100.72.3.4/30"),
            routes4=[route("wwan0", "100.72.3.5")],
            source4="100.72.3.4",
        ),
        way("wwan0", "100.72.3.4"),
        None,
        route("wwan0", "100.72.3.5"),
    ),
    Case(
        "global IPv6 before unique local, when bound",
        view(
            face("eth0", "physical", "fd00:1::20/64", "2001:db8:1::20/64"),
            TAILSCALE,
            routes6=[route("tailscale0"), HOME6],
            source6="fd7a:115c:a1e0::2",
        ),
        None,
        way("eth0", "2001:db8:1::20", bound=True, tunnel="tailscale0"),
        None,
        HOME6,
        frozenset({"eth0"}),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_the_way_out(case: Case) -> None:
    report = await run(FakeNetwork(case.seen, case.bindable))
    assert report.checks[CheckId.LOCAL].status is CheckStatus.DONE
    expectations: tuple[tuple[Key[Any], object], ...] = (
        (local.WAY_OUT4, case.way4),
        (local.WAY_OUT6, case.way6),
        (local.GATEWAY4, case.gateway4),
        (local.GATEWAY6, case.gateway6),
    )
    for key, expected in expectations:
        reading = report[key]
        assert isinstance(reading, Known), (key.id, reading)
        assert reading.value == expected, key.id
        assert reading.source
    for found in (case.way4, case.way6):
        if found is not None:
            assert found.through_tunnel == (found.interface == found.tunnel)


async def test_every_key_is_told_and_the_steps_are_named() -> None:
    seen = view(ETH, routes4=[HOME], source4="192.168.1.20", mac="02:00:00:00:00:01")
    told = await events(FakeNetwork(seen))
    report = report_of(told)
    assert set(report.readings) == {key.id for key in local.KEYS}
    steps = [event for event in told if isinstance(event, Progressed)]
    assert [(step.done, step.total) for step in steps] == [(0, 2), (1, 2), (2, 2)]
    assert {step.doing for step in steps} == {"read-interfaces", "find-way-out"}
    assert report.value(local.INTERFACES) == seen.interfaces
    assert report.value(local.OS_IPV6) is True


async def test_no_socket_is_bound_where_nothing_stands_in_the_way() -> None:
    network = FakeNetwork(view(ETH, routes4=[HOME], source4="192.168.1.20"), frozenset({"eth0"}))
    await run(network)
    assert network.binds == []


async def test_policy_routing_hides_the_router() -> None:
    """The system knows a way, but its main table does not name it: that is not "no router"."""
    report = await run(FakeNetwork(view(ETH, source4="192.168.1.20")))
    assert report.value(local.WAY_OUT4) == way("eth0", "192.168.1.20")
    reading = report[local.GATEWAY4]
    assert isinstance(reading, Unknown)
    assert reading.reason is Reason.UNSUPPORTED_SYSTEM


async def test_a_router_that_the_person_names_wins() -> None:
    seen = view(ETH, routes4=[HOME], source4="192.168.1.20", mac="02:00:00:00:00:01")
    other = ip_address("192.168.1.254")
    report = await run(FakeNetwork(seen), Options(gateway=other))
    assert report.value(local.GATEWAY4) == Gateway(other, "eth0")
    reading = report[local.GATEWAY_MAC]
    assert isinstance(reading, Unknown)
    assert reading.reason is Reason.NOT_APPLICABLE
    same = await run(FakeNetwork(seen), Options(gateway=HOME.address))
    assert same.known(local.GATEWAY_MAC)
    for_v6 = await run(FakeNetwork(seen), Options(gateway=ip_address("fe80::9")))
    assert for_v6.value(local.GATEWAY4) == HOME
    assert for_v6.value(local.GATEWAY6) == Gateway(ip_address("fe80::9"), "")


async def test_the_routers_mac_address_never_leaves_in_clear() -> None:
    def seen(mac: str) -> FakeNetwork:
        return FakeNetwork(view(ETH, routes4=[HOME], source4="192.168.1.20", mac=mac))

    mac = "02:00:00:00:ab:01"
    one = (await run(seen(mac), Options(salt=b"one"))).value(local.GATEWAY_MAC)
    again = (await run(seen(mac.upper()), Options(salt=b"one"))).value(local.GATEWAY_MAC)
    two = (await run(seen(mac), Options(salt=b"two"))).value(local.GATEWAY_MAC)
    assert one == again != two
    assert one is not None
    assert mac not in one
    assert await run(seen(mac), Options(salt=b"x" * 500))


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (view(ETH, routes4=[HOME], source4="192.168.1.20"), Reason.NOT_MEASURED),
        (view(ETH), Reason.NOT_APPLICABLE),
        (
            view(face("wg0", "tunnel", "10.6.0.2/32"), routes4=[route("wg0")], source4="10.6.0.2"),
            Reason.NOT_APPLICABLE,
        ),
    ],
    ids=["not in the table yet", "no route", "only a tunnel"],
)
async def test_why_there_is_no_mac_address(seen: LocalView, reason: Reason) -> None:
    reading = (await run(FakeNetwork(seen)))[local.GATEWAY_MAC]
    assert isinstance(reading, Unknown)
    assert reading.reason is reason


async def test_a_system_that_does_not_tell() -> None:
    report = await run(FakeNetwork(view(), fault=NetworkError("the interfaces cannot be read")))
    assert report.checks[CheckId.LOCAL].status is CheckStatus.FAILED
    reading = report[local.WAY_OUT4]
    assert isinstance(reading, Failed)
    assert "cannot be read" in reading.error


def test_binding() -> None:
    bound = way("eth0", "192.168.1.20", bound=True, tunnel="tun0")
    assert bind_for(bound, 41641) == Bind(V4, interface="eth0", port=41641)
    assert bind_for(way("eth0", "192.168.1.20")) == Bind(V4)
    assert bind_for(way("tun0", "10.8.0.6", tunnel="tun0")) == Bind(V4)
    assert bind_for(way("eth0", "2001:db8:1::20")) == Bind(V6)


def test_usable() -> None:
    found = way("eth0", "192.168.1.20")
    assert usable(Known(found, "test")) is found
    for reading in (Known(None, "test"), NOT_MEASURED, Failed("broken")):
        assert usable(reading) is None


def test_the_router_on_the_way_out_comes_first() -> None:
    seen = view(ETH, routes4=[route("wlan0", "10.1.2.1"), HOME], source4="192.168.1.20")
    assert own_gateway(seen, V4, way("eth0", "192.168.1.20")) == HOME
    assert own_gateway(seen, V4, None) == route("wlan0", "10.1.2.1")
    assert own_gateway(seen, V6, None) is None
