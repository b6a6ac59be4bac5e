"""UDP on its way through routers, rules, tunnels and second sites, end to end."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address

import pytest

from probes.model import Endpoint, Family
from probes.network.seam import (
    Bind,
    Bounced,
    Datagram,
    IcmpError,
    Network,
    NetworkError,
    NotPermitted,
    UdpSocket,
    Unreachable,
    Unsupported,
)
from probes.network.simulated import SimulatedNetwork, load, parse, run_virtual
from tests.engine import sites
from tests.engine.asking import exchange, first, mapped, request
from tests.engine.staging import FRA, HTTPS, NYC, V4, V6, home, on


def test_both_sides_of_the_seam_are_alike() -> None:
    network: Network = load("easy-home")

    async def play(_: SimulatedNetwork) -> None:
        socket: UdpSocket = await network.udp(V4)
        assert socket.local.port >= 1024

    on(load("easy-home"), play)


def test_round_trip_time_is_that_of_the_path() -> None:
    async def play(network: SimulatedNetwork) -> None:
        socket = await network.udp(V4)
        socket.send(request(network), FRA)
        arrival = await first(socket)
        assert isinstance(arrival, Datagram)
        assert arrival.at == pytest.approx((84 + 2 * (1 + 2)) / 1000, abs=0.001)
        assert arrival.source == FRA

    on(load("easy-home"), play)


def test_a_closed_port_is_told_on_linux_and_nowhere_else() -> None:
    closed = Endpoint(NYC.address, 9999)

    async def play(network: SimulatedNetwork) -> object:
        socket = await network.udp(V4)
        socket.send(b"?", closed)
        return await first(socket)

    told = on(home(), play)
    assert isinstance(told, Bounced)
    assert (told.error, told.destination) == (IcmpError.PORT, closed)
    assert told.reporter == closed.address
    assert on(home('[host.here]\nsystem = "darwin"\n'), play) is None


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ('action = "drop"\ntransport = "udp"', None),
        ('action = "reject"\ntransport = "udp"', IcmpError.PROHIBITED),
        ('action = "reject"\ntransport = "udp"\nerror = "port-unreachable"', IcmpError.PORT),
        ('action = "reject"\nports = [3478]\nerror = "host-unreachable"', IcmpError.HOST),
        ('action = "drop"\nto = ["45.83.220.0/24"]', None),
        ('action = "drop"\ndirection = "in"\ntransport = "udp"', None),
    ],
)
def test_rules_drop_or_say_no(rule: str, told: IcmpError | None) -> None:
    async def play(network: SimulatedNetwork) -> object:
        socket = await network.udp(V4)
        socket.send(request(network), NYC)
        return await first(socket)

    arrival = on(home(f"[box.router.rule.it]\n{rule}\n"), play)
    if told is None:
        assert arrival is None
    else:
        assert isinstance(arrival, Bounced)
        assert arrival.error is told
        assert arrival.reporter == ip_address("192.168.1.1")


@pytest.mark.parametrize(
    "rule",
    [
        'action = "drop"\ntransport = "tcp"',
        'action = "drop"\nports = [443]',
        'action = "drop"\nfamily = 6',
        'action = "drop"\nto = ["45.83.221.0/24"]',
        'action = "drop"\nexcept_ports = [3478]',
    ],
)
def test_rules_leave_other_packets_alone(rule: str) -> None:
    async def play(network: SimulatedNetwork) -> object:
        socket = await network.udp(V4)
        return await mapped(network, socket, NYC) or await exchange(socket, request(network), NYC)

    assert on(home(f"[box.router.rule.it]\n{rule}\n"), play) is not None


def test_the_host_s_own_rule_fails_the_send() -> None:
    async def play(network: SimulatedNetwork) -> None:
        socket = await network.udp(V4)
        with pytest.raises(NotPermitted, match="firewall"):
            socket.send(b"x", NYC)

    on(home('[host.here.rule.no-udp]\naction = "drop"\ntransport = "udp"\n'), play)


def test_without_a_route_there_is_no_sending() -> None:
    async def play(network: SimulatedNetwork) -> None:
        socket = await network.udp(V4)
        with pytest.raises(Unreachable):
            socket.send(b"x", NYC)
        with pytest.raises(Unreachable):
            await network.connect_ms(HTTPS, V4)
        six = await network.udp(V6)
        with pytest.raises(Unreachable):
            six.send(b"x", Endpoint.of("2a0e:b107:e00:1::1", 3478))

    on(load("offline"), play)


def test_a_socket_has_one_family() -> None:
    async def play(network: SimulatedNetwork) -> None:
        socket = await network.udp(V4)
        with pytest.raises(NetworkError, match="family"):
            socket.send(b"x", Endpoint.of("2a0e:b107:e00:1::1", 3478))

    on(load("ipv6-works"), play)


def test_ports_are_taken_and_given_back() -> None:
    async def play(network: SimulatedNetwork) -> None:
        first_socket = await network.udp(Bind(Family.V4, port=41641))
        assert first_socket.local.port == 41641
        with pytest.raises(NetworkError, match="41641 is in use"):
            await network.udp(Bind(Family.V4, port=41641))
        first_socket.close()
        first_socket.close()
        second = await network.udp(Bind(Family.V4, port=41641))
        assert second.local.port == 41641

    on(home(), play)


def test_binding_to_what_is_not_there() -> None:
    async def play(network: SimulatedNetwork) -> None:
        with pytest.raises(NetworkError, match="no interface wlan9"):
            await network.udp(Bind(Family.V4, interface="wlan9"))
        with pytest.raises(NetworkError, match="not an address"):
            await network.udp(Bind(Family.V4, address=ip_address("10.1.1.1")))
        assert not await network.can_bind(Bind(Family.V4, interface="wlan9"))
        assert await network.can_bind(Bind(Family.V4, interface="wlan0"))

    on(home(), play)


def test_a_system_without_ipv6_opens_no_ipv6_socket() -> None:
    async def play(network: SimulatedNetwork) -> None:
        with pytest.raises(Unsupported):
            await network.udp(V6)
        assert not await network.can_bind(V6)
        view = await network.local()
        assert not view.os_ipv6
        assert view.source6 is None

    on(load("ipv6-off"), play)


def test_closing_wakes_whoever_waits() -> None:
    async def play(network: SimulatedNetwork) -> None:
        socket = await network.udp(V4)
        waiting = asyncio.create_task(socket.receive())
        await asyncio.sleep(0)
        socket.close()
        with pytest.raises(NetworkError, match="closed"):
            await waiting
        with pytest.raises(NetworkError, match="closed"):
            await socket.receive()
        with pytest.raises(NetworkError, match="closed"):
            socket.send(b"x", NYC)

    on(home(), play)


def test_a_session_closes_what_was_opened_in_it() -> None:
    async def run() -> None:
        network = home()
        before = await network.udp(V4)
        async with network.session():
            inside = await network.udp(V4)
        with pytest.raises(NetworkError):
            inside.send(b"x", NYC)
        before.send(b"x", NYC)
        assert inside.local.port not in [number for _, _, number in network.host.ports]

    run_virtual(run())


def test_packets_with_a_small_ttl_tell_the_routers_on_the_way() -> None:
    async def play(network: SimulatedNetwork) -> list[str]:
        found = []
        for ttl in range(1, 6):
            socket = await network.udp(V4)
            socket.send(request(network), NYC, ttl=ttl)
            arrival = await first(socket)
            if isinstance(arrival, Bounced):
                assert arrival.error is IcmpError.TTL
                assert arrival.destination == NYC
                found.append(str(arrival.reporter))
            else:
                found.append("answered" if arrival else "nothing")
        return found

    router_behind_router = (
        'hops = ["45.83.255.1"]\n[box.router]\nvia = "modem"\noutside = ["192.168.100.2"]\n'
        '[box.modem]\ninside = ["192.168.100.1/24"]\noutside = ["45.83.223.10"]\n[box.modem.nat]\n'
    )
    text = 'description = "Two routers."\ninclude = ["regions", "home"]\n' + router_behind_router
    assert on(parse(text), play) == [
        "192.168.1.1",
        "192.168.100.1",
        "45.83.255.1",
        "answered",
        "answered",
    ]


def test_packets_larger_than_a_line_vanish() -> None:
    async def play(network: SimulatedNetwork) -> list[bool]:
        found = []
        for size in (1300, 1400):
            socket = await network.udp(V4)
            socket.send(bytes(size), Endpoint(NYC.address, 9999))
            found.append(await first(socket) is not None)
        return found

    assert on(home("[box.router.line]\nmtu = 1400\n"), play) == [True, False]


async def _through(network: SimulatedNetwork, bind: Bind) -> str:
    server = Endpoint.of("45.83.216.2", 3478)
    seen = await mapped(network, await network.udp(bind), server)
    assert seen is not None
    return str(seen.address)


def test_a_tunnel_takes_all_but_bound_sockets_to_its_own_exit() -> None:
    async def play(network: SimulatedNetwork) -> None:
        assert await _through(network, V4) == "45.83.230.7"
        assert await _through(network, Bind(Family.V4, interface="wlan0")) == "45.83.223.10"
        view = await network.local()
        assert str(view.source4) == "100.101.102.103"
        assert [each.interface for each in view.gateways4] == ["tailscale0", "wlan0"]
        assert view.gateway_mac == "b0:95:75:10:20:30"

    on(load("exit-node"), play)


def test_a_tunnel_that_cannot_be_evaded() -> None:
    async def play(network: SimulatedNetwork) -> None:
        assert not await network.can_bind(Bind(Family.V4, interface="wlan0"))
        with pytest.raises(NotPermitted):
            await network.udp(Bind(Family.V4, interface="wlan0"))
        assert await _through(network, V4) == "45.83.230.8"

    on(load("tunnel-unbindable"), play)


def test_two_hosts_behind_one_router_meet_on_the_lan_or_by_hairpin() -> None:
    second = (
        '[host.second.interface.eth0]\naddresses = ["192.168.11.3/24"]\n'
        'gateways = ["192.168.11.1"]\nvia = "here-router"\n'
    )
    stun = Endpoint.of("45.83.220.1", 3478)

    async def play(network: SimulatedNetwork) -> tuple[bool, bool]:
        near, far = await network.udp(V4), await network.seen_from("second").udp(V4)
        public = await mapped(network, far, stun)
        assert public is not None
        near.send(b"public", public)
        by_hairpin = await first(far)
        near.send(b"private", Endpoint.of("192.168.11.3", far.local.port))
        by_lan = await first(far)
        if isinstance(by_hairpin, Datagram):
            assert by_hairpin.source.address == ip_address("45.83.223.10")  # RFC 4787 REQ-9a
        return isinstance(by_hairpin, Datagram), isinstance(by_lan, Datagram)

    plain = sites.one("eim-eif", second)
    assert on(parse(plain), play) == (False, True)
    hairpin = plain.replace("[box.here-router.nat]", "[box.here-router.nat]\nhairpin = true")
    assert on(parse(hairpin), play) == (True, True)
    isolated = plain.replace("[box.here-router]", "[box.here-router]\nisolates = true")
    assert on(parse(isolated), play) == (False, False)


def test_private_addresses_lead_nowhere_on_the_internet() -> None:
    async def play(network: SimulatedNetwork) -> object:
        socket = await network.udp(V4)
        socket.send(b"x", Endpoint.of("10.7.7.7", 1000))
        return await first(socket)

    assert on(home(), play) is None


def test_flow_tables_are_empty_on_another_loop() -> None:
    network = home('[box.router.nat]\nports = "random"\noverload = false\n')

    async def play(each: SimulatedNetwork) -> object:
        return await mapped(each, await each.udp(Bind(Family.V4, port=5000)), _PLAIN)

    assert on(network, play) != on(network, play)


_PLAIN = Endpoint.of("45.83.216.2", 3478)
