"""Keeps the progress on disk, one small file a network, and says so where it cannot.

Nothing of it stops the person: what cannot be read is set aside and not lost, what cannot be
written is still there until the program ends.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from tui import storage
from tui.fixing.progress import (
    MOST_BYTES,
    Newer,
    NotProgress,
    Progress,
    decode,
    encode,
    encode_report,
    key_of,
)

if TYPE_CHECKING:
    from probes.report import Report

_SUFFIX = ".json"
_MOST_FILES = 200
"""That are looked through for the latest."""


class Trouble(StrEnum):
    """Why progress is not kept, or was not found; the words are content."""

    NONE = "none"
    OFF = "off"
    """The person asked for nothing to be written (--no-save)."""
    NAMELESS = "nameless"
    """Nothing tells this network from others, or it is a recording's."""
    DAMAGED = "damaged"
    """There was a file, and it could not be read: it is set aside under another name."""
    NEWER = "newer"
    """A later version of the program wrote the file: it stays as it is."""
    UNWRITABLE = "unwritable"
    """The disk is full, or the directory is not ours."""
    TOO_LARGE = "too-large"
    """Kept, but without the report before: it is too large."""


def folder(save: bool) -> Path | None:
    """Where it is kept; None where nothing can be named, or nothing is to be kept or looked up."""
    try:
        return storage.state_dir() / "progress" if save else None
    except (OSError, RuntimeError, KeyError):
        return None


def now() -> str:
    """RFC 3339, UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Keeper:
    """The progress on the network that is looked at; it is written with every change."""

    def __init__(
        self, directory: Path | None, *, save: bool = True, clock: Callable[[], str] = now
    ) -> None:
        self.progress = Progress()
        self.trouble = Trouble.NONE
        self.untested = False
        """A step was ticked or run, and nothing was measured since. What was kept from an earlier
        start is measured anew before anything else."""
        self._directory = directory
        self._save = save
        self._clock = clock
        self._held: dict[str, Progress] = {}
        self._locked: set[str] = set()
        """Names whose files are not ours to write."""
        self._aside: set[str] = set()
        """Names whose files could not be read."""
        self._before: tuple[Report | None, str] = (None, "null")

    def open(self, title: str, network_id: str) -> Progress:
        """The progress on a network: what is held or kept of it, else a fresh one."""
        key = key_of(title, network_id)
        if (title, network_id) == (self.progress.title, self.progress.network_id):
            return self.progress
        if key in self._held:
            self.progress = self._held[key]
        else:
            self.progress = self._read(key) or Progress(title, network_id)
        self.trouble = self._trouble_of(key)
        if key:
            self._held[key] = self.progress
        return self.progress

    def adopt(self, found: Progress, title: str, network_id: str) -> Progress:
        """Go on, on this network, with what was begun on another: it is kept under both names."""
        self.progress = replace(found, title=title, network_id=network_id)
        self.trouble = self._trouble_of(self.progress.key)
        self._write()
        return self.progress

    def change(self, progress: Progress, report: Report | None = None) -> Progress:
        """Another state of the same network's progress. With its first step `report` is kept as
        the one before."""
        if progress.begun and progress.before is None and report is not None:
            progress = replace(progress, before=report)
        if progress == self.progress:
            return progress
        done = self.progress.ticked, self.progress.ran
        self.untested = self.untested or (progress.ticked, progress.ran) != done
        self.progress = replace(progress, saved_at=self._clock())
        self._write()
        return self.progress

    def tested(self) -> None:
        """A run came to its end: it shows what came of the steps that are done."""
        self.untested = False

    def forget(self) -> Progress:
        """Begin anew on this network."""
        before = self.progress
        self.progress = Progress(before.title, before.network_id)
        key = before.key
        self._held.pop(key, None)
        path = self._path(key)
        if path is not None and self._save and key not in self._locked:
            with suppress(OSError):
                path.unlink(missing_ok=True)
        return self.progress

    def latest(self, title: str = "") -> Progress | None:
        """What was worked on last, a real network before one for practice; None where nothing is
        begun. `title`: of what is measured, where only that counts."""
        found: list[Progress] = []
        for name in self._names():
            try:
                data = storage.read(Path(name), MOST_BYTES)
                if data is not None:
                    found.append(decode(data))
            except NotProgress:
                continue  # it is told of when its network is looked at
        begun = [each for each in found if each.begun and each.key and title in ("", each.title)]
        real = [each for each in begun if each.key.startswith("network-")]
        return max(real or begun, key=lambda each: each.saved_at, default=None)

    def _names(self) -> list[str]:
        if self._directory is None:
            return []
        try:
            with os.scandir(self._directory) as entries:
                names = [each.path for each in entries if each.name.endswith(_SUFFIX)]
        except OSError:
            return []
        return sorted(name for name in names if not Path(name).name.startswith("."))[:_MOST_FILES]

    def _path(self, key: str) -> Path | None:
        if self._directory is None or not key:
            return None
        return self._directory / f"{key}{_SUFFIX}"

    def _read(self, key: str) -> Progress | None:
        path = self._path(key)
        if path is None or not os.path.lexists(path):
            return None
        data = storage.read(path, MOST_BYTES)
        try:
            found = decode(data) if data is not None else None
        except Newer:
            self._locked.add(key)
            return None
        except NotProgress:
            found = None
        if found is None or found.key != key:  # a file of another's under this name as well
            self._aside.add(key)
            return None
        return found

    def _trouble_of(self, key: str) -> Trouble:
        if not self._save:
            return Trouble.OFF
        if not key:
            return Trouble.NAMELESS
        if key in self._locked:
            return Trouble.NEWER
        if self._directory is None:
            return Trouble.UNWRITABLE
        return Trouble.DAMAGED if key in self._aside else Trouble.NONE

    def _write(self) -> None:
        progress, key = self.progress, self.progress.key
        if key:
            self._held[key] = progress
        self.trouble = self._trouble_of(key)
        path = self._path(key)
        if path is None or self.trouble not in (Trouble.NONE, Trouble.DAMAGED):
            return
        if key in self._aside:
            try:
                os.replace(path, path.with_suffix(".unreadable"))
            except FileNotFoundError:
                pass
            except OSError:
                self.trouble = Trouble.UNWRITABLE
                return
            self._aside.discard(key)
        if progress.before is not self._before[0]:
            self._before = (progress.before, encode_report(progress.before))
        data = encode(progress, self._before[1])
        if len(data) > MOST_BYTES:
            self.trouble = Trouble.TOO_LARGE
            data = encode(progress, "null")
        if not storage.write(path, data):
            self.trouble = Trouble.UNWRITABLE
