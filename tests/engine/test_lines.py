"""Lines that lose, repeat and reorder: by their share, and by their seed."""

from __future__ import annotations

from probes.model import Endpoint
from probes.network.seam import (
    Bounced,
)
from probes.network.simulated import SimulatedNetwork, parse
from tests.engine.asking import first
from tests.engine.staging import HTTPS, NYC, V4, home, on


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
