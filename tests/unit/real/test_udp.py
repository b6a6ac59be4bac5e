"""Real UDP sockets over loopback: both kinds of reading, ICMP errors, time stamps, closing."""

from __future__ import annotations

import asyncio
import errno
import socket
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from probes.model import Endpoint, Family
from probes.network.real import RealNetwork
from probes.network.real.sockets import open_socket
from probes.network.real.udp_transport import TransportUdp
from probes.network.seam import (
    Bind,
    Bounced,
    Datagram,
    IcmpError,
    NetworkError,
    NotPermitted,
    UdpSocket,
    Unreachable,
)

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")


@pytest.fixture(params=["polled", "transport"])
async def sock(request: pytest.FixtureRequest, network: RealNetwork) -> UdpSocket:
    bind = Bind(Family.V4)
    if request.param == "polled":
        return await network.udp(bind)
    plain = open_socket(bind, socket.SOCK_DGRAM)
    made = await TransportUdp.open(
        plain, bind.family, asyncio.get_running_loop(), network._open.discard
    )
    network._open.add(made)
    return made


def address_of(echo: socket.socket) -> Endpoint:
    return Endpoint.of(*echo.getsockname())


async def test_a_datagram_goes_out_and_its_answer_comes_in(
    sock: UdpSocket, echo: socket.socket
) -> None:
    loop = asyncio.get_running_loop()
    before = loop.time()
    sock.send(b"question", address_of(echo))
    data, sender = echo.recvfrom(100)
    assert (data, sender[1]) == (b"question", sock.local.port)
    echo.sendto(b"answer", sender)
    arrival = await asyncio.wait_for(sock.receive(), 5)
    assert isinstance(arrival, Datagram)
    assert (arrival.data, arrival.source) == (b"answer", address_of(echo))
    assert before <= arrival.at <= loop.time()


@on_linux
async def test_a_busy_loop_does_not_make_the_network_slow(
    network: RealNetwork, echo: socket.socket
) -> None:
    sock = await network.udp(Bind(Family.V4))
    # The kernel begins to stamp a moment after the first socket asks for it.
    await asyncio.sleep(0.05)
    echo.sendto(b"tick", ("127.0.0.1", sock.local.port))
    time.sleep(0.2)  # noqa: ASYNC251 - a slow frame of the screen
    arrival = await asyncio.wait_for(sock.receive(), 5)
    assert asyncio.get_running_loop().time() - arrival.at > 0.15


@on_linux
async def test_a_refusal_names_the_destination_and_the_reporter(
    network: RealNetwork, closed_udp: Endpoint
) -> None:
    sock = await network.udp(Bind(Family.V4))
    sock.send(b"anybody?", closed_udp)
    arrival = await asyncio.wait_for(sock.receive(), 5)
    assert isinstance(arrival, Bounced)
    assert (arrival.error, arrival.destination) == (IcmpError.PORT, closed_udp)
    assert str(arrival.reporter) == "127.0.0.1"


@on_linux
async def test_a_refusal_costs_neither_the_next_datagram_nor_the_socket(
    network: RealNetwork, closed_udp: Endpoint, echo: socket.socket
) -> None:
    """ECONNREFUSED of the first send is raised by the second, which then was not sent."""
    sock = await network.udp(Bind(Family.V4))
    rounds = 20
    for number in range(rounds):
        sock.send(b"anybody?", closed_udp)
        time.sleep(0.002)  # noqa: ASYNC251 - let the ICMP error come before the loop can read it
        sock.send(b"%d" % number, address_of(echo))
        assert echo.recv(100) == b"%d" % number
        echo.sendto(b"%d" % number, ("127.0.0.1", sock.local.port))
    seen: list[bytes] = []
    bounced = 0
    while len(seen) < rounds or bounced < rounds:
        arrival = await asyncio.wait_for(sock.receive(), 5)
        if isinstance(arrival, Datagram):
            seen.append(arrival.data)
        else:
            bounced += 1
    assert seen == [b"%d" % number for number in range(rounds)]


@on_linux
async def test_refusals_over_ipv6(network: RealNetwork) -> None:
    if not (await network.local()).os_ipv6:
        pytest.skip("this system has no IPv6")
    sock = await network.udp(Bind(Family.V6))
    target = Endpoint.of("::1", 9)
    sock.send(b"anybody?", target)
    arrival = await asyncio.wait_for(sock.receive(), 5)
    assert isinstance(arrival, Bounced)
    assert (arrival.error, arrival.destination) == (IcmpError.PORT, target)


@on_linux
async def test_the_ttl_holds_for_one_datagram(sock: UdpSocket, echo: socket.socket) -> None:
    echo.setsockopt(socket.IPPROTO_IP, 12, 1)  # IP_RECVTTL, <linux/in.h>

    def ttl() -> int:
        _, control, _, _ = echo.recvmsg(100, 100)
        return int.from_bytes(control[0][2], sys.byteorder)

    to = address_of(echo)
    sock.send(b"usual", to)
    usual = ttl()
    sock.send(b"short", to, ttl=3)
    assert ttl() == 3
    sock.send(b"usual again", to)
    assert ttl() == usual != 3


async def test_closing_ends_whoever_waits(sock: UdpSocket) -> None:
    waiting = [asyncio.create_task(sock.receive()) for _ in range(2)]
    await asyncio.sleep(0)
    sock.close()
    sock.close()
    for task in waiting:
        with pytest.raises(NetworkError, match="closed"):
            await asyncio.wait_for(task, 5)
    with pytest.raises(NetworkError, match="closed"):
        sock.send(b"x", Endpoint.of("127.0.0.1", 9))
    with pytest.raises(NetworkError, match="closed"):
        await sock.receive()


async def test_a_cancelled_reader_takes_nothing_with_it(
    sock: UdpSocket, echo: socket.socket
) -> None:
    first, second = (asyncio.create_task(sock.receive()) for _ in range(2))
    await asyncio.sleep(0)
    echo.sendto(b"one", ("127.0.0.1", sock.local.port))
    first.cancel()
    arrival = await asyncio.wait_for(second, 5)
    assert isinstance(arrival, Datagram)
    assert arrival.data == b"one"


async def test_a_flood_is_bounded_and_the_socket_lives(
    sock: UdpSocket, echo: socket.socket
) -> None:
    to = ("127.0.0.1", sock.local.port)
    for _ in range(40):
        for _ in range(100):
            echo.sendto(b"flood", to)
        await asyncio.sleep(0.001)
    kept = 0
    while True:
        try:
            await asyncio.wait_for(sock.receive(), 0.2)
        except TimeoutError:
            break
        kept += 1
    assert 0 < kept <= 2048
    echo.sendto(b"after", to)
    arrival = await asyncio.wait_for(sock.receive(), 5)
    assert isinstance(arrival, Datagram)
    assert arrival.data == b"after"


async def test_the_session_closes_what_is_open() -> None:
    network = RealNetwork()
    async with network.session():
        sock = await network.udp(Bind(Family.V4))
        waiting = asyncio.create_task(sock.receive())
        await asyncio.sleep(0)
    with pytest.raises(NetworkError):
        await asyncio.wait_for(waiting, 5)


async def test_a_port_of_ones_choice_and_one_that_is_taken(network: RealNetwork) -> None:
    first = await network.udp(Bind(Family.V4))
    taken = Bind(Family.V4, port=first.local.port)
    with pytest.raises(NetworkError, match="in use"):
        await network.udp(taken)
    assert not await network.can_bind(taken)
    first.close()
    assert (await network.udp(taken)).local.port == taken.port


async def test_an_interface_that_is_not_there_cannot_be_bound_to(network: RealNetwork) -> None:
    assert not await network.can_bind(Bind(Family.V4, interface="nosuch0"))
    assert await network.can_bind(Bind(Family.V4))


async def test_an_address_that_is_not_ours_cannot_be_bound_to(network: RealNetwork) -> None:
    with pytest.raises(Unreachable):
        await network.udp(Bind(Family.V4, address=Endpoint.of("192.0.2.77", 0).address))


async def test_the_other_family_is_refused_before_the_system_is_asked(sock: UdpSocket) -> None:
    with pytest.raises(NetworkError, match="IPv4"):
        sock.send(b"x", Endpoint.of("::1", 9))


class _Refusing:
    """A socket that fails to send so often, then succeeds."""

    def __init__(self, sock: socket.socket, code: int, times: int) -> None:
        self._sock = sock
        self.left = times
        self.code = code

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def sendto(self, data: bytes, to: Any) -> int:
        if self.left:
            self.left -= 1
            raise OSError(self.code, "as told")
        return self._sock.sendto(data, to)


Refuse = Callable[[int, int], None]


@pytest.fixture
def refuse(sock: UdpSocket) -> Refuse:
    def start(code: int, times: int) -> None:
        sock._sock = _Refusing(sock._sock, code, times)  # type: ignore[attr-defined]

    return start


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (errno.EPERM, NotPermitted),
        (errno.EACCES, NotPermitted),
        (errno.ENETUNREACH, Unreachable),
        (errno.EHOSTUNREACH, Unreachable),
        (errno.ENETDOWN, Unreachable),
        (errno.EADDRNOTAVAIL, Unreachable),
        (errno.EMSGSIZE, NetworkError),
        (errno.EAGAIN, NetworkError),
    ],
)
async def test_what_the_system_says_of_a_send(
    sock: UdpSocket, refuse: Refuse, code: int, kind: type[NetworkError]
) -> None:
    refuse(code, 1000)
    with pytest.raises(NetworkError) as caught:
        sock.send(b"x", Endpoint.of("127.0.0.1", 9))
    assert type(caught.value) is kind


async def test_a_refused_permission_is_not_asked_for_twice(sock: UdpSocket, refuse: Refuse) -> None:
    refuse(errno.EPERM, 1)
    with pytest.raises(NotPermitted):
        sock.send(b"x", Endpoint.of("127.0.0.1", 9))


@pytest.mark.parametrize("code", [errno.ECONNREFUSED, errno.EHOSTUNREACH])
async def test_the_error_of_an_earlier_datagram_is_not_this_ones(
    sock: UdpSocket, refuse: Refuse, echo: socket.socket, code: int
) -> None:
    refuse(code, 1)
    sock.send(b"sent all the same", address_of(echo))
    assert echo.recv(100) == b"sent all the same"
