"""Which public address and port a NAT gives to a new mapping."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from enum import StrEnum
from itertools import chain
from random import Random
from typing import assert_never

from probes.model import Endpoint, IPAddress
from probes.values import dataclass


class PortPolicy(StrEnum):
    """How a port is chosen (RFC 4787 section 4.2)."""

    PRESERVE = "preserve"
    """The host's own port while it is free, else a random one."""
    SEQUENTIAL = "sequential"
    """The next one in the range."""
    RANDOM = "random"
    PER_DESTINATION = "per-destination"
    """Each destination address has a slice of the range of its own."""


class PoolPolicy(StrEnum):
    """How an address of a pool is chosen (RFC 4787 section 4.1)."""

    PAIRED = "paired"
    """One host has one address (REQ-2)."""
    ARBITRARY = "arbitrary"
    """Each new mapping takes the next address."""
    PER_DESTINATION = "per-destination"
    """Each destination is reached by one line, as with two WAN lines that share the load."""


@dataclass(slots=True, eq=False)
class AddressPool:
    """Public addresses, and who has which."""

    addresses: tuple[IPAddress, ...]
    policy: PoolPolicy
    _given: dict[IPAddress, IPAddress] = field(default_factory=dict)
    _turn: int = 0

    def choose(self, internal: Endpoint, remote: Endpoint) -> IPAddress:
        """The public address of a new mapping."""
        match self.policy:
            case PoolPolicy.PAIRED:
                return self._fixed_for(internal.address)
            case PoolPolicy.PER_DESTINATION:
                return self._fixed_for(remote.address)
            case PoolPolicy.ARBITRARY:
                return self._next()
            case _:
                assert_never(self.policy)

    def _fixed_for(self, key: IPAddress) -> IPAddress:
        if key not in self._given:
            self._given[key] = self._next()
        return self._given[key]

    def _next(self) -> IPAddress:
        address = self.addresses[self._turn % len(self.addresses)]
        self._turn += 1
        return address


@dataclass(slots=True, eq=False)
class PortPicker:
    """Ports of a range, by policy."""

    policy: PortPolicy
    low: int
    high: int
    rng: Random
    _next: int = 0
    _slices: dict[IPAddress, int] = field(default_factory=dict)

    def choose(
        self, internal: Endpoint, remote: Endpoint, free: Callable[[int], bool]
    ) -> int | None:
        """A free port; None when there is none left."""
        match self.policy:
            case PortPolicy.PRESERVE:
                return internal.port if free(internal.port) else self.random(free)
            case PortPolicy.RANDOM:
                return self.random(free)
            case PortPolicy.SEQUENTIAL:
                port = self._first_free(self.low + self._next, self.low, self.high, free)
                self._next = port + 1 - self.low if port is not None else self._next
                return port
            case PortPolicy.PER_DESTINATION:
                low, high = self._slice(remote.address)
                return self._first_free(low + internal.port % (high - low + 1), low, high, free)
            case _:
                assert_never(self.policy)

    def random(self, free: Callable[[int], bool]) -> int | None:
        """A random free port."""
        return self._first_free(self.rng.randint(self.low, self.high), self.low, self.high, free)

    def _slice(self, address: IPAddress) -> tuple[int, int]:
        number = self._slices.setdefault(address, len(self._slices))
        size = max(1, (self.high - self.low + 1) // 32)
        low = self.low + number % 32 * size
        return low, min(low + size - 1, self.high)

    @staticmethod
    def _first_free(start: int, low: int, high: int, free: Callable[[int], bool]) -> int | None:
        start = low + (start - low) % (high - low + 1)
        around = chain(range(start, high + 1), range(low, start))
        return next((port for port in around if free(port)), None)
