"""Every row of the interpretation tables leads to words that say what the row says.

The tables are those of Tailscale's page on device connectivity: field, value, meaning and
interpretation. A row is held to a few words that carry its sense, and to a few that it must not
claim, where practice differs from the page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from probes.model import Confidence, Family
from probes.readings import captive_portal, local, port_mapping, stun
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


def explained_of(row: Row) -> Explained:
    return explain_field(report(row.found), row.which)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.which}: {row.value}")
def test_a_row_leads_to_its_words(row: Row) -> None:
    found = explained_of(row)
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


def test_report_is_not_changed_by_looking() -> None:
    found: Report = report(EASY)
    for each in FieldId:
        explain_field(found, each)
    assert found == report(EASY)
