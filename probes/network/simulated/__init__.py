"""The simulated side of the seam: practice networks in memory, described by TOML files.

Hosts, routers with any NAT behaviour, firewalls, relays and servers exchange packets under the
running event loop's clock: at its own pace in the app, without waiting under `VirtualTimeLoop`.
"""

from probes.network.simulated.clock import NothingLeftToWaitFor, VirtualTimeLoop, run_virtual
from probes.network.simulated.library import describe, load, names, parse
from probes.network.simulated.network import SimulatedNetwork
from probes.network.simulated.schema import ScenarioError

__all__ = [
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
