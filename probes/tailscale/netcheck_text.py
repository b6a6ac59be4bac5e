"""`tailscale netcheck` as it prints for people, of any version (cmd/tailscale/cli/netcheck.go).

People paste this into issues and chats, so the reader minds neither indentation nor what stands
around the report. `IPv4` in this form means "a relay told the public address": where UDP is blocked
it reads "(no addr found)" though the JSON form says true.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import field, fields
from typing import Any

from probes.clean import clean
from probes.model import Endpoint
from probes.readings.netcheck import Netcheck, NetcheckRegion
from probes.tailscale.loose import MOST_NOTES, Unreadable, endpoint_of
from probes.values import dataclass

MOST_LINES = 5_000
LONGEST_LINE = 400

_LINE = re.compile(r"^\s*[*•·-]\s*(?P<key>[A-Za-z][A-Za-z0-9 -]{0,40}?):[ \t]*(?P<value>.*?)\s*$")
_REGION = re.compile(
    r"^\s*[-–]\s*(?P<code>[^\s:]{1,20}):\s*(?P<rtt>[0-9.]+(?:ns|µs|μs|us|ms|s|m)[0-9a-zµμ.]*)?"
    r"\s*\((?P<name>[^)]*)\)\s*$"
)
_DURATION = re.compile(r"(?P<figure>\d+(?:\.\d+)?)(?P<unit>ns|µs|μs|us|ms|s|m|h)")
_MS = {"ns": 1e-6, "µs": 1e-3, "μs": 1e-3, "us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4, "h": 3.6e6}

_SERVICES = {"upnp": "upnp", "nat-pmp": "nat_pmp", "pcp": "pcp"}
_NO_NEAREST = ("unknown", "[none]")


def parse_netcheck_text(text: str) -> Netcheck:
    """Read the first report in the text. Raises Unreadable where there is none."""
    reader = _Reader()
    for line in text.splitlines()[:MOST_LINES]:
        if reader.over(line):
            break
        reader.read(line[:LONGEST_LINE])
    if "udp" not in reader.found and "mapping_varies" not in reader.found:
        raise Unreadable("This is no report of tailscale netcheck.")
    for name in ("udp", "mapping_varies", "global4"):
        if name not in reader.found:
            reader.note(f"the line of {_NAMES[name]} is missing")
    values: dict[str, Any] = {each.name: None for each in fields(Netcheck)}
    values |= {"taken_at": "", "seen4": (), "seen6": (), "nearest": ""}
    values |= reader.found
    values |= {"regions": tuple(reader.regions), "unread": tuple(reader.notes)}
    return Netcheck(**values)


_NAMES = {"udp": "UDP", "mapping_varies": "MappingVariesByDestIP", "global4": "IPv4"}


@dataclass(slots=True)
class _Reader:
    found: dict[str, Any] = field(default_factory=dict)
    regions: list[NetcheckRegion] = field(default_factory=list)
    notes: dict[str, None] = field(default_factory=dict)

    def note(self, text: str) -> None:
        if len(self.notes) < MOST_NOTES:
            self.notes[clean(text, 120)] = None

    def over(self, line: str) -> bool:
        """A second report begins (--every)."""
        return line.strip() == "Report:" and "udp" in self.found

    def read(self, line: str) -> None:
        region = _REGION.match(line)
        if region is not None:
            self._region(region)
            return
        match = _LINE.match(line)
        if match is None:
            return
        key, value = match["key"].strip().lower(), match["value"]
        read = _LINES.get(key)
        if read is None:
            if key != "derp latency":
                self.note(f"the line {match['key']} is new")
            return
        read(self, value)

    def _region(self, match: re.Match[str]) -> None:
        parts = [part.strip() for part in match["name"].split(",")]
        rtt = milliseconds(match["rtt"]) if match["rtt"] else None
        # With --verbose the server's name precedes the region's.
        region = NetcheckRegion(0, clean(match["code"]), clean(parts[-1]), rtt, None, None)
        self.regions.append(region)


def milliseconds(text: str) -> float | None:
    """A duration as Go prints it (``1.5s``, ``12.6ms``, ``1m2s``); None if it is none."""
    total, end = 0.0, 0
    for match in _DURATION.finditer(text):
        if match.start() != end:
            return None
        total += float(match["figure"]) * _MS[match["unit"]]
        end = match.end()
    return total if end == len(text) and end else None


def _flag(name: str) -> Callable[[_Reader, str], None]:
    def read(reader: _Reader, value: str) -> None:
        known = {"true": True, "false": False, "": None}
        if value.lower() in known:
            reader.found[name] = known[value.lower()]
        else:
            reader.note(f"{name} is {value}")

    return read


def _time(reader: _Reader, value: str) -> None:
    reader.found["taken_at"] = clean(value, 60)


def _endpoint(value: str) -> Endpoint | None:
    affirmed, comma, rest = value.partition(",")
    if affirmed.strip().lower() != "yes" or not comma:
        return None
    try:
        return endpoint_of(rest.strip())
    except ValueError:
        return None


def _ipv4(reader: _Reader, value: str) -> None:
    endpoint = _endpoint(value)
    reader.found["global4"] = endpoint
    # "(no addr found)" leaves open whether IPv4 works otherwise.
    reader.found["ipv4"] = True if endpoint is not None else None
    if endpoint is None and "no addr found" not in value:
        reader.note(f"IPv4 is {value}")


def _ipv6(reader: _Reader, value: str) -> None:
    endpoint = _endpoint(value)
    reader.found["global6"] = endpoint
    if endpoint is not None:
        reader.found["ipv6"] = reader.found["os_has_ipv6"] = True
    elif "unavailable in OS" in value:
        reader.found["ipv6"] = reader.found["os_has_ipv6"] = False
    elif "OS has support" in value:
        reader.found["ipv6"], reader.found["os_has_ipv6"] = False, True
    elif "no addr found" in value:
        # Printed only where an answer over IPv6 came, without a STUN address in it.
        reader.found["ipv6"] = None
    elif value.strip().lower() == "no":
        reader.found["ipv6"] = False
    else:
        reader.note(f"IPv6 is {value}")


def _port_mapping(reader: _Reader, value: str) -> None:
    text = value.strip().lower()
    if text.startswith(("not checked", "binary built without", "built without")):
        return
    named = {part.strip() for part in text.split(",") if part.strip()}
    if text in ("false", "none"):  # as the documentation has it
        named = set()
    for part in sorted(named - _SERVICES.keys()):
        reader.note(f"PortMapping names {part}")
    if named - _SERVICES.keys() and not named & _SERVICES.keys():
        return
    for service, name in _SERVICES.items():
        reader.found[name] = service in named


def _nearest(reader: _Reader, value: str) -> None:
    reader.found["nearest"] = "" if value.strip().startswith(_NO_NEAREST) else clean(value.strip())


_LINES: dict[str, Callable[[_Reader, str], None]] = {
    "time": _time,
    "udp": _flag("udp"),
    "ipv4": _ipv4,
    "ipv6": _ipv6,
    "mappingvariesbydestip": _flag("mapping_varies"),
    "hairpinning": _flag("hair_pinning"),
    "portmapping": _port_mapping,
    "captiveportal": _flag("captive_portal"),
    "nearest derp": _nearest,
}
