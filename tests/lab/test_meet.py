"""`whyrelay meet` as a person uses it: over a folder, alone, interrupted, and what it leaves."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.lab import crowd
from tests.lab.crowd import Member
from tests.lab.namespaces import Lab, Running, await_until
from tests.lab.routers import forwarded

PORT = 41641


def two(lab: Lab, here: str, there: str) -> tuple[Member, Member, Path]:
    """Two sites, and a folder that both see."""
    near, far = crowd.build(lab).join([here, there])
    folder = lab.folder / "shared"
    folder.mkdir()
    return near, far, folder


def start(member: Member, folder: Path, *argv: str) -> Running:
    return member.program.start("meet", "--via", str(folder), *member.end(PORT).argv, *argv)


def ended(running: Running) -> tuple[int, str]:
    """The status and what was written."""
    assert running.popen.stdout is not None
    text = running.popen.stdout.read()
    return running.popen.wait(), text


def offers(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def await_offer(folder: Path) -> None:
    await_until("an offer lies in the folder", lambda: bool(list(folder.glob("whyrelay-meet-*"))))


def records(member: Member) -> list[Path]:
    return sorted(member.program.home.glob(".local/state/whyrelay/mappings/*"))


def validated(text: str) -> Any:
    from tests.unit.cli.test_json import validator

    said = json.loads(text)
    validator("whyrelay-meet/1").validate(said)
    return said


@pytest.mark.parametrize(
    ("here", "there", "status"),
    [("easy-home", "easy-home", 0), ("hard-home-upnp", "cgnat", 0), ("easy-home", "cgnat", 1)],
)
def test_two_meet_over_a_folder(lab: Lab, here: str, there: str, status: int) -> None:
    near, far, folder = two(lab, here, there)
    running = [start(each, folder, "--json") for each in (near, far)]
    (ours, one), (theirs, other) = (ended(each) for each in running)
    assert (ours, theirs) == (status, status)
    here_said, there_said = validated(one), validated(other)
    assert here_said["own"] == there_said["peer"]
    if status == 0:
        assert here_said["endpoint"] in there_said["heard"] or here_said["seen_as"] is not None
        assert here_said["seen_as"] == there_said["endpoint"]
        assert here_said["tried_ms"] < 5000
    assert offers(folder) == []
    assert records(near) == []


def test_a_port_of_the_router_is_open_for_the_meeting_alone(lab: Lab) -> None:
    near, far, folder = two(lab, "hard-home-upnp", "cgnat")
    router = near.site.router
    assert router is not None
    waiting = start(near, folder, "--json")
    await_offer(folder)
    (offer,) = offers(folder)
    opened = next(
        endpoint
        for kind, endpoint in json.loads(offer.read_text())["candidates"]
        if kind == "portmap"
    )
    assert forwarded(router) == {int(opened.rpartition(":")[2])}
    assert len(records(near)) == 1
    other = start(far, folder)
    said = validated(ended(waiting)[1])
    assert ended(other)[0] == 0
    assert said["port_mapping"]["endpoint"] == opened
    assert forwarded(router) == set()
    assert records(near) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_being_interrupted_leaves_nothing_behind(lab: Lab, number: signal.Signals) -> None:
    near, _, folder = two(lab, "hard-home-upnp", "easy-home")
    router = near.site.router
    assert router is not None
    waiting = start(near, folder)
    await_offer(folder)
    assert forwarded(router)
    waiting.signal(number)
    status, text = ended(waiting)
    assert status == 130
    assert text == ""
    assert offers(folder) == []
    await_until("the port is closed", lambda: not forwarded(router), limit_s=4.0)
    await_until("its record is gone", lambda: not records(near), limit_s=2.0)


def test_nobody_comes(lab: Lab) -> None:
    near, _, folder = two(lab, "easy-home", "easy-home")
    status, text = ended(start(near, folder, "--json", "--timeout", "0.5"))
    assert status == 3
    said = validated(text)
    assert (said["result"], said["peer"]) == ("unknown", None)
    assert offers(folder) == []


def test_what_somebody_left_behind_is_nobody(lab: Lab) -> None:
    near, far, folder = two(lab, "easy-home", "public")
    gone = start(far, folder)
    await_offer(folder)
    gone.signal(signal.SIGKILL)
    ended(gone)
    (stale,) = offers(folder)
    running = [start(each, folder) for each in (near, far)]
    assert [ended(each)[0] for each in running] == [0, 0]
    assert offers(folder) == [stale]


def test_a_folder_that_goes_away_is_one_sentence(lab: Lab) -> None:
    near, _, folder = two(lab, "easy-home", "easy-home")
    waiting = start(near, folder)
    await_offer(folder)
    shutil.rmtree(folder)
    status, text = ended(waiting)
    assert (status, text) == (2, "")
    last = waiting.log.read_text().splitlines()[-1]
    assert last.startswith(f"whyrelay: The folder '{folder}' is gone: ")


def test_a_port_that_is_taken_is_one_sentence(lab: Lab) -> None:
    near, _, folder = two(lab, "easy-home", "easy-home")
    first = start(near, folder)
    await_offer(folder)
    second = start(near, folder)
    assert ended(second) == (2, "")
    said = second.log.read_text()
    assert f"UDP port {PORT} cannot be used" in said
    first.signal(signal.SIGINT)
    assert ended(first)[0] == 130


def test_without_a_network_it_could_not_tell(lab: Lab) -> None:
    near, _, folder = two(lab, "unplugged", "easy-home")
    waiting = start(near, folder)
    assert ended(waiting) == (3, "")
    assert "This device has no network address to meet from." in waiting.log.read_text()
