"""`whyrelay pair`: two inputs, one prediction."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from probes.diagnosis.model import Mechanism, Result
from probes.readings import KEYS
from tests.engine.test_scenarios import conclude
from tests.unit.cli.test_json import as_json, validator
from tests.unit.diagnosis.sites import SITES, site
from tui.cli import main
from tui.exits import Exit
from tui.pair_view import Given, exit_of, pair_of, pair_to_json, pair_to_text

OUTPUTS = Path(__file__).parents[1] / "tailscale" / "outputs"
HARD = str(OUTPUTS / "hard_hard.netcheck1.txt")


@pytest.fixture
def easy(tmp_path: Path) -> str:
    """netcheck behind another router than the recorded ones."""
    text = (OUTPUTS / "easy_easy.netcheck1.json").read_text("utf-8")
    path = tmp_path / "easy.json"
    path.write_text(text.replace("198.51.100.101", "203.0.113.9"))
    return str(path)


def saved(tmp_path: Path, name: str, number: int) -> str:
    path = tmp_path / f"{name}-{number}.json"
    path.write_text(json.dumps(as_json(site(name, number))))
    return str(path)


def asked(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, Any]:
    status = main(["pair", "--json", *argv])
    value = json.loads(capsys.readouterr().out)
    validator("whyrelay-pair/1").validate(value)
    return status, value


@pytest.mark.parametrize(
    ("ours", "theirs", "result", "status"),
    [
        ("eim-apdf", "eim-apdf", "direct", Exit.DIRECT),
        ("hard", "eim-apdf", "relayed", Exit.RELAYED),
        ("eim-apdf-wanopen", "eim-apdf", "possible", Exit.RELAYED),
        ("hard+v6", "hard+v6", "direct", Exit.DIRECT),
    ],
)
def test_two_saved_reports(
    ours: str,
    theirs: str,
    result: str,
    status: Exit,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = (saved(tmp_path, ours, 1), saved(tmp_path, theirs, 2))
    ended, value = asked(capsys, *given)
    assert (ended, value["result"]) == (status, result)
    assert value["a"]["name"] == f"{ours}-1.json"
    assert set(value["because"]["a"] + value["because"]["b"]) <= KEYS.keys()
    main(["pair", *given])
    text = " ".join(capsys.readouterr().out.split())
    assert value["headline"] in text
    assert "direct already" not in text, "it is foretold, not seen"
    assert ("expected to be direct as it stands" in text) == (result == "direct")


def test_what_netcheck_cannot_see_is_said_to_decide(
    easy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, value = asked(capsys, HARD, easy)
    assert (status, value["result"]) == (Exit.RELAYED, Result.POSSIBLE)
    assert value["mechanism"] == Mechanism.PEER_FILTER_DECIDES
    assert "behavior.filtering4" in value["b"]["missing"]
    assert value["flip"] == {"remedy": "port-mapping", "side": "this"}
    assert value["remedies"][-1]["id"] == "peer-relay"


def test_one_public_address_is_one_network(capsys: pytest.CaptureFixture[str]) -> None:
    status, value = asked(capsys, HARD, str(OUTPUTS / "easy_easy.netcheck1.txt"))
    assert (status, value["mechanism"]) == (Exit.RELAYED, Mechanism.LAN_DECIDES)


def test_this_side_is_measured_now(easy: str, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["--simulate", "hard-home", "--no-save"]
    status, value = asked(capsys, *argv, "-", easy)
    assert value["a"]["measured"] == "simulated:hard-home"
    assert value["a"]["nat"]["class"] == "hard"
    assert status == Exit.RELAYED
    _, other = asked(capsys, *argv, easy, "-")
    assert other["b"]["measured"] == "simulated:hard-home"
    assert other["result"] == value["result"]


def test_redacted_sides_conclude_the_same(easy: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, value = asked(capsys, HARD, easy)
    _, masked = asked(capsys, "--redact", HARD, easy)
    assert masked["result"] == value["result"]
    assert "198.51.100.101" not in json.dumps(masked)
    same = str(OUTPUTS / "hard_hard.netcheck1.json")
    _, masked = asked(capsys, "--redact", HARD, same)
    assert masked["mechanism"] == Mechanism.LAN_DECIDES, "equal addresses stay equal"


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (("-", "-"), "One side can be this network; the other has to be a file."),
        (("no/such/file", HARD), "There is no file 'no/such/file'."),
        ((HARD, str(OUTPUTS / "derp-map.json")), "It holds no output of tailscale"),
        ((HARD,), "the following arguments are required: B"),
        (("--record", "x", HARD, HARD), "--record has no meaning where nothing is measured."),
    ],
)
def test_wrong_usage_is_one_sentence(
    argv: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["pair", *argv]) == Exit.USAGE
    shown = capsys.readouterr()
    assert shown.out == ""
    assert sentence in shown.err


@pytest.mark.parametrize("ours", SITES)
def test_every_pair_of_sites_is_valid_and_has_words(ours: str) -> None:
    for theirs in SITES:
        pair = pair_of(Given("a", site(ours, 1)), Given("b", site(theirs, 2)))
        value = pair_to_json(pair)
        validator("whyrelay-pair/1").validate(json.loads(json.dumps(value)))
        text = pair_to_text(pair)
        assert "{" not in text
        assert "[[" not in text
        flips = [each for each in value["remedies"] if each["result"] == "direct"]
        assert (value["flip"] is not None) == bool(flips)
        assert exit_of(pair.prediction.result) in (Exit.DIRECT, Exit.RELAYED)


@pytest.mark.parametrize(
    ("other", "mechanism"),
    [("hard-home", Mechanism.MOVING_PORT), ("easy-home", Mechanism.SAME_LAN)],
)
def test_two_practice_networks_are_two_homes_for_all_their_equal_addresses(
    other: str, mechanism: Mechanism
) -> None:
    one, two = (Given(name, conclude(name)[0]) for name in ("easy-home", other))
    assert pair_of(one, two).prediction.mechanism is mechanism
