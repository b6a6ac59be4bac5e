"""Removes one test mapping although the program that made it has ended: ``python -m probes.unmap``.

Started by a program that is quitting, so that nobody waits for a router. It reads one JSON object
from its input, has three seconds, says nothing, and deletes the record only once the mapping is
gone: else the next start finds it there.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
from pathlib import Path

from probes.checks.mapping_leftovers import remove
from probes.mappings import TestMapping
from probes.network.seam import NetworkError
from probes.readings.port_mapping import LeftoverState

LIMIT_S = 3.0
AGAIN_S = 0.6
"""The order to make the mapping may still be on its way: look twice before it counts as gone."""
_GONE = frozenset({LeftoverState.REMOVED, LeftoverState.GONE, LeftoverState.NOT_OURS})


async def unmap(mapping: TestMapping) -> bool:
    """Whether the mapping is gone in time."""
    from probes.network.real import RealNetwork

    network = RealNetwork()
    with suppress(TimeoutError):
        async with asyncio.timeout(LIMIT_S), network.session():
            looks = 0
            while True:
                with suppress(NetworkError):
                    state = await remove(network, mapping)
                    looks += state in _GONE
                    if state is LeftoverState.REMOVED or looks == 2:
                        return True
                await asyncio.sleep(AGAIN_S)
    return False


def main() -> int:
    """Read the order, carry it out. Exit status 0: the mapping is gone."""
    try:
        order = json.loads(sys.stdin.read())
        mapping, record = TestMapping.from_text(order["mapping"]), str(order["record"])
    except (ValueError, KeyError, TypeError):
        return 2
    if not asyncio.run(unmap(mapping)):
        return 1
    if record:
        with suppress(OSError):
            Path(record).unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
