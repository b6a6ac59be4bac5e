"""What a pasted text holds: netcheck reports, a status, pings, and the lines that are none."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import field
from typing import Any, TypeAlias

from probes.clean import clean
from probes.elsewhere.lines import Line, decoded, lines_of, unwrapped
from probes.elsewhere.status_text import Row, parse_row, parse_state
from probes.readings.netcheck import Netcheck
from probes.readings.tailscale import Backend
from probes.tailscale.loose import Unreadable
from probes.tailscale.netcheck_report import netcheck_of
from probes.tailscale.netcheck_text import parse_netcheck_text
from probes.tailscale.ping import NoPong, OwnAddress, PingLine, Pong, parse_ping_line
from probes.tailscale.status import Status, parse_status
from probes.values import dataclass

_KEYS = (
    "Time|UDP|IPv4|IPv6|MappingVariesByDestIP|HairPinning|PortMapping|CaptivePortal|"
    "Nearest DERP|DERP latency"
)
_FIELD = re.compile(rf"^.{{0,200}}?(?:^|[\s*•·◦-])(?P<key>{_KEYS}):(?P<value>[ \t]*\S.*|)$", re.I)
_LATENCY = re.compile(
    r"^\s*[-–*•]?\s*(?P<code>[^\s:()]{1,20}):\s*(?P<rtt>[0-9][0-9.a-zµμ]*)?\s*"
    r"(?P<name>\([^)]*\))\s*$"
)
_PING = re.compile(
    r"^\s*(?:pong from .+ via .+ in \S+|hit peerapi of .+ in \S+|ping .+ timed out|no reply|"
    r".+ is local Tailscale IP|direct connection not established)\s*$"
)
_ECHO = re.compile(r"(?:^|\s)tailscale(?:\.exe)?\s+(?:netcheck|status|ping|debug)\b")
_LOG = re.compile(
    r"^(?:\d{4}[/-]\d\d[/-]\d\d[ T]\d\d:\d\d:\d\d|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d )"
)
_IGNORED = ("report:", "```", "~~~", "# health check:", "# warning:", "warning:", "logged out.")
MOST_OBJECTS = 500
_MOST_TRIES = 200
"""So many braces are tried as the beginning of JSON."""


@dataclass(slots=True)
class Found:
    """What was recognised, in the order in which it stands in the text."""

    netchecks: list[Netcheck] = field(default_factory=list)
    netcheck_json: bool = False
    statuses: list[Status] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    state: Backend | None = None
    health: list[str] = field(default_factory=list)
    pings: list[PingLine] = field(default_factory=list)
    gave_up: bool = False
    """tailscale ping ended with "direct connection not established"."""
    documents: list[dict[str, Any]] = field(default_factory=list)
    """JSON objects that name a schema of this program."""
    unread: list[Line] = field(default_factory=list)
    """Lines that say nothing that is known here."""

    @property
    def anything(self) -> bool:
        """Something was recognised."""
        return bool(
            self.netchecks
            or self.statuses
            or self.rows
            or self.state
            or self.pings
            or self.documents
        )


def recognise(data: bytes) -> Found:
    """Read whatever is in it. Raises Unreadable where there is nothing."""
    text = decoded(data)
    found = Found()
    whole = _whole_json(text)
    if whole is not None and _object(whole, found):
        return found
    lines = _json(lines_of(text), found)
    _texts(lines, found)
    if not found.anything:
        raise Unreadable("Nothing in it was recognised.")
    return found


def _whole_json(text: str) -> dict[str, Any] | None:
    """The usual case, and the only one that may be large."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _object(value: dict[str, Any], found: Found) -> bool:
    """Take a JSON object for what it is; False: nothing that is known."""
    if isinstance(value.get("schema"), str) and value["schema"].startswith("whyrelay"):
        found.documents.append(value)
    elif "BackendState" in value or ("Self" in value and "Peer" in value):
        found.statuses.append(parse_status(json.dumps(value)))
    elif "UDP" in value and ("MappingVariesByDestIP" in value or "RegionLatency" in value):
        found.netchecks.append(netcheck_of(value))
        found.netcheck_json = True
    else:
        return False
    return True


def _json(lines: list[Line], found: Found) -> list[Line]:
    """Take the JSON objects out of the text; the lines that are left."""
    text = "\n".join(line.text for line in lines)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line.text) + 1)
    used: set[int] = set()
    position, tries, objects = 0, 0, 0
    while tries < _MOST_TRIES and objects < MOST_OBJECTS:
        start = text.find("{", position)
        if start < 0:
            break
        position = start + 1
        decoded_object = _decode(text, start)
        if decoded_object is None:
            tries += 1
            continue
        value, end = decoded_object
        if _object(value, found):
            objects += 1
            used.update(range(bisect_right(starts, start) - 1, bisect_right(starts, end - 1)))
            position = end
        else:
            tries += 1
    return [line for index, line in enumerate(lines) if index not in used]


def _decode(text: str, start: int) -> tuple[dict[str, Any], int] | None:
    """The object that begins here, and where it ends; also if a terminal broke its lines."""
    try:
        value, end = json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        pass
    else:
        return (value, end) if isinstance(value, dict) else None
    if not text[start + 1 :].lstrip().startswith('"'):
        return None
    rest = text[start:]
    kept = [index for index, char in enumerate(rest) if char != "\n"]
    try:
        value, end = json.JSONDecoder().raw_decode(rest.replace("\n", ""))
    except (ValueError, RecursionError):
        return None
    return (value, start + kept[end - 1] + 1) if isinstance(value, dict) else None


# --- text for people ----------------------------------------------------------------------------


def _field_line(text: str) -> str | None:
    """One of netcheck's lines as netcheck prints it, whatever stood before it on the line."""
    match = _FIELD.match(text)
    return f"\t* {match['key']}: {match['value'].strip()}" if match is not None else None


def _good_field(text: str) -> bool:
    """The line's value is one that netcheck prints."""
    line = _field_line(text)
    if line is None:
        return False
    try:
        notes = parse_netcheck_text(f"* UDP: true\n{line}").unread
    except Unreadable:
        return False
    return all(note.endswith("is missing") for note in notes)


def _latency_line(text: str) -> str | None:
    match = _LATENCY.match(text)
    if match is None:
        return None
    return f"\t\t- {match['code']}: {match['rtt'] or ''} {match['name']}"


def _reads(text: str) -> bool:
    return (
        not text.strip()
        or _good_field(text)
        or _latency_line(text) is not None
        or parse_row(text) is not None
        or _PING.match(text) is not None
        or _noise(text)
    )


def _noise(text: str) -> bool:
    plain = text.strip().lower()
    return (
        plain.startswith(_IGNORED)
        or _ECHO.search(text) is not None
        or _LOG.match(text) is not None
        or parse_state(text) is not None
        or plain.startswith("#")
        or (plain.startswith("ip ") and "hostname" in plain)
    )


def _texts(lines: Sequence[Line], found: Found) -> None:
    report: dict[str, _Taken] = {}
    latencies: list[_Taken] = []
    for group in unwrapped(lines, _reads):
        text = group[0].text
        if field_line := _field_line(text):
            key = field_line.partition(":")[0].strip(" \t*").lower()
            if key in report:  # the next report begins (--every)
                _netcheck((*report.values(), *latencies), found)
                report, latencies = {}, []
            report[key] = (field_line, group)
        elif report and (latency := _latency_line(text)):
            latencies.append((latency, group))
        elif not _other(text, found):
            found.unread += [line for line in group if line.text.strip()]
    _netcheck((*report.values(), *latencies), found)


_Taken: TypeAlias = tuple[str, tuple[Line, ...]]
"""A line as netcheck prints it, and where it stood."""


def _netcheck(report: Sequence[_Taken], found: Found) -> None:
    if not report:
        return
    try:
        found.netchecks.append(parse_netcheck_text("\n".join(line for line, _ in report)))
    except Unreadable:
        found.unread += [line for _, group in report for line in group]


def _other(text: str, found: Found) -> bool:
    """A line of a status or a ping, or one that says nothing and is known to."""
    row = parse_row(text)
    if row is not None:
        found.rows.append(row)
        return True
    if _PING.match(text):
        if text.strip() == "direct connection not established":
            found.gave_up = True
        else:
            line = parse_ping_line(text)
            if isinstance(line, Pong | NoPong | OwnAddress):
                found.pings.append(line)
        return True
    state = parse_state(text)
    if state is not None:
        found.state = state
        return True
    if not text.strip():
        return True
    if text.lstrip().startswith("#     - "):
        found.health.append(clean(text.lstrip("# \t-")))
        return True
    return _noise(text)


def unread_numbers(lines: Sequence[Line]) -> str:
    """``3, 7-9``."""
    return ", ".join(_runs(sorted({line.number for line in lines})))


def _runs(numbers: Sequence[int]) -> Iterator[str]:
    start = previous = None
    for number in (*numbers, None):
        if start is None or previous is None:
            start = previous = number
        elif number is not None and number == previous + 1:
            previous = number
        else:
            yield str(start) if start == previous else f"{start}-{previous}"
            start = previous = number
