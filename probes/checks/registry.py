"""All checks by id, and which of them a run makes."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from probes.model import CheckId
from probes.options import OPT_IN, Options

if TYPE_CHECKING:
    from probes.checks.context import Check

CHECKS: Final[dict[CheckId, tuple[str, str]]] = {
    CheckId.LOCAL: ("local", "LocalCheck"),
    CheckId.STUN: ("stun", "StunCheck"),
    CheckId.RELAY_TCP: ("relay_tcp", "RelayTcpCheck"),
    CheckId.CAPTIVE_PORTAL: ("captive_portal", "CaptivePortalCheck"),
    CheckId.UPNP: ("upnp", "UpnpCheck"),
    CheckId.NAT_PMP: ("nat_pmp", "NatPmpCheck"),
    CheckId.PCP: ("pcp", "PcpCheck"),
    CheckId.BEHAVIOR: ("behavior", "BehaviorCheck"),
    CheckId.COLLISION: ("behavior", "CollisionCheck"),
    CheckId.CLASSIC: ("classic", "ClassicCheck"),
    CheckId.LIFETIME: ("lifetime", "LifetimeCheck"),
    CheckId.HAIRPIN: ("hairpin", "HairpinCheck"),
    CheckId.LAYERS: ("layers", "LayersCheck"),
    CheckId.FIREWALL: ("firewall", "FirewallCheck"),
    CheckId.ENVIRONMENT: ("environment", "EnvironmentCheck"),
    CheckId.TAILSCALE: ("tailscale", "TailscaleCheck"),
}
"""Module and class, in the order in which a person reads them. A run of two checks does not pay for
the import of sixteen."""


def make(check: CheckId, options: Options | None = None) -> Check:
    """One check, its module imported."""
    module, name = CHECKS[check]
    kind = getattr(import_module(f"probes.checks.{module}"), name)
    watches = check is CheckId.TAILSCALE and options is not None and options.peer
    found: Check = kind(watches_peer=True) if watches else kind()
    return found


def select(options: Options) -> tuple[tuple[Check, ...], tuple[CheckId, ...]]:
    """The checks to run, and those that the person left out."""

    def wanted(check: CheckId) -> bool:
        if check in options.skip:
            return False
        if options.only:
            return check in options.only
        return check not in OPT_IN or check in options.opt_in

    chosen = tuple(make(check, options) for check in CHECKS if wanted(check))
    left_out = tuple(check for check in CHECKS if not wanted(check) and check not in OPT_IN)
    return chosen, left_out
