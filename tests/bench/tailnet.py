"""The row about large tailnets: reading a status of 10 000 peers beside decoding its JSON."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

from probes.tailscale.status import parse_status
from tests.bench.rows import Row, alternating
from tests.unit.tailscale.recorded import crowded


def rows() -> Iterator[Row]:
    """One row."""
    text = crowded(10_000)

    def cpu_ms(work: Callable[[bytes], object]) -> float:
        began = time.process_time()
        work(text)
        return (time.process_time() - began) * 1000

    read, bare = alternating(lambda: cpu_ms(parse_status), lambda: cpu_ms(json.loads), 3)
    yield Row("status of 10 000 peers", read, bare, "decoding its JSON", 8.0)
