"""`tailscale status` as it prints for people (cmd/tailscale/cli/status.go)."""

from __future__ import annotations

import re

from probes.clean import clean
from probes.model import IPAddress
from probes.readings.tailscale import Backend, Peer, PeerPath
from probes.tailscale.loose import address_of
from probes.values import dataclass

_ROW = re.compile(
    r"^\s*(?P<address>[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:]+)[ \t]+"
    r"(?P<name>\S+)[ \t]+(?:(?P<owner>\S+)[ \t]+)?(?:(?P<system>[A-Za-z]\w*)[ \t]+)?"
    r"(?P<state>-|idle\b.*|offline\b.*|active;.*)$"
)
_ACTIVE = re.compile(
    r"^active; (?P<exit>exit node; |offers exit node; )?(?:direct (?P<direct>[^\s;,]+:\d{1,5})"
    r'|peer-relay (?P<peer>[^\s;,]+)|relay "(?P<relay>[^"]*)")'
    r"(?:; offline(?:, last seen [^,]*)?)?(?:, tx \d+ rx \d+)?\s*$"
)
_STOPPED = {
    "tailscale is stopped.": Backend.STOPPED,
    "logged out.": Backend.NEEDS_LOGIN,
    "machine is not yet approved by tailnet admin.": Backend.NEEDS_APPROVAL,
    "unexpected state: nostate": Backend.NO_STATE,
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list."""

    peer: Peer
    unused: bool
    """The state is "-": nothing was ever sent there; so it reads for this device itself, too."""


def parse_row(text: str) -> Row | None:
    """A device's line; None where it is none."""
    match = _ROW.match(text)
    if match is None:
        return None
    try:
        address: IPAddress = address_of(match["address"])
    except ValueError:
        return None
    state = match["state"].strip()
    path = _path(state)
    if path is None:
        return None
    kind, via = path
    name = clean(match["name"])
    relay = via if kind is PeerPath.DERP else ""
    offline = bool(re.search(r"\boffline\b", state))
    exit_node = "exit node" in state and "offers exit node" not in state
    peer = Peer(
        name, "", (address,), clean(match["system"] or ""), kind, via, relay, not offline, exit_node
    )
    return Row(peer, state == "-")


def _path(state: str) -> tuple[PeerPath, str] | None:
    if state.startswith("active;"):
        match = _ACTIVE.match(state)
        if match is None:
            return None
        if match["direct"]:
            return PeerPath.DIRECT, clean(match["direct"])
        if match["peer"]:
            return PeerPath.PEER_RELAY, clean(match["peer"])
        return PeerPath.DERP, clean(match["relay"])
    if state.startswith("offline"):
        return PeerPath.OFFLINE, ""
    return PeerPath.IDLE, ""


def parse_state(text: str) -> Backend | None:
    """What is printed in place of a list while Tailscale is not running."""
    return _STOPPED.get(text.strip().lower())
