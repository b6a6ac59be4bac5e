"""One-line summaries while a run goes on, latency rows, what was ignored, and notices."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

import pytest

from probes.checks import mapping_errors
from probes.events import CheckStarted, Observed, Progressed, RunFinished, RunStarted
from probes.model import (
    CheckId,
    CheckStatus,
    Confidence,
    Failed,
    Family,
    Filtering,
    Known,
    Reason,
    Unknown,
)
from probes.model import Mapping as MappingKind
from probes.readings import (
    behavior,
    captive_portal,
    classic,
    environment,
    firewall,
    layers,
    lifetime,
    local,
    port_mapping,
    relays,
    stun,
    tailscale,
)
from probes.readings.environment import Effect, Evidence, Setting, Surrounding
from probes.readings.firewall import Fate, FirewallName, Judgement
from probes.readings.port_mapping import NAT_PMP, PCP, UPNP
from probes.report import Report, report_of
from tests.unit.content.reports import EASY, HARD, HOME, answer, device, mapped, report, way_out
from tui import content
from tui.content import FieldId, QuestionId, Tone
from tui.explain import (
    check_line,
    explain_field,
    ignored,
    latency_rows,
    lines,
    map_lines,
    mapping_rows,
    notices,
    question_line,
    question_lines,
)
from tui.explain.words import listed, milliseconds, number, some

TCP = tuple(
    relays.TcpAnswer(
        region,
        f"{region}.example",
        ip_address(f"198.51.100.{region}"),
        443,
        20.0,
        12.0,
        relays.Certificate.VALID,
        "",
    )
    for region in (1, 2)
)


def under_way(*progress: Progressed, **readings: Any) -> Report:
    """A run whose stun check is at work."""
    return report_of(
        (
            RunStarted(0.0, "2026-01-01T00:00:00Z", (CheckId.STUN, CheckId.RELAY_TCP), (), "real"),
            CheckStarted(0.0, CheckId.STUN, 1000.0),
            *progress,
            *(
                Observed(1.0, CheckId.STUN, key.replace("__", "."), Known(value, "said"))
                for key, value in readings.items()
            ),
        )
    )


def step(doing: str, detail: str = "", check: CheckId = CheckId.STUN) -> Progressed:
    return Progressed(0.5, check, 0, 3, doing, detail)


def trial(*, ok: bool, seen: bool | None = None) -> port_mapping.MappingTest:
    outer = ip_address("45.83.223.10")
    return port_mapping.MappingTest(True, None, 1, 2, outer, 60, None, ok, seen, "", True)


def behaviour(mapping: MappingKind | None, filtering: Filtering | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if mapping is not None:
        known = behavior.MappingFound(mapping, Confidence.CERTAIN, ("a", "b"))
        found[behavior.MAPPING4.id] = known
    if filtering is not None:
        let_in = behavior.FilteringFound(filtering, Confidence.CERTAIN, ("a", "b"))
        found[behavior.FILTERING4.id] = let_in
    return found


def server(state: behavior.ServerState) -> behavior.BehaviorServer:
    return behavior.BehaviorServer("stun.example", None, None, state)


def hop(address: str) -> layers.Hop:
    return layers.Hop(1, ip_address(address), 1.0)


def ruled(
    by: FirewallName | None, inward: Fate = Fate.ALLOWED, outward: Fate = Fate.ALLOWED
) -> dict[str, Any]:
    where = "ip filter INPUT" if by is not None else ""
    return {
        firewall.PORT.id: 41641,
        firewall.INBOUND4.id: Judgement(inward, by, where, "policy drop", True),
        firewall.OUTBOUND4.id: Judgement(outward, by, where, "policy drop", True),
    }


SURROUNDINGS = (
    Evidence(Surrounding.CONTAINER, "docker", True, "/.dockerenv", Confidence.CERTAIN),
    Evidence(Surrounding.CLOUD, "Amazon EC2", None, "sys_vendor", Confidence.CERTAIN),
)
RELAY_ONLY = Setting("TS_DEBUG_ALWAYS_USE_DERP", "1", "/proc/1/environ", Effect.FORCES_RELAY)


def lasted(lived: int, expired: int | None) -> dict[str, Any]:
    method = lifetime.LifetimeMethod.RESPONSE_PORT
    return {lifetime.LIFETIME4.id: lifetime.Lifetime(lived, expired, method, "stun.example")}


LINES: tuple[tuple[CheckId, Mapping[str, Any], Tone, str], ...] = (
    (CheckId.LOCAL, EASY, Tone.GOOD, "wlan0 192.168.1.20 → 192.168.1.1"),
    (CheckId.LOCAL, {**EASY, local.GATEWAY4.id: None}, Tone.GOOD, "wlan0 192.168.1.20"),
    (
        CheckId.LOCAL,
        {**EASY, local.WAY_OUT4.id: way_out(tunnel="tun0")},
        Tone.NOTE,
        "everything leaves through tun0",
    ),
    (
        CheckId.LOCAL,
        {**EASY, local.WAY_OUT4.id: None, local.WAY_OUT6.id: way_out(Family.V6)},
        Tone.NOTE,
        "wlan0 2001:db8:1::20, IPv6 only",
    ),
    (
        CheckId.LOCAL,
        {**EASY, local.WAY_OUT4.id: None},
        Tone.BAD,
        "no address that leads to the internet",
    ),
    (
        CheckId.LOCAL,
        {**EASY, local.WAY_OUT4.id: Failed("no such file")},
        Tone.UNKNOWN,
        "could not be read: no such file",
    ),
    (CheckId.LOCAL, {}, Tone.UNKNOWN, "nothing found"),
    (CheckId.STUN, EASY, Tone.GOOD, "yes, 3 of 3 relays answered"),
    (
        CheckId.STUN,
        {**EASY, **mapped("45.83.223.10:1")},
        Tone.GOOD,
        "yes, 1 of 3 relays answered",
    ),
    (CheckId.STUN, {**HOME, **mapped()}, Tone.BAD, "no, 0 of 3 relays answered"),
    (
        CheckId.STUN,
        {**HOME, **mapped(), stun.ELSEWHERE.id: (answer("45.83.223.10:1", 0),)},
        Tone.BAD,
        "the relays are silent, another server answered",
    ),
    (CheckId.STUN, {}, Tone.UNKNOWN, "nothing found"),
    (CheckId.STUN, {stun.UDP.id: Unknown(Reason.NO_SERVER)}, Tone.UNKNOWN, "nobody to ask"),
    (CheckId.RELAY_TCP, {relays.TCP.id: Failed("bug")}, Tone.UNKNOWN, "could not be looked at"),
    (
        CheckId.RELAY_TCP,
        {**EASY, relays.TCP_ANSWERS.id: TCP},
        Tone.GOOD,
        "2 of 2 relays reached, fastest 12 ms",
    ),
    (
        CheckId.RELAY_TCP,
        {relays.TCP.id: True, relays.TCP_ANSWERS.id: TCP},
        Tone.GOOD,
        "2 of 2 relays reached",
    ),
    (CheckId.RELAY_TCP, {relays.TCP.id: False}, Tone.BAD, "no relay reached"),
    (
        CheckId.RELAY_TCP,
        {relays.TCP.id: True, relays.TCP_ANSWERS.id: TCP, relays.TLS_INSPECTED.id: True},
        Tone.NOTE,
        "reached, but somebody else answers in the relays' place",
    ),
)

LINES += tuple(
    (check, readings, tone, text)
    for check, readings, tone, text in (
        (
            CheckId.CAPTIVE_PORTAL,
            {captive_portal.PRESENT.id: True},
            Tone.BAD,
            "a sign-in page is in",
        ),
        (CheckId.CAPTIVE_PORTAL, {captive_portal.PRESENT.id: False}, Tone.GOOD, "none"),
        (CheckId.UPNP, {UPNP.present.id: False}, Tone.NOTE, "no answer: not offered"),
        (CheckId.UPNP, {UPNP.present.id: True}, Tone.GOOD, "yes"),
        (
            CheckId.UPNP,
            {UPNP.present.id: True, UPNP.error.id: mapping_errors.upnp(728)},
            Tone.NOTE,
            "yes, but it says no: the list is full (NoPortMapsAvailable)",
        ),
        (
            CheckId.NAT_PMP,
            {NAT_PMP.present.id: True, NAT_PMP.external.id: ip_address("100.64.3.4")},
            Tone.NOTE,
            "yes, but its outer address 100.64.3.4 is the provider's own range",
        ),
        (
            CheckId.NAT_PMP,
            {NAT_PMP.present.id: True, NAT_PMP.external.id: ip_address("45.83.223.10")},
            Tone.GOOD,
            "yes, outer address 45.83.223.10",
        ),
        (
            CheckId.PCP,
            {PCP.present.id: True, PCP.test.id: trial(ok=True, seen=True)},
            Tone.GOOD,
            "yes, and an opened port works",
        ),
        (
            CheckId.PCP,
            {PCP.present.id: True, PCP.test.id: trial(ok=True)},
            Tone.GOOD,
            "yes, it opens a port; nobody tried it from outside",
        ),
        (
            CheckId.PCP,
            {PCP.present.id: True, PCP.test.id: trial(ok=False)},
            Tone.BAD,
            "yes, but an opened port is of no use",
        ),
        (
            CheckId.BEHAVIOR,
            behaviour(MappingKind.ENDPOINT_INDEPENDENT, Filtering.ADDRESS_DEPENDENT),
            Tone.GOOD,
            "one port for everybody; lets in addresses you have sent to",
        ),
        (
            CheckId.BEHAVIOR,
            behaviour(MappingKind.ADDRESS_DEPENDENT, Filtering.ADDRESS_DEPENDENT),
            Tone.BAD,
            "a new mapping for every address; ",
        ),
        (
            CheckId.BEHAVIOR,
            behaviour(None, Filtering.ENDPOINT_INDEPENDENT),
            Tone.GOOD,
            "lets anybody in",
        ),
        (
            CheckId.BEHAVIOR,
            behaviour(MappingKind.ENDPOINT_INDEPENDENT, None),
            Tone.GOOD,
            "one port for everybody",
        ),
        (
            CheckId.BEHAVIOR,
            {behavior.SERVERS.id: (server(behavior.ServerState.LIAR),)},
            Tone.UNKNOWN,
            "none of 1 server could tell",
        ),
        (CheckId.COLLISION, {behavior.COLLISION.id: True}, Tone.BAD, "yes, a stranger's packet"),
        (CheckId.COLLISION, {behavior.COLLISION.id: False}, Tone.GOOD, "no"),
        (
            CheckId.CLASSIC,
            {classic.TYPE4.id: classic.ClassicType.FULL_CONE},
            Tone.NOTE,
            "Full Cone",
        ),
        (
            CheckId.LAYERS,
            {layers.HOPS4.id: tuple(hop(each) for each in ("192.168.1.1", "100.64.0.1"))},
            Tone.NOTE,
            "2 boxes: 192.168.1.1 → 100.64.0.1",
        ),
        (
            CheckId.LIFETIME,
            lasted(0, 20),
            Tone.BAD,
            "forgotten after 20 s at the latest; sending every 10 s may keep it",
        ),
        (
            CheckId.LIFETIME,
            lasted(20, 35),
            Tone.NOTE,
            "forgotten after 20 to 35 s; sending every 15 s keeps it",
        ),
        (
            CheckId.LIFETIME,
            lasted(65, 125),
            Tone.GOOD,
            "forgotten after 65 to 125 s; sending every 50 s keeps it",
        ),
        (
            CheckId.LIFETIME,
            lasted(305, None),
            Tone.GOOD,
            "kept for more than 305 s; sending every 240 s keeps it",
        ),
        (CheckId.HAIRPIN, {lifetime.HAIRPIN4.id: False}, Tone.NOTE, "no"),
        (
            CheckId.TAILSCALE,
            {tailscale.STATE.id: tailscale.Backend.NEEDS_LOGIN},
            Tone.NOTE,
            "wants you to log in",
        ),
        (
            CheckId.TAILSCALE,
            {tailscale.STATE.id: tailscale.Backend.RUNNING, tailscale.PEERS.id: ()},
            Tone.GOOD,
            "running, 0 peers",
        ),
        (
            CheckId.TAILSCALE,
            {
                tailscale.STATE.id: tailscale.Backend.RUNNING,
                tailscale.PEERS.id: (),
                tailscale.PORT.id: 58123,
            },
            Tone.GOOD,
            "running on port 58123, 0 peers",
        ),
        (CheckId.FIREWALL, ruled(None), Tone.GOOD, "no rule stands in the way"),
        (
            CheckId.FIREWALL,
            ruled(FirewallName.TAILSCALE),
            Tone.GOOD,
            "lets packets to port 41641 in: Tailscale's own rule",
        ),
        (
            CheckId.FIREWALL,
            ruled(FirewallName.UFW, Fate.BLOCKED),
            Tone.NOTE,
            "keeps out what was not asked for: ufw (ip filter INPUT)",
        ),
        (
            CheckId.FIREWALL,
            ruled(FirewallName.NFTABLES, Fate.UNKNOWN),
            Tone.UNKNOWN,
            "hangs on a rule that cannot be foreseen: nftables",
        ),
        (
            CheckId.FIREWALL,
            ruled(FirewallName.UFW, outward=Fate.BLOCKED),
            Tone.BAD,
            "does not let UDP out: ufw",
        ),
        (
            CheckId.FIREWALL,
            {firewall.INBOUND4.id: Unknown(Reason.NO_RIGHTS)},
            Tone.UNKNOWN,
            "not allowed to look",
        ),
        (CheckId.ENVIRONMENT, {environment.EVIDENCE.id: ()}, Tone.GOOD, "an ordinary device"),
        (
            CheckId.ENVIRONMENT,
            {environment.EVIDENCE.id: SURROUNDINGS},
            Tone.NOTE,
            "container (docker), Amazon EC2",
        ),
        (
            CheckId.ENVIRONMENT,
            {environment.EVIDENCE.id: (), environment.SETTINGS.id: (RELAY_ONLY,)},
            Tone.BAD,
            "told to relay: TS_DEBUG_ALWAYS_USE_DERP=1",
        ),
        (
            CheckId.LAYERS,
            {layers.HOPS4.id: Unknown(Reason.UNSUPPORTED_SYSTEM)},
            Tone.UNKNOWN,
            "not readable on this system yet",
        ),
    )
)


@pytest.mark.parametrize(
    ("check", "readings", "tone", "text"), LINES, ids=[f"{row[0]}: {row[3]}" for row in LINES]
)
def test_a_check_is_summed_up_in_a_line(
    check: CheckId, readings: Mapping[str, Any], tone: Tone, text: str
) -> None:
    line = check_line(report(readings, {check: CheckStatus.DONE}), check)
    assert line.tone is tone
    assert line.text.startswith(text)


def test_a_port_that_is_still_being_tried_is_not_judged_yet() -> None:
    found = {PCP.present.id: True, PCP.test.id: trial(ok=True)}
    under_way = report(found, {CheckId.PCP: CheckStatus.RUNNING}, closed=False)
    assert check_line(under_way, CheckId.PCP).text == "yes"
    came_in = {**found, PCP.test.id: trial(ok=True, seen=True)}
    seen = report(came_in, {CheckId.PCP: CheckStatus.RUNNING}, closed=False)
    assert check_line(seen, CheckId.PCP).text == "yes, and an opened port works"


def test_every_line_of_every_check_is_met_by_a_test() -> None:
    met = {
        (check, found[0])
        for check, readings, _, _ in LINES
        if (found := lines.found(report(readings, {check: CheckStatus.DONE}), check)) is not None
    }
    # The three services share their lines, so one of them stands for all.
    shared = (CheckId.UPNP, CheckId.NAT_PMP)
    met |= {(CheckId.PCP, line) for check, line in met if check in shared}
    every = {
        (check, line)
        for check in CheckId
        if check not in shared
        for line in content.check(check).lines
    }
    assert {each for each in every - met if each[1] != "yes"} == set()
    assert len({tuple(content.check(each).lines) for each in (*shared, CheckId.PCP)}) == 1


@pytest.mark.parametrize(
    ("status", "tone", "text"),
    [
        (CheckStatus.WAITING, Tone.WAITING, "waits its turn"),
        (CheckStatus.RUNNING, Tone.RUNNING, "at work"),
        (CheckStatus.DONE, Tone.UNKNOWN, "nothing found"),
        (CheckStatus.TIMED_OUT, Tone.UNKNOWN, "ran out of time"),
        (CheckStatus.FAILED, Tone.UNKNOWN, "broke off: boom"),
        (CheckStatus.CANCELLED, Tone.UNKNOWN, "stopped"),
    ],
)
@pytest.mark.parametrize("check", [CheckId.LOCAL, CheckId.STUN, CheckId.RELAY_TCP])
def test_a_check_that_found_nothing_says_how_far_it_is(
    check: CheckId, status: CheckStatus, tone: Tone, text: str
) -> None:
    line = check_line(report({}, {check: status}, closed=False), check)
    assert (line.tone, line.text) == (tone, text)


def test_a_check_left_out_says_so() -> None:
    line = check_line(report({}, skipped=(CheckId.STUN,)), CheckId.STUN)
    assert (line.tone, line.text) == (Tone.UNKNOWN, "left out")


def test_while_a_check_runs_its_step_shows_and_then_what_it_has() -> None:
    asking = under_way(step("ask-relays", "0 of 3"))
    assert check_line(asking, CheckId.STUN).text == "asking the relays: 0 of 3"
    first = answer("45.83.223.10:1")
    heard = under_way(
        step("ask-relays", "1 of 3"),
        stun__udp=True,
        stun__answers4=(first,),
        relays__regions=HOME[relays.REGIONS.id],
    )
    line = check_line(heard, CheckId.STUN)
    assert (line.tone, line.text) == (Tone.RUNNING, "yes, 1 of 3 relays answered")
    mapping = question_line(heard, QuestionId.MAPPING)
    assert (mapping.tone, mapping.text) == (Tone.RUNNING, "1 of 3 answers")
    assert question_line(heard, QuestionId.IPV6).text == "asking the relays: 1 of 3"


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
