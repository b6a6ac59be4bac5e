"""Programs: found or not, bounded, gone at the deadline with whatever they started."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from probes.network.real import RealNetwork
from probes.network.real.process import environment
from probes.network.seam import NetworkError, NotPermitted

on_posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and groups of POSIX")

PYTHON = sys.executable


def gone(pid: int) -> bool:
    """No such process (a zombie still is one)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def ended(pid: int) -> bool:
    """A grandchild runs no more. Reaping it is the affair of the system, which may be slow."""
    for _ in range(100):
        with suppress(psutil.NoSuchProcess):
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                await asyncio.sleep(0.02)
                continue
        return True
    return False


async def test_output_and_status(network: RealNetwork) -> None:
    code = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"
    result = await network.run([PYTHON, "-c", code], timeout_s=20)
    assert (result.found, result.status) == (True, 3)
    assert (result.stdout.split(), result.stderr.split()) == ([b"out"], [b"err"])
    assert not result.truncated
    assert not result.timed_out


async def test_a_missing_program(network: RealNetwork) -> None:
    result = await network.run(["whyrelay-no-such-program", "x"], timeout_s=5)
    assert (result.found, result.status) == (False, None)
    assert result.argv == ("whyrelay-no-such-program", "x")


async def test_there_is_nothing_to_read(network: RealNetwork) -> None:
    code = "import sys; print(repr(sys.stdin.read()))"
    result = await network.run([PYTHON, "-c", code], timeout_s=20)
    assert result.stdout.strip() == b"''"


async def test_arguments_arrive_as_they_are(network: RealNetwork) -> None:
    odd = "a b; $(id) `id` \"'\\ *"
    code = "import sys; print(ascii(sys.argv[1]))"
    result = await network.run([PYTHON, "-c", code, odd], timeout_s=20)
    assert result.stdout.decode().strip() == ascii(odd)


async def test_a_zero_byte_is_a_clear_error(network: RealNetwork) -> None:
    with pytest.raises(NetworkError, match="zero byte"):
        await network.run([PYTHON, "a\0b"], timeout_s=5)


async def test_it_speaks_plain_english(
    network: RealNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setenv("LANGUAGE", "de")
    code = "import os; print(os.environ['LANG'], os.environ['LC_ALL'], 'LANGUAGE' in os.environ)"
    result = await network.run([PYTHON, "-c", code], timeout_s=20)
    assert result.stdout.split() == [b"C", b"C", b"False"]
    assert os.environ["LC_ALL"] == "de_DE.UTF-8"


def test_tools_of_the_system_are_found_without_its_path() -> None:
    if sys.platform == "win32":
        pytest.skip("PATH is whole on Windows")
    path = environment({"PATH": "/usr/bin:/home/me/bin"})["PATH"].split(":")
    assert path[:2] == ["/usr/bin", "/home/me/bin"]
    assert "/usr/sbin" in path


@on_posix
async def test_the_deadline_takes_the_whole_family(network: RealNetwork) -> None:
    script = "echo $$; sleep 100 & echo $!; wait"
    result = await network.run(["sh", "-c", script], timeout_s=0.5)
    assert (result.timed_out, result.status, result.found) == (True, None, True)
    pids = [int(line) for line in result.stdout.split()]
    assert len(pids) == 2
    assert gone(pids[0])
    assert await ended(pids[1])


@on_posix
async def test_a_program_that_ignores_being_asked_is_not_asked(network: RealNetwork) -> None:
    script = "trap '' TERM INT HUP; echo $$; while :; do sleep 1; done"
    result = await network.run(["sh", "-c", script], timeout_s=0.5)
    assert result.timed_out
    assert gone(int(result.stdout.split()[0]))


@on_posix
async def test_endless_output_ends_it(network: RealNetwork) -> None:
    result = await network.run(["yes", "y" * 100], timeout_s=30, most=50_000)
    assert (len(result.stdout), result.truncated) == (50_000, True)
    assert (result.status, result.timed_out) == (None, False)


async def test_megabytes_within_the_limit(network: RealNetwork) -> None:
    code = "import sys; sys.stdout.write('x' * 3_000_000); sys.stderr.write('y' * 1_000_000)"
    result = await network.run([PYTHON, "-c", code], timeout_s=30, most=3_000_000)
    assert (len(result.stdout), len(result.stderr)) == (3_000_000, 1_000_000)
    assert (result.status, result.truncated) == (0, False)


@on_posix
async def test_a_grandchild_that_keeps_the_pipe_does_not_keep_us(network: RealNetwork) -> None:
    """It leaves the group by a session of its own, so it lives on; we do not wait for it."""
    code = (
        "import subprocess\n"
        "child = subprocess.Popen(['sleep', '100'], start_new_session=True)\n"
        "print(child.pid, flush=True)\n"
    )
    loop = asyncio.get_running_loop()
    result = await network.run([PYTHON, "-c", code], timeout_s=30)
    pid = int(result.stdout)
    try:
        assert (result.status, result.timed_out) == (0, False)
        began = loop.time()
        assert not gone(pid)
        assert loop.time() - began < 5
    finally:
        os.kill(pid, signal.SIGKILL)


@on_posix
async def test_cancelling_leaves_no_child(network: RealNetwork, tmp_path: Path) -> None:
    told = tmp_path / "pid"
    os.mkfifo(told)
    task = asyncio.create_task(
        network.run(["sh", "-c", f"echo $$ > '{told}'; exec sleep 100"], timeout_s=100)
    )
    text = await network.read_file(str(told), most=100)
    assert text is not None
    pid = int(text)
    assert not gone(pid)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert gone(pid)


@on_posix
async def test_what_may_not_be_run(network: RealNetwork, tmp_path: Path) -> None:
    file = tmp_path / "plain"
    file.write_text("no program")
    with pytest.raises(NotPermitted):
        await network.run([str(file)], timeout_s=5)
