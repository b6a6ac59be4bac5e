"""A practice network is one network: what is listed, pinged and watched there agrees."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

from probes.diagnosis.remedies import RemedyId
from probes.events import RunStarted
from probes.model import CheckId
from probes.network.simulated import Life, SimulatedNetwork, load, run_virtual
from probes.network.simulated.life import BEGINNING
from probes.options import Journal, Options
from probes.readings.port_mapping import NAT_PMP
from probes.readings.tailscale import PEERS, PeerPath
from probes.report import report_of
from probes.tailscale.ping import PingPath, Pong
from probes.tailscale.watch import watch
from tui.practising import Age, Practised
from tui.sources import closing

NAS, PHONE = "home-nas", "phone"
PHONES = ip_address("100.71.8.44")
Paths = dict[str, PeerPath]


async def _listed(source: Practised) -> Paths:
    async with closing(source.run(Options(only=frozenset()))) as run:
        report = report_of([event async for event in run])
    return {peer.name: peer.path for peer in report.value(PEERS) or ()}


async def _seen(source: Practised) -> Paths:
    async with closing(source.looks(Options())) as looks:
        look = await anext(aiter(looks))
    return {peer.name: peer.path for peer in look.peers}


async def _pinged(source: Practised) -> PingPath:
    async with closing(source.pings(ip_address("100.71.8.7"))) as pings:
        line = (await anext(aiter(pings))).line
    assert isinstance(line, Pong)
    return line.path


def test_what_a_real_router_holds_open_is_left_to_it() -> None:
    """The addresses of homes are alike: a record of a real one would fit the practice router."""
    touched: list[str] = []

    def load() -> tuple[str, ...]:
        touched.append("read")
        return ()

    def write(_name: str, _text: str) -> bool:
        touched.append("written")
        return False

    journal = Journal(load, write, lambda _name: touched.append("erased"))
    options = Options(
        only=frozenset({CheckId.LOCAL, CheckId.NAT_PMP}), map_test=True, journal=journal
    )

    async def tried() -> bool:
        async with closing(Practised("hard-home-pcp").run(options)) as run:
            test = report_of([event async for event in run]).value(NAT_PMP.test)
        return test is not None and test.granted and test.removed is True

    assert run_virtual(tried()), "and without a place to write, a port is tried all the same"
    assert touched == []


def test_who_looks_on_sees_the_date_of_today() -> None:
    async def taken_at() -> datetime:
        async with closing(Practised("easy-home").run(Options())) as run:
            started = await anext(aiter(run))
        assert isinstance(started, RunStarted)
        return datetime.fromisoformat(started.taken_at)

    assert abs(datetime.now(UTC) - asyncio.run(taken_at())) < timedelta(minutes=5)
    assert run_virtual(taken_at()) == BEGINNING, "recordings of it can be compared"


def test_another_network_gives_a_device_no_tailscale() -> None:
    other = Practised("mobile").after(RemedyId.OTHER_NETWORK)
    assert isinstance(other, Practised)
    assert run_virtual(_listed(other)) == {}
    other = Practised("udp-blocked").after(RemedyId.OTHER_NETWORK)
    assert isinstance(other, Practised)
    assert NAS in run_virtual(_listed(other)), "where there is one it comes along"


def test_paths_that_change_do_so_again_and_again() -> None:
    """Whoever begins to watch some minutes later sees them change, too."""
    paths = []
    for age_s in (0.0, 20.0, 45.0, 60.0, 75.0, 95.0, 300.0, 320.0):
        life = Life(age_s)
        network = load("back-and-forth", life=life)
        looks = run_virtual(_first_look(network))
        paths.append(looks[NAS])
    derp, direct = PeerPath.DERP, PeerPath.DIRECT
    assert paths == [derp, direct, derp, direct, derp, direct, derp, direct]


async def _first_look(network: SimulatedNetwork) -> Paths:
    async with closing(watch(network, Options())) as looks:
        look = await anext(aiter(looks))
    return {peer.name: peer.path for peer in look.peers}


def _changed(clock: Callable[[], float]) -> Practised:
    """The router opens ports on request from now on."""
    before = Practised("easy-home", age=Age(clock))
    assert run_virtual(_seen(before))[NAS] is PeerPath.DERP
    changed = before.after(RemedyId.PORT_MAPPING)
    assert isinstance(changed, Practised)
    return changed


def test_list_ping_and_watch_agree_after_a_change() -> None:
    now = [100.0]
    changed = _changed(lambda: now[0])
    for run in (run_virtual, _later(now)):
        assert run(_listed(changed))[NAS] is PeerPath.DIRECT
        assert run(_seen(changed))[NAS] is PeerPath.DIRECT
        assert run(_pinged(changed)) is PingPath.DIRECT


def test_where_nobody_waited_for_the_test_nobody_is_behind_it() -> None:
    """As text a test is over at once, and the ping after it sees the same."""
    changed = _changed(lambda: 100.0)
    assert run_virtual(_listed(changed))[NAS] is PeerPath.DIRECT
    assert asyncio.run(_pinged(changed)) is PingPath.DIRECT
    assert asyncio.run(_seen(changed))[NAS] is PeerPath.DIRECT


def _later(now: list[float]) -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """A person has waited, by a clock that is not virtual."""
    now[0] += 5.0
    return asyncio.run


def test_right_after_a_change_the_path_is_still_relayed() -> None:
    now = [100.0]
    changed = _changed(lambda: now[0])
    assert asyncio.run(_seen(changed))[NAS] is PeerPath.DERP
    assert asyncio.run(_pinged(changed)) is PingPath.DERP


def test_a_peer_that_was_woken_is_awake_for_whoever_looks() -> None:
    now = [100.0]
    source = Practised("easy-home", age=Age(lambda: now[0]))
    assert asyncio.run(_seen(source))[PHONE] is PeerPath.IDLE

    async def wake() -> None:
        async with aclosing(source.pings(PHONES)) as pings:
            await anext(pings)

    asyncio.run(wake())
    now[0] += 1.0
    assert asyncio.run(_seen(source))[PHONE] is PeerPath.DERP
