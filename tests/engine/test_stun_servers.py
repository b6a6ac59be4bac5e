"""The simulated STUN servers, and RFC 5780's own procedure against every kind of NAT."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import product

import pytest

from probes.model import Endpoint, Family
from probes.network.seam import Bind, Datagram
from probes.network.simulated import SimulatedNetwork, parse, run_virtual
from probes.network.simulated.nat_behavior import Dependence
from probes.wire.stun import Malformed, MessageClass
from tests.engine import asking, sites
from tests.engine.asking import exchange, first, request

SERVER = Endpoint.of("45.83.220.1", 3478)
PRIMARY = Endpoint.of("45.83.221.1", 3478)
OTHER_PORT = Endpoint.of("45.83.221.1", 3479)
OTHER_ADDRESS = Endpoint.of("45.83.221.2", 3478)
OTHER_BOTH = Endpoint.of("45.83.221.2", 3479)
V4 = Bind(Family.V4)


def at_server(stun: str, play: Callable[[SimulatedNetwork], Awaitable[object]]) -> object:
    """Play from an open host against one server."""
    text = f'description = "A server."\n[server.it]\nipv4 = "45.83.220.1"\n[server.it.stun]\n{stun}'
    return run_virtual(_run(parse(text + sites.site("open", sites.HERE)), play))


async def _run(
    network: SimulatedNetwork, play: Callable[[SimulatedNetwork], Awaitable[object]]
) -> object:
    async with network.session():
        return await play(network)


@pytest.mark.parametrize(
    ("software", "answers"),
    [
        (("tailnode",), True),
        (("whyrelay", "tailnode"), True),
        ((), False),
        (("whyrelay",), False),
        (("Tailnode",), False),
    ],
)
def test_a_relay_answers_only_relay_clients(software: tuple[str, ...], answers: bool) -> None:
    async def play(network: SimulatedNetwork) -> None:
        socket = await network.udp(V4)
        answer = await exchange(socket, request(network, software=software), SERVER)
        assert (answer is not None) is answers
        if answer:
            assert answer[0].other is None
            assert [each.type for each in answer[0].attributes] == [0x0020]

    at_server('kind = "relay"', play)


def test_a_relay_wants_the_fingerprint_last() -> None:
    async def play(network: SimulatedNetwork) -> None:
        socket = await network.udp(V4)
        whole = request(network)
        without = whole[:2] + (len(whole) - 28).to_bytes(2) + whole[4:-8]
        assert await exchange(socket, without, SERVER) is None
        assert await exchange(socket, whole, SERVER)

    at_server('kind = "relay"', play)


def test_a_relay_ignores_change_request_and_a_plain_server_refuses_it() -> None:
    async def ask(network: SimulatedNetwork) -> object:
        socket = await network.udp(V4)
        answer = await exchange(socket, request(network, change=(True, True)), SERVER)
        assert answer
        return answer[0].message_class, answer[0].error and answer[0].error.code, answer[1]

    assert at_server('kind = "relay"', ask) == (MessageClass.SUCCESS, None, SERVER)
    assert at_server('kind = "plain"', ask) == (MessageClass.ERROR, 420, SERVER)


@pytest.mark.parametrize("data", [b"", b"hello", bytes(20), bytes(2000)])
def test_no_server_answers_what_is_no_request(data: bytes) -> None:
    async def play(network: SimulatedNetwork) -> object:
        socket = await network.udp(V4)
        socket.send(data, SERVER)
        return await first(socket)

    assert at_server('kind = "plain"', play) is None


def test_a_server_serves_each_of_its_ports() -> None:
    async def play(network: SimulatedNetwork) -> None:
        socket = await network.udp(V4)
        for port in (80, 443, 3478):
            to = Endpoint(SERVER.address, port)
            answer = await exchange(socket, request(network), to)
            assert answer
            assert answer[1] == to

    at_server("ports = [80, 443, 3478]", play)


def test_a_slow_server_and_one_that_ignores_the_first() -> None:
    async def slow(network: SimulatedNetwork) -> object:
        socket = await network.udp(V4)
        socket.send(request(network), SERVER)
        arrival = await first(socket, 5)
        assert arrival
        return arrival.at

    async def patient(network: SimulatedNetwork) -> object:
        socket = await network.udp(V4)
        return [bool(await exchange(socket, request(network), SERVER)) for _ in range(3)]

    assert at_server("answer_after_ms = 900", slow) == pytest.approx(0.92, abs=0.001)
    assert at_server("ignores_first = 2", patient) == [False, False, True]


# --- faults -------------------------------------------------------------------------------------


async def _one_answer(network: SimulatedNetwork) -> object:
    socket = await network.udp(V4)
    data = request(network)
    try:
        answer = await exchange(socket, data, SERVER)
    except Malformed:
        return "malformed"
    if answer is None:
        return "silence"
    message, source = answer
    return (
        message.message_class,
        message.transaction == data[8:20],
        source == SERVER,
        message.mapped is not None,
    )


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        ("none", (MessageClass.SUCCESS, True, True, True)),
        ("silent", "silence"),
        ("garbage", "malformed"),
        ("wrong-transaction", (MessageClass.SUCCESS, False, True, True)),
        ("wrong-source", (MessageClass.SUCCESS, True, False, True)),
        ("no-address", (MessageClass.SUCCESS, True, True, False)),
        ("error", (MessageClass.ERROR, True, True, False)),
    ],
)
def test_each_fault_is_what_it_says(fault: str, seen: object) -> None:
    assert at_server(f'fault = "{fault}"', _one_answer) == seen


async def _changed(network: SimulatedNetwork) -> object:
    """What CHANGE-REQUEST for address and port brings from PRIMARY, and the other address alone."""
    fresh = await network.udp(V4)
    changed = await exchange(fresh, request(network, change=(True, True)), PRIMARY)
    plain = await exchange(await network.udp(V4), request(network), PRIMARY)
    assert plain
    assert plain[0].other == OTHER_BOTH, "it promises the alternate address"
    alternate = await exchange(await network.udp(V4), request(network), OTHER_BOTH)
    kind = None if changed is None else (changed[0].message_class, changed[1])
    return kind, alternate is not None


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        ("none", ((MessageClass.SUCCESS, OTHER_BOTH), True)),
        ("lying", ((MessageClass.SUCCESS, PRIMARY), True)),
        ("refusing", ((MessageClass.ERROR, PRIMARY), True)),
        ("boasting", (None, False)),
    ],
)
def test_servers_that_promise_change_request(fault: str, seen: object) -> None:
    text = sites.one("open").replace('kind = "rfc5780"', f'kind = "rfc5780"\nfault = "{fault}"')
    assert run_virtual(_run(parse(text), _changed)) == seen


def test_response_port_sends_the_answer_elsewhere() -> None:
    async def play(network: SimulatedNetwork) -> None:
        asking_socket, listening = await network.udp(V4), await network.udp(V4)
        data = request(network, response_port=listening.local.port)
        asking_socket.send(data, PRIMARY)
        arrival = await first(listening)
        assert isinstance(arrival, Datagram)
        assert arrival.source == PRIMARY
        assert await first(asking_socket) is None

    run_virtual(_run(parse(sites.one("open")), play))


# --- RFC 5780 against every NAT -----------------------------------------------------------------


async def _mapping(network: SimulatedNetwork) -> Dependence:
    """RFC 5780 section 4.3, from one socket."""
    socket = await network.udp(V4)
    seen = [await asking.mapped(network, socket, to) for to in (PRIMARY, OTHER_ADDRESS, OTHER_BOTH)]
    if seen[0] == seen[1]:
        return Dependence.NOTHING
    return Dependence.ADDRESS if seen[1] == seen[2] else Dependence.ADDRESS_AND_PORT


async def _filtering(network: SimulatedNetwork) -> Dependence:
    """RFC 5780 section 4.4, from a socket that never sent to the alternate address."""
    socket = await network.udp(V4)
    assert await exchange(socket, request(network), PRIMARY)
    for change, dependence, source in (
        ((True, True), Dependence.NOTHING, OTHER_BOTH),
        ((False, True), Dependence.ADDRESS, OTHER_PORT),
    ):
        answer = await exchange(socket, request(network, change=change), PRIMARY)
        if answer:
            assert answer[1] == source
            return dependence
    return Dependence.ADDRESS_AND_PORT


@pytest.mark.parametrize("ports", ["preserve", "random", "sequential"])
@pytest.mark.parametrize(("mapping", "filtering"), list(product(Dependence, Dependence)))
def test_rfc_5780_finds_every_cell(mapping: Dependence, filtering: Dependence, ports: str) -> None:
    async def play(network: SimulatedNetwork) -> tuple[Dependence, Dependence]:
        return await _mapping(network), await _filtering(network)

    behavior = f'mapping = "{mapping}"\nfiltering = "{filtering}"\nports = "{ports}"\n'
    text = sites.one("eim-apdf").replace("overload = true\n", behavior)
    assert run_virtual(_run(parse(text), play)) == (mapping, filtering)


def test_the_collision_can_be_seen_from_inside() -> None:
    """A changed-source answer that the router took for itself moves the next flow's port."""

    async def play(network: SimulatedNetwork) -> tuple[int, int]:
        control, socket = await network.udp(V4), await network.udp(V4)
        assert await exchange(socket, request(network), PRIMARY)
        assert await exchange(socket, request(network, change=(True, True)), PRIMARY) is None
        seen = await asking.mapped(network, socket, OTHER_BOTH)
        clean = await asking.mapped(network, control, OTHER_BOTH)
        assert seen
        assert clean
        return seen.port - socket.local.port, clean.port - control.local.port

    found = run_virtual(_run(parse(sites.one("eim-apdf-wanopen")), play))
    assert isinstance(found, tuple)
    moved, kept = found
    assert moved != 0
    assert kept == 0
    assert run_virtual(_run(parse(sites.one("eim-apdf")), play)) == (0, 0)
