"""Before and after: what is called cured, better, the same, worse, or not comparable."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from probes.diagnosis.diagnose import diagnose
from probes.diagnosis.model import (
    CauseId,
    NatClass,
    Verdict,
    Weight,
)
from probes.diagnosis.remedies import RemedyId
from probes.diagnosis.what_if import Whose
from probes.model import CheckId
from probes.readings import KEYS
from probes.readings.tailscale import PeerPath
from probes.renewal import renewed
from tests.unit.proving.changes import (
    back,
    came,
    change,
    report,
    side,
    untried,
    with_other,
)
from tui import content
from tui.content import Tone
from tui.fixing.ways import name_of
from tui.proving.compare import CauseFate, Change, Comparison, Outcome, Side, compare
from tui.proving.export import places, save, text_of
from tui.proving.lines import Line, Value
from tui.proving.next_move import instead_of_a_move, next_move
from tui.proving.proof import Proof
from tui.proving.telling import came_of_it, direct_all_the_same, outcome_words
from tui.proving.testing import compared
from tui.screens import prove_pages
from tui.state import Measurement, OtherSide
from tui.widgets.page import Page


@pytest.mark.parametrize(
    ("name", "remedy", "outcome"),
    [
        ("hard-home", RemedyId.PORT_MAPPING, Outcome.CURED),
        ("hard-home", RemedyId.FORWARD_PORT, Outcome.CURED),
        ("hard-home", RemedyId.KEEP_ONE_PORT, Outcome.CURED),
        ("hard-home", RemedyId.ENABLE_IPV6, Outcome.BETTER),
        ("udp-blocked", RemedyId.UNBLOCK_UDP, Outcome.CURED),
        ("stun-blocked", RemedyId.UNBLOCK_STUN, Outcome.CURED),
        ("captive-portal", RemedyId.SIGN_IN, Outcome.CURED),
        ("offline", RemedyId.RESTORE_NETWORK, Outcome.CURED),
        ("cgnat", RemedyId.PUBLIC_ADDRESS, Outcome.CURED),
        ("cgnat", RemedyId.PORT_MAPPING, Outcome.SAME),
        ("collision", RemedyId.DROP_STRANGERS, Outcome.CURED),
        ("forced-relay", RemedyId.REMOVE_SETTING, Outcome.CURED),
        ("public-firewall", RemedyId.OPEN_FIREWALL, Outcome.BETTER),
        ("port-taken", RemedyId.FREE_PORT, Outcome.BETTER),
        ("old-tailscale", RemedyId.UPDATE_CLIENT, Outcome.BETTER),
        ("tailscale-stopped", RemedyId.CONNECT_TAILSCALE, Outcome.BETTER),
        ("two-wans", RemedyId.ONE_LINE, Outcome.CURED),
    ],
)
def test_what_a_change_is_called(name: str, remedy: RemedyId, outcome: Outcome) -> None:
    assert change(name, remedy).outcome is outcome


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("hard-home", RemedyId.KEEP_ONE_PORT),
        ("public-firewall", RemedyId.OPEN_FIREWALL),
        ("port-taken", RemedyId.FREE_PORT),
    ],
)
def test_the_way_back_is_worse(name: str, remedy: RemedyId) -> None:
    found = back(name, remedy)
    assert found.outcome is Outcome.WORSE
    assert any(each.fate in (CauseFate.NEW, CauseFate.HEAVIER) for each in found.causes)


def test_what_was_direct_before_is_not_said_to_have_stayed_otherwise() -> None:
    found = change("public-firewall", RemedyId.OPEN_FIREWALL)
    assert found.before.diagnosis.verdict is Verdict.DIRECT
    assert outcome_words(found) == "better direct cured"
    more = change("easy-home", RemedyId.FORWARD_PORT)
    assert outcome_words(more) == "better direct"
    assert not any("did not turn" in came(each) for each in (found, more))
    assert outcome_words(change("hard-home", RemedyId.ENABLE_IPV6)) == Outcome.BETTER


def test_only_what_was_reached_is_said_to_be_reached() -> None:
    more = came(change("public-firewall", RemedyId.OPEN_FIREWALL))
    assert "Direct now, and not before: a peer behind a hard NAT." in more
    assert "{" not in more
    found = change("port-taken", RemedyId.FREE_PORT)
    assert not found.kinds.direct
    gone = came(found)
    assert content.cause(CauseId.PORT_CONFLICT).title in gone
    assert "not before" not in gone


@pytest.mark.parametrize(
    ("name", "remedy", "untold", "peers"),
    [
        ("offline", RemedyId.RESTORE_NETWORK, True, False),
        ("captive-portal", RemedyId.SIGN_IN, True, False),
        ("hard-home", RemedyId.KEEP_ONE_PORT, False, True),
    ],
)
def test_pings_are_proposed_where_there_is_a_peer_and_before_is_told_as_it_was(
    name: str, remedy: RemedyId, untold: bool, peers: bool
) -> None:
    found = change(name, remedy)
    told = came(found)
    assert (found.before.diagnosis.verdict is Verdict.UNKNOWN) is untold
    assert ("and were not before" in told) is not untold
    assert ("Ping a peer" in told) is (peers and not found.devices)
    alone = replace(found, before=replace(found.before, peers=()))
    assert ("Ping a peer" in came(alone)) is peers


def test_a_peer_that_may_be_direct_now_is_told_and_no_same_kinds_of_peer() -> None:
    found = compare(untried("ipv6-filtered"), untried("ipv6-filtered", RemedyId.PORT_MAPPING))
    assert found.outcome is Outcome.BETTER
    assert (found.kinds.direct, found.kinds.perhaps) == ((), (NatClass.HARD,))
    told = came(found)
    assert "May be direct now, and was relayed before: a peer behind a hard NAT." in told
    assert "the same kinds of peer" not in told
    back = compare(found.after, found.before)
    assert (back.outcome, back.kinds.lost) == (Outcome.WORSE, (NatClass.HARD,))


def test_the_devices_that_turned_direct_are_named_beside_a_verdict_on_peers_in_general() -> None:
    found = compare(untried("hard-home"), untried("hard-home", RemedyId.PORT_MAPPING))
    assert found.after.diagnosis.verdict is Verdict.DEPENDS
    told = came(found)
    assert "Turned direct since: home-nas and office-desktop." in told
    assert content.proof("came in general") in told
    lines = {line.name: (line.before.text, line.now.tone) for line in found.lines if line.changed}
    assert lines["home-nas"] == ("relayed via fra", Tone.GOOD)
    assert {"phone", "old-laptop", "rented-server"}.isdisjoint(lines), "idle ones tell nothing"
    # What the devices do now stands beside the verdict; it does not make it another one.
    assert content.proof("came in general") not in came(change("hard-home", RemedyId.FORWARD_PORT))


def test_devices_that_are_all_direct_are_told_beside_a_verdict_that_promises_less() -> None:
    found = untried("hard-home-upnp")
    assert found.diagnosis.verdict is Verdict.DEPENDS
    told = direct_all_the_same(found.diagnosis, found.peers)
    assert "is direct as it is: home-nas, office-desktop and rented-server." in told
    assert content.proof("came in general") in told
    hard, easy = untried("hard-home"), untried("easy-home-upnp")
    assert not direct_all_the_same(hard.diagnosis, hard.peers), "two of them are relayed"
    assert not direct_all_the_same(easy.diagnosis, easy.peers)
    assert not direct_all_the_same(found.diagnosis, ())
    cured = came(compare(found, untried("hard-home-upnp", RemedyId.FORWARD_PORT)))
    assert content.proof("cured ping") not in cured, "they are direct already"


def test_a_device_that_turned_direct_is_better_though_nothing_else_is_different() -> None:
    before = side("same-house")
    found = compare(before, side("same-house", RemedyId.SAME_WIFI))
    assert {each.fate for each in found.causes} == {CauseFate.STILL}
    assert [each.after.name for each in found.devices] == ["guest-tablet"]
    assert found.outcome is Outcome.BETTER
    back = compare(found.after, before)
    assert (back.outcome, outcome_words(back)) == (Outcome.SAME, "same paths")
    assert "No longer direct: guest-tablet." in came(back)
    told = came(replace(found, before=replace(before, peers=()), after=found.after))
    assert "Turned direct" not in told, "what was not listed before did not turn"


def test_a_path_that_is_lost_beside_a_gain_is_told_to_come_and_go_by_itself() -> None:
    before, after = side("easy-home"), side("easy-home", RemedyId.FORWARD_PORT)
    lost = (replace(each, path=PeerPath.DERP) for each in after.peers)
    found = compare(before, replace(after, peers=tuple(lost)))
    assert found.outcome is Outcome.BETTER
    assert "No longer direct: office-desktop" in came(found)
    assert content.proof("came by itself") in came(found)


def test_what_depended_before_is_not_said_to_have_been_relayed_or_untold() -> None:
    found = compare(untried("hard-home-pcp"), side("hard-home-pcp"))
    assert (found.outcome, outcome_words(found)) == (Outcome.CURED, "cured depends")
    assert outcome_words(change("collision", RemedyId.DROP_STRANGERS)) == "cured depends"
    assert outcome_words(change("offline", RemedyId.RESTORE_NETWORK)) == "cured unknown"
    assert outcome_words(change("hard-home", RemedyId.PORT_MAPPING)) == "cured"


def test_a_cured_fault_is_seen_beside_a_verdict_that_was_direct_all_along() -> None:
    found = change("small-packets", RemedyId.PACKET_SIZE)
    verdict = found.verdict
    assert verdict.changed
    assert (verdict.before.tone, verdict.after.tone) == (Tone.NOTE, Tone.GOOD)
    assert verdict.before.text == "Direct, large packets are lost"
    assert outcome_words(found) == "better direct cured"
    assert content.cause(CauseId.MTU).title in came(found)


@pytest.mark.parametrize(
    ("proof", "words"),
    [
        (Proof(report("hard-home")), "same none"),
        (Proof(report("hard-home"), RemedyId.PORT_MAPPING), "same"),
        (
            Proof(report("hard-home"), RemedyId.PORT_MAPPING, pretended=(RemedyId.PORT_MAPPING,)),
            "same pretended",
        ),
    ],
)
def test_a_look_is_no_failed_change_and_what_is_pretended_is_in_effect(
    proof: Proof, words: str
) -> None:
    found = compared(proof, Measurement("", report("hard-home")), None)
    assert outcome_words(found) == words
    assert ("Was it saved" in came(found)) is (words == "same")


def test_what_came_to_be_known_is_not_red() -> None:
    bad = Value("relayed", Tone.BAD)
    assert Line("x", "Peer", Value("unknown", Tone.UNKNOWN), bad).now.tone is Tone.NOTE
    assert Line("x", "Peer", Value("direct", Tone.GOOD), bad).now.tone is Tone.BAD


def test_nothing_changed() -> None:
    found = compare(side("hard-home"), side("hard-home"))
    assert found.outcome is Outcome.SAME
    assert not [line for line in found.lines if line.changed]
    assert {each.fate for each in found.causes} == {CauseFate.STILL}


def test_a_test_that_could_not_tell_is_no_proof_of_harm() -> None:
    dead = side("no-network")
    here = Side(replace(dead.report, network_id=""), dead.diagnosis)
    assert compare(side("hard-home"), here).outcome is Outcome.UNKNOWN
    assert compare(here, here).outcome is Outcome.SAME


def test_another_network_is_said_plainly() -> None:
    elsewhere = compare(side("hard-home"), side("open"))
    assert elsewhere.outcome is Outcome.ELSEWHERE
    assert (elsewhere.lines, elsewhere.causes) == ((), ()), "nothing is held against another"
    text = text_of("practice: open", Proof(elsewhere.before.report), elsewhere)
    assert "Verdict" not in text
    assert elsewhere.before.sentence not in text
    assert elsewhere.after.sentence in text
    # The same router with another public address is no other place.
    moved = change("cgnat", RemedyId.PUBLIC_ADDRESS)
    before = replace(moved.before.report, network_id="one")
    after = replace(moved.after.report, network_id="two")
    found = compare(Side(before, moved.before.diagnosis), Side(after, moved.after.diagnosis))
    assert (found.outcome, found.other_address) == (Outcome.CURED, True)


def test_an_address_that_was_not_seen_before_is_no_other_one() -> None:
    found = change("stun-blocked", RemedyId.UNBLOCK_STUN)
    before = replace(found.before.report, network_id="one")
    after = replace(found.after.report, network_id="two")
    again = compare(Side(before, found.before.diagnosis), Side(after, found.after.diagnosis))
    assert (again.outcome, again.other_address) == (Outcome.CURED, False)
    assert content.proof("other address") not in tuple(came_of_it(again))


def test_what_could_not_be_told_was_not_relayed_and_only_who_has_peers_is_sent_to_ping() -> None:
    home, tunnel = (
        tuple(came_of_it(change(name, remedy)))
        for name, remedy in (
            ("hard-home", RemedyId.PORT_MAPPING),
            ("tunnel-unbindable", RemedyId.PAUSE_VPN),
        )
    )
    assert home[:2] == (content.proof("cured"), "Turned direct since: home-nas and office-desktop.")
    assert home[2].startswith("The port that was tried: it opened port ")
    assert len(home) == 3
    assert tunnel == (content.proof("cured unknown"),)


MOVING = [
    ("container", RemedyId.HOST_NETWORK, Outcome.BETTER),
    ("virtual-machine", RemedyId.BRIDGE_MACHINE, Outcome.BETTER),
    ("virtual-machine", RemedyId.RUN_ON_HOST, Outcome.BETTER),
    ("pod", RemedyId.HOST_NETWORK, Outcome.BETTER),
    ("mobile", RemedyId.PUBLIC_ADDRESS, Outcome.BETTER),
    ("mobile", RemedyId.OTHER_NETWORK, Outcome.SAME),  # it was direct there, and is here
]


@pytest.mark.parametrize(("name", "remedy", "outcome"), MOVING)
def test_a_change_that_takes_the_device_along_is_no_other_network_by_chance(
    name: str, remedy: RemedyId, outcome: Outcome
) -> None:
    now = Measurement("", report(name, remedy))
    found = compared(Proof(report(name), remedy), now, None)
    assert (found.outcome, found.taken_along) == (outcome, True)
    by_chance = compared(Proof(report(name), RemedyId.ENABLE_IPV6), now, None)
    assert (by_chance.outcome, by_chance.taken_along) == (Outcome.ELSEWHERE, False)
    also = Proof(report(name), RemedyId.ENABLE_IPV6, pretended=(remedy, RemedyId.ENABLE_IPV6))
    assert compared(also, now, None).taken_along


def test_every_netcheck_field_the_nat_and_the_router_are_compared() -> None:
    found = change("hard-home", RemedyId.KEEP_ONE_PORT)
    ids = [line.id for line in found.lines]
    assert len(set(ids)) == len(ids) == 1 + len(found.devices) + 3 + 7 + 3 + 3
    assert "nat6" not in ids, "there is no IPv6, before and after"
    assert len(found.devices) == 1
    changed = {line.id: (line.before.text, line.after.text) for line in found.lines if line.changed}
    assert changed["verdict"] == ("Relayed", "Direct")
    assert changed["nat4"] == ("hard NAT", "easy NAT")
    assert "mapping4" in changed
    assert "field-mapping-varies" in changed
    assert "field-nearest-derp" not in changed, "another latency is no change"
    turned_on = change("hard-home", RemedyId.ENABLE_IPV6)
    lines = {line.id: (line.before.text, line.after.text) for line in turned_on.lines}
    assert lines["nat6"] == ("no such address here", "no NAT")
    fates = {each.cause.id: each.fate for each in found.causes}
    assert fates == {
        CauseId.HARD_NAT: CauseFate.GONE,
        CauseId.PORT_MAPPING_OFF: CauseFate.LIGHTER,
        CauseId.IPV6_MISSING: CauseFate.LIGHTER,
    }


@pytest.mark.parametrize(
    ("answer", "remedy", "outcome", "verdict"),
    [
        ("easy_hard.netcheck1.txt", RemedyId.PORT_MAPPING, Outcome.CURED, Verdict.DIRECT),
        ("easy_hard.netcheck1.txt", RemedyId.KEEP_ONE_PORT, Outcome.CURED, Verdict.DIRECT),
        ("hard_hard.netcheck1.txt", RemedyId.PORT_MAPPING, Outcome.CURED, Verdict.DIRECT),
        # Easy here is enough for an ordinary peer, and not for a hard one.
        ("hard_hard.netcheck1.txt", RemedyId.KEEP_ONE_PORT, Outcome.SAME, Verdict.RELAYED),
        ("hard_hard.netcheck1.txt", RemedyId.ENABLE_IPV6, Outcome.BETTER, Verdict.RELAYED),
    ],
)
def test_with_the_other_side_s_answer_it_is_the_pair_that_is_judged(
    answer: str, remedy: RemedyId, outcome: Outcome, verdict: Verdict
) -> None:
    found = with_other(answer, remedy)
    assert found.before.pair is not None
    assert found.after.pair is not None
    assert found.before.diagnosis.verdict is not Verdict.DIRECT
    assert found.outcome is outcome
    after = found.after.diagnosis.verdict
    assert after is verdict
    lines = {line.id: line for line in found.lines}
    assert lines["verdict"].after.text == content.label(after)
    assert lines["pair"].after.text in found.after.sentence
    text = text_of("practice: hard-home", Proof(found.before.report, remedy, tested=True), found)
    assert "[[" not in text, "links are for the screen"
    assert found.after.sentence in text


def test_the_next_move_is_of_the_pair_where_the_other_side_is_known() -> None:
    found = with_other("hard_hard.netcheck1.txt", RemedyId.KEEP_ONE_PORT)
    causes = {each.id: each.weight for each in found.before.diagnosis.causes}
    assert causes[CauseId.BOTH_HARD] is Weight.BLOCKS
    assert CauseId.BOTH_HARD not in {each.id for each in found.after.diagnosis.causes}
    assert CauseId.PEER_SIDE in {each.id for each in found.after.diagnosis.causes}
    move = next_move(found.after, RemedyId.KEEP_ONE_PORT)
    assert move is not None
    assert move.way.remedy.id in (RemedyId.PORT_MAPPING, RemedyId.FORWARD_PORT)
    cured = with_other("hard_hard.netcheck1.txt", RemedyId.PORT_MAPPING)
    assert next_move(cured.after, RemedyId.PORT_MAPPING) is None


def test_a_move_on_the_other_side_is_named_as_fix_names_it() -> None:
    theirs = OtherSide("a file", report("hard-home"))
    now = Measurement("x", report("double-nat", RemedyId.EXPOSED_HOST), other=theirs)
    found = compared(Proof(report("double-nat")), now, None)
    move = next_move(found.after)
    assert move is not None
    assert move.way.whose is Whose.OTHER
    page = Page(prove_pages.result(found, (), move)).plain()
    assert name_of(move.way) in page
    assert name_of(move.way).startswith("Other side: ")


def test_nobody_is_told_to_go_on_and_that_nothing_stands_in_the_way() -> None:
    change = Change.PRETENDED
    found = compare(side("double-nat"), side("double-nat", RemedyId.EXPOSED_HOST), change=change)
    assert outcome_words(found) == "same pretended"
    assert instead_of_a_move(found, next_move(found.after)) == content.proof("nothing weighs")
    assert "another one" not in came(found)


def test_the_next_move_is_another_one() -> None:
    same = side("hard-home")
    first = next_move(same)
    assert first is not None
    assert first.way.recommended
    after = next_move(same, first.way.remedy.id)
    assert after is not None
    assert after.way.remedy.id is not first.way.remedy.id
    ruled_out = next_move(same, None, {first.key})
    assert ruled_out is not None
    assert ruled_out.key != first.key
    assert next_move(side("easy-home")) is None, "notes are no reason to go on"


def test_what_is_said_where_no_move_is_left() -> None:
    def said(found: Comparison) -> str:
        return instead_of_a_move(found, next_move(found.after))

    dead = side("two-servers-dead")
    unknown = said(compare(dead, dead))
    assert unknown.startswith(content.proof("too little"))
    assert "To settle it" in unknown
    assert "Nothing stands in the way" not in unknown
    easy = side("easy-home")
    assert said(compare(easy, easy)) == content.proof("nothing weighs")
    looked = compare(easy, easy, change=Change.NONE)
    assert said(looked) == content.proof("nothing to do"), "nothing was held up"
    hard, opened = untried("hard-home"), untried("hard-home", RemedyId.PORT_MAPPING)
    assert said(compare(hard, hard)) == ""
    assert said(compare(hard, opened)) == content.proof("try a port now")
    assert said(compare(opened, opened)) == content.proof("try a port"), "it offered before"


def test_the_export_holds_all_of_it_and_is_kept_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = change("hard-home", RemedyId.FORWARD_PORT)
    proof = Proof(found.before.report, RemedyId.FORWARD_PORT)
    text = text_of("practice: hard-home", proof, found)
    assert "Verdict: Relayed -> Direct" in text
    assert "Result: direct now" in text
    assert "Before, 2026-01-15 12:00:00 UTC: Mostly relayed" in text
    as_netcheck = text.partition("As netcheck says it\n")[2]
    assert "MappingVariesByDestIP: true\n" in as_netcheck
    assert "IPv4: yes, 45.83.223.10:" in as_netcheck
    assert not re.search(r"True|False|None|[{}']|\d{8}", as_netcheck), "no values of the program"
    assert "Cause, no longer in the way: Hard NAT" in text
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    one, own = places("2026-01-15T12:00:00Z")
    assert one == tmp_path / "whyrelay-proof-20260115120000.txt"
    assert own.name == one.name
    assert own.is_relative_to(tmp_path / "state") or sys.platform != "linux"
    assert save(text, one)
    assert not save("other", one), "what is there stays"
    assert places("2026-01-15T12:00:00Z")[0].name == "whyrelay-proof-20260115120000-2.txt"
    assert one.read_text("utf-8") == text
    assert one.stat().st_mode & 0o777 == 0o600


def test_where_nothing_can_be_written_no_place_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    assert not save("text", tmp_path / "file" / "in-a-file.txt")
    monkeypatch.setattr(os, "access", lambda *_args: False)
    assert places("2026") == []


def test_what_was_kept_is_listed_with_its_age() -> None:
    before = report("hard-home")
    later = replace(report("hard-home"), taken_at="2026-01-15T12:05:00.000Z")
    only = {CheckId.LOCAL, CheckId.STUN}
    states = {
        check: state if check in only else replace(state, status=type(state.status).SKIPPED)
        for check, state in later.checks.items()
    }
    readings = {key: each for key, each in later.readings.items() if KEYS[key].check in only}
    found = renewed(before, replace(later, checks=states, readings=readings))
    kept = compare(Side(before, diagnose(before)), Side(found, diagnose(found))).kept
    assert CheckId.STUN not in kept
    assert 295_000 < kept[CheckId.BEHAVIOR] < 320_000
