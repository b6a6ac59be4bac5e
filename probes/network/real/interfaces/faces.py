"""An interface as a system lists it, before anything is concluded from it."""

from __future__ import annotations

from probes.readings.local import IPInterface
from probes.values import dataclass


@dataclass(frozen=True, slots=True)
class Face:
    """One interface, in the system's own spelling."""

    name: str
    up: bool
    mtu: int | None
    addresses: tuple[IPInterface, ...]
