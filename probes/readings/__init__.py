"""The ledger's keys: one module for each check, the facts it finds and their types."""

from __future__ import annotations

from typing import Any

from probes.readings import (
    behavior,
    captive_portal,
    classic,
    environment,
    firewall,
    igd,
    layers,
    lifetime,
    local,
    port_mapping,
    relays,
    stun,
    tailscale,
)
from probes.readings.key import Key, by_id

KEYS: dict[str, Key[Any]] = by_id(
    (
        *local.KEYS,
        *port_mapping.KEYS,
        *igd.KEYS,
        *relays.KEYS,
        *stun.KEYS,
        *behavior.KEYS,
        *captive_portal.KEYS,
        *classic.KEYS,
        *layers.KEYS,
        *lifetime.KEYS,
        *tailscale.KEYS,
        *environment.KEYS,
        *firewall.KEYS,
    )
)
"""Every fact that a report can hold, by id."""
