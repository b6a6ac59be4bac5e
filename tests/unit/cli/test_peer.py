"""`whyrelay check --peer`: the verdict, the status and the JSON are then of that pair."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from probes import recording
from probes.readings import tailscale
from probes.readings.tailscale import PeerPath
from probes.report import Report, events_of
from tests.unit.cli.test_json import as_json, validator
from tests.unit.diagnosis.device_cases import eased
from tests.unit.diagnosis.peer_cases import (
    NAS,
    OTHERS_DIRECT,
    RELAYED,
    STAYS,
    TURNS,
    nas,
    report_for,
)
from tui.cli import main
from tui.exits import Exit
from tui.which_peer import which_peer

LIST = report_for(RELAYED, OTHERS_DIRECT)


def replayed(tmp_path: Path, report: Report) -> str:
    path = tmp_path / "run.events"
    path.write_text(recording.dump(tuple(events_of(report)), "0"), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("report", "peer", "status", "result"),
    [
        (report_for(RELAYED, more=(STAYS,)), "", Exit.RELAYED, "relayed"),
        (report_for(RELAYED, more=(TURNS,)), "", Exit.DIRECT, "direct"),
        (LIST, "laptop", Exit.DIRECT, "direct"),
        (LIST, "nas", Exit.RELAYED, "possible"),
        (report_for(nas(PeerPath.IDLE)), "", Exit.UNKNOWN, "unknown"),
    ],
)
def test_the_status_is_that_of_the_pair(
    report: Report,
    peer: str,
    status: Exit,
    result: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = ["--peer", peer] if peer else []
    argv = ["check", "--json", "--replay", replayed(tmp_path, report), *given, "--no-save"]
    assert main(argv) == status
    value = json.loads(capsys.readouterr().out)
    validator("whyrelay/1").validate(value)
    assert value["peer"]["result"] == result
    assert value["peer"]["name"] in value["headline"]
    # The shape of pair --json, and with the same meaning: this side is a.
    assert {"mechanism", "because", "confidence", "flip", "remedies"} <= value["peer"].keys()


def test_without_a_peer_there_is_none_in_the_json() -> None:
    assert as_json(eased())["peer"] is None


def test_the_text_has_a_section_on_the_pair(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = replayed(tmp_path, report_for(RELAYED, more=(STAYS,)))
    main(["check", "--replay", path, "--no-save"])
    text = " ".join(capsys.readouterr().out.split())
    assert "With nas Its path now: relayed via fra. What to expect: relayed:" in text
    assert "Known of the other side, as a hint: ten seconds brought no direct answer." in text


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("laptob", "The tailnet has no device 'laptob'. Did you mean laptop?"),
        (
            "zzz\x1b[2J",
            r"The tailnet has no device 'zzz\\x1b[2J'. tailscale status lists",
        ),
    ],
)
def test_a_name_that_fits_no_device_is_wrong_usage(
    asked: str, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["check", "--replay", replayed(tmp_path, LIST), "--peer", asked, "--no-save"]
    assert main(argv) == Exit.USAGE
    shown = capsys.readouterr()
    assert shown.out == ""
    assert sentence in shown.err
    assert "\x1b" not in shown.err


def test_a_name_that_several_devices_have_is_asked_for_again() -> None:
    both = (NAS, replace(NAS, dns_name="nas-1.x"))
    said = which_peer(eased((tailscale.PEERS, both)), "nas")
    assert said == (
        "Several devices of the tailnet are called 'nas': nas.tail-net.example and nas-1.x. "
        "Name one."
    )


def test_where_nobody_could_be_asked_it_is_told_apart_from_a_wrong_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["check", "--replay", replayed(tmp_path, eased()), "--peer", "nas", "--no-save"]
    assert main(argv) == Exit.UNKNOWN
    text = " ".join(capsys.readouterr().out.split())
    assert "Could not tell for nas: no such peer is known here." in text
    assert "tailscale.peers" in text


def test_pair_takes_no_peer(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pair", "-", "x", "--peer", "nas"]) == Exit.USAGE
    assert "--peer has no meaning here" in capsys.readouterr().err


def simulated(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str]:
    """A run on a practice network: its status, and what it said as one line."""
    status = main(["check", "--plain", "--no-save", *argv])
    said = capsys.readouterr()
    return status, " ".join(f"{said.out} {said.err}".split())


@pytest.mark.parametrize(
    ("network", "peer", "status", "says", "nowhere"),
    [
        (
            *("tailscale-signed-out", "home-nas", Exit.USAGE),
            "Tailscale is not connected here: wants you to log in.",
            "has no device",
        ),
        (
            *("easy-home", "old-laptop", Exit.UNKNOWN),
            "Switch it on, see that its Tailscale is connected",
            "Too little is known",
        ),
        (
            *("hard-home", "old-laptop", Exit.UNKNOWN),
            "What to do first: switch that device on, and test again.",
            "What to do first: turn on",
        ),
    ],
    ids=["signed out here", "offline there", "offline behind a hard NAT"],
)
def test_why_nothing_is_known_of_a_device_is_said(
    capsys: pytest.CaptureFixture[str],
    network: str,
    peer: str,
    status: Exit,
    says: str,
    nowhere: str,
) -> None:
    ended, said = simulated(capsys, "--simulate", network, "--peer", peer)
    assert ended == status
    assert says in said
    assert nowhere not in said


def test_a_tailscale_that_is_not_connected_comes_first(capsys: pytest.CaptureFixture[str]) -> None:
    status, said = simulated(capsys, "--simulate", "tailscale-signed-out")
    assert status == Exit.DIRECT, "the network itself is fine, and that is what the status is of"
    assert "Verdict Tailscale is not connected (wants you to log in)." in said
    assert "Keeps everything from connecting: Tailscale is not connected." in said
    assert "What to do first: connect Tailscale on this device." in said
    assert "Nothing on this side stands in the way" not in said


def test_a_relayed_device_is_pointed_at_where_nothing_here_is_in_the_way(
    capsys: pytest.CaptureFixture[str],
) -> None:
    hint = "All the same, on a relay right now: home-nas."
    assert hint in simulated(capsys, "--simulate", "easy-home")[1]
    assert hint not in simulated(capsys, "--simulate", "easy-home", "--peer", "home-nas")[1]
    assert "on a relay right now" not in simulated(capsys, "--simulate", "full-cone")[1]


@pytest.mark.parametrize("name", ["small-packets", "public-firewall"])
def test_a_relayed_device_is_pointed_at_beside_what_limits_a_direct_connection(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _, said = simulated(capsys, "--simulate", name)
    verdict = said.partition("What to do Begin")[0]
    assert "On a relay right now: home-nas." in verdict
    assert "In the way:" in said or "Matters with some peers:" in said


def test_ipv6_alone_is_no_riddle(capsys: pytest.CaptureFixture[str]) -> None:
    status, said = simulated(capsys, "--simulate", "ipv6-only")
    assert status == Exit.UNKNOWN
    assert "If it is not, it needs IPv6 at its own end" in said
    assert "may be direct: only through a translator" in said
    assert "Too little is known to say what would help" not in said


@pytest.mark.parametrize("recorded", [False, True], ids=["measured", "recorded for nobody"])
def test_under_a_mask_a_device_is_found_by_its_own_name(
    recorded: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--simulate", "hard-home"]
    if recorded:
        path = tmp_path / "run.events"
        main(["check", "--plain", *where, "--record", str(path)])
        capsys.readouterr()
        where = ["--replay", str(path)]
    status, said = simulated(capsys, *where, "--redact", "--peer", "home-nas")
    assert status == Exit.RELAYED
    with_a_mask = "It depends with device-" if recorded else "Relayed to device-"
    assert with_a_mask in said
    assert "home-nas" not in said
    if not recorded:
        assert "both sides have a hard NAT" in said, "what the device tells is known as its own"
    status, said = simulated(capsys, *where, "--redact", "--peer", "home-nax")
    assert status == Exit.USAGE
    assert said.endswith("The tailnet has no device 'home-nax'. tailscale status lists them all.")
