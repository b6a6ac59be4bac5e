"""How far the person is: kept whole, read tolerantly, and never in the way."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.diagnosis.what_if import Whose
from probes.readings import KEYS
from probes.report import Report, report_of
from tests.tui import recordings
from tui.fixing.keeper import Keeper, Trouble, folder
from tui.fixing.progress import (
    HERE,
    MOST_BYTES,
    THIS,
    Newer,
    NotProgress,
    Progress,
    Ran,
    RanState,
    decode,
    encode,
    encode_report,
    key_of,
    way_key,
)
from tui.state import Step

NETWORK = "0123456789abcdef"
NAME = f"network-{NETWORK}.json"
_MADE = decode(encode(Progress(before=report_of(recordings.HARD)))).before
assert _MADE is not None
BEFORE = _MADE
"""As it is read back: what follows from a check's state is not in its ledger."""
WAY = way_key("port-mapping")


def some() -> Progress:
    """Progress with something of everything."""
    held = Progress(HERE, NETWORK, "2026-02-01T12:00:00Z", Step.FIX, "hard-nat", WAY)
    held = held.with_tick(WAY, "open-page", True).with_tick(WAY, "switch-on", True)
    held = held.with_impossible("forward-port:this", True)
    held = held.with_ran(WAY, "restart", Ran(RanState.KEPT, 0, "2026-02-01T11:59:00Z"))
    return Keeper(None).change(held, BEFORE)


def keeper(directory: Path, **options: Any) -> Keeper:
    """One on a directory, at a fixed time."""
    return Keeper(directory, clock=lambda: "2026-02-01T12:00:00Z", **options)


def test_nothing_is_lost_on_the_way_to_a_file_and_back() -> None:
    found = decode(encode(some()))
    assert found == some()
    assert found.before == BEFORE


def test_the_report_says_the_same_when_it_is_read_back() -> None:
    made = report_of(recordings.HARD)
    for key in KEYS.values():  # times are kept to the microsecond
        assert key.encode(made[key]) == key.encode(BEFORE[key])
    assert (made.checks, made.taken_at, made.closed) == (BEFORE.checks, BEFORE.taken_at, True)


def test_what_is_asked_of_it() -> None:
    held = some()
    assert held.started("port-mapping")
    assert not held.started("port-mapping", "other")
    assert not held.started("forward-port")
    assert held.under_way == held.goes_on == WAY
    assert held.done(WAY, "open-page")
    assert not held.with_tick(WAY, "open-page", False).done(WAY, "open-page")
    bare = Progress().with_tick(WAY, "a", True).with_tick(WAY, "a", False)
    assert not bare.begun
    assert not held.with_impossible("forward-port:this", False).impossible


def test_a_way_that_is_not_possible_is_not_gone_on_with() -> None:
    held = some().with_impossible(WAY, True)
    assert held.under_way == held.goes_on == ""
    held = held.with_tick("enable-ipv6:this", "a", True).with_tick("access-point:this", "a", True)
    assert held.under_way == held.goes_on == "access-point:this", "the last that was ticked"
    again = decode(encode(held))
    assert again.under_way == "access-point:this", "also after a restart"
    held = replace(held, way="own-port:this")
    assert (held.under_way, held.goes_on) == ("access-point:this", "own-port:this")


def test_this_side_has_the_name_that_plans_give_it() -> None:
    assert str(Whose.THIS) == THIS


def test_a_command_alone_starts_a_way() -> None:
    assert Progress().with_ran(WAY, "a", Ran(RanState.BEGUN)).started("port-mapping")


@pytest.mark.parametrize(
    ("state", "status", "well"),
    [
        (RanState.ENDED, 0, True),
        (RanState.KEPT, 0, True),
        (RanState.ENDED, 1, False),
        (RanState.BEGUN, None, False),
        (RanState.TAKEN_BACK, 0, False),
    ],
)
def test_what_counts_as_done_well(state: RanState, status: int | None, well: bool) -> None:
    assert Ran(state, status).well is well


@pytest.mark.parametrize(
    ("title", "network", "key"),
    [
        (HERE, NETWORK, f"network-{NETWORK}"),
        (HERE, "", ""),
        (HERE, "../../etc", ""),
        ("practice: hard-home", "", "practice-hard-home"),
        ("practice: ../x", "", ""),
        ("recording from the office", NETWORK, ""),
    ],
)
def test_names_of_files(title: str, network: str, key: str) -> None:
    assert key_of(title, network) == key


def test_a_later_program_reads_it_and_ids_it_does_not_know_match_nothing() -> None:
    written = json.loads(encode(some()))
    written["ticked"]["no-longer-there:this"] = ["a"]
    written["impossible"].append("gone:this")
    written["ran"].append({"way": "x:this", "step": "a", "state": "unheard-of", "status": 0})
    written["added-later"] = {"deep": [1]}
    written["step"] = "celebrate"
    del written["brand"]
    readings = written["before"]["readings"]
    readings["from.the-future"] = {"state": "known", "value": 1}
    lost = next(iter(readings))
    readings[lost] = {"state": "known", "value": {"another": "form"}}
    written["before"]["checks"]["new-check"] = {"status": "done"}
    found = decode(json.dumps(written).encode())
    assert found.ticked[WAY] == {"open-page", "switch-on"}
    assert found.started("no-longer-there")
    assert found.step is Step.FIX
    assert len(found.ran) == 1
    assert found.before is not None
    assert lost not in found.before.readings
    assert len(found.before.readings) == len(BEFORE.readings) - 1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not json",
        b"[]",
        b"null",
        b"{}",
        b"\xff\xfe",
        b'{"schema": "whyrelay/1"}',
        b'{"schema": 7}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_progress(data: bytes) -> None:
    with pytest.raises(NotProgress):
        decode(data)


def test_what_a_newer_version_wrote_is_told_apart() -> None:
    with pytest.raises(Newer):
        decode(b'{"schema": "whyrelay-progress/2", "all": "different"}')


def test_texts_in_a_file_are_cleaned() -> None:
    found = decode(
        json.dumps(
            {
                "schema": "whyrelay-progress/1",
                "title": "\x1b]0;x\x07",
                "cause": "[@click=quit]",
                "way": "a b",
                "ticked": {"[/x]": ["a"], WAY: ["\x1b", "fine", 3, None]},
                "impossible": {"no": "list"},
                "system": "x" * 400,
                "ran": [3, {"way": WAY, "step": "a", "state": "ended", "status": True}],
            }
        ).encode()
    )
    assert "\x1b" not in found.title
    assert (found.cause, found.way, found.system) == ("", "", "")
    assert found.ticked == {WAY: {"fine"}}
    assert not found.impossible
    assert not found.ran


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_FIELDS = tuple(json.loads(encode(Progress())))


@given(st.dictionaries(st.sampled_from(_FIELDS), _JSON))
def test_whatever_stands_in_a_file_what_is_read_of_it_can_be_kept(members: dict[str, Any]) -> None:
    members["schema"] = "whyrelay-progress/1"
    found = decode(json.dumps(members).encode())
    assert decode(encode(found)) == found


# --- on disk --------------------------------------------------------------------------------------


def test_it_is_there_again_after_a_restart(tmp_path: Path) -> None:
    first = keeper(tmp_path / "progress")
    fresh = first.open(HERE, NETWORK)
    assert not fresh.begun
    first.change(fresh.with_tick(WAY, "a", True), BEFORE)
    assert first.trouble is Trouble.NONE
    file = tmp_path / "progress" / NAME
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in file.parent.iterdir()] == [NAME]
    again = keeper(tmp_path / "progress")
    latest = again.latest()
    assert latest is not None
    assert again.open(HERE, NETWORK) == latest
    assert again.progress.before == BEFORE
    assert again.progress.done(WAY, "a")


def test_the_report_before_is_the_one_of_the_first_step(tmp_path: Path) -> None:
    held = keeper(tmp_path)
    progress = held.change(held.open(HERE, NETWORK).with_tick(WAY, "a", True), BEFORE)
    later = report_of(recordings.EASY)
    assert held.change(progress.with_tick(WAY, "b", True), later).before == BEFORE


def test_networks_are_kept_apart_and_the_latest_real_one_is_offered(tmp_path: Path) -> None:
    times = iter(f"2026-02-01T12:0{minute}:00Z" for minute in range(9))
    held = Keeper(tmp_path, clock=lambda: next(times))
    for title, network in ((HERE, "aaaa"), (HERE, "bbbb"), ("practice: hard-home", "aaaa")):
        held.change(held.open(title, network).with_tick(WAY, network, True))
    latest = Keeper(tmp_path).latest()
    assert latest is not None
    assert (latest.network_id, set(latest.ticked[WAY])) == ("bbbb", {"bbbb"})
    assert not Keeper(tmp_path).open(HERE, "cccc").begun
    assert held.open(HERE, "aaaa").ticked[WAY] == {"aaaa"}


def test_a_new_network_can_go_on_with_the_old_ones_progress(tmp_path: Path) -> None:
    held = keeper(tmp_path)
    old = held.change(held.open(HERE, "aaaa").with_tick(WAY, "a", True), BEFORE)
    held.open(HERE, "bbbb")
    held.adopt(old, HERE, "bbbb")
    again = keeper(tmp_path).open(HERE, "bbbb")
    assert again.done(WAY, "a")
    assert again.before == BEFORE


def test_beginning_anew_forgets_the_file(tmp_path: Path) -> None:
    held = keeper(tmp_path)
    held.change(held.open(HERE, NETWORK).with_tick(WAY, "a", True))
    assert not held.forget().begun
    assert not list(tmp_path.iterdir())
    assert not held.open(HERE, NETWORK).begun


def test_nothing_is_written_where_that_was_asked(tmp_path: Path) -> None:
    assert folder(save=False) is None
    held = keeper(tmp_path, save=False)
    progress = held.change(held.open(HERE, NETWORK).with_tick(WAY, "a", True), BEFORE)
    assert held.trouble is Trouble.OFF
    assert not list(tmp_path.iterdir())
    held.open(HERE, "other")
    assert held.open(HERE, NETWORK) == progress, "it is there until the program ends"
    held.forget()


def test_a_recording_is_not_kept(tmp_path: Path) -> None:
    held = keeper(tmp_path)
    held.change(held.open("recording", NETWORK).with_tick(WAY, "a", True))
    assert held.trouble is Trouble.NAMELESS
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("data", [b"{", b"\x00" * 10, b"x" * (MOST_BYTES + 1)])
def test_a_damaged_file_is_set_aside_and_not_lost(tmp_path: Path, data: bytes) -> None:
    (tmp_path / NAME).write_bytes(data)
    held = keeper(tmp_path)
    assert held.latest() is None
    assert not held.open(HERE, NETWORK).begun
    assert held.trouble is Trouble.DAMAGED
    assert (tmp_path / NAME).read_bytes() == data, "looking changes nothing"
    held.change(held.progress.with_tick(WAY, "a", True))
    assert (tmp_path / NAME).with_suffix(".unreadable").read_bytes() == data
    assert keeper(tmp_path).open(HERE, NETWORK).begun


def test_another_networks_file_under_this_name_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "network-ffff.json").write_bytes(encode(some()))
    held = keeper(tmp_path)
    assert not held.open(HERE, "ffff").begun
    assert held.trouble is Trouble.DAMAGED


def test_what_a_newer_version_wrote_stays_as_it_is(tmp_path: Path) -> None:
    data = b'{"schema": "whyrelay-progress/9"}'
    (tmp_path / NAME).write_bytes(data)
    held = keeper(tmp_path)
    held.change(held.open(HERE, NETWORK).with_tick(WAY, "a", True))
    assert held.trouble is Trouble.NEWER
    held.forget()
    assert (tmp_path / NAME).read_bytes() == data
    assert len(list(tmp_path.iterdir())) == 1


def test_a_directory_of_somebody_elses(tmp_path: Path) -> None:
    (tmp_path / "progress").write_text("a file where the directory should be")
    held = keeper(tmp_path / "progress")
    progress = held.change(held.open(HERE, NETWORK).with_tick(WAY, "a", True))
    assert held.trouble is Trouble.UNWRITABLE
    assert held.progress == progress
    assert held.latest() is None


def test_a_directory_in_the_place_of_the_file(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    held = keeper(tmp_path)
    held.change(held.open(HERE, NETWORK).with_tick(WAY, "a", True))
    assert held.trouble is Trouble.DAMAGED
    assert (tmp_path / NAME).with_suffix(".unreadable").is_dir()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = os.open

    def full(path: str, flags: int, mode: int = 0o777) -> int:
        return (
            opened("/dev/full", os.O_WRONLY)
            if str(path).endswith(".tmp")
            else opened(path, flags, mode)
        )

    held = keeper(tmp_path)
    held.change(held.open(HERE, NETWORK).with_tick(WAY, "a", True))
    was = (tmp_path / NAME).read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", full)
        held.change(held.progress.with_tick(WAY, "b", True))
    assert str(held.trouble) == "unwritable"
    assert (tmp_path / NAME).read_bytes() == was, "the old one is whole"
    held.change(held.progress.with_tick(WAY, "c", True))
    assert str(held.trouble) == "none", "once there is room again, it is kept"


def test_a_report_too_large_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.fixing.keeper.MOST_BYTES", len(encode_report(BEFORE)))
    held = keeper(tmp_path)
    held.change(held.open(HERE, NETWORK).with_tick(WAY, "a", True), BEFORE)
    assert held.trouble is Trouble.TOO_LARGE
    assert held.progress.before == BEFORE
    again = keeper(tmp_path).open(HERE, NETWORK)
    assert again.begun
    assert again.before is None


def test_an_empty_report_is_a_report() -> None:
    found = decode(encode(Progress(before=Report(closed=True))))
    assert found.before == Report(closed=True)
