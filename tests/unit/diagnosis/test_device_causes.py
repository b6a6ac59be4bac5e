"""When a cause on this device holds, when it does not, how much it weighs and who acts."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest

from probes.diagnosis import layers
from probes.diagnosis.diagnose import diagnose
from probes.diagnosis.model import Actor, Cause, CauseId, Confidence, NatClass, Result, Weight
from probes.diagnosis.plan import plan_of
from probes.diagnosis.remedies import RemedyId
from probes.model import Endpoint, Family, Filtering
from probes.readings import (
    behavior,
    environment,
    firewall,
    lifetime,
    local,
    port_mapping,
    stun,
    tailscale,
)
from probes.readings.behavior import FilteringFound
from probes.readings.environment import CloudMetadata, Effect, Surrounding
from probes.readings.firewall import Fate, FirewallName, Judgement
from probes.readings.lifetime import Lifetime, LifetimeMethod
from probes.readings.local import Gateway
from probes.readings.tailscale import Backend
from probes.report import Report
from tests.unit.diagnosis.device_cases import (
    CASES,
    FORWARDED,
    GATEWAY,
    MAYBE_SHUT,
    NAT_PMP_ALONE,
    NO_SERVICE,
    NOBODY,
    OPENED,
    PRIVATE,
    REFUSAL,
    SHUT,
    SILENT,
    Pair,
    eased,
    hard,
    inside,
    judged,
    on_port,
    open_,
    setting,
    tried,
)
from tests.unit.diagnosis.reports import PUBLIC, way_out
from tests.unit.diagnosis.sites import BY_NAME, HELD_BACK, LET_THROUGH

C = CauseId


def found(report: Report, cause: CauseId) -> Cause | None:
    return next((each for each in diagnose(report).causes if each.id is cause), None)


def weight(report: Report, cause: CauseId) -> Weight | None:
    each = found(report, cause)
    return None if each is None else each.weight


def acts(report: Report, cause: CauseId) -> Actor | None:
    each = found(report, cause)
    return None if each is None else each.acts


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (eased(*NO_SERVICE), Weight.NOTES),
        (open_(*NO_SERVICE), Weight.NOTES),
        (hard(*NO_SERVICE), Weight.LIMITS),
        (eased(*NO_SERVICE[:-1]), None),
        (eased(*NO_SERVICE, (port_mapping.UPNP.present, True)), None),
        (eased(*SILENT), None),
        (eased(*SILENT, (local.GATEWAY4, Gateway(ip_address("100.64.0.1"), "eth0"))), None),
        (eased(*SILENT, (local.GATEWAY4, Gateway(ip_address("203.0.113.1"), "eth0"))), None),
    ],
)
def test_port_mapping_is_off_where_a_home_router_answers_in_no_language(
    report: Report, expected: Weight | None
) -> None:
    assert weight(report, C.PORT_MAPPING_OFF) is expected


@pytest.mark.parametrize(
    ("pairs", "confidence", "actor"),
    [
        (((port_mapping.NAT_PMP.error, REFUSAL),), Confidence.LIKELY, Actor.ROUTER),
        ((PRIVATE,), Confidence.CERTAIN, Actor.SECOND_ROUTER),
        (
            ((port_mapping.NAT_PMP.external, ip_address("100.64.3.4")),),
            Confidence.CERTAIN,
            Actor.ISP,
        ),
        (
            ((port_mapping.NAT_PMP.external, ip_address("0.0.0.0")),),
            Confidence.CERTAIN,
            Actor.ROUTER,
        ),
        (tried(granted=False), Confidence.CERTAIN, Actor.ROUTER),
        (tried(address_matches=False), Confidence.CERTAIN, Actor.ROUTER),
        (tried(seen_from_outside=False), Confidence.POSSIBLE, Actor.ROUTER),
        ((*tried(seen_from_outside=False), MAYBE_SHUT), Confidence.LIKELY, Actor.THIS_DEVICE),
    ],
)
def test_port_mapping_is_broken_where_what_is_offered_is_of_no_use(
    pairs: tuple[Pair, ...], confidence: Confidence, actor: Actor
) -> None:
    each = found(hard(*NAT_PMP_ALONE, *pairs), C.PORT_MAPPING_BROKEN)
    assert each is not None
    assert (each.weight, each.confidence, each.acts) == (Weight.LIMITS, confidence, actor)
    assert weight(eased(*NAT_PMP_ALONE, *pairs), C.PORT_MAPPING_BROKEN) is Weight.NOTES


@pytest.mark.parametrize(
    "pairs",
    [
        NAT_PMP_ALONE,
        (*NAT_PMP_ALONE, (port_mapping.NAT_PMP.error, None)),
        (*tried(), (port_mapping.NAT_PMP.error, REFUSAL)),
        tried(seen_from_outside=None),
        (*tried(seen_from_outside=False), SHUT),
        # Another language may still do:
        (
            *NAT_PMP_ALONE,
            (port_mapping.NAT_PMP.error, REFUSAL),
            (port_mapping.UPNP.present, True),
        ),
        (GATEWAY, (port_mapping.NAT_PMP.present, True), (port_mapping.NAT_PMP.error, REFUSAL)),
    ],
)
def test_port_mapping_that_may_work_is_not_called_broken(pairs: tuple[Pair, ...]) -> None:
    assert found(hard(*pairs), C.PORT_MAPPING_BROKEN) is None


@pytest.mark.parametrize(
    ("pairs", "nat_class", "nat_weight"),
    [
        ((), NatClass.HARD, Weight.BLOCKS),
        (tried(), NatClass.EASY, Weight.NOTES),
        (tried(seen_from_outside=None), NatClass.EASY, Weight.NOTES),
        (tried(address_matches=None), NatClass.EASY, Weight.NOTES),
        (tried(address_matches=None, seen_from_outside=None), NatClass.HARD, Weight.BLOCKS),
        (tried(seen_from_outside=False), NatClass.HARD, Weight.BLOCKS),
        ((*tried(seen_from_outside=False), *BY_NAME, *LET_THROUGH), NatClass.EASY, Weight.NOTES),
        ((*tried(seen_from_outside=False), *BY_NAME, *HELD_BACK), NatClass.HARD, Weight.BLOCKS),
        ((*tried(seen_from_outside=False), *BY_NAME), NatClass.HARD, Weight.BLOCKS),
        ((*tried(seen_from_outside=False), *LET_THROUGH), NatClass.HARD, Weight.BLOCKS),
        ((*tried(seen_from_outside=False), SHUT, *LET_THROUGH), NatClass.HARD, Weight.BLOCKS),
        ((FORWARDED,), NatClass.EASY, Weight.NOTES),
        (
            ((port_mapping.FORWARD, port_mapping.Forward(41641, False, "test")),),
            NatClass.HARD,
            Weight.BLOCKS,
        ),
    ],
)
def test_a_way_in_makes_a_hard_nat_an_easy_one(
    pairs: tuple[Pair, ...], nat_class: NatClass, nat_weight: Weight
) -> None:
    diagnosis = diagnose(hard(*pairs))
    assert diagnosis.nat4.nat_class is nat_class
    assert diagnosis.nat4.varies, "the mapping itself is what it was"
    assert weight(hard(*pairs), C.HARD_NAT) is nat_weight
    easy_peer = diagnosis.outlook.easy.result
    assert (easy_peer is Result.DIRECT) is (nat_class is NatClass.EASY)


def test_the_own_firewall_matters_only_where_strangers_get_as_far() -> None:
    assert found(eased(SHUT), C.HOST_FIREWALL) is None
    assert found(hard(SHUT), C.HOST_FIREWALL) is None
    assert found(hard(*NAT_PMP_ALONE, SHUT), C.HOST_FIREWALL) is None
    for report in (open_(SHUT), eased(*tried(), SHUT), hard(FORWARDED, SHUT)):
        assert weight(report, C.HOST_FIREWALL) is Weight.LIMITS
        assert acts(report, C.HOST_FIREWALL) is Actor.THIS_DEVICE
    for fate in (Fate.ALLOWED, Fate.UNKNOWN):
        assert found(open_((firewall.INBOUND4, judged(fate))), C.HOST_FIREWALL) is None


@pytest.mark.parametrize(
    ("own", "sure"),
    [
        ((), Confidence.LIKELY),
        ((SHUT,), Confidence.LIKELY),
        (BY_NAME, Confidence.LIKELY),
        ((MAYBE_SHUT,), Confidence.LIKELY),
        (((firewall.INBOUND4, replace(judged(Fate.ALLOWED), by=None)),), Confidence.CERTAIN),
    ],
)
def test_the_router_is_to_blame_only_for_what_it_held_back(
    own: tuple[Pair, ...], sure: Confidence
) -> None:
    dropped = (*tried(seen_from_outside=False), *own)
    assert found(hard(*dropped, *LET_THROUGH), C.PORT_MAPPING_BROKEN) is None
    broken = found(hard(*dropped, *HELD_BACK), C.PORT_MAPPING_BROKEN)
    assert broken is not None
    assert (broken.acts, broken.confidence) == (Actor.ROUTER, sure)
    assert "port_mapping.let_through" in broken.because


def test_an_own_firewall_that_nobody_may_read_shows_by_what_it_keeps_out() -> None:
    dropped = (*tried(seen_from_outside=False), *LET_THROUGH)
    cause = found(hard(*dropped), C.HOST_FIREWALL)
    assert cause is not None
    assert (cause.weight, cause.confidence) == (Weight.LIMITS, Confidence.POSSIBLE)
    assert {"nat_pmp.mapping", "port_mapping.let_through"} <= set(cause.because)
    assert cause.missing == ("firewall.inbound4",)
    for pairs in (
        tried(seen_from_outside=False),
        (*tried(seen_from_outside=False), *HELD_BACK),
        (*tried(seen_from_outside=True), *LET_THROUGH),
        (*dropped, *BY_NAME),
        (*dropped, (firewall.INBOUND4, judged(Fate.ALLOWED))),
    ):
        assert found(hard(*pairs), C.HOST_FIREWALL) is None


def test_the_own_firewall_is_likely_where_its_answers_are_known_from_documents() -> None:
    for sure, confidence in ((True, Confidence.CERTAIN), (False, Confidence.LIKELY)):
        blocked = judged(Fate.BLOCKED, sure=sure)
        into = found(open_((firewall.INBOUND4, blocked)), C.HOST_FIREWALL)
        out = found(open_((firewall.OUTBOUND4, blocked)), C.HOST_FIREWALL)
        assert into is not None
        assert out is not None
        assert (into.weight, into.confidence) == (Weight.LIMITS, confidence)
        # Answers came over UDP: a rule that was half understood does not outweigh them.
        assert (out.weight, out.confidence) == (
            Weight.BLOCKS if sure else Weight.LIMITS,
            confidence,
        )


def test_nothing_is_called_direct_beside_something_that_blocks() -> None:
    for report, *_ in (*CASES.values(), *OPENED.values()):
        said = diagnose(report)
        blocks = [each.id for each in said.causes if each.weight is Weight.BLOCKS]
        assert not (said.outlook.easy.result is Result.DIRECT and blocks), blocks


def test_who_keeps_strangers_out_of_a_public_address() -> None:
    assert acts(open_(NOBODY), C.INBOUND_BLOCKED) is Actor.NETWORK_ADMIN
    assert acts(open_(NOBODY, SHUT), C.INBOUND_BLOCKED) is Actor.THIS_DEVICE


@pytest.mark.parametrize(
    ("sign", "cause", "actor"),
    [
        (inside(Surrounding.CONTAINER, adds_nat=True), C.CONTAINER, Actor.THIS_DEVICE),
        (inside(Surrounding.WSL, adds_nat=True), C.VIRTUAL_MACHINE, Actor.THIS_DEVICE),
        (inside(Surrounding.KUBERNETES, adds_nat=True), C.KUBERNETES, Actor.NETWORK_ADMIN),
        (inside(Surrounding.CLOUD, adds_nat=None), C.CLOUD_NAT, Actor.NETWORK_ADMIN),
        (inside(Surrounding.MOBILE, adds_nat=None), C.MOBILE_NETWORK, Actor.ISP),
    ],
)
def test_the_box_around_this_device_says_who_acts(sign: Pair, cause: CauseId, actor: Actor) -> None:
    report = hard(sign, *NO_SERVICE)
    for each in (cause, C.HARD_NAT, C.PORT_MAPPING_OFF):
        assert acts(report, each) is actor
    assert weight(report, cause) is Weight.NOTES
    assert acts(hard(*NO_SERVICE), C.HARD_NAT) is Actor.ROUTER


@pytest.mark.parametrize(
    "sign",
    [
        inside(Surrounding.CONTAINER, adds_nat=None),
        inside(Surrounding.VIRTUAL_MACHINE, adds_nat=None),
        inside(Surrounding.VIRTUAL_MACHINE, adds_nat=True, sure=Confidence.POSSIBLE),
        inside(Surrounding.WSL, adds_nat=False),
        inside(Surrounding.KUBERNETES, adds_nat=None),
    ],
)
def test_a_box_without_a_nat_is_no_cause(sign: Pair) -> None:
    for report in (hard(sign), eased(sign)):
        causes = {each.id for each in diagnose(report).causes}
        assert causes <= {C.HARD_NAT, C.IPV6_MISSING}
    assert acts(hard(sign), C.HARD_NAT) is Actor.ROUTER


@pytest.mark.parametrize("kind", [Surrounding.CONTAINER, Surrounding.KUBERNETES])
def test_a_box_whose_address_is_the_one_seen_outside_is_behind_no_nat(kind: Surrounding) -> None:
    """Its files may say what it is, and not that it is in the network of its host."""
    sign, own = inside(kind, adds_nat=True), (local.WAY_OUT4, way_out(PUBLIC))
    here = open_(sign, own, SEEN)
    assert {each.id for each in diagnose(here).causes} == {C.IPV6_MISSING}
    assert not layers.within(here)
    assert layers.within(eased(sign, SEEN))


def test_a_cloud_that_gives_the_device_its_public_address_is_no_cause() -> None:
    cloud = inside(Surrounding.CLOUD, adds_nat=None)
    assert found(open_(cloud), C.CLOUD_NAT) is None


SEEN: Pair = (stun.ENDPOINT4, Endpoint.of(PUBLIC, 51820))
KEPT: Pair = (stun.BY_FAMILY[Family.V4].port_preserved, True)
MOVED: Pair = (stun.BY_FAMILY[Family.V4].port_preserved, False)
ANYBODY: Pair = (
    behavior.FILTERING4,
    FilteringFound(Filtering.ENDPOINT_INDEPENDENT, Confidence.CERTAIN, ("one.example",)),
)


def told(address: str | None) -> Pair:
    """What the cloud's metadata says."""
    its = None if address is None else ip_address(address)
    return (environment.METADATA, CloudMetadata("a name", its))


@pytest.mark.parametrize(
    ("pairs", "fires"),
    [
        ((), False),
        ((KEPT,), False),
        ((ANYBODY,), False),
        ((KEPT, told(None)), False),
        ((KEPT, NOBODY), True),
        ((NOBODY,), True),
        ((MOVED,), True),
        ((KEPT, told("203.0.113.99")), True),
    ],
)
def test_a_cloud_is_said_to_share_its_address_only_where_something_shows_it(
    pairs: tuple[Pair, ...], *, fires: bool
) -> None:
    report = eased(inside(Surrounding.CLOUD, adds_nat=None), SEEN, *pairs)
    assert diagnose(report).nat4.nat_class is NatClass.EASY
    assert (found(report, C.CLOUD_NAT) is not None) is fires


@pytest.mark.parametrize(
    ("pairs", "offered"),
    [
        ((KEPT, NOBODY), True),
        ((MOVED, NOBODY), False),
        ((KEPT, NOBODY, told("203.0.113.99")), False),
        ((NOBODY,), False),
    ],
)
def test_a_cloud_s_rule_is_offered_only_where_the_address_may_be_this_machine_s(
    pairs: tuple[Pair, ...], *, offered: bool
) -> None:
    report = eased(inside(Surrounding.CLOUD, adds_nat=None), SEEN, *pairs)
    plans = {each.cause.id: each.ways for each in plan_of(report, diagnose(report))}
    ways = {way.remedy.id for way in plans[C.CLOUD_NAT]}
    assert (RemedyId.OPEN_FIREWALL in ways) is offered
    assert RemedyId.CLOUD_ADDRESS in ways


@pytest.mark.parametrize(
    ("pairs", "fires"),
    [
        (on_port(41641, 50000), True),
        (on_port(41641, 41641), False),
        (on_port(0, 50000), False),
        (on_port(41641, 50000, "randomize-client-port"), False),
        (on_port(41641, 50000)[:2], False),
        (on_port(41641, 50000)[1:], False),
    ],
)
def test_a_port_conflict_is_a_port_other_than_the_one_that_was_set(
    pairs: tuple[Pair, ...], *, fires: bool
) -> None:
    assert (weight(eased(*pairs), C.PORT_CONFLICT) is Weight.LIMITS) is fires
    assert (found(eased(*pairs), C.PORT_CONFLICT) is None) is not fires


def test_a_setting_that_runs_is_certain_and_one_in_a_file_likely() -> None:
    running = found(eased(setting(Effect.FORCES_RELAY)), C.FORCED_RELAY)
    written = found(eased(setting(Effect.FORCES_RELAY, "/etc/default/tailscaled")), C.FORCED_RELAY)
    policy = found(eased((tailscale.ATTRIBUTES, ("only-tcp-443",))), C.FORCED_RELAY)
    assert running is not None
    assert written is not None
    assert policy is not None
    assert [each.confidence for each in (running, written, policy)] == [
        Confidence.CERTAIN,
        Confidence.LIKELY,
        Confidence.CERTAIN,
    ]
    assert [each.acts for each in (running, written, policy)] == [
        Actor.THIS_DEVICE,
        Actor.THIS_DEVICE,
        Actor.TAILNET_ADMIN,
    ]
    for harmless in (Effect.NO_PORT_MAPPING, Effect.SETS_PORT, Effect.USERSPACE):
        assert found(eased(setting(harmless)), C.FORCED_RELAY) is None


@pytest.mark.parametrize("state", Backend)
def test_not_connected_is_said_only_of_a_tailscale_that_is_here(state: Backend) -> None:
    cause = found(eased((tailscale.STATE, state)), C.NOT_CONNECTED)
    off = (Backend.NO_DAEMON, Backend.STOPPED, Backend.NEEDS_LOGIN, Backend.NEEDS_APPROVAL)
    assert (cause is not None) is (state in off)
    # Whatever it weighs by itself: nothing else is of any use as long as it lasts.
    assert cause is None or (cause.foremost and cause.in_the_way)


def test_no_exit_node_and_no_known_fault_are_no_causes() -> None:
    assert found(eased((tailscale.EXIT_NODE, None)), C.EXIT_NODE) is None
    assert found(eased((environment.CLIENT_BUGS, ())), C.CLIENT_BUG) is None


@pytest.mark.parametrize("name", CASES)
def test_what_is_missing_is_not_known_yet(name: str) -> None:
    report = CASES[name][0]
    for cause in diagnose(report).causes:
        assert not [each for each in cause.missing if each in report.readings]


LET_IN: Pair = (
    firewall.INBOUND4,
    Judgement(Fate.ALLOWED, FirewallName.UFW, "ufw-user-input", "udp dport 41641 accept", True),
)
LETS_ALL_IN: Pair = (firewall.INBOUND4, Judgement(Fate.ALLOWED, None, "", "", True))


def test_a_firewall_that_drops_all_explains_it_too_and_stands_for_itself() -> None:
    """Measured: the router's mapping is good, and the device drops what comes through it."""
    shut = hard(*tried(seen_from_outside=False), SHUT)
    assert found(shut, C.PORT_MAPPING_BROKEN) is None
    assert found(shut, C.HOST_FIREWALL) is not None


def test_a_rule_for_the_vpns_port_explains_a_test_mapping_that_stayed_silent() -> None:
    unseen = tried(seen_from_outside=False)
    assert found(eased(*unseen, LETS_ALL_IN), C.PORT_MAPPING_BROKEN) is not None
    assert found(eased(*unseen, LET_IN), C.PORT_MAPPING_BROKEN) is None
    assert diagnose(eased(*unseen, NOBODY, LETS_ALL_IN)).outlook.hard.result is Result.RELAYED
    assert diagnose(eased(*unseen, NOBODY, LET_IN)).outlook.hard.result is Result.POSSIBLE


def test_a_rule_for_the_vpns_port_leaves_a_doubt_about_what_keeps_strangers_out() -> None:
    doubted, sure = (
        found(open_(NOBODY, LET_IN), C.INBOUND_BLOCKED),
        found(open_(NOBODY, LETS_ALL_IN), C.INBOUND_BLOCKED),
    )
    assert doubted is not None
    assert sure is not None
    assert (doubted.confidence, doubted.missing) == (
        Confidence.POSSIBLE,
        (port_mapping.FORWARD.id,),
    )
    assert sure.confidence is Confidence.CERTAIN


def test_strangers_who_reach_the_vpns_port_are_not_kept_out() -> None:
    assert found(open_(NOBODY, FORWARDED), C.INBOUND_BLOCKED) is None


def test_a_stolen_port_is_a_note_where_a_way_in_leads_past_the_router() -> None:
    steals = (behavior.COLLISION, True)
    assert weight(eased(steals), C.NAT_STATE_COLLISION) is Weight.LIMITS
    for way_in in ((FORWARDED,), tried()):
        assert weight(eased(steals, *way_in), C.NAT_STATE_COLLISION) is Weight.NOTES


def test_a_router_that_forgets_is_a_note_where_a_way_in_does_not_hang_on_it() -> None:
    forgets = (lifetime.LIFETIME4, Lifetime(0, 20, LifetimeMethod.RESPONSE_PORT, "one.example"))
    assert weight(eased(forgets), C.SHORT_MAPPING_LIFETIME) is Weight.LIMITS
    for way_in in ((FORWARDED,), tried()):
        assert weight(eased(forgets, *way_in), C.SHORT_MAPPING_LIFETIME) is Weight.NOTES
