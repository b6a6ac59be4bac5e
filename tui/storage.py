"""What is kept on this computer: the last good relay map, the salt of the network ids, and records
of test mappings while they live.

Nothing here stops a measurement. What cannot be read is absent, what cannot be written is not
saved: a read-only home, a full disk and a directory of somebody else's are all ordinary.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from probes.options import Journal, MapCache

APP = "whyrelay"
SALT_BYTES = 32
MOST_RECORD = 4096
MOST_RECORDS = 100
MOST_NAME = 64
_MOST_DIGITS = 10
"""Of a process id, on any system."""
_RECORD = ".json"
MOST_BYTES = 4_000_000
"""Nothing that is kept is larger; what is, is not ours."""


def cache_dir() -> Path:
    """Where what can be fetched again is kept."""
    from platformdirs import user_cache_path

    return user_cache_path(APP, appauthor=False)


def state_dir() -> Path:
    """Where what must outlive the program is kept."""
    from platformdirs import user_state_path

    return user_state_path(APP, appauthor=False)


def read(path: Path, most: int = MOST_BYTES) -> bytes | None:
    """A kept file, or None: absent, unreadable, not a plain file or larger than `most` bytes."""
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            data = file.read(most + 1)
    except (OSError, ValueError):
        return None
    return data if len(data) <= most else None


def write(path: Path, data: bytes, *, replace: bool = True) -> bool:
    """Keep a file, whole or not at all, readable by its owner alone. False: it is not saved.

    With `replace` false a file that is already there stays (and False is returned).
    """
    # Never a name that another process uses, nor one that was planted as a link.
    spare = path.with_name(f".{path.name}.{os.urandom(8).hex()}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(spare, flags, 0o600)
    except (OSError, ValueError):
        return False
    try:
        # No fsync: a probe may be under way, and a disk can take longer than a relay. What a power
        # cut leaves behind is recognised when it is read.
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        if replace:
            os.replace(spare, path)
        else:
            _put_first(spare, path)
    except OSError:
        return False
    finally:
        with suppress(OSError):
            os.unlink(spare)
    return True


def _put_first(spare: Path, path: Path) -> None:
    """Move into place unless another was first. Raises FileExistsError, OSError."""
    try:
        os.link(spare, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if path.exists():
            raise FileExistsError(path) from None
        os.replace(spare, path)


def salt(directory: Path) -> bytes:
    """This computer's salt, made on first use. If it cannot be kept, one for this run alone."""
    path = directory / "salt"
    kept = read(path, SALT_BYTES)
    if kept is not None and len(kept) == SALT_BYTES:
        return kept
    fresh = os.urandom(SALT_BYTES)
    # Two first runs at once must agree: the file that is there first counts. One of the wrong
    # length was damaged, and is replaced.
    damaged = kept is not None
    if write(path, fresh, replace=damaged):
        return fresh
    kept = read(path, SALT_BYTES)
    return kept if kept is not None and len(kept) == SALT_BYTES else fresh


def map_cache(directory: Path, *, save: bool) -> MapCache:
    """The last good relay map. Without `save` it is read, never written."""
    path = directory / "derp-map.json"

    def load() -> str | None:
        data = read(path)
        return None if data is None else data.decode("utf-8", "replace")

    def store(text: str) -> None:
        if save:
            write(path, text.encode("utf-8", "replace"))

    return MapCache(load, store)


def journal(directory: Path) -> Journal:
    """Records of test mappings, one small file each, named for the process that writes it.

    What another process has open on the router is not told while that process lives: it is no
    left-over, and is not to be removed.
    """
    folder = directory / "mappings"

    def path(name: str) -> Path | None:
        plain = name.isascii() and name.isalnum() and len(name) <= MOST_NAME
        if not plain:
            return None
        kept = next(folder.glob(f"{name}.*{_RECORD}"), None)  # an earlier process's, perhaps
        return kept or folder / f"{name}.{os.getpid()}{_RECORD}"

    def load() -> tuple[str, ...]:
        try:
            names = sorted(entry.name for entry in folder.iterdir())[:MOST_RECORDS]
        except OSError:
            return ()
        dead = (name for name in names if name.endswith(_RECORD) and not _in_use(name))
        kept = (read(folder / name, MOST_RECORD) for name in dead)
        return tuple(data.decode("utf-8", "replace") for data in kept if data is not None)

    def store(name: str, text: str) -> bool:
        file = path(name)
        return file is not None and write(file, text.encode())

    def erase(name: str) -> None:
        file = path(name)
        if file is not None:
            with suppress(OSError):
                file.unlink(missing_ok=True)

    def where(name: str) -> str:
        file = path(name)
        return "" if file is None else str(file.absolute())

    return Journal(load, store, erase, where)


def _in_use(name: str) -> bool:
    """Whether the record is of another process that is still running."""
    _, dot, owner = name.removesuffix(_RECORD).rpartition(".")
    numbered = bool(dot) and owner.isascii() and owner.isdigit() and len(owner) <= _MOST_DIGITS
    if not numbered or int(owner) == os.getpid():
        return False
    import psutil

    return bool(psutil.pid_exists(int(owner)))


def options_journal(save: bool) -> Journal:
    """The journal for a run. Without `save` there is none, and so no test mapping either.

    Never raises, even where no directory can be named.
    """
    try:
        return journal(state_dir()) if save else Journal()
    except (OSError, RuntimeError, KeyError):
        return Journal()


def options_storage(save: bool) -> tuple[bytes, MapCache]:
    """The salt and the cache for a run. Without `save` nothing is written, and the salt is random.

    Never raises, even where no directory can be named (no HOME, no password entry).
    """
    try:
        cache = map_cache(cache_dir(), save=save)
        return (salt(state_dir()) if save else os.urandom(SALT_BYTES)), cache
    except (OSError, RuntimeError, KeyError):
        return os.urandom(SALT_BYTES), MapCache()
