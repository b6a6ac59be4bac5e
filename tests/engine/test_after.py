"""The closed loop, in simulation: what a remedy is said to change is measured once it is done.

Every practice network in which something blocks or limits says what it becomes after the ways that
are offered there; the changed network is measured, and must show what was foretold.
"""

from __future__ import annotations

from functools import cache

import pytest

from probes.diagnosis.diagnose import diagnose
from probes.diagnosis.model import CauseId, Diagnosis, NatClass, Result, Verdict
from probes.diagnosis.plan import Way, plan_of
from probes.diagnosis.remedies import RemedyId
from probes.diagnosis.what_if import Whose
from probes.network.simulated import ScenarioError, load, names
from probes.network.simulated.library import scenario
from probes.options import Options
from probes.readings import tailscale
from probes.readings.tailscale import PeerPath
from probes.renewal import EVERYTHING, kept, renewed, touched
from probes.report import Report, report_of
from tests.engine.port_mapping import Drawer
from tests.engine.test_scenarios import events_of

KINDS = (NatClass.NONE, NatClass.EASY, NatClass.HARD)
AT_BEST_POSSIBLE = {
    ("stun-blocked", RemedyId.PORT_MAPPING): "no relay's answer to hold the granted address against"
}
"""Where the measurement cannot confirm what is foretold, and why."""
TELLS_NOTHING = {
    RemedyId.PEER_RELAY: "it makes the path shorter, not direct",
    RemedyId.OTHER_NETWORK: "it is another network, not this one changed",
    RemedyId.SPLIT_VPN: "the same as pausing it, to a test",
    RemedyId.RUN_THERE: "it is a test on the other device",
}
"""Ways that a practice network need not play."""


@cache
def measured(name: str, *done: RemedyId) -> tuple[Report, Diagnosis]:
    """A run with the router tried, after remedies."""
    options = Options(map_test=True, journal=Drawer().journal)
    report = report_of(events_of(load(name, done=done), options))
    return report, diagnose(report)


def own_ways(name: str, *, notes: bool = False) -> dict[RemedyId, Way]:
    """What the program offers on this side, for causes that are more than notes or for all."""
    report, diagnosis = measured(name)
    return {
        way.remedy.id: way
        for plan in plan_of(report, diagnosis)
        if notes or plan.cause.in_the_way
        for way in plan.ways
        if way.whose is Whose.THIS
    }


HELD_UP = tuple(
    name for name in names() if any(cause.in_the_way for cause in measured(name)[1].causes)
)


def results(diagnosis: Diagnosis) -> dict[NatClass, Result]:
    """The outlook by kind of peer."""
    return {kind: getattr(diagnosis.outlook, kind).result for kind in KINDS}


@pytest.mark.parametrize("name", HELD_UP)
def test_something_that_is_offered_helps_or_the_file_says_why_not(name: str) -> None:
    found = scenario(name)
    _, before = measured(name)
    cured = []
    for remedy in own_ways(name):
        if remedy in found.after:
            _, after = measured(name, remedy)
            gone = {cause.id for cause in before.causes} - {cause.id for cause in after.causes}
            flipped = before.verdict is not Verdict.DIRECT and after.verdict is Verdict.DIRECT
            stronger = sum(each is Result.DIRECT for each in results(after).values()) > sum(
                each is Result.DIRECT for each in results(before).values()
            )
            if flipped or stronger or (before.verdict is after.verdict and gone):
                cured.append(remedy)
    assert bool(cured) != bool(found.no_after)


@pytest.mark.parametrize("name", HELD_UP)
def test_every_way_that_is_offered_can_be_played(name: str) -> None:
    missing = set(own_ways(name)) - set(scenario(name).after) - set(TELLS_NOTHING)
    assert not missing


@pytest.mark.parametrize("name", names())
def test_whatever_is_recommended_can_be_pretended(name: str) -> None:
    """The first way of each cause, notes as well, whichever peer is looked at."""
    tried, diagnosis = measured(name)
    untried = report_of(events_of(load(name), Options()))
    found = {each.key for each in tried.value(tailscale.PEERS) or ()}
    plans = [*plan_of(tried, diagnosis), *plan_of(untried, diagnose(untried))]
    for peer in sorted(found):
        plans += plan_of(tried, diagnose(tried, peer))
        plans += plan_of(untried, diagnose(untried, peer))
    first = {plan.ways[0].remedy.id for plan in plans if plan.ways[0].whose is Whose.THIS}
    assert not first - set(scenario(name).after) - {RemedyId.RUN_THERE}
    for remedy in first - {RemedyId.RUN_THERE}:
        load(name, done=(remedy,))


TESTED = frozenset(RemedyId) - set(TELLS_NOTHING)
PLAYED = [(name, remedy) for name in HELD_UP for remedy in sorted(own_ways(name))]


@pytest.mark.parametrize(("name", "remedy"), PLAYED)
def test_what_was_foretold_is_measured(name: str, remedy: RemedyId) -> None:
    if remedy not in scenario(name).after:
        assert remedy in TELLS_NOTHING
        return
    way = own_ways(name)[remedy]
    _, before = measured(name)
    report, after = measured(name, remedy)
    assert not {check for check, state in report.checks.items() if state.error}
    for kind, result in results(after).items():
        foretold = results(before)[kind] is Result.DIRECT or way.flips.get(kind, False)
        if (name, remedy) in AT_BEST_POSSIBLE:
            assert result in (Result.DIRECT, Result.POSSIBLE)
        elif foretold:
            assert result is Result.DIRECT
        elif way.flips and remedy is not RemedyId.UNBLOCK_UDP:  # what NAT there is shows only then
            assert result is not Result.DIRECT


ROOTS = [
    ("udp-blocked", RemedyId.UNBLOCK_UDP, CauseId.UDP_BLOCKED),
    ("udp-rejected", RemedyId.UNBLOCK_UDP, CauseId.UDP_BLOCKED),
    ("stun-blocked", RemedyId.UNBLOCK_STUN, CauseId.STUN_BLOCKED),
    ("captive-portal", RemedyId.SIGN_IN, CauseId.CAPTIVE_PORTAL),
    ("no-network", RemedyId.RESTORE_NETWORK, CauseId.NO_NETWORK),
    ("hard-home", RemedyId.KEEP_ONE_PORT, CauseId.HARD_NAT),
    ("hard-home", RemedyId.PORT_MAPPING, CauseId.PORT_MAPPING_OFF),
    ("hard-home", RemedyId.ENABLE_IPV6, CauseId.IPV6_MISSING),
    ("cgnat", RemedyId.PUBLIC_ADDRESS, CauseId.CGNAT),
    ("collision", RemedyId.DROP_STRANGERS, CauseId.NAT_STATE_COLLISION),
    ("public-firewall", RemedyId.OPEN_FIREWALL, CauseId.INBOUND_BLOCKED),
    ("two-wans", RemedyId.ONE_LINE, CauseId.MULTI_WAN),
    ("forced-relay", RemedyId.REMOVE_SETTING, CauseId.FORCED_RELAY),
    ("forced-by-policy", RemedyId.CHANGE_POLICY, CauseId.FORCED_RELAY),
    ("port-taken", RemedyId.FREE_PORT, CauseId.PORT_CONFLICT),
    ("port-taken", RemedyId.OWN_PORT, CauseId.PORT_CONFLICT),
    ("tailscale-stopped", RemedyId.CONNECT_TAILSCALE, CauseId.NOT_CONNECTED),
    ("tailscale-signed-out", RemedyId.CONNECT_TAILSCALE, CauseId.NOT_CONNECTED),
    ("tailscale-not-running", RemedyId.CONNECT_TAILSCALE, CauseId.NOT_CONNECTED),
    ("old-tailscale", RemedyId.UPDATE_CLIENT, CauseId.CLIENT_BUG),
    ("exit-node", RemedyId.LEAVE_EXIT_NODE, CauseId.EXIT_NODE),
    ("ipv6-off", RemedyId.ENABLE_IPV6, CauseId.IPV6_OFF),
    ("ipv6-filtered", RemedyId.UNBLOCK_IPV6, CauseId.IPV6_FILTERED),
    ("tunnel-unbindable", RemedyId.PAUSE_VPN, CauseId.OTHER_VPN),
    ("container", RemedyId.HOST_NETWORK, CauseId.CONTAINER),
    ("pod", RemedyId.HOST_NETWORK, CauseId.KUBERNETES),
]


@pytest.mark.parametrize(("name", "remedy", "cause"), ROOTS)
def test_what_goes_to_the_root_of_a_cause_ends_it(
    name: str, remedy: RemedyId, cause: CauseId
) -> None:
    _, before = measured(name)
    _, after = measured(name, remedy)
    assert cause in {each.id for each in before.causes}
    assert cause not in {each.id for each in after.causes}


@pytest.mark.parametrize("name", names())
def test_peers_follow_the_change(name: str) -> None:
    """Once the last remedy is done, nobody who can be reached directly stays on the relay."""
    for remedy in own_ways(name, notes=True).keys() & scenario(name).after.keys():
        report, after = measured(name, remedy)
        for peer in report.value(tailscale.PEERS) or ():
            reachable = results(after).get(_kind(name, peer.name, remedy))
            if peer.path is PeerPath.DERP and reachable is Result.DIRECT:
                held_up = {CauseId.FORCED_RELAY} & {cause.id for cause in after.causes}
                assert held_up or _has_a_timetable(name, peer.name)


def _has_a_timetable(name: str, peer: str) -> bool:
    """Its path goes its own way, whatever is done."""
    spec = scenario(name).host["here"].tailscale
    return spec is not None and bool(spec.peer[peer].path)


def _kind(name: str, peer: str, remedy: RemedyId) -> NatClass:
    spec = scenario(name, (remedy,)).host["here"].tailscale
    assert spec is not None
    return spec.peer[peer].nat


@pytest.mark.parametrize("name", names())
def test_the_sentence_says_what_the_verdict_says(name: str) -> None:
    """Whatever was done: "relayed" is said of no network on which it depends, nor the other way."""
    for remedy in (None, *(own_ways(name, notes=True).keys() & scenario(name).after.keys())):
        _, after = measured(name, *filter(None, (remedy,)))
        said = after.headline.partition("-")[0]
        if said in ("relayed", "depends", "direct"):
            assert said == after.verdict


def test_one_change_after_the_other() -> None:
    done = (RemedyId.ENABLE_IPV6, RemedyId.KEEP_ONE_PORT)
    _, after = measured("hard-home", *done)
    assert {cause.id for cause in after.causes} == {CauseId.PORT_MAPPING_OFF}
    _, elsewhere = measured("udp-blocked", RemedyId.OTHER_NETWORK, RemedyId.FORWARD_PORT)
    assert results(elsewhere)[NatClass.HARD] is Result.DIRECT


def test_what_a_file_does_not_say_is_refused() -> None:
    with pytest.raises(ScenarioError, match=r"hard-home\.toml: after\.unblock-udp is missing"):
        load("hard-home", done=[RemedyId.UNBLOCK_UDP])
    with pytest.raises(ScenarioError, match=r"after\.keep-one-port is missing"):
        load("hard-home", done=[RemedyId.KEEP_ONE_PORT, RemedyId.KEEP_ONE_PORT])


@pytest.mark.parametrize(("name", "remedy"), [each for each in PLAYED if each[1] in TESTED])
def test_testing_again_what_it_touches_shows_as_much_as_testing_everything(
    name: str, remedy: RemedyId
) -> None:
    """The remedy names the checks that show it: none is missing."""
    before, _ = measured(name)
    only = touched(before, own_ways(name)[remedy].remedy.retest)
    options = Options(map_test=True, journal=Drawer().journal, only=only)
    again = renewed(before, report_of(events_of(load(name, done=(remedy,)), options)))
    _, whole = measured(name, remedy)
    found = diagnose(again)
    assert (found.verdict, results(found)) == (whole.verdict, results(whole))
    assert [cause.id for cause in found.causes] == [cause.id for cause in whole.causes]
    assert set(kept(again)) <= set(again.checks) - (only or set(again.checks))


def test_what_a_tunnel_hid_is_all_tested_again_once_it_is_off() -> None:
    before, _ = measured("tunnel-unbindable")
    remedy = own_ways("tunnel-unbindable")[RemedyId.PAUSE_VPN].remedy
    assert touched(before, remedy.retest) == EVERYTHING
