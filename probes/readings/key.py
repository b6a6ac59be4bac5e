"""A key of the ledger: the id of one fact, its type, and what it means."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic, TypeVar, assert_never

from probes.model import CheckId, Failed, Known, Reading, Reason, Unknown
from probes.readings.codec import Codec, CodecError, Json
from probes.values import dataclass

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Key(Generic[T]):
    """One fact that a report can hold."""

    id: str
    """Stable: scripts and saved reports use it."""
    check: CheckId
    """The check that finds it out."""
    codec: Codec[T]
    doc: str
    """What it is, in one sentence, with its unit."""
    shared: bool = False
    """Whichever check needs it first may tell it."""

    def encode(self, reading: Reading[T]) -> Json:
        """The ledger's JSON: state, value, source, reason, at (ms after the run began)."""
        blank: Json = {"value": None, "source": None, "reason": None, "at": round(reading.at_ms, 3)}
        match reading:
            case Known(value, source):
                found = {"state": "known", "value": self.codec.encode(value), "source": source}
            case Unknown(why, detail):
                reason = f"{why}: {detail}" if detail else str(why)
                found = {"state": "unknown", "reason": reason}
            case Failed(error):
                found = {"state": "failed", "reason": error}
            case _:
                assert_never(reading)
        return {"state": "", **blank, **found}

    def decode(self, value: Json) -> Reading[T]:
        """The reverse of `encode`. Raises CodecError."""
        try:
            state, at = value["state"], float(value["at"])
            if state == "known":
                return Known(self.codec.decode(value["value"]), str(value["source"]), at)
            if state == "unknown":
                why, _, detail = str(value["reason"]).partition(": ")
                return Unknown(Reason(why), detail, at)
            if state == "failed":
                return Failed(str(value["reason"]), at)
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, CodecError):
                raise
            raise CodecError(f"{self.id}: not a reading: {error}") from error
        raise CodecError(f"{self.id}: {state!r} is no state of a reading")

    def schema(self) -> Json:
        """The JSON Schema of this key's entry in the ledger."""
        return {
            "description": self.doc,
            "type": "object",
            "properties": {
                "state": {"enum": ["known", "unknown", "failed"]},
                "value": {"anyOf": [self.codec.schema, {"type": "null"}]},
                "source": {"type": ["string", "null"]},
                "reason": {"type": ["string", "null"]},
                "at": {"type": "number", "description": "milliseconds after the run began"},
            },
            "required": ["state", "value", "source", "reason", "at"],
            "additionalProperties": False,
        }


def by_id(keys: Iterable[Key[Any]]) -> dict[str, Key[Any]]:
    """Keys by their ids. Raises ValueError where two share one."""
    found: dict[str, Key[Any]] = {}
    for key in keys:
        if key.id in found:
            raise ValueError(f"two keys are called {key.id}")
        found[key.id] = key
    return found
