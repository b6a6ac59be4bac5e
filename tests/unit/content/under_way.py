"""Reports of runs under way, and what stands in them."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from probes.events import CheckStarted, Observed, Progressed, RunStarted
from probes.model import (
    CheckId,
    Confidence,
    Filtering,
    Known,
)
from probes.model import Mapping as MappingKind
from probes.readings import (
    behavior,
    firewall,
    layers,
    lifetime,
    port_mapping,
    relays,
)
from probes.readings.environment import Effect, Evidence, Setting, Surrounding
from probes.readings.firewall import Fate, FirewallName, Judgement
from probes.report import Report, report_of

TCP = tuple(
    relays.TcpAnswer(
        region,
        f"{region}.example",
        ip_address(f"198.51.100.{region}"),
        443,
        20.0,
        12.0,
        relays.Certificate.VALID,
        "",
    )
    for region in (1, 2)
)


def under_way(*progress: Progressed, **readings: Any) -> Report:
    """A run whose stun check is at work."""
    return report_of(
        (
            RunStarted(0.0, "2026-01-01T00:00:00Z", (CheckId.STUN, CheckId.RELAY_TCP), (), "real"),
            CheckStarted(0.0, CheckId.STUN, 1000.0),
            *progress,
            *(
                Observed(1.0, CheckId.STUN, key.replace("__", "."), Known(value, "said"))
                for key, value in readings.items()
            ),
        )
    )


def step(doing: str, detail: str = "", check: CheckId = CheckId.STUN) -> Progressed:
    return Progressed(0.5, check, 0, 3, doing, detail)


def trial(*, ok: bool, seen: bool | None = None) -> port_mapping.MappingTest:
    outer = ip_address("45.83.223.10")
    return port_mapping.MappingTest(True, None, 1, 2, outer, 60, None, ok, seen, "", True)


def behaviour(mapping: MappingKind | None, filtering: Filtering | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if mapping is not None:
        known = behavior.MappingFound(mapping, Confidence.CERTAIN, ("a", "b"))
        found[behavior.MAPPING4.id] = known
    if filtering is not None:
        let_in = behavior.FilteringFound(filtering, Confidence.CERTAIN, ("a", "b"))
        found[behavior.FILTERING4.id] = let_in
    return found


def server(state: behavior.ServerState) -> behavior.BehaviorServer:
    return behavior.BehaviorServer("stun.example", None, None, state)


def hop(address: str) -> layers.Hop:
    return layers.Hop(1, ip_address(address), 1.0)


def ruled(
    by: FirewallName | None, inward: Fate = Fate.ALLOWED, outward: Fate = Fate.ALLOWED
) -> dict[str, Any]:
    where = "ip filter INPUT" if by is not None else ""
    return {
        firewall.PORT.id: 41641,
        firewall.INBOUND4.id: Judgement(inward, by, where, "policy drop", True),
        firewall.OUTBOUND4.id: Judgement(outward, by, where, "policy drop", True),
    }


SURROUNDINGS = (
    Evidence(Surrounding.CONTAINER, "docker", True, "/.dockerenv", Confidence.CERTAIN),
    Evidence(Surrounding.CLOUD, "Amazon EC2", None, "sys_vendor", Confidence.CERTAIN),
)
RELAY_ONLY = Setting("TS_DEBUG_ALWAYS_USE_DERP", "1", "/proc/1/environ", Effect.FORCES_RELAY)


def lasted(lived: int, expired: int | None) -> dict[str, Any]:
    method = lifetime.LifetimeMethod.RESPONSE_PORT
    return {lifetime.LIFETIME4.id: lifetime.Lifetime(lived, expired, method, "stun.example")}
