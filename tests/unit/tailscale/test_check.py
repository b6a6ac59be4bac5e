"""The tailscale check: every state that a device can be in, and that nothing waits for the slow."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, replace

import pytest

from probes.checks.context import Context
from probes.checks.local import LocalCheck
from probes.checks.tailscale import TailscaleCheck
from probes.events import CheckFinished, Observed
from probes.model import CheckId, CheckStatus, Endpoint, Failed, Known, Reason, Unknown
from probes.options import Options
from probes.readings import stun, tailscale
from probes.readings.tailscale import Backend, EndpointKind, OwnSocket, PeerPath
from probes.report import Report
from probes.tailscale.netcheck_report import MOST_BYTES
from probes.tailscale.own_endpoints import kinds, own_port, socket_of
from tests.unit.scripted import Prints, Script, ScriptedNetwork, local_view, run_checks, scripted
from tests.unit.tailscale.recorded import recorded

STATUS = "tailscale status --json"
NETCHECK = "tailscale netcheck --format=json"


def _site(name: str, **changed: Prints) -> Script:
    site = {
        STATUS: Prints(recorded(f"{name}.status.json")),
        NETCHECK: Prints(recorded(f"{name}.netcheck1.json"), takes_s=0.251),
    }
    return scripted({**site, **changed})


def _status(prints: Prints, netcheck: Prints | None = None) -> Report:
    script = scripted({STATUS: prints, NETCHECK: netcheck or Prints("{}", "no", 1)})
    report, _ = run_checks(ScriptedNetwork(script), LocalCheck(), TailscaleCheck())
    assert report.checks[CheckId.TAILSCALE].status is CheckStatus.DONE
    return report


def test_a_device_behind_a_hard_nat_with_a_peer_relay() -> None:
    network = ScriptedNetwork(_site("hard_hard_peerrelay"))
    options = Options(peer="node2")
    report, _ = run_checks(network, LocalCheck(), TailscaleCheck(), options=options)
    assert report.value(tailscale.STATE) is Backend.RUNNING
    assert report.value(tailscale.VERSION) == "1.92.5-ERR-BuildInfo"
    assert report.value(tailscale.USERSPACE) is True
    assert report.value(tailscale.PORT) == 41641
    assert [each.kind for each in report.value(tailscale.SELF_ENDPOINTS) or ()] == [
        EndpointKind.PUBLIC_OTHER_PORT,
        EndpointKind.PUBLIC_OWN_PORT,
        EndpointKind.LOCAL,
    ]
    assert report.value(tailscale.OWN_SOCKET) is OwnSocket.TWO_PORTS
    assert report.value(tailscale.HOME_RELAY) == "r01"
    choice = report.value(tailscale.CHOSEN)
    assert choice is not None
    assert [(peer.name, peer.path) for peer in choice.found] == [("node2", PeerPath.PEER_RELAY)]
    netcheck = report.value(tailscale.NETCHECK)
    assert netcheck is not None
    assert netcheck.mapping_varies is True
    assert report.readings.keys() >= {key.id for key in tailscale.KEYS}


@pytest.mark.parametrize(
    ("name", "socket"),
    [
        ("easy_easy", OwnSocket.PORT_KEPT),
        ("hard_hard", OwnSocket.TWO_PORTS),
        ("easypf_hard", OwnSocket.PORT_KEPT),
    ],
)
def test_what_the_own_endpoints_say_about_the_recorded_sites(name: str, socket: OwnSocket) -> None:
    report, _ = run_checks(ScriptedNetwork(_site(name)), LocalCheck(), TailscaleCheck())
    assert report.value(tailscale.OWN_SOCKET) is socket


def test_without_tailscale_every_other_fact_does_not_apply() -> None:
    report, _ = run_checks(ScriptedNetwork(), LocalCheck(), TailscaleCheck())
    assert report.value(tailscale.STATE) is Backend.NOT_INSTALLED
    for key in tailscale.KEYS:
        if key is not tailscale.STATE:
            reading = report.readings[key.id]
            assert isinstance(reading, Unknown)
            assert reading.reason is Reason.NOT_APPLICABLE
    assert report.elapsed_ms < 200


def test_the_program_of_the_mac_app_is_asked_where_the_path_has_none() -> None:
    app = (
        "/usr/bin/env",
        "TAILSCALE_BE_CLI=1",
        "/Applications/Tailscale.app/Contents/MacOS/Tailscale",
    )

    def script(argv: tuple[str, ...], _times: int) -> Prints | None:
        if argv[:3] != app:
            return None
        answers = {
            "version": Prints("1.92.5"),
            "status": Prints(recorded("easy_easy.status.json")),
            "netcheck": Prints(recorded("easy_easy.netcheck1.json")),
        }
        return answers[argv[3]]

    network = ScriptedNetwork(script, view=local_view("darwin", "192.168.11.2/24"))
    report, _ = run_checks(network, LocalCheck(), TailscaleCheck())
    assert report.value(tailscale.PROGRAM) == app[2]
    assert report.value(tailscale.STATE) is Backend.RUNNING
    assert report.known(tailscale.NETCHECK)


def _logged_out(state: str) -> str:
    empty = {"Version": "1.92.5", "TUN": True, "BackendState": state, "Self": {}, "Peer": None}
    return json.dumps(empty)


@pytest.mark.parametrize(
    ("name", "state"),
    [("Stopped", Backend.STOPPED), ("NeedsLogin", Backend.NEEDS_LOGIN)],
)
def test_stopped_and_logged_out(name: str, state: Backend) -> None:
    report = _status(Prints(_logged_out(name)))
    assert report.value(tailscale.STATE) is state
    assert report.value(tailscale.PEERS) == ()
    reading = report[tailscale.OWN_SOCKET]
    assert isinstance(reading, Unknown)


def test_no_service_and_no_rights_are_states() -> None:
    gone = Prints("", "failed to connect to local tailscaled; it doesn't appear to be running", 1)
    report = _status(gone)
    assert report.value(tailscale.STATE) is Backend.NO_DAEMON
    assert isinstance(report[tailscale.PEERS], Unknown)
    report = _status(Prints("", "Access denied: status access denied", 1))
    assert report.value(tailscale.STATE) is Backend.NO_RIGHTS
    reading = report[tailscale.PEERS]
    assert isinstance(reading, Unknown)
    assert reading.reason is Reason.NO_RIGHTS


def test_a_service_that_hangs_is_no_state_and_delays_nothing_else() -> None:
    quick = Prints(recorded("easy_easy.netcheck1.json"), takes_s=0.25)
    script = scripted({STATUS: Prints("{}", takes_s=60), NETCHECK: quick})
    report, events = run_checks(ScriptedNetwork(script), LocalCheck(), TailscaleCheck())
    state = report[tailscale.STATE]
    assert isinstance(state, Unknown)
    assert state.reason is Reason.TIMED_OUT
    assert report.known(tailscale.NETCHECK)
    (at_ms,) = [
        event.at_ms
        for event in events
        if isinstance(event, Observed) and event.key == tailscale.NETCHECK.id
    ]
    assert at_ms < 300
    assert report.elapsed_ms < TailscaleCheck().budget_ms


@pytest.mark.parametrize(
    "stdout",
    ["garbage \x1b[31m", b"\xff\xfe\x00", "{" * 100_000, "[]", "null", '"text"', "x" * 70_000_000],
    ids=["text", "bytes", "nesting", "array", "null", "string", "megabytes"],
)
def test_garbage_is_a_fault_of_the_program_and_not_of_the_run(stdout: str | bytes) -> None:
    report = _status(Prints(stdout))
    state = report[tailscale.STATE]
    assert isinstance(state, Failed)
    assert state.error.isprintable()
    peers = report[tailscale.PEERS]
    assert isinstance(peers, Unknown)


def test_netcheck_is_told_the_moment_it_is_there_and_the_check_does_not_wait_for_ever() -> None:
    slow = Prints(recorded("easy_easy.netcheck1.json"), takes_s=6.2)
    status = Prints(recorded("easy_easy.status.json"))
    script = scripted({STATUS: status, NETCHECK: slow})
    report, _ = run_checks(ScriptedNetwork(script), LocalCheck(), TailscaleCheck())
    reading = report[tailscale.NETCHECK]
    assert isinstance(reading, Unknown)
    assert reading.reason is Reason.TIMED_OUT
    assert report.elapsed_ms < 3_000


@dataclass(frozen=True, slots=True)
class _SaysNoUdp:
    """Stands in for the stun check on a network without UDP."""

    then_waits_s: float
    id: CheckId = CheckId.STUN
    budget_ms: float = 20_000.0

    async def run(self, context: Context) -> None:
        await asyncio.sleep(1.4)
        context.known(stun.UDP, False, "test")
        await asyncio.sleep(self.then_waits_s)


def test_where_udp_is_blocked_it_does_not_wait_for_netchecks_own_silence() -> None:
    slow = Prints(recorded("easy_easy.netcheck1.json"), takes_s=3.2)
    script = scripted({STATUS: Prints(recorded("easy_easy.status.json")), NETCHECK: slow})
    network = ScriptedNetwork(script)
    report, events = run_checks(network, LocalCheck(), TailscaleCheck(), _SaysNoUdp(0.0))
    (ended,) = [
        event
        for event in events
        if isinstance(event, CheckFinished) and event.check is CheckId.TAILSCALE
    ]
    assert 1_400 <= ended.at_ms < 1_500
    # While anything else still runs, the late report enters after all.
    report, _ = run_checks(network, LocalCheck(), TailscaleCheck(), _SaysNoUdp(4.0))
    assert report.known(tailscale.NETCHECK)


def test_an_old_program_without_json_is_asked_for_text() -> None:
    script = scripted(
        {
            STATUS: Prints(recorded("easy_easy.status.json")),
            NETCHECK: Prints("", "flag provided but not defined: -format", 2),
            "tailscale netcheck": Prints(recorded("easy_easy.netcheck1.txt")),
        }
    )
    report, _ = run_checks(ScriptedNetwork(script), LocalCheck(), TailscaleCheck())
    reading = report[tailscale.NETCHECK]
    assert isinstance(reading, Known)
    assert reading.source == "tailscale netcheck"
    assert reading.value.regions[0].code == "r01"


@pytest.mark.parametrize(
    ("prints", "expected"),
    [
        (Prints("", "could not fetch DERP map", 1), Failed("could not fetch DERP map")),
        (
            Prints("", "", 1),
            Failed("tailscale netcheck ended with an error, and did not say which"),
        ),
        (
            Prints("x" * (MOST_BYTES + 1)),
            Failed("tailscale netcheck printed far more than any report has"),
        ),
        (Prints("what?"), Failed("This is no report of tailscale netcheck.")),
        (
            Prints("", "Access denied: debug", 1),
            Unknown(Reason.NO_RIGHTS, "Access denied: debug"),
        ),
    ],
    ids=["an-error", "no-words", "too-much", "no-report", "no-rights"],
)
def test_netcheck_that_fails(prints: Prints, expected: Failed | Unknown) -> None:
    status = Prints(recorded("easy_easy.status.json"))
    # An old version knows no --format, so one that refuses is asked once more without.
    script = scripted({STATUS: status, NETCHECK: prints, "tailscale netcheck": prints})
    report, _ = run_checks(ScriptedNetwork(script), LocalCheck(), TailscaleCheck())
    assert replace(report[tailscale.NETCHECK], at_ms=0.0) == replace(expected, at_ms=0.0)


def test_a_public_address_on_the_device_is_no_nat_of_the_daemons() -> None:
    status = json.loads(recorded("easy_easy.status.json"))
    status["Self"]["Addrs"] = ["198.51.100.101:41641"]
    script = scripted({STATUS: Prints(json.dumps(status)), NETCHECK: Prints("", "no", 1)})
    network = ScriptedNetwork(script, view=local_view("linux", "198.51.100.101/24"))
    report, _ = run_checks(network, LocalCheck(), TailscaleCheck())
    assert report.value(tailscale.OWN_SOCKET) is OwnSocket.ON_DEVICE
    assert report.value(tailscale.PORT) == 41641


def test_the_other_shapes_of_the_own_endpoints() -> None:
    def judged(*texts: str) -> OwnSocket | None:
        own = {face.ip for face in local_view().interfaces[0].addresses}
        endpoints = [Endpoint.parse(each) for each in texts]
        port = own_port(endpoints, own)
        return socket_of(kinds(endpoints, own, port), own, port)

    inside = "192.168.11.2:41641"
    assert judged(inside) is OwnSocket.NO_PUBLIC
    assert judged("203.0.113.7:5000", inside) is OwnSocket.PORT_CHANGED
    several = ("203.0.113.7:5000", "203.0.113.7:5001", "203.0.113.7:41641")
    assert judged(*several, inside) is OwnSocket.SEVERAL_PORTS
    assert judged("203.0.113.7:1", "203.0.113.8:1", inside) is OwnSocket.SEVERAL_ADDRESSES
    # A port that a router behind another router granted is no public endpoint.
    assert judged("10.0.0.7:41641", inside) is OwnSocket.NO_PUBLIC
    assert judged("203.0.113.7:5000") is None
    assert judged() is None


def test_the_readings_survive_the_ledger() -> None:
    report, events = run_checks(
        ScriptedNetwork(_site("hard_hard")),
        LocalCheck(),
        TailscaleCheck(),
        options=Options(peer="x"),
    )
    for event in events:
        if isinstance(event, Observed) and event.key.startswith("tailscale."):
            key = next(key for key in tailscale.KEYS if key.id == event.key)
            text = json.dumps(key.encode(event.reading))
            reading = event.reading
            rounded = replace(reading, at_ms=round(reading.at_ms, 3))
            assert key.decode(json.loads(text)) == rounded
    assert report.closed
