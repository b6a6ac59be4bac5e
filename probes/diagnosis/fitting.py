"""Whether a change that is usual for a cause makes sense in a report: one predicate for each."""

from __future__ import annotations

from collections.abc import Callable, Set

from probes.diagnosis.cloud import cloud_address
from probes.diagnosis.facts import Facts
from probes.diagnosis.model import Actor, Cause, CauseId, NatClass
from probes.diagnosis.remedies import REMEDIES, RemedyId
from probes.diagnosis.sides import Side
from probes.diagnosis.untold import UNTOLD
from probes.readings import environment, firewall, port_mapping
from probes.readings.environment import Surrounding
from probes.readings.firewall import Fate
from probes.readings.port_mapping import MappingFault
from probes.values import dataclass

BY_ID = {remedy.id: remedy for remedy in REMEDIES}
FORETELLABLE = frozenset(BY_ID) - {remedy.id for remedy in UNTOLD} - {RemedyId.PEER_RELAY}
"""Changes whose effect on the pair the rules know."""

PERHAPS = frozenset({RemedyId.ALLOW_INBOUND})
"""Offered also where nobody could see whether there is anything to change; then nobody can foretell
what comes of it."""


@dataclass(frozen=True, slots=True)
class Case:
    """What the predicates may look at."""

    facts: Facts
    side: Side
    cause: Cause
    named: Set[CauseId]
    """All causes of the report."""


def fits(remedy: RemedyId, case: Case) -> bool:
    """Whether to offer it for the cause."""
    only_if = _ONLY_IF.get(remedy)
    if only_if is not None and not only_if(case):
        return False
    if remedy is RemedyId.OPEN_FIREWALL and CauseId.CLOUD_NAT in case.named:
        # An address that is translated one to one wants the cloud's rule alone. A shared one, which
        # keeps nobody's port or is not the one that the cloud tells of, has nobody to let in to.
        easy = case.facts.nat4.nat_class is NatClass.EASY
        return easy and cloud_address(case.facts.report) is not None
    if remedy is RemedyId.ALLOW_INBOUND and _perhaps_own_firewall(case):
        return True
    if remedy in FORETELLABLE:
        return BY_ID[remedy].change(case.side) is not None
    return True


def _perhaps_own_firewall(case: Case) -> bool:
    """Strangers are kept out of an address of this device's own, or out of a port that its router
    opened, and nobody could look at its rules."""
    rules = case.facts.value(firewall.INBOUND4)
    unseen = rules is None or rules.fate is Fate.UNKNOWN
    return unseen and case.cause.id in (CauseId.INBOUND_BLOCKED, CauseId.HOST_FIREWALL)


def _two_routers(case: Case) -> bool:
    return CauseId.DOUBLE_NAT in {*case.named, case.cause.id}


def _cut_outside(case: Case) -> bool:
    """Not where this computer's own rules were seen to let no UDP out: no other network, and nobody
    who runs one, mends that."""
    out = case.facts.value(firewall.OUTBOUND4)
    seen = out is not None and out.fate is Fate.BLOCKED
    return not (seen and case.cause.id is CauseId.UDP_BLOCKED)


def _blocks_outbound(case: Case) -> bool:
    """Seen to; or, where UDP does not work and nobody could look at the rules, perhaps."""
    out = case.facts.value(firewall.OUTBOUND4)
    if out is not None:
        return out.fate is Fate.BLOCKED
    return case.cause.id is CauseId.UDP_BLOCKED


def _wsl(case: Case) -> bool:
    inside = case.facts.value(environment.EVIDENCE) or ()
    return any(each.kind is Surrounding.WSL for each in inside)


def _machine(case: Case) -> bool:
    return not _wsl(case)


def _acts_here(case: Case) -> bool:
    return case.cause.acts is Actor.THIS_DEVICE


def _acts_tailnet(case: Case) -> bool:
    return case.cause.acts is Actor.TAILNET_ADMIN


_CURED_BY_UPDATE = (MappingFault.ONLY_PERMANENT, MappingFault.INVALID_ARGUMENTS)
"""UPnP 725 and 402: newer clients ask again for a mapping without an end (from 1.50, 1.82 on)."""


def _old_client(case: Case) -> bool:
    if case.cause.id is CauseId.CLIENT_BUG:
        return True
    keys = port_mapping.UPNP
    error, test = case.facts.value(keys.error), case.facts.value(keys.test)
    errors = (error, test.error if test is not None else None)
    return any(each is not None and each.fault in _CURED_BY_UPDATE for each in errors)


_ONLY_IF: dict[RemedyId, Callable[[Case], bool]] = {
    RemedyId.ACCESS_POINT: _two_routers,
    RemedyId.FORWARD_TWICE: _two_routers,
    RemedyId.OTHER_NETWORK: _cut_outside,
    RemedyId.UNBLOCK_UDP: _cut_outside,
    RemedyId.ALLOW_OUTBOUND: _blocks_outbound,
    RemedyId.MIRRORED_NETWORK: _wsl,
    RemedyId.BRIDGE_MACHINE: _machine,
    RemedyId.REMOVE_SETTING: _acts_here,
    RemedyId.CHANGE_POLICY: _acts_tailnet,
    RemedyId.CONNECT_TAILSCALE: _acts_here,
    RemedyId.ASK_APPROVAL: _acts_tailnet,
    RemedyId.UPDATE_CLIENT: _old_client,
}
