"""The macOS application firewall and pf, as far as their own tools tell (socketfilterfw, pfctl(8)).

The application firewall lets whole programs listen or not, and never looks at what a program sends.
pf is there on every Mac and does nothing until somebody switches it on; its rules need an
administrator to be seen.
"""

from __future__ import annotations

import re

from probes.clean import clean
from probes.values import dataclass

MOST_BYTES = 500_000
SOCKETFILTERFW = "/usr/libexec/ApplicationFirewall/socketfilterfw"
ARGV = (SOCKETFILTERFW, "--getglobalstate", "--getblockall", "--getallowsigned", "--listapps")

_STATE = re.compile(r"Firewall is (?P<word>enabled|disabled)|State = (?P<number>\d)", re.I)
_BLOCK_ALL = re.compile(r"block all[^\n]*?(?P<word>enabled|disabled)", re.I)
_ALLOW_SIGNED = re.compile(r"downloaded signed[^\n]*?(?P<word>enabled|disabled)", re.I)
_APP = re.compile(
    r"^\s*\d+\s*:\s*(?P<path>.+?)\s*\n?\s*\(\s*(?P<word>Allow|Block) incoming connections\s*\)",
    re.M | re.I,
)


@dataclass(frozen=True, slots=True)
class ApplicationFirewall:
    """The settings. None: not said."""

    enabled: bool | None
    blocks_all: bool | None
    allows_signed: bool | None
    """Programs signed by a known developer may listen without asking. Tailscale's is."""
    apps: tuple[tuple[str, bool], ...]
    """Programs with a rule of their own, and whether it lets connections in."""


def parse_application_firewall(text: str) -> ApplicationFirewall:
    """From the output of socketfilterfw; what it does not say is None."""
    state = _STATE.search(text)
    enabled: bool | None = None
    if state is not None:
        word, number = state["word"], state["number"]
        enabled = word.lower() == "enabled" if word else number != "0"
    apps = tuple(
        (clean(match["path"]), match["word"].lower() == "allow") for match in _APP.finditer(text)
    )
    return ApplicationFirewall(
        enabled, _switch(_BLOCK_ALL, text), _switch(_ALLOW_SIGNED, text), apps
    )


def _switch(pattern: re.Pattern[str], text: str) -> bool | None:
    match = pattern.search(text)
    return None if match is None else match["word"].lower() == "enabled"


def lets_tailscale_in(firewall: ApplicationFirewall) -> tuple[bool | None, str]:
    """Whether unsolicited packets reach Tailscale, and by which setting. None: not told."""
    if firewall.enabled is None:
        return None, ""
    if not firewall.enabled:
        return True, "the firewall is off"
    if firewall.blocks_all:
        return False, "block all incoming connections"
    for path, allowed in firewall.apps:
        if "tailscale" in path.lower():
            return allowed, f"{path} ({'allow' if allowed else 'block'} incoming connections)"
    if firewall.allows_signed:
        return True, "signed software may receive incoming connections"
    return None, "Tailscale has no rule of its own"


PF_STATUS = ("pfctl", "-s", "info")
PF_RULES = ("pfctl", "-s", "rules")

_PF_STATUS = re.compile(r"Status:\s*(?P<word>Enabled|Disabled)", re.I)


def pf_enabled(text: str) -> bool | None:
    """Whether pf is switched on; None where the output does not say."""
    match = _PF_STATUS.search(text)
    return None if match is None else match["word"].lower() == "enabled"


_PF_RULE = re.compile(
    r"^(?P<act>block|pass)(?: return(?:-\w+)?(?:\([^)]*\))?| drop)?"
    r"(?: (?P<way>in|out))?(?: log(?: \([^)]*\))?)?(?P<quick> quick)?(?P<rest>.*)$"
)
_PF_PLAIN = re.compile(
    r"^(?: on (?P<interface>\S+))?(?: inet)?(?: proto (?P<protocol>\S+))?"
    r"(?: all| from any to any(?: port (?P<operator>=|!=) (?P<port>\d+))?"
    r"| from any to any port (?P<low>\d+):(?P<high>\d+))?"
    r"(?: flags \S+)?(?: keep state(?: \([^)]*\))?| no state)?$"
)
"""The forms that are understood whole."""
_PF_OTHER_PROTOCOL = re.compile(r"\bproto (?:tcp|icmp6?|ipv6-icmp|igmp|esp|gre)\b")
_PF_INSIDE = re.compile(r"^(?:lo|utun|bridge)\d+$")


def pf_decides(text: str, port: int, *, inward: bool) -> tuple[bool | None, str]:
    """What pf's rules do with the packet: True lets it pass. None: a rule is not understood.

    The last rule that fits wins, unless one says quick (pf.conf(5)). Without any the packet passes.
    """
    passes: bool | None = True
    decider = ""
    for line in text.splitlines():
        match = _PF_RULE.match(line.strip())
        if match is None or match["way"] == ("out" if inward else "in"):
            continue
        fits = _pf_fits(match["rest"], port, inward=inward)
        if fits is False:
            continue
        decision = match["act"] == "pass"
        if fits or passes is not decision:
            decider = clean(line.strip(), 200)
            passes = decision if fits else None
        if fits and match["quick"]:
            break
    return passes, decider


def _pf_fits(rest: str, port: int, *, inward: bool) -> bool | None:
    """Whether the conditions of one rule fit; None where that cannot be said."""
    if _PF_OTHER_PROTOCOL.search(rest):
        return False
    plain = _PF_PLAIN.match(rest)
    if plain is None:
        return None
    interface, operator = plain["interface"], plain["operator"]
    if interface is not None:
        return False if _PF_INSIDE.match(interface) else None
    if plain["protocol"] not in (None, "udp"):
        return None
    if operator is None and plain["low"] is None:
        return True
    if not inward:
        return None  # the peer's port, which nobody knows beforehand
    if operator is None:
        return int(plain["low"]) <= port <= int(plain["high"])
    return (int(plain["port"]) == port) is (operator == "=")
