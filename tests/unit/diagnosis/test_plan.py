"""What to do, in order: which ways each cause has, and where a person begins."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest

from probes.diagnosis.diagnose import diagnose
from probes.diagnosis.facts import Facts
from probes.diagnosis.model import Actor, Cause, CauseId, Confidence, NatClass, Verdict, Weight
from probes.diagnosis.peer import PeerOutlook
from probes.diagnosis.plan import CausePlan, Way, plan_of
from probes.diagnosis.remedies import REMEDIES, RemedyId, Risk
from probes.diagnosis.untold import UNTOLD
from probes.diagnosis.ways import AROUND, AT_A_ROUTER, WAYS
from probes.diagnosis.what_if import Whose, flips_of
from probes.model import Confidence as Sure
from probes.network.simulated import names
from probes.readings import environment, firewall, port_mapping, relays, stun, tailscale
from probes.readings.environment import Effect, Evidence, Setting, Surrounding
from probes.readings.firewall import Fate, FirewallName, Judgement
from probes.readings.port_mapping import MappingError, MappingFault
from probes.report import Report, report_of
from tests.unit.cli.golden import run
from tests.unit.content.reports import EASY, HARD, answer, mapped, report
from tests.unit.diagnosis.device_cases import NOBODY, judged, open_
from tests.unit.diagnosis.peer_cases import CASES, HARD_PEER, RELAYED, STAYS, report_for
from tests.unit.diagnosis.reports import home
from tests.unit.diagnosis.sites import SITES, site
from tui.pair_view import Given, judged_by, pair_of

R = RemedyId
BY_ID = {remedy.id: remedy for remedy in REMEDIES}


def planned(found: Report) -> tuple[CausePlan, ...]:
    return plan_of(found, diagnose(found))


def ids(plan: CausePlan) -> list[tuple[RemedyId, Whose]]:
    return [(way.remedy.id, way.whose) for way in plan.ways]


def ways(found: Report, cause: CauseId) -> list[RemedyId]:
    plan = next(each for each in planned(found) if each.cause.id is cause)
    return [way.remedy.id for way in plan.ways]


def recommended(plan: CausePlan) -> Way:
    (way,) = [way for way in plan.ways if way.recommended]
    return way


@pytest.mark.parametrize("name", SITES)
def test_every_cause_has_ways_and_exactly_one_to_begin_with(name: str) -> None:
    found = site(name)
    plans = planned(found)
    diagnosis = diagnose(found)
    # Where a port is open, a hard NAT keeps nobody out, and nothing need be done about it.
    opened = diagnosis.nat4.nat_class is NatClass.EASY
    needed = {each for each in diagnosis.causes if each.id is not CauseId.HARD_NAT or not opened}
    assert {each.cause for each in plans} == needed
    for plan in plans:
        assert len(ids(plan)) == len(set(ids(plan)))
        assert recommended(plan) in plan.ways


@pytest.mark.parametrize("name", SITES)
def test_notes_come_last_and_what_flips_the_verdict_before_what_does_not(name: str) -> None:
    plans = planned(site(name))
    notes = [plan.cause.weight is Weight.NOTES for plan in plans]
    assert notes == sorted(notes)
    target = NatClass.HARD if "direct" in diagnose(site(name)).verdict else NatClass.EASY
    rest = [plan for plan in plans if plan.cause.weight is not Weight.NOTES]
    flips = [not any(way.flips.get(target) for way in plan.ways) for plan in rest]
    assert flips == sorted(flips)


@pytest.mark.parametrize("name", SITES)
def test_after_the_first_who_is_near_acts_first(name: str) -> None:
    near = [Actor.THIS_DEVICE, Actor.ROUTER, Actor.SECOND_ROUTER, Actor.NETWORK_ADMIN]
    for plan in planned(site(name)):
        far = [
            way.whose is Whose.OTHER or way.remedy.acts not in near
            for way in plan.ways
            if way.remedy.acts is not Actor.NOBODY and not way.recommended
        ]
        assert far == sorted(far), ids(plan)


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("peer", ["", "home-nas"])
def test_the_list_the_recommendation_and_the_first_step_agree(name: str, peer: str) -> None:
    found = report_of(run(name, peer=peer) if peer else run(name))
    diagnosis = diagnose(found)
    plans = plan_of(found, diagnosis)
    assert [plan.ways[0] for plan in plans] == [recommended(plan) for plan in plans]
    begin = next((plan.ways[0] for plan in plans if plan.cause.weight is not Weight.NOTES), None)
    pair = diagnosis.peer.flip if diagnosis.peer is not None else None
    changes = (pair.remedy.id, pair.side) if pair is not None else None
    if begin is None or begin.remedy.risk is Risk.MONEY:
        return
    if pair is not None and begin.flips:
        assert (begin.remedy.id, begin.whose) == changes
    elif diagnosis.verdict is not Verdict.DIRECT and begin.flips.get(NatClass.EASY):
        facts = Facts(found, diagnosis.nat4, diagnosis.nat6)
        first = flips_of(facts)[NatClass.EASY]
        assert first is not None
        assert (begin.remedy.id, begin.whose) == (first.remedy.id, first.side)


def test_the_table_of_ways_names_each_cause_and_each_change() -> None:
    assert set(CauseId) == set(WAYS)
    assert all(WAYS.values())
    assert {way for each in WAYS.values() for way in each} | {R.PEER_RELAY} == set(R)
    for remedy in UNTOLD:
        assert remedy.causes
        for cause in remedy.causes:
            assert remedy.id in WAYS[cause]


@pytest.mark.parametrize("cause", CauseId)
def test_every_cause_has_a_way_whatever_the_report_holds(cause: CauseId) -> None:
    """Also where the readings that it rests on are not in the report any more."""
    for found in (report({}), report(HARD), site("open"), site("udp-blocked")):
        diagnosis = diagnose(found)
        for acts in (Actor.THIS_DEVICE, Actor.TAILNET_ADMIN, Actor.ROUTER):
            here = Cause(cause, Weight.BLOCKS, Confidence.CERTAIN, acts, ())
            (plan,) = plan_of(found, replace(diagnosis, causes=(here,)))
            assert plan.ways
            assert recommended(plan)


def test_a_hard_nat_begins_at_the_own_router_and_ends_with_a_peer_relay() -> None:
    plans = planned(site("hard"))
    assert plans[0].cause.id is CauseId.HARD_NAT
    assert ids(plans[0]) == [
        (R.PORT_MAPPING, Whose.THIS),
        (R.FORWARD_PORT, Whose.THIS),
        (R.KEEP_ONE_PORT, Whose.THIS),
        (R.ENABLE_IPV6, Whose.THIS),
        (R.PORT_MAPPING, Whose.OTHER),
        (R.FORWARD_PORT, Whose.OTHER),
        (R.PEER_RELAY, Whose.THIS),
    ]
    way = recommended(plans[0])
    assert way.remedy.id is R.PORT_MAPPING
    assert way.flips == {NatClass.NONE: False, NatClass.EASY: True, NatClass.HARD: True}


def test_behind_a_provider_s_nat_the_other_side_comes_before_money() -> None:
    found = ids(planned(site("cgnat-hard"))[0])
    assert (R.PORT_MAPPING, Whose.THIS) not in found
    assert found.index((R.PORT_MAPPING, Whose.OTHER)) < found.index((R.PUBLIC_ADDRESS, Whose.THIS))


ABSENT = {keys.present.id: False for keys in port_mapping.SERVICES.values()}


def test_no_port_of_the_own_router_is_offered_where_it_ends_at_the_provider_s() -> None:
    carrier = {port_mapping.PCP.external.id: ip_address("100.72.0.5")}
    found = report({**HARD, **ABSENT, port_mapping.PCP.present.id: True, **carrier})
    assert CauseId.CGNAT in {each.id for each in diagnose(found).causes}
    for plan in planned(found):
        assert not AT_A_ROUTER & {way.remedy.id for way in plan.ways if way.whose is Whose.THIS}


def test_what_whoever_runs_the_network_can_do_comes_before_a_router_that_is_theirs() -> None:
    found_elsewhere = tuple(
        answer("45.83.223.10:51820", 0, host=f"stun.example:{port}") for port in (19302, 3479)
    )
    silent = {**EASY, **mapped(), stun.ELSEWHERE.id: found_elsewhere}
    found = report({**silent, **ABSENT})
    plan = next(each for each in planned(found) if each.cause.id is CauseId.STUN_BLOCKED)
    here = [way.remedy.id for way in plan.ways if way.whose is Whose.THIS]
    assert here.index(R.UNBLOCK_STUN) < here.index(R.ENABLE_IPV6)


def test_among_notes_what_is_quickly_done_comes_first() -> None:
    found = report({**EASY, **ABSENT, tailscale.STATE.id: tailscale.Backend.STOPPED})
    assert [plan.cause.id for plan in planned(found)] == [
        CauseId.NOT_CONNECTED,
        CauseId.PORT_MAPPING_OFF,
        CauseId.IPV6_MISSING,
    ]


def test_nobody_is_sent_to_pay_for_a_note() -> None:
    """An easy NAT at the provider is direct already."""
    values = {**EASY, **ABSENT, port_mapping.PCP.present.id: True}
    found = report({**values, port_mapping.PCP.external.id: ip_address("100.72.0.5")})
    plan = next(each for each in planned(found) if each.cause.id is CauseId.CGNAT)
    assert plan.cause.weight is Weight.NOTES
    assert recommended(plan).remedy.id is R.ENABLE_IPV6


def test_where_nothing_on_this_side_flips_it_the_other_side_is_where_to_begin() -> None:
    way = recommended(planned(site("cgnat-hard"))[0])
    assert way.whose is Whose.OTHER


def test_a_network_without_udp_gets_no_peer_relay() -> None:
    assert R.PEER_RELAY not in ways(site("udp-blocked"), CauseId.UDP_BLOCKED)


def _inside(kind: Surrounding, name: str = "some") -> Report:
    found = Evidence(kind, name, True, "test", Sure.CERTAIN)
    return report({**HARD, environment.EVIDENCE.id: (found,)})


@pytest.mark.parametrize(
    ("kind", "first"),
    [
        (Surrounding.CONTAINER, R.HOST_NETWORK),
        (Surrounding.VIRTUAL_MACHINE, R.BRIDGE_MACHINE),
        (Surrounding.WSL, R.MIRRORED_NETWORK),
        (Surrounding.CLOUD, R.CLOUD_ADDRESS),
    ],
)
def test_a_box_around_this_device_comes_before_a_router_that_it_hides(
    kind: Surrounding, first: RemedyId
) -> None:
    plan = next(each for each in planned(_inside(kind)) if each.cause.id is CauseId.HARD_NAT)
    here = [way.remedy.id for way in plan.ways if way.whose is Whose.THIS]
    assert first in here
    assert not AT_A_ROUTER & set(here)
    assert recommended(plan).remedy.id in {way for each in AROUND.values() for way in each}


def test_only_google_s_cloud_can_be_told_to_keep_ports() -> None:
    offered = {
        name: R.KEEP_ONE_PORT in ways(_inside(Surrounding.CLOUD, name), CauseId.HARD_NAT)
        for name in ("Google Cloud", "Amazon EC2", "Microsoft Azure")
    }
    assert offered == {"Google Cloud": True, "Amazon EC2": False, "Microsoft Azure": False}


def test_several_internet_lines_are_one_before_anything_else() -> None:
    lines = ("45.83.223.10:51820", "91.64.10.20:51820", "45.83.223.10:51820")
    found = report({**HARD, **mapped(*lines)})
    assert CauseId.MULTI_WAN in {each.id for each in diagnose(found).causes}
    here = ways(found, CauseId.HARD_NAT)
    assert here[0] is R.ONE_LINE
    plan = next(each for each in planned(found) if each.cause.id is CauseId.HARD_NAT)
    assert recommended(plan).remedy.id is R.ONE_LINE
    assert recommended(plan).flips == {
        NatClass.NONE: False,
        NatClass.EASY: True,
        NatClass.HARD: False,
    }
    assert R.KEEP_ONE_PORT not in here
    assert R.ONE_LINE not in ways(report(HARD), CauseId.HARD_NAT)


def test_a_second_nat_that_a_container_makes_is_no_second_router() -> None:
    inside = _inside(Surrounding.CONTAINER)
    cause = Cause(CauseId.DOUBLE_NAT, Weight.LIMITS, Confidence.LIKELY, Actor.SECOND_ROUTER, ())
    diagnosis = diagnose(inside)
    (plan, *_) = [
        each
        for each in plan_of(inside, replace(diagnosis, causes=(*diagnosis.causes, cause)))
        if each.cause is cause
    ]
    assert recommended(plan).remedy.id is R.HOST_NETWORK
    assert not AT_A_ROUTER & {way.remedy.id for way in plan.ways if way.whose is Whose.THIS}


def test_a_map_without_stun_is_mended_and_not_gone_around_at_somebody_s_router() -> None:
    found = report({**EASY, relays.STUN_REGIONS.id: 0})
    cause = Cause(
        CauseId.RELAY_MAP_WITHOUT_STUN, Weight.BLOCKS, Confidence.CERTAIN, Actor.TAILNET_ADMIN, ()
    )
    (plan,) = plan_of(found, replace(diagnose(found), causes=(cause,)))
    assert ids(plan) == [(R.MEND_RELAY_MAP, Whose.THIS)]


def test_windows_linux_is_offered_no_bridge_and_a_machine_no_mirror() -> None:
    assert R.BRIDGE_MACHINE not in ways(_inside(Surrounding.WSL), CauseId.VIRTUAL_MACHINE)
    machine = _inside(Surrounding.VIRTUAL_MACHINE)
    assert R.MIRRORED_NETWORK not in ways(machine, CauseId.VIRTUAL_MACHINE)


def test_what_forces_the_relay_comes_first_and_is_lifted_where_it_was_set() -> None:
    setting = Setting("TS_DEBUG_NEVER_DIRECT_UDP", "1", "/etc/default/t", Effect.FORCES_RELAY)
    here = report({**HARD, environment.SETTINGS.id: (setting,)})
    assert planned(here)[0].cause.id is CauseId.FORCED_RELAY
    assert ways(here, CauseId.FORCED_RELAY) == [R.REMOVE_SETTING]
    policy = report({**HARD, tailscale.ATTRIBUTES.id: ("only-tcp-443",)})
    assert ways(policy, CauseId.FORCED_RELAY) == [R.CHANGE_POLICY]


@pytest.mark.parametrize("fault", [MappingFault.ONLY_PERMANENT, MappingFault.CONFLICT])
def test_an_update_is_offered_only_for_refusals_that_newer_clients_get_around(
    fault: MappingFault,
) -> None:
    error = MappingError(725, "", fault)
    keys = port_mapping.SERVICES.values()
    found = report(
        {
            **HARD,
            **{each.present.id: each is port_mapping.UPNP for each in keys},
            port_mapping.UPNP.error.id: error,
        }
    )
    offered = R.UPDATE_CLIENT in ways(found, CauseId.PORT_MAPPING_BROKEN)
    assert offered is (fault is MappingFault.ONLY_PERMANENT)


def test_the_host_firewall_s_way_fits_the_direction_that_is_blocked() -> None:
    for name in ("public-hostfw", "hard+map+hostfw", "eim-apdf+map+hostfw"):
        assert ways(site(name), CauseId.HOST_FIREWALL) == [R.ALLOW_INBOUND]


def test_no_other_network_is_offered_where_this_device_lets_no_udp_out() -> None:
    cut = (firewall.OUTBOUND4, Judgement(Fate.BLOCKED, FirewallName.NFTABLES, "o", "drop", True))
    assert ways(home(extra=((stun.ELSEWHERE, ()),)), CauseId.UDP_BLOCKED) == [
        *(R.OTHER_NETWORK, R.ALLOW_OUTBOUND, R.UNBLOCK_UDP)
    ]
    found = home(extra=((stun.ELSEWHERE, ()), cut))
    assert ways(found, CauseId.UDP_BLOCKED) == [R.ALLOW_OUTBOUND]


# --- with a chosen peer ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_with_a_chosen_peer_it_is_the_pair_that_has_to_flip(name: str) -> None:
    found = CASES[name][0]
    diagnosis = diagnose(found)
    plans = plan_of(found, diagnosis)
    assert {each.cause for each in plans} == set(diagnosis.causes)
    assert diagnosis.peer is not None
    flipping = {(each.remedy.id, each.side) for each in diagnosis.peer.fixes if each.flips}
    for plan in plans:
        offered = flipping & set(ids(plan))
        way = recommended(plan)
        assert not offered or (way.remedy.id, way.whose) in offered


def test_a_peer_behind_a_hard_nat_is_reached_if_this_side_opens_a_port() -> None:
    """What helps with an ordinary peer would not do here."""
    plans = planned(report_for(RELAYED, more=(HARD_PEER, STAYS)))
    plan = next(each for each in plans if each.cause.id is CauseId.PEER_SIDE)
    way = recommended(plan)
    assert (way.remedy.id, way.whose) == (R.PORT_MAPPING, Whose.THIS)
    assert (R.RUN_THERE, Whose.THIS) in ids(plan)
    assert ids(plan)[-1] == (R.PEER_RELAY, Whose.THIS)


def test_two_hard_sides_begin_with_a_port_on_this_one() -> None:
    plans = planned(report_for(RELAYED, side="hard", more=(STAYS, HARD_PEER)))
    plan = next(each for each in plans if each.cause.id is CauseId.BOTH_HARD)
    assert recommended(plan).remedy.id is R.PORT_MAPPING
    assert R.KEEP_ONE_PORT not in [way.remedy.id for way in plan.ways]


def test_a_connection_that_settles_wants_a_minute_and_nothing_else() -> None:
    found = CASES["a peer that turned direct"][0]
    assert ways(found, CauseId.SETTLING) == [R.WAIT]


def test_rules_that_nobody_could_read_are_looked_at_besides_the_firewall_in_front() -> None:
    assert ways(open_(NOBODY), CauseId.INBOUND_BLOCKED)[:2] == [R.OPEN_FIREWALL, R.ALLOW_INBOUND]
    plan = next(each for each in planned(open_(NOBODY)) if each.cause.id is CauseId.INBOUND_BLOCKED)
    assert recommended(plan).remedy.id is R.OPEN_FIREWALL, "the other is perhaps"
    assert not next(way for way in plan.ways if way.remedy.id is R.ALLOW_INBOUND).flips


def test_rules_that_nobody_could_read_are_opened_where_a_stranger_came_as_far_as_they_are() -> None:
    found = site("hard+map+unread")
    plan = next(each for each in planned(found) if each.cause.id is CauseId.HOST_FIREWALL)
    assert recommended(plan).remedy.id is R.ALLOW_INBOUND
    assert recommended(plan).flips[NatClass.EASY], "whatever they say, peers get in then"
    assert planned(found)[0].cause.id is CauseId.HOST_FIREWALL


@pytest.mark.parametrize(
    ("fate", "way"), [(Fate.ALLOWED, R.OPEN_FIREWALL), (Fate.BLOCKED, R.ALLOW_INBOUND)]
)
def test_rules_that_were_read_leave_one_of_the_two(fate: Fate, way: RemedyId) -> None:
    found = ways(open_(NOBODY, (firewall.INBOUND4, judged(fate))), CauseId.INBOUND_BLOCKED)
    assert {R.ALLOW_INBOUND, R.OPEN_FIREWALL} & set(found) == {way}


def test_what_costs_nothing_comes_before_what_costs_money() -> None:
    """With a peer, behind the provider's NAT: nothing free is known to help, one thing may tell."""
    found = report_of(run("cgnat", peer="home-nas"))
    plan = next(each for each in planned(found) if each.cause.id is CauseId.HARD_NAT)
    assert recommended(plan).remedy.id is R.RUN_THERE
    paid = next(way for way in plan.ways if way.remedy.id is R.PUBLIC_ADDRESS)
    assert any(paid.flips.values()), "it would help, and stands below"


@pytest.mark.parametrize("name", ["double-nat", "cgnat", "easy-home"])
def test_whoever_gave_the_other_side_s_answer_is_not_sent_there_for_it(name: str) -> None:
    this, that = report_of(run(name)), report_of(run("hard-home"))
    pair = pair_of(Given(name, this), Given("the other", that))
    alone, both = diagnose(this), judged_by(diagnose(this), pair)
    assert both.verdict is Verdict.RELAYED
    for plan in plan_of(this, both):
        assert RemedyId.RUN_THERE not in [way.remedy.id for way in plan.ways]
        assert recommended(plan).remedy.id is not RemedyId.RUN_THERE
    # Of one that is not known the answer is still asked for.
    unknown = replace(alone, peer=replace(not_none(both.peer), measured=False), causes=both.causes)
    asked = {way.remedy.id for plan in plan_of(this, unknown) for way in plan.ways}
    assert RemedyId.RUN_THERE in asked


def not_none(peer: PeerOutlook | None) -> PeerOutlook:
    assert peer is not None
    return peer


def test_two_routers_of_one_s_own_can_both_be_told_where_the_other_side_is_hard() -> None:
    def in_the_way(name: str) -> set[RemedyId]:
        this, that = report_of(run(name)), report_of(run("hard-home"))
        both = judged_by(diagnose(this), pair_of(Given(name, this), Given("the other", that)))
        first = plan_of(this, both)[0]
        assert first.cause.in_the_way
        return {way.remedy.id for way in first.ways if way.whose is Whose.THIS}

    assert RemedyId.FORWARD_TWICE in in_the_way("double-nat")
    assert RemedyId.FORWARD_TWICE not in in_the_way("easy-home")
