"""`whyrelay meet`: where two ends find each other, what is said of it, and what is left behind."""

from __future__ import annotations

import asyncio
import io
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from probes.model import Endpoint
from probes.punch import meeting
from probes.punch.offer import (
    Candidate,
    CandidateKind,
    Note,
    Offer,
    Opening,
    encode,
    encode_note,
)
from probes.punch.session import Encounter
from probes.readings.port_mapping import MappingProtocol
from tests.unit.cli.test_json import validator
from tui import meeting as command
from tui import meeting_folder
from tui.cli import main
from tui.exits import Complaint, Exit
from tui.meeting_folder import Folder
from tui.meeting_pipe import Pipe
from tui.meeting_view import exit_of, headline, meeting_to_json, meeting_to_text


def offer(number: int) -> Offer:
    told = Candidate(CandidateKind.STUN, Endpoint.of(f"198.51.100.{number}", 41641))
    return Offer(bytes([number]) * 16, (told,))


OURS, THEIRS, LEFT = offer(1), offer(2), offer(3)


# --- a folder -----------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meeting_folder, "POLL_S", 0.001)


def left_in(folder: Path) -> list[str]:
    return [each.name for each in folder.glob("whyrelay-meet-*")]


async def test_two_ends_find_each_other_in_a_folder(tmp_path: Path) -> None:
    here, there = Folder(tmp_path), Folder(tmp_path)
    found = await asyncio.gather(here.find(OURS), there.find(THEIRS))
    assert tuple(found) == (THEIRS, OURS)
    await asyncio.gather(here.peer_began(), there.peer_began())
    await here.leave()
    await there.leave()
    assert left_in(tmp_path) == []


async def test_who_has_gone_had_begun(tmp_path: Path) -> None:
    here, there = Folder(tmp_path), Folder(tmp_path)
    await asyncio.gather(here.find(OURS), there.find(THEIRS))
    file = tmp_path / f"whyrelay-meet-{THEIRS.nonce.hex()[:12]}.json"
    file.write_text(encode_note(Note(THEIRS, frozenset({OURS.nonce}))))
    began = asyncio.create_task(here.peer_began())
    done, _ = await asyncio.wait({began}, timeout=0.05)
    assert not done, "it is there, and has not begun"
    await there.leave()
    async with asyncio.timeout(10.0):
        await began
    assert left_in(tmp_path) == [f"whyrelay-meet-{OURS.nonce.hex()[:12]}.json"]


@pytest.mark.parametrize(
    "junk",
    [
        "",
        "{",
        "[" * 8000,
        "x" * 100_000,
        encode(LEFT),
        encode_note(Note(LEFT, frozenset({b"somebody else's"}))),
    ],
)
async def test_what_lies_about_is_not_taken_for_the_other_end(tmp_path: Path, junk: str) -> None:
    """Whoever left a file there and went never lists those who came later."""
    stale = tmp_path / "whyrelay-meet-030303030303.json"
    stale.write_text(junk)
    os.mkfifo(tmp_path / "whyrelay-meet-pipe.json")
    (tmp_path / "whyrelay-meet-folder.json").mkdir()
    here, there = Folder(tmp_path), Folder(tmp_path)
    found = await asyncio.gather(here.find(OURS), there.find(THEIRS))
    assert tuple(found) == (THEIRS, OURS)
    await here.leave()
    await there.leave()
    assert stale.read_text() == junk


async def test_three_devices_in_one_folder_are_one_too_many(tmp_path: Path) -> None:
    ends = [Folder(tmp_path) for _ in range(3)]
    for name, each in (("a", THEIRS), ("b", LEFT)):
        note = encode_note(Note(each, frozenset({OURS.nonce})))
        (tmp_path / f"whyrelay-meet-{name}.json").write_text(note)
    with pytest.raises(Complaint, match="More than two devices"):
        await ends[0].find(OURS)


async def test_a_folder_that_goes_away_ends_the_wait(tmp_path: Path) -> None:
    place = tmp_path / "stick"
    place.mkdir()
    waiting = asyncio.create_task(Folder(place).find(OURS))
    async with asyncio.timeout(10.0):
        while not left_in(place):  # noqa: ASYNC110 - a folder tells nobody
            await asyncio.sleep(0.001)
    place.rename(tmp_path / "elsewhere")
    with pytest.raises(Complaint, match=r"^The folder '.*stick' is gone: .*\.$"):
        await waiting


async def test_a_folder_that_goes_away_later_does_not_matter(tmp_path: Path) -> None:
    place = tmp_path / "stick"
    place.mkdir()
    here, there = Folder(place), Folder(place)
    await asyncio.gather(here.find(OURS), there.find(THEIRS))
    place.rename(tmp_path / "elsewhere")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await here.peer_began()
    await here.leave()


# --- two streams --------------------------------------------------------------------------------


def stream(text: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(text.encode()))


async def read(monkeypatch: pytest.MonkeyPatch, text: str) -> Offer:
    monkeypatch.setattr("sys.stdin", stream(text))
    return await Pipe().find(OURS)


@pytest.mark.parametrize(
    "text",
    [
        encode(THEIRS),
        encode(THEIRS) + "\nthe rest is of no interest\n",
        "Here it is:\r\n\r\n  " + encode(THEIRS).replace(", ", ",\r\n"),
        "\n".join(encode(THEIRS)[start : start + 20] for start in range(0, 300, 20)),
        "{ " + encode(THEIRS),
    ],
)
async def test_a_pasted_offer_is_read_however_it_was_broken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    assert await read(monkeypatch, text) == THEIRS
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[0]["nonce"] == OURS.nonce.hex()
    assert lines[1]["meets"] == THEIRS.nonce.hex(), "a pipe is told that the try has begun"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Standard input ended without the other end's offer."),
        ("hello\n", "Standard input ended without the other end's offer."),
        ("{}", "The other end's offer cannot be read."),
        (encode(OURS), "That is this end's own offer; the other end's is wanted."),
    ],
)
async def test_what_is_no_offer_is_told(
    monkeypatch: pytest.MonkeyPatch, text: str, sentence: str
) -> None:
    with pytest.raises(Complaint) as told:
        await read(monkeypatch, text)
    assert str(told.value) == sentence


async def test_the_other_end_says_over_a_pipe_that_it_has_begun(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun = Note(THEIRS, frozenset({OURS.nonce}), OURS.nonce)
    for told, says_so in ((begun, True), (replace(begun, meets=None), False)):
        said = f"{encode(THEIRS)}\n{encode_note(told)}\n{{broken}}\n"
        monkeypatch.setattr("sys.stdin", stream(said))
        pipe = Pipe()
        assert await pipe.find(OURS) == THEIRS
        began = asyncio.create_task(pipe.peer_began())
        done, _ = await asyncio.wait({began}, timeout=10.0 if says_so else 0.05)
        assert bool(done) is says_so
        began.cancel()


# --- what is said -------------------------------------------------------------------------------

AT = Endpoint.of("198.51.100.2", 41641)
ELSEWHERE = Endpoint.of("2001:db8::2", 1024)
PATHS = (meeting.Path(AT, Endpoint.of("198.51.100.1", 7), 12.3), meeting.Path(ELSEWHERE, None, 20))
DIRECT = meeting.Meeting(PATHS, 0.4, 1.2, (AT,))
RELAYED = meeting.Meeting((), None, 8.0, ())
ONE_WAY = meeting.Meeting((), None, 8.0, (AT,))
OPENED = Opening(MappingProtocol.PCP, Endpoint.of("198.51.100.1", 50000))


def encounter(met: meeting.Meeting | None, opening: Opening | None = None) -> Encounter:
    peer = None if met is None else THEIRS
    return Encounter(41641, OURS, peer, met, opening, 3.0)


CASES = [
    (encounter(DIRECT, OPENED), "direct", Exit.DIRECT),
    (encounter(RELAYED), "relayed", Exit.RELAYED),
    (encounter(ONE_WAY), "relayed", Exit.RELAYED),
    (encounter(None), "unknown", Exit.UNKNOWN),
]


@pytest.mark.parametrize(("found", "result", "status"), CASES)
def test_the_object_the_text_and_the_status_agree(
    found: Encounter, result: str, status: Exit
) -> None:
    value = json.loads(json.dumps(meeting_to_json(found, asked_router=True)))
    validator("whyrelay-meet/1").validate(value)
    assert value["result"] == result
    assert exit_of(found) == status
    text = " ".join(meeting_to_text(found, asked_router=True).split())
    assert text.startswith(headline(found))
    assert "{" not in text
    assert "[[" not in text


def test_a_direct_path_is_told_with_both_its_ends() -> None:
    value: Any = meeting_to_json(encounter(DIRECT, OPENED), asked_router=True)
    assert (value["endpoint"], value["kind"]) == (str(AT), "stun")
    assert (value["seen_as"], value["rtt_ms"]) == ("198.51.100.1:7", 12.3)
    assert value["paths"][1] == {
        "endpoint": "[2001:db8::2]:1024",
        "kind": None,
        "seen_as": None,
        "rtt_ms": 20,
    }
    assert value["port_mapping"] == {
        "asked": True,
        "protocol": "pcp",
        "endpoint": "198.51.100.1:50000",
    }
    text = meeting_to_text(encounter(DIRECT, OPENED), asked_router=True)
    assert "Direct: UDP went both ways over 198.51.100.2:41641." in text
    assert "Also answered: [2001:db8::2]:1024, 20.0 ms." in text


def test_one_way_is_told_apart_from_nothing() -> None:
    assert "arrives from the other device" in headline(encounter(ONE_WAY))
    assert "no UDP packet" in headline(encounter(RELAYED))
    assert meeting_to_json(encounter(ONE_WAY), asked_router=False)["one_way"] is True


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        ((), "the following arguments are required: --via"),
        (("--via", "no/such/folder"), "'no/such/folder' is not there; --via wants a folder"),
        (("--via", __file__), "is not a folder; --via wants a folder"),
        (("--via", ".", "--port", "0"), "--port: '0' is not a port"),
        (("--via", ".", "--map-test", "--no-save"), "--no-save forbids it."),
        (("--via", ".", "--derp-map", "no/map"), "There is no file 'no/map'."),
    ],
)
def test_wrong_usage_is_one_sentence(
    argv: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["meet", *argv]) == Exit.USAGE
    shown = capsys.readouterr()
    assert shown.out == ""
    assert sentence in shown.err


@pytest.mark.parametrize("option", [("--simulate", "open"), ("--record", "x")])
def test_options_that_mean_nothing_here(
    option: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*option, "meet", "--via", "."]) == Exit.USAGE
    assert f"{option[0]} has no meaning where two devices meet." in capsys.readouterr().err


@pytest.fixture
def met(monkeypatch: pytest.MonkeyPatch) -> None:
    """The meeting itself is over, and was direct."""
    found = encounter(DIRECT, OPENED)
    monkeypatch.setattr(command, "_met", lambda via, options: replace(found))


@pytest.mark.usefixtures("met")
def test_over_a_pipe_the_object_is_one_line_and_the_outcome_is_narrated(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["meet", "--via", "-", "--json", "--no-save"]) == Exit.DIRECT
    shown = capsys.readouterr()
    assert shown.out.count("\n") == 1
    validator("whyrelay-meet/1").validate(json.loads(shown.out))
    assert "Direct: UDP went both ways" in shown.err


@pytest.mark.usefixtures("met")
def test_masked_addresses_stay_equal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["meet", "--via", str(tmp_path), "--json", "--redact", "--no-save"]) == Exit.DIRECT
    text = capsys.readouterr().out
    value = json.loads(text)
    validator("whyrelay-meet/1").validate(value)
    assert "198.51.100." not in text
    assert value["endpoint"] == value["peer"][0]["endpoint"] == value["heard"][0]
    assert value["kind"] == "stun"
