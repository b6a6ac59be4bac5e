"""Every row of the interpretation tables leads to words that say what the row says.

The tables are those of Tailscale's page on device connectivity: field, value, meaning and
interpretation. A row is held to a few words that carry its sense, and to a few that it must not
claim, where practice differs from the page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

import pytest

from probes.model import CheckId, CheckStatus, Confidence, Family, Reason, Unknown
from probes.readings import captive_portal, environment, local, port_mapping, relays, stun
from probes.readings.environment import Evidence, Surrounding
from probes.report import Report
from tests.unit.content.reports import EASY, HARD, HOME, answer, device, mapped, report, way_out
from tests.unit.content.test_verdict import OPEN
from tui import content
from tui.content import FieldId, Tone
from tui.explain import Explained, explain_field


@dataclass(frozen=True)
class Row:
    """One row of a table, and a network on which it holds."""

    which: FieldId
    value: str
    """As the table names it."""
    found: Mapping[str, Any]
    shown: str
    """As netcheck prints it."""
    tone: Tone
    says: tuple[str, ...]
    """Patterns that meaning, interpretation and next step together must hold."""
    never: tuple[str, ...] = ()


IN_A_CONTAINER = Evidence(Surrounding.CONTAINER, "docker", True, "a file", Confidence.CERTAIN)
IN_A_CLOUD = Evidence(Surrounding.CLOUD, "Amazon EC2", None, "a file", Confidence.CERTAIN)
SIGN_IN = captive_portal.PortalAnswer("one.relays.example", 302, "http://sign-in.example/")
SILENT = {**HOME, **mapped(), stun.ELSEWHERE.id: ()}
ENDPOINT6 = "[2001:db8:1::20]:40000"
IPV6: dict[str, Any] = {
    **EASY,
    local.INTERFACES.id: device("192.168.1.20/24", "2001:db8:1::20/64"),
    local.WAY_OUT6.id: way_out(Family.V6),
    stun.ANSWERS6.id: (answer(ENDPOINT6, here=ENDPOINT6),),
    stun.ENDPOINT6.id: answer(ENDPOINT6).mapped,
}


def services(
    upnp: object, nat_pmp: object, pcp: object, network: Mapping[str, Any] = EASY
) -> dict[str, Any]:
    """A network whose router was asked for each of the three services."""
    found = zip(port_mapping.SERVICES.values(), (upnp, nat_pmp, pcp), strict=True)
    return {**network, **{service.present.id: present for service, present in found}}


ROWS = (
    # UDP: whether the device can send outbound UDP packets
    Row(
        FieldId.UDP,
        "True",
        EASY,
        "true",
        Tone.GOOD,
        ("3 of 3 relays answered", "leave this network", "a direct connection needs"),
        ("guarantee", "will be direct"),
    ),
    Row(
        FieldId.UDP,
        "False",
        SILENT,
        "false",
        Tone.BAD,
        ("No relay answered over UDP", "expect the relay", "do not get out, or the answers"),
    ),
    # IPv4: the public IPv4 address and port
    Row(
        FieldId.IPV4,
        "Yes, <IPv4 address>",
        EASY,
        "yes, 45.83.223.10:51820",
        Tone.GOOD,
        ("45.83.223.10", "gets out to the internet", "direct connection over IPv4 needs"),
    ),
    Row(
        FieldId.IPV4,
        "No",
        {**SILENT, local.WAY_OUT4.id: None},
        "(no addr found)",
        Tone.BAD,
        ("no IPv4 address", "not on the network"),
    ),
    # IPv6: supported, and the public IPv6 address and port
    Row(
        FieldId.IPV6,
        "Yes, <IPv6 address>",
        IPV6,
        f"yes, {ENDPOINT6}",
        Tone.GOOD,
        ("2001:db8:1::20", "IPv6 gets out", "nearly always possible"),
    ),
    Row(
        FieldId.IPV6,
        "No",
        {**EASY, local.OS_IPV6.id: False},
        "no, unavailable in OS",
        Tone.NOTE,
        ("operating system does not offer IPv6", "IPv4 may still get out"),
        ("not on the network",),
    ),
    Row(
        FieldId.IPV6,
        "No, but OS has support",
        EASY,
        "no, but OS has support",
        Tone.NOTE,
        ("system can do IPv6", "no address", "use IPv4, if there is any", "tailnet IPv6 address"),
    ),
    # MappingVariesByDestIP: whether address and port differ between relays
    Row(
        FieldId.MAPPING_VARIES,
        "True",
        HARD,
        "true",
        Tone.BAD,
        ("hard NAT", "3 different ports", "likely use the relay"),
        ("randomly", "at random", "cannot be direct", "never"),
    ),
    Row(
        FieldId.MAPPING_VARIES,
        "False",
        EASY,
        "false",
        Tone.GOOD,
        ("same address and port", "easy NAT, or none", "direct connections are likely"),
    ),
    Row(
        FieldId.MAPPING_VARIES,
        "False, and no NAT",
        {
            **EASY,
            **mapped("45.83.223.10:51820", "45.83.223.10:51820", here="45.83.223.10:51820"),
            local.INTERFACES.id: device("45.83.223.10/24"),
        },
        "false",
        Tone.GOOD,
        ("sits on this device", "there is no NAT", "firewall"),
        ("lets anybody in", "open to everybody"),
    ),
    # PortMapping: which port mapping protocols there are
    Row(
        FieldId.PORT_MAPPING,
        "UPnP",
        services(True, False, False),
        "UPnP",
        Tone.GOOD,
        ("opens ports on request with UPnP", "easy NAT"),
        ("NAT-PMP",),
    ),
    Row(
        FieldId.PORT_MAPPING,
        "NAT-PMP",
        services(False, True, False),
        "NAT-PMP",
        Tone.GOOD,
        ("opens ports on request with NAT-PMP", "easy NAT"),
        ("UPnP",),
    ),
    Row(
        FieldId.PORT_MAPPING,
        "PCP",
        services(False, False, True),
        "PCP",
        Tone.GOOD,
        ("opens ports on request with PCP", "easy NAT"),
        ("UPnP",),
    ),
    Row(
        FieldId.PORT_MAPPING,
        "any, although MappingVariesByDestIP is true",
        services(True, True, False, HARD),
        "UPnP, NAT-PMP",
        Tone.GOOD,
        ("UPnP and NAT-PMP", "may work although MappingVariesByDestIP is true"),
    ),
    Row(
        FieldId.PORT_MAPPING,
        "False, behind a hard NAT",
        services(False, False, False, HARD),
        "none",
        Tone.BAD,
        ("none of UPnP, NAT-PMP and PCP", "cannot be had", "likely stay on the relay"),
    ),
    Row(
        FieldId.PORT_MAPPING,
        "False, behind an easy NAT",
        services(False, False, False),
        "none",
        Tone.NOTE,
        ("none of UPnP, NAT-PMP and PCP", "most peers are direct without it"),
        ("likely stay on the relay",),
    ),
    Row(
        FieldId.PORT_MAPPING,
        "False, NAT unknown",
        services(False, False, False, HOME),
        "none",
        Tone.NOTE,
        ("none of UPnP, NAT-PMP and PCP", "not known yet"),
    ),
    Row(
        FieldId.PORT_MAPPING,
        "False, no NAT",
        services(False, False, False, OPEN),
        "none",
        Tone.NOTE,
        ("nothing answered", "there is no NAT here"),
        ("Your NAT is easy", "turn on UPnP"),
    ),
    Row(
        FieldId.PORT_MAPPING,
        "False, and UDP is stopped",
        services(False, False, False, SILENT),
        "none",
        Tone.NOTE,
        ("none of UPnP, NAT-PMP and PCP", "as long as UDP is stopped"),
        ("turn on UPnP",),
    ),
)


def _explain(row: Row) -> Explained:
    return explain_field(report(row.found), row.which)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.which}: {row.value}")
def test_a_row_leads_to_its_words(row: Row) -> None:
    found = _explain(row)
    said = content.plain(f"{found.meaning} {found.interpretation} {found.next_step}")
    assert found.value == row.shown
    assert found.tone is row.tone
    for words in row.says:
        assert words.lower() in said.lower(), f"{words!r} is not in {said!r}"
    for words in row.never:
        assert not re.search(words, said, re.IGNORECASE), f"{words!r} is claimed in {said!r}"
    assert all(each.known for each in found.evidence if each.reading == found.evidence[0].reading)


def test_the_rows_cover_every_value_that_the_tables_name() -> None:
    named = {(row.which, row.value.partition(",")[0]) for row in ROWS}
    assert named >= {
        (FieldId.UDP, "True"),
        (FieldId.UDP, "False"),
        (FieldId.IPV4, "Yes"),
        (FieldId.IPV4, "No"),
        (FieldId.IPV6, "Yes"),
        (FieldId.IPV6, "No"),
        (FieldId.MAPPING_VARIES, "True"),
        (FieldId.MAPPING_VARIES, "False"),
        (FieldId.PORT_MAPPING, "UPnP"),
        (FieldId.PORT_MAPPING, "NAT-PMP"),
        (FieldId.PORT_MAPPING, "PCP"),
        (FieldId.PORT_MAPPING, "False"),
    }
    assert (FieldId.IPV6, "No, but OS has support") in {(row.which, row.value) for row in ROWS}


# --- values that the tables do not name, but that happen ------------------------------------------


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
        found = _explain(row)
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


def test_report_is_not_changed_by_looking() -> None:
    found: Report = report(EASY)
    for each in FieldId:
        explain_field(found, each)
    assert found == report(EASY)
