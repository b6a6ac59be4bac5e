"""What `firewall-cmd` says about the zone of an interface (firewall-cmd(1)).

Read where nftables itself may not be listed: firewalld answers ordinary users. It speaks of its own
rules alone, so "allowed" by it is no promise that another table does not drop.
"""

from __future__ import annotations

import re

from probes.clean import clean
from probes.values import dataclass

MOST_BYTES = 200_000


@dataclass(frozen=True, slots=True)
class Zone:
    """One zone as `firewall-cmd --list-all` prints it."""

    name: str
    target: str
    """``default`` (reject what no rule lets in), ``ACCEPT``, ``DROP`` or ``%%REJECT%%``."""
    ports: tuple[str, ...]
    """``41641/udp``, ``1000-2000/udp`` …"""
    services: tuple[str, ...]
    rich_rules: tuple[str, ...]


_HEAD = re.compile(r"^(?P<name>[^\s:]+)(?: \([^)]*\))?\s*$")
_LINE = re.compile(r"^\s+(?P<key>[a-z-]+(?: [a-z-]+)?):\s*(?P<value>.*)$")


def parse_zone(text: str) -> Zone | None:
    """The first zone in the output; None where there is none."""
    name, values, rich = "", dict[str, str](), list[str]()
    for line in text.splitlines():
        found = _LINE.match(line)
        head = _HEAD.match(line)
        if found is not None and name:
            values.setdefault(found["key"], found["value"].strip())
        elif head is not None and not name:
            name = clean(head["name"], 60)
        elif name and line.strip().startswith("rule "):
            rich.append(clean(line.strip()))
        elif name and not line.strip() and values:
            break
    if not name or "target" not in values:
        return None
    return Zone(
        name,
        values["target"],
        tuple(values.get("ports", "").split()),
        tuple(values.get("services", "").split()),
        tuple(rich),
    )


def lets_in(zone: Zone, port: int) -> bool | None:
    """Whether unsolicited UDP to the port gets in; None where a rich rule may decide."""
    if any(_covers(each, port) for each in zone.ports):
        return True
    if any("udp" in rule or str(port) in rule for rule in zone.rich_rules):
        return None
    return zone.target == "ACCEPT"


def _covers(entry: str, port: int) -> bool:
    ports, _, protocol = entry.partition("/")
    low, _, high = ports.partition("-")
    if protocol != "udp" or not low.isdigit() or (high and not high.isdigit()):
        return False
    return int(low) <= port <= int(high or low)
