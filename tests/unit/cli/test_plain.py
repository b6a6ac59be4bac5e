"""`check --plain`: the whole report as text that can be heard."""

from __future__ import annotations

import re
import unicodedata

import pytest

from probes.diagnosis.diagnose import diagnose
from probes.diagnosis.disagreements import disagreements_of
from probes.diagnosis.model import CauseId
from probes.model import CheckId, CheckStatus, Reason, Unknown
from probes.network.simulated import names
from probes.readings import relays, stun
from probes.report import Report, report_of
from tests.tui import recordings
from tests.unit.cli.golden import GOLDEN, kept_report, kept_text, plain, run
from tests.unit.content.reports import EASY, HARD
from tests.unit.content.reports import report as by_hand
from tui import content
from tui.cli import main
from tui.explain import explain_cause, explain_outlooks, headline
from tui.explain.router import router_says
from tui.explain.settling import claims, open_readings, trial_decides
from tui.explain.verdict import cause_words
from tui.fixing.telling import in_the_way, named, who_acts
from tui.masking import Masker
from tui.output import plain_ascii
from tui.wrapping import COMMAND, WIDTH

ROUTER = "What the router says"
"""A section only where it says anything."""
TO_DO = "What to do"
"""A section only where something is in the way."""
APART = "Where witnesses contradict each other"
"""A section only where they do."""
MIND = "What would change my mind"
"""A section only where something is open that could still be known."""
SECTIONS = (
    "Verdict",
    TO_DO,
    "Causes",
    "What to expect",
    "What was measured",
    ROUTER,
    "What netcheck would say, and what it means",
    "The NAT",
    APART,
    MIND,
    "What is not known, and why",
    "Exit status",
)


def practice(name: str) -> Report:
    return report_of(run(name))


def unwrapped(text: str) -> str:
    """Every fact on one line again."""
    return re.sub(r"\n  ", " ", text)


@pytest.mark.parametrize("name", GOLDEN)
def test_the_text_is_the_one_that_was_read_and_found_good(name: str) -> None:
    again = "read it, then: python -m tests.unit.cli.golden"
    assert plain(kept_report(name)) == kept_text(name), again


@pytest.mark.parametrize("name", names())
def test_every_text_can_be_walked_through_by_ear(name: str) -> None:
    text = plain(practice(name))
    lines = text.splitlines()
    assert text.endswith("\n")
    # A command is to be copied as it is, so it stays whole.
    assert max(len(line) for line in lines if not line.startswith(COMMAND)) <= WIDTH
    assert not [char for char in text if unicodedata.category(char)[0] == "C" and char != "\n"]
    assert not [char for char in text if 0x2500 <= ord(char) <= 0x259F]  # boxes and blocks
    assert "\n\n\n" not in text
    assert "[[" not in text
    assert not re.search(r"\{\w+\}", text)
    assert ".." not in text
    headings = [line for line in lines if re.match(r"\d+\. ", line)]
    report = practice(name)
    there = {
        APART: disagreements_of(report),
        ROUTER: any(router_says(report, x) for x in CheckId),
        MIND: any([*open_readings(report, ids)] for _, ids in claims(report, diagnose(report))),
        TO_DO: any(cause.in_the_way for cause in diagnose(report).causes),
    }
    sections = [each for each in SECTIONS if there.get(each, True)]
    assert headings == [f"{count}. {title}" for count, title in enumerate(sections, 1)]


@pytest.mark.parametrize("name", names())
def test_every_conclusion_is_in_the_text(name: str) -> None:
    found = practice(name)
    diagnosis = diagnose(found)
    text = unwrapped(plain(practice(name)))
    for count, cause in enumerate(diagnosis.causes, 1):
        assert f"Cause {count}: {cause_words(cause.id, found).title}." in text
    for field in content.fields():
        assert f"\n{field.title}: " in text
    assert text.count("\nMeaning: ") >= 7
    assert text.count("\nFor you: ") >= 7
    for words in explain_outlooks(diagnosis, found).values():
        assert f"With {words.who}: {words.result}: " in text
    assert text.count("This is the status of this run.") == 1


SCREEN = 24
"""Lines of a small terminal."""


@pytest.mark.parametrize("name", names())
def test_the_first_screen_says_the_verdict_the_cause_that_matters_and_the_first_step(
    name: str,
) -> None:
    report = practice(name)
    diagnosis = diagnose(report)
    text = plain(report)
    screen = unwrapped("\n".join(text.splitlines()[:SCREEN]))
    verdict, plans = content.plain(headline(diagnosis, report)), in_the_way(report, diagnosis)
    assert verdict in screen
    *_, last = unwrapped(text).splitlines()
    assert last.startswith(f"In short: {verdict}"), "a terminal shows the end of a long text"
    if not plans:
        assert "Step 1: " not in screen
        return
    way = next(way for way in plans[0].ways if way.recommended)
    title = cause_words(plans[0].cause.id, report).title
    steps = [line for line in unwrapped(text).splitlines() if line.startswith("Step 1: ")]
    assert f": {title}. " in screen
    trial = trial_decides(report, diagnosis)
    assert ("What to do first: have the router tried" in screen) is trial
    begin = "Where that does not help" if trial else "What to do first"
    assert f"{begin}: {named(way)}. Who can do it: {who_acts(way)}." in screen
    assert len(steps) == 2
    assert steps[0] == steps[1], "it stands once more with the steps that follow"
    assert steps[0] in screen
    assert ("have the router tried" if trial else named(way)) in last


def test_a_trial_comes_first_only_where_it_was_not_made_and_would_decide() -> None:
    tried = report_of(run("hard-home-upnp", map_test=True))
    offers_nothing, direct_without = practice("hard-home"), practice("easy-home-upnp")
    first = [
        trial_decides(report, diagnose(report))
        for report in (practice("hard-home-upnp"), tried, offers_nothing, direct_without)
    ]
    assert first == [True, False, False, False]


@pytest.mark.parametrize(
    ("name", "consent", "begins"),
    [
        ("hard-home", False, "If you run the"),
        ("hard-home-upnp", False, "Try what the"),
        ("hard-home-upnp", True, "Nothing, if peers reach you"),
        ("upnp-that-refuses", True, "The router opens ports on request, but"),
    ],
)
def test_nobody_is_told_to_turn_on_what_is_on(name: str, consent: bool, begins: str) -> None:
    report = report_of(run(name, map_test=consent))
    hard = next(each for each in diagnose(report).causes if each.id is CauseId.HARD_NAT)
    assert content.plain(explain_cause(hard, report).first).startswith(begins)


def test_where_too_little_is_known_the_first_screen_says_what_would_settle_it() -> None:
    screen = unwrapped("\n".join(plain(practice("two-servers-dead")).splitlines()[:SCREEN]))
    assert "Too little is known" in screen
    assert "too few answers. To settle it: " in screen


@pytest.mark.parametrize("name", names())
def test_every_text_can_be_written_in_ascii(name: str) -> None:
    text = plain_ascii(plain(practice(name)))
    assert text.isascii()
    assert "?" not in text.replace("?\n", "").replace("? ", "")


def test_what_did_not_count_is_said() -> None:
    rejected = (
        stun.Rejected(stun.Fault.WRONG_SOURCE, "192.0.2.66:3478", "", 3),
        stun.Rejected(stun.Fault.UNRESOLVED, "relay.example", "no such name", 1),
    )
    text = unwrapped(plain(by_hand({**EASY, stun.REJECTED.id: rejected})))
    assert (
        "Did not count: 192.0.2.66:3478: came from an address that was not asked, 3 times." in text
    )
    assert "Did not count: relay.example: the name could not be looked up (no such name)." in text


def test_which_map_was_used_and_what_was_passed_over_is_said() -> None:
    source = relays.MapSource(
        relays.MapOrigin.CACHE, "the copy kept", 3, ("tailscale debug derp-map: none here",)
    )
    text = unwrapped(plain(by_hand({**EASY, relays.MAP_SOURCE.id: source})))
    assert "Relay map: the copy kept, 3 regions." in text
    assert "Relay map, tried before: tailscale debug derp-map: none here." in text


def test_each_endpoint_that_differs_is_named() -> None:
    text = unwrapped(plain(by_hand(HARD)))
    assert "nyc saw this device as 45.83.223.10:51820.\n" in text
    assert "fra saw this device as 45.83.223.10:33017, another than the first.\n" in text


def test_what_is_not_known_says_why() -> None:
    found = by_hand(
        {stun.VARIES4.id: Unknown(Reason.TOO_FEW_ANSWERS, "1 of 3 answered")},
        {CheckId.RELAY_TCP: CheckStatus.FAILED},
    )
    section = unwrapped(plain(found)).partition("What is not known, and why")[2]
    assert "too few answers (1 of 3 answered): stun.mapping_varies4." in section
    assert "could not be looked at: boom: relay_tcp.reachable." in section


def test_without_a_network_every_check_of_it_gives_the_same_reason() -> None:
    section = unwrapped(plain(practice("offline"))).partition("What was measured\n\n")[2]
    lines = section.partition("Relay map:")[0].splitlines()
    said = {title: text for title, _, text in (line.partition(": ") for line in lines)}
    own = {"This device", "IPv6", "This device's firewall", "Where this runs"}
    own |= {"Tailscale's own account"}
    assert own <= said.keys()
    assert len(said) >= 15
    assert {said[title] for title in said.keys() - own} == {"no way to the internet."}


def test_a_run_that_did_not_end_says_so() -> None:
    assert "The run did not come to its end." in plain(by_hand(EASY, closed=False))
    assert "The run did not come to its end." not in plain(by_hand(EASY))


def test_what_would_change_the_answer_is_named_with_what_settles_it() -> None:
    report = by_hand({**HARD, stun.VARIES4.id: Unknown(Reason.NO_ANSWER)})
    left_out = by_hand(EASY, skipped=(CheckId.ENVIRONMENT,))
    text = unwrapped(plain(left_out))
    section = text.partition("What would change my mind")[2].partition("What is not known")[0]
    assert "The answer as a whole: Settings of the Tailscale daemon" in section
    assert "To settle it: " in section
    assert "What would change my mind" in unwrapped(plain(report))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("cgnat", "it is your provider's NAT that does this"),
        ("hard-home", "yours or the provider's, these answers do not say"),
    ],
)
def test_the_reason_of_a_hard_nat_places_it_where_the_headline_does(name: str, said: str) -> None:
    report = practice(name)
    hard = next(each for each in diagnose(report).causes if each.id is CauseId.HARD_NAT)
    assert said in explain_cause(hard, report).why


def test_a_tunnel_that_hides_the_network_is_what_to_begin_with_and_what_would_change_it() -> None:
    report = practice("tunnel-unbindable")
    text = unwrapped(plain(report))
    assert "Hides your own network: Another tunnel carries the traffic." in text
    assert "What to do first: turn the other VPN off for a test." in text
    assert "Too little is known to say what would help" not in text
    assert "lets nothing here go around it" in text
    assert "The tests here went around it" not in text
    mind = text.partition("What would change my mind")[2].partition("What is not known")[0]
    assert "Your own network: Whether the router answers UPnP: hidden by a tunnel." in mind


def test_what_is_not_known_is_told_without_the_words_of_json() -> None:
    assert "null" not in plain(practice("tunnel-unbindable"))


def test_a_web_page_that_answered_is_no_answer_over_udp() -> None:
    text = unwrapped(plain(practice("captive-portal")))
    assert "UDP: no, 0 of 5 relays answered." in text
    assert "No relay answered, a web page did." in text
    assert "that is not UDP" in text


@pytest.mark.parametrize(
    ("name", "easy", "hard"),
    [
        ("hard-home", "Your side shows every", "Both sides show every"),
        ("easy-home", "", "The peer's side shows every"),
    ],
)
def test_whose_port_cannot_be_aimed_at_is_said_where_it_is_known(
    name: str, easy: str, hard: str
) -> None:
    text = unwrapped(plain(practice(name)))
    _, _, found = text.partition("With a peer behind an easy NAT: ")
    with_easy, _, with_hard = found.partition("With a peer behind a hard NAT: ")
    assert f"How: {easy}" in with_easy
    assert f"How: {hard}" in with_hard


@pytest.mark.parametrize("masked", [False, True])
def test_what_somebody_else_wrote_is_shown_and_does_nothing_to_the_terminal(masked: bool) -> None:
    """The way out is a guard of its own: these texts never passed the first one, at the edge. That
    one is looked at where a program's output is read (test_walk_hostile)."""
    found = report_of(recordings.hostile())
    regions = found.value(relays.REGIONS)
    assert regions is not None
    assert "\x1b" in regions[0].code, "nothing made it harmless before"
    text = plain(Masker(b"a key").report(found) if masked else found)
    strange = {
        char for char in text if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    }
    assert strange == {"\n"}
    assert "[/x] [@click=app.quit]quit[/]" in text or masked


# --- networks with one family, or none ------------------------------------------------------------


def part(section: str, name: str) -> str:
    """One section of what is told of a practice network."""
    after = plain(practice(name)).rpartition(f". {section}\n\n")[2]
    return re.split(r"\n\d+\. ", after)[0]


def test_where_there_is_ipv6_alone_a_peer_with_ipv6_is_told_of() -> None:
    told = " ".join(part("What to expect", "ipv6-only").split())
    assert told.startswith("With a peer that has IPv6: likely direct: both sides have IPv6.")
    assert told.count("With a peer ") == 2, "whatever its NAT: one with IPv4 alone is like another"
    assert "With a peer that has IPv4 alone, behind whatever NAT: may be direct:" in told


@pytest.mark.parametrize("name", ["offline", "no-network"])
def test_where_nothing_gets_out_nothing_is_said_to_be_reached(name: str) -> None:
    text = plain(practice(name))
    assert "travel inside" not in text
    assert "IPv6: no, but OS has support. No IPv6 address, and IPv4 gets nowhere." in text


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("stun-blocked", "Have the network let UDP out to port 3478"),
        ("udp-blocked", "Have the network let UDP out: nothing came back over it"),
        ("ipv6-filtered", "Have the network let UDP out over IPv6"),
        ("captive-portal", "Sign in at the network's page first"),
        ("no-network", "Bring the network back first"),
        ("two-servers-dead", "Test again. One lost packet is enough to leave this open."),
    ],
)
def test_what_kept_the_answers_away_is_what_settles_it(name: str, how: str) -> None:
    told = " ".join(part(MIND, name).split())
    assert f"To settle it: {how}" in told
    assert ("lost packet" in told) is ("lost packet" in how)


def test_before_one_has_signed_in_the_nat_is_not_to_be_tested_again_at_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(["check", "--plain", "--no-save", "--simulate", "captive-portal"])
    said = " ".join(capsys.readouterr().out.split())
    assert "Next: Sign in at the network's page, then test again." in said
    assert "Test again in a moment" not in said


def test_nobody_is_told_to_turn_on_what_the_router_offers_already(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = {}
    for name in ("hard-home", "hard-home-pcp"):
        main(["check", "--plain", "--no-save", "--simulate", name])
        told[name] = " ".join(capsys.readouterr().out.split())
    usual, offered = "open ports on request (UPnP or NAT-PMP)", "Next: Try what the router offers"
    assert [said.count(usual) for said in told.values()] == [2, 0]
    assert [said.count(offered) for said in told.values()] == [0, 2]
