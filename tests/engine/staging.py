"""Playing on a simulated network: under the virtual clock, inside a session."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from probes.model import Endpoint, Family
from probes.network.seam import Bind
from probes.network.simulated import SimulatedNetwork, parse, run_virtual

V4, V6 = Bind(Family.V4), Bind(Family.V6)
NYC = Endpoint.of("45.83.220.1", 3478)
FRA = Endpoint.of("45.83.221.1", 3478)
HTTPS = Endpoint(NYC.address, 443)
NOBODY = Endpoint.of("45.83.99.99", 443)


def on(network: SimulatedNetwork, play: Callable[[SimulatedNetwork], Awaitable[object]]) -> object:
    """Play on a network under the virtual clock, inside a session."""

    async def run() -> object:
        async with network.session():
            return await play(network)

    return run_virtual(run())


def home(more: str = "") -> SimulatedNetwork:
    """The easy home, with something more."""
    text = 'description = "A home."\ninclude = ["regions", "home"]\n'
    return parse(text + more)
