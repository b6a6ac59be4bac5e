"""The `firewall` check's part for Linux: nftables, iptables, ufw and firewalld."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from probes.checks.firewall_reading import Outlook, Rules, Unseen
from probes.clean import clean
from probes.firewalls import firewalld, iptables, nftables, ufw
from probes.firewalls.evaluate import Decision, Direction, Packet, Verdict, evaluate
from probes.firewalls.firewalld import Zone, lets_in, parse_zone
from probes.firewalls.linux import combine
from probes.firewalls.rules import Ruleset
from probes.firewalls.ufw import Ufw, read_ufw
from probes.model import Family, Reason
from probes.network.seam import Network, NetworkError, ProcessResult
from probes.readings.firewall import Fate, FirewallName, FoundFirewall, Judgement
from probes.values import dataclass

TIMEOUT_S = 2.5

NFT = ("nft", "-j", "list", "ruleset")
SAVES = {Family.V4: ("iptables-save",), Family.V6: ("ip6tables-save",)}
LEGACY = {Family.V4: ("iptables-legacy-save",), Family.V6: ("ip6tables-legacy-save",)}
"""They list only tables that are loaded already: asking loads none."""
FIREWALLD = ("firewall-cmd", "--list-all")

_FATES = {
    Verdict.ALLOWED: Fate.ALLOWED,
    Verdict.BLOCKED: Fate.BLOCKED,
    Verdict.UNKNOWN: Fate.UNKNOWN,
}


async def linux(network: Network) -> Rules:
    """Ask all of them side by side."""
    nft, save4, save6, legacy4, legacy6 = await asyncio.gather(
        _run(network, NFT, nftables.MOST_BYTES),
        _run(network, SAVES[Family.V4], iptables.MOST_BYTES),
        _run(network, SAVES[Family.V6], iptables.MOST_BYTES),
        _run(network, LEGACY[Family.V4], iptables.MOST_BYTES),
        _run(network, LEGACY[Family.V6], iptables.MOST_BYTES),
    )
    settings = await _ufw(network)
    listed = _Listed(
        _nft(nft),
        {Family.V4: _tables(save4, Family.V4), Family.V6: _tables(save6, Family.V6)},
        {Family.V4: _tables(legacy4, Family.V4), Family.V6: _tables(legacy6, Family.V6)},
        broken=_good(nft) is not None and _nft(nft) is None,
    )
    if _complete(listed, (nft, save4, save6, legacy4, legacy6)):
        return _whole(listed, settings)
    return await _in_part(network, nft, save4, settings)


async def _run(network: Network, argv: Sequence[str], most: int) -> ProcessResult | None:
    try:
        return await network.run(argv, timeout_s=TIMEOUT_S, most=most)
    except NetworkError:
        return None


def _good(result: ProcessResult | None) -> bytes | None:
    if result is None or not result.found or result.status != 0 or result.truncated:
        return None
    return result.stdout


def _nft(result: ProcessResult | None) -> Ruleset | None:
    output = _good(result)
    if output is None:
        return None
    try:
        return nftables.parse_nftables(output)
    except nftables.BadRuleset:
        return None


def _tables(result: ProcessResult | None, family: Family) -> Ruleset | None:
    output = _good(result)
    if output is None:
        return None
    return iptables.parse_iptables(output.decode("utf-8", "replace"), family)


async def _ufw(network: Network) -> Ufw | None:
    conf = await network.read_file(ufw.CONF, most=ufw.MOST_BYTES)
    if conf is None:
        return None
    defaults = await network.read_file(ufw.DEFAULTS, most=ufw.MOST_BYTES)
    return read_ufw(conf.decode("utf-8", "replace"), (defaults or b"").decode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class _Listed:
    nft: Ruleset | None
    saves: Mapping[Family, Ruleset | None]
    legacy: Mapping[Family, Ruleset | None]
    broken: bool
    """nft's answer could not be read."""


def _complete(listed: _Listed, asked: Sequence[ProcessResult | None]) -> bool:
    """Every program that is here listed what it has, and one at least is here.

    An ordinary user's iptables-legacy-save says "nothing" where its modules are not loaded, while
    nft beside it says that it may not look: one refusal is enough to know too little.
    """
    there = [each for each in asked if each is not None and each.found]
    return bool(there) and listed.broken is False and all(_good(each) is not None for each in there)


def _whole(listed: _Listed, settings: Ufw | None) -> Rules:
    def judge(outlook: Outlook) -> tuple[Judgement, Judgement]:
        family = outlook.family
        ruleset = combine(listed.nft, listed.saves[family], listed.legacy[family])
        inward, outward = (
            evaluate(
                ruleset, Packet(direction, family, outlook.port, outlook.address, outlook.interface)
            )
            for direction in (Direction.IN, Direction.OUT)
        )
        return _judgement(inward, settings), _judgement(outward, settings)

    names = {
        "nft": listed.nft,
        "iptables-save": listed.saves[Family.V4],
        "iptables-legacy-save": listed.legacy[Family.V4],
    }
    source = ", ".join(name for name, told in names.items() if told is not None)
    return Rules(_found(listed, settings), judge, source)


def _judgement(decision: Decision, settings: Ufw | None) -> Judgement:
    by = _keeper(decision.place, decision.rule, settings)
    return Judgement(_FATES[decision.verdict], by, decision.place, decision.rule, sure=True)


def _keeper(place: str, rule: str, settings: Ufw | None) -> FirewallName | None:
    """Who wrote the deciding rule, by the names that each program gives to its chains."""
    if not place:
        return None
    family, table, chain = (*place.split(" "), "", "")[:3]
    if chain.startswith("ts-"):
        return FirewallName.TAILSCALE
    if chain.startswith("ufw"):
        return FirewallName.UFW
    if table == "firewalld":
        return FirewallName.FIREWALLD
    if rule.startswith("policy") and family in ("ip", "ip6") and chain in ("INPUT", "OUTPUT"):
        on = settings is not None and settings.enabled
        return FirewallName.UFW if on else FirewallName.IPTABLES
    return FirewallName.IPTABLES if rule.startswith(("-A", "[")) else FirewallName.NFTABLES


def _found(listed: _Listed, settings: Ufw | None) -> tuple[FoundFirewall, ...]:
    found: list[FoundFirewall] = []
    if settings is not None:
        found.append(_found_ufw(settings))
    everything = [listed.nft, *listed.saves.values(), *listed.legacy.values()]
    chains = [chain for each in everything if each is not None for chain in each.chains.values()]
    if any(chain.table == "firewalld" for chain in chains):
        found.append(FoundFirewall(FirewallName.FIREWALLD, True, "table firewalld"))
    if any(chain.name.startswith("ts-") for chain in chains):
        found.append(FoundFirewall(FirewallName.TAILSCALE, True, "chains ts-*"))
    if listed.nft is not None:
        own = sorted({f"{family} {table}" for family, table in listed.nft.tables()})
        detail = ", ".join(own[:12]) or "no tables"
        found.append(FoundFirewall(FirewallName.NFTABLES, bool(own), detail))
    saved = [each for each in (*listed.saves.values(), *listed.legacy.values()) if each is not None]
    if saved:
        rules = sum(len(chain.rules) for each in saved for chain in each.chains.values())
        found.append(FoundFirewall(FirewallName.IPTABLES, rules > 0, f"{rules} rules"))
    return tuple(found)


def _found_ufw(settings: Ufw) -> FoundFirewall:
    detail = {True: "blocks by default", False: "allows by default", None: ""}
    return FoundFirewall(FirewallName.UFW, settings.enabled, detail[settings.blocks_inbound])


async def _in_part(
    network: Network,
    nft: ProcessResult | None,
    save: ProcessResult | None,
    settings: Ufw | None,
) -> Rules:
    """Nothing could be listed: what an ordinary user may see all the same."""
    found: list[FoundFirewall] = []
    sources: list[str] = []
    if settings is not None:
        found.append(_found_ufw(settings))
        sources.append(ufw.CONF)
    zone, running = await _firewalld(network)
    if running is not None:
        found.append(FoundFirewall(FirewallName.FIREWALLD, running, zone.name if zone else ""))
        sources.append(" ".join(FIREWALLD))
    unseen = _why(nft, save)
    return Rules(tuple(found), _by_zone(zone, unseen), ", ".join(sources) or unseen.detail)


def _by_zone(
    zone: Zone | None, unseen: Unseen
) -> Callable[[Outlook], tuple[Judgement, Judgement] | Unseen]:
    def judge(outlook: Outlook) -> tuple[Judgement, Judgement] | Unseen:
        inward = None if zone is None else lets_in(zone, outlook.port)
        # That firewalld lets it in is no promise: its rules are not the only ones. That it keeps it
        # out is an answer, and one for packets that come; of those that leave it says nothing.
        if zone is None or inward is not False:
            return unseen
        rule = f"target {zone.target}"
        blocked = Judgement(
            Fate.BLOCKED, FirewallName.FIREWALLD, f"zone {zone.name}", rule, sure=False
        )
        return blocked, Judgement(Fate.UNKNOWN, None, "", unseen.detail, sure=False)

    return judge


async def _firewalld(network: Network) -> tuple[Zone | None, bool | None]:
    result = await _run(network, FIREWALLD, firewalld.MOST_BYTES)
    if result is None or not result.found:
        return None, None
    text = (result.stdout + result.stderr).decode("utf-8", "replace")
    if "not running" in text.lower():
        return None, False
    output = _good(result)
    zone = None if output is None else parse_zone(output.decode("utf-8", "replace"))
    return zone, True if zone is not None else None


def _why(nft: ProcessResult | None, save: ProcessResult | None) -> Unseen:
    asked = [each for each in (nft, save) if each is not None and each.found]
    if not asked:
        return Unseen(Reason.UNSUPPORTED_SYSTEM, "neither nft nor iptables-save is installed")
    if any(each.timed_out for each in asked):
        return Unseen(Reason.TIMED_OUT, "listing the rules took too long")
    said = [line for each in asked for line in each.stderr.decode("utf-8", "replace").splitlines()]
    if any("permi" in line.lower() or "root" in line.lower() for line in said):
        return Unseen(Reason.NO_RIGHTS, "listing the rules needs an administrator's rights")
    return Unseen(Reason.NO_ANSWER, clean(said[0]) if said else "the rules could not be listed")
