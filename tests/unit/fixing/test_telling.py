"""A plan as text: every way, who acts and what it costs, and the steps to begin with."""

from __future__ import annotations

from dataclasses import replace

import pytest

from probes.diagnosis.diagnose import diagnose
from probes.diagnosis.model import CauseId, NatClass, Verdict, Weight
from probes.diagnosis.plan import Way, plan_of
from probes.diagnosis.remedies import REMEDIES, RemedyId
from probes.diagnosis.what_if import Whose
from probes.model import Confidence
from probes.readings import environment
from probes.readings.environment import Evidence, Surrounding
from probes.readings.tailscale import PEERS, PeerPath
from probes.report import Report
from tests.engine.test_scenarios import conclude
from tests.unit.diagnosis.peer_cases import HARD_PEER, RELAYED, STAYS, report_for
from tests.unit.diagnosis.sites import SITES, site
from tui import content
from tui.content import playbooks
from tui.explain import explain_cause
from tui.explain.verdict import cause_words
from tui.fixing.first import first_lines
from tui.fixing.playbook import System, circumstances, playbook
from tui.fixing.telling import in_the_way, plan_lines, playbook_lines, promise, way_line
from tui.wrapping import COMMAND


def told(found: Report) -> list[str]:
    return list(plan_lines(found, diagnose(found)))


@pytest.mark.parametrize("name", SITES)
def test_it_tells_every_way_of_every_cause_that_is_more_than_a_note(name: str) -> None:
    found = site(name)
    plans = [
        plan for plan in plan_of(found, diagnose(found)) if plan.cause.weight is not Weight.NOTES
    ]
    lines = told(found)
    assert bool(lines) == bool(plans)
    stopped = CauseId.UDP_BLOCKED in {plan.cause.id for plan in plans}
    for plan in plans:
        assert f"{cause_words(plan.cause.id, found).title}:" in lines
        for way in plan.ways:
            line = f"- {way_line(way, stopped=stopped)}"
            assert any(each.startswith(line) for each in lines)
    assert sum(line.endswith("Begin here.") for line in lines) == bool(plans)
    assert sum("egin with this: " in line for line in lines) == bool(plans)


def test_where_a_trial_would_decide_it_comes_before_the_way_to_begin_with() -> None:
    found, diagnosis = conclude("hard-home-upnp")
    first, second, *_ = plan_lines(found, diagnosis)
    assert "have the router tried" in first
    assert second.startswith("Where that does not help, begin with this: ")


def test_a_peer_that_is_reached_leaves_nothing_to_do_but_for_lost_packets() -> None:
    found, alone = conclude("hard-home-upnp")
    peers = {each.name: each for each in found.value(PEERS) or ()}
    assert peers["home-nas"].path is PeerPath.DIRECT
    pair = diagnose(found, peers["home-nas"].key)
    assert pair.verdict is Verdict.DIRECT
    assert not in_the_way(found, pair)
    assert in_the_way(found, alone)
    small, _ = conclude("small-packets")
    reached = next(each for each in small.value(PEERS) or () if each.path is PeerPath.DIRECT)
    assert in_the_way(small, diagnose(small, reached.key))[0].cause.id is CauseId.MTU


def test_a_line_says_what_who_what_it_costs_and_what_comes_of_it() -> None:
    (first,) = [line for line in told(site("hard")) if line.endswith("Begin here.")]
    assert first == (
        "- Turn on UPnP or NAT-PMP in the router: whoever runs the router; any program in the "
        "network may then open ports. Peers behind any kind of NAT are then direct. Begin here."
    )


def test_a_way_on_the_other_side_says_so_and_promises_nothing_that_is_not_foretold() -> None:
    by_id = {remedy.id: remedy for remedy in REMEDIES}
    line = way_line(Way(by_id[RemedyId.PORT_MAPPING], Whose.OTHER, {}))
    assert line.startswith("On the other side, turn on UPnP")
    assert "whoever runs the router there;" in line
    own = way_line(Way(by_id[RemedyId.ALLOW_INBOUND], Whose.OTHER, {}))
    assert "the other side;" in own
    assert "you" not in own
    assert "direct" not in line


def test_ipv6_is_promised_for_peers_that_have_it_and_no_others() -> None:
    (plan, *_) = plan_of(site("hard"), diagnose(site("hard")))
    (way,) = [each for each in plan.ways if each.remedy.id is RemedyId.ENABLE_IPV6]
    assert way.flips == {}
    promise = (
        "Peers that have IPv6 as well are then nearly always direct, unless a network on the way"
    )
    assert way_line(way).endswith(f"{promise} stops UDP.")


def test_where_udp_is_stopped_ipv6_is_told_for_what_it_is_worth_there() -> None:
    found = site("udp-blocked")
    (line,) = [line for line in told(found) if line.startswith("- Turn on IPv6")]
    assert "This network stops UDP, mostly over IPv6 as well" in content.plain(line)
    assert "nearly always direct" not in line
    diagnosis = diagnose(found)
    cause = next(each for each in diagnosis.causes if each.id is CauseId.IPV6_MISSING)
    assert "Have UDP let out first" in content.plain(explain_cause(cause, found).first)
    assert "Have UDP let out first" not in content.plain(explain_cause(cause, site("hard")).first)
    (plan,) = [each for each in plan_of(found, diagnosis) if each.cause is cause]
    book = playbook(plan.ways[0], cause, found, circumstances(found))
    assert "udp-stopped" in {step.id for step in book.steps}


def test_a_change_here_against_what_is_over_there_says_why_it_helps() -> None:
    found = report_for(RELAYED, more=(HARD_PEER, STAYS))
    lines = list(first_lines(found, diagnose(found)))
    at = next(
        n for n, line in enumerate(lines) if line.startswith("What to do first: turn on UPnP")
    )
    assert lines[at + 1] == playbooks.guidance("here-for-there")
    (plan, *_) = plan_of(found, diagnose(found))
    assert plan.cause.id is CauseId.PEER_SIDE
    person = circumstances(found)
    for way in plan.ways:
        book = playbook(way, plan.cause, found, person)
        says = playbooks.guidance("here-for-there") in book.for_you
        assert says is (way.whose is Whose.THIS and way.flips.get(NatClass.HARD, False))
    assert playbooks.guidance("here-for-there") not in told(site("hard"))


def test_where_nothing_here_is_known_to_help_the_other_side_is_asked() -> None:
    """Around a container no port of the home's router is of any use."""
    inside = Evidence(Surrounding.CONTAINER, "docker", True, "test", Confidence.CERTAIN)
    found = report_for(RELAYED, more=(STAYS, (environment.EVIDENCE, (inside,))))
    (plan,) = [
        each for each in plan_of(found, diagnose(found)) if each.cause.id is CauseId.PEER_SIDE
    ]
    assert plan.ways[0].remedy.id is RemedyId.RUN_THERE
    assert any(way.whose is Whose.OTHER and any(way.flips.values()) for way in plan.ways)
    assert not any("This helps although" in line for line in first_lines(found, diagnose(found)))


def test_the_steps_are_numbered_and_commands_stand_alone() -> None:
    found = site("public-hostfw")
    diagnosis = diagnose(found)
    (plan, *_) = plan_of(found, diagnosis)
    assert plan.cause.id is CauseId.HOST_FIREWALL
    (way,) = [each for each in plan.ways if each.recommended]
    person = circumstances(found)
    book = playbook(way, plan.cause, found, person)
    lines = list(playbook_lines(book))
    for number, step in enumerate(book.steps, 1):
        assert any(line.startswith(f"Step {number}: ") for line in lines)
        if step.command is not None:
            assert COMMAND + step.command.text in lines
            assert not step.command.cuts or COMMAND + step.command.undo in lines
    assert [line for line in lines if line.startswith(COMMAND)]
    assert person.system is System.LINUX_NFTABLES


@pytest.mark.parametrize(
    ("system", "words"), [(System.LINUX, "cuts-run"), (System.WINDOWS, "cuts")]
)
def test_what_may_cut_somebody_off_is_said_before_the_command(system: System, words: str) -> None:
    """Where it can be run from here, so is how it is taken back with nobody there to type."""
    found, diagnosis = conclude("port-taken")
    person = replace(circumstances(found), system=system)
    lines = list(plan_lines(found, diagnosis, person))
    at = lines.index(playbooks.guidance(words))
    command, by_hand, undo = lines[at + 1 : at + 4]
    assert command.startswith(COMMAND)
    assert by_hand == playbooks.guidance("back-by-hand")
    assert undo.startswith(COMMAND)
    assert ("by itself" in lines[at]) is (system is System.LINUX)


def test_a_command_with_gaps_is_warned_of_as_well() -> None:
    found = site("public-hostfw")
    person = replace(circumstances(found), system=System.WINDOWS)
    lines = list(plan_lines(found, diagnose(found), person))
    at = lines.index(playbooks.guidance("cuts"))
    assert lines[at + 1].startswith("The command is `New-NetFirewallRule")
    assert lines[at + 2].startswith(f"{playbooks.guidance('back-by-hand')} `Remove-NetFirewallRule")


def test_what_was_measured_elsewhere_gets_no_command_for_this_computer() -> None:
    found = replace(site("hard"), network="elsewhere")
    lines = told(found)
    assert [line for line in lines if line.startswith(COMMAND)] == []
    assert any("The command over there is `tailscale debug restun`." in line for line in lines)
    chosen = circumstances(found)
    assert COMMAND + "sudo tailscale debug restun" in plan_lines(found, diagnose(found), chosen)


def test_the_first_step_is_one_that_can_be_done_also_where_it_was_measured_elsewhere() -> None:
    found = replace(site("hard"), network="elsewhere")
    lines = [*first_lines(found, diagnose(found))]
    told = [line for line in lines if line.startswith("Step ")]
    assert len(told) == 2
    assert told[0].startswith("Step 1: These steps are for the device")
    assert told[1].startswith("Step 2: Open the router's settings")
    assert lines[-1].startswith("Then 3 more steps")


def test_a_change_promises_what_it_flips_and_no_relay_is_called_a_step_to_the_next_change() -> None:
    plans = plan_of(*conclude("hard-home"))
    ways = {(way.remedy.id, way.whose): way for plan in plans for way in plan.ways}
    mapping = promise(ways[RemedyId.PORT_MAPPING, Whose.THIS])
    assert mapping == "Then it is direct with peers behind: easy NAT and hard NAT."
    ipv6 = promise(ways[RemedyId.ENABLE_IPV6, Whose.THIS])
    assert ipv6 == playbooks.guidance("flips-ipv6")
    (relay,) = (way for (remedy, _), way in ways.items() if remedy is RemedyId.PEER_RELAY)
    assert promise(relay) == "", "it says itself that it is not direct"
