"""Mapping, filtering, collision, lifetime and hairpin over simulated NATs of every kind."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from probes.checks.behavior import BehaviorCheck, CollisionCheck
from probes.checks.behavior_run import PUBLIC_SERVERS
from probes.checks.classic import ClassicCheck
from probes.checks.context import Check
from probes.checks.hairpin import HairpinCheck
from probes.checks.lifetime import LifetimeCheck
from probes.checks.local import LocalCheck
from probes.checks.pacing import PER_RUN, PER_SECOND, Pacer
from probes.engine import measure
from probes.events import Event
from probes.model import (
    CheckId,
    Confidence,
    Endpoint,
    Family,
    Filtering,
    IPAddress,
    Known,
    Mapping,
    Reason,
    Unknown,
)
from probes.network.seam import NotResolved
from probes.network.simulated import SimulatedNetwork, load, run_virtual
from probes.network.simulated.library import parse
from probes.network.simulated.sockets import SimulatedUdpSocket
from probes.network.simulated.stun_server import StunKind
from probes.options import HostPort, Options
from probes.readings import behavior, classic, lifetime
from probes.readings.behavior import ServerState
from probes.readings.lifetime import LifetimeMethod
from probes.report import Report, report_of

HEAD = 'description = "A network for a test."\ninclude = ["regions", "home"]\n'
SERVER = """
[server.{name}]
host = "{name}.example"
ipv4 = "45.83.{net}.1"
stun = {{ kind = "rfc5780", other_ipv4 = "45.83.{other}.1"{fault} }}
"""
NAMES = ("one", "two", "three")


def scenario(nat: str = "", faults: Sequence[str] = ("", "", "")) -> str:
    """A home with this NAT, and three behaviour servers of which some may be at fault."""
    servers = (
        SERVER.format(
            name=name,
            net=200 + 2 * number,
            other=201 + 2 * number,
            fault=f', fault = "{fault}"' if fault else "",
        )
        for number, (name, fault) in enumerate(zip(NAMES, faults, strict=True))
    )
    return f"{HEAD}{''.join(servers)}\n[box.router.nat]\n{nat}\n"


def run(text: str, servers: Sequence[str] = NAMES[:2], extra: Sequence[Check] = ()) -> Report:
    async def events() -> list[Event]:
        options = Options(
            behavior_servers=tuple(HostPort(f"{name}.example", 3478) for name in servers)
        )
        checks: list[Check] = [LocalCheck(), BehaviorCheck(), CollisionCheck(), *extra]
        return [event async for event in measure(parse(text), checks, options)]

    return report_of(run_virtual(events()))


def states(report: Report) -> dict[str, ServerState]:
    found = report.value(behavior.SERVERS)
    assert found is not None
    return {server.host.partition(".")[0]: server.state for server in found}


@pytest.mark.parametrize("filtering", [each for each in Filtering if each != Filtering.UNKNOWN])
@pytest.mark.parametrize(
    "mapping",
    [
        Mapping.ENDPOINT_INDEPENDENT,
        Mapping.ADDRESS_DEPENDENT,
        Mapping.ADDRESS_AND_PORT_DEPENDENT,
    ],
)
def test_every_cell_of_rfc_4787_is_named_right(mapping: Mapping, filtering: Filtering) -> None:
    report = run(scenario(f'mapping = "{mapping}"\nfiltering = "{filtering}"\nports = "random"'))
    assert set(states(report).values()) == {ServerState.ABLE}
    mapped, filtered = report.value(behavior.MAPPING4), report.value(behavior.FILTERING4)
    assert mapped is not None
    assert filtered is not None
    assert (mapped.mapping, mapped.confidence) == (mapping, Confidence.CERTAIN)
    assert (filtered.filtering, filtered.confidence) == (filtering, Confidence.CERTAIN)


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        ("lying", ServerState.LIAR),
        ("refusing", ServerState.REFUSES),
        ("boasting", ServerState.OTHER_SILENT),
        ("silent", ServerState.SILENT),
    ],
)
def test_a_server_that_cannot_is_dropped_and_named(fault: str, state: ServerState) -> None:
    report = run(scenario(faults=(fault, "", "")), NAMES)
    assert states(report) == {
        "one": state,
        "two": ServerState.ABLE,
        "three": ServerState.ABLE,
    }
    filtered = report.value(behavior.FILTERING4)
    assert filtered is not None
    assert filtered.filtering is Filtering.ADDRESS_AND_PORT_DEPENDENT
    assert filtered.confidence is Confidence.CERTAIN
    assert not any(host.startswith("one") for host in filtered.servers)


@pytest.mark.parametrize("fault", ["lying", "refusing", "boasting", "silent"])
def test_without_an_able_server_nothing_is_claimed(fault: str) -> None:
    report = run(scenario(faults=(fault, "", "")), NAMES[:1])
    for key in (behavior.MAPPING4, behavior.FILTERING4, behavior.COLLISION):
        reading = report.readings[key.id]
        assert isinstance(reading, Unknown)
        assert reading.reason is Reason.NO_SERVER


WANS = {"a": "45.83.223.10", "b": "45.83.223.11", "c": "45.83.223.12"}


STEADY = """
[host.here.interface.wlan0]
line = { delay_ms = 1 }
"""
"""The device's own line without jitter."""


def lines(order: str) -> str:
    """A NAT that gives its outer addresses to the destinations in this order."""
    addresses = ", ".join(f'"{WANS[each]}"' for each in order)
    return f'pool = "per-destination"\naddresses = [{addresses}]'


def test_two_servers_that_disagree_settle_nothing() -> None:
    # Both are asked first, then their other addresses, in the same order where packets do not
    # overtake each other: the second one sees one address, the first one sees two.
    report = run(scenario(lines("abbb")) + STEADY)
    assert set(states(report).values()) == {ServerState.ABLE}
    reading = report.readings[behavior.MAPPING4.id]
    assert isinstance(reading, Unknown)
    assert reading.reason is Reason.CONTRADICTORY
    assert "one.example" in reading.detail
    assert "two.example" in reading.detail


def test_a_third_server_decides() -> None:
    report = run(scenario(lines("abcacc")), NAMES)
    assert states(report) == dict.fromkeys(NAMES, ServerState.ABLE)
    found = report.value(behavior.MAPPING4)
    assert found is not None
    assert (found.mapping, found.confidence) == (
        Mapping.ENDPOINT_INDEPENDENT,
        Confidence.CERTAIN,
    )
    assert len(found.servers) == 2, "the one that sees another mapping is outvoted"


def test_one_server_s_silence_is_certain_only_with_a_proof_of_ability() -> None:
    """The control socket has sent to the other address, so the filter lets its answer in."""
    filtered = run(scenario(), NAMES[:1]).value(behavior.FILTERING4)
    assert filtered is not None
    assert filtered.confidence is Confidence.CERTAIN


def test_the_collision_of_a_router_that_takes_strangers_packets() -> None:
    greedy = run(scenario("accepts_unsolicited = true\noverload = true"))
    modest = run(scenario("overload = true"))
    assert greedy.value(behavior.COLLISION) is True
    assert modest.value(behavior.COLLISION) is False


def test_a_collision_is_not_claimed_where_the_mapping_varies_anyway() -> None:
    text = scenario('mapping = "address-and-port-dependent"\nports = "random"')
    reading = run(text).readings[behavior.COLLISION.id]
    assert isinstance(reading, Unknown)
    assert reading.reason is Reason.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("timeout_s", "lived_s", "expired_s", "keepalive_s"),
    [
        (15, 0, 20, 10),
        (30, 20, 35, 15),
        (60, 35, 65, 25),
        (120, 65, 125, 50),
        (180, 125, 185, 100),
        (300, 185, 305, 120),
    ],
)
def test_a_lifetime_is_bracketed_within_one_step(
    timeout_s: int, lived_s: int, expired_s: int, keepalive_s: int
) -> None:
    nat = f"timeout_s = {timeout_s}\nunreplied_s = {timeout_s}\ninbound_refresh = false"
    report = run(scenario(nat), extra=[LifetimeCheck()])
    found = report.value(lifetime.LIFETIME4)
    assert found is not None
    assert (found.lived_s, found.expired_s) == (lived_s, expired_s)
    assert found.keepalive_s == keepalive_s < timeout_s
    assert found.method is LifetimeMethod.RESPONSE_PORT
    assert report.elapsed_ms < (expired_s + 10) * 1000  # it stopped early


def test_a_mapping_that_outlives_the_test_is_said_to() -> None:
    report = run(scenario("timeout_s = 900\nunreplied_s = 900"), extra=[LifetimeCheck()])
    found = report.value(lifetime.LIFETIME4)
    assert found is not None
    assert (found.lived_s, found.expired_s) == (305, None)
    assert found.keepalive_s == 240


@pytest.mark.parametrize("works", [True, False])
def test_hairpin(works: bool) -> None:
    report = run(scenario(f"hairpin = {str(works).lower()}"), extra=[HairpinCheck()])
    assert report.value(lifetime.HAIRPIN4) is works


def test_public_servers_are_asked_sparingly(monkeypatch: pytest.MonkeyPatch) -> None:
    """At most three of them, and never more than a run's allowance; their names do not resolve
    here, and that is said."""

    # As on a real network, which brings no servers of its own.
    monkeypatch.delattr(SimulatedNetwork, "behavior_servers", raising=False)

    async def events() -> list[Event]:
        checks: list[Check] = [LocalCheck(), BehaviorCheck()]
        return [event async for event in measure(parse(scenario()), checks, Options())]

    report = report_of(run_virtual(events()))
    asked = report.value(behavior.SERVERS)
    assert asked is not None
    assert 2 <= len(asked) <= 5
    assert {server.state for server in asked} == {ServerState.UNRESOLVED}
    assert {server.host for server in asked} <= {str(server) for server in PUBLIC_SERVERS}


def practice(*opt_in: CheckId) -> tuple[Report, int]:
    """A run on a practice network, whose servers are other people's; and how often it asked."""
    options = Options(opt_in=frozenset(opt_in))
    network = load("easy-home")
    asked = set[bytes]()
    behavior_addresses = {
        each.partition(":")[0]
        for spec in network.scenario.server.values()
        if spec.stun is not None and spec.stun.kind is StunKind.BEHAVIOR
        for each in (str(spec.ipv4), str(spec.stun.other_ipv4))
    }
    real = SimulatedUdpSocket.send

    def send(self: Any, data: bytes, to: Endpoint, *, ttl: int | None = None) -> None:
        if str(to.address) in behavior_addresses:
            asked.add(data[4:20])
        real(self, data, to, ttl=ttl)

    async def events() -> list[Event]:
        checks: list[Check] = [LocalCheck(), BehaviorCheck(), CollisionCheck(), ClassicCheck()]
        checks += [LifetimeCheck()] if CheckId.LIFETIME in opt_in else []
        checks += [HairpinCheck()] if CheckId.HAIRPIN in opt_in else []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(SimulatedUdpSocket, "send", send)
            patch.setattr("probes.checks.behavior.tell_forward", _nothing)
            return [event async for event in measure(network, checks, options)]

    return report_of(run_virtual(events())), len(asked)


async def _nothing(_context: object) -> None:
    return None


def test_other_people_s_servers_are_asked_no_more_than_a_run_s_share() -> None:
    report, asked = practice()
    assert report.known(classic.TYPE4)
    assert asked <= 19
    report, asked = practice(CheckId.LIFETIME)
    found = report.value(lifetime.LIFETIME4)
    assert found is not None
    assert asked <= PER_RUN
    report, asked = practice(CheckId.LIFETIME, CheckId.HAIRPIN)
    assert report.known(lifetime.HAIRPIN4)
    assert asked <= PER_RUN


@pytest.mark.parametrize("hangs_s", [60.0, 0.0])
def test_names_that_do_not_resolve_stretch_no_run(
    monkeypatch: pytest.MonkeyPatch, hangs_s: float
) -> None:
    monkeypatch.delattr(SimulatedNetwork, "behavior_servers", raising=False)

    async def resolve(self: Any, host: str, family: Family) -> tuple[IPAddress, ...]:
        await asyncio.sleep(hangs_s)
        raise NotResolved(f"{host} does not resolve")

    monkeypatch.setattr(SimulatedNetwork, "resolve", resolve)

    async def events() -> list[Event]:
        checks: list[Check] = [LocalCheck(), BehaviorCheck(), ClassicCheck()]
        return [event async for event in measure(parse(scenario()), checks, Options())]

    report = report_of(run_virtual(events()))
    assert report.elapsed_ms <= 1600
    reading = report.readings[behavior.FILTERING4.id]
    assert isinstance(reading, Unknown)
    assert reading.reason is Reason.NO_SERVER


def test_the_pacer_keeps_to_its_allowance() -> None:
    """Never more than ten new transactions in any second, nor more than a run's share."""

    class Clock:
        def now(self) -> float:
            return asyncio.get_running_loop().time()

    async def take_all() -> list[float]:
        clock = Clock()
        pacer, times = Pacer(clock), list[float]()  # type: ignore[arg-type]
        while await pacer.take(1):
            times.append(clock.now())
        return times

    times = run_virtual(take_all())
    assert len(times) == PER_RUN
    gaps = [later - earlier for earlier, later in zip(times, times[PER_SECOND:], strict=False)]
    assert min(gaps) >= 1.0


def test_readings_through_a_tunnel_claim_nothing() -> None:
    async def events() -> list[Event]:
        network = load("tunnel-unbindable")
        return [
            event async for event in measure(network, [LocalCheck(), BehaviorCheck()], Options())
        ]

    report = report_of(run_virtual(events()))
    reading = report.readings[behavior.FILTERING4.id]
    assert isinstance(reading, Unknown)
    assert reading.reason is Reason.THROUGH_TUNNEL
    assert not isinstance(report.readings.get(behavior.MAPPING4.id), Known)
