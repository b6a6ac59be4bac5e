"""All checks by id, and which of them a run makes."""

from __future__ import annotations

from collections.abc import Callable

from probes.checks.behavior import BehaviorCheck, CollisionCheck
from probes.checks.captive_portal import CaptivePortalCheck
from probes.checks.classic import ClassicCheck
from probes.checks.context import Check
from probes.checks.environment import EnvironmentCheck
from probes.checks.firewall import FirewallCheck
from probes.checks.hairpin import HairpinCheck
from probes.checks.layers import LayersCheck
from probes.checks.lifetime import LifetimeCheck
from probes.checks.local import LocalCheck
from probes.checks.relay_tcp import RelayTcpCheck
from probes.checks.stun import StunCheck
from probes.checks.tailscale import TailscaleCheck
from probes.model import CheckId
from probes.options import Options

CHECKS: dict[CheckId, Callable[[], Check]] = {
    CheckId.LOCAL: LocalCheck,
    CheckId.STUN: StunCheck,
    CheckId.RELAY_TCP: RelayTcpCheck,
    CheckId.CAPTIVE_PORTAL: CaptivePortalCheck,
    CheckId.BEHAVIOR: BehaviorCheck,
    CheckId.COLLISION: CollisionCheck,
    CheckId.CLASSIC: ClassicCheck,
    CheckId.LIFETIME: LifetimeCheck,
    CheckId.HAIRPIN: HairpinCheck,
    CheckId.LAYERS: LayersCheck,
    CheckId.FIREWALL: FirewallCheck,
    CheckId.ENVIRONMENT: EnvironmentCheck,
    CheckId.TAILSCALE: TailscaleCheck,
}
"""In the order in which a person reads them."""

OPT_IN = frozenset({CheckId.LIFETIME, CheckId.HAIRPIN})
"""Checks that run only when asked for (--with): long, or not welcome everywhere."""


def select(options: Options) -> tuple[tuple[Check, ...], tuple[CheckId, ...]]:
    """The checks to run, and those that the person left out."""

    def wanted(check: CheckId) -> bool:
        if check in options.skip:
            return False
        if options.only:
            return check in options.only
        return check not in OPT_IN or check in options.opt_in

    chosen = tuple(make() for check, make in CHECKS.items() if wanted(check))
    left_out = tuple(check for check in CHECKS if not wanted(check) and check not in OPT_IN)
    return chosen, left_out
