"""`whyrelay meet` as a person uses it: over a folder, alone, interrupted, and what it leaves."""

from __future__ import annotations

import codecs
import json
import os
import pty
import select
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.lab import crowd
from tests.lab.crowd import Member
from tests.lab.namespaces import Lab, Running, await_until
from tests.lab.routers import forwarded
from tests.patience import UNHURRIED_S

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


@dataclass(slots=True)
class Screen:
    """A program in a terminal of its own."""

    popen: subprocess.Popen[bytes]
    master: int
    seen: str = ""
    decoder: codecs.IncrementalDecoder = field(
        default_factory=codecs.getincrementaldecoder("utf-8")
    )
    """A letter may come in two pieces."""

    def until(self, text: str) -> str:
        """All that was shown since the last look, up to this text."""
        ends = time.monotonic() + 30.0
        while text not in self.seen:
            assert time.monotonic() < ends, self.seen
            ready, _, _ = select.select([self.master], [], [], 0.5)
            if ready:
                self.seen += self.decoder.decode(os.read(self.master, 65536))
        shown, self.seen = self.seen, ""
        return shown


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
    await_until("the port is closed", lambda: not forwarded(router), limit_s=UNHURRIED_S)
    await_until("its record is gone", lambda: not records(near), limit_s=UNHURRIED_S)


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


@pytest.mark.parametrize(("there", "status"), [("easy-home", 0), ("cgnat", 1)])
def test_two_are_joined_by_a_pipe_each_way_as_over_ssh(lab: Lab, there: str, status: int) -> None:
    """What is left to a person to read is the narration."""
    near, far, _ = two(lab, "easy-home", there)
    to_near, to_far = os.pipe(), os.pipe()
    running = []
    for member, reads, writes in ((near, to_near[0], to_far[1]), (far, to_far[0], to_near[1])):
        command = member.program.command(("meet", "--via", "-", *member.end(PORT).argv))
        running.append(
            subprocess.Popen(
                member.program.machine.command(command),
                stdin=reads,
                stdout=writes,
                stderr=subprocess.PIPE,
                env=member.program.environment(),
                text=True,
                start_new_session=True,
            )
        )
    for end in (*to_near, *to_far):
        os.close(end)
    for each in running:
        _, told = each.communicate(timeout=60)
        assert each.returncode == status
        last = told.splitlines()[-1]
        assert last.startswith("whyrelay: Direct: " if status == 0 else "whyrelay: Not direct: ")


def test_somebody_pastes_the_lines_in_a_terminal(lab: Lab) -> None:
    near, far, _ = two(lab, "easy-home", "public")
    screens = []
    for member in (near, far):
        master, slave = pty.openpty()
        command = member.program.command(("meet", "--via", "-", *member.end(PORT).argv))
        popen = subprocess.Popen(
            member.program.machine.command(command),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=member.program.environment(),
            start_new_session=True,
        )
        os.close(slave)
        screens.append(Screen(popen, master))
    texts = [each.until("Enter.") for each in screens]
    offers = [text[text.index("{") : text.index("}") + 1] for text in texts]
    assert all(len(line) < 80 for text in texts for line in text.splitlines()[:-1])
    for screen, offer in zip(screens, reversed(offers), strict=True):
        os.write(screen.master, f"{offer}\n".replace("\r", "").encode())
    for screen in screens:
        shown = screen.until("unless its own settings")
        assert "Direct: UDP went both ways over " in shown
        assert shown.count("Direct: ") == 1
        assert '"meets"' not in shown, "nothing more to paste is shown"
        assert screen.popen.wait(30) == 0
        os.close(screen.master)
