"""Which single change makes a pair direct, and in which order changes are told."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from probes.diagnosis.diagnose import diagnose
from probes.diagnosis.facts import Facts
from probes.diagnosis.model import CauseId, NatClass, Result
from probes.diagnosis.nat import nat_of
from probes.diagnosis.pair import predict
from probes.diagnosis.remedies import REMEDIES, RemedyId
from probes.diagnosis.sides import Side, side_of
from probes.diagnosis.untold import UNTOLD
from probes.diagnosis.what_if import Whose, advice, fixes, flip, flips_of, peer
from probes.model import Confidence, Family
from probes.readings import environment, stun
from probes.readings.environment import Evidence, Surrounding
from probes.report import Report
from tests.unit.diagnosis.reports import answer, home
from tests.unit.diagnosis.sites import ABSENT, QUIET, SITES, side, site

R = RemedyId
THIS, OTHER = Whose.THIS, Whose.OTHER


def told(ours: str, theirs: str) -> list[tuple[RemedyId, Whose]]:
    return [(fix.remedy.id, fix.side) for fix in fixes(side(ours, 1), side(theirs, 2))]


@pytest.mark.parametrize(
    ("ours", "theirs", "first"),
    [
        ("hard", "eim-apdf", (R.PORT_MAPPING, THIS)),
        ("hard", "hard", (R.PORT_MAPPING, THIS)),
        ("cgnat-hard", "eim-apdf", (R.PORT_MAPPING, OTHER)),
        ("cgnat-hard", "cgnat-hard", (R.PUBLIC_ADDRESS, THIS)),
        ("hard+map+hostfw", "hard", (R.ALLOW_INBOUND, THIS)),
        ("hard+map+unread", "hard", (R.ALLOW_INBOUND, THIS)),
        ("eim-apdf+map+hostfw", "hard", (R.ALLOW_INBOUND, THIS)),
        ("public-hostfw", "hard", (R.ALLOW_INBOUND, THIS)),
        ("eim-apdf-wanopen", "eim-apdf", (R.DROP_STRANGERS, THIS)),
        ("double-nat", "hard", (R.BRIDGE, THIS)),
        ("udp-blocked", "open", (R.UNBLOCK_UDP, THIS)),
        ("open", "udp-blocked", (R.UNBLOCK_UDP, OTHER)),
    ],
)
def test_the_first_change_is_the_cheapest_that_flips_it(
    ours: str, theirs: str, first: tuple[RemedyId, Whose]
) -> None:
    found = flip(side(ours, 1), side(theirs, 2))
    assert found is not None
    assert (found.remedy.id, found.side) == first


def test_a_router_comes_before_a_provider_even_on_the_other_side() -> None:
    found = told("cgnat-hard", "eim-apdf")
    assert found.index((R.FORWARD_PORT, OTHER)) < found.index((R.PUBLIC_ADDRESS, THIS))


def test_two_hard_sides_are_not_helped_by_one_of_them_turning_easy() -> None:
    assert (R.KEEP_ONE_PORT, THIS) not in told("hard", "hard")
    assert (R.KEEP_ONE_PORT, THIS) in told("hard", "eim-apdf")


def test_ipv6_is_proposed_only_where_the_other_side_has_it() -> None:
    assert (R.ENABLE_IPV6, THIS) in told("hard", "hard+v6")
    assert R.ENABLE_IPV6 not in {remedy for remedy, _ in told("hard", "hard")}


def _hard_by_address() -> Side:
    """Two internet lines that share the load: each keeps the port."""
    lines = ("45.83.223.10:51820", "91.64.10.20:51820", "45.83.223.10:51820")
    return side_of(home(*lines, extra=QUIET))


def test_of_two_lines_one_is_enough() -> None:
    ours = _hard_by_address()
    found = [(fix.remedy.id, fix.side) for fix in fixes(ours, side("eim-apdf", 2))]
    assert found[0] == (R.ONE_LINE, THIS)
    assert (R.KEEP_ONE_PORT, THIS) not in found, "each of them keeps its port already"
    assert (R.ONE_LINE, THIS) not in told("hard", "eim-apdf")
    hard = [(fix.remedy.id, fix.side) for fix in fixes(ours, side("hard", 2))]
    assert (R.ONE_LINE, THIS) not in hard, "easy is not enough for a hard peer"


def test_what_a_box_around_the_device_hides_is_not_proposed() -> None:
    for kind, name in ((Surrounding.CONTAINER, "docker"), (Surrounding.CLOUD, "Amazon EC2")):
        inside = Evidence(kind, name, True, "test", Confidence.CERTAIN)
        ours = side_of(site("hard", more=((environment.EVIDENCE, (inside,)),)))
        found = {fix.remedy.id for fix in fixes(ours, side("eim-apdf", 2)) if fix.side is THIS}
        assert not found & {R.PORT_MAPPING, R.FORWARD_PORT, R.KEEP_ONE_PORT, R.BRIDGE}


def test_ipv6_is_not_proposed_where_udp_is_stopped() -> None:
    """A network that stops UDP mostly stops it over IPv6 as well."""
    for ours, theirs in (("udp-blocked", "hard+v6"), ("udp-blocked", "eim-apdf+v6")):
        assert (R.ENABLE_IPV6, THIS) not in told(ours, theirs)
        assert (R.ENABLE_IPV6, OTHER) not in told(theirs, ours)


def test_whoever_stops_udp_owns_the_router_too() -> None:
    elsewhere = tuple(
        answer("45.83.223.10:51820", server=f"203.0.113.{last}:19302") for last in (8, 9)
    )
    blind = side_of(home(extra=((stun.ELSEWHERE, elsewhere), *ABSENT)))
    found = [(fix.remedy.id, fix.side) for fix in fixes(blind, side("eim-apdf", 2))]
    assert found[0] == (R.UNBLOCK_STUN, THIS)
    assert (R.PORT_MAPPING, THIS) in found
    unmapped = replace(blind, managed=False)  # it is the relays that have no STUN
    offered = {fix.remedy.id for fix in fixes(unmapped, side("eim-apdf", 2)) if fix.side is THIS}
    assert offered & {R.UNBLOCK_STUN, R.MEND_RELAY_MAP} == {R.MEND_RELAY_MAP}
    assert R.MEND_RELAY_MAP not in {remedy for remedy, _ in found}


def test_port_mapping_is_not_proposed_behind_a_second_nat() -> None:
    for ours in ("cgnat-hard", "double-nat"):
        assert (R.PORT_MAPPING, THIS) not in told(ours, "hard")
        assert (R.FORWARD_PORT, THIS) not in told(ours, "hard")


def test_a_peer_relay_is_what_is_left_and_needs_udp() -> None:
    assert told("hard", "hard")[-1] == (R.PEER_RELAY, THIS)
    assert told("udp-blocked", "udp-blocked") == []
    assert told("hard", "udp-blocked") == []


@pytest.mark.parametrize("ours", SITES)
def test_what_is_said_to_flip_a_pair_does(ours: str) -> None:
    for theirs in SITES[SITES.index(ours) :]:
        a, b = side(ours, 1), side(theirs, 2)
        found = fixes(a, b)
        if predict(a, b).result is Result.DIRECT:
            assert found == (), theirs
        for fix in found:
            if fix.remedy.id is R.PEER_RELAY:
                continue
            changed = fix.remedy.change(a if fix.side is THIS else b)
            assert changed is not None, theirs
            pair = (changed, b) if fix.side is THIS else (a, changed)
            assert predict(*pair).result is Result.DIRECT, theirs


def _facts(report: Report) -> Facts:
    return Facts(report, nat_of(report, Family.V4), nat_of(report, Family.V6))


def test_advice_for_one_side_names_causes_and_kinds_of_peer() -> None:
    report = site("hard")
    (first, *_) = found = advice(_facts(report), diagnose(report).causes)
    assert (first.remedy.id, first.side) == (R.PORT_MAPPING, THIS)
    assert CauseId.HARD_NAT in first.causes
    assert first.flips == {NatClass.NONE: False, NatClass.EASY: True, NatClass.HARD: True}
    assert found[-1].remedy.id is R.PEER_RELAY
    assert not any(found[-1].flips.values())
    assert {each.side for each in found} == {THIS, OTHER}


def test_an_open_side_needs_no_advice() -> None:
    report = site("open")
    assert advice(_facts(report), diagnose(report).causes) == ()
    assert set(flips_of(_facts(report)).values()) == {None}


@pytest.mark.parametrize("kind", [NatClass.NONE, NatClass.EASY, NatClass.HARD])
def test_the_kinds_of_peer_are_the_outlook_s(kind: NatClass) -> None:
    for name in SITES:
        report = site(name)
        outlook = diagnose(report).outlook
        by_kind = {
            NatClass.NONE: outlook.none,
            NatClass.EASY: outlook.easy,
            NatClass.HARD: outlook.hard,
        }
        assert predict(side(name), peer(kind)).result is by_kind[kind].result, name


def test_every_remedy_is_there_once_and_flips_something_somewhere() -> None:
    assert [each.id for each in REMEDIES if each.id not in set(R)] == []
    assert len({each.id for each in REMEDIES}) == len(REMEDIES) == len(R)
    seen = {
        remedy
        for ours, theirs in itertools.combinations_with_replacement(SITES, 2)
        for remedy, _ in told(ours, theirs)
    }
    untold = {remedy.id for remedy in UNTOLD}
    assert set(R) - seen - untold == {R.UNBLOCK_STUN, R.MEND_RELAY_MAP, R.ONE_LINE}
    assert not seen & untold, "what cannot be foretold is not promised"
