"""Windows Defender Firewall: what PowerShell tells of the profiles and of Tailscale's rules.

(Microsoft Learn, NetSecurity module: Get-NetFirewallProfile, Get-NetFirewallRule.) Rules are read
from the active store, where group policy and local rules are merged. A block rule beats an allow
rule; an inbound packet that no rule fits meets the profile's default, which is to block.
"""

from __future__ import annotations

from typing import Any

from probes.clean import clean
from probes.tailscale.loose import Loose, Unreadable, json_object
from probes.values import dataclass

MOST_BYTES = 2_000_000

SCRIPT = (
    "$ErrorActionPreference='Stop';"
    '$p=@(Get-NetFirewallProfile -PolicyStore ActiveStore|%{@{Name="$($_.Name)";'
    'Enabled="$($_.Enabled)";In="$($_.DefaultInboundAction)";'
    'Out="$($_.DefaultOutboundAction)";Rules="$($_.AllowInboundRules)";'
    'Local="$($_.AllowLocalFirewallRules)"}});'
    '$a=@(Get-NetConnectionProfile|%{"$($_.NetworkCategory)"});'
    "$r=@(Get-NetFirewallRule -PolicyStore ActiveStore -DisplayName 'Tailscale*' "
    "-ErrorAction SilentlyContinue|%{$f=$_|Get-NetFirewallPortFilter;"
    '$g=$_|Get-NetFirewallApplicationFilter;@{Name="$($_.DisplayName)";'
    'Enabled="$($_.Enabled)";Direction="$($_.Direction)";Action="$($_.Action)";'
    'Profile="$($_.Profile)";Source="$($_.PolicyStoreSourceType)";'
    'Protocol="$($f.Protocol)";Port="$($f.LocalPort)";Program="$($g.Program)"}});'
    "@{profiles=$p;active=$a;rules=$r}|ConvertTo-Json -Depth 4 -Compress"
)
"""Only reads. Every value is made text, since PowerShell 5 writes enumerations as numbers."""
ARGV = ("powershell", "-NoProfile", "-NonInteractive", "-Command", SCRIPT)


@dataclass(frozen=True, slots=True)
class Profile:
    """The firewall's settings for one kind of network."""

    name: str
    enabled: bool
    blocks_inbound: bool
    blocks_outbound: bool
    takes_rules: bool
    """False: "block all incoming connections", whatever the rules say."""
    takes_local_rules: bool
    """False: only rules of the group policy count."""


@dataclass(frozen=True, slots=True)
class WindowsRule:
    """A rule whose name begins with Tailscale."""

    name: str
    enabled: bool
    inbound: bool
    allows: bool
    profiles: frozenset[str]
    """Lower case; empty: all."""
    from_policy: bool
    protocol: str
    ports: str
    program: str


@dataclass(frozen=True, slots=True)
class WindowsFirewall:
    """What was told."""

    profiles: tuple[Profile, ...]
    active: frozenset[str]
    """Lower-case names of the profiles in use; empty: not known."""
    rules: tuple[WindowsRule, ...]


def parse_windows(text: str | bytes) -> WindowsFirewall:
    """Read the script's output. Raises Unreadable."""
    notes: dict[str, None] = {}
    top = Loose(json_object(text, "The answer of PowerShell", MOST_BYTES), notes)
    profiles = tuple(_profile(each, notes) for each in _objects(top, "profiles"))
    if not profiles:
        raise Unreadable("PowerShell told no firewall profile.")
    active = {each.lower() for each in _texts(top, "active")}
    # A network of a company's domain is called so here, and its profile is called Domain.
    active = {"domain" if each == "domainauthenticated" else each for each in active}
    rules = tuple(_rule(each, notes) for each in _objects(top, "rules"))
    return WindowsFirewall(profiles, frozenset(active), rules)


def _objects(top: Loose, key: str) -> list[dict[str, Any]]:
    # PowerShell 5 writes a list of one as that one.
    value = top.values.get(key)
    items = value if isinstance(value, list) else [value]
    return [each for each in items if isinstance(each, dict)]


def _texts(top: Loose, key: str) -> list[str]:
    value = top.values.get(key)
    items = value if isinstance(value, list) else [value]
    return [each for each in items if isinstance(each, str)]


def _profile(value: dict[str, Any], notes: dict[str, None]) -> Profile:
    one = Loose(value, notes)
    return Profile(
        name=one.text("Name"),
        enabled=one.text("Enabled") != "False",
        blocks_inbound=one.text("In") != "Allow",
        blocks_outbound=one.text("Out") == "Block",
        takes_rules=one.text("Rules") != "False",
        takes_local_rules=one.text("Local") != "False",
    )


def _rule(value: dict[str, Any], notes: dict[str, None]) -> WindowsRule:
    one = Loose(value, notes)
    profiles = {each.strip().lower() for each in one.text("Profile").split(",")}
    return WindowsRule(
        name=one.text("Name"),
        enabled=one.text("Enabled") == "True",
        inbound=one.text("Direction") == "Inbound",
        allows=one.text("Action") == "Allow",
        profiles=frozenset(profiles - {"", "any"}),
        from_policy=one.text("Source") == "GroupPolicy",
        protocol=one.text("Protocol").upper(),
        ports=one.text("Port"),
        program=one.text("Program"),
    )


@dataclass(frozen=True, slots=True)
class WindowsVerdict:
    """What a profile does, and why."""

    allowed: bool
    profile: str
    rule: str


def inbound(firewall: WindowsFirewall, port: int) -> WindowsVerdict:
    """Unsolicited UDP to the port: the strictest of the profiles in use decides."""
    return _strictest([_inbound(firewall, profile, port) for profile in _in_use(firewall)])


def outbound(firewall: WindowsFirewall, port: int) -> WindowsVerdict:
    """UDP from the port to anywhere."""
    return _strictest([_outbound(firewall, profile, port) for profile in _in_use(firewall)])


def _in_use(firewall: WindowsFirewall) -> list[Profile]:
    named = [each for each in firewall.profiles if each.name.lower() in firewall.active]
    return named or list(firewall.profiles)


def _strictest(verdicts: list[WindowsVerdict]) -> WindowsVerdict:
    return next((each for each in verdicts if not each.allowed), verdicts[0])


def _inbound(firewall: WindowsFirewall, profile: Profile, port: int) -> WindowsVerdict:
    if not profile.enabled:
        return WindowsVerdict(True, profile.name, "the firewall is off")
    if not profile.takes_rules:
        return WindowsVerdict(False, profile.name, "blocks all incoming connections")
    rules = [
        each
        for each in _fitting(firewall, profile, port, inbound=True)
        if each.from_policy or profile.takes_local_rules
    ]
    for rule in rules:
        if not rule.allows:
            return WindowsVerdict(False, profile.name, rule.name)
    if rules:
        return WindowsVerdict(True, profile.name, rules[0].name)
    ignored = "" if profile.takes_local_rules else "; local rules are ignored by policy"
    default = "blocks what no rule allows" if profile.blocks_inbound else "allows by default"
    return WindowsVerdict(not profile.blocks_inbound, profile.name, default + ignored)


def _outbound(firewall: WindowsFirewall, profile: Profile, port: int) -> WindowsVerdict:
    if not profile.enabled:
        return WindowsVerdict(True, profile.name, "the firewall is off")
    rules = _fitting(firewall, profile, port, inbound=False)
    for rule in rules:
        if not rule.allows:
            return WindowsVerdict(False, profile.name, rule.name)
    if rules or not profile.blocks_outbound:
        return WindowsVerdict(True, profile.name, rules[0].name if rules else "allows by default")
    return WindowsVerdict(False, profile.name, "blocks outgoing connections without a rule")


def _fitting(
    firewall: WindowsFirewall, profile: Profile, port: int, *, inbound: bool
) -> list[WindowsRule]:
    return [
        rule
        for rule in firewall.rules
        if rule.enabled
        and rule.inbound is inbound
        and (not rule.profiles or profile.name.lower() in rule.profiles)
        and rule.protocol in ("UDP", "ANY", "17", "")
        and (not inbound or _has_port(rule.ports, port))
        and _is_the_daemon(rule.program)
    ]


def _has_port(ports: str, port: int) -> bool:
    if ports.lower() in ("", "any"):
        return True
    for part in ports.replace(",", " ").split():
        low, _, high = part.partition("-")
        if low.isdigit() and (not high or high.isdigit()) and int(low) <= port <= int(high or low):
            return True
    return False


def _is_the_daemon(program: str) -> bool:
    # "Tailscale-In" is about what arrives inside the tunnel: it names no program but addresses.
    return clean(program).lower().endswith("tailscaled.exe")
