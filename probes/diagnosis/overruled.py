"""What leaves only the relays, whatever the network would allow: a setting of Tailscale, or this
computer's own firewall.

Such a finding stands beside what is known of the network. Where nobody looked for it, nothing is
said of it either: a direct path is promised by the network alone.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from probes.diagnosis.facts import Facts
from probes.diagnosis.model import Actor, Confidence, Mechanism
from probes.model import Family
from probes.readings import environment, firewall, tailscale
from probes.readings.environment import Effect
from probes.readings.firewall import Fate
from probes.readings.key import Key
from probes.readings.tailscale import PeerPath
from probes.values import dataclass


class By(StrEnum):
    """What overrules the network."""

    SETTING = "setting"
    """Of this device, or of the tailnet's policy."""
    FIREWALL = "firewall"
    """This computer's own rules let none of the VPN's packets out."""

    @property
    def mechanism(self) -> Mechanism:
        """What keeps a connection from being direct then."""
        return Mechanism.FORCED if self is By.SETTING else Mechanism.SHUT_IN


@dataclass(frozen=True, slots=True)
class Overruled:
    """Only relays are left."""

    by: By
    acts: Actor
    confidence: Confidence
    because: tuple[str, ...]


ONLY_TCP = "only-tcp-443"
"""The policy's attribute that keeps a device to TCP port 443 (tailcfg/nodecap)."""


LOOKED_FOR: tuple[Key[Any], ...] = (
    environment.SETTINGS,
    tailscale.ATTRIBUTES,
    firewall.BY_FAMILY[Family.V4].outbound,
)
"""The readings that can show it."""


def overruled(facts: Facts) -> Overruled | None:
    """What leaves only the relays; None: nothing that was seen does.

    A peer that is reached directly now shows that it does not (yet): a file holds for the next
    start.
    """
    if any(peer.path is PeerPath.DIRECT for peer in facts.value(tailscale.PEERS) or ()):
        return None
    return forced(facts) or _shut_in(facts)


def forced(facts: Facts) -> Overruled | None:
    """A setting that forces relaying, in force or not."""
    found = [
        each
        for each in facts.value(environment.SETTINGS) or ()
        if each.effect is Effect.FORCES_RELAY
    ]
    if found:
        # A file holds for the next start; what the process was given holds now.
        running = any(each.where.startswith("/proc/") for each in found)
        sure = Confidence.CERTAIN if running else Confidence.LIKELY
        return Overruled(By.SETTING, Actor.THIS_DEVICE, sure, (environment.SETTINGS.id,))
    if ONLY_TCP in (facts.value(tailscale.ATTRIBUTES) or ()):
        because = (tailscale.ATTRIBUTES.id,)
        return Overruled(By.SETTING, Actor.TAILNET_ADMIN, Confidence.CERTAIN, because)
    return None


def _shut_in(facts: Facts) -> Overruled | None:
    """A rule that was only half understood outweighs nothing."""
    found = shut_in(facts)
    sure = found is not None and found.confidence is Confidence.CERTAIN
    return found if sure else None


def shut_in(facts: Facts) -> Overruled | None:
    """This computer's rules let none of the VPN's packets out, as far as they were understood."""
    key = firewall.BY_FAMILY[Family.V4].outbound
    out = facts.value(key)
    if out is None or out.fate is not Fate.BLOCKED:
        return None
    sure = Confidence.CERTAIN if out.sure else Confidence.LIKELY
    return Overruled(By.FIREWALL, Actor.THIS_DEVICE, sure, (key.id,))
