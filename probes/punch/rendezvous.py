"""Where the two ends show each other their offers, as the meeting sees it."""

from __future__ import annotations

from typing import Protocol

from probes.punch.offer import Offer


class Rendezvous(Protocol):
    """A channel that both ends can use, however slow: a folder, a pipe, a person who pastes."""

    async def find(self, own: Offer) -> Offer:
        """Show the own offer, and wait for the other end's. Waits for ever; cancel it."""

    async def peer_began(self) -> None:
        """Returns once the other end is known to try as well. May never return."""

    async def leave(self) -> None:
        """Take away what was left there. Never raises."""
