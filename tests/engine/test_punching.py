"""Two sites of the simulated network punch holes at each other, as two real ones do.

The expectations are what a real VPN daemon did behind real kernel NATs in the same pairs of sites.
Two ends learn their endpoints from a STUN server, tell each other (a relay is assumed), and send
pings to every endpoint they know, among them those that a ping came from. Direct means that each
got an answer to one of its own pings.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from itertools import combinations_with_replacement

import pytest

from probes.model import Endpoint, Family
from probes.network.seam import Bind, Datagram, UdpSocket
from probes.network.simulated import SimulatedNetwork, parse, run_virtual
from tests.engine import sites
from tests.engine.asking import mapped
from tests.measured_pairs import COLUMNS, outcome

STUN = Endpoint.of("45.83.220.1", 3478)
ROUNDS = 10
SECOND_END_STARTS_AFTER_S = 0.4


class End:
    """One end of the pair."""

    def __init__(self, network: SimulatedNetwork, socket: UdpSocket) -> None:
        self.network = network
        self.socket = socket
        self.targets: set[Endpoint] = set()
        self.direct = False

    @classmethod
    async def at(cls, network: SimulatedNetwork) -> End:
        return cls(network, await network.udp(Bind(Family.V4, port=sites.PORT)))

    async def endpoints(self, kind: str) -> set[Endpoint]:
        """Where the other end is told to aim."""
        seen = await mapped(self.network, self.socket, STUN)
        found = {seen} if seen else set()
        if kind in sites.FORWARDED and seen is not None:
            found.add(Endpoint(seen.address, sites.PORT))
        return found

    async def answer(self) -> None:
        while True:
            arrival = await self.socket.receive()
            if not isinstance(arrival, Datagram):
                continue
            if arrival.data == b"pong":
                self.direct = True
            elif arrival.data == b"ping":
                self.targets.add(arrival.source)
                self.socket.send(b"pong", arrival.source)

    async def call(self, after_s: float) -> None:
        await asyncio.sleep(after_s)
        for _ in range(ROUNDS):
            for target in sorted(self.targets, key=str):
                self.socket.send(b"ping", target)
            await asyncio.sleep(1.0)


def punch(here: str, there: str, *, starts: str = "here") -> bool:
    """Whether the pair goes direct, both ways. Raises AssertionError for one way alone."""

    async def run() -> bool:
        network = parse(sites.two(here, there))
        near, far = await End.at(network), await End.at(network.seen_from("there"))
        near.targets, far.targets = await far.endpoints(there), await near.endpoints(here)
        listeners = [asyncio.create_task(end.answer()) for end in (near, far)]
        late = SECOND_END_STARTS_AFTER_S
        await asyncio.gather(
            near.call(0.0 if starts == "here" else late),
            far.call(late if starts == "here" else 0.0),
        )
        for task in listeners:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        assert near.direct is far.direct, "one way alone"
        return near.direct

    return run_virtual(run())


@pytest.mark.parametrize(("here", "there"), list(combinations_with_replacement(COLUMNS, 2)))
@pytest.mark.parametrize("starts", ["here", "there"])
def test_pairs_go_as_measured(here: str, there: str, starts: str) -> None:
    assert punch(here, there, starts=starts) is (outcome(here, there) == "D")


@pytest.mark.parametrize("there", ["eim-apdf", "public-fw"])
def test_router_that_accepts_strangers_makes_the_starter_decide(there: str) -> None:
    # The other side's early packet stays in the router's table and takes the flow's port away.
    assert punch("eim-apdf-wanopen", there, starts="here") is True
    assert punch("eim-apdf-wanopen", there, starts="there") is False


@pytest.mark.parametrize("there", ["open", "eim-eif", "eim-adf", "hard+map", "one2one"])
@pytest.mark.parametrize("starts", ["here", "there"])
def test_collision_does_no_harm_to_a_peer_without_a_port_filter(there: str, starts: str) -> None:
    assert punch("eim-apdf-wanopen", there, starts=starts) is True


@pytest.mark.parametrize("starts", ["here", "there"])
def test_two_routers_that_accept_strangers_stay_relayed(starts: str) -> None:
    assert punch("eim-apdf-wanopen", "eim-apdf-wanopen", starts=starts) is False


@pytest.mark.parametrize("there", ["public-fw", "eim-apdf", "eim-apdf+map+hostfw"])
def test_forward_behind_a_hard_nat_and_a_host_firewall_depends_on_the_starter(there: str) -> None:
    assert punch("hard+map+hostfw", there, starts="here") is False
    assert punch("hard+map+hostfw", there, starts="there") is True


@pytest.mark.parametrize(
    ("there", "direct"),
    [("open", True), ("eim-eif", True), ("eim-adf", True), ("hard", False), ("cgnat-hard", False)],
)
def test_forward_behind_a_hard_nat_and_a_host_firewall(there: str, direct: bool) -> None:
    assert punch("hard+map+hostfw", there, starts="here") is direct
    assert punch("hard+map+hostfw", there, starts="there") is direct


@pytest.mark.parametrize(
    ("there", "direct"),
    [("eim-apdf", True), ("public-hostfw", True), ("hard", False), ("hard+map", True)],
)
def test_host_firewall_counts_like_a_router_s(there: str, direct: bool) -> None:
    assert punch("public-hostfw", there) is direct
