"""A whole meeting from both ends: sockets, servers, offers, a port of the router, the try."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from probes.mappings import TestMapping
from probes.model import Endpoint, Family
from probes.network.seam import Bind
from probes.network.simulated import parse, run_virtual
from probes.options import Options
from probes.punch.offer import CandidateKind, Offer
from probes.punch.packet import BYTES, Kind, Packet, decode, encode
from probes.punch.session import Encounter, NoPort, Stage, hold
from tests.engine import sites
from tests.engine.port_mapping import Drawer, mapper

MAP = (
    '{"Regions": {"1": {"RegionID": 1, "Nodes": [{"Name": "1a", "RegionID": 1, '
    '"HostName": "45.83.220.1", "IPv4": "45.83.220.1"}]}, '
    '"2": {"RegionID": 2, "Nodes": [{"Name": "2a", "RegionID": 2, "HostName": "45.83.221.1", '
    '"IPv4": "45.83.221.1"}]}}}'
)


def _two() -> tuple[asyncio.Event, ...]:
    return asyncio.Event(), asyncio.Event()


@dataclass(slots=True)
class Table:
    """Two ends at one table, each with a delay before it sees what the other has put there."""

    delays_s: tuple[float, float] = (0.0, 0.0)
    offers: dict[int, Offer] = field(default_factory=dict)
    shown: tuple[asyncio.Event, ...] = field(default_factory=_two)
    began: tuple[asyncio.Event, ...] = field(default_factory=_two)
    left: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Seat:
    """One end's place at it."""

    table: Table
    number: int

    async def find(self, own: Offer) -> Offer:
        self.table.offers[self.number] = own
        self.table.shown[self.number].set()
        await self.table.shown[1 - self.number].wait()
        await asyncio.sleep(self.table.delays_s[self.number])
        self.table.began[self.number].set()
        return self.table.offers[1 - self.number]

    async def peer_began(self) -> None:
        await self.table.began[1 - self.number].wait()
        await asyncio.sleep(self.table.delays_s[self.number])

    async def leave(self) -> None:
        self.table.left.append(self.number)


def options(port: int | None = sites.PORT, **more: object) -> Options:
    return Options(derp_map="map", derp_map_text=MAP, port=port, **more)  # type: ignore[arg-type]


def together(
    here: str,
    there: str,
    *,
    delays_s: tuple[float, float] = (0.0, 0.0),
    ours: Options | None = None,
) -> tuple[Encounter, Encounter, Table]:
    table = Table(delays_s)

    async def run() -> tuple[Encounter, Encounter]:
        network = parse(sites.two(here, there))
        return await asyncio.gather(
            hold(network, ours or options(), Seat(table, 0), lambda stage: None),
            hold(network.seen_from("there"), options(), Seat(table, 1), lambda stage: None),
        )

    return (*run_virtual(run()), table)


def test_both_ends_say_the_same_of_a_direct_path() -> None:
    near, far, table = together("eim-apdf", "eim-apdf")
    assert near.meeting is not None
    assert far.meeting is not None
    assert near.meeting.direct
    assert far.meeting.direct
    assert str(near.meeting.endpoint) == "45.83.224.10:41641"
    assert near.meeting.paths[0].seen_as == far.meeting.endpoint
    assert near.port == far.port == sites.PORT
    assert near.peer == far.own
    assert sorted(table.left) == [0, 1], "nothing is left at the place where they met"


def test_a_direct_meeting_is_over_long_before_its_limit() -> None:
    near, far, _ = together("eim-apdf", "open")
    assert near.meeting is not None
    assert far.meeting is not None
    assert max(near.meeting.tried_s, far.meeting.tried_s) < 3.0


@pytest.mark.parametrize("delays_s", [(0.0, 0.0), (40.0, 0.0), (0.0, 40.0), (25.0, 30.0)])
@pytest.mark.parametrize(("there", "direct"), [("eim-apdf", True), ("hard", False)])
def test_a_slow_channel_changes_nothing(
    delays_s: tuple[float, float], there: str, direct: bool
) -> None:
    near, far, _ = together("eim-apdf", there, delays_s=delays_s)
    assert near.meeting is not None
    assert far.meeting is not None
    assert near.meeting.direct is far.meeting.direct is direct


def test_nobody_comes() -> None:
    async def run() -> Encounter:
        network = parse(sites.one("eim-apdf"))
        stages: list[Stage] = []
        found = await hold(network, options(timeout_s=30.0), Seat(Table(), 0), stages.append)
        assert stages == [Stage.GATHERING, Stage.WAITING]
        return found

    found = run_virtual(run())
    assert found.meeting is None
    assert found.peer is None
    assert found.waited_s == pytest.approx(30.0)


@pytest.mark.parametrize("port", [sites.PORT, None])
def test_a_port_that_is_taken(port: int | None) -> None:
    """A named port has to be had; else any will do, for the VPN itself may be on its own."""

    async def run() -> Encounter:
        network = parse(sites.one("eim-apdf"))
        await network.udp(Bind(Family.V4, port=sites.PORT))
        return await hold(network, options(port, timeout_s=1.0), Seat(Table(), 0), lambda _: None)

    if port is None:
        assert run_virtual(run()).port != sites.PORT
    else:
        with pytest.raises(NoPort, match=r"UDP port 41641 cannot be used: .*\."):
            run_virtual(run())


ROUTER = "[box.here-router.port_mapping]\n"


@pytest.mark.parametrize("speaks", ["upnp", "nat_pmp", "pcp"])
def test_a_port_of_the_router_is_opened_for_the_meeting_and_closed_again(speaks: str) -> None:
    """Two hard NATs: without it nothing gets through."""
    drawer, table = Drawer(), Table()

    async def run() -> tuple[Encounter, bool]:
        network = parse(sites.two("hard", "hard") + f"{ROUTER}{speaks} = true\n")
        consents = options(map_test=True, journal=drawer.journal)
        near, _ = await asyncio.gather(
            hold(network, consents, Seat(table, 0), lambda _: None),
            hold(network.seen_from("there"), options(), Seat(table, 1), lambda _: None),
        )
        return near, bool(mapper(network).table)

    near, left = run_virtual(run())
    assert near.opening is not None
    assert near.opening.protocol.replace("-", "_") == speaks
    assert near.opening.endpoint.port >= 49152
    assert near.own.candidates[0].kind is CandidateKind.PORT_MAPPING
    assert near.meeting is not None
    assert near.meeting.direct
    assert not left
    assert drawer.ever
    assert not drawer.kept


def test_nothing_is_asked_of_the_router_without_consent() -> None:
    async def run() -> tuple[Encounter, int]:
        network = parse(sites.one("hard") + f"{ROUTER}pcp = true\n")
        found = await hold(network, options(timeout_s=1.0), Seat(Table(), 0), lambda _: None)
        return found, len(mapper(network).table)

    found, entries = run_virtual(run())
    assert found.opening is None
    assert entries == 0


def test_the_opening_outlives_its_lease_while_the_other_end_is_waited_for() -> None:
    drawer = Drawer()

    async def run() -> int:
        network = parse(sites.one("hard") + f"{ROUTER}pcp = true\n")
        consents = options(map_test=True, journal=drawer.journal, timeout_s=300.0)
        waiting = asyncio.create_task(hold(network, consents, Seat(Table(), 0), lambda _: None))
        await asyncio.sleep(200.0)
        mapper(network).expire()
        entries = len(mapper(network).table)
        await waiting
        return entries

    assert run_virtual(run()) == 1
    assert not drawer.kept


def test_whoever_is_interrupted_leaves_the_removal_to_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawer, table = Drawer(), Table()
    orders: list[tuple[str, str]] = []

    async def run() -> None:
        network = parse(sites.one("hard") + f"{ROUTER}pcp = true\n")
        monkeypatch.setattr(type(network), "remove_later", lambda _, *order: orders.append(order))
        consents = options(map_test=True, journal=drawer.journal)
        waiting = asyncio.create_task(hold(network, consents, Seat(table, 0), lambda _: None))
        await asyncio.sleep(30.0)
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting

    run_virtual(run())
    ((text, record),) = orders
    assert TestMapping.from_text(text).internal_port == sites.PORT
    assert list(drawer.kept) == [Path(record).name]
    assert table.left == [0]


def test_packets_are_read_back() -> None:
    for seen in (None, "192.0.2.1:7", "[2001:db8::1]:65535"):
        endpoint = None if seen is None else Endpoint.parse(seen)
        packet = Packet(Kind.PONG, bytes(range(16)), b"12345678", endpoint)
        assert decode(encode(packet)) == packet
        assert len(encode(packet)) == BYTES


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[:-1],
        lambda data: data + b"\0",
        lambda data: b"x" + data[1:],
        lambda data: data[:4] + b"\7" + data[5:],
        lambda data: b"",
    ],
)
def test_anything_else_is_no_packet(spoil: Callable[[bytes], bytes]) -> None:
    data = encode(Packet(Kind.PING, bytes(16), bytes(8)))
    assert decode(spoil(data)) is None
