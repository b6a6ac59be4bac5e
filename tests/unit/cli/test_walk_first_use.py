"""The walk as text for somebody who hears it for the first time: what comes first, and where
each thing is offered."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from probes.diagnosis.model import Verdict
from probes.readings.tailscale import PeerPath
from tests.unit.cli.walking import TO_FIX, TO_PROVE, Asked, Person, Practising, walked
from tests.unit.tailscale.recorded import recorded
from tui.cli import main
from tui.fixing.keeper import Keeper
from tui.settings import Settings
from tui.state import Measurement
from tui.walking.talk import Left
from tui.walking.walk import Walk, begin, follow


def joined(text: str) -> str:
    """Without its line breaks."""
    return " ".join(text.split())


# --- the answer first -----------------------------------------------------------------------------


def test_the_answer_and_the_first_thing_to_do_come_before_the_checks() -> None:
    person, walk, _ = walked("1", "n", here="hard-home")
    measured, _, understood = person.text.partition("Step 3 of 5")
    first = "What to do first: turn on UPnP or NAT-PMP in the router."
    for text, after in ((measured, "What was found:"), (understood, "The way:")):
        places = [joined(text).index(part) for part in ("Mostly relayed", first, after)]
        assert places == sorted(places)
    assert walk.measurement.diagnosis.verdict is Verdict.RELAYED


def test_who_comes_back_to_measure_hears_where_they_are() -> None:
    person, _, asked = walked("1", "n", "b", "b", "n", here="easy-home")
    assert person.text.count("Step 2 of 5: Measure. this network") == 3
    assert person.text.count("Direct connections are to be expected") == 4
    assert len(asked.options) == 1, "nothing is measured twice"


def test_commands_in_what_to_do_have_the_margin_of_commands() -> None:
    person, _, _ = walked("1", "n", "1", here="hard-home")
    assert "\n    sudo tailscale debug restun\n" in person.text.rpartition("«1»")[2]


@pytest.mark.parametrize("name", ["port-taken", "forced-relay"])
def test_what_can_cut_off_is_said_before_the_command(name: str) -> None:
    person, _, _ = walked("1", "n", "n", "1", here=name)
    told = person.text.rpartition("Step 4 of 5")[2]
    command = re.search(r"^    sudo .*systemctl restart", told, re.MULTILINE)
    assert command is not None
    before = joined(told[: command.start()])
    assert "This can cut a connection" in before
    assert before.endswith("Run from here, it is taken back by itself unless you keep it.")


def test_nothing_is_promised_to_be_taken_back_that_cannot_be_run() -> None:
    person, _, _ = walked("1", "n", "n", "s", "windows", "1", here="port-taken")
    told = person.text.rpartition("«1»")[2]
    assert "This can cut a connection" in told
    assert "Run from here" not in told


# --- the trial ------------------------------------------------------------------------------------


def test_consent_is_asked_once_and_plainly() -> None:
    answers = ("m", "maybe", "no", "m", "yes", "r", "m")
    person, walk, asked = walked("1", *answers, here="hard-home-upnp")
    assert [each.map_test for each in asked.options] == [False, True, True]
    assert person.text.count("May the router be tried?") == 3
    assert person.text.count("Nothing was tried, and nothing was changed.") == 1
    assert walk.settings.options.map_test
    assert "That is none of the answers. " in person.text.rpartition("«m»")[2], "it was tried"


@pytest.mark.parametrize("name", ["offline", "hard-home", "captive-portal"])
def test_no_trial_is_offered_where_no_router_offers_ports(name: str) -> None:
    person, _, _ = walked("1", "n", "n", "n", here=name)
    assert "Step 5 of 5" in person.text
    assert "m. Try the router" not in person.text


@pytest.mark.parametrize("where", [("n", "n"), ("n", "n", "n")], ids=["fix", "prove"])
def test_a_trial_that_would_decide_is_offered_where_its_answer_is_missed(
    where: tuple[str, ...],
) -> None:
    person, walk, asked = walked("1", *where, "m", "no", "m", "yes", here="hard-home-pcp")
    assert [each.map_test for each in asked.options] == [False, True]
    assert walk.measurement.diagnosis.verdict is Verdict.DIRECT
    told = joined(person.text.rpartition("«yes»")[2])
    assert "the router opens a port to peers" in told
    assert "m. Try the router" not in told, "there is nothing more to decide"
    assert ("Result: direct now." in told) is (len(where) == 3)
    assert "and were not before" not in told, "nobody knew, and nothing was changed"


def test_what_a_trial_would_tell_comes_before_another_change() -> None:
    person, _, _ = walked(*TO_PROVE, "z", "port-mapping")
    told = joined(person.text.rpartition("«port-mapping»")[2])
    assert "What to try next: The router offers to open ports now." in told
    assert "m. Try the router with a port" in told
    assert "forward the VPN" not in told


# --- pretending -----------------------------------------------------------------------------------


def test_changes_are_pretended_by_the_number_that_they_have_in_fix() -> None:
    person, walk, _ = walked("4", "cgnat", "n", "n", "n", "z", "1", "5", "2")
    fixing, _, proving = person.text.rpartition("Step 4 of 5")[2].partition("Step 5 of 5")
    offered = joined(proving.partition("«z»")[2].partition("Which change is done?")[0])
    ways = re.findall(r"^(\d+\. .+?)(?: \(|$)", fixing, re.MULTILINE)
    places = [offered.index(way) for way in ways]
    assert len(places) > 3
    assert places == sorted(places)
    assert f"{ways[0]} (cannot be pretended: it is on the other side)" in offered
    first, fifth = (joined(proving.partition(f"«{n}»")[2].partition("1. ")[0]) for n in (1, 5))
    assert first.startswith("This change is made on the other side")
    assert fifth.startswith("This change cannot be pretended")
    assert "Cause, gone: Network without IPv6." in proving
    assert walk.proof is not None


# --- going on -------------------------------------------------------------------------------------


def start(folder: Path, *answers: str, on: str = "", here: str = "hard-home") -> str:
    """What a start tells where progress is kept from one to the next. `on`: what it is for."""
    person, networks = Person(answers), Practising(here)
    source = networks.open(on) if on else None
    settings, keeper = Settings(save=True), Keeper(folder, save=True)
    walk = Walk(settings, person.talk(), networks, Asked().measure, source, keeper=keeper)
    if source is not None:
        walk.begin(Measurement(source.title))
    with pytest.raises(Left):
        follow(walk, begin(walk))
    return person.text


def test_the_start_offers_to_go_on_with_what_was_begun(tmp_path: Path) -> None:
    offer = "You were in the middle of a fix."
    assert offer not in start(tmp_path, "n", "n", "1", "2", "q", on="hard-home")
    again = start(tmp_path, "go", "b", "n", "q", on="hard-home")
    assert "Turn on UPnP or NAT-PMP in the router, on the practice network hard-home" in again
    places = [again.index(each) for each in (offer, "Step 2 of 5", "Step 4 of 5", "Step 2, done: ")]
    assert places == sorted(places), "to the steps themselves, and not only to the list"
    assert "Step 3 of 5" not in again
    assert offer not in start(tmp_path, "q", on="easy-home")
    later = start(tmp_path, "go", "q")
    assert "Step 5 of 5: Prove" in later, "there the person was last"
    assert "Step 4 of 5" not in later
    assert "Step 1 of 5" in start(tmp_path, "n", "q")


@pytest.mark.parametrize(
    ("answers", "begun", "to"),
    [
        (("1", "1", "b", "3", "i"), "Turn on UPnP or NAT-PMP in the router", "1 step done"),
        (("1", "1", "b", "2", "b"), "Forward the VPN's", "no step done yet, 1 of another change"),
        (("1", "1", "i"), "Forward the VPN's", "no step done yet, 1 of another change"),
        (("1", "1", "n", "b", "3", "i"), "Turn on UPnP or NAT-PMP in the router", "1 step done"),
    ],
    ids=["another-is-impossible", "another-is-read", "it-is-impossible", "over-prove"],
)
def test_one_goes_on_in_fix_with_a_change_that_is_possible(
    tmp_path: Path, answers: tuple[str, ...], begun: str, to: str
) -> None:
    start(tmp_path, "n", "n", *answers, "q", on="hard-home")
    offer, _, after = start(tmp_path, "go", "q").partition("«go»")
    named = joined(offer)[joined(offer).index(begun) :]
    assert f", on the practice network hard-home: {to}" in named
    assert "Step 5 of 5" not in after
    assert begun in after.rpartition("Step 4 of 5")[2].partition("Why:")[0], "at its steps"


def test_fix_begins_where_prove_says_once_a_change_was_made_for_nothing() -> None:
    ticked = (*TO_FIX, "1", "1", "2", "3", "4", "b")
    untested = walked(*ticked)[0].text.rpartition("«b»")[2]
    done = "1. Turn on UPnP or NAT-PMP in the router (4 of 4 steps done)"
    assert done in untested
    assert "begin here" not in untested, "it is to be tested first"
    person, _, _ = walked(*ticked, "n", "r", "b", "b", "1", "b")
    _, _, listed = person.text.split("Step 4 of 5")
    assert "What to try next: Forward the VPN's UDP port in the router." in person.text
    listed, _, before = listed.partition("Step 3 of 5")
    assert done in listed
    assert "2. Forward the VPN's UDP port in the router (begin here)" in listed
    first = "What to do first: forward the VPN's UDP port in the router."
    assert joined(before).count(first) == 2, "in Understand and in Measure as well"
    assert "Begin with this: Forward the VPN's UDP port in the router" in joined(before)


def test_a_device_that_is_off_is_switched_on_before_anything_is_changed_here() -> None:
    person, walk, _ = walked("2", "5", "n", "1", "n", here="hard-home")
    assert walk.measurement.chosen is not None
    assert walk.measurement.chosen.path is PeerPath.OFFLINE
    told = joined(person.text.partition("Step 2 of 5")[2])
    first = "Switch it on, see that its Tailscale is connected"
    assert told.count(first) == 4, "in Measure, in Understand and its first part, and in Fix"
    assert "1. Turn on UPnP or NAT-PMP in the router (begin here once that device is on)" in told
    assert "What to do first: turn on" not in told
    assert "Begin with this" not in told


def test_of_two_networks_the_one_at_hand_is_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure, here = Asked.measure, "one"
    monkeypatch.setattr(Asked, "measure", lambda *given: replace(measure(*given), network_id=here))
    start(tmp_path, "1", "n", "n", "1", "1", "q")
    here = "other"
    start(tmp_path, "n", "1", "n", "n", "2", "1", "n", "q")
    here = "one"
    again = start(tmp_path, "go", "q")
    assert "Step 5 of 5" not in again, "where one was on this one, and not on the other"
    assert "Turn on UPnP" in again.rpartition("Step 4 of 5")[2].partition("Why:")[0]


def test_what_is_done_is_said_to_be_marked_only_where_a_mark_is(tmp_path: Path) -> None:
    told = start(tmp_path, "n", "n", "1", "1", "n", "z", "1", "b", "q", on="hard-home")
    *_, first, again = told.split("Step 4 of 5")
    assert "begun here before" not in first
    assert ", 1 of " not in again
    assert "What you did then is no change of this list any more." in joined(again)
    assert "what is done is marked" not in again
    assert "what is done is marked" in start(tmp_path, "n", "n", "n", "q", on="hard-home")


def test_another_network_than_the_one_of_then_is_told_and_asked_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure = Asked.measure
    here = "one"

    def known(*given: Any) -> Any:
        return replace(measure(*given), network_id=here)

    monkeypatch.setattr(Asked, "measure", known)
    start(tmp_path, "1", "n", "n", "1", "2", "q")
    same = start(tmp_path, "go", "q")
    assert "You have begun here before" in same
    here = "other"
    refused = start(tmp_path, "go", "no", "q")
    assert "This is another network than the one where you began" in joined(refused)
    assert "Step 4 of 5" not in refused
    taken = start(tmp_path, "go", "yes", "q")
    assert "Step 2, done: " in taken.partition("«yes»")[2]
    here = ""
    nameless = start(tmp_path, "go", "q")
    assert "Nothing tells now which network this is" in joined(nameless)
    assert "Step 4 of 5" not in nameless


# --- devices of a practice network ----------------------------------------------------------------


def test_a_device_of_the_practice_network_that_is_looked_at_can_be_chosen() -> None:
    at = [each.name for each in Practising("hard-home").practice()].index("easy-home") + 1
    person, walk, _ = walked("4", str(at), "b", "2", "1", here="hard-home")
    assert "The devices of practice: easy-home." in person.text
    assert walk.measurement.title == "practice: easy-home"
    chosen = walk.measurement.chosen
    assert chosen is not None
    assert chosen.name == "home-nas"
    assert "Relayed to home-nas" in person.text


def test_a_quiet_minute_is_hinted_at_only_where_nobody_measured_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    hint = "look at how long the router remembers"
    main(["check", "--plain", "--no-save", "--simulate", "brief-memory"])
    assert hint in joined(capsys.readouterr().out)
    main(["check", "--plain", "--no-save", "--simulate", "brief-memory", "--with", "lifetime"])
    assert hint not in joined(capsys.readouterr().out)


def test_whose_firewall_it_is_stands_in_the_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", "--plain", "--no-save", "--simulate", "own-firewall"])
    said = joined(capsys.readouterr().out)
    assert "this device's own firewall keeps out those behind a hard NAT." in said
    main(["check", "--plain", "--no-save", "--simulate", "public-firewall"])
    said = joined(capsys.readouterr().out)
    assert "a firewall on the way to 45.83.226.10 keeps out those behind a hard NAT." in said


# --- at every question ----------------------------------------------------------------------------


@pytest.mark.parametrize("where", [(), ("1",), ("1", "n"), ("1", "n", "n"), ("1", "n", "n", "1")])
def test_a_word_is_explained_at_every_question(where: tuple[str, ...]) -> None:
    person, _, _ = walked(*where, "?", "relay", "", here="hard-home")
    told = person.text.rpartition("«?»")[2]
    assert "At every question: ? explains a word" in joined(told)
    assert "relay: " in told.casefold()
    assert "That is none of the answers" not in told


def test_a_mask_can_be_put_on_under_way_and_ticks_stay() -> None:
    person, walk, _ = walked("1", "n", "n", "1", "1", "p", "1", "p", "n", "r", here="hard-home")
    before, _, after = person.text.partition("«p»")
    assert "192.168.1.20" in before
    told = joined(after)
    assert "Addresses and names are masked from here on." in told
    assert "masked already" in told
    assert "192.168.1.20" not in told
    assert "home-nas" not in told
    assert "(begin here, 1 of 4 steps done)" in told
    assert "Step 1, done: " in told
    assert "Result: " in told
    assert walk.keeper.progress.title == "this network"


def test_a_report_from_elsewhere_is_taken_at_every_question() -> None:
    lines = [line for line in recorded("easy_easy.netcheck1.txt").splitlines() if line.strip()]
    person, walk, _ = walked("1", "n", "n", "o", *lines, ".", here="hard-home")
    assert walk.measurement.report.elsewhere
    assert "Step 3 of 5: Understand." in person.text.rpartition("«.»")[2]


def test_inside_the_walk_its_own_letter_is_named_and_no_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    person, _, asked = walked("1", "n", "n", "b", "m", "yes", here="hard-home-pcp")
    told = joined(person.text.partition("«m»")[0])
    assert told.count("have the router tried with a port for a moment (m).") == 3
    assert "tells whether that works (m)" in told
    assert "--map-test" not in told
    assert [each.map_test for each in asked.options] == [False, True], "in Understand as well"
    easy = joined(walked("1", here="easy-home")[0].text)
    assert "Choose the device that you care for (2 in Choose)" in easy
    assert "--peer" not in easy
    assert "whyrelay check" not in easy
    main(["check", "--plain", "--no-save", "--simulate", "hard-home-pcp"])
    assert "for a moment (`whyrelay check --map-test`)." in joined(capsys.readouterr().out)
