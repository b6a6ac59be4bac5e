"""No part of an answer promises what another part denies."""

from __future__ import annotations

from typing import Any

import pytest

from probes.diagnosis.diagnose import diagnose
from probes.diagnosis.model import (
    CauseId,
    Confidence,
    Headline,
    Mapping,
    Mechanism,
    NatClass,
    Result,
    Verdict,
    Weight,
)
from probes.diagnosis.plan import plan_of
from probes.diagnosis.remedies import RemedyId
from probes.model import CheckId, CheckStatus, Endpoint, Family, Reason, Unknown
from probes.network.simulated import load
from probes.options import Options
from probes.readings import behavior, captive_portal, relays, stun
from probes.readings.environment import Surrounding
from probes.readings.port_mapping import SERVICES
from probes.report import Report, broken_off, report_of
from tests.engine.test_scenarios import conclude, events_of
from tests.unit.content.reports import HARD, HOME, by_id, mapped, report
from tests.unit.diagnosis.device_cases import NOBODY, eased, inside, tried
from tests.unit.diagnosis.sites import BY_NAME, HELD_BACK, LET_THROUGH, Pairs
from tui import content
from tui.content import FieldId
from tui.explain import HopId, explain_cause, explain_field, explain_nat, headline, path
from tui.explain.facts import relays_asked
from tui.fixing.playbook import circumstances, playbook
from tui.fixing.telling import plan_lines
from tui.state import Measurement, OtherSide

SILENT: dict[str, Any] = {**HOME, **mapped(), stun.ELSEWHERE.id: ()}
SIGN_IN = captive_portal.PortalAnswer("one.relays.example", 302, "http://sign-in.example/")


@pytest.mark.parametrize(
    ("name", "says"),
    [("stun-blocked", "peers are not told where to aim"), ("collision", "Yet something else here")],
)
def test_an_easy_nat_promises_no_more_than_the_outlook(name: str, says: str) -> None:
    found, diagnosis = conclude(name)
    assert diagnosis.outlook.easy.result is not Result.DIRECT
    words = explain_nat(diagnosis.nat4, found)
    assert says in content.plain(words.interpretation)
    assert "are direct" not in words.interpretation
    assert "Nothing to do" not in words.next_step


def test_an_easy_nat_with_nothing_in_the_way_still_promises() -> None:
    found, diagnosis = conclude("easy-home")
    assert "are direct" in explain_nat(diagnosis.nat4, found).interpretation


def test_where_a_sign_in_page_answers_the_way_out_is_not_called_dead() -> None:
    known = {**SILENT, relays.TCP.id: False, relays.ICMP4.id: False}
    assert CauseId.NO_NETWORK in {each.id for each in diagnose(report(known)).causes}
    diagnosis = diagnose(report({**known, captive_portal.ANSWERS.id: (SIGN_IN,)}))
    assert CauseId.NO_NETWORK not in {each.id for each in diagnosis.causes}
    assert diagnosis.outlook.easy.mechanism is not Mechanism.NO_NETWORK


def test_relays_alone_out_of_reach_are_not_called_untried() -> None:
    tcp = {relays.TCP.id: False, captive_portal.ANSWERS.id: (SIGN_IN,)}
    found = report({**SILENT, **tcp})
    assert "no relay answered in any way" in headline(diagnose(found), found)


def test_several_ways_out_stand_beside_the_hard_nat_as_a_note() -> None:
    _, diagnosis = conclude("two-wans")
    weights = {each.id: each.weight for each in diagnosis.causes}
    assert weights[CauseId.HARD_NAT] is Weight.BLOCKS
    assert weights[CauseId.MULTI_WAN] is Weight.NOTES
    notes = [each.id for each in diagnosis.causes if each.weight is Weight.NOTES]
    assert notes[0] is CauseId.MULTI_WAN


@pytest.mark.parametrize("cause_id", [CauseId.HARD_NAT, CauseId.PORT_MAPPING_OFF])
def test_behind_a_provider_the_own_router_is_not_the_first_advice(cause_id: CauseId) -> None:
    found, diagnosis = conclude("cgnat")
    cause = next(each for each in diagnosis.causes if each.id is cause_id)
    assert "does not get through the provider's NAT" in explain_cause(cause, found).first.replace(
        "[[NAT]]", "NAT"
    )
    home, at_home = conclude("hard-home")
    cause = next(each for each in at_home.causes if each.id is cause_id)
    assert "provider" not in explain_cause(cause, home).first


@pytest.mark.parametrize("name", ["one-to-one-cloud", "full-cone"])
def test_where_every_peer_gets_in_nobody_is_sent_to_a_router_for_a_port(name: str) -> None:
    found, diagnosis = conclude(name)
    off = next(each for each in diagnosis.causes if each.id is CauseId.PORT_MAPPING_OFF)
    text = explain_cause(off, found)
    assert "Nothing is missing" in text.for_you
    assert text.first.startswith("Nothing:")
    assert CauseId.PORT_MAPPING_OFF not in {each.cause.id for each in plan_of(found, diagnosis)}


@pytest.mark.parametrize(
    ("name", "first", "helps"),
    [
        ("two-wans", "Begin with this: Tie this device to one", "Tie this device to one"),
        ("cgnat", "Begin with this: Other side: turn on UPnP", "opened on the other side"),
    ],
)
def test_what_helps_is_what_the_steps_begin_with(name: str, first: str, helps: str) -> None:
    found, diagnosis = conclude(name)
    assert next(iter(plan_lines(found, diagnosis))).startswith(first)
    assert helps in explain_cause(diagnosis.causes[0], found).first


def test_behind_a_provider_no_line_sends_the_person_to_the_own_router() -> None:
    found, diagnosis = conclude("cgnat")
    off = next(each for each in diagnosis.causes if each.id is CauseId.PORT_MAPPING_OFF)
    assert "until then a port that" in explain_cause(off, found).for_you
    for field in (FieldId.MAPPING_VARIES, FieldId.PORT_MAPPING):
        advice = content.plain(explain_field(found, field).next_step)
        assert "does not get through the provider's NAT" in advice
    home, _ = conclude("hard-home")
    assert "let it open ports" in explain_field(home, FieldId.MAPPING_VARIES).next_step


def test_a_hard_nat_that_opened_a_port_keeps_no_peer_on_the_relay() -> None:
    found = report({**HARD, **by_id(*tried(seen_from_outside=True))})
    cause = next(each for each in diagnose(found).causes if each.id is CauseId.HARD_NAT)
    words = content.plain(explain_cause(cause, found).for_you)
    assert "Peers can be told that one" in words
    assert "cannot aim" not in words


def test_a_port_mapping_that_may_decide_is_in_the_headline_as_well() -> None:
    found = report({**HARD, **{keys.present.id: True for keys in SERVICES.values()}})
    diagnosis = diagnose(found)
    assert diagnosis.outlook.easy.mechanism is Mechanism.MAPPING_DECIDES
    assert (diagnosis.verdict, diagnosis.headline) == (Verdict.DEPENDS, Headline.DEPENDS_MAPPING)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (LET_THROUGH, "end at this device's own"),
        (HELD_BACK, "that is of no use here"),
        ((), "that is of no use here"),
        ((*LET_THROUGH, *BY_NAME), "Nothing, if peers reach you"),
    ],
)
def test_what_a_trial_came_to_is_the_first_advice(more: Pairs, says: str) -> None:
    found = report({**HARD, **by_id(*tried(seen_from_outside=False), *more)})
    cause = next(each for each in diagnose(found).causes if each.id is CauseId.HARD_NAT)
    assert says in content.plain(explain_cause(cause, found).first)


def test_one_closed_port_is_not_surely_all_of_udp() -> None:
    nobody = {**SILENT, relays.TCP.id: True, stun.ELSEWHERE.id: Unknown(Reason.NO_SERVER)}
    assert "likely stops it" in _headline(report(nobody))
    assert "this network stops UDP" in _headline(report({**nobody, stun.ELSEWHERE.id: ()}))


def test_a_run_that_broke_off_is_not_still_under_way() -> None:
    cut = report({}, {CheckId.STUN: CheckStatus.RUNNING}, closed=False)
    assert _headline(cut) == "Still measuring."
    ended = broken_off(cut)
    assert "did not come to its end" in _headline(ended)
    assert (ended.closed, ended.cancelled) == (True, True)
    assert ended.checks[CheckId.STUN].status is CheckStatus.CANCELLED


def test_without_the_test_over_udp_an_easy_nat_alone_says_nothing_of_the_relays() -> None:
    steady = behavior.MappingFound(Mapping.ENDPOINT_INDEPENDENT, Confidence.CERTAIN, ("a", "b"))
    diagnosis = diagnose(report({behavior.MAPPING4.id: steady}, skipped=(CheckId.STUN,)))
    assert diagnosis.nat4.nat_class is NatClass.EASY
    assert (diagnosis.verdict, diagnosis.outlook.easy.result) == (Verdict.UNKNOWN, Result.UNKNOWN)
    assert diagnosis.outlook.none.result is Result.DIRECT


def test_relays_that_nobody_asked_gave_no_answer_either_way() -> None:
    assert not relays_asked(conclude("offline")[0])
    assert relays_asked(conclude("no-network")[0])


def _headline(found: Report) -> str:
    return headline(diagnose(found), found)


def test_nobody_foretells_what_a_clouds_firewall_rule_brings_where_the_address_may_be_shared() -> (
    None
):
    kept = (stun.BY_FAMILY[Family.V4].port_preserved, True)
    seen = (stun.ENDPOINT4, Endpoint.of("45.83.223.10", 51820))
    found = eased(inside(Surrounding.CLOUD, adds_nat=None), seen, kept, NOBODY)
    plans = plan_of(found, diagnose(found))
    plan = next(each for each in plans if each.cause.id is CauseId.CLOUD_NAT)
    way = next(each for each in plan.ways if each.remedy.id is RemedyId.OPEN_FIREWALL)
    assert not way.flips
    steps = playbook(way, plan.cause, found, circumstances(found)).steps
    assert "a public address of its own" in steps[0].text


@pytest.mark.parametrize(
    ("name", "says"),
    [("stun-blocked", "the relays' STUN port is stopped"), ("collision", "gives your port away")],
)
def test_what_was_measured_here_is_not_laid_at_the_peers_door(name: str, says: str) -> None:
    """Other peers are direct there, which may be open ones: they clear this side of nothing."""
    found = report_of(events_of(load(name), Options(peer="home-nas")))
    here = diagnose(found)
    assert here.verdict is Verdict.RELAYED
    assert CauseId.PEER_SIDE not in {each.id for each in here.causes}
    assert headline(here, found).startswith("Relayed to home-nas: ")
    assert says in headline(here, found)


@pytest.mark.parametrize(
    ("there", "read", "in_short"),
    [
        ("hard-home", "uses a new port for every destination", "hard NAT"),
        ("udp-blocked", "lets no UDP out", "stops UDP"),
        ("forced-relay", "told to use relays only", "set to relays only"),
    ],
)
def test_of_the_other_side_that_was_measured_is_said_what_was_read(
    there: str, read: str, in_short: str
) -> None:
    """In the cause, in the picture, and nobody is sent there for what is known."""
    found, _ = conclude("double-nat")
    known = Measurement(
        "double-nat", found, peer="home-nas", other=OtherSide("a file", conclude(there)[0])
    )
    (cause,) = (each for each in known.judged.causes if each.id is CauseId.PEER_SIDE)
    assert known.pair is not None
    assert cause.confidence is known.pair.prediction.confidence
    words = explain_cause(cause, found)
    said = content.plain(" ".join((words.sentence, words.for_you, words.first, words.why)))
    assert read in said
    assert "likely" not in said
    assert "run whyrelay on the peer" not in said
    (hop,) = (each for each in path(known.judged, found) if each.obstacle)
    assert (hop.id, hop.note) == (HopId.PEER, in_short)
    # Of a peer that was only seen on a relay nobody knows more than that.
    alone = explain_cause(known.diagnosis.causes[0], found)
    assert known.diagnosis.causes[0].id is CauseId.PEER_SIDE
    assert "likely at the peer" in content.plain(alone.for_you)
