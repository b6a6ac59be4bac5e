"""`whyrelay explain`: what was measured elsewhere, in words and as JSON."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path

import pytest

from probes.readings import KEYS
from tests.unit.cli.golden import kept_report, plain
from tests.unit.cli.test_json import as_json, validator
from tests.unit.tailscale.recorded import recorded
from tui.cli import main
from tui.exits import Exit

OUTPUTS = Path(__file__).parents[1] / "tailscale" / "outputs"
ENDINGS = ("netcheck1.json", "netcheck1.txt", "status.json", "status.txt", "ping.txt")
RECORDED = [path for ending in ENDINGS for path in sorted(OUTPUTS.glob(f"*.{ending}"))]


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.name)
def test_every_recorded_output_makes_valid_json(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["explain", "--json", str(path)])
    value = json.loads(capsys.readouterr().out)
    validator("whyrelay/1").validate(value)
    assert value["measured_elsewhere"] is True
    assert value["network"]["measured"] == "elsewhere"
    expected = {"direct": Exit.DIRECT, "relayed": Exit.RELAYED, "unknown": Exit.UNKNOWN}
    assert status == expected[value["verdict"]]


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.name)
def test_the_text_counts_nothing_that_nobody_here_has_seen(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["explain", str(path)])
    text = " ".join(capsys.readouterr().out.split())
    assert "Measured elsewhere" in text
    for wrong in ("0 of 0", "0 servers", "0 relays", "0 different", "left out", "{", "practice"):
        assert wrong not in text, wrong


@pytest.mark.parametrize(
    ("ending", "none"), [("json", True), ("txt", False)], ids=["says it", "says no answer"]
)
def test_ipv6_is_missing_in_its_line_where_it_is_missing_as_a_cause(
    ending: str, none: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["explain", str(OUTPUTS / f"easy_hard.netcheck1.{ending}")])
    text = " ".join(capsys.readouterr().out.split())
    assert ("Cause 1: Network without IPv6." in text) is none
    assert ("this network gave it no address that leads to the internet. For you" in text) is none
    assert ("may have no IPv6, or stop it" in text) is not none


@pytest.mark.parametrize(
    ("ports", "verdict", "told"),
    [
        ((41641,), "Direct connections are likely: Tailscale tells its peers", "one endpoint"),
        ((10233, 50111, 33017), "Mostly relayed", "several ports"),
    ],
)
def test_what_tailscale_tells_its_peers_carries_the_verdict_and_the_fields_alike(
    ports: tuple[int, ...],
    verdict: str,
    told: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    status = json.loads((OUTPUTS / "easy_easy.status.json").read_bytes())
    public = [f"198.51.100.101:{port}" for port in ports]
    status["Self"]["Addrs"] = [*public, "192.168.11.2:41641"]
    kept = tmp_path / "status.json"
    kept.write_text(json.dumps(status))
    main(["explain", str(kept)])
    text = " ".join(capsys.readouterr().out.split())
    assert verdict in text
    assert "UDP: not said. Not said; Tailscale had answers over it." in text
    assert f"MappingVariesByDestIP: not said. Not said; Tailscale tells {told}." in text
    assert "nobody can say whether the NAT is easy or hard" not in text


def test_a_ping_alone_does_not_clear_this_side(capsys: pytest.CaptureFixture[str]) -> None:
    main(["explain", str(OUTPUTS / "hard_hard.ping.txt")])
    text = " ".join(capsys.readouterr().out.split())
    assert "Relayed to node2" in text
    assert "Nothing on this side stands in the way" not in text
    assert "Too little is known to say what would help" in text


@pytest.mark.parametrize("pair", ["easy_easy", "hard_hard"])
def test_netcheck_s_json_comes_out_as_it_went_in(
    pair: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = OUTPUTS / f"{pair}.netcheck1.json"
    given = json.loads(path.read_text("utf-8"))
    main(["explain", "--json", str(path)])
    shown = json.loads(capsys.readouterr().out)["netcheck"]
    assert list(shown) == list(given)
    for key, value in given.items():
        if key != "Now":  # nanoseconds there, milliseconds here
            assert shown[key] == value, key


@pytest.mark.parametrize(
    ("pair", "verdict", "status"),
    [("easy_easy", "direct", Exit.DIRECT), ("hard_hard", "relayed", Exit.RELAYED)],
)
def test_standard_input_is_read(
    pair: str,
    verdict: str,
    status: Exit,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = (OUTPUTS / f"{pair}.netcheck1.txt").read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert main(["explain", "-", "--json"]) == status
    shown = capsys.readouterr()
    assert json.loads(shown.out)["verdict"] == verdict
    assert shown.err == "whyrelay: Read from standard input: tailscale netcheck.\n"


def test_lines_that_were_not_understood_are_named_by_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (OUTPUTS / "easy_easy.netcheck1.txt").read_text("utf-8")
    path = tmp_path / "post.txt"
    path.write_text(f"Hello, see below\n{text}\nthanks\n")
    main(["explain", str(path)])
    said = capsys.readouterr().err
    assert f"Lines 1, {text.count(chr(10)) + 3} were not understood" in said
    assert "Hello, see below" in said
    main(["explain", "--redact", str(path)])
    assert "Hello" not in capsys.readouterr().err


def test_a_report_and_a_recording_of_this_program_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = kept_report("hard-home")
    path = tmp_path / "report.json"
    path.write_text(json.dumps(as_json(report)))
    assert main(["explain", str(path)]) == Exit.RELAYED
    assert capsys.readouterr().out == plain(report)
    main(["explain", "--json", str(path)])
    value = json.loads(capsys.readouterr().out)
    assert value["measured_elsewhere"] is True
    assert value["readings"].keys() == KEYS.keys()
    recording = Path(__file__).parent / "golden" / "hard-home.events"
    assert main(["explain", str(recording)]) == Exit.RELAYED
    assert capsys.readouterr().out == plain(report)


@pytest.mark.parametrize("name", ["easy_easy.status.txt", "easy_easy.netcheck1.txt"])
def test_what_the_source_does_not_say_is_said_in_one_sentence(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "theirs.txt"
    file.write_text(recorded(name), "utf-8")
    main(["explain", str(file)])
    text = " ".join(capsys.readouterr().out.split())
    assert re.search(r"Open: [a-z0-9_.]+: theirs\.txt does not say\. ", text)
    assert "does not say: theirs.txt" not in text
    assert "(theirs.txt does not say)" not in text


def test_a_sign_in_page_that_netcheck_saw_is_no_dead_network(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = (
        "Report:\n\t* UDP: false\n\t* IPv4: (no addr found)\n\t* IPv6: no, unavailable in OS\n"
        "\t* MappingVariesByDestIP: \n\t* PortMapping: not checked\n\t* CaptivePortal: true\n"
        "\t* Nearest DERP: unknown (no response to latency probes)\n"
    )
    (tmp_path / "said.txt").write_text(said)
    assert main(["explain", str(tmp_path / "said.txt"), "--json"]) == 3
    found = json.loads(capsys.readouterr().out)
    assert [each["id"] for each in found["causes"]] == ["captive-portal"]
    assert found["headline"].startswith("Sign in first")


def test_redacted_text_names_no_address(capsys: pytest.CaptureFixture[str]) -> None:
    main(["explain", "--redact", str(OUTPUTS / "hard_hard.status.json")])
    shown = capsys.readouterr()
    assert "198.51.100" not in shown.out + shown.err
    assert "node2" not in shown.out + shown.err


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "It is empty."),
        (bytes(range(256)) * 100, "It is not text."),
        (b"good day", "It holds no output of tailscale netcheck, status or ping"),
        (b'{"schema": "whyrelay/1"}', "It is not a whole report"),
        (b'{"schema": "whyrelay/9"}', "It is of schema 'whyrelay/9'"),
        (b'{"schema": "whyrelay/1", "taken_at": NaN}', "It holds a number that is none."),
        (b"\x1b]0;title\x07\x1b[2Jgood day", "It holds no output"),
    ],
)
def test_what_cannot_be_explained_is_one_sentence(
    data: bytes, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "input"
    path.write_bytes(data)
    assert main(["explain", str(path)]) == Exit.USAGE
    shown = capsys.readouterr()
    assert shown.out == ""
    assert sentence in shown.err
    assert shown.err.count("\n") == 1
    assert "\x1b" not in shown.err


@pytest.mark.parametrize("path", ["no/such/file", ".", "/dev/zero"])
def test_what_cannot_be_read_is_one_sentence(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    """/dev/zero never ends; so much of it is read and no more."""
    if path.startswith("/dev") and not Path(path).exists():
        pytest.skip("this system has no /dev/zero")
    assert main(["explain", path]) == Exit.USAGE
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("name", ["hard_hard.status.txt", "hard_hard.ping.txt"])
def test_who_gave_no_netcheck_is_asked_for_one(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["explain", str(OUTPUTS / name)])
    verdict = " ".join(capsys.readouterr().out.split()).partition(" 2. ")[0]
    assert "Run `tailscale netcheck` on that device, and give whyrelay what it prints" in verdict
    assert "Test again" not in verdict
    assert "different public IPv4 endpoints" not in verdict
