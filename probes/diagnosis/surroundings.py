"""The boxes that this device sits inside of: which of them translates, and who may change that."""

from __future__ import annotations

from probes.diagnosis.facts import Facts
from probes.diagnosis.model import Actor, Confidence, NatClass
from probes.readings import environment, local, stun
from probes.readings.environment import Evidence, Surrounding
from probes.report import Report
from probes.values import dataclass

ACTORS = {
    Surrounding.CONTAINER: Actor.THIS_DEVICE,
    Surrounding.WSL: Actor.THIS_DEVICE,
    Surrounding.VIRTUAL_MACHINE: Actor.THIS_DEVICE,
    Surrounding.KUBERNETES: Actor.NETWORK_ADMIN,
    Surrounding.CLOUD: Actor.NETWORK_ADMIN,
    Surrounding.MOBILE: Actor.ISP,
}
"""Who may change what such a box does. The nearest box comes first: its NAT is met first."""


@dataclass(frozen=True, slots=True)
class Translator:
    """A box around this device that puts a NAT of its own before it."""

    kind: Surrounding
    acts: Actor
    confidence: Confidence
    because: tuple[str, ...]


def translator(facts: Facts, *kinds: Surrounding) -> Translator | None:
    """The first box of these kinds whose NAT is known to be on the way."""
    for kind in kinds:
        for each in facts.value(environment.EVIDENCE) or ():
            if each.kind is not kind:
                continue
            shown = _shown(facts, each)
            if shown is not None:
                return Translator(kind, ACTORS[kind], each.sure, shown)
    return None


def _shown(facts: Facts, found: Evidence) -> tuple[str, ...] | None:
    """The readings that show its NAT; None where it has none, or nobody knows.

    A cloud or a provider may hand out the public address itself, so there the class decides. A
    container on its host's own network and a bridged machine add nothing. An address alone, without
    any sign of a machine, proves none: homes use the same ones.
    """
    if found.sure is Confidence.POSSIBLE:
        return None
    if found.kind in (Surrounding.CLOUD, Surrounding.MOBILE):
        behind = facts.nat4.nat_class in (NatClass.EASY, NatClass.HARD)
        return (environment.EVIDENCE.id, *facts.nat4.because) if behind else None
    return (environment.EVIDENCE.id,) if adds_nat(facts.report, found) else None


def adds_nat(report: Report, found: Evidence) -> bool:
    """Whether a container, a pod or a machine puts a NAT before this device.

    Its files tell what it is, and what was measured has the last word: where the internet sees the
    address that this device itself sends from, nothing translates.
    """
    way_out, seen = report.value(local.WAY_OUT4), report.value(stun.ENDPOINT4)
    here = way_out is not None and seen is not None and seen.address == way_out.source
    return bool(found.adds_nat) and not here


GOOGLE = "Google Cloud"
"""Its managed NAT can keep one port for all; Amazon's and Azure's cannot."""


def keeps_ports(facts: Facts) -> bool:
    """The NAT that counts may be told to keep one port for all destinations: a home router's, or
    that of the one cloud that has a switch for it."""
    inside = facts.value(environment.EVIDENCE) or ()
    if any(each.kind is Surrounding.CLOUD and each.name != GOOGLE for each in inside):
        return False
    found = translator(facts, *ACTORS)
    return found is None or found.kind is Surrounding.CLOUD


def who_acts(facts: Facts, otherwise: Actor) -> Actor:
    """Who may change the NAT: whoever runs the box that is known, else the usual one."""
    found = translator(facts, *ACTORS)
    return otherwise if found is None else found.acts
