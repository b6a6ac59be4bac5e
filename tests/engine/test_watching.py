"""Watching the paths to peers on practice networks, and the timeline that comes of it."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from ipaddress import ip_address
from itertools import pairwise

import pytest

from probes.identity import Fingerprint
from probes.model import Endpoint
from probes.network.simulated import SimulatedNetwork, load, parse, run_virtual
from probes.options import HostPort, Options
from probes.readings.tailscale import Backend, Peer, PeerPath
from probes.tailscale.history import MOST_MOMENTS, History, WatchChange, added
from probes.tailscale.watch import EVERY_S, Look, own_servers, watch

NAS, DESKTOP = "100.71.8.7", "100.71.8.31"


def watched(network: SimulatedNetwork, looks: int, options: Options | None = None) -> list[Look]:
    """So many looks."""

    async def play() -> list[Look]:
        found: list[Look] = []
        async with aclosing(watch(network, options or Options())) as stream:
            async for look in stream:
                found.append(look)
                if len(found) == looks:
                    break
        return found

    return run_virtual(play())


def history_of(looks: list[Look]) -> History:
    """All of them, one after the other."""
    history = History()
    for look in looks:
        history = added(history, look)
    return history


def test_flips_are_told_with_their_moment() -> None:
    looks = watched(load("back-and-forth"), 14)
    history = history_of(looks)
    nas = [(str(span.path), round(span.at_s)) for span in history.spans[NAS]]
    # The loss of a direct path is believed at the second look.
    assert nas == [("derp", 0), ("direct", 15), ("derp", 45), ("direct", 55)]
    desktop = [(str(span.path), span.via) for span in history.spans[DESKTOP]]
    assert desktop[0][0] == "direct"
    assert desktop[-1] == ("peer-relay", "45.83.240.9:40000:vni:4")
    flips = [each for each in history.moments if each.flips]
    assert [(each.peer, each.before, each.after) for each in flips] == [
        (NAS, "derp", "direct"),
        (DESKTOP, "direct", "peer-relay"),
        (NAS, "direct", "derp"),
        (NAS, "derp", "direct"),
    ]
    assert flips[0].via == "45.83.242.21:50813"


def test_looks_are_polite() -> None:
    looks = watched(load("easy-home"), 6)
    apart = [after.at_s - before.at_s for before, after in pairwise(looks)]
    assert min(apart) >= EVERY_S
    assert {look.public for look in looks} == {None}, "no public server is asked"


def test_servers_of_one_s_own_are_asked_rarely() -> None:
    own = Options(stun=(HostPort("45.83.220.1", 3478), HostPort("45.83.221.1", 3478)))
    looks = watched(load("hard-home"), 8, own)
    asked = [look for look in looks if look.public is not None]
    assert [round(look.at_s) for look in asked] == [0, 30]
    assert all(len(set(look.public or ())) == 2 for look in asked)
    assert history_of(looks).varies is True
    assert watched(load("udp-blocked"), 1, own)[0].public == ()


def test_only_servers_that_the_person_named_are_its_own() -> None:
    assert own_servers(Options()) == ()
    assert own_servers(Options(derp_map="https://relays.example/map")) == ()
    own = own_servers(Options(derp_map_text=load("easy-home").relay_map))
    assert [server.port for server in own] == [3478, 3478]


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("lossy", Backend.NOT_INSTALLED),
        ("tailscale-stopped", Backend.STOPPED),
        ("tailscale-not-running", Backend.NO_DAEMON),
    ],
)
def test_without_tailscale_it_goes_on_looking(name: str, state: Backend) -> None:
    looks = watched(load(name), 3)
    assert [look.state for look in looks] == [state] * 3


def test_a_daemon_that_hangs_is_waited_for_and_asked_again() -> None:
    hanging = (
        'description = "A home."\ninclude = ["regions", "home", "tailnet"]\n'
        "[host.here.tailscale]\ndaemon = 'hangs'\n"
    )
    looks = watched(parse(hanging), 2)
    assert [look.state for look in looks] == [None, None]
    assert looks[0].trouble


# --- the timeline, from looks of a test's own -----------------------------------------------------


def peer(path: PeerPath, via: str = "") -> Peer:
    return Peer("nas", "", (ip_address(NAS),), "linux", path, via, "fra", True, False)


def look(at_s: float, path: PeerPath, **more: object) -> Look:
    made = Look(at_s, "2026-01-15T12:00:00Z", Backend.RUNNING, peers=(peer(path),))
    return replace(made, **more)  # type: ignore[arg-type]


def test_a_missed_heartbeat_is_no_flip() -> None:
    steady = [look(0, PeerPath.DIRECT), look(5, PeerPath.DERP), look(10, PeerPath.DIRECT)]
    history = history_of(steady)
    assert history.moments == ()
    assert len(history.spans[NAS]) == 1
    assert history_of([*steady[:2]]).doubted == {NAS}
    lost = history_of([*steady[:2], look(10, PeerPath.DERP)])
    assert [(each.before, each.after) for each in lost.moments] == [("direct", "derp")]


def test_what_changed_at_that_moment_stands_beside_the_flip() -> None:
    home = Fingerprint("wlan0", "192.168.1.0/24", "192.168.1.1", "aa")
    cafe = Fingerprint("wlan0", "10.0.0.0/24", "10.0.0.1", "bb")
    one, two = (Endpoint.of("45.83.223.10", port) for port in (41641, 27182))
    history = history_of(
        [
            look(0, PeerPath.DERP, place=home, endpoints=(one,)),
            look(5, PeerPath.DERP, place=cafe, endpoints=(two,)),
            look(10, PeerPath.DIRECT, place=cafe, endpoints=(two,)),
            look(60, PeerPath.IDLE, place=cafe, endpoints=(two,)),
        ]
    )
    kinds = [each.what for each in history.moments]
    assert kinds == [WatchChange.NETWORK, WatchChange.ENDPOINTS, WatchChange.PATH, WatchChange.PATH]
    assert history.moments[2].beside == (WatchChange.NETWORK, WatchChange.ENDPOINTS)
    assert history.moments[3].beside == ()
    assert (history.moments[1].before, history.moments[1].after) == (str(one), str(two))


def test_a_state_and_what_own_servers_see_are_told() -> None:
    a, b = Endpoint.of("45.83.223.10", 5000), Endpoint.of("45.83.223.10", 6000)
    c = Endpoint.of("45.83.229.77", 5000)
    history = history_of(
        [
            look(0, PeerPath.DERP, public=(a, a)),
            look(5, PeerPath.DERP, state=Backend.STOPPED, peers=()),
            look(30, PeerPath.DERP, public=(a, b)),
            look(60, PeerPath.DERP, public=(c, c)),
        ]
    )
    told = [(each.what, each.before, each.after) for each in history.moments]
    assert told == [
        (WatchChange.STATE, "running", "stopped"),
        (WatchChange.STATE, "stopped", "running"),
        (WatchChange.MAPPING, "endpoint-independent", "varies"),
        (WatchChange.PUBLIC, "45.83.223.10", "45.83.229.77"),
        (WatchChange.MAPPING, "varies", "endpoint-independent"),
    ]


def test_a_watch_of_days_stays_small() -> None:
    paths = (PeerPath.DIRECT, PeerPath.IDLE)
    history = history_of([look(5.0 * n, paths[n % 2]) for n in range(2 * MOST_MOMENTS)])
    assert len(history.moments) == MOST_MOMENTS
    assert len(history.spans[NAS]) <= 200
    assert peer(PeerPath.IDLE).key == NAS
