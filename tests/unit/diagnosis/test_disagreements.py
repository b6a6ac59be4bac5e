"""Contradictions between the witnesses: each is shown with every account and its likely reason."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from probes.diagnosis.disagreements import disagreements_of
from probes.diagnosis.witnesses import Likely, Topic, Witness
from probes.model import Confidence, Endpoint, Filtering
from probes.readings import behavior, classic, environment, local, port_mapping, stun, tailscale
from probes.readings.classic import ClassicType
from probes.readings.environment import BugEffect, ClientBug
from probes.readings.key import Key
from probes.readings.netcheck import SeenEndpoint
from probes.readings.tailscale import Backend, EndpointKind, OwnSocket, SelfEndpoint
from probes.tailscale.netcheck_report import parse_netcheck_json
from tests.unit.diagnosis.reports import answers, facts, way_out

RECORDED = Path(__file__).parents[1] / "tailscale" / "outputs"
EASY = parse_netcheck_json((RECORDED / "easy_easy.netcheck1.json").read_text())
HARD = parse_netcheck_json((RECORDED / "hard_hard.netcheck1.json").read_text())
NO_UDP = replace(EASY, udp=False, mapping_varies=None, global4=None, seen4=())
SAME = "198.51.100.101:5000"

Pairs = tuple[tuple[Key[Any], Any], ...]

HOME: Pairs = (
    (stun.UDP, True),
    (stun.ANSWERS4, answers(SAME, SAME, SAME)),
    (stun.ENDPOINT4, Endpoint.parse(SAME)),
    (stun.VARIES4, False),
    (local.WAY_OUT4, way_out()),
    (local.WAY_OUT6, None),
)
"""An easy home as this program's probes see it."""


def _found(*pairs: tuple[Key[Any], Any]) -> dict[Topic, Likely]:
    return {each.what: each.likely_because for each in disagreements_of(facts(*HOME, *pairs))}


def test_witnesses_that_agree_are_not_mentioned() -> None:
    agreeing = (
        (tailscale.NETCHECK, EASY),
        (tailscale.OWN_SOCKET, OwnSocket.PORT_KEPT),
        (
            tailscale.SELF_ENDPOINTS,
            (SelfEndpoint(Endpoint.parse("198.51.100.101:41641"), EndpointKind.PUBLIC_OWN_PORT),),
        ),
        (classic.TYPE4, ClassicType.PORT_RESTRICTED_CONE),
        (port_mapping.UPNP.present, False),
    )
    assert _found(*agreeing) == {}
    assert disagreements_of(facts()) == ()


PUBLIC = EndpointKind.PUBLIC_OWN_PORT


@pytest.mark.parametrize(
    ("pairs", "topic", "likely"),
    [
        (((tailscale.NETCHECK, HARD),), Topic.MAPPING, Likely.OTHER_MOMENT),
        (
            ((tailscale.OWN_SOCKET, OwnSocket.TWO_PORTS), (tailscale.PORT, 41641)),
            Topic.MAPPING,
            Likely.OTHER_PORT,
        ),
        (((classic.TYPE4, ClassicType.SYMMETRIC),), Topic.MAPPING, Likely.ONE_SERVER),
        (((tailscale.NETCHECK, NO_UDP),), Topic.UDP, Likely.OTHER_MOMENT),
        (
            (
                (tailscale.NETCHECK, NO_UDP),
                (environment.CLIENT_BUGS, (ClientBug(19259, BugEffect.FALSE_NETCHECK),)),
            ),
            Topic.UDP,
            Likely.CLIENT_BUG,
        ),
        (
            ((tailscale.NETCHECK, NO_UDP), (tailscale.EXIT_NODE, "exit-nyc")),
            Topic.UDP,
            Likely.EXIT_NODE,
        ),
        (
            (
                (tailscale.OWN_SOCKET, OwnSocket.NO_PUBLIC),
                (tailscale.STATE, Backend.NEEDS_LOGIN),
            ),
            Topic.UDP,
            Likely.NOT_CONNECTED,
        ),
        (
            (
                (tailscale.NETCHECK, NO_UDP),
                (local.WAY_OUT4, way_out(tunnel="wg0", bound=True)),
            ),
            Topic.UDP,
            Likely.OTHER_TUNNEL,
        ),
        (
            ((tailscale.NETCHECK, NO_UDP), (stun.ANSWERS4, answers(SAME))),
            Topic.UDP,
            Likely.ONE_ANSWER_ONLY,
        ),
        (
            (
                (stun.UDP, False),
                (stun.ELSEWHERE, answers(SAME)),
                (tailscale.OWN_SOCKET, OwnSocket.NO_PUBLIC),
            ),
            Topic.UDP,
            Likely.STUN_PORT,
        ),
        (
            (
                (tailscale.OWN_SOCKET, OwnSocket.NO_PUBLIC),
                (tailscale.ATTRIBUTES, ("only-tcp-443",)),
            ),
            Topic.UDP,
            Likely.ONLY_TCP,
        ),
        (
            ((tailscale.NETCHECK, replace(EASY, global4=Endpoint.parse("203.0.113.9:1"))),),
            Topic.ADDRESS,
            Likely.OTHER_MOMENT,
        ),
        (
            (
                (tailscale.NETCHECK, replace(EASY, global4=Endpoint.parse("203.0.113.9:1"))),
                (stun.ANSWERS4, answers(SAME, "203.0.113.9:5000")),
            ),
            Topic.ADDRESS,
            Likely.SEVERAL_WAYS_OUT,
        ),
        (
            (
                (tailscale.NETCHECK, replace(EASY, global4=Endpoint.parse("203.0.113.9:1"))),
                (
                    tailscale.SELF_ENDPOINTS,
                    (SelfEndpoint(Endpoint.parse("203.0.113.9:41641"), PUBLIC),),
                ),
            ),
            Topic.ADDRESS,
            Likely.SEVERAL_WAYS_OUT,
        ),
        (((tailscale.NETCHECK, replace(EASY, ipv6=True)),), Topic.IPV6, Likely.OTHER_MOMENT),
        (
            ((tailscale.NETCHECK, EASY), (port_mapping.NAT_PMP.present, True)),
            Topic.NAT_PMP,
            Likely.SLOW_ROUTER,
        ),
        (
            (
                (tailscale.NETCHECK, EASY),
                (port_mapping.PCP.present, True),
                (port_mapping.TAILSCALE_ASKS, False),
            ),
            Topic.PCP,
            Likely.NOT_ASKED,
        ),
        (
            ((tailscale.NETCHECK, replace(EASY, upnp=True)), (port_mapping.UPNP.present, False)),
            Topic.UPNP,
            Likely.OTHER_BOX,
        ),
        (
            (
                (classic.TYPE4, ClassicType.FULL_CONE),
                (
                    behavior.FILTERING4,
                    behavior.FilteringFound(
                        Filtering.ADDRESS_AND_PORT_DEPENDENT, Confidence.CERTAIN, ()
                    ),
                ),
            ),
            Topic.FILTERING,
            Likely.ONE_SERVER,
        ),
    ],
    ids=lambda value: str(value) if isinstance(value, Topic | Likely) else "",
)
def test_a_contradiction_has_its_likely_reason(pairs: Pairs, topic: Topic, likely: Likely) -> None:
    assert _found(*pairs)[topic] is likely


def test_every_reason_and_every_topic_can_be_met() -> None:
    marks = test_a_contradiction_has_its_likely_reason.pytestmark  # type: ignore[attr-defined]
    rows = marks[0].args[1]
    assert {row[1] for row in rows} == set(Topic)
    assert {row[2] for row in rows} == set(Likely)


def test_all_accounts_are_shown_with_the_readings_that_they_come_from() -> None:
    (one,) = disagreements_of(
        facts(
            *HOME,
            (tailscale.NETCHECK, NO_UDP),
            (classic.TYPE4, ClassicType.PORT_RESTRICTED_CONE),
        )
    )
    assert [(each.witness, each.says, each.reading) for each in one.accounts] == [
        (Witness.PROBES, "yes", "stun.udp"),
        (Witness.NETCHECK, "no", "tailscale.netcheck"),
        (Witness.PYSTUN3, "yes", "classic.type4"),
    ]


def test_a_second_port_beside_a_mapping_service_is_no_contradiction() -> None:
    hint = ((tailscale.OWN_SOCKET, OwnSocket.TWO_PORTS), (port_mapping.UPNP.present, True))
    assert _found(*hint) == {}


def test_what_was_not_said_contradicts_nobody() -> None:
    silent = replace(EASY, udp=None, ipv4=None, ipv6=None, mapping_varies=None, global4=None)
    silent = replace(silent, upnp=None, nat_pmp=None, pcp=None)
    assert _found((tailscale.NETCHECK, silent), (port_mapping.UPNP.present, True)) == {}


def test_udp_on_another_port_is_udp() -> None:
    elsewhere = answers("198.51.100.101:5000")
    report = facts(
        (stun.UDP, False), (stun.ELSEWHERE, elsewhere), (classic.TYPE4, ClassicType.FULL_CONE)
    )
    assert disagreements_of(report) == ()


def test_the_tailnets_own_addresses_are_no_public_ones() -> None:
    private = SelfEndpoint(Endpoint(ip_address("10.0.0.7"), 41641), EndpointKind.PUBLIC_OWN_PORT)
    assert _found((tailscale.SELF_ENDPOINTS, (private,))) == {}


def test_one_answer_of_netcheck_is_too_few() -> None:
    seen = (SeenEndpoint(Endpoint.parse(SAME), 1),)
    assert (
        _found((tailscale.NETCHECK, replace(HARD, seen4=seen)))[Topic.MAPPING]
        is Likely.ONE_ANSWER_ONLY
    )
