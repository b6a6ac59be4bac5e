"""Manners towards other people's STUN servers: how many transactions a run may begin, how fast.

RFC 5780 section 4 asks for no more than ten new transactions a second. A retransmission is not new.
Relays of the map in use and servers that the person named are not counted here.
"""

from __future__ import annotations

import asyncio
from collections import deque

from probes.network.seam import Network

PER_SECOND = 10
PER_RUN = 24


class Pacer:
    """One run's allowance."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._begun: deque[float] = deque()
        self._left = PER_RUN

    @property
    def left(self) -> int:
        """So many transactions may still be set aside."""
        return self._left

    def reserve(self, count: int) -> bool:
        """Set so many transactions aside. False: the run's allowance does not hold them."""
        if count > self._left:
            return False
        self._left -= count
        return True

    def give_back(self, count: int) -> None:
        """So many that were set aside were not needed."""
        self._left += count

    async def turn(self) -> None:
        """Wait until one transaction that was set aside may begin."""
        while len(self._begun) >= PER_SECOND:
            wait_s = self._begun[0] + 1.0 - self._network.now()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            while self._begun and self._begun[0] + 1.0 <= self._network.now():
                self._begun.popleft()
        self._begun.append(self._network.now())

    async def take(self, count: int) -> bool:
        """Set aside and wait in one. False: the run's allowance is used up."""
        if not self.reserve(count):
            return False
        for _ in range(count):
            await self.turn()
        return True
