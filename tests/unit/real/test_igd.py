"""The UPnP library in its child process, driving honest and odd routers on the loopback."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from ipaddress import ip_address
from pathlib import Path

import pytest

from probes.model import Family
from probes.network.igd import IgdEntry, IgdFault, IgdService
from probes.network.real import igd
from probes.network.real.igd import open_igd
from probes.network.seam import Bind, NetworkError, Unsupported
from tests.patience import UNHURRIED_S
from tests.unit.real import strange_router as odd
from tests.unit.real.strange_router import Behave, strange_router

BIND = Bind(Family.V4, address=ip_address("127.0.0.1"))


def proc(child: str, what: str) -> str:
    """A file of a process."""
    return Path(f"/proc/{child}/{what}").read_text()


def children() -> set[str]:
    """Processes that this one has started and not seen end."""
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


async def test_the_library_asks_makes_lists_finds_and_deletes() -> None:
    with strange_router() as router:
        async with open_igd(router.service, BIND) as session:
            assert await session.status() == ("Connected", 4711, "ERROR_NONE")
            assert await session.external_address() == "45.83.223.10"
            assert await session.entry(0) is None
            assert await session.find(50002) is None
            await session.add(50002, "192.168.1.20", 50001, "whyrelay test", 60)
            assert router.table == {50002: ("192.168.1.20", 50001, "whyrelay test", 60)}
            made = IgdEntry("UDP", 50002, "192.168.1.20", 50001, "whyrelay test", True, "", 60)
            assert await session.entry(0) == made
            assert await session.find(50002) == made
            await session.delete(50002)
            assert router.table == {}
            with pytest.raises(IgdFault) as fault:
                await session.delete(50002)
            assert fault.value.code == 714
    assert all(
        each.startswith("POST /ctl?x=1 HTTP/1.1\r\nHost: 127.0.0.1:") for each in router.heard
    )


@pytest.mark.parametrize("code", [402, 501, 606, 718, 725, 728, 799])
async def test_every_error_keeps_its_number_also_those_that_the_library_does_not_know(
    code: int,
) -> None:
    with strange_router(code) as router:
        async with open_igd(router.service, BIND) as session:
            with pytest.raises(IgdFault) as fault:
                await session.add(50002, "192.168.1.20", 50001, "x", 60)
            assert fault.value.code == code
            assert await session.external_address() == "45.83.223.10"


@pytest.mark.parametrize(
    "behave",
    [odd.hang_up, odd.endless, odd.huge, odd.redirect, odd.garbage, odd.nested],
    ids=lambda behave: behave.__name__,
)
async def test_an_odd_router_costs_one_call_and_nothing_more(behave: Behave) -> None:
    with strange_router() as router:
        async with open_igd(router.service, BIND) as session:
            router.behave = behave
            began = time.monotonic()
            with pytest.raises(NetworkError):
                await session.external_address()
            assert time.monotonic() - began < UNHURRIED_S
            with pytest.raises(NetworkError):
                await session.entry(0)
            router.behave = None
            assert await session.external_address() == "45.83.223.10"


@pytest.mark.parametrize("behave", [odd.say_nothing, odd.drip], ids=lambda behave: behave.__name__)
async def test_a_slow_router_is_left_in_time(
    behave: Behave, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(igd, "CALL_S", 0.4)
    before = children()
    with strange_router(behave=behave) as router:
        began = time.monotonic()
        async with open_igd(router.service, BIND) as session:
            with pytest.raises(NetworkError, match="did not answer within"):
                await session.external_address()
            # Half an answer may be in the pipe: nothing is believed any more.
            with pytest.raises(NetworkError, match="is gone"):
                await session.status()
        assert time.monotonic() - began < UNHURRIED_S
    assert children() == before


async def test_leaving_in_the_middle_of_a_call_waits_for_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(igd, "CALL_S", 600.0)
    before = children()
    with strange_router(behave=odd.say_nothing) as router:

        async def use() -> None:
            async with open_igd(router.service, BIND) as session:
                await session.external_address()

        task = asyncio.create_task(use())
        await asyncio.to_thread(router.asked.wait, 10)
        began = time.monotonic()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert time.monotonic() - began < UNHURRIED_S
    assert children() == before


async def test_a_crash_of_the_library_is_a_sentence() -> None:
    with strange_router() as router:
        async with open_igd(router.service, BIND) as session:
            (child,) = children()
            os.kill(int(child), 11)
            with pytest.raises(NetworkError, match=r"crashed|gone"):
                await session.external_address()


async def test_texts_that_are_no_text_are_no_crash() -> None:
    with strange_router() as router:
        router.table[50002] = ("192.168.1.20", 50001, "\xff\xfe caf\xe9 \x1b[31m", 60)
        async with open_igd(router.service, BIND) as session:
            found = await session.entry(0)
            assert found is not None
            assert found.external_port == 50002
            assert "caf" in found.description


async def test_a_missing_library_is_unsupported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "miniupnpc.py").write_text("raise ImportError('no such wheel')\n")
    here = igd.child_environment()["PYTHONPATH"].partition(os.pathsep)[0]
    monkeypatch.setattr(
        igd,
        "child_environment",
        lambda: {**os.environ, "PYTHONPATH": str(tmp_path) + os.pathsep + here},
    )
    with pytest.raises(Unsupported, match="miniupnpc"):
        async with open_igd(IgdService("http://127.0.0.1:1/", odd.TYPE), BIND):
            pass


async def test_nobody_listening_is_a_sentence() -> None:
    with strange_router() as router:
        service = router.service
    async with open_igd(service, BIND) as session:
        with pytest.raises(NetworkError, match="refused"):
            await session.external_address()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_the_child_may_use_only_so_much() -> None:
    with strange_router() as router:
        async with open_igd(router.service, BIND) as session:
            await session.status()
            (child,) = children()
            limits, status = proc(child, "limits"), proc(child, "status")
    assert any(
        line.startswith("Max address space") and "536870912" in line for line in limits.splitlines()
    )
    resident_kb = int(status.partition("VmRSS:")[2].split()[0])
    assert resident_kb < 60_000
