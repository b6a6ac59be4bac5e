"""Recordings: what is written is what is read, whole runs and every single event."""

from __future__ import annotations

import asyncio
import json
from ipaddress import IPv4Address, IPv6Address, ip_interface
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes import events as ev
from probes.model import CheckId, CheckStatus, Endpoint, Failed, Family, Known, Reason, Unknown
from probes.network.simulated import load, names, run_virtual
from probes.options import Options
from probes.readings import KEYS, local, relays, stun
from probes.readings.codec import CodecError
from probes.recording import NotARecording, dump, header, line
from probes.recording import load as read
from probes.report import report_of
from tests.engine.test_scenarios import events_of
from tui.sources import Replay

# --- every event --------------------------------------------------------------------------------

# Times are kept to a microsecond; what is finer than that is not of the network.
TIMES = st.integers(0, 10**9).map(lambda micros: micros / 1000)
CHECKS = st.sampled_from(CheckId)
TEXT = st.text(max_size=30)
ADDRESSES = st.one_of(
    st.integers(0, 2**32 - 1).map(IPv4Address), st.integers(0, 2**128 - 1).map(IPv6Address)
)
ENDPOINTS = st.builds(Endpoint, ADDRESSES, st.integers(0, 0xFFFF))
INTERFACES = st.builds(
    lambda address, length: ip_interface(f"{address}/{length}"), ADDRESSES, st.integers(0, 32)
)
NUMBERS = st.floats(0, 1e6)
ANSWERS = st.builds(
    stun.StunAnswer,
    region=st.integers(0, 1000),
    host=TEXT,
    server=ENDPOINTS,
    mapped=ENDPOINTS,
    local=ENDPOINTS,
    rtt_ms=NUMBERS,
    tries=st.integers(1, 3),
)


def many(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(inner, max_size=3).map(tuple)


VALUES: dict[str, st.SearchStrategy[Any]] = {
    stun.UDP.id: st.booleans(),
    stun.ANSWERS4.id: many(ANSWERS),
    stun.ENDPOINT6.id: ENDPOINTS,
    stun.PREFERRED.id: st.integers(0, 1000),
    stun.REJECTED.id: many(
        st.builds(stun.Rejected, st.sampled_from(stun.Fault), TEXT, TEXT, st.integers(1, 99))
    ),
    relays.RELAY_RTT.id: NUMBERS,
    relays.MAP_SOURCE.id: st.builds(
        relays.MapSource, st.sampled_from(relays.MapOrigin), TEXT, st.integers(0, 99), many(TEXT)
    ),
    relays.REGIONS.id: many(st.builds(relays.RegionName, st.integers(1, 999), TEXT, TEXT)),
    relays.TCP_ANSWERS.id: many(
        st.builds(
            relays.TcpAnswer,
            region=st.integers(1, 999),
            host=TEXT,
            address=ADDRESSES,
            port=st.integers(1, 0xFFFF),
            connect_ms=NUMBERS,
            server_hello_ms=st.none() | NUMBERS,
            certificate=st.sampled_from(relays.Certificate),
            issuer=TEXT,
        )
    ),
    local.INTERFACES.id: many(
        st.builds(
            local.Interface,
            name=TEXT,
            kind=st.sampled_from(local.InterfaceKind),
            up=st.booleans(),
            mtu=st.none() | st.integers(68, 65535),
            addresses=many(INTERFACES),
        )
    ),
    local.GATEWAY4.id: st.none() | st.builds(local.Gateway, st.none() | ADDRESSES, TEXT),
    local.WAY_OUT6.id: st.none()
    | st.builds(local.WayOut, st.sampled_from(Family), TEXT, ADDRESSES, st.booleans(), TEXT),
    local.GATEWAY_MAC.id: TEXT,
}


def _readings(key: str) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.builds(Known, VALUES[key], TEXT, TIMES),
        st.builds(Unknown, st.sampled_from(Reason), TEXT, TIMES),
        st.builds(Failed, TEXT, TIMES),
    )


OBSERVED = st.sampled_from(sorted(VALUES)).flatmap(
    lambda key: st.builds(
        ev.Observed, TIMES, st.just(KEYS[key].check), st.just(key), _readings(key)
    )
)
EVENTS: st.SearchStrategy[ev.Event] = st.one_of(
    st.builds(ev.RunStarted, TIMES, TEXT, many(CHECKS), many(CHECKS), TEXT),
    st.builds(ev.CheckStarted, TIMES, CHECKS, NUMBERS),
    st.builds(ev.Progressed, TIMES, CHECKS, st.integers(0), st.integers(0), TEXT, TEXT),
    OBSERVED,
    st.builds(ev.CheckFinished, TIMES, CHECKS, st.sampled_from(CheckStatus), TEXT),
    st.builds(ev.NetworkChanged, TIMES, many(CHECKS)),
    st.builds(ev.RunFinished, TIMES, TEXT, st.booleans(), st.booleans()),
)


@settings(max_examples=400, deadline=None)
@given(EVENTS)
def test_every_event_comes_back_as_it_was(event: ev.Event) -> None:
    text = json.dumps(ev.encode(event))
    assert "\n" not in text
    assert ev.decode(json.loads(text)) == event


def test_every_kind_of_event_is_drawn() -> None:
    drawn = {ev.RunStarted, ev.CheckStarted, ev.Progressed, ev.Observed}
    drawn |= {ev.CheckFinished, ev.NetworkChanged, ev.RunFinished}
    assert drawn == set(ev.Event.__args__)


@settings(max_examples=100, deadline=None)
@given(st.lists(EVENTS, max_size=8))
def test_whole_recordings_come_back_as_they_were(later: list[ev.Event]) -> None:
    start = ev.RunStarted(0.0, "2026-01-15T12:00:00.000Z", (), (), "real")
    assert read(dump([start, *later], "1.0")) == (start, *later)


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["event", "at", "check", "key", "x"]), inner, max_size=4
            )
        ),
        max_leaves=8,
    )
)
def test_anything_else_is_refused_with_one_kind_of_error(value: Any) -> None:
    with pytest.raises(CodecError):
        ev.decode(value)


# --- whole runs ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", names())
def test_a_run_s_recording_gives_the_same_report(name: str) -> None:
    events = events_of(load(name))
    again = read(dump(events, "1.0"))
    assert len(again) == len(events)
    # Times are rounded to a microsecond once; after that nothing moves any more.
    assert read(dump(again, "1.0")) == again
    first, second = report_of(events), report_of(again)
    assert second.closed
    assert set(second.readings) == set(first.readings)
    for key, reading in first.readings.items():
        assert _without_time(second.readings[key]) == _without_time(reading)


def _without_time(reading: Any) -> Any:
    match reading:
        case Known(value, source):
            return value, source
        case Unknown(reason, detail):
            return reason, detail
        case _:
            return reading


def test_a_recording_plays_with_its_own_timing() -> None:
    events = events_of(load("slow-satellite"))

    async def play(timed: bool) -> list[tuple[float, ev.Event]]:
        loop = asyncio.get_running_loop()
        replay = Replay("a recording", events, timed=timed)
        return [(loop.time(), event) async for event in replay.run(Options())]

    timed = run_virtual(play(True))
    assert [event for _, event in timed] == list(events)
    assert all(at == pytest.approx(event.at_ms / 1000, abs=1e-6) for at, event in timed)
    at_once = run_virtual(play(False))
    assert {at for at, _ in at_once} == {0.0}


# --- what is no recording -----------------------------------------------------------------------

_START = line(ev.RunStarted(0.0, "2026-01-15T12:00:00.000Z", (CheckId.STUN,), (), "real"))
_NEXT = line(ev.CheckStarted(0.0, CheckId.STUN, 10.0))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "header of a recording"),
        ("hello", "header of a recording"),
        ("[]", "header of a recording"),
        ('{"schema": "other/1"}', "It is of schema 'other/1'"),
        (header("1.0"), "It holds no run."),
        (f"{header('1.0')}\n{_NEXT}\n", "It holds no run."),
        (f"{header('1.0')}\n{_START}\nnonsense\n{_NEXT}\n", "Line 3 is not an event"),
        (f'{header("1.0")}\n{_START}\n{{"event": "new"}}\n{_NEXT}\n', "Line 3 is not an event"),
    ],
)
def test_what_is_no_recording(text: str, words: str) -> None:
    with pytest.raises(NotARecording) as raised:
        read(text)
    assert words in str(raised.value)


def test_a_recording_that_was_cut_short_is_read_as_far_as_it_goes() -> None:
    whole = dump(events_of(load("easy-home")), "1.0")
    cut = whole[: len(whole) // 2].rstrip("\n")
    assert not cut.endswith("}")
    found = read(cut)
    assert found == read(whole)[: len(found)]
    assert len(found) == len(cut.splitlines()) - 2
