"""The `firewall` check's parts for Windows and macOS, known from documentation alone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from probes.checks.firewall_reading import Outlook, Rules, Unseen
from probes.firewalls import macos as mac
from probes.firewalls import windows as win
from probes.firewalls.windows import WindowsFirewall, WindowsVerdict
from probes.model import Reason
from probes.network.seam import Network, NetworkError, ProcessResult
from probes.readings.firewall import Fate, FirewallName, FoundFirewall, Judgement
from probes.tailscale.loose import Unreadable

POWERSHELL_TIMEOUT_S = 4.5
TIMEOUT_S = 2.5


async def windows(network: Network) -> Rules:
    """Ask PowerShell, once."""
    result = await _run(network, win.ARGV, POWERSHELL_TIMEOUT_S, win.MOST_BYTES)
    source = "Get-NetFirewallProfile, Get-NetFirewallRule"
    if result is None or not result.found:
        return _nothing(Unseen(Reason.UNSUPPORTED_SYSTEM, "PowerShell is not there"))
    if result.timed_out:
        return _nothing(Unseen(Reason.TIMED_OUT, "PowerShell took too long"))
    said = result.stderr.decode("utf-8", "replace").lower()
    if "denied" in said or "permission" in said:
        return _nothing(Unseen(Reason.NO_RIGHTS, "reading the rules needs more rights"))
    try:
        firewall = win.parse_windows(result.stdout)
    except Unreadable as error:
        return _nothing(Unseen(Reason.NO_ANSWER, str(error)))

    def judge(outlook: Outlook) -> tuple[Judgement, Judgement]:
        inward = win.inbound(firewall, outlook.port)
        return _defender(inward), _defender(win.outbound(firewall, outlook.port))

    return Rules((_found_defender(firewall),), judge, source)


def _nothing(unseen: Unseen) -> Rules:
    return Rules((), lambda _outlook: unseen, unseen.detail)


def _found_defender(firewall: WindowsFirewall) -> FoundFirewall:
    in_use = [each for each in firewall.profiles if each.name.lower() in firewall.active]
    used = in_use or list(firewall.profiles)
    detail = ", ".join(f"{each.name} {'on' if each.enabled else 'off'}" for each in used)
    return FoundFirewall(FirewallName.WINDOWS, any(each.enabled for each in used), detail)


def _defender(verdict: WindowsVerdict) -> Judgement:
    fate = Fate.ALLOWED if verdict.allowed else Fate.BLOCKED
    where = f"profile {verdict.profile}"
    return Judgement(fate, FirewallName.WINDOWS, where, verdict.rule, sure=False)


async def macos(network: Network) -> Rules:
    """Ask the application firewall and pf, side by side."""
    application, status = await asyncio.gather(
        _run(network, mac.ARGV, TIMEOUT_S, mac.MOST_BYTES),
        _run(network, mac.PF_STATUS, TIMEOUT_S, mac.MOST_BYTES),
    )
    settings = mac.parse_application_firewall(_text(application))
    pf_on = mac.pf_enabled(_text(status))
    rules = None
    if pf_on:
        listed = await _run(network, mac.PF_RULES, TIMEOUT_S, mac.MOST_BYTES)
        rules = _text(listed) if listed is not None and listed.status == 0 else None
    found = []
    if settings.enabled is not None:
        detail = "blocks all incoming connections" if settings.blocks_all else ""
        found.append(FoundFirewall(FirewallName.MACOS, settings.enabled, detail))
    found.append(FoundFirewall(FirewallName.PF, pf_on, ""))

    def judge(outlook: Outlook) -> tuple[Judgement, Judgement] | Unseen:
        return _mac(settings, pf_on, rules, outlook.port)

    return Rules(tuple(found), judge, "socketfilterfw, pfctl")


def _mac(
    settings: mac.ApplicationFirewall, pf_on: bool | None, rules: str | None, port: int
) -> tuple[Judgement, Judgement] | Unseen:
    allowed, setting = mac.lets_tailscale_in(settings)
    own = Judgement(_fate(allowed), FirewallName.MACOS, "application firewall", setting, sure=False)
    if rules is not None:
        inward = _pf(rules, port, inward=True)
        outward = _pf(rules, port, inward=False)
        return (inward if inward.fate is Fate.BLOCKED else own), outward
    if allowed is False:
        return own, Judgement(Fate.UNKNOWN, None, "", "pf's rules were not seen", sure=False)
    if pf_on is False and allowed is not None:
        passes = Judgement(Fate.ALLOWED, None, "", "", sure=False)
        return own, passes
    if allowed is None and pf_on is False:
        return own, Judgement(Fate.ALLOWED, None, "", "", sure=False)
    return Unseen(Reason.NO_RIGHTS, "whether pf is on needs an administrator's rights to see")


def _pf(rules: str, port: int, *, inward: bool) -> Judgement:
    passes, rule = mac.pf_decides(rules, port, inward=inward)
    return Judgement(_fate(passes), FirewallName.PF if rule else None, "pf", rule, sure=False)


def _fate(passes: bool | None) -> Fate:
    return {True: Fate.ALLOWED, False: Fate.BLOCKED, None: Fate.UNKNOWN}[passes]


def _text(result: ProcessResult | None) -> str:
    if result is None or not result.found:
        return ""
    return (result.stdout + b"\n" + result.stderr).decode("utf-8", "replace")


async def _run(
    network: Network, argv: Sequence[str], timeout_s: float, most: int
) -> ProcessResult | None:
    try:
        return await network.run(argv, timeout_s=timeout_s, most=most)
    except NetworkError:
        return None
