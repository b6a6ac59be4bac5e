"""A cause says what was measured of it, and not what might be."""

from __future__ import annotations

from probes.diagnosis.diagnose import diagnose
from probes.diagnosis.model import CauseId, NatClass
from probes.readings import firewall, port_mapping, stun
from probes.readings.firewall import Fate, FirewallName, Judgement
from tests.engine.test_scenarios import conclude
from tests.unit.content.reports import EASY, answer, report
from tests.unit.content.test_pair_words import case
from tests.unit.content.test_verdict import STUN_BLOCKED
from tests.unit.content.texts import HERE, document_of
from tui import content
from tui.content import CauseWords, FieldId, QuestionId
from tui.explain import (
    CauseText,
    explain_cause,
    explain_field,
    explain_nat,
    explain_peer,
    headline,
    path,
    question_line,
)
from tui.explain.instead import _RULES as RULES
from tui.explain.verdict import cause_words

C = CauseId


def told(name: str, which: CauseId) -> CauseText:
    found, diagnosis = conclude(name)
    return explain_cause(next(each for each in diagnosis.causes if each.id is which), found)


def plainly(words: CauseText) -> str:
    parts = (words.title, words.sentence, words.for_you, words.first, words.why, words.who)
    return content.plain(" ".join(parts))


def test_every_words_in_place_of_others_are_used_and_fit() -> None:
    listed = {words: cause for cause, rules in RULES.items() for words in rules}
    assert set(document_of(HERE / "labels/instead.md").sections) == set(listed)
    for which, cause in listed.items():
        words = content.instead(which, content.cause(cause))
        assert isinstance(words, CauseWords)
        assert words != content.cause(cause)
        assert len(words.title) <= 45
        assert len(content.plain(words.sentence)) <= 110


def test_a_provider_s_hard_nat_is_not_called_yours() -> None:
    words = told("cgnat", C.HARD_NAT)
    assert words.title == "Hard NAT of your provider"
    assert words.who.startswith("The provider")
    assert told("hard-home", C.HARD_NAT).title == content.cause(C.HARD_NAT).title


def test_a_shared_address_says_how_hard_its_nat_was_measured() -> None:
    words = content.plain(told("cgnat", C.CGNAT).for_you)
    assert "is a hard NAT" in words
    assert "If it is" not in words


def test_a_port_that_ends_at_the_provider_is_said_to_matter_later() -> None:
    words = told("cgnat", C.PORT_MAPPING_OFF)
    assert words.weight != "good to know"
    assert "keeps nobody out" not in words.for_you


def test_without_a_way_out_nobody_is_said_to_have_been_silent() -> None:
    words = told("offline", C.NO_NETWORK)
    assert "nobody could be asked" in words.sentence
    assert "answered" not in plainly(words)


def test_what_keeps_strangers_out_is_told_apart_from_where_it_stands() -> None:
    for fate, says in (
        (Fate.BLOCKED, "this device's own rules drop such packets"),
        (Fate.ALLOWED, "So another [[firewall]] drops them"),
        (Fate.UNKNOWN, "Which [[firewall]] does it is not known"),
    ):
        judged = Judgement(fate, FirewallName.NFTABLES, "inet filter input", "x", True)
        words = cause_words(C.INBOUND_BLOCKED, report({firewall.INBOUND4.id: judged}))
        assert says in words.why
        assert "That is certain" in words.why
    assert told("own-firewall", C.INBOUND_BLOCKED).who.startswith("You, on this device")


def test_an_own_firewall_says_which_packets_it_drops() -> None:
    words = told("own-firewall", C.HOST_FIREWALL)
    assert "did not ask for" in words.sentence
    judged = Judgement(Fate.BLOCKED, FirewallName.NFTABLES, "inet filter output", "drop", True)
    out = cause_words(C.HOST_FIREWALL, report({firewall.OUTBOUND4.id: judged}))
    assert out.sentence.endswith("let none of your VPN's packets out.")


def test_tailscale_that_does_not_run_is_told_in_a_sentence() -> None:
    words = told("tailscale-stopped", C.NOT_CONNECTED)
    assert words.sentence == "Tailscale is switched off, so no peer can be reached from here."


def test_where_relays_are_stopped_every_line_goes_by_the_same_answers() -> None:
    found, diagnosis = conclude("stun-blocked")
    field = explain_field(found, FieldId.MAPPING_VARIES)
    assert "is open" not in field.interpretation
    assert stun.ELSEWHERE.id in {each.reading for each in field.evidence}
    assert question_line(found, QuestionId.MAPPING).text == (
        "no relay answered; 2 other servers agree"
    )
    assert "As far as was measured" in explain_field(found, FieldId.PORT_MAPPING).interpretation
    assert explain_nat(diagnosis.nat4, found).value == "easy NAT"


def test_a_forwarded_port_is_said_wherever_the_easy_nat_is() -> None:
    forward = {port_mapping.FORWARD.id: port_mapping.Forward(41641, True, "RESPONSE-PORT")}
    absent = {each.present.id: False for each in port_mapping.SERVICES.values()}
    found = report({**EASY, **absent, **forward})
    diagnosis = diagnose(found)
    held = "port 41641, forwarded by hand, lets"
    assert diagnosis.nat4.nat_class is NatClass.EASY
    assert held in headline(diagnosis, found)
    assert held in explain_field(found, FieldId.PORT_MAPPING).interpretation
    nat = explain_nat(diagnosis.nat4, found)
    assert nat.value == "easy NAT, open port"
    assert "port 41641, forwarded by hand." in nat.meaning
    assert nat.value in {hop.note for hop in path(diagnosis, found)}
    shut = report({**EASY, **absent})
    assert explain_nat(diagnose(shut).nat4, shut).value == "easy NAT"


def test_a_path_that_was_seen_is_more_certain_than_its_reason() -> None:
    def sure(name: str) -> str:
        found = case(name)
        outlook = diagnose(found).peer
        assert outlook is not None
        return explain_peer(outlook, found).confidence

    assert sure("a hard side and a relayed peer") == "relayed now: certain; the reason: likely"
    assert sure("a peer that is direct") == "certain"


def test_one_answer_beside_silent_relays_leaves_it_open() -> None:
    found = report(STUN_BLOCKED)
    assert question_line(found, QuestionId.MAPPING).text == "no answer"
    assert "is open" in explain_field(found, FieldId.MAPPING_VARIES).interpretation


def test_answers_that_differ_beside_silent_relays_are_told() -> None:
    others = (
        answer("45.83.223.10:40001", 0, host="one.example:19302"),
        answer("45.83.223.10:40002", 0, host="two.example:443"),
    )
    found = report({**STUN_BLOCKED, stun.ELSEWHERE.id: others})
    assert "disagree" in question_line(found, QuestionId.MAPPING).text
