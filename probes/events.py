"""What a run tells, in order: the one stream that the app, the text and the recordings share."""

from __future__ import annotations

from typing import Any, TypeAlias, assert_never

from probes.model import CheckId, CheckStatus, Reading
from probes.readings import KEYS
from probes.readings.codec import CodecError, Json
from probes.values import dataclass


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run began. Everything known before is void."""

    at_ms: float
    taken_at: str
    """RFC 3339, UTC."""
    checks: tuple[CheckId, ...]
    """What is going to run."""
    skipped: tuple[CheckId, ...]
    network: str
    """What is measured: ``real``, or ``simulated:NAME``."""


@dataclass(frozen=True, slots=True)
class CheckStarted:
    """A check began."""

    at_ms: float
    check: CheckId
    budget_ms: float
    """It ends by itself within so many milliseconds."""


@dataclass(frozen=True, slots=True)
class Progressed:
    """A check got further: `done` of `total` steps, and what it does now."""

    at_ms: float
    check: CheckId
    done: int
    total: int
    doing: str
    """Id of the step; the words for it are the view's."""
    detail: str = ""
    """What the step is about (an address, "2 of 3"); cleaned."""


@dataclass(frozen=True, slots=True)
class Observed:
    """A fact became known, or became known better: the later reading of a key wins."""

    at_ms: float
    check: CheckId
    key: str
    reading: Reading[Any]


@dataclass(frozen=True, slots=True)
class CheckFinished:
    """A check came to its end. A late answer may still be observed after it."""

    at_ms: float
    check: CheckId
    status: CheckStatus
    error: str = ""
    """Why, where the status is failed; cleaned."""


@dataclass(frozen=True, slots=True)
class NetworkChanged:
    """The device moved to another network: these checks' readings are void and they run again."""

    at_ms: float
    checks: tuple[CheckId, ...]


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The report is closed: nothing changes any more."""

    at_ms: float
    network_id: str
    """Salted hash of what identifies this network; "" where nothing does."""
    changed: bool
    """The network changed during the run, and again during the second try."""
    cancelled: bool = False


Event: TypeAlias = (
    RunStarted | CheckStarted | Progressed | Observed | CheckFinished | NetworkChanged | RunFinished
)


def encode(event: Event) -> Json:
    """One event as a JSON object."""
    at = round(event.at_ms, 3)
    match event:
        case RunStarted():
            return {
                "event": "run-started",
                "at": at,
                "taken_at": event.taken_at,
                "checks": [str(check) for check in event.checks],
                "skipped": [str(check) for check in event.skipped],
                "network": event.network,
            }
        case CheckStarted():
            return {
                "event": "check-started",
                "at": at,
                "check": str(event.check),
                "budget_ms": event.budget_ms,
            }
        case Progressed():
            return {
                "event": "progressed",
                "at": at,
                "check": str(event.check),
                "done": event.done,
                "total": event.total,
                "doing": event.doing,
                "detail": event.detail,
            }
        case Observed():
            return {
                "event": "observed",
                "at": at,
                "check": str(event.check),
                "key": event.key,
                "reading": KEYS[event.key].encode(event.reading),
            }
        case CheckFinished():
            return {
                "event": "check-finished",
                "at": at,
                "check": str(event.check),
                "status": str(event.status),
                "error": event.error,
            }
        case NetworkChanged():
            return {
                "event": "network-changed",
                "at": at,
                "checks": [str(check) for check in event.checks],
            }
        case RunFinished():
            return {
                "event": "run-finished",
                "at": at,
                "network_id": event.network_id,
                "changed": event.changed,
                "cancelled": event.cancelled,
            }
        case _:
            assert_never(event)


def decode(value: Json) -> Event:
    """The reverse of `encode`. Raises CodecError for anything else."""
    try:
        return _decode(value)
    except CodecError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CodecError(f"not an event: {error}") from error


def _decode(value: Json) -> Event:
    kind, at = value["event"], float(value["at"])

    def checks(name: str) -> tuple[CheckId, ...]:
        return tuple(CheckId(item) for item in value[name])

    match kind:
        case "run-started":
            return RunStarted(
                at,
                str(value["taken_at"]),
                checks("checks"),
                checks("skipped"),
                str(value["network"]),
            )
        case "check-started":
            return CheckStarted(at, CheckId(value["check"]), float(value["budget_ms"]))
        case "progressed":
            return Progressed(
                at,
                CheckId(value["check"]),
                int(value["done"]),
                int(value["total"]),
                str(value["doing"]),
                str(value["detail"]),
            )
        case "observed":
            key = str(value["key"])
            return Observed(at, CheckId(value["check"]), key, KEYS[key].decode(value["reading"]))
        case "check-finished":
            return CheckFinished(
                at, CheckId(value["check"]), CheckStatus(value["status"]), str(value["error"])
            )
        case "network-changed":
            return NetworkChanged(at, checks("checks"))
        case "run-finished":
            return RunFinished(
                at, str(value["network_id"]), bool(value["changed"]), bool(value["cancelled"])
            )
    raise CodecError(f"{kind!r} is no event")
