"""Input that a person names: a pasted output of tailscale, a report or a recording of this program.

Whatever it is, it becomes a report. Raises `Complaint` for what cannot be read.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from probes import recording
from probes.clean import clean
from probes.elsewhere.lines import MOST_BYTES, decoded
from probes.elsewhere.recognise import Found, recognise, unread_numbers
from probes.elsewhere.report import report_of_found
from probes.events import decode, encode
from probes.report import Report, broken_off, report_of
from probes.tailscale.loose import Unreadable
from probes.values import dataclass
from tui.exits import Complaint
from tui.json_view import SCHEMA as REPORT_SCHEMA
from tui.json_view import NotAReport, report_from_json
from tui.output import say
from tui.request import cleaned

STDIN = "-"
_STDIN_NAME = "standard input"
PASTED = "pasted text"
"""What a paste is called where a file has its name."""


@dataclass(frozen=True, slots=True)
class Input:
    """What was read."""

    report: Report
    name: str
    """Of the input, cleaned: a file's name, or "standard input"."""
    holds: tuple[str, ...]
    """What it was recognised as, in words."""
    notes: tuple[str, ...] = ()
    """Sentences on what could not be used."""
    unread: tuple[tuple[int, str], ...] = ()
    """The lines that were left out, by number, cleaned."""

    @property
    def title(self) -> str:
        """As the app heads it."""
        if self.name in (PASTED, _STDIN_NAME):
            return f"{self.name}: {self.holds[0]}" if self.holds else self.name
        return f"file: {self.name}"


def read_input(where: str) -> Input:
    """Read a file, or standard input for ``-``. Raises Complaint."""
    name = _STDIN_NAME if where == STDIN else clean(Path(where).name or where, 60)
    shown = _STDIN_NAME if where == STDIN else repr(clean(where, 200))
    data = _bytes(where, shown)
    if len(data) > MOST_BYTES:
        most = MOST_BYTES // 1_000_000
        raise Complaint(f"More than {most} MB came from {shown}, so it was not read.")
    return read_data(data, name, shown)


def read_data(data: bytes, name: str, shown: str) -> Input:
    """The same for data at hand. Raises Complaint."""
    begin = shown[:1].upper() + shown[1:]
    try:
        found = recognise(data)
        if found.documents:
            return _own(found.documents[0], data, name)
    except (Unreadable, NotAReport, recording.NotARecording) as error:
        raise Complaint(f"{begin} cannot be explained. {_sentence(str(error))}") from None
    except RecursionError:
        raise Complaint(f"{begin} cannot be explained. It is nested too deeply.") from None
    unread = tuple((line.number, clean(line.text.strip(), _SHOWN)) for line in found.unread)
    return Input(report_of_found(found, name), name, _holds(found), _notes(found), unread)


def _sentence(text: str) -> str:
    if text == "Nothing in it was recognised.":
        text = (
            "It holds no output of tailscale netcheck, status or ping, and no report of whyrelay."
        )
    return clean(text)


def _bytes(where: str, shown: str) -> bytes:
    try:
        if where != STDIN:
            with open(where, "rb") as file:
                return file.read(MOST_BYTES + 1)
        if sys.stdin is None:
            raise Complaint("There is no standard input to read from.")
        if sys.stdin.isatty():
            say("Paste the text, then press Enter and Ctrl-D (on Windows Ctrl-Z and Enter).")
        return sys.stdin.buffer.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise Complaint(f"There is no file {shown}.") from None
    except IsADirectoryError:
        raise Complaint(f"{shown} is a directory, not a file to explain.") from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise Complaint(f"{shown} cannot be read: {why}.") from None


def _own(document: Mapping[str, Any], data: bytes, name: str) -> Input:
    """A report or a recording. Raises NotAReport, NotARecording or Unreadable."""
    schema = document["schema"]
    try:
        if schema == recording.SCHEMA:
            events = recording.load(decoded(data))
            report = report_of(decode(cleaned(encode(event))) for event in events)
            whole = report if report.closed else broken_off(report)
            return Input(whole, name, ("a recording of whyrelay",))
        if schema == REPORT_SCHEMA:
            return Input(report_from_json(cleaned(document)), name, ("a report of whyrelay",))
    except ValueError as error:
        if isinstance(error, NotAReport | recording.NotARecording):
            raise
        raise NotAReport(str(error)) from None
    raise NotAReport(f"It is of schema {clean(schema, 60)!r}, which is no report.")


def _holds(found: Found) -> tuple[str, ...]:
    held = []
    if found.netchecks:
        count = len(found.netchecks)
        more = "" if count == 1 else f" ({count} reports, of which the latest word counts)"
        held.append(f"tailscale netcheck{more}")
    if found.statuses or found.rows or found.state is not None:
        held.append("tailscale status")
    if found.pings or found.gave_up:
        held.append("tailscale ping")
    return tuple(held)


_SHOWN = 60


def _notes(found: Found) -> tuple[str, ...]:
    if not found.unread:
        return ()
    lines = "Line" if len(found.unread) == 1 else "Lines"
    was = "was" if len(found.unread) == 1 else "were"
    first = clean(found.unread[0].text.strip(), _SHOWN)
    numbers = clean(unread_numbers(found.unread), 100)
    return (f"{lines} {numbers} {was} not understood and left out, beginning with: {first}",)
