"""What a simulated device says about itself: programs, files, names, clock, chance."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address

import pytest

from probes.model import Family
from probes.network.seam import (
    NotResolved,
)
from probes.network.simulated import SimulatedNetwork, load
from tests.engine.asking import exchange, request
from tests.engine.staging import NYC, V4, home, on


def test_programs_and_files_are_those_of_the_scenario() -> None:
    async def play(network: SimulatedNetwork) -> None:
        known = await network.run(["tailscale", "version"], timeout_s=1)
        assert (known.found, known.status, known.stdout) == (True, 0, b"1.92.5\n")
        cut = await network.run(["tailscale", "version"], timeout_s=1, most=3)
        assert (cut.stdout, cut.truncated, cut.status) == (b"1.9", True, None)
        other = await network.run(["tailscale", "status"], timeout_s=1)
        assert (other.found, other.status) == (True, 1)
        missing = await network.run(["ufw", "status"], timeout_s=1)
        assert not missing.found
        slow = await network.run(["slow"], timeout_s=1)
        assert (slow.timed_out, slow.status) == (True, None)
        assert await network.read_file("/etc/hostname", most=3) == b"lap"
        assert await network.read_file("/etc/shadow", most=3) is None

    on(
        home(
            '[host.here.program."tailscale version"]\nstdout = "1.92.5\\n"\n'
            '[host.here.program."slow"]\ntakes_ms = 5000\n'
        ),
        play,
    )


def test_names_are_those_of_servers_and_of_the_scenario() -> None:
    async def play(network: SimulatedNetwork) -> None:
        assert await network.resolve("NYC1.relays.example.", Family.V4) == (NYC.address,)
        six = await network.resolve("nyc1.relays.example", Family.V6)
        assert six == (ip_address("2a0e:b107:e00:1::1"),)
        assert await network.resolve("own.example", Family.V4) == (ip_address("45.83.217.9"),)
        assert await network.resolve("192.0.2.1", Family.V4) == (ip_address("192.0.2.1"),)
        for name, family in (("own.example", Family.V6), ("192.0.2.1", Family.V6)):
            with pytest.raises(NotResolved):
                await network.resolve(name, family)

    on(home('[dns]\nname."own.example" = ["45.83.217.9"]\n'), play)


def test_without_a_name_server_asking_takes_long() -> None:
    async def play(network: SimulatedNetwork) -> None:
        assert await network.resolve("192.0.2.1", Family.V4)
        with pytest.raises(NotResolved, match="no name server"):
            await network.resolve("nyc1.relays.example", Family.V4)
        assert network.now() >= 5

    on(load("no-network"), play)


def test_the_same_seed_gives_the_same_run() -> None:
    async def play(network: SimulatedNetwork) -> object:
        socket = await network.udp(V4)
        answer = await exchange(socket, request(network), NYC)
        assert answer
        return network.random_bytes(8), socket.local, answer, network.now(), network.wall()

    assert on(load("lossy"), play) == on(load("lossy"), play)
    assert on(load("lossy"), play) != on(load("easy-home"), play)


def test_it_works_in_real_time_too() -> None:
    async def play() -> float:
        network = home("[host.here.interface.wlan0]\nline = { delay_ms = 0 }\n")
        async with network.session():
            before = network.now()
            socket = await network.udp(V4)
            assert await exchange(socket, request(network), NYC)
            return network.now() - before

    assert 0.012 < asyncio.run(play()) < 0.9
