"""What is predicted for two sides, from the readings that a report of each would hold."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from probes.diagnosis.causes_pair import causes_between
from probes.diagnosis.model import CauseId, Confidence, Mechanism, Result, Weight
from probes.diagnosis.pair import Prediction, Relay, predict
from probes.diagnosis.sides import Side, side_of
from probes.model import Family, Known, Reason, Unknown
from probes.readings import KEYS, lifetime, local, port_mapping, stun, tailscale
from probes.readings.key import Key
from probes.readings.tailscale import Peer, PeerPath
from probes.report import Report, report_of
from tests.unit.cli.golden import run
from tests.unit.diagnosis.reports import PUBLIC, answer, facts, home, way_out
from tests.unit.diagnosis.sites import SITES, side, site
from tests.unit.diagnosis.test_pairing import CELLS

LETTERS = {Result.DIRECT: "D", Result.POSSIBLE: "S", Result.RELAYED: "R"}


@cache
def _side(name: str, number: int) -> Side:
    return side(name, number)


def letter(ours: str, theirs: str) -> str:
    return LETTERS[predict(_side(ours, 1), _side(theirs, 2)).result]


def test_every_measured_pair_comes_out_right_from_readings() -> None:
    """The grid of nine by nine among them; S: it depended on who started."""
    assert [(*sides, letter(*sides)) for *sides, _ in CELLS] == CELLS


# What tailscaled 1.92.5 did at nine more pairs of sites, and with a firewall that it opens itself.
MORE = (
    ("eim-apdf", "eim-apdf", "D"),
    ("eim-apdf", "hard", "R"),
    ("hard", "hard", "R"),
    ("eim-apdf+map+ufw", "hard", "D"),
    ("hard+forward", "hard", "D"),
    ("hard+forward", "eim-apdf", "D"),
    ("open", "udp-blocked", "R"),
    ("hard", "udp-blocked", "R"),
    ("eim-apdf-wanopen", "eim-apdf-wanopen", "R"),
    ("eim-apdf-wanopen", "eim-apdf", "S"),
    ("public-ufw", "hard", "D"),
    ("public-ufw", "eim-apdf", "D"),
    ("public-ufw", "public-ufw", "D"),
    ("eim-apdf+map+ufw", "cgnat-hard", "D"),
    ("hard+v6", "hard+v6", "D"),
    ("eim-apdf+v6", "hard+v6", "D"),
    ("hard+v6", "hard", "R"),
)

# A stranger's packet came through the router and not past this computer, or not even through it.
KEPT_OUT = (
    ("eim-apdf+map+rule", "hard", "D"),
    ("eim-apdf+map+rule", "cgnat-hard", "D"),
    ("hard+map+rule", "hard", "D"),
    ("hard+map+rule", "eim-apdf", "D"),
    ("hard+map+unread", "hard", "S"),
    ("hard+map+unread", "eim-apdf", "S"),
    ("hard+map+useless", "hard", "R"),
    ("hard+map+useless", "eim-apdf", "R"),
)


@pytest.mark.parametrize(("ours", "theirs", "expected"), KEPT_OUT)
def test_it_counts_who_kept_a_stranger_s_packet_out(ours: str, theirs: str, expected: str) -> None:
    assert letter(ours, theirs) == expected


@pytest.mark.parametrize(("ours", "theirs", "expected"), MORE)
def test_the_other_pairs_that_were_measured(ours: str, theirs: str, expected: str) -> None:
    assert letter(ours, theirs) == expected


@pytest.mark.parametrize("ours", SITES)
def test_both_sides_are_told_the_same(ours: str) -> None:
    for theirs in SITES:
        here = predict(_side(ours, 1), _side(theirs, 2))
        there = predict(_side(theirs, 2), _side(ours, 1))
        assert (here.result, here.confidence, here.relay) == (
            there.result,
            there.confidence,
            there.relay,
        ), theirs
        assert (here.ours, here.theirs) == (there.theirs, there.ours), theirs


def test_ipv6_comes_first_and_is_named() -> None:
    found = predict(_side("hard+v6", 1), _side("eim-apdf+v6", 2))
    assert (found.result, found.family) == (Result.DIRECT, Family.V6)
    assert "stun.answers6" in found.ours
    assert predict(_side("hard", 1), _side("open", 2)).family is Family.V4


def test_a_claim_names_the_readings_of_both_sides() -> None:
    found = predict(_side("eim-apdf+map+hostfw", 1), _side("hard", 2))
    assert {"nat_pmp.mapping", "firewall.inbound4", "stun.answers4"} <= set(found.ours)
    assert "stun.answers4" in found.theirs


# --- one network --------------------------------------------------------------------------------


def neighbour(name: str, prefix: str, hairpin: bool | None = None) -> Side:
    """A device behind the first side's router."""
    report = site(name, 1, prefix)
    if hairpin is None:
        return side_of(report)
    return side_of(_with(report, (lifetime.HAIRPIN4, hairpin)))


@pytest.mark.parametrize("name", ["eim-apdf", "hard"])
def test_one_lan_is_direct_whatever_the_nat(name: str) -> None:
    found = predict(neighbour(name, "192.168.1"), neighbour(name, "192.168.1"))
    assert (found.result, found.mechanism) == (Result.DIRECT, Mechanism.SAME_LAN)
    assert found.confidence is Confidence.LIKELY, "clients of a Wi-Fi may be kept apart"


@pytest.mark.parametrize(
    ("hairpin", "result", "mechanism"),
    [
        (True, Result.DIRECT, Mechanism.HAIRPIN),
        (False, Result.POSSIBLE, Mechanism.NO_HAIRPIN),
        (None, Result.POSSIBLE, Mechanism.LAN_DECIDES),
    ],
)
def test_two_networks_of_one_router_need_hairpinning(
    hairpin: bool | None, result: Result, mechanism: Mechanism
) -> None:
    """Measured: isolated networks of one easy router stay relayed, though the rule says direct, and
    those that it joins are direct. Both look the same in the reports."""
    ours = neighbour("eim-apdf", "192.168.11", hairpin)
    theirs = neighbour("eim-apdf", "192.168.12")
    for one, other in ((ours, theirs), (theirs, ours)):
        found = predict(one, other)
        assert (found.result, found.mechanism) == (result, mechanism)


def test_strangers_behind_one_carrier_are_in_no_common_lan() -> None:
    ours, theirs = (side("cgnat-hard", 1) for _ in range(2))
    found = predict(ours, theirs)
    assert (found.result, found.mechanism) == (Result.POSSIBLE, Mechanism.LAN_DECIDES)


def test_two_homes_with_the_same_prefix_are_two_homes() -> None:
    assert predict(_side("hard", 1), _side("hard", 2)).result is Result.RELAYED


# --- the causes that lie between two -------------------------------------------------------------


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ("eim-apdf", "eim-apdf", {}),
        ("hard", "hard", {CauseId.BOTH_HARD: Weight.BLOCKS}),
        ("hard+v6", "hard+v6", {CauseId.BOTH_HARD: Weight.NOTES}),
        ("hard+map", "hard", {}),
        ("eim-apdf", "hard", {CauseId.PEER_SIDE: Weight.BLOCKS}),
        ("hard", "eim-apdf", {}),
        ("eim-apdf", "udp-blocked", {CauseId.PEER_SIDE: Weight.BLOCKS}),
        ("open", "hard", {}),
        ("eim-apdf", "eim-apdf-wanopen", {CauseId.PEER_SIDE: Weight.LIMITS}),
    ],
)
def test_the_causes_that_lie_between_two(
    ours: str, theirs: str, expected: dict[CauseId, Weight]
) -> None:
    sides = (_side(ours, 1), _side(theirs, 2))
    found = causes_between(*sides, predict(*sides))
    assert {each.id: each.weight for each in found} == expected
    assert all(each.because for each in found)


def test_one_public_address_is_named_as_what_lies_between() -> None:
    here, there = neighbour("eim-apdf", "192.168.11", False), neighbour("eim-apdf", "192.168.12")
    (cause,) = causes_between(here, there, predict(here, there))
    assert (cause.id, cause.weight) == (CauseId.SAME_NETWORK, Weight.LIMITS)


# --- what is not known --------------------------------------------------------------------------


def test_netcheck_s_word_for_easy_promises_nothing_about_a_hard_peer() -> None:
    """It cannot see filtering."""
    easy = side_of(home(*("45.83.223.10:1",) * 3))
    found = predict(easy, _side("hard", 2))
    assert (found.result, found.mechanism) == (Result.POSSIBLE, Mechanism.FILTER_DECIDES)
    found = predict(_side("hard", 2), easy)
    assert (found.result, found.mechanism) == (Result.POSSIBLE, Mechanism.PEER_FILTER_DECIDES)
    found = predict(easy, _side("eim-apdf", 2))
    assert (found.result, found.confidence) == (Result.DIRECT, Confidence.LIKELY)


def test_a_mapping_service_that_was_not_tried_decides() -> None:
    offered = home(
        "45.83.223.10:1",
        "45.83.223.10:2",
        extra=((port_mapping.NAT_PMP.present, True), (port_mapping.UPNP.present, False)),
    )
    found = predict(side_of(offered), _side("hard", 2))
    assert (found.result, found.mechanism) == (Result.POSSIBLE, Mechanism.MAPPING_DECIDES)
    found = predict(_side("hard", 2), side_of(offered))
    assert found.mechanism is Mechanism.PEER_MAPPING_DECIDES


def test_ipv6_that_was_not_measured_may_save_a_relayed_pair() -> None:
    ours, theirs = (_without(site("hard", number), "local.way_out6") for number in (1, 2))
    found = predict(side_of(ours), side_of(theirs))
    assert (found.result, found.mechanism) == (Result.POSSIBLE, Mechanism.IPV6_DECIDES)


def test_nothing_known_is_unknown_and_no_udp_settles_it_all_the_same() -> None:
    nothing = side_of(facts())
    assert predict(nothing, _side("open", 2)).result is Result.UNKNOWN
    assert predict(nothing, _side("udp-blocked", 2)).result is Result.RELAYED
    assert predict(side_of(facts((local.WAY_OUT4, None), (local.WAY_OUT6, None))), nothing) == (
        Prediction(
            Result.UNKNOWN,
            Mechanism.NO_NETWORK,
            None,
            Confidence.LIKELY,
            ("local.way_out4", "local.way_out6"),
            (),
        )
    )


def test_a_peer_relay_that_is_in_use_takes_the_place_of_derp() -> None:
    relay = Peer("r", "", (), "linux", PeerPath.PEER_RELAY, "192.0.2.1:1:vni:1", "", True, False)
    report = _with(site("hard", 1), (tailscale.PEERS, (relay,)))
    found = predict(side_of(report), _side("hard", 2))
    assert (found.result, found.relay) == (Result.RELAYED, Relay.PEER_RELAY)
    assert predict(side_of(report), _side("udp-blocked", 2)).relay is Relay.DERP
    assert predict(_side("hard", 1), _side("hard", 2)).relay is Relay.DERP
    assert predict(_side("hard", 1), _side("open", 2)).relay is None


def _with(report: Report, *more: tuple[Key[Any], Any]) -> Report:
    return facts(*_facts(report), *more)


def _facts(report: Report, gone: Collection[str] = ()) -> list[tuple[Key[Any], Any]]:
    return [
        (KEYS[key], each.value)
        for key, each in report.readings.items()
        if key not in gone and isinstance(each, Known)
    ]


def _without(report: Report, *gone: str) -> Report:
    return facts(*_facts(report, gone))


# --- fewer readings, never more certainty ---------------------------------------------------------

_SURE = (Confidence.POSSIBLE, Confidence.LIKELY, Confidence.CERTAIN)
_ORDINARILY = {
    "collision.present": "an ordinary router does not, so an easy pair counts as direct, likely",
    "firewall.inbound4": "a computer that shuts its own mapping out is only a doubt",
}
"""Findings whose absence is what is ordinarily the case: without them the ordinary claim is made,
but never as certain."""
_NOT_GUESSED = {
    "nat_pmp.mapping": "a mapping that nobody looked for is only a doubt",
    "forward.vpn_port": "a forward that nobody looked for is only a doubt",
}
"""The same, where no such test was made at all. Where it was left out, nothing is claimed."""


def _left_out(report: Report, *gone: str) -> Report:
    skipped = dict.fromkeys(gone, Unknown(Reason.SKIPPED))
    return replace(report, readings={**report.readings, **skipped})


_GONE = {_left_out: _ORDINARILY.keys(), _without: {*_ORDINARILY, *_NOT_GUESSED}}
"""How a reading may be gone, and the findings that are exempt then."""


@pytest.mark.parametrize("name", SITES)
@pytest.mark.parametrize("take", _GONE)
def test_removing_a_reading_never_makes_a_claim_stronger(
    name: str, take: Callable[..., Report]
) -> None:
    for where, whole, part, gone in _compared(name, take):
        if part.result is whole.result:
            assert _SURE.index(part.confidence) <= _SURE.index(whole.confidence), where
        else:
            assert set(gone) & _GONE[take], where
            assert part.confidence is not Confidence.CERTAIN, where
            guessed = whole.result is not Result.DIRECT or set(gone) & _NOT_GUESSED.keys()
            assert guessed, where


def test_every_exception_is_needed() -> None:
    for take, exempt in _GONE.items():
        needed: set[str] = set()
        for name in reversed(SITES):
            if needed == exempt:
                break
            for _, whole, part, gone in _compared(name, take):
                if part.result is not whole.result:
                    needed |= set(gone) & exempt
        assert needed == exempt


def _compared(
    name: str, take: Callable[..., Report]
) -> Iterator[tuple[object, Prediction, Prediction, tuple[str, ...]]]:
    """With every other site, all that is claimed without one or two readings of this one."""
    report = site(name, 1)
    known = [key for key, each in report.readings.items() if isinstance(each, Known)]
    parts = [
        (gone, side_of(take(report, *gone)))
        for count in (1, 2)
        for gone in itertools.combinations(known, count)
    ]
    for other in SITES:
        theirs = _side(other, 2)
        whole = predict(_side(name, 1), theirs)
        for gone, ours in parts:
            part = predict(ours, theirs)
            if part.result not in (Result.UNKNOWN, Result.POSSIBLE):
                yield (name, other, gone, whole, part), whole, part, gone


def test_a_shut_stun_port_says_nothing_about_udp_over_ipv6() -> None:
    own = (local.WAY_OUT6, way_out("2001:db8:1::20"))
    silent = ((stun.ANSWERS6, ()), own)
    elsewhere = (stun.ELSEWHERE, (answer(f"{PUBLIC}:9", server="203.0.113.9:19302"),))
    shut = side_of(home(extra=(*silent, elsewhere))).six
    assert {leg.udp for leg in shut.legs} == {True, False}
    filtered = side_of(home(f"{PUBLIC}:9", extra=silent)).six
    assert not any(leg.udp for leg in filtered.legs)


def test_ipv6_alone_and_ipv4_alone_have_nothing_in_common() -> None:
    """UDP works on both sides, so it is not UDP that is missing."""
    six, four, shut = (
        side_of(report_of(run(name))) for name in ("ipv6-only", "easy-home", "udp-blocked")
    )
    for ours, theirs in ((four, six), (six, four)):
        found = predict(ours, theirs)
        assert (found.result, found.mechanism) == (Result.RELAYED, Mechanism.NO_COMMON_FAMILY)
        assert found.confidence is Confidence.LIKELY
    # IPv4 that is there and silent is another matter: UDP is stopped.
    assert predict(shut, four).mechanism is Mechanism.NO_UDP
