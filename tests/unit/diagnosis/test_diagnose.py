"""Class, causes, outlook and verdict from readings alone."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from probes.diagnosis import causes
from probes.diagnosis.causes import RULES
from probes.diagnosis.causes_pair import PAIR_RULES
from probes.diagnosis.diagnose import diagnose
from probes.diagnosis.model import (
    CauseId,
    Confidence,
    Diagnosis,
    Headline,
    Mapping,
    NatClass,
    Result,
    Verdict,
    Weight,
)
from probes.diagnosis.plan import plan_of
from probes.diagnosis.remedies import RemedyId
from probes.diagnosis.what_if import Whose
from probes.events import Observed
from probes.model import CheckId, Endpoint, Filtering, Known, Reason, Unknown
from probes.readings import (
    KEYS,
    behavior,
    captive_portal,
    layers,
    lifetime,
    local,
    port_mapping,
    relays,
    stun,
)
from probes.readings.behavior import FilteringFound
from probes.readings.key import Key
from probes.readings.layers import Hop
from probes.readings.lifetime import Lifetime, LifetimeMethod
from probes.readings.local import InterfaceKind
from probes.report import Report, reduce
from tests.unit.diagnosis import device_cases, peer_cases
from tests.unit.diagnosis.reports import PUBLIC, answer, facts, home, interface, way_out

EASY = home(f"{PUBLIC}:51820", f"{PUBLIC}:51820", f"{PUBLIC}:51820")
HARD = home(f"{PUBLIC}:4001", f"{PUBLIC}:4002", f"{PUBLIC}:4003")
POOL = home("198.51.100.7:51820", "198.51.100.8:51820", "198.51.100.7:51820")
OPEN = home(f"{PUBLIC}:51820", f"{PUBLIC}:51820", address=f"{PUBLIC}/24")
ONE_ANSWER = home(f"{PUBLIC}:51820")
BLOCKED = home(extra=((stun.ELSEWHERE, ()),))
STUN_BLOCKED = home(extra=((stun.ELSEWHERE, (answer(f"{PUBLIC}:9", server="203.0.113.9:19302"),)),))
NO_NETWORK = home(extra=((stun.ELSEWHERE, ()), (relays.TCP, False), (relays.ICMP4, False)))
UNPLUGGED = facts((local.WAY_OUT4, None), (local.WAY_OUT6, None), (local.OS_IPV6, True))
IPV6_OFF = home(f"{PUBLIC}:1", f"{PUBLIC}:1", extra=((local.OS_IPV6, False),))
V6_WAY = (local.WAY_OUT6, way_out("2001:db8::20"))
IPV6_FILTERED = home(f"{PUBLIC}:1", f"{PUBLIC}:1", extra=(V6_WAY, (stun.ANSWERS6, ())))
TUNNEL_FACE = (interface("10.8.0.2/24", name="wg0", kind=InterfaceKind.TUNNEL),)
TUNNELLED = home(
    f"{PUBLIC}:1",
    f"{PUBLIC}:1",
    extra=(
        (local.INTERFACES, TUNNEL_FACE),
        (local.WAY_OUT4, way_out("10.8.0.2", tunnel="wg0", name="wg0")),
    ),
)
EVADED = home(
    f"{PUBLIC}:1",
    f"{PUBLIC}:1",
    extra=(
        (local.INTERFACES, (interface("192.168.1.20/24"), *TUNNEL_FACE)),
        (local.WAY_OUT4, way_out(tunnel="wg0", bound=True)),
    ),
)
ELSEWHERE = tuple(
    answer(f"{PUBLIC}:51820", server=f"203.0.113.{number}:19302") for number in (8, 9)
)
OWN_ELSEWHERE = tuple(
    answer(f"{PUBLIC}:51820", server=f"203.0.113.{number}:19302", local=f"{PUBLIC}:51820")
    for number in (8, 9)
)
NO_STUN_MAP = home(extra=((relays.STUN_REGIONS, 0), (stun.UDP, None), (stun.ELSEWHERE, ELSEWHERE)))
OPEN_STUN_BLOCKED = home(address=f"{PUBLIC}/24", extra=((stun.ELSEWHERE, OWN_ELSEWHERE),))

FILTERS = Filtering.ADDRESS_AND_PORT_DEPENDENT
NOBODY = (behavior.FILTERING4, FilteringFound(FILTERS, Confidence.CERTAIN, ("one.example",)))
ANYBODY = (
    behavior.FILTERING4,
    FilteringFound(Filtering.ENDPOINT_INDEPENDENT, Confidence.CERTAIN, ("one.example",)),
)
STEALS = (behavior.COLLISION, True)
PORTAL = (captive_portal.PRESENT, True)
SHORT = Lifetime(0, 20, LifetimeMethod.RESPONSE_PORT, "one.example")
BRIEF = replace(SHORT, lived_s=35, expired_s=65)
LONG = replace(SHORT, lived_s=125, expired_s=185)


def hops(*addresses: str) -> tuple[Key[Any], Any]:
    """Boxes on the way, the nearest first."""
    found = (Hop(ttl, ip_address(each), 1.0) for ttl, each in enumerate(addresses, 1))
    return (layers.HOPS4, tuple(found))


def eased(*extra: tuple[Key[Any], Any]) -> Report:
    """An easy home of which more is known."""
    return home(*(f"{PUBLIC}:51820",) * 3, extra=extra)


GUARDED = home(*(f"{PUBLIC}:51820",) * 2, address=f"{PUBLIC}/24", extra=(NOBODY,))
WELCOMING = home(*(f"{PUBLIC}:51820",) * 2, address=f"{PUBLIC}/24", extra=(ANYBODY,))
STOLEN = eased(NOBODY, STEALS)
SIGN_IN = home(extra=(PORTAL, (stun.ELSEWHERE, ()), (relays.TCP, False)))
SIGNED_IN = eased(PORTAL)
TWO_ROUTERS = eased(hops("192.168.1.1", "192.168.100.1"))
HARD_CARRIER = home(
    *(f"{PUBLIC}:{port}" for port in (4001, 4002, 4003)),
    extra=(hops("192.168.1.1", "100.64.17.1"),),
)

C = CauseId
CASES: dict[str, tuple[Report, NatClass, Verdict, Headline, set[CauseId]]] = {
    "easy": (EASY, NatClass.EASY, Verdict.DIRECT, Headline.DIRECT_EASY, {C.IPV6_MISSING}),
    "hard": (
        HARD,
        NatClass.HARD,
        Verdict.RELAYED,
        Headline.RELAYED_HARD_NAT,
        {C.HARD_NAT, C.IPV6_MISSING},
    ),
    "pool": (
        POOL,
        NatClass.HARD,
        Verdict.RELAYED,
        Headline.RELAYED_MULTI_WAN,
        {C.HARD_NAT, C.MULTI_WAN, C.IPV6_MISSING},
    ),
    "open": (OPEN, NatClass.NONE, Verdict.DIRECT, Headline.DIRECT_OPEN, {C.IPV6_MISSING}),
    "one answer": (
        ONE_ANSWER,
        NatClass.UNKNOWN,
        Verdict.UNKNOWN,
        Headline.UNKNOWN_TOO_LITTLE,
        {C.IPV6_MISSING},
    ),
    "udp blocked": (
        BLOCKED,
        NatClass.UNKNOWN,
        Verdict.RELAYED,
        Headline.RELAYED_UDP_BLOCKED,
        {C.UDP_BLOCKED, C.IPV6_MISSING},
    ),
    "stun blocked": (
        STUN_BLOCKED,
        NatClass.UNKNOWN,
        Verdict.RELAYED,
        Headline.RELAYED_STUN_BLOCKED,
        {C.STUN_BLOCKED, C.IPV6_MISSING},
    ),
    "no network": (
        NO_NETWORK,
        NatClass.UNKNOWN,
        Verdict.UNKNOWN,
        Headline.UNKNOWN_NO_NETWORK,
        {C.NO_NETWORK},
    ),
    "unplugged": (
        UNPLUGGED,
        NatClass.UNKNOWN,
        Verdict.UNKNOWN,
        Headline.UNKNOWN_NO_NETWORK,
        {C.NO_NETWORK},
    ),
    "ipv6 off": (IPV6_OFF, NatClass.EASY, Verdict.DIRECT, Headline.DIRECT_EASY, {C.IPV6_OFF}),
    "ipv6 filtered": (
        IPV6_FILTERED,
        NatClass.EASY,
        Verdict.DIRECT,
        Headline.DIRECT_EASY,
        {C.IPV6_FILTERED},
    ),
    "through a tunnel": (
        TUNNELLED,
        NatClass.UNKNOWN,
        Verdict.UNKNOWN,
        Headline.UNKNOWN_TUNNEL,
        {C.OTHER_VPN, C.IPV6_MISSING},
    ),
    "around a tunnel": (
        EVADED,
        NatClass.EASY,
        Verdict.DIRECT,
        Headline.DIRECT_EASY,
        {C.OTHER_VPN, C.IPV6_MISSING},
    ),
    "map without STUN": (
        NO_STUN_MAP,
        NatClass.EASY,
        Verdict.RELAYED,
        Headline.RELAYED_MAP_WITHOUT_STUN,
        {C.RELAY_MAP_WITHOUT_STUN, C.IPV6_MISSING},
    ),
    "guarded public address": (
        GUARDED,
        NatClass.NONE,
        Verdict.DIRECT,
        Headline.DIRECT_OPEN,
        {C.INBOUND_BLOCKED, C.IPV6_MISSING},
    ),
    "welcoming public address": (
        WELCOMING,
        NatClass.NONE,
        Verdict.DIRECT,
        Headline.DIRECT_OPEN,
        {C.IPV6_MISSING},
    ),
    "a port is given away": (
        STOLEN,
        NatClass.EASY,
        Verdict.DEPENDS,
        Headline.DEPENDS_PORT_STOLEN,
        {C.NAT_STATE_COLLISION, C.IPV6_MISSING},
    ),
    "not signed in": (
        SIGN_IN,
        NatClass.UNKNOWN,
        Verdict.UNKNOWN,
        Headline.CAPTIVE_PORTAL,
        {C.CAPTIVE_PORTAL},
    ),
    "a portal that lets UDP pass": (
        SIGNED_IN,
        NatClass.EASY,
        Verdict.DIRECT,
        Headline.DIRECT_EASY,
        {C.CAPTIVE_PORTAL, C.IPV6_MISSING},
    ),
    "two routers": (
        TWO_ROUTERS,
        NatClass.EASY,
        Verdict.DIRECT,
        Headline.DIRECT_EASY,
        {C.DOUBLE_NAT, C.IPV6_MISSING},
    ),
    "carrier": (
        HARD_CARRIER,
        NatClass.HARD,
        Verdict.RELAYED,
        Headline.RELAYED_HARD_NAT,
        {C.HARD_NAT, C.CGNAT, C.IPV6_MISSING},
    ),
    "short lifetime": (
        eased((lifetime.LIFETIME4, SHORT)),
        NatClass.EASY,
        Verdict.DIRECT,
        Headline.DIRECT_EASY,
        {C.SHORT_MAPPING_LIFETIME, C.IPV6_MISSING},
    ),
    "STUN blocked, public address": (
        OPEN_STUN_BLOCKED,
        NatClass.NONE,
        Verdict.DIRECT,
        Headline.DIRECT_OPEN,
        {C.STUN_BLOCKED, C.IPV6_MISSING},
    ),
    **device_cases.CASES,
    **device_cases.OPENED,
    **peer_cases.CASES,
}


def test_udp_blocked_is_likely_where_no_other_port_could_be_asked() -> None:
    nobody = Unknown(Reason.NO_SERVER)
    silent = reduce(home(), Observed(1.0, CheckId.STUN, stun.ELSEWHERE.id, nobody))
    (found,) = [each for each in diagnose(silent).causes if each.id is C.UDP_BLOCKED]
    assert found.confidence is Confidence.LIKELY
    assert found.missing == (stun.ELSEWHERE.id,)
    # Not asked yet is no answer at all.
    assert C.UDP_BLOCKED not in {each.id for each in diagnose(home()).causes}


@pytest.mark.parametrize("name", [*CASES, *peer_cases.APART])
def test_the_conclusions_of_a_report(name: str) -> None:
    report, nat_class, verdict, headline, causes = {**CASES, **peer_cases.APART}[name]
    found = diagnose(report)
    assert found.nat4.nat_class is nat_class
    assert found.verdict is verdict
    assert found.headline is headline
    assert {cause.id for cause in found.causes} == causes


def _weights(report: Report) -> dict[CauseId, Weight]:
    return {cause.id: cause.weight for cause in diagnose(report).causes}


def test_a_short_lifetime_weighs_by_how_short_it_is() -> None:
    def weight(found: Lifetime) -> Weight | None:
        return _weights(eased((lifetime.LIFETIME4, found))).get(C.SHORT_MAPPING_LIFETIME)

    assert weight(SHORT) is Weight.LIMITS
    assert weight(BRIEF) is Weight.NOTES
    assert weight(LONG) is None
    assert weight(replace(LONG, lived_s=305, expired_s=None)) is None


def test_a_sign_in_page_blocks_only_where_udp_does_not_pass() -> None:
    assert _weights(SIGN_IN)[C.CAPTIVE_PORTAL] is Weight.BLOCKS
    assert _weights(SIGNED_IN)[C.CAPTIVE_PORTAL] is Weight.NOTES
    assert C.CAPTIVE_PORTAL not in _weights(eased((captive_portal.PRESENT, False)))


def test_a_second_nat_limits_only_a_hard_one() -> None:
    assert _weights(TWO_ROUTERS)[C.DOUBLE_NAT] is Weight.NOTES
    assert _weights(HARD_CARRIER)[C.CGNAT] is Weight.LIMITS


@pytest.mark.parametrize(
    ("second", "confidence"),
    [
        ("192.168.100.1", Confidence.LIKELY),
        ("10.20.0.1", Confidence.POSSIBLE),
        ("203.0.113.1", None),
    ],
)
def test_a_private_box_beyond_the_router_is_no_proof_by_itself(
    second: str, confidence: Confidence | None
) -> None:
    causes = diagnose(eased(hops("192.168.1.1", second))).causes
    found = next((each.confidence for each in causes if each.id is C.DOUBLE_NAT), None)
    assert found is confidence


def test_the_router_s_own_public_address_outweighs_a_private_box_behind_it() -> None:
    report = eased(
        hops("192.168.1.1", "192.168.100.1"),
        (stun.ENDPOINT4, Endpoint.parse(f"{PUBLIC}:51820")),
        (port_mapping.NAT_PMP.external, ip_address(PUBLIC)),
    )
    assert C.DOUBLE_NAT not in _weights(report)
    private = eased((port_mapping.NAT_PMP.external, ip_address("192.168.100.2")))
    (cause,) = [each for each in diagnose(private).causes if each.id is C.DOUBLE_NAT]
    assert cause.confidence is Confidence.CERTAIN


def test_what_is_let_in_decides_with_a_hard_peer() -> None:
    assert diagnose(GUARDED).outlook.hard.result is Result.RELAYED
    assert diagnose(WELCOMING).outlook.hard.result is Result.DIRECT


def test_every_rule_fires_somewhere() -> None:
    cases = (*CASES.values(), *peer_cases.APART.values())
    fired = {cause for *_, causes in cases for cause in causes}
    assert fired == set(RULES) | set(PAIR_RULES) == set(CauseId)
    assert not set(RULES) & set(PAIR_RULES)


@pytest.mark.parametrize("name", CASES)
def test_nothing_hangs_on_the_order_of_the_tables(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only which of two equally weighty causes is listed first."""
    report = CASES[name][0]
    found = diagnose(report)
    first = _first_change(report, found)
    monkeypatch.setattr(causes, "RULES", dict(reversed(RULES.items())))
    monkeypatch.setattr(causes, "PAIR_RULES", dict(reversed(PAIR_RULES.items())))
    turned = diagnose(report)
    assert set(turned.causes) == set(found.causes)
    assert replace(turned, causes=()) == replace(found, causes=())
    assert _first_change(report, turned) == first


def _first_change(report: Report, found: Diagnosis) -> tuple[RemedyId, Whose] | None:
    plans = (each for each in plan_of(report, found) if each.cause.weight is not Weight.NOTES)
    way = next((plan.ways[0] for plan in plans), None)
    return None if way is None else (way.remedy.id, way.whose)


@pytest.mark.parametrize("name", CASES)
def test_because_names_readings_that_are_known(name: str) -> None:
    report = CASES[name][0]
    found = diagnose(report)
    for cause in found.causes:
        assert cause.because
        assert all(isinstance(report.readings.get(each), Known) for each in cause.because), cause
    for nat in (found.nat4, found.nat6):
        assert all(isinstance(report.readings.get(each), Known) for each in nat.because)
        assert all(each in KEYS for each in nat.missing)


def test_the_outlook_of_a_hard_nat() -> None:
    outlook = diagnose(HARD).outlook
    results = (outlook.none.result, outlook.easy.result, outlook.hard.result)
    assert results == (Result.DIRECT, Result.RELAYED, Result.RELAYED)


def test_inbound_that_was_not_measured_promises_nothing_to_a_hard_peer() -> None:
    for report in (OPEN, EASY):
        assert diagnose(report).outlook.hard.result is Result.POSSIBLE


def test_missing_ipv6_weighs_more_where_ipv4_is_relayed() -> None:
    def weight(report: Report) -> Weight:
        causes = diagnose(report).causes
        return next(cause.weight for cause in causes if cause.id is C.IPV6_MISSING)

    assert weight(EASY) is Weight.NOTES
    assert weight(HARD) is Weight.LIMITS


def test_two_ports_on_one_server_do_not_show_endpoint_independence() -> None:
    both = (
        answer(f"{PUBLIC}:51820", server="203.0.113.1:3478"),
        answer(f"{PUBLIC}:51820", server="203.0.113.1:443"),
    )
    nat = diagnose(home(f"{PUBLIC}:51820", extra=((stun.ANSWERS4, both),))).nat4
    assert (nat.nat_class, nat.mapping) == (NatClass.UNKNOWN, Mapping.UNKNOWN)


def test_a_private_mapped_address_is_not_a_public_one() -> None:
    """A relay on the same private network sees the device itself: that proves no public address."""
    report = home("192.168.1.20:51820", "192.168.1.20:51820")
    assert diagnose(report).nat4.nat_class is not NatClass.NONE


def test_the_tailnet_s_own_address_is_never_the_public_one() -> None:
    faces = (
        interface("192.168.1.20/24"),
        interface(f"{PUBLIC}/32", name="tailscale0", kind=InterfaceKind.TAILSCALE),
    )
    report = home(f"{PUBLIC}:1", f"{PUBLIC}:1", extra=((local.INTERFACES, faces),))
    assert diagnose(report).nat4.nat_class is NatClass.EASY


def test_a_growing_report_says_that_it_is_still_measuring() -> None:
    report = facts(closed=False)
    assert diagnose(report).headline is Headline.UNKNOWN_STILL_MEASURING
    later = Observed(5.0, local.WAY_OUT4.check, local.WAY_OUT4.id, Known(way_out(), "test"))
    assert diagnose(reduce(report, later)).headline is Headline.UNKNOWN_STILL_MEASURING


def test_a_tunnel_comes_first_only_where_nothing_could_go_around_it() -> None:
    for known, foremost in ((TUNNELLED, True), (EVADED, False)):
        causes = diagnose(known).causes
        (vpn,) = [each for each in causes if each.id is CauseId.OTHER_VPN]
        assert (vpn.weight, vpn.foremost, vpn.in_the_way) == (Weight.NOTES, foremost, foremost)
        if foremost:
            assert causes[0] is vpn
