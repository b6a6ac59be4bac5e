"""An interface as a system lists it, before anything is concluded from it."""

from __future__ import annotations

from dataclasses import dataclass

from probes.readings.local import IPInterface


@dataclass(frozen=True, slots=True)
class Face:
    """One interface, in the system's own spelling."""

    name: str
    up: bool
    mtu: int | None
    addresses: tuple[IPInterface, ...]
