"""Test mappings whose program ends in the middle: interrupted, or killed and able to do nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from probes.mappings import LEASE_S
from tests.lab.mapping_runs import UnderWay, begin, records, router_of
from tests.lab.namespaces import await_until
from tests.lab.place import Place
from tests.lab.routers import Offer, forwarded, miniupnpd
from tests.patience import UNHURRIED_S

At = Callable[..., Place]
SERVICES = ("upnp", "nat-pmp", "pcp")
SPARE_S = 15.0
"""A router looks for what is over now and then."""


def try_one(place: Place, *services: str) -> UnderWay:
    """A run in the middle of the first test mapping over one of these."""
    return begin(place, ",".join(("local", "stun", *services)))


def leftovers(place: Place, *services: str) -> Any:
    """What the next start says of the mappings of earlier ones."""
    only = ",".join(("local", *services))
    return place.check("--only", only).json["readings"]["port_mapping.leftovers"]["value"]


def test_killed_in_the_middle_the_next_start_removes_and_says_it(at: At) -> None:
    place = at("hard-home")
    miniupnpd(place.site)
    run = try_one(place, *SERVICES)
    run.kill()
    left = forwarded(router_of(place))
    assert left == {run.record()["external_port"]}
    (leftover,) = leftovers(place, *SERVICES)
    assert leftover["state"] == "removed"
    assert {leftover["external_port"]} == left
    assert forwarded(router_of(place)) == set()
    assert records(place) == []
    assert leftovers(place, *SERVICES) == []


def test_killed_in_the_middle_the_router_forgets_it_by_itself(at: At) -> None:
    """One wait for all three languages. Each has a run with a home of its own, so that none finds
    another's record and removes its mapping."""
    place = at("hard-home")
    miniupnpd(place.site, Offer(shortest_lease_s=LEASE_S))
    router, places = router_of(place), [_with_home(place, service) for service in SERVICES]
    with ThreadPoolExecutor(len(SERVICES)) as pool:
        runs = list(pool.map(try_one, places, SERVICES))
    for run in runs:
        run.kill()
    killed = time.monotonic()
    ports = {run.record()["protocol"]: run.record()["external_port"] for run in runs}
    assert set(ports) == set(SERVICES)
    assert forwarded(router) == set(ports.values())
    await_until(
        "the router has forgotten all three",
        lambda: not forwarded(router),
        limit_s=LEASE_S + SPARE_S,
        every_s=1.0,
    )
    # It was the lease that ended them, not the end of the program.
    assert time.monotonic() - killed > LEASE_S / 2
    # The next start has nothing to remove, and says what became of it.
    for run, service in zip(runs, SERVICES, strict=True):
        (leftover,) = leftovers(run.place, service)
        assert leftover["external_port"] == ports[service]
        assert leftover["state"] == ("gone" if service == "upnp" else "expired")
        assert records(run.place) == []


def test_interrupted_in_the_middle_nothing_is_left(at: At) -> None:
    place = at("hard-home")
    miniupnpd(place.site)
    run = try_one(place, *SERVICES)
    began = time.monotonic()
    run.signal("INT")
    assert run.running.popen.wait(20) == 130
    assert time.monotonic() - began < UNHURRIED_S
    router = router_of(place)
    await_until("the test mapping is gone", lambda: not forwarded(router), limit_s=UNHURRIED_S)
    await_until("its record is gone", lambda: not records(place), limit_s=UNHURRIED_S)


def _with_home(place: Place, name: str) -> Place:
    home = place.program.home.parent / f"home-{name}"
    home.mkdir()
    return replace(place, program=replace(place.program, home=home))
