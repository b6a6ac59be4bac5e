"""Openings in a router's IPv6 firewall, asked for over PCP (RFC 6887 section 11)."""

from __future__ import annotations

from dataclasses import field

from probes.model import Endpoint
from probes.network.simulated.firewall import Firewall
from probes.network.simulated.node import Clock
from probes.network.simulated.packet import Transport
from probes.values import dataclass


@dataclass(frozen=True, slots=True)
class _Held:
    nonce: bytes
    until: float


@dataclass(slots=True, eq=False)
class Pinholes:
    """What is open just now."""

    clock: Clock
    firewall: Firewall | None
    """None: nothing is closed, so nothing needs opening."""
    works: bool = True
    """False: it keeps a list, and that is all."""
    held: dict[Endpoint, _Held] = field(default_factory=dict)

    def put(self, to: Endpoint, lease_s: int, nonce: bytes) -> bool:
        """Open the way to an endpoint. False: somebody else's nonce holds it."""
        self.expire()
        holder = self.held.get(to)
        if holder is not None and holder.nonce != nonce:
            return False
        self.held[to] = _Held(nonce, self.clock.now() + lease_s)
        if self.firewall is not None and self.works:
            self.firewall.open_to(Transport.UDP, to, self.held[to].until)
        return True

    def drop(self, to: Endpoint, nonce: bytes) -> None:
        """Close it again, with the nonce that opened it."""
        holder = self.held.get(to)
        if holder is not None and holder.nonce == nonce:
            self.forget(to)

    def forget(self, to: Endpoint) -> None:
        """Close it, whoever opened it. Idempotent."""
        self.held.pop(to, None)
        if self.firewall is not None:
            self.firewall.close_to(Transport.UDP, to)

    def expire(self) -> None:
        """Close what has lived long enough."""
        now = self.clock.now()
        for to in [to for to, each in self.held.items() if each.until <= now]:
            self.forget(to)

    def reset(self) -> None:
        """As after a restart."""
        for to in list(self.held):
            self.forget(to)
