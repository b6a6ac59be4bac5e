"""The kinds of site that real tailscaled was measured at, each as the readings of a report."""

from __future__ import annotations

from typing import Any

from probes.diagnosis.sides import Side, side_of
from probes.model import Confidence, Filtering
from probes.readings import behavior, firewall, layers, local, port_mapping, relays, stun
from probes.readings.behavior import FilteringFound
from probes.readings.firewall import Fate, FirewallName, Judgement
from probes.readings.key import Key
from probes.readings.layers import Hop
from probes.readings.port_mapping import Forward, MappingTest
from probes.report import Report
from tests.unit.diagnosis.reports import answer, home, interface, way_out

EIF = Filtering.ENDPOINT_INDEPENDENT
ADF = Filtering.ADDRESS_DEPENDENT
APDF = Filtering.ADDRESS_AND_PORT_DEPENDENT

Pairs = tuple[tuple[Key[Any], Any], ...]
ABSENT: Pairs = tuple((keys.present, False) for keys in port_mapping.SERVICES.values())
CLOSED: Pairs = ((port_mapping.FORWARD, Forward(41641, False, "test")),)
FORWARDED: Pairs = ((port_mapping.FORWARD, Forward(41641, True, "test")),)
NOBODY_ELSE: Pairs = ((stun.ELSEWHERE, ()),)


def filtering(found: Filtering) -> Pairs:
    """What the filtering test found."""
    return ((behavior.FILTERING4, FilteringFound(found, Confidence.CERTAIN, ("test",))),)


def host(fate: Fate, by: FirewallName | None = FirewallName.NFTABLES) -> Pairs:
    """What this computer's rules do with strangers."""
    found = Judgement(fate, by, "input" if by else "", "policy" if by else "", sure=True)
    return ((firewall.INBOUND4, found),)


NO_RULES = host(Fate.ALLOWED, None)
SHUT = host(Fate.BLOCKED)
BY_NAME: Pairs = (
    (
        firewall.INBOUND4,
        Judgement(
            Fate.ALLOWED, FirewallName.NFTABLES, "input", "udp dport 41641 accept", sure=True
        ),
    ),
)
"""Drops strangers, but to the VPN's port."""
LET_THROUGH: Pairs = ((port_mapping.LET_THROUGH, True),)
HELD_BACK: Pairs = ((port_mapping.LET_THROUGH, False),)
ACCEPTED = host(Fate.ALLOWED, FirewallName.TAILSCALE)
"""Drops strangers, but for the rule that tailscaled itself puts first."""


def mapping(*, seen: bool | None, matches: bool | None = True, granted: bool = True) -> Pairs:
    """A test mapping over NAT-PMP."""
    test = MappingTest(
        granted, None, 5000, 6000, None, 60, None, matches, seen, "test", removed=True
    )
    keys = port_mapping.NAT_PMP
    return ((keys.present, True), (keys.test, test), (port_mapping.UPNP.present, False),
            (port_mapping.PCP.present, False))  # fmt: skip


def collision(present: bool) -> Pairs:
    """What the collision check found."""
    return ((behavior.COLLISION, present),)


def _v6(address: str) -> Pairs:
    own = f"[{address}]:41641"
    seen = (answer(own, server="[2001:db8::1]:3478", local=own),)
    return (
        (local.INTERFACES, (interface("192.168.1.20/24", f"{address}/64"),)),
        (local.WAY_OUT6, way_out(address)),
        (stun.ANSWERS6, seen),
        (firewall.INBOUND6, host(Fate.ALLOWED, None)[0][1]),
    )


QUIET = (*ABSENT, *CLOSED, *NOBODY_ELSE)
SITES = (
    *("open", "public-fw", "eim-eif", "eim-adf", "eim-apdf", "hard", "hard+map"),
    *("eim-apdf+map+hostfw", "udp-blocked", "double-nat", "cgnat-hard", "one2one"),
    *("eim-apdf-wanopen", "hard+map+hostfw", "public-hostfw", "public-ufw", "hard+forward"),
    *("eim-apdf+map+ufw", "hard+v6", "eim-apdf+v6"),
    *("eim-apdf+map+rule", "hard+map+rule", "hard+map+unread", "hard+map+useless"),
)


def site(name: str, side: int = 1, prefix: str = "192.168.1", more: Pairs = ()) -> Report:
    """The report of a device at a site. Two sides have different public addresses."""
    public = f"45.83.{222 + side}.10"
    steady = (f"{public}:41641",) * 3
    varying = tuple(f"{public}:{port}" for port in (4001, 4002, 4003))
    here = f"{prefix}.20/24"

    def made(mapped: tuple[str, ...], *extra: Pairs, address: str = here) -> Report:
        found = tuple(pair for each in (*extra, more) for pair in each)
        return home(*mapped, address=address, extra=found)

    own, test = f"{public}/24", APDF
    match name:
        case "open":
            return made(steady, filtering(EIF), NO_RULES, QUIET, address=own)
        case "public-fw":
            return made(steady, filtering(APDF), NO_RULES, QUIET, address=own)
        case "public-hostfw":
            return made(steady, filtering(APDF), SHUT, QUIET, address=own)
        case "public-ufw":
            return made(steady, filtering(EIF), ACCEPTED, QUIET, address=own)
        case "eim-eif" | "one2one":
            return made(steady, filtering(EIF), collision(False), NO_RULES, QUIET)
        case "eim-adf":
            return made(steady, filtering(ADF), collision(False), NO_RULES, QUIET)
        case "eim-apdf":
            return made(steady, filtering(test), collision(False), NO_RULES, QUIET)
        case "eim-apdf-wanopen":
            return made(steady, filtering(test), collision(True), NO_RULES, QUIET)
        case "eim-apdf+map+hostfw":
            # The computer drops what comes through the mapping too, so nothing was seen.
            found = mapping(seen=None)
            return made(steady, filtering(test), collision(False), SHUT, QUIET, found)
        case "eim-apdf+map+ufw":
            found = mapping(seen=True)
            return made(steady, filtering(test), collision(False), ACCEPTED, QUIET, found)
        case "eim-apdf+map+rule":
            # The test's port is kept shut here, the VPN's is not.
            found = (*mapping(seen=False), *LET_THROUGH)
            return made(steady, filtering(test), collision(False), BY_NAME, QUIET, found)
        case "hard+map+rule":
            return made(varying, filtering(test), BY_NAME, QUIET, mapping(seen=False), LET_THROUGH)
        case "hard+map+unread":
            # Nobody may read the rules that keep the test's port shut.
            return made(varying, filtering(test), QUIET, mapping(seen=False), LET_THROUGH)
        case "hard+map+useless":
            return made(varying, filtering(test), QUIET, mapping(seen=False), HELD_BACK)
        case "double-nat":
            inner = mapping(seen=None, granted=False)
            hops = ((layers.HOPS4, (Hop(2, way_out("192.168.101.1").source, 2.0),)),)
            return made(steady, filtering(test), collision(False), NO_RULES, QUIET, inner, hops)
        case "hard":
            return made(varying, filtering(test), NO_RULES, QUIET)
        case "cgnat-hard":
            hops = ((layers.HOPS4, (Hop(2, way_out("100.64.11.1").source, 2.0),)),)
            return made(varying, filtering(test), NO_RULES, QUIET, hops)
        case "hard+map":
            return made(varying, filtering(test), NO_RULES, QUIET, mapping(seen=True))
        case "hard+forward":
            return made(varying, filtering(test), NO_RULES, QUIET, FORWARDED)
        case "hard+map+hostfw":
            return made(varying, filtering(test), SHUT, QUIET, mapping(seen=None))
        case "udp-blocked":
            return made((), QUIET, ((relays.ICMP4, True),))
        case "hard+v6":
            return made(varying, filtering(test), NO_RULES, QUIET, _v6(f"2a0e:b107:f00:{side}::20"))
        case "eim-apdf+v6":
            six = _v6(f"2a0e:b107:f00:{side}::20")
            return made(steady, filtering(test), collision(False), NO_RULES, QUIET, six)
    raise ValueError(name)


def side(name: str, number: int = 1, prefix: str = "192.168.1") -> Side:
    """The site as a side."""
    return side_of(site(name, number, prefix))
