"""`check --json`: valid, whole, and a report that can be read back."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from probes import events, recording
from probes.diagnosis.diagnose import diagnose
from probes.diagnosis.model import CauseId
from probes.model import CheckId, CheckStatus, Failed, Reason, Unknown
from probes.network.simulated import names
from probes.readings import KEYS, local, stun
from probes.report import Report, report_of
from probes.version import __version__
from tests.unit.cli.golden import run
from tests.unit.content.reports import EASY, HARD, report
from tui.explain import headline
from tui.json_view import NotAReport, report_from_json, report_to_json, to_text
from tui.masking import Masker
from tui.schemas import FILES, find, text
from tui.schemas.generate import made

DESIGN = (
    *("schema", "program", "taken_at", "elapsed_ms", "network", "readings", "netcheck"),
    *("nat", "nat6", "port_mapping", "forward", "local", "tailscale", "causes", "outlook"),
    *("remedies", "verdict", "headline", "disagreements"),
)


@cache
@cache
def validator(schema: str) -> Draft202012Validator:
    found = json.loads(text(schema))
    Draft202012Validator.check_schema(found)
    return Draft202012Validator(found)


def as_json(found: Report) -> Any:
    """As somebody reads it who knows nothing but JSON."""
    diagnosis = diagnose(found)
    return json.loads(to_text(report_to_json(found, diagnosis, headline(diagnosis, found))))


@pytest.mark.parametrize("name", FILES)
def test_a_published_schema_is_what_the_program_would_make(name: str) -> None:
    assert text(name) == made(name), "run: python -m tui.schemas.generate"


def test_a_schema_is_found_by_its_name_or_its_file() -> None:
    assert find("whyrelay/1") == find("whyrelay-1") == find("whyrelay-1.json") == "whyrelay/1"
    assert find("whyrelay-events-1") == "whyrelay-events/1"
    assert find("whyrelay") is None
    assert find("../../etc/passwd") is None


@pytest.mark.parametrize("name", names())
def test_every_output_is_valid_and_whole(name: str) -> None:
    value = as_json(report_of(run(name)))
    validator("whyrelay/1").validate(value)
    assert set(DESIGN) <= value.keys()
    assert value["program"] == {"name": "whyrelay", "version": __version__}
    assert value["complete"]
    assert value["readings"].keys() == KEYS.keys()


def _alike(line: str) -> str:
    """Lines that differ in figures alone, in an address or a time, are of one form."""
    return re.sub(r"[0-9]+(?:\.[0-9]+)*", "0", line)


def test_every_form_of_a_line_in_any_recording_is_valid() -> None:
    written = (recording.dump(run(name), "0").splitlines() for name in names())
    forms = {_alike(line): line for each in written for line in each}
    told: set[str] = set()
    for line in map(json.loads, forms.values()):
        assert list(validator("whyrelay-events/1").iter_errors(line)) == []
        told.add(line.get("event", "the first line"))
    assert told == {
        *("the first line", "run-started", "check-started", "progressed", "observed"),
        *("check-finished", "run-finished"),
    }


@pytest.mark.parametrize("name", names())
def test_a_report_is_read_back_without_loss(name: str) -> None:
    # Times are written with three digits; a recording's are the same.
    found = report_of(events.decode(events.encode(event)) for event in run(name))
    assert report_from_json(as_json(found)) == found


@pytest.mark.parametrize("name", names())
def test_a_masked_report_is_valid_and_concludes_the_same(name: str) -> None:
    found = report_of(run(name))
    shown = Masker().report(found)
    assert diagnose(shown) == diagnose(found)
    validator("whyrelay/1").validate(as_json(shown))


@pytest.mark.parametrize("length", range(0, 60, 3))
def test_a_report_that_still_grows_is_valid_too(length: int) -> None:
    found = report_of(run("hard-home")[:length])
    value = as_json(found)
    validator("whyrelay/1").validate(value)
    assert value["complete"] is found.closed


def test_a_check_that_did_not_run_says_so_and_is_read_back() -> None:
    found = report(
        {stun.VARIES6.id: Unknown(Reason.NO_ANSWER, "5 asked"), local.OS_IPV6.id: Failed("boom")},
        {CheckId.STUN: CheckStatus.TIMED_OUT, CheckId.RELAY_TCP: CheckStatus.FAILED},
    )
    value = as_json(found)
    readings = value["readings"]
    assert readings["stun.mapping_varies6"]["reason"] == "no-answer: 5 asked"
    assert readings["stun.udp"]["reason"] == "timed-out"
    assert readings["relay_tcp.reachable"] == {
        "state": "failed",
        "value": None,
        "source": None,
        "reason": "boom",
        "at": 0.0,
    }
    assert report_from_json(value) == found
    skipped = report(EASY, skipped=(CheckId.RELAY_TCP,))
    assert as_json(skipped)["readings"]["relay_tcp.icmp4"]["reason"] == "skipped"


def test_what_is_not_measured_is_never_a_no() -> None:
    value = as_json(report())
    assert value["verdict"] == "unknown"
    assert (
        value["nat"]["class"] == value["nat"]["mapping"] == value["nat"]["filtering"] == "unknown"
    )
    assert value["nat"]["port_preserved"] is None
    assert value["local"]["interfaces"] is None
    assert value["local"]["gateways"] is None
    assert value["port_mapping"]["upnp"]["present"] is None
    assert value["forward"]["open"] is None
    assert value["tailscale"] is None
    assert {each["result"] for each in value["outlook"].values()} == {"unknown"}


def test_a_hard_nat_in_json() -> None:
    value = as_json(report(HARD))
    assert value["verdict"] == "relayed"
    assert value["headline"].startswith("Mostly relayed")
    assert value["nat"]["class"] == "hard"
    assert value["causes"][0]["id"] == CauseId.HARD_NAT
    assert value["causes"][0]["because"]
    assert value["outlook"]["none"]["result"] == "direct"
    assert value["outlook"]["easy"]["result"] == "relayed"
    assert value["local"]["bound_to"] == "wlan0"
    assert value["local"]["gateways"] == [
        {"family": 4, "address": "192.168.1.1", "interface": "wlan0"}
    ]


def test_what_a_newer_version_added_is_left_out() -> None:
    value = as_json(report(HARD))
    value["readings"]["weather.rain"] = {"state": "known"}
    value["checks"]["weather"] = {"status": "done"}
    value["weather"] = "fine"
    assert diagnose(report_from_json(value)) == diagnose(report(HARD))


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda _: [], "names no schema"),
        (lambda _: None, "names no schema"),
        (lambda value: {**value, "schema": "whyrelay/2"}, "this program reads 'whyrelay/1'"),
        (lambda value: {**value, "readings": 5}, "not a whole report"),
        (lambda value: {**value, "network": None}, "not a whole report"),
        (lambda value: {**value, "elapsed_ms": "soon"}, "not a whole report"),
        (lambda value: {**value, "readings": {"stun.udp": {"state": "?"}}}, "not a whole report"),
        (lambda value: {"schema": value["schema"]}, "not a whole report"),
    ],
)
def test_what_is_no_report_is_refused_with_a_sentence(spoil: Any, sentence: str) -> None:
    with pytest.raises(NotAReport, match=sentence):
        report_from_json(spoil(as_json(report(EASY))))


def test_a_run_that_was_broken_off_stays_so() -> None:
    found = replace(report(EASY), cancelled=True)
    assert not as_json(found)["complete"]
    assert report_from_json(as_json(found)).cancelled
