"""What the `firewall` check finds out: what this computer itself does with a VPN's packets."""

from __future__ import annotations

from enum import StrEnum

from probes.model import CheckId, Family
from probes.readings.codec import BOOL, INT, STR, enum, many, optional, record
from probes.readings.key import Key
from probes.values import dataclass


class FirewallName(StrEnum):
    """Who keeps the rules."""

    UFW = "ufw"
    FIREWALLD = "firewalld"
    NFTABLES = "nftables"
    IPTABLES = "iptables"
    TAILSCALE = "tailscale"
    """Tailscale's own rules in the packet filter."""
    WINDOWS = "windows"
    """Windows Defender Firewall."""
    MACOS = "macos"
    """The macOS application firewall."""
    PF = "pf"
    """The BSD packet filter, also under macOS."""


@dataclass(frozen=True, slots=True)
class FoundFirewall:
    """A firewall on this computer."""

    name: FirewallName
    active: bool | None
    """None: it is here, and whether it is switched on could not be seen."""
    detail: str
    """What it says about itself, cleaned."""


class Fate(StrEnum):
    """What happens to a packet."""

    ALLOWED = "allowed"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"
    """A rule decides that cannot be foreseen or is not understood."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the rules do with one kind of packet, and which of them decides."""

    fate: Fate
    by: FirewallName | None
    """None: no rule looks at it."""
    where: str
    """Table and chain, profile or zone; "" where no rule looks at it."""
    rule: str
    """The deciding rule or policy, cleaned; "" where no rule looks at it."""
    sure: bool
    """False where this program knows the system's answers from its documentation alone."""

    @property
    def lets_this_port_in(self) -> bool:
        """A rule lets them pass, no policy does: those to another port may fare otherwise."""
        by_rule = self.by is not None and not self.rule.startswith("policy")
        return self.fate is Fate.ALLOWED and by_rule


FOUND_FIREWALL = record(FoundFirewall, name=enum(FirewallName), active=optional(BOOL), detail=STR)
JUDGEMENT = record(
    Judgement, fate=enum(Fate), by=optional(enum(FirewallName)), where=STR, rule=STR, sure=BOOL
)

FOUND = Key(
    "firewall.found", CheckId.FIREWALL, many(FOUND_FIREWALL), "The firewalls on this computer."
)
PORT = Key(
    "firewall.port", CheckId.FIREWALL, INT, "The VPN's UDP port that the rules were read for."
)
INBOUND4 = Key(
    "firewall.inbound4",
    CheckId.FIREWALL,
    JUDGEMENT,
    "What this computer does with unsolicited IPv4 UDP from the internet to the VPN's port.",
)
INBOUND6 = Key(
    "firewall.inbound6",
    CheckId.FIREWALL,
    JUDGEMENT,
    "What this computer does with unsolicited IPv6 UDP from the internet to the VPN's port.",
)
OUTBOUND4 = Key(
    "firewall.outbound4",
    CheckId.FIREWALL,
    JUDGEMENT,
    "What this computer does with IPv4 UDP from the VPN's port to any host.",
)
OUTBOUND6 = Key(
    "firewall.outbound6",
    CheckId.FIREWALL,
    JUDGEMENT,
    "What this computer does with IPv6 UDP from the VPN's port to any host.",
)

KEYS = (FOUND, PORT, INBOUND4, INBOUND6, OUTBOUND4, OUTBOUND6)


@dataclass(frozen=True, slots=True)
class FamilyKeys:
    """The keys of one family."""

    inbound: Key[Judgement]
    outbound: Key[Judgement]


BY_FAMILY = {
    Family.V4: FamilyKeys(INBOUND4, OUTBOUND4),
    Family.V6: FamilyKeys(INBOUND6, OUTBOUND6),
}
