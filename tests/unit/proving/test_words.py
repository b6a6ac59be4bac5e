"""Before and after in words: what became of causes, of devices, and of kinds of peer."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from probes.diagnosis.diagnose import diagnose
from probes.diagnosis.model import (
    Actor,
    Cause,
    CauseId,
    Confidence,
    Weight,
)
from probes.diagnosis.remedies import RemedyId
from probes.readings import layers
from tests.unit.proving.changes import (
    came,
    change,
    pair_with,
    report,
    side,
    with_other,
)
from tui import content
from tui.explain import explain_nat, explain_outlooks
from tui.fixing.first import first_lines
from tui.pair_view import pair_to_text
from tui.proving.compare import Change, Outcome, Side, compare
from tui.proving.export import text_of
from tui.proving.fates import fate_words
from tui.proving.next_move import instead_of_a_move, next_move
from tui.proving.proof import Proof
from tui.proving.telling import outcome_words
from tui.screens.between import about_pair
from tui.state import Measurement
from tui.walking.other_side import pair_lines
from tui.widgets.page import Page


def test_a_hard_nat_with_an_open_port_is_not_called_an_easy_one_beside_its_cause() -> None:
    found = change("hard-home", RemedyId.PORT_MAPPING)
    (nat,) = (line for line in found.lines if line.id == "nat4")
    assert (nat.before.text, nat.after.text) == ("hard NAT", content.within("opened"))
    said = text_of("hard-home", Proof(found.before.report), found)
    assert f"IPv4 NAT: hard NAT -> {content.within('opened')}" in said
    assert "easy NAT\n" not in said
    assert explain_nat(found.after.diagnosis.nat4, found.after.report).value == nat.after.text


def test_what_is_a_mere_note_now_is_told_to_be_no_longer_in_the_way() -> None:
    found = change("stun-blocked", RemedyId.UNBLOCK_STUN)
    words = {each.cause.id: fate_words(each) for each in found.causes}
    assert words[CauseId.STUN_BLOCKED] == "gone"
    assert words[CauseId.IPV6_MISSING] == content.plain(content.proof("harmless"))
    beside = pair_with("same-house", "guest-tablet", RemedyId.SAME_WIFI)
    words = {each.cause.id: fate_words(each) for each in beside.causes}
    assert words[CauseId.SAME_NETWORK] != "gone", "both are at one address as before"


@pytest.mark.parametrize(
    ("name", "peer", "remedy"),
    [
        ("same-house", "guest-tablet", RemedyId.SAME_WIFI),
        ("double-nat", "home-nas", RemedyId.FORWARD_TWICE),
    ],
)
def test_a_chosen_device_that_is_reached_was_measured_and_not_only_expected(
    name: str, peer: str, remedy: RemedyId
) -> None:
    found = pair_with(name, peer, remedy)
    assert found.outcome is Outcome.CURED
    said = came(found)
    assert f"Tailscale reaches {peer} directly now" in said
    assert "expected" not in said
    assert "Turned direct" not in said, "that is said already"


def test_that_a_connection_began_on_the_relay_is_no_news_of_the_network() -> None:
    still = side("easy-home")
    began = Cause(
        CauseId.SETTLING, Weight.NOTES, Confidence.CERTAIN, Actor.NOBODY, ("tailscale.pings",), ()
    )
    causes = (*still.diagnosis.causes, began)
    turned = replace(still, diagnosis=replace(still.diagnosis, causes=causes))
    for sides in ((still, turned), (turned, still)):
        found = compare(*sides, change=Change.NONE)
        assert CauseId.SETTLING not in {each.cause.id for each in found.causes}
        assert outcome_words(found) == "same none"


@pytest.mark.parametrize(
    ("name", "remedy", "says"),
    [
        ("stun-blocked", RemedyId.UNBLOCK_STUN, "came relayed"),
        ("tailscale-stopped", RemedyId.CONNECT_TAILSCALE, "came on relay"),
    ],
)
def test_who_is_on_a_relay_for_all_that_is_named_with_what_it_tells(
    name: str, remedy: RemedyId, says: str
) -> None:
    found = change(name, remedy)
    said = came(found)
    assert content.fill(content.proof(says), named="home-nas") in said
    assert content.proof("came theirs") in said
    alone = change("hard-home", RemedyId.PORT_MAPPING)
    assert "relay" not in came(alone).replace("relayed before", ""), "all are direct"
    hindered = came(change("hard-home", RemedyId.ENABLE_IPV6))
    assert "home-nas and office-desktop" in hindered
    assert content.proof("came theirs") not in hindered, "this side is what holds that up"


@pytest.mark.parametrize(
    ("translates", "result", "said"),
    [
        (True, "may be direct", "perhaps"),
        (False, "likely relayed", "likely relayed"),
    ],
)
def test_with_ipv6_alone_everything_tells_one_and_the_same(
    translates: bool, result: str, said: str
) -> None:
    measured = report("ipv6-only")
    if not translates:
        gone = {key: each for key, each in measured.readings.items() if key != layers.NAT64.id}
        measured = replace(measured, readings=gone)
    known = Side(measured, diagnose(measured))
    found = compare(known, known, change=Change.NONE)
    kinds = {line.name: line.after.text for line in found.lines if line.id.startswith("outlook")}
    assert kinds == {"Peer: IPv6": "likely direct", "Peer: IPv4 alone": result}
    told = {each.peer: each.result for each in explain_outlooks(known.diagnosis, measured).values()}
    assert told == {"IPv6": "likely direct", "IPv4 alone": result}
    assert known.sentence.endswith(f"peers with IPv4 alone {said}.")
    in_fix = " ".join(first_lines(measured, known.diagnosis))
    assert instead_of_a_move(found, next_move(known)) == in_fix
    assert ("this network translates" in in_fix) is translates


def test_what_has_ipv4_now_and_had_none_is_compared_by_the_nat_of_peers() -> None:
    found = compare(side("ipv6-only"), side("easy-home"), moves=True)
    ids = [line.id for line in found.lines if line.id.startswith("outlook")]
    assert ids == ["outlook-none", "outlook-easy", "outlook-hard"]


def test_beside_the_other_side_too_a_hard_nat_with_an_open_port_is_called_that() -> None:
    found = with_other("hard_hard.netcheck1.txt", RemedyId.PORT_MAPPING)
    assert found.after.pair is not None
    opened = content.within("opened")
    assert f"This side: {opened}. The other side: hard NAT." in [*pair_lines(found.after.pair)]
    known = Measurement("", found.after.report)
    page = Page(about_pair(known, found.after.pair)).plain()
    assert re.search(f"This side +{opened}", page)
    assert f"Over IPv4: {opened};" in pair_to_text(found.after.pair)
