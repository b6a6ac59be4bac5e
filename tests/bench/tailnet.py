"""The rows about large tailnets: a list of 10 000 devices is read, shown, and narrowed down."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from probes.tailscale.status import parse_status
from tests.bench.rows import Row, alternating
from tests.bench.terminal import Terminal
from tests.lab.program import SCRIPT
from tests.unit.tailscale.recorded import crowded

PEERS = 10_000
ROUNDS = 5
MANY_KEYS = (b"\x7f", b"7") * 10
"""A letter taken away and typed again, so that few fit and many."""

_PROGRAM = """#!/bin/sh
case "$1 $2" in
"status --json") cat {status}; date +%s.%N > {stamp} ;;
*) exit 1 ;;
esac
"""
"""Stands in for Tailscale, and writes down when its last byte was out."""


def rows() -> Iterator[Row]:
    """All of them."""
    text = crowded(PEERS)

    def cpu_ms(work: Callable[[bytes], object]) -> float:
        began = time.process_time()
        work(text)
        return (time.process_time() - began) * 1000

    read, bare = alternating(lambda: cpu_ms(parse_status), lambda: cpu_ms(json.loads), 3)
    yield Row("status of 10 000 peers", read, bare, "decoding its JSON", 8.0)
    with tempfile.TemporaryDirectory() as folder:
        found = [_shown(Path(folder), text) for _ in range(ROUNDS)]
    # Wall time against a fixed budget: what else runs on the machine only adds to it.
    first, key, cpu, peak = (min(each[at] for each in found) for at in range(4))
    yield Row("10 000 peers: first rows after the last byte", first, 300.0, "budget", 1.0)
    yield Row("10 000 peers: a key in the filter", key, 30.0, "budget", 1.0)
    yield Row("10 000 peers: a key in the filter, processor", cpu, 30.0, "budget", 1.0)
    yield Row("10 000 peers: peak memory", peak, 200.0, "budget", 1.0, "MiB")


def _shown(folder: Path, status: bytes) -> tuple[float, float, float, float]:
    """The app on a terminal: first rows (ms), one key in the filter (ms, and of processor time),
    peak memory (MiB).

    Only Tailscale is asked, so nothing is sent.
    """
    stamp = folder / "stamp"
    stamp.unlink(missing_ok=True)
    (folder / "status.json").write_bytes(status)
    program = folder / "tailscale"
    program.write_text(_PROGRAM.format(status=folder / "status.json", stamp=stamp))
    program.chmod(0o755)
    before = os.environ["PATH"]
    os.environ["PATH"] = f"{folder}:{before}"
    try:
        terminal = Terminal((str(SCRIPT), "--only", "tailscale", "--no-save"), folder)
    finally:
        os.environ["PATH"] = before
    terminal.wait_for(b"10 000 devices", b"node0", poll_s=0.005)
    first_ms = (time.time() - float(stamp.read_text())) * 1000
    terminal.idle(2.0)  # the run ends, and the texts to search are made
    terminal.write(b"/")
    terminal.idle(0.5)
    keys = []
    for typed in b"e", b"7", b"7":  # the first one fits them all
        terminal.seen = b""
        began = time.monotonic()
        terminal.write(typed)
        terminal.wait_for(b" fit", poll_s=0.001)
        keys.append((time.monotonic() - began) * 1000)
    busy_ms = terminal.busy_ms(MANY_KEYS, 1.0)
    terminal.write(b"\x1b")
    terminal.idle(0.5)
    terminal.quit()
    return first_ms, sorted(keys)[1], busy_ms / len(MANY_KEYS), terminal.peak_mib
