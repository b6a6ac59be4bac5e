"""The schema of `meet --json`."""

from __future__ import annotations

from probes.punch.offer import CandidateKind
from probes.readings.codec import Json
from probes.readings.port_mapping import MappingProtocol
from tui.meeting_view import SCHEMA as MEET_SCHEMA
from tui.schemas.parts import PROGRAM
from tui.schemas.shapes import (
    BOOL,
    DIALECT,
    INT,
    NUMBER,
    STRING,
    described,
    many,
    one_of,
    or_null,
    record,
)


def meet_schema() -> Json:
    """The schema of `meet --json`."""
    kind = one_of(CandidateKind, "where it is known from")
    told = many(record({"kind": kind, "endpoint": STRING}))
    path = record(
        {
            "endpoint": described(STRING, "the other end, as it was reached from here"),
            "kind": or_null(kind, "null: not announced, but seen in its packets"),
            "seen_as": or_null(STRING, "this end, as the other one saw it on this path"),
            "rtt_ms": described(NUMBER, "the shortest round trip"),
        }
    )
    fields: dict[str, Json] = {
        "schema": {"const": MEET_SCHEMA},
        "program": PROGRAM,
        "result": described(
            {"enum": ["direct", "relayed", "unknown"]},
            "direct: UDP went both ways; relayed: it did not; unknown: the other end did not come",
        ),
        "headline": described(STRING, "the result in one sentence"),
        "family": or_null({"enum": [4, 6]}, "the IP version of the quickest path"),
        "endpoint": or_null(STRING, "the other end, on the quickest path"),
        "kind": or_null(kind, "of that endpoint; null: not announced, or not direct"),
        "seen_as": or_null(STRING, "this end, on the quickest path"),
        "rtt_ms": or_null(NUMBER, "the shortest round trip on it"),
        "after_ms": or_null(NUMBER, "from the first packet to the first answer"),
        "tried_ms": or_null(NUMBER, "how long it was tried; null: the other end did not come"),
        "waited_ms": described(NUMBER, "how long the other end was waited for"),
        "one_way": described(BOOL, "its packets arrived, but none of ours was answered"),
        "paths": many(path, "every way on which an answer came, the quickest first"),
        "heard": many(STRING, "where the other end's packets came from"),
        "port": described(INT, "the UDP port that was sent from"),
        "own": described(told, "what this end announced"),
        "peer": or_null(told, "what the other end announced"),
        "port_mapping": record(
            {
                "asked": described(BOOL, "with --map-test"),
                "protocol": or_null(one_of(MappingProtocol)),
                "endpoint": or_null(STRING, "null: the router opened none"),
            },
            "a port that the router opened for the meeting, and closed again",
        ),
    }
    return {
        "$schema": DIALECT,
        "$id": "urn:whyrelay:schema:whyrelay-meet-1",
        "title": "whyrelay meet --json",
        **record(fields),
    }
