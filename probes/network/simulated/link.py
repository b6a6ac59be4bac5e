"""A line between two nodes: delay, jitter, loss, duplication, largest packet."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from probes.network.simulated.packet import Packet
from probes.values import dataclass


@dataclass(frozen=True, slots=True)
class LineQuality:
    """How good a line is, in each direction."""

    delay_ms: float = 0.0
    """One way."""
    jitter_ms: float = 0.0
    """Up to so much is added to each packet's delay: packets overtake each other."""
    loss: float = 0.0
    """Share of packets that vanish, 0 to 1."""
    duplicate: float = 0.0
    """Share of packets that arrive twice, 0 to 1."""
    mtu: int = 1500
    """Larger packets vanish without an ICMP error, as on a line whose errors are filtered."""


@dataclass(slots=True, eq=False)
class Line:
    """A line at work. Deterministic from its own random numbers."""

    quality: LineQuality
    rng: Random
    later: Callable[[float, Callable[[Packet], None], Packet], None]
    """Calls back after so many seconds."""

    def carry(self, packet: Packet, deliver: Callable[[Packet], None]) -> None:
        """Bring the packet to the other end: once, twice or never."""
        quality = self.quality
        if packet.size > quality.mtu or (quality.loss and self.rng.random() < quality.loss):
            return
        twice = bool(quality.duplicate) and self.rng.random() < quality.duplicate
        for _ in range(2 if twice else 1):
            delay = quality.delay_ms
            if quality.jitter_ms:
                delay += self.rng.random() * quality.jitter_ms
            self.later(delay / 1000.0, deliver, packet)
