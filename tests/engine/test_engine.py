"""The engine: deadlines, faults, cancellation, a moving device, and one stream of events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_interface

import pytest

from probes.checks.context import Check, Context
from probes.engine import measure
from probes.events import (
    CheckFinished,
    CheckStarted,
    Event,
    NetworkChanged,
    Progressed,
    RunFinished,
    RunStarted,
)
from probes.identity import Fingerprint
from probes.model import CheckId, CheckStatus, Failed, Family, Known, Reason, Unknown
from probes.network.seam import Bind, NetworkError
from probes.network.simulated import SimulatedNetwork, load, run_virtual
from probes.options import Options
from probes.readings import local, relays, stun
from probes.report import Report, report_of

Work = Callable[[Context], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Fake:
    """A check that does what a test wants."""

    id: CheckId
    work: Work
    budget_ms: float = 1000.0

    async def run(self, context: Context) -> None:
        await self.work(context)


async def idle(context: Context) -> None:
    """Find nothing."""


async def hang(context: Context) -> None:
    """Never end."""
    await asyncio.get_running_loop().create_future()


async def udp_works(context: Context) -> None:
    """Find one fact, after a moment."""
    await asyncio.sleep(0.1)
    context.known(stun.UDP, True, "a test")


def fake(work: Work, check: CheckId = CheckId.STUN, budget_ms: float = 1000.0) -> Check:
    return Fake(check, work, budget_ms)


def run_all(
    *checks: Check,
    options: Options | None = None,
    network: SimulatedNetwork | None = None,
    skipped: Sequence[CheckId] = (),
) -> list[Event]:
    """All events of a run, under the virtual clock. Nothing may be left running after it."""

    async def run() -> list[Event]:
        stage = network or load("easy-home")
        found = [event async for event in measure(stage, checks, options or Options(), skipped)]
        assert not _others(), "something outlived the run"
        return found

    return run_virtual(run())


def stream(network: SimulatedNetwork, *checks: Check) -> AsyncGenerator[Event, None]:
    """A run that can be closed."""
    events = measure(network, checks, Options())
    assert isinstance(events, AsyncGenerator)
    return events


def _others() -> set[asyncio.Task[object]]:
    return {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}


def ended(events: Sequence[Event]) -> dict[CheckId, tuple[CheckStatus, float]]:
    """How each check ended, and when."""
    finished = [event for event in events if isinstance(event, CheckFinished)]
    return {event.check: (event.status, event.at_ms) for event in finished}


# --- the stream ---------------------------------------------------------------------------------


def test_a_run_begins_and_ends_and_tells_everything_in_order() -> None:
    events = run_all(fake(udp_works), fake(idle, CheckId.LOCAL), skipped=[CheckId.RELAY_TCP])
    assert isinstance(events[0], RunStarted)
    assert events[0].checks == (CheckId.STUN, CheckId.LOCAL)
    assert events[0].skipped == (CheckId.RELAY_TCP,)
    assert events[0].network == "simulated:easy-home"
    assert events[0].taken_at == "2026-01-15T12:00:00.000Z"
    assert isinstance(events[-1], RunFinished)
    assert sum(isinstance(event, RunFinished) for event in events) == 1
    times = [event.at_ms for event in events]
    assert times == sorted(times)
    assert isinstance(events[1], CheckStarted)
    report = report_of(events)
    assert report[stun.UDP] == Known(True, "a test", 100.0)
    assert report.closed
    assert report.checks[CheckId.RELAY_TCP].status is CheckStatus.SKIPPED
    assert report[relays.TCP] == Unknown(Reason.SKIPPED)


def test_checks_run_side_by_side() -> None:
    async def slow(context: Context) -> None:
        await asyncio.sleep(0.5)

    events = run_all(*(fake(slow, check) for check in (CheckId.STUN, CheckId.RELAY_TCP)))
    assert ended(events) == {
        CheckId.STUN: (CheckStatus.DONE, 500.0),
        CheckId.RELAY_TCP: (CheckStatus.DONE, 500.0),
    }


def test_a_run_without_checks_ends() -> None:
    events = run_all()
    assert [type(event) for event in events] == [RunStarted, RunFinished]


# --- faults -------------------------------------------------------------------------------------


def test_an_exception_becomes_failed_readings_and_the_others_go_on() -> None:
    async def broken(context: Context) -> None:
        context.known(relays.TCP, True, "before the fault")
        raise ValueError("the \x1b[31mred\x1b[0m one")

    events = run_all(fake(broken, CheckId.RELAY_TCP), fake(udp_works))
    report = report_of(events)
    assert report.checks[CheckId.RELAY_TCP].status is CheckStatus.FAILED
    failed = report[relays.RELAY_RTT]
    assert failed == Failed(r"ValueError: the \x1b[31mred\x1b[0m one")
    assert report.value(relays.TCP) is True, "what was found before still holds"
    assert report.value(stun.UDP) is True


def test_faults_inside_a_task_group_are_told_by_their_first_cause() -> None:
    async def broken(context: Context) -> None:
        async def inner() -> None:
            raise NetworkError("the cable is out")

        async with asyncio.TaskGroup() as group:
            group.create_task(inner())

    report = report_of(run_all(fake(broken)))
    assert report.checks[CheckId.STUN].error == "NetworkError: the cable is out"


def test_a_timeout_of_the_check_s_own_is_a_fault_and_not_its_deadline() -> None:
    async def impatient(context: Context) -> None:
        async with asyncio.timeout(0.01):
            await asyncio.sleep(1)

    report = report_of(run_all(fake(impatient)))
    assert report.checks[CheckId.STUN].status is CheckStatus.FAILED
    assert report.checks[CheckId.STUN].error == "TimeoutError"


def test_telling_another_check_s_fact_is_a_fault() -> None:
    async def meddling(context: Context) -> None:
        context.known(relays.TCP, True, "not mine")

    report = report_of(run_all(fake(meddling)))
    assert report.checks[CheckId.STUN].status is CheckStatus.FAILED
    assert not report.known(relays.TCP)


# --- deadlines ----------------------------------------------------------------------------------


def test_a_hanging_check_is_timed_out_at_its_budget() -> None:
    events = run_all(fake(hang, budget_ms=700), fake(udp_works, CheckId.STUN, 5000))
    assert ended(run_all(fake(hang, budget_ms=700))) == {
        CheckId.STUN: (CheckStatus.TIMED_OUT, 700.0)
    }
    assert events[-1].at_ms == 700.0
    report = report_of(run_all(fake(hang, CheckId.RELAY_TCP, 700), fake(udp_works)))
    assert report[relays.TCP] == Unknown(Reason.TIMED_OUT)
    assert report.value(stun.UDP) is True


def test_a_check_may_tell_a_last_word_at_its_deadline() -> None:
    async def tidy(context: Context) -> None:
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            context.known(stun.UDP, False, "a last word")
            raise

    report = report_of(run_all(fake(tidy, budget_ms=300)))
    assert report.checks[CheckId.STUN].status is CheckStatus.TIMED_OUT
    assert report.value(stun.UDP) is False


def test_the_run_s_own_deadline_closes_everything() -> None:
    events = run_all(
        fake(hang, CheckId.STUN, 60_000),
        fake(idle, CheckId.LOCAL),
        options=Options(timeout_s=0.4),
    )
    assert events[-1].at_ms == pytest.approx(400.0)
    report = report_of(events)
    assert report.closed
    assert report.checks[CheckId.STUN].status is CheckStatus.TIMED_OUT
    assert report.checks[CheckId.LOCAL].status is CheckStatus.DONE


# --- late answers -------------------------------------------------------------------------------


def test_a_late_answer_counts_while_the_report_is_open() -> None:
    async def spawning(context: Context) -> None:
        async def late() -> None:
            await asyncio.sleep(0.3)
            context.known(stun.UDP, True, "late")

        context.spawn(late())
        context.known(stun.UDP, False, "nothing yet")

    async def slow(context: Context) -> None:
        await asyncio.sleep(0.5)

    alone = report_of(run_all(fake(spawning)))
    assert alone.value(stun.UDP) is False, "nobody waits for a late answer"
    beside = report_of(run_all(fake(spawning), fake(slow, CheckId.RELAY_TCP)))
    assert beside.value(stun.UDP) is True
    assert beside.checks[CheckId.STUN].status is CheckStatus.DONE


def test_a_late_listener_that_breaks_harms_nobody() -> None:
    async def spawning(context: Context) -> None:
        async def late() -> None:
            raise RuntimeError("nobody is there to hear it")

        context.spawn(late())
        await asyncio.sleep(0.1)
        context.known(stun.UDP, True, "still here")

    report = report_of(run_all(fake(spawning)))
    assert report.value(stun.UDP) is True
    assert report.checks[CheckId.STUN].status is CheckStatus.DONE


# --- one check stands on another ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (udp_works, Known(True, "a test", 100.0)),
        (idle, Unknown(Reason.NOT_MEASURED)),
        (hang, Unknown(Reason.TIMED_OUT)),
    ],
)
def test_a_check_can_wait_for_what_another_finds(first: Work, expected: object) -> None:
    seen: list[object] = []

    async def waiting(context: Context) -> None:
        seen.append(await context.board.reading(stun.UDP))

    run_all(fake(first, budget_ms=500), fake(waiting, CheckId.RELAY_TCP, 5000))
    assert seen == [expected]


def test_waiting_for_a_check_that_does_not_run_ends_at_once() -> None:
    seen: list[object] = []

    async def waiting(context: Context) -> None:
        seen.append(await context.board.reading(stun.UDP))
        assert context.at_ms() == 0

    run_all(fake(waiting, CheckId.RELAY_TCP))
    run_all(fake(waiting, CheckId.RELAY_TCP), skipped=[CheckId.STUN])
    assert seen == [Unknown(Reason.NOT_MEASURED), Unknown(Reason.SKIPPED)]


def test_shared_work_is_done_once_and_outlives_the_deadline_of_who_began_it() -> None:
    made: list[str] = []
    seen: list[str] = []

    async def make() -> str:
        made.append("once")
        await asyncio.sleep(0.5)
        return "shared"

    async def asking(context: Context) -> None:
        seen.append(await context.board.once("thing", make))

    events = run_all(fake(asking, CheckId.STUN, 100), fake(asking, CheckId.RELAY_TCP, 2000))
    assert made == ["once"]
    assert seen == ["shared"]
    assert ended(events)[CheckId.STUN][0] is CheckStatus.TIMED_OUT
    assert ended(events)[CheckId.RELAY_TCP][0] is CheckStatus.DONE


# --- cancellation -------------------------------------------------------------------------------


def test_closing_the_stream_ends_everything_at_once() -> None:
    cleaned: list[str] = []
    closed: list[bool] = []

    async def opening(context: Context) -> None:
        socket = await context.network.udp(Bind(Family.V4))

        async def late() -> None:
            try:
                await socket.receive()
            finally:
                cleaned.append("late listener")

        context.spawn(late())
        context.progress(0, 1, "waiting")
        try:
            await asyncio.sleep(100)
        finally:
            cleaned.append("check")

    async def run() -> None:
        network = load("easy-home")
        loop = asyncio.get_running_loop()
        checks = [fake(opening), fake(hang, CheckId.RELAY_TCP)]
        async with aclosing(stream(network, *checks)) as events:
            async for event in events:
                if isinstance(event, Progressed):
                    assert len(network.host.ports) == 1
                    await asyncio.sleep(0.01)
                    break
        assert loop.time() == pytest.approx(0.01)
        closed.append(not network.host.ports)
        assert not _others()

    run_virtual(run())
    assert sorted(cleaned) == ["check", "late listener"]
    assert closed == [True]


def test_cancelling_the_reader_ends_everything_too() -> None:
    cleaned: list[str] = []

    async def opening(context: Context) -> None:
        try:
            await asyncio.sleep(100)
        finally:
            cleaned.append("check")

    async def read() -> None:
        async with aclosing(stream(load("easy-home"), fake(opening))) as events:
            async for _ in events:
                pass

    async def run() -> float:
        task = asyncio.create_task(read())
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not _others()
        return asyncio.get_running_loop().time()

    assert run_virtual(run()) == pytest.approx(0.2)
    assert cleaned == ["check"]


# --- a device that moves ------------------------------------------------------------------------


def _move(network: SimulatedNetwork, prefix: str) -> None:
    """Another network behind the same Wi-Fi card."""
    face = next(each for each in network.host.interfaces if each.shape.name == "wlan0")
    address = ip_interface(f"{prefix}.20/24")
    face.shape = replace(face.shape, addresses=(address,))
    face.gateways = (ip_address(f"{prefix}.1"),)
    face.mac = f"aa:bb:cc:dd:ee:{sum(prefix.encode()) % 100:02d}"


def moving_run(moves: dict[float, str]) -> tuple[list[Event], Report, list[float]]:
    """A run of one check of a second, on a device that moves at those times."""
    network = load("easy-home")
    began: list[float] = []

    async def measuring(context: Context) -> None:
        began.append(context.at_ms())
        context.known(stun.UDP, len(began) > 1, f"try {len(began)}")
        await asyncio.sleep(1)

    async def run() -> list[Event]:
        loop = asyncio.get_running_loop()
        for at, prefix in moves.items():
            loop.call_later(at, _move, network, prefix)
        return [event async for event in measure(network, [fake(measuring)], Options(salt=b"s"))]

    events = run_virtual(run())
    return events, report_of(events), began


def test_a_network_change_voids_the_readings_and_measures_once_more() -> None:
    events, report, began = moving_run({0.5: "10.0.7"})
    changed = [event for event in events if isinstance(event, NetworkChanged)]
    assert [event.checks for event in changed] == [(CheckId.STUN,)]
    assert began == [0.0, 1000.0]
    assert report[stun.UDP] == Known(True, "try 2", 1000.0)
    assert not report.network_changed, "the second try stood on one network"
    assert report.closed


def test_a_network_that_keeps_changing_is_told_and_not_chased() -> None:
    events, report, began = moving_run({0.5: "10.0.7", 1.5: "10.0.8"})
    assert len(began) == 2
    assert report.network_changed
    assert isinstance(events[-1], RunFinished)
    assert events[-1].changed


def test_a_network_that_goes_away_is_told_and_nothing_is_measured_again() -> None:
    network, began = load("easy-home"), list[float]()

    async def measuring(context: Context) -> None:
        began.append(context.at_ms())
        context.known(stun.UDP, True, "one answer")
        await asyncio.sleep(1)

    async def run() -> list[Event]:
        face = next(each for each in network.host.interfaces if each.shape.name == "wlan0")

        def lose() -> None:
            face.shape, face.gateways = replace(face.shape, up=False, addresses=()), ()

        asyncio.get_running_loop().call_later(0.5, lose)
        return [event async for event in measure(network, [fake(measuring)], Options(salt=b"s"))]

    report = report_of(run_virtual(run()))
    assert began == [0.0]
    assert report.network_changed
    assert report.known(stun.UDP), "what was read before stays"
    assert report.network_id == moving_run({})[1].network_id, "it is the network that was measured"


def test_a_system_that_tells_nothing_has_lost_no_network() -> None:
    here = Fingerprint("wlan0", "192.168.1.0/24", "192.168.1.1")
    assert here.lost_in(Fingerprint())
    assert not here.lost_in(Fingerprint(read=False))
    assert not Fingerprint().lost_in(Fingerprint())
    assert not here.lost_in(replace(here, gateway="192.168.1.2"))


def test_readings_of_the_old_network_are_gone_the_moment_the_change_is_told() -> None:
    events, _, _ = moving_run({0.5: "10.0.7"})
    index = next(n for n, event in enumerate(events) if isinstance(event, NetworkChanged))
    assert report_of(events[:index]).known(stun.UDP)
    assert not report_of(events[: index + 1]).known(stun.UDP)


def test_a_steady_network_is_measured_once() -> None:
    events, report, began = moving_run({})
    assert began == [0.0]
    assert not report.network_changed
    assert not [event for event in events if isinstance(event, NetworkChanged)]


def test_the_network_s_id_depends_on_the_network_and_the_salt() -> None:
    def network_id(name: str, salt: bytes) -> str:
        report = report_of(run_all(network=load(name), options=Options(salt=salt)))
        assert report.network_id
        return report.network_id

    assert network_id("easy-home", b"one") == network_id("easy-home", b"one")
    assert network_id("easy-home", b"one") != network_id("easy-home", b"two")
    assert network_id("easy-home", b"one") != network_id("open", b"one")


def test_a_late_neighbour_entry_is_no_change() -> None:
    network = load("easy-home")
    face = next(each for each in network.host.interfaces if each.shape.name == "wlan0")
    known, face.mac = face.mac, ""

    async def measuring(context: Context) -> None:
        await asyncio.sleep(0.1)
        face.mac = known

    report = report_of(run_all(fake(measuring), network=network))
    assert not report.network_changed
    assert local.GATEWAY_MAC.id not in report.readings
