"""The schema of `pair --json`."""

from __future__ import annotations

from probes.diagnosis.model import Confidence, Filtering, Mechanism, NatClass, Result
from probes.diagnosis.model import Mapping as NatMapping
from probes.diagnosis.openings import Held
from probes.diagnosis.pair import Relay
from probes.readings.codec import Json
from probes.readings.firewall import Fate
from tui.pair_view import SCHEMA as PAIR_SCHEMA
from tui.schemas.parts import CAUSE, FIX, FLIP, PROGRAM, READING_IDS
from tui.schemas.shapes import BOOL, DIALECT, STRING, described, many, one_of, or_null, record


def pair_schema() -> Json:
    """The schema of `pair --json`."""
    nat = record(
        {
            "class": one_of(NatClass),
            "mapping": one_of(NatMapping),
            "filtering": one_of(Filtering),
            "confidence": one_of(Confidence),
            "because": READING_IDS,
        }
    )
    side = record(
        {
            "name": described(STRING, "the input's name"),
            "measured": described(STRING, "real, simulated:NAME or elsewhere"),
            "taken_at": or_null(STRING, "RFC 3339, UTC"),
            "nat": nat,
            "nat6": nat,
            "udp": or_null(BOOL, "whether UDP gets out and back"),
            "opening": one_of(Held, "whether the router lets peers in to a port"),
            "host_firewall": one_of(Fate, "what the device does with strangers' packets"),
            "public": many(STRING, "the addresses that the internet sees"),
            "missing": many(STRING, "readings that would settle more"),
        }
    )
    fields: dict[str, Json] = {
        "schema": {"const": PAIR_SCHEMA},
        "program": PROGRAM,
        "a": described(side, "what this side is known to be, and from what"),
        "b": side,
        "result": one_of(Result),
        "mechanism": one_of(Mechanism),
        "family": or_null({"enum": [4, 6]}, "the IP version that decides"),
        "relay": or_null(one_of(Relay), "what carries it meanwhile"),
        "because": record({"a": many(STRING), "b": many(STRING)}, "ids of readings"),
        "confidence": one_of(Confidence),
        "headline": described(STRING, "the result in one sentence"),
        "causes": many(CAUSE, "what lies between the two, as side a sees it"),
        "flip": FLIP,
        "remedies": many(FIX, "single changes, cheap and safe first"),
    }
    return {
        "$schema": DIALECT,
        "$id": "urn:whyrelay:schema:whyrelay-pair-1",
        "title": "whyrelay pair --json",
        **record(fields),
    }
