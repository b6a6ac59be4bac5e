"""Reports in which a cause on this device, in its router or in its Tailscale holds."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from typing import Any, TypeAlias

from probes.diagnosis.model import CauseId, Headline, NatClass, Verdict
from probes.model import Confidence, Filtering
from probes.readings import behavior, environment, firewall, local, port_mapping, tailscale
from probes.readings.behavior import FilteringFound
from probes.readings.environment import (
    BugEffect,
    ClientBug,
    Effect,
    Evidence,
    Setting,
    Surrounding,
)
from probes.readings.firewall import Fate, FirewallName, Judgement
from probes.readings.key import Key
from probes.readings.local import Gateway
from probes.readings.port_mapping import MappingError, MappingFault, MappingTest
from probes.readings.tailscale import Backend
from probes.report import Report
from tests.unit.diagnosis.reports import PUBLIC, home
from tests.unit.diagnosis.sites import BY_NAME, HELD_BACK, LET_THROUGH

Pair: TypeAlias = tuple[Key[Any], Any]
Case: TypeAlias = tuple[Report, NatClass, Verdict, Headline, set[CauseId]]
C = CauseId

SILENT: tuple[Pair, ...] = tuple((keys.present, False) for keys in port_mapping.SERVICES.values())
GATEWAY: Pair = (local.GATEWAY4, Gateway(ip_address("192.168.1.1"), "eth0"))
NO_SERVICE = (GATEWAY, *SILENT)
TEST = MappingTest(True, None, 5000, 6000, None, 60, None, True, True, "test", removed=True)
REFUSAL = MappingError(2, "Not Authorized/Refused", MappingFault.NOT_AUTHORISED)
NAT_PMP_ALONE: tuple[Pair, ...] = (*NO_SERVICE, (port_mapping.NAT_PMP.present, True))
FORWARDED: Pair = (port_mapping.FORWARD, port_mapping.Forward(41641, True, "test"))


def tried(**changes: Any) -> tuple[Pair, ...]:
    """A router that speaks NAT-PMP, and a test mapping that ended so."""
    return (*NAT_PMP_ALONE, (port_mapping.NAT_PMP.test, replace(TEST, **changes)))


def judged(fate: Fate, *, sure: bool = True) -> Judgement:
    """What nftables does with some packets."""
    return Judgement(fate, FirewallName.NFTABLES, "input", "policy drop", sure)


SHUT: Pair = (firewall.INBOUND4, judged(Fate.BLOCKED))
MAYBE_SHUT: Pair = (firewall.INBOUND4, judged(Fate.BLOCKED, sure=False))
SHUT_OUT: Pair = (firewall.OUTBOUND4, judged(Fate.BLOCKED))
DOUBTED: Pair = (firewall.OUTBOUND4, judged(Fate.BLOCKED, sure=False))
NOBODY: Pair = (
    behavior.FILTERING4,
    FilteringFound(Filtering.ADDRESS_AND_PORT_DEPENDENT, Confidence.CERTAIN, ("one.example",)),
)


def inside(
    kind: Surrounding, *, adds_nat: bool | None, sure: Confidence = Confidence.CERTAIN
) -> Pair:
    """One sign of a surrounding."""
    return (environment.EVIDENCE, (Evidence(kind, "a name", adds_nat, "a file", sure),))


def setting(effect: Effect, where: str = "/proc/7/environ") -> Pair:
    """One setting of the daemon."""
    return (environment.SETTINGS, (Setting("A_NAME", "1", where, effect),))


def on_port(wanted: int, used: int, *attributes: str) -> tuple[Pair, ...]:
    """The port that the daemon was told, and the one that it listens on."""
    return (
        (environment.SET_PORT, wanted),
        (tailscale.PORT, used),
        (tailscale.ATTRIBUTES, attributes),
    )


def eased(*extra: Pair) -> Report:
    """An easy home of which more is known."""
    return home(*(f"{PUBLIC}:51820",) * 3, extra=extra)


def hard(*extra: Pair) -> Report:
    """A home with a hard NAT, of which more is known."""
    return home(*(f"{PUBLIC}:{port}" for port in (4001, 4002, 4003)), extra=extra)


def open_(*extra: Pair) -> Report:
    """A device with a public address of its own."""
    return home(*(f"{PUBLIC}:51820",) * 2, address=f"{PUBLIC}/24", extra=extra)


def _easy(causes: set[CauseId], *extra: Pair) -> Case:
    found = {*causes, C.IPV6_MISSING}
    return eased(*extra), NatClass.EASY, Verdict.DIRECT, Headline.DIRECT_EASY, found


def _overruled(headline: Headline, causes: set[CauseId], *extra: Pair) -> Case:
    """An easy home of which something leaves only the relays."""
    found = {*causes, C.IPV6_MISSING}
    return eased(*extra), NatClass.EASY, Verdict.RELAYED, headline, found


def _hard(causes: set[CauseId], verdict: Verdict, *extra: Pair) -> Case:
    found = {*causes, C.HARD_NAT, C.IPV6_MISSING}
    return hard(*extra), NatClass.HARD, verdict, Headline.RELAYED_HARD_NAT, found


def _open(causes: set[CauseId], *extra: Pair) -> Case:
    found = {*causes, C.IPV6_MISSING}
    return open_(*extra), NatClass.NONE, Verdict.DIRECT, Headline.DIRECT_OPEN, found


R = Verdict.RELAYED
PRIVATE: Pair = (port_mapping.NAT_PMP.external, ip_address("192.168.100.2"))
CASES: dict[str, Case] = {
    "no port mapping": _easy({C.PORT_MAPPING_OFF}, *NO_SERVICE),
    "hard, no port mapping": _hard({C.PORT_MAPPING_OFF}, R, *NO_SERVICE),
    "a router that refuses": _easy(
        {C.PORT_MAPPING_BROKEN}, *NAT_PMP_ALONE, (port_mapping.NAT_PMP.error, REFUSAL)
    ),
    "a router without a public address": _easy(
        {C.PORT_MAPPING_BROKEN, C.DOUBLE_NAT}, *NAT_PMP_ALONE, PRIVATE
    ),
    "a mapping past rules for the VPN's port": (
        hard(*tried(seen_from_outside=False), *BY_NAME, *LET_THROUGH),
        NatClass.EASY,
        Verdict.DIRECT,
        Headline.DIRECT_EASY,
        {C.HARD_NAT, C.IPV6_MISSING},
    ),
    "a mapping before rules that nobody may read": (
        hard(*tried(seen_from_outside=False), *LET_THROUGH),
        NatClass.HARD,
        Verdict.DEPENDS,
        Headline.DEPENDS_OWN_FIREWALL,
        {C.HARD_NAT, C.HOST_FIREWALL, C.IPV6_MISSING},
    ),
    "a mapping that the router makes and does not heed": _hard(
        {C.PORT_MAPPING_BROKEN}, R, *tried(seen_from_outside=False), *BY_NAME, *HELD_BACK
    ),
    "a mapping that nothing comes in by": (
        hard(*tried(seen_from_outside=False)),
        NatClass.HARD,
        Verdict.DEPENDS,
        Headline.DEPENDS_PORT_DOUBTED,
        {C.HARD_NAT, C.PORT_MAPPING_BROKEN, C.IPV6_MISSING},
    ),
    "a mapping that was not granted": _hard(
        {C.PORT_MAPPING_BROKEN}, R, *tried(granted=False, address_matches=None)
    ),
    "a mapping before a host firewall": _easy({C.HOST_FIREWALL}, *tried(), SHUT),
    "a public address behind its own firewall": _open(
        {C.HOST_FIREWALL, C.INBOUND_BLOCKED}, SHUT, NOBODY
    ),
    "nothing gets out": _overruled(Headline.RELAYED_SHUT_IN, {C.HOST_FIREWALL}, SHUT_OUT),
    "a rule that answers belie": _easy({C.HOST_FIREWALL}, DOUBTED),
    "a container behind its bridge": _hard(
        {C.CONTAINER}, R, inside(Surrounding.CONTAINER, adds_nat=True)
    ),
    "a pod": _easy({C.KUBERNETES}, inside(Surrounding.KUBERNETES, adds_nat=True)),
    "a virtual machine behind a NAT": _easy(
        {C.VIRTUAL_MACHINE}, inside(Surrounding.VIRTUAL_MACHINE, adds_nat=True)
    ),
    "WSL": _easy({C.VIRTUAL_MACHINE}, inside(Surrounding.WSL, adds_nat=True)),
    "a cloud": _hard({C.CLOUD_NAT}, R, inside(Surrounding.CLOUD, adds_nat=None)),
    "a mobile network": _easy({C.MOBILE_NETWORK}, inside(Surrounding.MOBILE, adds_nat=None)),
    "another port": _easy({C.PORT_CONFLICT}, *on_port(41641, 50000)),
    "a debug setting": _overruled(
        Headline.RELAYED_FORCED, {C.FORCED_RELAY}, setting(Effect.FORCES_RELAY)
    ),
    "a policy of TCP alone": _overruled(
        Headline.RELAYED_FORCED, {C.FORCED_RELAY}, (tailscale.ATTRIBUTES, ("only-tcp-443",))
    ),
    "large packets are lost": _easy(
        {C.MTU}, (behavior.LARGE4, behavior.LargeFound(1340, False, ("one.example", "two.example")))
    ),
    "large packets pass": _easy(
        set(), (behavior.LARGE4, behavior.LargeFound(1340, True, ("one.example",)))
    ),
    "an exit node": _easy({C.EXIT_NODE}, (tailscale.EXIT_NODE, "far-away")),
    "switched off": _easy({C.NOT_CONNECTED}, (tailscale.STATE, Backend.STOPPED)),
    "a fault of the version": _easy(
        {C.CLIENT_BUG},
        (environment.CLIENT_BUGS, (ClientBug(18348, BugEffect.WRONG_MAPPED_PORT),)),
    ),
}
"""In the shape of the cases of `test_diagnose`."""


def opened(*extra: Pair) -> Case:
    """A hard NAT that something makes up for: easy, and direct with an ordinary peer."""
    causes = {C.HARD_NAT, C.IPV6_MISSING}
    return hard(*extra), NatClass.EASY, Verdict.DIRECT, Headline.DIRECT_EASY, causes


OPENED: dict[str, Case] = {
    "hard, with a mapping": opened(*tried()),
    "hard, with a forward": opened(FORWARDED),
}
