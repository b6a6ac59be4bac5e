"""When a measurement or a meeting in the lab may be made again, and when it may not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lab.meeting import Met, by_chance
from tests.lab.program import starved

SEEN = ("203.0.113.5:20001", "203.0.113.5:31007")
"""Two servers saw two ports of one socket: it is behind a hard NAT."""


def met(endpoint: str, kind: str | None, announced: tuple[str, ...] = SEEN) -> tuple[Met, Met]:
    """The one that is met was announced with these endpoints."""
    peer = [{"kind": "stun", "endpoint": each} for each in announced]
    peer.append({"kind": "local", "endpoint": "192.168.1.2:41641"})
    result = {"result": "direct", "endpoint": endpoint, "kind": kind, "peer": peer}
    other = {"result": "direct", "endpoint": "198.51.100.7:41641", "kind": "local", "peer": []}
    return Met(result, 0), Met(other, 0)


def test_a_port_that_was_announced_for_another_destination_fits_by_chance() -> None:
    assert by_chance(met(SEEN[1], "stun"))


@pytest.mark.parametrize(
    "other",
    [
        met("203.0.113.5:55555", None),
        met("203.0.113.5:40000", "portmap"),
        met("203.0.113.5:20001", "stun", SEEN[:1]),
    ],
    ids=["a port that nobody announced", "a mapping", "one port for everybody"],
)
def test_every_other_way_contradicts_the_prediction(other: tuple[Met, Met]) -> None:
    assert not by_chance(other)


def said(
    behavior: str = "done", server: str = "able", answers: tuple[str, ...] = ("relay",)
) -> dict[str, Any]:
    servers = [{"host": "45.83.221.50:3478", "state": server}]
    return {
        "checks": {"stun": {"status": "done"}, "behavior": {"status": behavior}},
        "readings": {
            "stun.answers4": {"value": list(answers)},
            "behavior.servers": {"value": servers},
        },
    }


def test_a_busy_machine_is_told_by_what_did_not_come() -> None:
    assert starved(said(behavior="timed-out")) == "behavior ran out of time"
    assert starved(said(server="other-silent")) == "45.83.221.50:3478 did not answer"


def test_a_finding_is_not_measured_until_it_fits() -> None:
    assert starved(said()) == ""
    assert starved({"checks": {"lifetime": {"status": "timed-out"}}, "readings": {}}) == ""
    assert starved(said(server="liar")) == ""
    assert starved(said(server="silent", answers=())) == "", "UDP is blocked: nobody answers"
    assert starved({"checks": {}, "readings": {}}) == ""
