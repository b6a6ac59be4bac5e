"""--record: the events of a run, kept in a file as they happen."""

from __future__ import annotations

import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO

from probes import recording
from probes.events import Event
from probes.options import Options
from probes.values import dataclass
from probes.version import __version__
from tui.exits import OutputLost
from tui.sources import Source, closing


def open_recording(path: Path) -> IO[str]:
    """An empty file for a recording, readable by its owner alone.

    An earlier recording gives way; any other file is left as it is. Raises OutputLost.
    """
    _spare(path)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(path, flags, 0o600)
        return os.fdopen(handle, "w", encoding="utf-8", newline="\n")
    except (OSError, ValueError) as error:
        raise _lost(path, error) from None


def _spare(path: Path) -> None:
    """Whatever a slip of the finger names is worth more than a recording. Raises OutputLost."""
    mark = recording.MARK.encode()
    try:
        info = os.stat(path)
        if not stat.S_ISREG(info.st_mode) or not info.st_size:
            return
        with open(path, "rb") as file:
            head = file.read(len(mark))
    except (OSError, ValueError):
        return  # opening it will say why
    if head != mark:
        raise OutputLost(f"{str(path)!r} holds something else than a recording, and is left as is.")


def _lost(path: Path, error: Exception) -> OutputLost:
    why = error.strerror if isinstance(error, OSError) else str(error)
    return OutputLost(f"The recording cannot be written to {str(path)!r}: {why}.")


@dataclass(slots=True)
class Recorded:
    """A source whose latest run is kept. A run that breaks off is kept as far as it got."""

    source: Source
    path: Path
    fault: OutputLost | None = None
    """Why the recording is not whole. The run went on without it."""

    @property
    def title(self) -> str:
        """The source's."""
        return self.source.title

    async def run(self, options: Options) -> AsyncIterator[Event]:
        """The source's run. Raises OutputLost if the file cannot be opened."""
        self.fault = None
        file = open_recording(self.path)
        try:
            self._write(file, recording.header(__version__))
            async with closing(self.source.run(options)) as run:
                async for event in run:
                    self._write(file, recording.line(event))
                    yield event
        finally:
            try:
                file.close()
            except OSError as error:
                self.fault = self.fault or _lost(self.path, error)

    def _write(self, file: IO[str], line: str) -> None:
        if self.fault is not None:
            return
        try:
            # Flushed line by line: whoever is killed leaves what was known by then.
            file.write(f"{line}\n")
            file.flush()
        except OSError as error:
            self.fault = _lost(self.path, error)
