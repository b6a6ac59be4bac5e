"""The simulated side of the seam: practice networks in memory, described by TOML files.

Hosts, routers with any NAT behaviour, firewalls, relays and servers exchange packets under the
running event loop's clock: without waiting under `VirtualTimeLoop`, whose time `paced` shows at the
pace of the real one.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from probes.network.simulated.catalogue import names
    from probes.network.simulated.clock import NothingLeftToWaitFor, VirtualTimeLoop, run_virtual
    from probes.network.simulated.library import describe, load, parse
    from probes.network.simulated.life import Life
    from probes.network.simulated.network import SimulatedNetwork
    from probes.network.simulated.schema import ScenarioError

__all__ = [
    "Life",
    "NothingLeftToWaitFor",
    "ScenarioError",
    "SimulatedNetwork",
    "VirtualTimeLoop",
    "describe",
    "load",
    "names",
    "parse",
    "run_virtual",
]

_HOMES = {
    "Life": "life",
    "NothingLeftToWaitFor": "clock",
    "ScenarioError": "schema",
    "SimulatedNetwork": "network",
    "VirtualTimeLoop": "clock",
    "describe": "library",
    "load": "library",
    "names": "catalogue",
    "parse": "library",
    "run_virtual": "clock",
}


def __getattr__(name: str) -> Any:
    """Import on first use (PEP 562): to know a practice network's name takes no network."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
