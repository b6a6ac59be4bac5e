"""Questions in a line, latency rows, notices, and names from the network, while a run goes on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from probes.events import RunFinished, RunStarted
from probes.model import (
    Family,
    Reason,
    Unknown,
)
from probes.readings import (
    local,
    relays,
    stun,
)
from probes.report import report_of
from tests.unit.content.reports import EASY, HARD, HOME, answer, device, mapped, report, way_out
from tests.unit.content.under_way import (
    TCP,
    under_way,
)
from tui.content import FieldId, QuestionId, Tone
from tui.explain import (
    explain_field,
    ignored,
    latency_rows,
    map_lines,
    mapping_rows,
    notices,
    question_line,
    question_lines,
)
from tui.explain.words import listed, milliseconds, number, some

QUESTIONS: tuple[tuple[QuestionId, Mapping[str, Any], Tone, str], ...] = (
    (QuestionId.MAPPING, EASY, Tone.GOOD, "the same everywhere: 3 answers agree"),
    (QuestionId.MAPPING, HARD, Tone.BAD, "a new port for every destination"),
    (
        QuestionId.MAPPING,
        {**EASY, **mapped("45.83.223.10:1", "45.83.223.11:1")},
        Tone.BAD,
        "2 different public addresses",
    ),
    (
        QuestionId.MAPPING,
        {**EASY, local.INTERFACES.id: device("45.83.223.10/24")},
        Tone.GOOD,
        "the same everywhere, and it is this device's own",
    ),
    (
        QuestionId.MAPPING,
        {**HARD, local.WAY_OUT4.id: way_out(tunnel="tun0")},
        Tone.UNKNOWN,
        "seen through a tunnel only",
    ),
    (
        QuestionId.MAPPING,
        {**EASY, **mapped("45.83.223.10:1")},
        Tone.UNKNOWN,
        "too few answers",
    ),
    (QuestionId.MAPPING, {**HOME, **mapped()}, Tone.UNKNOWN, "no answer"),
    (QuestionId.IPV6, EASY, Tone.NOTE, "no address, system supports it"),
    (QuestionId.IPV6, {**EASY, local.OS_IPV6.id: False}, Tone.NOTE, "off in the system"),
    (
        QuestionId.IPV6,
        {**EASY, local.OS_IPV6.id: Unknown(Reason.NO_RIGHTS)},
        Tone.NOTE,
        "no address",
    ),
    (
        QuestionId.IPV6,
        {**EASY, stun.ENDPOINT6.id: answer("[2001:db8:1::20]:40000").mapped},
        Tone.GOOD,
        "yes, 2001:db8:1::20",
    ),
    (
        QuestionId.IPV6,
        {
            **EASY,
            local.WAY_OUT6.id: way_out(Family.V6),
            stun.ENDPOINT6.id: Unknown(Reason.NO_ANSWER),
        },
        Tone.UNKNOWN,
        "no answer",
    ),
)


@pytest.mark.parametrize(
    ("which", "readings", "tone", "text"),
    QUESTIONS,
    ids=[f"{row[0]}: {row[3]}" for row in QUESTIONS],
)
def test_a_question_is_answered_in_a_line(
    which: QuestionId, readings: Mapping[str, Any], tone: Tone, text: str
) -> None:
    line = question_line(report(readings), which)
    assert (line.tone, line.text) == (tone, text)


def test_the_lines_of_a_run_come_in_the_order_in_which_they_build_on_each_other() -> None:
    titles = [line.title for line in question_lines(report(EASY))]
    assert titles == ["This device", "UDP", "Mapping", "IPv6", "Relays over TCP"]


def test_a_field_is_still_measuring_until_what_decides_its_words_is_known() -> None:
    silent = under_way(stun__udp=False)
    found = explain_field(silent, FieldId.UDP)
    assert (found.tone, found.value) == (Tone.RUNNING, "still measuring")
    closed = report({stun.UDP.id: False})
    assert explain_field(closed, FieldId.UDP).tone is Tone.BAD


# --- relays ---------------------------------------------------------------------------------------


def test_latencies_are_sorted_and_regions_without_an_answer_come_last() -> None:
    found = report(
        {
            **EASY,
            stun.ANSWERS4.id: (answer("45.83.223.10:1", 3), answer("45.83.223.10:1", 1)),
            stun.ANSWERS6.id: (answer("[2001:db8:1::20]:1", 1, "[2001:db8:1::20]:1"),),
        }
    )
    rows = latency_rows(found)
    assert [(row.code, row.v4_ms, row.v6_ms, row.preferred) for row in rows] == [
        ("nyc", 12.4, 12.4, True),
        ("syd", 280.0, None, False),
        ("fra", None, None, False),
    ]
    assert latency_rows(report()) == ()


def test_without_udp_the_times_over_tcp_stand_in_and_are_called_so() -> None:
    rows = latency_rows(report({**HOME, **mapped(), relays.TCP_ANSWERS.id: TCP}))
    assert [(row.code, row.v4_ms, row.tcp_ms, row.best_ms) for row in rows] == [
        ("fra", None, 12.0, 12.0),
        ("nyc", None, 12.0, 12.0),
        ("syd", None, None, None),
    ]


def test_mapping_rows_mark_what_differs_from_the_first() -> None:
    rows = mapping_rows(report(HARD), Family.V4)
    assert [(row.server, row.mapped.port, row.differs) for row in rows] == [
        ("nyc", 51820, False),
        ("fra", 33017, True),
        ("syd", 40001, True),
    ]


def test_the_map_in_use_is_named_with_those_passed_over() -> None:
    passed = ("tailscale debug derp-map: no tailscale program here",)
    source = relays.MapSource(relays.MapOrigin.PUBLIC, "https://example/map", 25, passed)
    assert map_lines(report({relays.MAP_SOURCE.id: source})) == (
        "the public default map: https://example/map, 25 regions",
        *passed,
    )
    assert map_lines(report()) == ()


def test_what_did_not_count_is_said() -> None:
    found = (
        stun.Rejected(stun.Fault.GARBAGE, "198.51.100.1:3478", "4 bytes", 3),
        stun.Rejected(stun.Fault.UNRESOLVED, "nyc.example", "", 1),
    )
    assert ignored(report({stun.REJECTED.id: found})) == (
        "198.51.100.1:3478: not a STUN message (4 bytes), 3 times",
        "nyc.example: the name could not be looked up",
    )


def test_notices_say_what_holds_for_the_whole_run() -> None:
    readings = {
        **EASY,
        local.WAY_OUT4.id: way_out(tunnel="tun0"),
        relays.TLS_INSPECTED.id: True,
        relays.MAP_SOURCE.id: relays.MapSource(relays.MapOrigin.BUILT_IN, "built in", 0, ()),
    }
    practice, tunnel, inspected, built_in = notices(report(readings))
    assert "practice network hand" in practice
    assert "through tun0" in tunnel
    assert "in the relays' place" in inspected
    assert "No list of relays" in built_in
    moved = report_of(
        (
            RunStarted(0.0, "2026-01-01T00:00:00Z", (), (), "real"),
            RunFinished(1.0, "", changed=True, cancelled=True),
        )
    )
    assert [each.split(".")[0][:30] for each in notices(moved)] == [
        "This device lost its network w",
        "The run was stopped early",
    ]
    plain_run = report_of((RunStarted(0.0, "2026-01-01T00:00:00Z", (), (), "real"),))
    assert notices(plain_run) == ()


# --- untrusted names ------------------------------------------------------------------------------


def test_a_name_from_the_network_is_shown_as_it_is_and_fills_nothing() -> None:
    evil = relays.RegionName(1, "e{x}", "{tunnel} [[hard NAT]]")
    found = report({**EASY, relays.REGIONS.id: (evil,)})
    explained = explain_field(found, FieldId.NEAREST_DERP)
    assert explained.value == "{tunnel} [[hard NAT]]"


# --- small words ----------------------------------------------------------------------------------


def test_figures_and_lists_read_well() -> None:
    assert [milliseconds(ms) for ms in (0.04, 9.94, 9.96, 280.4)] == [
        "0.0 ms",
        "9.9 ms",
        "10 ms",
        "280 ms",
    ]
    assert [number(count, "relay") for count in (0, 1, 2)] == ["0 relays", "1 relay", "2 relays"]
    assert [some([]), some([1, 2, 3]), some([1, 2, 3, 4, 5])] == [
        "",
        "1, 2 and 3",
        "1, 2, 3 and 2 more",
    ]
    assert [listed("a"), listed("ab"), listed("abc")] == ["a", "a and b", "a, b and c"]
