"""`tailscale ping`: each line, the recorded runs, and the ten-second rule."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.network.simulated import run_virtual
from probes.tailscale.cli import ON_PATH, Trouble
from probes.tailscale.ping import (
    NoPong,
    OwnAddress,
    Pinged,
    PingLine,
    PingPath,
    PingResult,
    Pong,
    Refusal,
    parse_ping_line,
    ping,
)
from tests.unit.scripted import Prints, ScriptedNetwork
from tests.unit.tailscale.recorded import recorded

PEER = ip_address("100.64.0.2")
DERP = "pong from node2 (100.64.0.2) via DERP(fra) in 35ms"
DIRECT = "pong from node2 (100.64.0.2) via 198.51.100.102:41641 in 12ms"
RELAY = "pong from node2 (100.64.0.2) via peer-relay(198.51.100.1:40000:vni:1) in 1ms"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (DERP, Pong("node2", "100.64.0.2", PingPath.DERP, "fra", 35.0)),
        (DIRECT, Pong("node2", "100.64.0.2", PingPath.DIRECT, "198.51.100.102:41641", 12.0)),
        (
            RELAY,
            Pong("node2", "100.64.0.2", PingPath.PEER_RELAY, "198.51.100.1:40000:vni:1", 1.0),
        ),
        (
            "pong from a (b) c (fd7a:115c:a1e0::2) via [2001:db8::5]:41641 in 0s",
            Pong("a (b) c", "fd7a:115c:a1e0::2", PingPath.DIRECT, "[2001:db8::5]:41641", 0.0),
        ),
        (
            "pong from node2 (100.64.0.2) via TSMP in 1.2s",
            Pong("node2", "100.64.0.2", PingPath.OTHER, "TSMP", 1200.0),
        ),
        (
            "hit peerapi of 100.64.0.2 (node2) at http://100.64.0.2:1 in 3ms",
            Pong("node2", "100.64.0.2", PingPath.OTHER, "http://100.64.0.2:1", 3.0),
        ),
        ('ping "100.64.0.2" timed out', NoPong('ping "100.64.0.2" timed out')),
        ("no reply", NoPong("no reply")),
        ("100.64.0.1 is local Tailscale IP", OwnAddress()),
        ("peer's node key has expired", Refusal("peer's node key has expired")),
        ("no matching peer", Refusal("no matching peer")),
        ("direct connection not established", None),
        ("", None),
    ],
)
def test_each_line(text: str, line: PingLine | None) -> None:
    assert parse_ping_line(text) == line


@given(st.text(max_size=80), st.text(max_size=20), st.text(max_size=20))
def test_no_line_is_a_fault_or_reaches_a_terminal_unescaped(name: str, via: str, rtt: str) -> None:
    for text in (name, f"pong from {name} (100.64.0.2) via {via} in {rtt}"):
        line = parse_ping_line(text)
        if isinstance(line, Pong):
            assert (line.name + line.address + line.via).isprintable()
        elif isinstance(line, Refusal | NoPong):
            assert line.detail.isprintable()


def _run(answers: list[Prints], *, until_direct: bool = False, most: int = 40) -> list[Pinged]:
    """The nth ping is answered with the nth of `answers`, later ones with the last."""
    network = ScriptedNetwork(lambda _argv, times: answers[min(times, len(answers)) - 1])

    async def collect() -> list[Pinged]:
        found: list[Pinged] = []
        async for each in ping(network.as_network(), ON_PATH, PEER, until_direct=until_direct):
            found.append(each)
            if len(found) == most:
                break
        return found

    found = run_virtual(collect())
    assert set(network.ran) == {
        ("tailscale", "ping", "--c=1", "--until-direct=false", "--timeout=5s", "100.64.0.2")
    }
    return found


def _recorded(name: str) -> list[Prints]:
    return [
        Prints(line + "\n")
        for line in recorded(f"{name}.ping.txt").splitlines()
        if line.startswith("pong")
    ]


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("easy_easy", PingResult.DIRECT),
        ("easypf_hard", PingResult.DIRECT),
        ("hard_hard", PingResult.DERP),
        ("easy_hard", PingResult.DERP),
        ("easy_easy-noudp", PingResult.DERP),
        ("hard_hard_peerrelay", PingResult.PEER_RELAY),
    ],
)
def test_the_recorded_runs_end_as_their_sites_did(name: str, result: PingResult) -> None:
    assert _run(_recorded(name))[-1].result is result


def test_relayed_is_not_said_before_ten_seconds() -> None:
    pinged = _run([Prints(DERP)])
    assert all(each.result is PingResult.WAITING for each in pinged if each.at_ms < 10_000)
    assert pinged[-1].result is PingResult.DERP
    assert 10_000 <= pinged[-1].at_ms < 12_000
    assert 9 <= len(pinged) <= 12  # about one a second


def test_a_direct_answer_after_relayed_ones_ends_it_at_once() -> None:
    pinged = _run([Prints(DERP), Prints(DERP), Prints(DERP), Prints(DIRECT)])
    assert [each.result for each in pinged] == [PingResult.WAITING] * 3 + [PingResult.DIRECT]


def test_the_last_path_names_the_finding() -> None:
    assert _run([Prints(DERP), Prints(RELAY)])[-1].result is PingResult.PEER_RELAY


def test_waiting_for_direct_goes_on_after_the_finding() -> None:
    relayed = [Prints(DERP)] * 20
    pinged = _run([*relayed, Prints(DIRECT)], until_direct=True)
    results = [each.result for each in pinged]
    assert PingResult.DERP in results
    assert results[-1] is PingResult.DIRECT
    assert len(pinged) == 21


def test_no_answer_at_all_is_a_finding_of_its_own() -> None:
    silent = Prints('ping "100.64.0.2" timed out\n', "no reply", 1, takes_s=5.0)
    assert _run([silent])[-1].result is PingResult.NO_REPLY


def test_answers_of_another_level_say_nothing_about_the_path() -> None:
    tsmp = Prints("pong from node2 (100.64.0.2) via TSMP in 1ms")
    assert {each.result for each in _run([tsmp], most=20)} == {PingResult.WAITING}


def test_a_program_that_hangs_is_a_ping_without_an_answer() -> None:
    pinged = _run([Prints(takes_s=600)])
    assert pinged[0].line == NoPong("no answer in time")
    assert pinged[-1].result is PingResult.NO_REPLY


@pytest.mark.parametrize(
    ("prints", "detail", "trouble"),
    [
        (Prints("", "no matching peer", 1), "no matching peer", Trouble.REFUSED),
        (Prints("", "Access denied: ping", 1), "Access denied: ping", Trouble.NO_RIGHTS),
        (Prints("peer's node key has expired\n", "", 1), "peer's node key has expired", None),
    ],
)
def test_a_refusal_ends_it(prints: Prints, detail: str, trouble: Trouble | None) -> None:
    (only,) = _run([prints])
    assert (only.result, only.line) == (PingResult.REFUSED, Refusal(detail, trouble))


def test_the_own_address() -> None:
    (only,) = _run([Prints("100.64.0.2 is local Tailscale IP\n")])
    assert only.result is PingResult.OWN_ADDRESS
