"""When silence may be called blocked: a deadline learned from the relays' own round trips."""

from __future__ import annotations

from probes.readings import relays
from probes.report import Report

SHORTEST_S = 1.4
LONGEST_S = 2.5
ROUND_TRIPS = 4
"""Four round trips leave room for a slow answer to the last of three tries."""


def blocked_after_s(report: Report) -> float:
    """Seconds after the first try when "blocked" may be said.

    The slowest relay reached over TLS counts: an ordinary answer from it must still be in time.
    The SYN-ACK counts only where TLS failed, since a satellite box answers SYNs by itself. Nothing
    learned (yet): the longest wait.
    """
    answers = report.value(relays.TCP_ANSWERS)
    if not answers:
        return LONGEST_S
    hellos = [each.server_hello_ms for each in answers if each.server_hello_ms is not None]
    slowest_ms = max(hellos) if hellos else max(each.connect_ms for each in answers)
    return min(max(ROUND_TRIPS * slowest_ms / 1000.0, SHORTEST_S), LONGEST_S)
