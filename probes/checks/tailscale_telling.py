"""How the `tailscale` check tells its facts: what was told is not told again as unknown."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from probes.checks.context import Context
from probes.model import Reason
from probes.readings.key import Key
from probes.readings.tailscale import KEYS

T = TypeVar("T")

_IN_A_THREAD = 1_000_000
"""Bytes. A large tailnet takes a fifth of a second to read: the other checks must not wait."""


class Teller:
    """Tells facts and remembers which are told."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._told: set[str] = set()
        self.why: tuple[Reason, str] = (Reason.NOT_MEASURED, "")
        """Why what is never told is not known."""

    def known(self, key: Key[T], value: T, source: str) -> None:
        self._told.add(key.id)
        self.context.known(key, value, source)

    def unknown(self, key: Key[Any], reason: Reason, detail: str) -> None:
        self._told.add(key.id)
        self.context.unknown(key, reason, detail)

    def failed(self, key: Key[Any], error: str) -> None:
        self._told.add(key.id)
        self.context.failed(key, error)

    def told(self, key: Key[Any]) -> bool:
        return key.id in self._told

    def rest(self) -> None:
        """Why what was not told is not known."""
        reason, detail = self.why
        for key in KEYS:
            if key.id not in self._told:
                self.unknown(key, reason, detail)


async def read(parse: Callable[[bytes], T], data: bytes) -> T:
    """What the program printed, as a value. Raises what `parse` raises."""
    if len(data) < _IN_A_THREAD:
        return parse(data)
    return await asyncio.to_thread(parse, data)
