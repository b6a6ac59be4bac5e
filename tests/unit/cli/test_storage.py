"""What is kept, and that nothing of it can stop a measurement."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tui import storage


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Cache and state of their own."""
    monkeypatch.setattr(storage, "cache_dir", lambda: tmp_path / "cache")
    monkeypatch.setattr(storage, "state_dir", lambda: tmp_path / "state")
    return tmp_path


def test_the_salt_is_made_once_and_kept(home: Path) -> None:
    first, _ = storage.options_storage(save=True)
    again, _ = storage.options_storage(save=True)
    assert first == again
    assert len(first) == storage.SALT_BYTES
    kept = home / "state" / "salt"
    assert kept.read_bytes() == first
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [each.name for each in kept.parent.iterdir()] == ["salt"]


def test_two_first_runs_at_once_agree(home: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: storage.salt(home / "state"), range(32)))
    assert found == {(home / "state" / "salt").read_bytes()}


def test_a_damaged_salt_is_replaced(home: Path) -> None:
    (home / "state").mkdir()
    (home / "state" / "salt").write_bytes(b"short")
    fresh = storage.salt(home / "state")
    assert len(fresh) == storage.SALT_BYTES
    assert storage.salt(home / "state") == fresh


def test_the_map_is_kept_whole_and_for_its_owner_alone(home: Path) -> None:
    _, cache = storage.options_storage(save=True)
    assert cache.load() is None
    cache.store('{"a": "ä"}')
    cache.store('{"b": 1}')
    assert cache.load() == '{"b": 1}'
    kept = home / "cache" / "derp-map.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [each.name for each in kept.parent.iterdir()] == [kept.name]


def test_no_save_writes_nothing_at_all(home: Path) -> None:
    salts = set()
    for _ in range(2):
        salt, cache = storage.options_storage(save=False)
        cache.store("{}")
        assert cache.load() is None
        salts.add(salt)
    assert len(salts) == 2
    assert list(home.iterdir()) == []


def test_no_save_still_reads_an_earlier_copy(home: Path) -> None:
    storage.options_storage(save=True)[1].store("{}")
    assert storage.options_storage(save=False)[1].load() == "{}"


def blocked_by_a_file(home: Path) -> None:
    (home / "cache").write_text("in the way")
    (home / "state").write_text("in the way")


def full(home: Path) -> None:
    """Directories in which nothing can be made, root or not."""
    for name in ("cache", "state"):
        (home / name).symlink_to("/proc/self/fd")


def dangling(home: Path) -> None:
    for name in ("cache", "state"):
        (home / name).symlink_to(home / "nowhere" / name)


def of_directories(home: Path) -> None:
    """What should be a file is a directory, and not empty."""
    for name in ("cache/derp-map.json/x", "state/salt/x"):
        (home / name).mkdir(parents=True)


@pytest.mark.parametrize("spoil", [blocked_by_a_file, full, dangling, of_directories])
def test_directories_that_cannot_be_used_stop_nothing(home: Path, spoil: object) -> None:
    assert callable(spoil)
    spoil(home)
    before = sorted(each.name for each in home.iterdir())
    salt, cache = storage.options_storage(save=True)
    cache.store("{}")
    assert len(salt) == storage.SALT_BYTES
    assert cache.load() in (None, "{}")
    assert sorted(each.name for each in home.iterdir() if each.name != "nowhere") == before


def test_a_full_disk_leaves_no_half_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage.options_storage(save=True)[1].store("old")

    def no_space(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", no_space)
    _, cache = storage.options_storage(save=True)
    cache.store("new")
    assert cache.load() == "old"
    assert [each.name for each in (home / "cache").iterdir()] == ["derp-map.json"]


def test_no_home_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(storage, "cache_dir", homeless)
    salt, cache = storage.options_storage(save=True)
    cache.store("{}")
    assert len(salt) == storage.SALT_BYTES
    assert cache.load() is None


def test_what_is_too_large_or_no_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"x" * 11)
    os.mkfifo(tmp_path / "pipe")
    assert storage.read(tmp_path / "big", 10) is None
    assert storage.read(tmp_path / "big", 11) == b"x" * 11
    assert storage.read(tmp_path / "pipe") is None
    assert storage.read(tmp_path) is None


def test_the_real_directories_follow_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere/cache")
    monkeypatch.setenv("XDG_STATE_HOME", "/somewhere/state")
    assert storage.cache_dir().name == storage.state_dir().name == "whyrelay"


def test_a_record_of_a_test_mapping_is_kept_and_erased(home: Path) -> None:
    journal = storage.options_journal(save=True)
    assert journal.load() == ()
    assert journal.write("a1", '{"x": 1}')
    assert journal.write("b2", "two")
    kept = home / "state" / "mappings" / f"a1.{os.getpid()}.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert journal.file("a1") == str(kept)
    assert journal.load() == ('{"x": 1}', "two")
    journal.erase("a1")
    journal.erase("a1")
    assert journal.load() == ("two",)


@pytest.mark.parametrize("name", ["../x", "a/b", "", "ä", "a.json", "x" * 65])
def test_a_record_stays_in_its_folder(home: Path, name: str) -> None:
    journal = storage.options_journal(save=True)
    assert not journal.write(name, "text")
    assert journal.file(name) == ""
    journal.erase(name)
    assert not home.joinpath("state").exists()


def test_records_that_nobody_wrote_are_no_trouble(home: Path) -> None:
    folder = home / "state" / "mappings"
    folder.mkdir(parents=True)
    (folder / "large.json").write_bytes(b"x" * 10_000)
    (folder / "notes.txt").write_text("mine")
    (folder / "folder.json").mkdir()
    (folder / "bytes.json").write_bytes(b"\xff")
    assert storage.options_journal(save=True).load() == ("\ufffd",)


def test_what_another_running_process_has_open_is_no_left_over(home: Path) -> None:
    folder = home / "state" / "mappings"
    folder.mkdir(parents=True)
    (folder / f"a1.{os.getppid()}.json").write_text("in use")
    journal = storage.options_journal(save=True)
    assert journal.load() == ()
    (folder / "b2.4194999.json").write_text("its process is gone")  # above Linux' highest id
    (folder / "12345.json").write_text("from an earlier version")
    assert journal.load() == ("from an earlier version", "its process is gone")
    journal.erase("b2")
    assert journal.load() == ("from an earlier version",)


def test_without_saving_there_is_no_journal_and_so_no_mapping(home: Path) -> None:
    assert storage.options_journal(save=True).write("a1", "{}")
    journal = storage.options_journal(save=False)
    assert journal.load() == ()
    assert not journal.write("b2", "{}")
    assert [each.name for each in (home / "state" / "mappings").iterdir()] == [
        f"a1.{os.getpid()}.json"
    ]
