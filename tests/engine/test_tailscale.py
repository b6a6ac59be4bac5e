"""Tailscale on practice networks: what the program prints agrees with the network it stands on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from ipaddress import ip_address
from typing import Any

import pytest

from probes.diagnosis.disagreements import disagreements_of
from probes.diagnosis.model import NatClass, Result
from probes.diagnosis.remedies import RemedyId
from probes.network.simulated import Life, ScenarioError, SimulatedNetwork, load, names, parse
from probes.network.simulated.clock import run_virtual
from probes.network.simulated.library import scenario
from probes.network.simulated.scenario import HERE
from probes.network.simulated.tailnet import Daemon, State, TailscaleSpec
from probes.options import Options
from probes.readings import stun, tailscale
from probes.readings.tailscale import Backend, OwnSocket, PeerPath
from probes.tailscale.cli import ON_PATH
from probes.tailscale.ping import Pinged, PingPath, PingResult, Pong, ping
from probes.tailscale.watch import Look, watch
from tests.engine.test_scenarios import conclude, measured

HOME = 'description = "A home."\ninclude = ["regions", "behavior", "home", "tailnet"]\n'
NAS, DESKTOP, PHONE, OLD = "100.71.8.7", "100.71.8.31", "100.71.8.44", "100.71.8.50"


def spec(name: str) -> TailscaleSpec | None:
    """Tailscale as a practice network has it."""
    return scenario(name).host[HERE].tailscale


INSTALLED = tuple(name for name in names() if spec(name) is not None)
RUNNING = tuple(
    name
    for name in INSTALLED
    if (found := spec(name)) is not None
    and (found.daemon, found.state) == (Daemon.RUNS, State.RUNNING)
)


def test_most_practice_networks_have_peers_to_show() -> None:
    assert len(RUNNING) >= 20


@pytest.mark.parametrize("name", RUNNING)
def test_netcheck_and_the_daemon_say_what_the_probes_find(name: str) -> None:
    report, diagnosis = conclude(name)
    said = report.value(tailscale.NETCHECK)
    assert report.value(tailscale.UNREAD) == ()
    if said is None:  # it listens for three seconds, and nobody waits for it
        assert NatClass.UNKNOWN is diagnosis.nat4.nat_class or name == "stun-blocked"
    else:
        assert not said.unread
        assert said.mapping_varies == report.value(stun.VARIES4)
    # STUN's port alone is blocked, or the policy keeps the daemon from asking: it cannot know more.
    blind = {"stun-blocked", "forced-by-policy"}
    # The classic test asks one server, whose two addresses may be reached by the same line.
    by_chance = {"two-wans"}
    assert name in by_chance or bool(disagreements_of(report)) == (name in blind)


_SHOWS = {
    OwnSocket.ON_DEVICE: {NatClass.NONE},
    # A cloud that translates one to one keeps the port, and is as good as no NAT.
    OwnSocket.PORT_KEPT: {NatClass.EASY, NatClass.NONE},
    OwnSocket.TWO_PORTS: {NatClass.HARD},
    OwnSocket.SEVERAL_PORTS: {NatClass.HARD},
    OwnSocket.SEVERAL_ADDRESSES: {NatClass.HARD},
    OwnSocket.NO_PUBLIC: {NatClass.UNKNOWN, NatClass.EASY},
}


@pytest.mark.parametrize("name", RUNNING)
def test_the_endpoints_that_it_tells_fit_the_nat(name: str) -> None:
    report, diagnosis = conclude(name)
    socket = report.value(tailscale.OWN_SOCKET)
    assert socket is not None
    assert diagnosis.nat4.nat_class in _SHOWS[socket]
    found = spec(name)
    assert found is not None
    assert report.value(tailscale.PORT) == found.port


FORCED = {"forced-relay", "forced-by-policy"}
"""There a setting decides, not the network."""


@pytest.mark.parametrize("name", RUNNING)
def test_peers_travel_as_the_two_sides_allow(name: str) -> None:
    found = spec(name)
    assert found is not None
    report, diagnosis = conclude(name)
    for peer in report.value(tailscale.PEERS) or ():
        behind = found.peer[peer.name].nat
        if peer.path in (PeerPath.IDLE, PeerPath.OFFLINE) or found.peer[peer.name].path:
            continue
        result = getattr(diagnosis.outlook, str(behind)).result
        direct = peer.path is PeerPath.DIRECT
        if name in FORCED:
            assert not direct
        elif result is not Result.POSSIBLE:
            assert direct == (result is Result.DIRECT)


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("tailscale-stopped", Backend.STOPPED),
        ("tailscale-signed-out", Backend.NEEDS_LOGIN),
        ("tailscale-not-running", Backend.NO_DAEMON),
        ("easy-home", Backend.RUNNING),
        ("lossy", Backend.NOT_INSTALLED),
    ],
)
def test_each_state_is_told(name: str, state: Backend) -> None:
    report, _ = conclude(name)
    assert report.value(tailscale.STATE) is state


@pytest.mark.parametrize(
    ("daemon", "state"), [("denies", Backend.NO_RIGHTS), ("hangs", None), ("absent", "no-daemon")]
)
def test_a_daemon_that_does_not_answer(daemon: str, state: Backend | None) -> None:
    report, _ = measured(f"{HOME}[host.here.tailscale]\ndaemon = '{daemon}'\n")
    assert report.value(tailscale.STATE) == state
    assert report.value(tailscale.PEERS) is None


# --- paths in time --------------------------------------------------------------------------------


def on(network: SimulatedNetwork, play: Callable[[SimulatedNetwork], Awaitable[Any]]) -> Any:
    """Play on a network under the virtual clock."""

    async def run() -> Any:
        async with network.session():
            return await play(network)

    return run_virtual(run())


def pings(network: SimulatedNetwork, peer: str) -> list[Pinged]:
    """What a row of pings shows."""

    async def play(here: SimulatedNetwork) -> list[Pinged]:
        return [each async for each in ping(here, ON_PATH, ip_address(peer))]

    found: list[Pinged] = on(network, play)
    return found


def watched(network: SimulatedNetwork, looks: int) -> list[Look]:
    """So many looks at the paths."""

    async def run() -> list[Look]:
        found: list[Look] = []
        async with aclosing(watch(network, Options())) as stream:
            async for look in stream:
                found.append(look)
                if len(found) == looks:
                    break
        return found

    return run_virtual(run())


def paths(found: list[Pinged]) -> list[PingPath | None]:
    """How each ping was answered."""
    return [each.line.path if isinstance(each.line, Pong) else None for each in found]


def test_a_settled_direct_path_answers_at_once() -> None:
    found = pings(load("easy-home"), DESKTOP)
    assert paths(found) == [PingPath.DIRECT]
    assert isinstance(found[0].line, Pong)
    assert (found[0].line.name, found[0].line.via) == ("office-desktop", "45.83.241.66:41641")
    assert found[0].line.rtt_ms == 68


def test_a_change_just_made_shows_on_the_relay_first() -> None:
    found = pings(load("easy-home", life=Life(changed_s=0.0)), DESKTOP)
    assert paths(found)[:-1] == [PingPath.DERP] * 3
    assert found[-1].result is PingResult.DIRECT


def test_a_change_leaves_the_paths_that_were_direct_before_as_they_are() -> None:
    looks = watched(load("hard-home", done=(RemedyId.PORT_MAPPING,), life=Life(changed_s=0.0)), 2)
    (first, later) = ({peer.name: peer.path for peer in look.peers} for look in looks)
    assert first["rented-server"] is PeerPath.DIRECT, "it was so before the change"
    assert first["home-nas"] is PeerPath.DERP
    assert later["home-nas"] is PeerPath.DIRECT


@pytest.mark.parametrize("name", RUNNING)
def test_a_watch_begins_with_what_tailscale_says_there(name: str) -> None:
    (look,) = watched(load(name), 1)
    report, _ = conclude(name)
    told = {peer.name: peer.path for peer in report.value(tailscale.PEERS) or ()}
    assert {peer.name: peer.path for peer in look.peers} == told


def test_an_idle_peer_wakes_and_stays_relayed_behind_a_hard_nat() -> None:
    found = pings(load("easy-home"), PHONE)
    assert set(paths(found)) == {PingPath.DERP}
    assert found[-1].result is PingResult.DERP
    assert found[-1].at_ms >= 10_000


def test_a_peer_that_is_off_does_not_answer() -> None:
    found = pings(load("easy-home"), OLD)
    assert set(paths(found)) == {None}
    assert found[-1].result is PingResult.NO_REPLY


def test_a_peer_relay_takes_over() -> None:
    found = pings(load("peer-relay"), NAS)
    assert found[-1].result is PingResult.PEER_RELAY


def test_strangers_and_a_daemon_that_is_off_refuse() -> None:
    assert pings(load("easy-home"), "100.71.8.99")[-1].result is PingResult.REFUSED
    assert pings(load("easy-home"), "100.71.8.20")[-1].result is PingResult.OWN_ADDRESS
    assert pings(load("tailscale-stopped"), NAS)[-1].result is PingResult.REFUSED


def test_paths_change_at_their_moments() -> None:
    async def play(here: SimulatedNetwork) -> list[str]:
        seen = []
        for _ in range(6):
            result = await here.run(("tailscale", "status", "--json"), timeout_s=2)
            peers = json.loads(result.stdout)["Peer"].values()
            nas = next(each for each in peers if each["HostName"] == "home-nas")
            seen.append(nas["CurAddr"] or nas["Relay"])
            await asyncio.sleep(10)
        return seen

    assert on(load("back-and-forth"), play) == [
        "fra",
        "fra",
        "45.83.242.21:50813",
        "45.83.242.21:50813",
        "fra",
        "fra",
    ]


# --- the file -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("[host.here.tailscale]\nverson = '1'", "(did you mean version?)"),
        ("[host.here.tailscale]\nstate = 'Stoped'", "(did you mean Stopped?)"),
        ("[host.here.tailscale]\nport = 0", "tailscale.port is 0, but must be a whole number"),
        ("[host.here.tailscale]\nreaches = ['soft']", "reaches.0 is 'soft', but must be one of"),
        ("[host.here.tailscale.peer.x]\nrelay = 'nyc'", "tailscale.peer.x.addresses is missing."),
        (
            "[host.here.tailscale.peer.home-nas]\nrelay = 'fre'",
            "home-nas.relay is 'fre', and there is no such region (did you mean fra?)",
        ),
        (
            "[host.here.tailscale.peer.home-nas]\npath = [{ at_s = 3, path = 'direct' }]",
            "path has at_s [3.0], but must be stretches in order, the first one from 0 seconds on.",
        ),
        (
            "[host.here.tailscale.peer.home-nas]\npath = [{ path = 'straight' }]",
            "path.0.path is 'straight', but must be one of direct, peer-relay, derp",
        ),
        ("[after]\nport-maping = 'open'", "(did you mean port-mapping?)"),
        ("[after]\nport-mapping = 3", "after.port-mapping is 3, but must be a practice network's"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(more: str, words: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        parse(f"{HOME}{more}\n", "mine.toml")
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)
