"""Packets on their way: the seam over the simulated network, end to end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
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
    NotResolved,
    Refused,
    UdpSocket,
    Unreachable,
    Unsupported,
)
from probes.network.simulated import SimulatedNetwork, load, parse, run_virtual
from probes.network.simulated.certificate import Certificate
from probes.wire.x509 import issuer_of
from tests.engine import sites
from tests.engine.asking import exchange, first, mapped, request

V4, V6 = Bind(Family.V4), Bind(Family.V6)
NYC = Endpoint.of("45.83.220.1", 3478)
FRA = Endpoint.of("45.83.221.1", 3478)
HTTPS = Endpoint(NYC.address, 443)
NOBODY = Endpoint.of("45.83.99.99", 443)


def on(network: SimulatedNetwork, play: Callable[[SimulatedNetwork], Awaitable[object]]) -> object:
    """Play on a network under the virtual clock, inside a session."""

    async def run() -> object:
        async with network.session():
            return await play(network)

    return run_virtual(run())


def home(more: str = "") -> SimulatedNetwork:
    """The easy home, with something more."""
    text = 'description = "A home."\ninclude = ["regions", "home"]\n'
    return parse(text + more)


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


# --- TCP, TLS, HTTP, ICMP -----------------------------------------------------------------------


def test_tcp_and_tls_take_one_round_trip_each() -> None:
    async def play(network: SimulatedNetwork) -> None:
        reply = await network.tls(HTTPS, V4, "nyc1.relays.example")
        assert reply.connect_ms == pytest.approx(15, abs=2)
        assert reply.server_hello_ms == pytest.approx(15, abs=2)
        assert (reply.tls, reply.trusted, reply.error) == (True, True, "")
        assert issuer_of(reply.certificate) == "Example Trust Services"

    on(home(), play)


def test_a_satellite_modem_answers_syns_itself() -> None:
    async def play(network: SimulatedNetwork) -> None:
        reply = await network.tls(HTTPS, V4, "nyc1.relays.example")
        assert reply.connect_ms < 5
        assert reply.server_hello_ms is not None
        assert reply.server_hello_ms > 600

    on(load("slow-satellite"), play)


@pytest.mark.parametrize(
    ("node", "name", "tls", "error"),
    [
        ('tls = "valid"', "wrong.example", True, "not for wrong.example"),
        ('tls = "other"', "nyc1.relays.example", True, "not for nyc1"),
        ('tls = "untrusted"', "nyc1.relays.example", True, "does not trust"),
        ('tls = "no-tls"', "nyc1.relays.example", False, "does not speak TLS"),
        ('tls = "silent"', "nyc1.relays.example", False, "not answered in time"),
    ],
)
def test_tls_that_is_not_as_it_should_be(node: str, name: str, tls: bool, error: str) -> None:
    async def play(network: SimulatedNetwork) -> None:
        reply = await network.tls(HTTPS, V4, name)
        assert (reply.tls, reply.trusted) == (tls, False)
        assert error in reply.error
        assert bool(reply.certificate) is tls
        unchecked = await network.tls(HTTPS, V4, name, verify=False)
        assert unchecked.tls is tls
        assert not unchecked.trusted

    on(home(f"[region.nyc.node.1a]\n{node}\n"), play)


def test_tcp_that_is_refused_or_dropped() -> None:
    async def play(network: SimulatedNetwork) -> None:
        with pytest.raises(Refused):
            await network.connect_ms(Endpoint(NYC.address, 25), V4)
        with pytest.raises(NetworkError, match="in time"):
            await network.tls(NOBODY, V4, "nobody.example", connect_timeout_s=2.0)
        assert network.now() == pytest.approx(2.0, abs=0.1)

    on(home(), play)


def test_tls_inspection_shows_another_issuer() -> None:
    async def play(network: SimulatedNetwork) -> object:
        reply = await network.tls(HTTPS, V4, "nyc1.relays.example")
        assert issuer_of(reply.certificate) == "Example Corp Security"
        return reply.trusted

    inspector = '[box.router]\ntls_inspector = "Example Corp Security"\n'
    assert on(home(inspector), play) is False
    installed = inspector + '[host.here]\ntrusts = ["Example Corp Security"]\n'
    assert on(home(installed), play) is True


def test_certificates_are_der_that_openssl_reads() -> None:
    import ssl
    from tempfile import NamedTemporaryFile

    shown = Certificate(("a.example", "*.b.example"), "Somebody Else")
    with NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(ssl.DER_cert_to_PEM_cert(shown.der))
        file.flush()
        context = ssl.create_default_context(cafile=file.name)
    assert context.cert_store_stats()["x509"] == 1
    assert shown.covers("A.example.")
    assert shown.covers("x.b.example")
    assert not shown.covers("b.example")
    assert not shown.covers("x.y.b.example")


def test_http() -> None:
    async def play(network: SimulatedNetwork) -> None:
        reply = await network.http_get("http://nyc1.relays.example/generate_204", most=10)
        assert (reply.status, reply.body) == (204, b"")
        reply = await network.http_get("https://nyc1.relays.example/generate_204", most=10)
        assert reply.status == 204
        assert (await network.http_get(f"http://{NYC.address}/none", most=1)).status == 404
        page = await network.http_get("http://pages.example/long", most=4)
        assert (page.body, page.truncated) == (b"long", True)
        assert page.headers == (("x-test", "Yes"),)
        with pytest.raises(NotResolved):
            await network.http_get("http://nowhere.example/", most=1)
        with pytest.raises(NetworkError, match="not a web address"):
            await network.http_get("ftp://nowhere.example/", most=1)
        with pytest.raises(NetworkError, match="not trust"):
            await network.http_get("https://pages.example/long", most=1)

    on(
        home(
            '[server.pages]\nhost = "pages.example"\nipv4 = "45.83.217.1"\ntls = "untrusted"\n'
            'page."/long" = { body = "long page", headers = { X-Test = "Yes" } }\n'
        ),
        play,
    )


def test_a_captive_portal_redirects_web_pages() -> None:
    async def play(network: SimulatedNetwork) -> None:
        reply = await network.http_get("http://nyc1.relays.example/generate_204", most=10)
        assert reply.status == 302
        assert reply.headers == (("location", "http://hotel.example/"),)

    on(home('[box.router]\ncaptive_portal = "http://hotel.example/"\n'), play)


def test_ping() -> None:
    async def play(network: SimulatedNetwork) -> None:
        assert await network.ping_ms(NYC.address, V4) == pytest.approx(15, abs=2)
        assert await network.ping_ms(NOBODY.address, V4) is None
        gateway = ip_address("192.168.1.1")
        assert await network.ping_ms(gateway, V4) == pytest.approx(2, abs=1)

    on(home(), play)


def test_ping_without_the_right_or_an_answer() -> None:
    async def forbidden(network: SimulatedNetwork) -> None:
        with pytest.raises(NotPermitted):
            await network.ping_ms(NYC.address, V4)

    async def silent(network: SimulatedNetwork) -> object:
        return await network.ping_ms(NYC.address, V4)

    on(home("[host.here]\nmay_ping = false\n"), forbidden)
    assert on(home("[region.nyc.node.1a]\nanswers_ping = false\n"), silent) is None


def test_the_gateway_answers_for_its_closed_ports() -> None:
    gateway = Endpoint.of("192.168.1.1", 5351)

    async def play(network: SimulatedNetwork) -> object:
        socket = await network.udp(V4)
        socket.send(b"\0\0", gateway)
        return await first(socket)

    told = on(home(), play)
    assert isinstance(told, Bounced)
    assert told.error is IcmpError.PORT
    assert on(home("[box.router]\nsilent = true\n"), play) is None


# --- hops, lines, tunnels -----------------------------------------------------------------------


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


# --- loss, duplication, order -------------------------------------------------------------------


def _bad_line(quality: str, seed: int = 1) -> list[tuple[int, float]]:
    """Which of a hundred numbered datagrams came back as ICMP errors, and when."""

    async def play(network: SimulatedNetwork) -> list[tuple[int, float]]:
        socket = await network.udp(V4)
        for number in range(100):
            socket.send(b"x", Endpoint(NYC.address, 10_000 + number))
        found: list[tuple[int, float]] = []
        while (arrival := await first(socket)) is not None:
            assert isinstance(arrival, Bounced)
            found.append((arrival.destination.port - 10_000, arrival.at))
        return found

    text = f'description = "Bad."\nseed = {seed}\ninclude = ["regions", "home"]\n'
    network = parse(text + f"[host.here.interface.wlan0]\nline = {quality}\n")
    result = on(network, play)
    assert isinstance(result, list)
    return result


def test_loss_has_its_share_and_its_seed() -> None:
    lossy = "{ loss = 0.3 }"
    found = _bad_line(lossy)
    # Lost on the way there or back: about half of them come through.
    assert 30 < len(found) < 70
    assert found == _bad_line(lossy)
    assert found != _bad_line(lossy, seed=2)
    assert len(_bad_line("{ loss = 0 }")) == 100
    assert _bad_line("{ loss = 1 }") == []


def test_duplicates_arrive_twice() -> None:
    found = [number for number, _ in _bad_line("{ duplicate = 1 }")]
    assert sorted(found) == sorted(4 * list(range(100))), "twice on each way"


def test_jitter_makes_packets_overtake_each_other() -> None:
    steady = [number for number, _ in _bad_line("{ delay_ms = 2, jitter_ms = 0 }")]
    shaken = [number for number, _ in _bad_line("{ delay_ms = 2, jitter_ms = 30 }")]
    assert steady == sorted(steady)
    assert shaken != sorted(shaken)
    assert sorted(shaken) == steady


def test_tcp_sends_again_what_was_lost() -> None:
    async def play(network: SimulatedNetwork) -> list[float]:
        return [
            (
                await network.tls(
                    HTTPS, V4, "nyc1.relays.example", connect_timeout_s=60, handshake_timeout_s=60
                )
            ).connect_ms
            for _ in range(20)
        ]

    times = on(home("[host.here.interface.wlan0]\nline = { loss = 0.3 }\n"), play)
    assert isinstance(times, list)
    assert min(times) < 50
    assert max(times) > 1000, "a lost SYN costs a second (RFC 6298)"


# --- the device ---------------------------------------------------------------------------------


def test_programs_and_files_are_those_of_the_scenario() -> None:
    async def play(network: SimulatedNetwork) -> None:
        known = await network.run(["tailscale", "version"], timeout_s=1)
        assert (known.found, known.status, known.stdout) == (True, 0, b"1.92.5\n")
        cut = await network.run(["tailscale", "version"], timeout_s=1, most=3)
        assert (cut.stdout, cut.truncated, cut.status) == (b"1.9", True, None)
        other = await network.run(["tailscale", "status"], timeout_s=1)
        assert (other.found, other.status) == (True, 1)
        missing = await network.run(["ufw", "status"], timeout_s=1)
        assert not missing.found
        slow = await network.run(["slow"], timeout_s=1)
        assert (slow.timed_out, slow.status) == (True, None)
        assert await network.read_file("/etc/hostname", most=3) == b"lap"
        assert await network.read_file("/etc/shadow", most=3) is None

    on(
        home(
            '[host.here.program."tailscale version"]\nstdout = "1.92.5\\n"\n'
            '[host.here.program."slow"]\ntakes_ms = 5000\n'
        ),
        play,
    )


def test_names_are_those_of_servers_and_of_the_scenario() -> None:
    async def play(network: SimulatedNetwork) -> None:
        assert await network.resolve("NYC1.relays.example.", Family.V4) == (NYC.address,)
        six = await network.resolve("nyc1.relays.example", Family.V6)
        assert six == (ip_address("2a0e:b107:e00:1::1"),)
        assert await network.resolve("own.example", Family.V4) == (ip_address("45.83.217.9"),)
        assert await network.resolve("192.0.2.1", Family.V4) == (ip_address("192.0.2.1"),)
        for name, family in (("own.example", Family.V6), ("192.0.2.1", Family.V6)):
            with pytest.raises(NotResolved):
                await network.resolve(name, family)

    on(home('[dns]\nname."own.example" = ["45.83.217.9"]\n'), play)


def test_without_a_name_server_asking_takes_long() -> None:
    async def play(network: SimulatedNetwork) -> None:
        assert await network.resolve("192.0.2.1", Family.V4)
        with pytest.raises(NotResolved, match="no name server"):
            await network.resolve("nyc1.relays.example", Family.V4)
        assert network.now() >= 5

    on(load("no-network"), play)


def test_the_same_seed_gives_the_same_run() -> None:
    async def play(network: SimulatedNetwork) -> object:
        socket = await network.udp(V4)
        answer = await exchange(socket, request(network), NYC)
        assert answer
        return network.random_bytes(8), socket.local, answer, network.now(), network.wall()

    assert on(load("lossy"), play) == on(load("lossy"), play)
    assert on(load("lossy"), play) != on(load("easy-home"), play)


def test_it_works_in_real_time_too() -> None:
    async def play() -> float:
        network = home("[host.here.interface.wlan0]\nline = { delay_ms = 0 }\n")
        async with network.session():
            before = network.now()
            socket = await network.udp(V4)
            assert await exchange(socket, request(network), NYC)
            return network.now() - before

    assert 0.012 < asyncio.run(play()) < 0.9
