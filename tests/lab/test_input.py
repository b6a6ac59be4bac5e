"""Input that is wrong gets one sentence and status 2; what only hampers stops nothing."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

from tests.lab.expected import IPV6_MISSING, easy, faults, seen
from tests.lab.namespaces import await_until
from tests.lab.place import Place
from tests.lab.program import Outcome
from tests.lab.relays import derp_map, relays
from tests.patience import UNHURRIED_S

At = Callable[..., Place]


def one_sentence(outcome: Outcome) -> str:
    """What a run that refused said, if it is one sentence on standard error and nothing else."""
    assert outcome.status == 2
    assert outcome.stdout == ""
    said = outcome.stderr.strip()
    assert said
    assert "\n" not in said
    assert "Traceback" not in said
    assert said[-1] == "."
    return said


def _without_nodes() -> Any:
    shape = derp_map(relays())
    shape["Regions"]["2"]["Nodes"] = []
    return shape


NO_MAPS = {
    "empty": "",
    "text": "not JSON at all",
    "cut off": '{"Regions": {"1": ',
    "binary": "\x00\x01\x02\x1b[31m",
    "array": "[]",
    "null": "null",
    "no regions key": "{}",
    "regions array": '{"Regions": []}',
    "no regions": '{"Regions": {}}',
    "region number": '{"Regions": {"1": 7}}',
    "region id text": '{"Regions": {"1": {"RegionID": "one", "Nodes": []}}}',
    "region without nodes": json.dumps(_without_nodes()),
    "deeply nested": "[" * 100_000,
}


def test_a_map_that_is_none_is_refused_in_a_sentence(at: At) -> None:
    place = at("easy-home")
    for kind, content in NO_MAPS.items():
        place.map_file.write_text(content)
        outcome = place.check()
        assert place.map_file.name in one_sentence(outcome), kind
        assert "\x1b" not in outcome.stderr, kind
    outcome = place.program.check(place.map_file.with_name("nowhere.json"))
    assert "nowhere.json" in one_sentence(outcome)
    folder = place.map_file.parent
    assert folder.name in one_sentence(place.program.check(folder))


def test_a_map_of_50_megabytes_is_refused_quickly(at: At) -> None:
    place = at("easy-home")
    shape = derp_map(relays())
    shape["Padding"] = "x" * 50_000_000
    place.map_file.write_text(json.dumps(shape))
    outcome = place.check()
    one_sentence(outcome)
    assert outcome.seconds < UNHURRIED_S


def test_a_host_that_does_not_resolve_is_a_finding(at: At) -> None:
    fleet = tuple(
        replace(relay, host="relay.lab.example") if relay.region == 2 else relay
        for relay in relays()
    )
    outcome = at("easy-home", fleet=fleet).check()
    assert seen(outcome) == easy(IPV6_MISSING)
    assert ("unresolved", "relay.lab.example") in faults(outcome)


def test_a_certificate_that_nobody_vouches_for_is_a_finding(at: At) -> None:
    fleet = tuple(replace(relay, insecure=False) for relay in relays())
    outcome = at("easy-home", fleet=fleet).check()
    assert seen(outcome) == easy(IPV6_MISSING)
    assert outcome.json["readings"]["relay_tcp.tls_inspected"]["value"] is True
    answers = outcome.json["readings"]["relay_tcp.answers"]["value"]
    assert {answer["certificate"] for answer in answers} == {"other"}
    assert all("relay.lab.example" in answer["issuer"] for answer in answers)


def test_unwritable_folders_stop_nothing(at: At) -> None:
    place = at("easy-home")
    for obstacle, variable in product(
        ("read-only", "a-file", "nowhere"), ("XDG_CACHE_HOME", "XDG_STATE_HOME")
    ):
        folder = _obstacle(obstacle, place.map_file.with_name(f"{obstacle}-{variable}"))
        env = {variable: str(folder)}
        hampered = replace(place, program=replace(place.program, env=env))
        outcome = hampered.check()
        assert seen(outcome) == easy(IPV6_MISSING), (obstacle, variable)
        assert "Traceback" not in outcome.stderr


def _obstacle(kind: str, path: Path) -> Path:
    if kind == "read-only":
        path.mkdir(mode=0o500)
    elif kind == "a-file":
        path.write_text("")
    else:
        path = Path("/proc/nowhere")
    return path


def test_a_home_that_cannot_be_written_stops_nothing(at: At) -> None:
    place = at("easy-home")
    place.program.home.chmod(0o500)
    assert seen(place.check()) == easy(IPV6_MISSING)
    assert list(place.program.home.iterdir()) == []


def test_no_save_writes_nothing_at_all(at: At) -> None:
    place = at("easy-home")
    assert seen(place.check("--no-save")) == easy(IPV6_MISSING)
    assert list(place.program.home.rglob("*")) == []


def test_ctrl_c_ends_it_promptly_and_cleanly(at: At) -> None:
    # Everything is dropped: without the signal each run takes seconds. Several runs, because what
    # is under way in threads at that moment (the trust store is read, names are looked up) varies.
    place = at("all-dropped")
    for _ in range(12):
        running = place.program.start("check", "--json", "--derp-map", str(place.map_file))
        _await_sockets(place)
        pressed = time.monotonic()
        running.signal(signal.SIGINT)
        assert running.popen.wait(UNHURRIED_S) == 130
        assert time.monotonic() - pressed < UNHURRIED_S
        assert running.log.read_text() == "whyrelay: Interrupted.\n"


def _await_sockets(place: Place) -> None:
    """Wait until the program has begun to measure: until it has a UDP socket."""

    def measuring() -> bool:
        return len(place.site.device.run(("cat", "/proc/net/udp")).stdout.splitlines()) > 1

    await_until("the program has a UDP socket", measuring)


def test_without_a_map_a_daemon_and_names_there_is_nobody_to_ask(at: At) -> None:
    outcome = at("easy-home").program.run("check", "--json")
    source = outcome.json["readings"]["relays.source"]["value"]
    assert source["origin"] == "built-in"
    assert source["passed_over"]
    assert outcome.status == 3
    assert outcome.json["verdict"] == "unknown"
