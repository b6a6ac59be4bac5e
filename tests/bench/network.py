"""The rows about measuring: the installed program at sites of the lab, beside its own limits.

A limit is what physics asks for (a round trip) or what `tailscale netcheck` takes at such a site.
Where a `tailscale` program is on PATH it is run beside; else its measured times stand in (netcheck
of 2026-08 in a lab of the same delays).
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any

from probes.checks.behavior_run import PUBLIC_SERVERS
from tests.bench.rows import Row, median
from tests.lab import place
from tests.lab.behavior import two_coturns
from tests.lab.internet import serve_names
from tests.lab.namespaces import Lab
from tests.lab.place import Place
from tests.lab.program import Outcome
from tests.lab.relays import Relay, relays
from tests.lab.routers import miniupnpd

SLACK_MS = 15.0
"""What the program may add to a round trip."""
NETCHECK_MS = 251.0
"""netcheck's whole process with 3 and with 25 regions; its port mapping probe sets the time."""
NETCHECK_UDP_BLOCKED_MS = 3202.0
NETCHECK_ALL_BLOCKED_MS = 6203.0
MANY = tuple(12.0 + 11.0 * number for number in range(25))


def rows() -> Iterator[Row]:
    """All of them; each builds a lab of its own."""
    for regions in (3, 25):
        fleet = relays(3) if regions == 3 else relays(25, MANY)
        with Lab() as lab:
            yield from _facts(place.build(lab, "easy-home", fleet=fleet), fleet)
    for site, what, netcheck_ms, limit in (
        ("udp-dropped", "UDP is blocked, HTTPS works", NETCHECK_UDP_BLOCKED_MS, 0.55),
        ("all-dropped", "everything is blocked", NETCHECK_ALL_BLOCKED_MS, 0.5),
    ):
        with Lab() as lab:
            spot = place.build(lab, site)
            process_ms = median(_process(spot), 3)
            yield Row(what, process_ms, netcheck_ms, "netcheck", limit)
    with Lab() as lab:
        spot = place.build(lab, "easy-home")
        yield from _port_mapping(spot)
        own = [word for each in two_coturns(spot.internet) for word in ("--behavior-server", each)]
        yield Row(
            "everything, all checks, ordinary home",
            median(lambda: _quietly(spot, "--no-save", *own).seconds * 1000, 3),
            1500.0,
            "budget with own servers",
            1.0,
        )
    with Lab() as lab:
        # Paced as towards other people's servers: the program finds them by its own list.
        spot = place.build(lab, "easy-home")
        names = (server.host for server in PUBLIC_SERVERS)
        two = cycle(two_coturns(spot.internet))
        serve_names(spot.site.device, dict(zip(names, two, strict=False)))
        yield Row(
            "the same, by public servers",
            median(lambda: _quietly(spot, "--no-save").seconds * 1000, 3),
            3000.0,
            "budget with public servers",
            1.0,
        )


def _port_mapping(spot: Place) -> Iterator[Row]:
    """How soon "no" is said where no service is, and "yes" where all three are."""
    checks = ("nat-pmp", "pcp", "upnp")
    absent = [_asked(spot, checks, "check-finished") for _ in range(3)]
    for which, what, budget_ms in (
        (checks[:2], "no NAT-PMP and no PCP", 400.0),
        (checks, "no port mapping service at all", 1500.0),
    ):
        took_ms = sorted(max(run[check] for check in which) for run in absent)[1]
        yield Row(what, took_ms, budget_ms, "budget", 1.0)
    miniupnpd(spot.site)
    found = [_asked(spot, checks, "observed") for _ in range(3)]
    took_ms = sorted(max(run[check] for check in checks) for run in found)[1]
    yield Row("port mapping found, all three", took_ms, NETCHECK_MS, "netcheck", 1.0)


def _asked(spot: Place, checks: tuple[str, ...], event: str) -> dict[str, float]:
    """Milliseconds from each check's start to its end, or to its first "present"."""
    began: dict[str, float] = {}
    took: dict[str, float] = {}
    for each in _run(spot, ",".join(("local", *checks)))[0]:
        check = each.get("check", "")
        if each["event"] == "check-started":
            began[check] = each["at"]
        present = each.get("key", "").endswith(".present") or event == "check-finished"
        if each["event"] == event and present and check in checks:
            took.setdefault(check, each["at"] - began[check])
    return took


def _process(spot: Place) -> Callable[[], float]:
    """A whole run of the program, in milliseconds."""
    return lambda: _quietly(spot, "--no-save").seconds * 1000


def _quietly(spot: Place, *argv: str) -> Outcome:
    """A run whose output is of no interest."""
    return spot.program.run("check", "--json", "--derp-map", str(spot.map_file), *argv)


def _facts(spot: Place, fleet: tuple[Relay, ...]) -> Iterator[Row]:
    delays_ms = sorted(relay.delay_ms for relay in fleet)
    many = f"{len(fleet)} regions"
    # The nearest three decide; whoever answers within twice the third's time may still be nearer.
    needed = [delay for delay in delays_ms if delay <= 2 * delays_ms[min(2, len(delays_ms) - 1)]]
    runs = [_run(spot) for _ in range(5)]
    for what, event, rtt_ms in (
        (f"first fact, {many}", ("observed", "stun.udp"), delays_ms[0]),
        (f"mapping verdict, {many}", ("observed", "stun.mapping_varies4"), delays_ms[1]),
        (f"netcheck's facts, {many}, engine", ("check-finished", "stun"), needed[-1]),
    ):
        found_ms = sorted(_after_first_packet_ms(events, event) for events, _ in runs)
        middle = found_ms[len(found_ms) // 2]
        yield Row(what, middle, rtt_ms + SLACK_MS, "round trip + 15 ms", 1.0)
    process_ms = sorted(seconds * 1000 for _, seconds in runs)[len(runs) // 2]
    yield Row(
        f"netcheck's facts, {many}, whole process",
        process_ms,
        _netcheck_ms(spot),
        "tailscale netcheck",
        1.0,
    )


def _run(spot: Place, only: str = "local,stun") -> tuple[list[dict[str, Any]], float]:
    """A run's recorded events, and the seconds that the whole process took."""
    record = spot.map_file.parent / f"events-{time.monotonic_ns()}.jsonl"
    outcome = _quietly(spot, "--only", only, "--record", str(record))
    lines = record.read_text().splitlines()[1:]
    return [json.loads(line) for line in lines], outcome.seconds


def _after_first_packet_ms(events: list[dict[str, Any]], wanted: tuple[str, str]) -> float:
    first = next(event["at"] for event in events if event.get("doing") == "ask-relays")
    kind, name = wanted
    for event in events:
        if event["event"] == kind and name in (event.get("key"), event.get("check")):
            return float(event["at"]) - float(first)
    raise AssertionError(f"no {wanted} in the run")


def _netcheck_ms(spot: Place) -> float:
    """The real one beside it, if there is one here."""
    program = shutil.which("tailscale")
    if program is None:
        return NETCHECK_MS

    def once() -> float:
        began = time.monotonic()
        spot.site.device.run((program, "netcheck", "--format=json"), limit_s=30)
        return (time.monotonic() - began) * 1000

    return median(once, 3)
