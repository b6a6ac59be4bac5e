"""Values of fields that Tailscale's tables do not name, and which happen all the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from probes.model import CheckId, CheckStatus, Endpoint, Family, Reason, Unknown
from probes.readings import captive_portal, environment, local, port_mapping, relays, stun
from tests.unit.content.reports import EASY, HARD, answer, device, mapped, report, way_out
from tests.unit.content.test_tables import (
    IN_A_CLOUD,
    IN_A_CONTAINER,
    IPV6,
    ROWS,
    SIGN_IN,
    SILENT,
    explained_of,
    services,
)
from tui import content
from tui.content import FieldId, Tone
from tui.explain import explain_field


def mapping(*, ok: bool, seen: bool | None = None) -> port_mapping.MappingTest:
    """What came of a test mapping."""
    return port_mapping.MappingTest(
        True,
        None,
        40000,
        41000,
        ip_address("45.83.223.10"),
        60,
        None,
        ok,
        seen,
        "",
        True,
    )


TUNNEL = {**EASY, local.WAY_OUT4.id: way_out(tunnel="tun0")}
ELSEWHERE = (answer("45.83.223.10:40001", 0, host="stun.example:19302"),)
TWO_ELSEWHERE = (
    *ELSEWHERE,
    replace(ELSEWHERE[0], host="two.example:443", server=Endpoint.parse("198.51.100.9:443")),
)
FORCED = environment.Setting(
    "TS_DEBUG_ALWAYS_USE_DERP", "true", "/etc/default/tailscaled", environment.Effect.FORCES_RELAY
)
OTHERS: tuple[tuple[FieldId, str, Mapping[str, Any], str], ...] = (
    (
        FieldId.PORT_MAPPING,
        "none-other",
        {**services(False, False, False, EASY), environment.SETTINGS.id: (FORCED,)},
        "Something else does, and comes first",
    ),
    (FieldId.UDP, "yes-tunnel", TUNNEL, "far end of tun0"),
    (
        FieldId.UDP,
        "no-stun",
        {**SILENT, stun.ELSEWHERE.id: ELSEWHERE},
        "stun.example answered on UDP port 19302",
    ),
    (
        FieldId.UDP,
        "no-way-out",
        {
            local.WAY_OUT4.id: None,
            local.WAY_OUT6.id: None,
            stun.UDP.id: Unknown(Reason.NO_SERVER),
        },
        "nothing could be asked",
    ),
    (FieldId.UDP, "no-network", {**SILENT, relays.TCP.id: False}, "says nothing about UDP yet"),
    (
        FieldId.UDP,
        "no-relay",
        {**SILENT, relays.TCP.id: False, captive_portal.ANSWERS.id: (SIGN_IN,)},
        "is no relay's answered a plain web request",
    ),
    (
        FieldId.UDP,
        "no-alone",
        {**SILENT, relays.TCP.id: Unknown(Reason.NO_SERVER)},
        "may also be that the internet connection is down",
    ),
    (
        FieldId.IPV4,
        "yes-here",
        {**EASY, local.INTERFACES.id: device("45.83.223.10/24")},
        "there is no NAT",
    ),
    (FieldId.IPV4, "yes-tunnel", TUNNEL, "address of its far end"),
    (FieldId.IPV4, "not-found", SILENT, "none answered over UDP"),
    (
        FieldId.IPV4,
        "not-found-at-all",
        {**SILENT, relays.TCP.id: False},
        "nothing can be said about direct",
    ),
    (
        FieldId.IPV4,
        "no-but-ipv6",
        {**IPV6, local.WAY_OUT4.id: None, stun.ENDPOINT4.id: Unknown(Reason.NOT_APPLICABLE)},
        "IPv6 works in its place",
    ),
    (
        FieldId.IPV4,
        "not-found-ipv6-answers",
        {**IPV6, stun.ENDPOINT4.id: Unknown(Reason.NO_ANSWER), stun.ANSWERS4.id: ()},
        "none over IPv4",
    ),
    (
        FieldId.IPV6,
        "no-nor-ipv4",
        {**SILENT, relays.TCP.id: False},
        "so nothing reaches the tailnet",
    ),
    (
        FieldId.IPV6,
        "yes-translated",
        {**IPV6, local.INTERFACES.id: device("192.168.1.20/24", "fd00::20/64")},
        "not on this device",
    ),
    (
        FieldId.IPV6,
        "yes-tunnel",
        {**IPV6, local.WAY_OUT6.id: way_out(Family.V6, tunnel="wg0")},
        "far end",
    ),
    (
        FieldId.IPV6,
        "no-system-open",
        {**EASY, local.OS_IPV6.id: Unknown(Reason.NO_RIGHTS)},
        "was not found out",
    ),
    (
        FieldId.IPV6,
        "tcp-only",
        {
            **EASY,
            local.WAY_OUT6.id: way_out(Family.V6),
            stun.ENDPOINT6.id: Unknown(Reason.NO_ANSWER),
            relays.TCP_ANSWERS.id: (
                relays.TcpAnswer(
                    1,
                    "nyc.example",
                    ip_address("2001:db8::1"),
                    443,
                    20.0,
                    21.0,
                    relays.Certificate.VALID,
                    "",
                ),
            ),
        },
        "by TCP, but none answered by UDP",
    ),
    (
        FieldId.IPV6,
        "unanswered",
        {
            **EASY,
            local.WAY_OUT6.id: way_out(Family.V6),
            stun.ENDPOINT6.id: Unknown(Reason.NO_ANSWER),
        },
        "no relay answered over it",
    ),
    (
        FieldId.MAPPING_VARIES,
        "yes-address",
        {**EASY, **mapped("45.83.223.10:51820", "45.83.223.11:51820")},
        "45.83.223.10 and 45.83.223.11",
    ),
    (
        FieldId.MAPPING_VARIES,
        "yes-both",
        {**EASY, **mapped("45.83.223.10:51820", "45.83.223.11:40000")},
        "Both the address and the port change",
    ),
    (FieldId.MAPPING_VARIES, "no-tunnel", TUNNEL, "travelled through tun0"),
    (
        FieldId.MAPPING_VARIES,
        "yes-tunnel",
        {**HARD, local.WAY_OUT4.id: way_out(tunnel="tun0")},
        "travelled through tun0",
    ),
    (
        FieldId.MAPPING_VARIES,
        "no-but-elsewhere",
        {**EASY, stun.ELSEWHERE.id: ELSEWHERE},
        "stun.example, on another port, saw a different one",
    ),
    (
        FieldId.MAPPING_VARIES,
        "too-few-answers",
        {**EASY, **mapped("45.83.223.10:51820")},
        "1 relay answered over IPv4, and it takes two to compare",
    ),
    (
        FieldId.MAPPING_VARIES,
        "too-few-but-elsewhere",
        {**EASY, **mapped("45.83.223.10:51820"), stun.ELSEWHERE.id: ELSEWHERE},
        "which is no relay",
    ),
    (FieldId.MAPPING_VARIES, "no-answer", SILENT, "nothing to compare"),
    (
        FieldId.MAPPING_VARIES,
        "no-answer-but-elsewhere",
        {**SILENT, stun.ELSEWHERE.id: TWO_ELSEWHERE},
        "which is no relay",
    ),
    (
        FieldId.MAPPING_VARIES,
        "not-applicable",
        {
            **SILENT,
            local.WAY_OUT4.id: None,
            stun.VARIES4.id: Unknown(Reason.NOT_APPLICABLE, "no usable IPv4 address or route"),
        },
        "about IPv4 alone",
    ),
    (FieldId.PORT_MAPPING, "not-checked", EASY, "was not asked"),
    (FieldId.PORT_MAPPING, "offered", services(True, False, False), "with UPnP"),
    (
        FieldId.PORT_MAPPING,
        "partly",
        services(False, False, Unknown(Reason.TIMED_OUT)),
        "PCP could not be asked",
    ),
    (
        FieldId.PORT_MAPPING,
        "proven",
        {
            **services(True, True, False, HARD),
            port_mapping.UPNP.test.id: mapping(ok=True),
            port_mapping.NAT_PMP.test.id: mapping(ok=True, seen=True),
        },
        "for a test with NAT-PMP, and",
    ),
    (
        FieldId.PORT_MAPPING,
        "none-open",
        {
            **services(False, False, False, EASY),
            port_mapping.FORWARD.id: port_mapping.Forward(41641, True, "RESPONSE-PORT"),
        },
        "answered to none",
    ),
    (
        FieldId.PORT_MAPPING,
        "opened",
        {**services(True, True, False, HARD), port_mapping.NAT_PMP.test.id: mapping(ok=True)},
        "so nobody saw one come in",
    ),
    (
        FieldId.PORT_MAPPING,
        "broken",
        {**services(True, False, False, HARD), port_mapping.UPNP.test.id: mapping(ok=False)},
        "answers to UPnP, but no port",
    ),
    (
        FieldId.PORT_MAPPING,
        "none-within",
        {**services(False, False, False), environment.EVIDENCE.id: (IN_A_CONTAINER,)},
        "asked of 192.168.1.1, and nothing answered. That is no router",
    ),
    (
        FieldId.PORT_MAPPING,
        "none-cloud",
        {**services(False, False, False), environment.EVIDENCE.id: (IN_A_CLOUD,)},
        "They are made for the routers of homes",
    ),
    (FieldId.CAPTIVE_PORTAL, "yes", {captive_portal.PRESENT.id: True}, "a page of its own"),
    (FieldId.CAPTIVE_PORTAL, "no", {captive_portal.PRESENT.id: False}, "as it should be"),
    (FieldId.CAPTIVE_PORTAL, "not-checked", EASY, "Nobody looked"),
    (FieldId.NEAREST_DERP, "yes", EASY, "New York City was the fastest: 12 ms over IPv4"),
    (
        FieldId.NEAREST_DERP,
        "far",
        {
            **EASY,
            stun.ANSWERS4.id: (answer("45.83.223.10:51820", 3),),
            stun.PREFERRED.id: 3,
        },
        "Sydney, took 280 ms over IPv4",
    ),
    (
        FieldId.NEAREST_DERP,
        "by-tcp",
        {
            **SILENT,
            stun.PREFERRED.id: Unknown(Reason.NO_ANSWER),
            relays.TCP_ANSWERS.id: (
                relays.TcpAnswer(
                    2,
                    "fra.example",
                    ip_address("198.51.100.2"),
                    443,
                    40.0,
                    36.0,
                    relays.Certificate.VALID,
                    "",
                ),
            ),
        },
        "Frankfurt was the fastest: 36 ms over TCP",
    ),
    (
        FieldId.NEAREST_DERP,
        "none",
        {**SILENT, stun.PREFERRED.id: Unknown(Reason.NO_ANSWER), relays.TCP.id: False},
        "not even relayed connections work",
    ),
    (
        FieldId.NEAREST_DERP,
        "no-map",
        {
            **EASY,
            relays.MAP_SOURCE.id: relays.MapSource(relays.MapOrigin.BUILT_IN, "built in", 0, ()),
        },
        "No relay map could be fetched",
    ),
)


@pytest.mark.parametrize(
    ("which", "value", "readings", "says"), OTHERS, ids=[f"{row[0]}: {row[1]}" for row in OTHERS]
)
def test_what_the_tables_do_not_name_has_words_of_its_own(
    which: FieldId, value: str, readings: Mapping[str, Any], says: str
) -> None:
    found = explain_field(report(readings), which)
    words = content.netcheck_field(which).values[value]
    assert found.tone is words.tone
    assert _same(found.meaning, words.meaning), f"other words: {found.label}"
    said = content.plain(f"{found.meaning} {found.interpretation} {found.next_step}")
    assert says in said


def _same(filled: str, template: str) -> bool:
    pattern = re.sub(r"\\\{[a-z_]+\\\}", ".+", re.escape(template))
    return re.fullmatch(pattern, filled) is not None


def test_port_mapping_is_unknown_as_long_as_one_service_was_not_asked() -> None:
    found = report(services(Unknown(Reason.TIMED_OUT), False, False, HARD))
    partly = explain_field(found, FieldId.PORT_MAPPING)
    assert partly.tone is Tone.UNKNOWN
    assert "UPnP could not be asked" in partly.meaning
    assert [each.known for each in partly.evidence] == [False, True, True]


def test_port_mapping_left_out_is_said_to_be_left_out() -> None:
    checks = (CheckId.UPNP, CheckId.NAT_PMP, CheckId.PCP)
    found = explain_field(report(HARD, skipped=checks), FieldId.PORT_MAPPING)
    assert found.value == "left out"
    running = dict.fromkeys(checks, CheckStatus.RUNNING)
    found = explain_field(report(HARD, running, closed=False), FieldId.PORT_MAPPING)
    assert (found.value, found.tone) == ("still measuring", Tone.RUNNING)


def test_every_value_of_every_field_is_reached_by_a_test() -> None:
    reached = {(row[0], row[1]) for row in OTHERS}
    for row in ROWS:
        found = explained_of(row)
        reached |= {
            (row.which, value.id)
            for value in content.netcheck_field(row.which).values.values()
            if _same(found.meaning, value.meaning) and _same(found.interpretation, value.for_you)
        }
    every = {
        (words.id, value)
        for words in content.fields()
        for value in words.values
        # Those of other programs' output have tests there.
        if not value.endswith("-reported") and not value.startswith("told")
    }
    assert every - reached == set()
