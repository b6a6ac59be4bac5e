"""The walk as text: a conversation from Choose to Prove, with scripted answers."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from probes.diagnosis.remedies import RemedyId
from probes.readings import tailscale
from tests.unit.cli.walking import TO_FIX, TO_PROVE, Asked, Person, Practising, walked
from tests.unit.tailscale.recorded import recorded
from tui import content
from tui.explain import question_lines
from tui.fixing.running import Job
from tui.fixing.undo import Verdict
from tui.settings import Settings
from tui.state import Step
from tui.walking.giving import given
from tui.walking.talk import Left, Talk
from tui.walking.walk import Walk, follow


@pytest.mark.parametrize("answer", ["q", "quit", "Q"])
def test_leaving_is_possible_at_any_question(answer: str) -> None:
    for before in ((), ("4",), ("4", "hard-home"), ("4", "hard-home", "n")):
        person, _, _ = walked(*before, answer, "n", "n")
        assert "«n»" not in person.text.rpartition(f"«{answer}»")[2]


def test_a_practice_network_is_measured_and_understood() -> None:
    person, walk, _ = walked(
        "4", "hard-home", "n", "2", "word", "hard NAT", "nonsense", "b", "b", "b"
    )
    text = " ".join(person.text.split())
    assert "Mostly relayed" in text
    assert "It stops at: router" in text
    assert "Cause 1: Hard NAT on your side." in text
    assert "hard NAT: " in text.casefold().replace("hard nat", "hard NAT")
    assert "That word is not in the glossary." in text
    assert walk.measurement.title == "practice: hard-home"


def test_what_was_found_is_told_in_the_order_of_the_app() -> None:
    person, walk, _ = walked("4", "easy-home")
    wanted = question_lines(walk.measurement.report)
    text = " ".join(person.text.split())
    places = [text.index(f"{each.title}: {printed(each.text)}.") for each in wanted]
    assert places == sorted(places)
    assert {"Mapping", "IPv6"} <= {each.title for each in wanted}
    told = person.text.partition("What was found:\n")[2].partition("\n\n")[0]
    begins = [line for line in told.splitlines() if not line.startswith("  ")]
    assert len(begins) == len(wanted), "a line that goes on is indented"


def printed(text: str) -> str:
    """As it is told."""
    return text.replace(" → ", " to ")


def test_what_is_to_be_said_of_the_whole_run_comes_before_its_verdict(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    person, _, _ = walked("4", "easy-home")
    assert "This is the practice network easy-home: nothing was sent" in person.text
    measure = Asked.measure
    monkeypatch.setattr(
        Asked, "measure", lambda *given: replace(measure(*given), network_changed=True)
    )
    lost, _, _ = walked("4", "easy-home")
    text = " ".join(lost.text.split())
    assert text.index("lost its network") < text.index("Direct connections are to be expected")


def test_where_nothing_is_in_the_way_fix_says_so() -> None:
    easy, _, _ = walked("4", "easy-home", "n", "n")
    assert "Nothing is in the way." in easy.text
    hard, _, _ = walked("4", "hard-home", "n", "n")
    assert "Nothing is in the way." not in hard.text


def test_testing_again_keeps_what_was_known_before() -> None:
    _, walk, asked = walked("1", "r", "n", here="hard-home")
    assert len(asked.options) == 2
    assert walk.proof is not None
    assert walk.proof.before is not walk.measurement.report


def test_a_device_of_the_tailnet_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    person, walk, asked = walked("2", "1", here="hard-home")
    assert "relayed via" in person.text
    assert asked.options[0].only == {"tailscale"}
    assert asked.options[1].peer == walk.measurement.peer
    assert walk.measurement.chosen is not None


def test_without_tailscale_it_says_why_there_are_no_devices() -> None:
    person, _, _ = walked("2", "b", here="captive-portal")
    assert "Tailscale" in person.text.partition("Asking Tailscale on this device.")[2]


def test_a_report_from_elsewhere(tmp_path: object) -> None:
    from pathlib import Path

    assert isinstance(tmp_path, Path)
    file = tmp_path / "netcheck.txt"
    file.write_text("Report:\n\t* UDP: true\n\t* MappingVariesByDestIP: true\n")
    person, walk, asked = walked("3", str(file), "1", "b", "3", "nowhere.txt", "3", "-", "3", "")
    assert asked.options == []
    assert "Read: tailscale netcheck." in person.text
    assert walk.measurement.report.elsewhere
    assert "There is no file 'nowhere.txt'." in person.text
    assert "Name a file." in person.text
    _, pasted, _ = walked("3", ".", *file.read_text().splitlines(), ".", "b")
    assert pasted.measurement.report.elsewhere, "what is to be pasted can be pasted"


def test_privacy_masks_what_is_told() -> None:
    plain, _, _ = walked("4", "hard-home", "n", "1", "2", "5")
    masked, _, _ = walked("4", "hard-home", "n", "1", "2", "5", privacy=True)
    for secret in ("45.83.223.10", "192.168.1.20"):
        assert secret in plain.text
        assert secret not in masked.text


# --- fix ------------------------------------------------------------------------------------------


def test_a_device_that_is_chosen_under_a_mask_is_the_one_that_is_measured() -> None:
    person, walk, asked = walked("1", "b", "2", "2", "n", here="hard-home", privacy=True)
    chosen = walk.measurement.chosen
    assert chosen is not None
    real = {each.key: each.name for each in walk.raw.value(tailscale.PEERS) or ()}
    assert real[asked.options[-1].peer] == "office-desktop"
    assert f"Relayed to {chosen.name}: " in person.text
    assert "office-desktop" not in person.text
    assert asked.options[-1].peer not in person.text


def test_the_ways_are_told_cheapest_first_with_their_steps() -> None:
    person, walk, _ = walked(*TO_FIX, "1", "source")
    text = person.text.partition("Step 4 of 5")[2]
    assert "Because of: Hard NAT on your side (in the way)." in text
    assert "1. Turn on UPnP or NAT-PMP in the router (begin here)" in text
    assert "\nStep 1: " in text
    assert "\n    sudo tailscale debug restun\n" in text, "a command stands alone, to be copied"
    assert "https://" in text
    assert not walk.keeper.progress.begun


def test_steps_are_ticked_and_not_possible_leads_on() -> None:
    person, walk, _ = walked(*TO_FIX, "1", "1", "2", "2", "i", "b")
    progress = walk.keeper.progress
    assert (
        progress.ticked["port-mapping:this"] == {"router-settings"}
        or len(progress.ticked["port-mapping:this"]) == 1
    )
    assert progress.impossible == {"port-mapping:this"}
    text = person.text
    assert "Step 2 is not done any more." in text
    assert "The next way: Forward the VPN's UDP port" in text
    assert "not possible for you" in text.rpartition("«b»")[2]
    assert progress.before is walk.raw


TO_UNDERSTAND = ("4", "hard-home", "n")


def test_the_other_side_is_asked_and_its_answer_given_and_forgotten(tmp_path: Path) -> None:
    file = tmp_path / "theirs.txt"
    file.write_text(recorded("easy_easy.netcheck1.txt"), "utf-8")
    person, walk, _ = walked(*TO_UNDERSTAND, "ask", "a", str(file))
    asked, _, told = person.text.partition("«a»")
    assert "Run this on the device, and wait ten seconds: `tailscale netcheck`" in " ".join(
        asked.split()
    )
    assert walk.measurement.other is not None
    assert "Read: tailscale netcheck." in told
    assert "As both sides measured: May be direct" in told
    assert "Mostly relayed" in asked
    assert "Mostly relayed" not in told, "what it comes to is of the two as well"
    assert "This side: hard NAT. The other side: easy NAT." in " ".join(told.split())
    assert "forget. Forget the other side's answer" in told
    person, walk, _ = walked(*TO_UNDERSTAND, "a", str(file), "forget")
    assert walk.measurement.other is None
    told = person.text.rpartition("«forget»")[2]
    assert "The other side's answer is forgotten." in told
    assert "As both sides measured" not in told
    assert "forget. Forget" not in told


def test_the_other_side_s_answer_is_pasted_line_by_line() -> None:
    lines = recorded("easy_easy.netcheck1.txt").splitlines()
    person, walk, _ = walked(*TO_UNDERSTAND, "a", ".", *lines, ".")
    assert walk.measurement.pair is not None
    assert "As both sides measured: May be direct" in person.text
    person, walk, _ = walked(*TO_UNDERSTAND, "a", ".", "nothing of use", ".")
    assert walk.measurement.pair is None
    assert "cannot be explained" in person.text


@pytest.mark.parametrize(
    "answer", ["easy_easy.netcheck1.txt", "easy_easy.netcheck1.json"], ids=["text", "json"]
)
def test_who_pastes_at_once_need_not_say_so_first(answer: str) -> None:
    lines = [line for line in recorded(answer).splitlines() if line.strip()]
    person, walk, _ = walked(*TO_UNDERSTAND, "a", *lines, ".")
    assert walk.measurement.pair is not None
    after = person.text.rpartition("«.»")[2]
    assert "As both sides measured: May be direct" in after
    assert "That is none of the answers" not in person.text
    person, walk, _ = walked("3", *lines, ".")
    assert walk.measurement.report.elsewhere


def test_a_paste_that_begins_with_an_empty_line_is_seen_by_what_waits() -> None:
    lines = ["", *recorded("easy_easy.netcheck1.txt").splitlines()]
    heard, ear = os.pipe()
    os.write(ear, "\n".join([*lines[1:], ".", ""]).encode())
    talk = Talk(
        lambda _: None, iter([f"{line}\n" for line in (*lines, ".")]).__next__, False, heard
    )
    try:
        found = given(talk)
    finally:
        os.close(heard)
        os.close(ear)
    assert found is not None
    assert found.holds == ("tailscale netcheck",)


def test_a_file_that_is_not_there_is_no_paste() -> None:
    person, _, _ = walked(*TO_UNDERSTAND, "a", "theirs.txt")
    assert "There is no file 'theirs.txt'." in person.text


def test_a_mask_is_worn_by_the_other_side_too(tmp_path: Path) -> None:
    file = tmp_path / "theirs.txt"
    file.write_text(recorded("easy_easy.netcheck1.txt"), "utf-8")
    address = re.search(r"IPv4: yes, ([\d.]+):", file.read_text("utf-8"))
    assert address is not None
    person, _, _ = walked(*TO_UNDERSTAND, "a", str(file), privacy=True)
    assert address[1] not in person.text


def test_what_is_not_possible_is_possible_after_all_by_the_same_letter() -> None:
    person, walk, _ = walked(*TO_FIX, "1", "i", "b", "1", "i", "b")
    assert walk.keeper.progress.impossible == frozenset()
    again, back = person.text.split("«1»")[2].split("«i»")
    assert "You said that this is not possible for you." in again
    assert "\ni. This is possible for me after all\n" in again
    assert back.startswith("\nIt is possible again.\nWhich step is done?"), "one stays there"
    assert "1. Turn on UPnP or NAT-PMP in the router (begin here)" in back


def test_a_change_that_an_earlier_cause_has_is_told_by_its_number() -> None:
    person, _, _ = walked(*TO_FIX)
    told = person.text.rpartition("Step 4 of 5")[2]
    names = re.findall(r"^\d+\. (.+?)(?: \(|$)", told, re.MULTILINE)
    assert len(names) == len(set(names))
    below = " ".join(told.partition("Router opens no ports")[2].split())
    assert below.startswith("(matters with some peers). As above: 1, 2, 5, 6, 7. Because of: ")


def test_the_way_to_a_direct_peer_goes_over_no_relay() -> None:
    easy = walked("4", "easy-home", "n")[0].text.rpartition("Step 3 of 5")[2]
    assert "The way: this device" in easy
    assert "then relay" not in easy
    hard = walked("4", "hard-home", "n")[0].text.rpartition("Step 3 of 5")[2]
    assert "then relay" in " ".join(hard.split())


def test_what_was_ticked_is_forgotten_only_after_a_yes() -> None:
    begun = (*TO_FIX, "1", "1", "2", "b", "anew")
    person, walk, _ = walked(*begun, "no")
    assert "2 done steps will be forgotten. Type yes or no: " in person.text
    assert walk.keeper.progress.begun
    person, _, _ = walked(*TO_FIX, "1", "i", "b", "anew", "no")
    assert "\n1 change that you called not possible will be forgotten. " in person.text
    person, _, _ = walked(*begun[:-1], "1", "i", "b", "anew", "no")
    assert "2 done steps and 1 change that you called" in person.text
    _, walk, _ = walked(*begun, "yes")
    assert not walk.keeper.progress.begun
    person, walk, _ = walked(*TO_FIX, "anew")
    assert "will be forgotten" not in person.text, "there is nothing to lose"


def test_where_nothing_has_to_be_done_nobody_is_told_to_begin() -> None:
    told = walked("4", "easy-home", "n", "n")[0].text.rpartition("Step 4 of 5")[2]
    assert content.plain(content.fixing("only notes"))[:30] in " ".join(told.split())
    assert "begin here" not in told


def test_prove_lists_the_devices_relayed_ones_first() -> None:
    person, walk, _ = walked(*TO_PROVE, "z", "forward-port")
    before, _, after = person.text.rpartition("Step 5 of 5")[2].partition("«forward-port»")
    assert "home-nas: relayed via " in before
    assert "home-nas: direct " in after
    names = [peer.name for peer in walk.measurement.peers]
    assert all(f"\n{name}: " in after for name in names)


def test_when_nothing_is_possible_it_says_so() -> None:
    person, _, _ = walked(*TO_FIX, "1", *["i"] * 40)
    assert "No change is left that this program knows of." in " ".join(person.text.split())


@pytest.mark.parametrize(("here", "ways"), [("captive-portal", 2), ("cgnat", 5)])
def test_where_nothing_is_left_nobody_is_sent_on_a_way_that_is_closed(here: str, ways: int) -> None:
    person, walk, _ = walked("1", "n", "n", "1", *["i"] * ways, "n", "r", here=here)
    assert len(walk.keeper.progress.impossible) == ways
    _, _, told = person.text.rpartition("«i»")
    assert "No change is left that this program knows of." in told
    assert "What to try next: No change is left" in told
    assert "things stay as they are" in told
    for closed in ("Ask the other side", "relay nearby", "A peer relay makes", "begin here"):
        assert closed not in told


def test_all_steps_done_leads_to_the_proof() -> None:
    person, _, _ = walked(*TO_FIX, "1", "1", "2", "3", "4")
    assert "All steps are done. Now prove it (n)." in person.text


def test_steps_for_another_system_and_router() -> None:
    person, walk, _ = walked(*TO_FIX, "s", "windows", "w", "fritzbox", "1")
    assert walk.keeper.progress.system == "windows"
    assert "FRITZ" in person.text.rpartition("«1»")[2]


def test_on_a_practice_network_no_command_is_run() -> None:
    person, walk, _ = walked(*TO_FIX, "1", "x")
    assert "Not run from here: " in person.text
    assert not walk.keeper.progress.ran


def test_nothing_to_fix_is_said_in_words() -> None:
    person, _, _ = walked("4", "open", "n", "n")
    assert "Nothing on this side stands in the way." in " ".join(person.text.split())


def test_a_command_is_shown_before_it_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[Job] = []

    def run(ready: Job) -> tuple[int, int]:
        ran.append(ready)
        return 0, 0

    monkeypatch.setattr("tui.walking.fix_run.run", run)
    monkeypatch.setattr("tui.fixing.offer.root_now", lambda: (False, True))
    person, walk, _ = walked("1", "n", "n", "1", "x", "no", "x", "yes", here="hard-home")
    assert [each.argv for each in ran] == [("sh", "-c", "sudo tailscale debug restun")]
    assert person.text.count("    sudo tailscale debug restun\n") == 3, "told, and asked twice"
    assert "It ran well, and the step is done." in person.text
    assert [each.well for each in walk.keeper.progress.ran.values()] == [True]


def test_the_script_of_a_timed_undo_is_told_when_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ran: list[Job] = []

    def run(ready: Job) -> tuple[int, int]:
        ran.append(ready)
        return Verdict.TAKEN_BACK, 0

    monkeypatch.setattr("tui.walking.fix_run.run", run)
    monkeypatch.setattr("tui.fixing.offer.root_now", lambda: (False, True))
    person, walk, _ = walked("1", "n", "n", "1", "x", "script", "yes", here="own-firewall")
    before, _, after = person.text.partition("«script»")
    asked = before.rpartition("The command:\n")[2]
    command, _, back = asked.partition("What takes it back:\n")
    assert "sudo nft insert rule" in command
    assert "sudo nft delete rule" in back
    assert "setsid" not in before
    assert "setsid" in after
    assert [each.timed for each in ran] == [True]
    assert "The step is not done." in after
    assert not walk.keeper.progress.ticked


def test_enter_alone_tells_the_ways_and_the_steps_once_more() -> None:
    person, _, _ = walked(*TO_FIX, "", "1", "")
    again = person.text.partition("«»")[2]
    assert again.startswith("\n1. Turn on UPnP or NAT-PMP in the router\n2. ")
    steps = again.partition("«»")[2]
    assert steps.startswith("\n1. Open the router's settings")
    assert "\n4. " in steps


def test_what_is_not_possible_is_nowhere_called_the_first_thing_to_do() -> None:
    person, _, _ = walked(*TO_FIX, "1", "i", "b", "b", "b")
    before, _, after = person.text.partition("«i»")
    first = "What to do first: turn on UPnP or NAT-PMP in the router."
    assert first in before
    told = " ".join(after.split())
    assert first not in told
    assert told.count("What to do first: ") == 2, "in Understand and in Measure"


# --- prove ----------------------------------------------------------------------------------------


def test_testing_once_more_after_a_change_that_moves_the_device_says_the_same() -> None:
    person, walk, _ = walked("4", "pod", "n", "n", "n", "z", "host-network", "r")
    assert person.text.count("Result: better than before.") == 2
    assert "another network" not in person.text
    assert walk.proof is not None
    assert walk.proof.pretended == (RemedyId.HOST_NETWORK,)


def test_what_came_of_a_trial_is_told_with_the_result() -> None:
    person, _, _ = walked("4", "stun-blocked", "n", "n", "n", "z", "3", "m", "yes")
    before, _, after = (" ".join(part.split()) for part in person.text.partition("«yes»"))
    assert "The port that was tried" not in before
    tried = after.partition("The port that was tried: ")[2].partition(".")[0]
    assert tried.startswith("it opened port ")
    assert tried.endswith("nobody could try it from outside; it is closed again")


def test_a_result_is_said_once_and_a_look_is_no_failed_change() -> None:
    person, _, _ = walked(*TO_PROVE, "r")
    told = " ".join(person.text.split())
    assert told.count("nothing is different") == 1
    assert "Nothing that was tested is different" not in told
    assert "No step of a fix was ticked or run" in told
    person, _, _ = walked(*("4", "tailscale-signed-out", "n", "n", "n", "z", "connect-tailscale"))
    told = " ".join(person.text.split())
    assert "Result: better than before." in told
    assert "Nothing that was tested is different" not in told


def test_what_is_pretended_is_measured_and_told_field_by_field() -> None:
    person, walk, _ = walked(*TO_PROVE, "z", "keep-one-port")
    told = " ".join(person.text.rpartition("«keep-one-port»")[2].split())
    assert "Result: direct now." in told
    assert "Verdict. Before: Relayed. Now: Direct." in told
    assert "Cause, gone: Hard NAT on your side." in told
    assert walk.proof is not None
    assert walk.proof.before.network == "simulated:hard-home"


def test_a_test_that_finds_nothing_new_says_what_to_try_next() -> None:
    person, _, asked = walked(*TO_FIX, "1", "1", "n", "r")
    told = " ".join(person.text.rpartition("«r»")[2].split())
    assert "Result: nothing is different." in told
    assert "What to try next: " in told
    only = asked.options[-1].only
    assert {"upnp", "nat-pmp", "pcp"} <= only
    assert "classic" not in only, "only what the change touches is tested again"


def test_where_nothing_is_in_the_way_nothing_is_to_be_tried_next() -> None:
    person, _, _ = walked("4", "easy-home", "n", "n", "n", "r")
    told = " ".join(person.text.rpartition("«r»")[2].split())
    assert "Nothing has to be done." in told
    assert ".." not in told, "no sentence has two full stops"


def test_run_is_an_answer_only_where_there_is_a_command() -> None:
    without, _, _ = walked("4", "udp-blocked", "n", "n", "1")
    assert "x. Run" not in without.text
    assert "done? A number, i, source, n, b or q:" in without.text
    with_one, _, _ = walked("4", "hard-home", "n", "n", "1")
    assert "x. Run a step's command for me (only on a real network)" in with_one.text


def test_everything_can_be_tested_again() -> None:
    _, _, asked = walked(*TO_FIX, "1", "1", "n", "all")
    assert asked.options[-1].only == frozenset()


def test_a_device_is_pinged_until_it_answers_directly() -> None:
    person, _, _ = walked("4", "easy-home", "n", "n", "n", "u", "2")
    told = person.text.rpartition("«2»")[2]
    assert " s: direct" in told
    assert "Direct: an answer came straight from the peer." in " ".join(told.split())


def test_before_and_after_are_kept_only_with_leave() -> None:
    person, _, _ = walked(*TO_PROVE, "z", "keep-one-port", "save")
    assert "Nothing is written, as you asked for (--no-save)." in person.text


def test_where_before_and_after_are_kept_is_said_first_and_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    person = Person((*TO_PROVE, "z", "keep-one-port", "save", "b", "save", "1"))
    walk = Walk(Settings(save=True), person.talk(), Practising("easy-home"), Asked().measure)
    with pytest.raises(Left):
        follow(walk, Step.CHOOSE)
    *_, refused, taken = person.text.split("«save»")
    [kept] = tmp_path.glob("*.txt")
    assert f"    {kept}\n" in refused, "whole, and before it is written"
    assert "Written:" not in refused
    assert f"Written:\n    {kept}\n" in taken
    assert "Result: direct now" in kept.read_text("utf-8")


def test_masked_before_and_after_hold_nothing_that_is_not_to_be_shown() -> None:
    person, _, _ = walked(*TO_PROVE, "r", "z", "keep-one-port", privacy=True)
    assert "Result: direct now." in person.text
    for secret in ("45.83.223.10", "192.168.1.20", "home-nas"):
        assert secret not in person.text
