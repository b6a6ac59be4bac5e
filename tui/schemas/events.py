"""The schema of one line of a recording (`--record`)."""

from __future__ import annotations

from typing import Any

from probes.model import CheckId, CheckStatus
from probes.readings import KEYS
from probes.readings.codec import Json
from probes.recording import SCHEMA as EVENTS_SCHEMA
from tui.schemas.parts import PROGRAM
from tui.schemas.shapes import BOOL, DIALECT, INT, NUMBER, STRING, described, many, one_of, record


def events_schema() -> Json:
    """The schema of one line of a recording: the header, or an event."""
    check, checks = one_of(CheckId), many(one_of(CheckId))
    kinds: dict[str, dict[str, Json]] = {
        "run-started": {
            "taken_at": STRING,
            "checks": checks,
            "skipped": checks,
            "network": STRING,
        },
        "check-started": {"check": check, "budget_ms": NUMBER},
        "progressed": {
            "check": check,
            "done": INT,
            "total": INT,
            "doing": STRING,
            "detail": STRING,
        },
        "check-finished": {"check": check, "status": one_of(CheckStatus), "error": STRING},
        "network-changed": {"checks": checks},
        "run-finished": {"network_id": STRING, "changed": BOOL, "cancelled": BOOL},
    }
    observed = {
        "anyOf": [
            _event("observed", {"check": check, "key": {"const": key.id}, "reading": key.schema()})
            for key in KEYS.values()
        ]
    }
    header = record({"schema": {"const": EVENTS_SCHEMA}, "program": PROGRAM})
    return {
        "$schema": DIALECT,
        "$id": "urn:whyrelay:schema:whyrelay-events-1",
        "title": "one line of whyrelay --record",
        "description": "The first line is the header, each later one an event.",
        "anyOf": [header, *(_event(kind, more) for kind, more in kinds.items()), observed],
    }


def _event(kind: str, fields: dict[str, Any]) -> Json:
    at = described(NUMBER, "milliseconds after the run began")
    return record({"event": {"const": kind}, "at": at, **fields})
