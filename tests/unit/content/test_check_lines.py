"""The line of each check: under way, at its end, left out."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

import pytest

from probes.checks import mapping_errors
from probes.model import (
    CheckId,
    CheckStatus,
    Failed,
    Family,
    Filtering,
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
    relays,
    stun,
    tailscale,
)
from probes.readings.firewall import Fate, FirewallName
from probes.readings.port_mapping import NAT_PMP, PCP, UPNP
from tests.unit.content.reports import EASY, HOME, answer, mapped, report, way_out
from tests.unit.content.under_way import (
    RELAY_ONLY,
    SURROUNDINGS,
    TCP,
    behaviour,
    hop,
    lasted,
    ruled,
    server,
    step,
    trial,
    under_way,
)
from tui import content
from tui.content import QuestionId, Tone
from tui.explain import (
    check_line,
    lines,
    question_line,
)

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
