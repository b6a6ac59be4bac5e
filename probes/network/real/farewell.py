"""Leaving work to a process of its own, so that quitting waits for nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from typing import Any

from probes.network.real.igd import child_environment


def remove_later(mapping: str, record: str) -> None:
    """Start `probes.unmap` for one mapping. Never raises; without it the lease ends the mapping."""
    order = json.dumps({"mapping": mapping, "record": record}).encode()
    with suppress(OSError):
        child = subprocess.Popen(
            (sys.executable, "-m", "probes.unmap"),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=child_environment(),
            **_apart(),
        )
        # Nobody will wait for it: that is the point, and no fault worth a warning.
        child.returncode = 0
        assert child.stdin is not None
        with child.stdin:
            child.stdin.write(order)  # less than a pipe holds: this does not block


def _apart() -> dict[str, Any]:
    """A ctrl+c, or the terminal going away, must not reach it."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}
