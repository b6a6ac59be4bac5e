"""What the tailscale check finds out of the chosen peer: its pings, and what it tells others."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from probes.checks.local import LocalCheck
from probes.checks.tailscale import TailscaleCheck
from probes.model import CheckId, CheckStatus, Endpoint, Failed, Reason, Unknown
from probes.options import Options
from probes.readings import tailscale
from probes.readings.tailscale import PeerPath, PeerPing, PeerTold
from probes.report import Report
from probes.tailscale.loose import Unreadable
from probes.tailscale.netmap import parse_peer_told
from probes.tailscale.status import parse_status
from tests.unit.scripted import Prints, ScriptedNetwork, run_checks
from tests.unit.tailscale.recorded import recorded

STATUS = ("tailscale", "status", "--json")
NETCHECK = ("tailscale", "netcheck", "--format=json")
NETMAP = ("tailscale", "debug", "netmap")
(NODE2,) = parse_status(recorded("easy_hard.status.json")).peers
TOLD = ["203.0.113.40:6005", "203.0.113.40:41641", "192.168.12.2:41641"]
MAP = {
    "Peers": [
        {"Name": "other.tail-net.example.", "Endpoints": ["203.0.113.9:1"]},
        {
            "Name": f"{NODE2.dns_name}.",
            "Addresses": [f"{NODE2.addresses[0]}/32"],
            "Endpoints": [*TOLD, "x"],
            "Hostinfo": {"NetInfo": {"MappingVariesByDestIP": True, "WorkingUDP": True}},
        },
    ]
}
Nth = Callable[[int], Prints]
DERP = "pong from node2 (100.64.0.2) via DERP(r02) in 35ms\n"
DIRECT = "pong from node2 (100.64.0.2) via 198.51.100.102:41641 in 12ms\n"
REFUSED = Prints("", "Access denied: debug access denied", 1)


def measured(ping: Nth, netmap: Prints = REFUSED, peer: str = "node2") -> Report:
    """A run for one peer, whose nth ping ends so."""

    def script(argv: tuple[str, ...], times: int) -> Prints | None:
        if argv == STATUS:
            return Prints(recorded("easy_hard.status.json"))
        if argv == NETCHECK:
            return Prints(recorded("easy_hard.netcheck1.json"), takes_s=0.251)
        if argv == NETMAP:
            return netmap
        return ping(times) if argv[:2] == ("tailscale", "ping") else Prints("", "what?", 1)

    check = TailscaleCheck(watches_peer=True)
    network = ScriptedNetwork(script)
    report, _ = run_checks(network, LocalCheck(), check, options=Options(peer=peer))
    assert report.checks[CheckId.TAILSCALE].status is CheckStatus.DONE
    assert report.elapsed_ms < check.budget_ms
    return report


def pings(report: Report) -> PeerPing:
    (row,) = report.value(tailscale.PINGS) or ()
    return row


def test_a_peer_that_turns_direct_is_watched_until_it_does() -> None:
    report = measured(lambda nth: Prints(DERP if nth < 4 else DIRECT, takes_s=0.1))
    row = pings(report)
    assert (row.path, row.via, row.relayed_first) == (PeerPath.DIRECT, "198.51.100.102:41641", 3)
    assert row.after_ms is not None
    assert 3_000 <= row.after_ms <= 3_500
    assert report.elapsed_ms < 4_000, "a direct answer ends it"


def test_a_peer_that_stays_relayed_is_called_so_after_ten_seconds() -> None:
    row = pings(measured(lambda _: Prints(DERP, takes_s=0.1)))
    assert (row.path, row.via) == (PeerPath.DERP, "r02")
    assert row.after_ms is not None
    assert row.after_ms >= 10_000


@pytest.mark.parametrize(
    ("ping", "reason"),
    [
        (Prints('ping "100.64.0.2" timed out\n', takes_s=0.1), Reason.NO_ANSWER),
        (Prints("", "peer's node key has expired", 1), Reason.NO_ANSWER),
        (Prints("100.64.0.2 is local Tailscale IP\n"), Reason.NO_ANSWER),
    ],
)
def test_pings_that_tell_nothing_are_unknown(ping: Prints, reason: Reason) -> None:
    reading = measured(lambda _: ping)[tailscale.PINGS]
    assert isinstance(reading, Unknown)
    assert reading.reason is reason
    assert reading.detail


def test_a_name_that_fits_no_peer_is_not_pinged() -> None:
    report = measured(lambda _: Prints(DERP), peer="nobody")
    reading = report[tailscale.PINGS]
    assert isinstance(reading, Unknown)
    assert reading.reason is Reason.NOT_APPLICABLE
    assert report.elapsed_ms < 1_000


def test_without_a_peer_nothing_is_pinged_and_the_netmap_is_left_alone() -> None:
    network = ScriptedNetwork(lambda argv, _: Prints(recorded("easy_hard.status.json")))
    report, _ = run_checks(network, LocalCheck(), TailscaleCheck())
    assert all(argv[1] not in ("ping", "debug") for argv in network.ran)
    assert isinstance(report[tailscale.PINGS], Unknown)
    assert isinstance(report[tailscale.PEER_TOLD], Unknown)


# --- what it tells others -------------------------------------------------------------------------


def test_what_the_peer_tells_others_is_read_where_this_user_may() -> None:
    report = measured(lambda _: Prints(DIRECT), Prints(json.dumps(MAP)))
    assert report.value(tailscale.PEER_TOLD) == PeerTold(
        "node2",
        tuple(map(Endpoint.parse, TOLD)),
        mapping_varies=True,
        udp=True,
        port_mapping=None,
    )


@pytest.mark.parametrize(
    ("prints", "reason"),
    [
        (REFUSED, Reason.NO_RIGHTS),
        (Prints("", "unknown subcommand", 1), Reason.NO_ANSWER),
        (Prints("garbage"), Reason.NO_ANSWER),
        (Prints('{"Peers": null}'), Reason.NO_ANSWER),
        (Prints("{}", takes_s=60), Reason.NO_ANSWER),
    ],
)
def test_where_it_may_not_be_read_that_is_the_answer(prints: Prints, reason: Reason) -> None:
    reading = measured(lambda _: Prints(DIRECT), prints)[tailscale.PEER_TOLD]
    assert isinstance(reading, Unknown)
    assert reading.reason is reason


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{" * 100_000, '{"Peers": [1, null, {"Name": 3}]}', '{"Peers": {"Name": "x"}}'],
)
def test_a_strange_netmap_is_one_sentence(text: str) -> None:
    with pytest.raises(Unreadable, match=r"\.$"):
        parse_peer_told(text, NODE2)


def test_a_peer_without_a_name_is_found_by_its_address() -> None:
    nameless = replace(NODE2, dns_name="")
    assert parse_peer_told(json.dumps(MAP), nameless).mapping_varies is True


def test_a_hostile_netmap_is_bounded() -> None:
    many = {"Name": f"{NODE2.dns_name}.", "Endpoints": ["203.0.113.9:1"] * 100_000}
    assert len(parse_peer_told(json.dumps({"Peers": [many]}), NODE2).endpoints) <= 64


def test_a_fault_in_between_is_told_as_one() -> None:
    def broken(_nth: int) -> Prints:
        raise ValueError("broken")

    assert isinstance(measured(broken)[tailscale.PINGS], Failed)
