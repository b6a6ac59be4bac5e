"""Headline and path in words, from reports and the diagnosis of the rules themselves."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest

from probes.diagnosis.diagnose import diagnose
from probes.diagnosis.model import (
    CauseId,
    Confidence,
    Filtering,
    Headline,
    Verdict,
)
from probes.model import CheckId, CheckStatus, Family, Reason, Unknown
from probes.readings import (
    behavior,
    captive_portal,
    layers,
    local,
    port_mapping,
    relays,
    stun,
)
from tests.engine.test_scenarios import conclude
from tests.unit.content.reports import (
    EASY,
    HARD,
    HOME,
    Readings,
    answer,
    by_id,
    device,
    mapped,
    report,
    way_out,
)
from tests.unit.content.test_pair_words import ABOVE, PEERS, case
from tests.unit.diagnosis.device_cases import tried
from tests.unit.diagnosis.sites import LET_THROUGH
from tui import content
from tui.content import Tone
from tui.explain import HopId, explain_cause, headline, path
from tui.explain.headline import has_a_catch, in_a_word
from tui.explain.way import layer_lines
from tui.proving.compare import Side, compare
from tui.state import Measurement
from tui.widgets.verdict import verdict_tone

SILENT: dict[str, Any] = {**HOME, **mapped(), stun.ELSEWHERE.id: ()}
OPEN: dict[str, Any] = {
    **EASY,
    **mapped("45.83.223.10:51820", "45.83.223.10:51820", here="45.83.223.10:51820"),
    local.INTERFACES.id: device("45.83.223.10/24"),
}
NOWHERE = {**SILENT, local.WAY_OUT4.id: None, relays.TCP.id: False}
STUN_BLOCKED = {
    **SILENT,
    stun.ELSEWHERE.id: (answer("45.83.223.10:40001", 0, host="stun.example:19302"),),
}
POOL = mapped("45.83.223.10:51820", "45.83.223.11:51820", "45.83.223.12:51820")
TUNNEL = {**EASY, local.WAY_OUT4.id: way_out(tunnel="tun0")}
IPV6_ONLY = {
    **SILENT,
    stun.UDP.id: True,
    local.WAY_OUT4.id: None,
    stun.ENDPOINT4.id: Unknown(Reason.NOT_APPLICABLE),
    local.WAY_OUT6.id: way_out(Family.V6),
    stun.ENDPOINT6.id: answer("[2001:db8:1::20]:40000").mapped,
}


def hops_at(*addresses: str) -> tuple[layers.Hop, ...]:
    return tuple(
        layers.Hop(ttl, ip_address(address), 1.0) for ttl, address in enumerate(addresses, start=1)
    )


NOBODY = behavior.FilteringFound(
    Filtering.ADDRESS_AND_PORT_DEPENDENT, Confidence.CERTAIN, ("one.example",)
)
STOLEN = {**EASY, behavior.FILTERING4.id: NOBODY, behavior.COLLISION.id: True}
SIGN_IN = {**SILENT, relays.TCP.id: False, captive_portal.PRESENT.id: True}


HEADLINES: tuple[tuple[str, Readings, str, HopId | None, Tone], ...] = (
    ("easy", EASY, "are to be expected: peers can aim at one steady", None, Tone.NOTE),
    ("open", OPEN, "a public address of its own, 45.83.223.10", None, Tone.NOTE),
    (
        "guarded",
        {**OPEN, behavior.FILTERING4.id: NOBODY},
        "most peers: a firewall on the way to 45.83.223.10 keeps out those behind a hard NAT",
        HopId.WAY_OUT,
        Tone.NOTE,
    ),
    ("sign in", SIGN_IN, "Sign in first", HopId.WAY_OUT, Tone.BAD),
    ("stolen", STOLEN, "It depends on who starts", HopId.WAY_OUT, Tone.NOTE),
    ("hard", HARD, "on your side uses a new port", HopId.WAY_OUT, Tone.BAD),
    (
        "hard, and what the router lets in ends here",
        {**HARD, **by_id(*tried(seen_from_outside=False), *LET_THROUGH)},
        "It depends on this device's own firewall",
        HopId.DEVICE,
        Tone.NOTE,
    ),
    (
        "hard, and the router opened a port in a trial",
        {**HARD, **by_id(*tried(seen_from_outside=True))},
        "the NAT is hard, but the router opens a port to peers",
        None,
        Tone.NOTE,
    ),
    (
        "hard, and the router may open a port",
        {**HARD, port_mapping.NAT_PMP.present.id: True},
        "it may open a port",
        HopId.WAY_OUT,
        Tone.NOTE,
    ),
    (
        "hard, and nothing came in by the port that the router opened",
        {**HARD, **by_id(*tried(seen_from_outside=False))},
        "the port that it opens was not seen to work",
        HopId.WAY_OUT,
        Tone.NOTE,
    ),
    ("pool", {**EASY, **POOL}, "leaves by 3 public addresses", HopId.WAY_OUT, Tone.BAD),
    ("udp blocked", SILENT, "this network stops UDP", HopId.WAY_OUT, Tone.BAD),
    ("stun blocked", STUN_BLOCKED, "stops the relays' STUN port", HopId.WAY_OUT, Tone.BAD),
    (
        "stun blocked, and a router that may open a port",
        {**STUN_BLOCKED, port_mapping.NAT_PMP.present.id: True},
        "but a port that it opens may",
        HopId.WAY_OUT,
        Tone.NOTE,
    ),
    (
        "udp blocked, or the relays' port alone, before a public address",
        {
            **SILENT,
            stun.ELSEWHERE.id: Unknown(Reason.NO_SERVER),
            local.WAY_OUT4.id: way_out(source="45.83.223.10"),
        },
        "It depends on whether all UDP is stopped here",
        HopId.WAY_OUT,
        Tone.NOTE,
    ),
    ("no answer", {**SILENT, relays.TCP.id: False}, "nothing answered", HopId.WAY_OUT, Tone.BAD),
    ("no way out", NOWHERE, "no address that leads to the internet", HopId.DEVICE, Tone.BAD),
    ("tunnel", TUNNEL, "tun0 carries the traffic", HopId.TUNNEL, Tone.NOTE),
    (
        "one answer",
        {**EASY, **mapped("45.83.223.10:51820")},
        "1 of 3 relays answered",
        None,
        Tone.NOTE,
    ),
    (
        "no stun in the map",
        {
            **HOME,
            relays.STUN_REGIONS.id: 0,
            stun.UDP.id: Unknown(Reason.NO_SERVER),
        },
        "no relay in the map in use offers STUN",
        None,
        Tone.NOTE,
    ),
    (
        "no stun in the map, though UDP works",
        {
            **STUN_BLOCKED,
            relays.STUN_REGIONS.id: 0,
            stun.UDP.id: Unknown(Reason.NO_SERVER),
        },
        "Relayed: no relay in the map in use offers STUN",
        HopId.RELAY,
        Tone.BAD,
    ),
    ("ipv6 only", IPV6_ONLY, "IPv6 alone: peers that have IPv6 are likely direct", None, Tone.NOTE),
    (
        "silent, and nothing else tried",
        {**SILENT, relays.TCP.id: Unknown(Reason.NO_SERVER)},
        "nothing else was tried",
        None,
        Tone.NOTE,
    ),
    (
        "silent, other servers not asked",
        {**HOME, stun.UDP.id: False},
        "though relays do answer in other ways",
        None,
        Tone.NOTE,
    ),
    ("nobody to ask", {stun.UDP.id: Unknown(Reason.NO_SERVER)}, "no relay to ask", None, Tone.NOTE),
)


@pytest.mark.parametrize(
    ("readings", "says", "where", "tone"),
    [row[1:] for row in HEADLINES],
    ids=[row[0] for row in HEADLINES],
)
def test_the_headline_names_and_the_path_places_the_obstacle(
    readings: Readings, says: str, where: HopId | None, tone: Tone
) -> None:
    found = report(readings)
    diagnosis = diagnose(found)
    sentence = headline(diagnosis, found)
    assert says in sentence
    assert len(sentence) <= 110
    assert "[[" not in sentence
    hops = path(diagnosis, found)
    obstacles = [hop for hop in hops if hop.obstacle]
    assert [hop.id for hop in obstacles] == ([where] if where else [])
    assert all(hop.note and hop.tone is tone for hop in obstacles)
    assert (hops[0].id, hops[-1].id) == (HopId.DEVICE, HopId.PEER)


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (CheckStatus.FAILED, "broke off"),
        (CheckStatus.TIMED_OUT, "did not come to its end"),
        (CheckStatus.CANCELLED, "did not come to its end"),
    ],
)
def test_a_test_that_did_not_end_is_not_called_a_finding(status: CheckStatus, says: str) -> None:
    found = report({}, {CheckId.STUN: status})
    assert says in headline(diagnose(found), found)


def test_a_test_left_out_or_under_way_is_called_so() -> None:
    found = report({}, skipped=(CheckId.STUN,))
    assert "left out" in headline(diagnose(found), found)
    silent = {stun.UDP.id: False}
    found = report(silent, {CheckId.RELAY_TCP: CheckStatus.RUNNING}, closed=False)
    assert headline(diagnose(found), found) == "Still measuring."
    found = report({}, {CheckId.STUN: CheckStatus.RUNNING}, closed=False)
    assert headline(diagnose(found), found) == "Still measuring."


def test_a_chosen_device_is_not_called_unknown_before_tailscale_has_answered() -> None:
    said = "Could not tell for home-nas: no such peer is known here."
    for status, closed, expected in (
        (CheckStatus.RUNNING, False, False),
        (CheckStatus.DONE, False, True),
        (CheckStatus.DONE, True, True),
    ):
        found = report(EASY, {CheckId.TAILSCALE: status}, closed=closed)
        sentence = headline(diagnose(found, "home-nas"), found)
        assert (sentence == said) is expected
        assert expected or "measuring" in sentence


def test_every_headline_of_the_rules_is_met_above() -> None:
    met = {diagnose(report(row[1])).headline for row in HEADLINES}
    met.add(
        diagnose(report({}, {CheckId.STUN: CheckStatus.RUNNING}, closed=False)).headline,
    )
    met |= {diagnose(found).headline for found, _, _ in (*ABOVE.values(), *PEERS.values())}
    assert met == set(Headline)


def test_without_a_nat_no_box_on_the_path_bears_the_device_s_own_address() -> None:
    found, diagnosis = conclude("public-firewall")
    hops = {hop.id: hop for hop in path(diagnosis, found)}
    assert hops[HopId.DEVICE].detail == "45.83.226.10"
    assert hops[HopId.WAY_OUT].detail == "45.83.226.1"


def test_in_a_container_the_path_begins_with_the_computer_around_it() -> None:
    found, diagnosis = conclude("container")
    hops = {hop.id: hop for hop in path(diagnosis, found)}
    assert [*hops][:3] == [HopId.DEVICE, HopId.HOST, HopId.ROUTER]
    assert hops[HopId.HOST].detail == "172.17.0.1"
    assert hops[HopId.ROUTER].detail == "45.83.223.10"


def test_a_hard_nat_stands_where_its_sentence_places_it_in_a_container_too() -> None:
    found = case("a container behind its bridge")
    diagnosis = diagnose(found)
    assert "the NAT around this container" in headline(diagnosis, found)
    (obstacle,) = (hop for hop in path(diagnosis, found) if hop.obstacle)
    assert obstacle.id is HopId.HOST


def test_in_a_container_nobody_is_sent_to_a_router_that_was_not_asked() -> None:
    found, diagnosis = conclude("container")
    cause = next(each for each in diagnosis.causes if each.id is CauseId.PORT_MAPPING_OFF)
    words = explain_cause(cause, found)
    said = content.plain(" ".join((words.title, words.sentence, words.for_you, words.first)))
    assert "172.17.0.1, is the computer" in said
    assert "router, 172.17.0.1" not in said
    assert "it was not asked" in said


def test_in_a_cloud_nobody_is_sent_to_the_settings_of_a_router() -> None:
    for name in ("cloud-gateway", "one-to-one-cloud"):
        found, diagnosis = conclude(name)
        cause = next(each for each in diagnosis.causes if each.id is CauseId.PORT_MAPPING_OFF)
        words = explain_cause(cause, found)
        said = content.plain(" ".join((words.title, words.sentence, words.for_you, words.first)))
        assert "your router" not in said.lower()
        assert "Nothing is missing" in said
        assert "172.31.0.1: the cloud's router" in [*layer_lines(found)]


def test_the_router_of_a_public_address_is_the_provider_s() -> None:
    found, _ = conclude("public-firewall")
    assert "45.83.226.1: the provider's router" in [*layer_lines(found)]


def test_the_path_shows_only_what_is_known() -> None:
    hops = {hop.id: hop for hop in path(diagnose(report(HARD)), report(HARD))}
    assert hops[HopId.DEVICE].detail == "192.168.1.20"
    assert hops[HopId.WAY_OUT].detail == "45.83.223.10"
    assert hops[HopId.RELAY].detail == "nyc 12 ms"
    assert hops[HopId.PEER].detail == ""
    empty = {hop.id: hop for hop in path(diagnose(report()), report())}
    assert {hop.detail for hop in empty.values()} == {""}
    hops = {hop.id: hop for hop in path(diagnose(report(TUNNEL)), report(TUNNEL))}
    assert hops[HopId.TUNNEL].detail == "tun0"
    assert hops[HopId.WAY_OUT].detail == "", "the address seen is the far end's"


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("tailscale-signed-out", "Not connected"),
        ("tailscale-stopped", "Not connected"),
        ("own-firewall", "Mostly direct"),
        ("public-firewall", "Mostly direct"),
        ("ipv6-only", "IPv6 alone"),
        ("open", "Direct"),
        ("hard-home", "Relayed"),
    ],
)
def test_what_is_not_to_be_had_as_it_stands_is_not_called_direct_in_a_word(
    name: str, word: str
) -> None:
    found, diagnosis = conclude(name)
    assert in_a_word(diagnosis) == word
    known = Measurement("practice", found)
    with_a_catch = word in ("Not connected", "Mostly direct")
    assert has_a_catch(diagnosis) is with_a_catch
    assert (verdict_tone(known) is Tone.NOTE) is with_a_catch
    side = Side(found, diagnosis)
    verdict = compare(side, side).verdict
    assert (verdict.before.text, verdict.before.tone) == (word, verdict_tone(known))


def test_a_direct_connection_that_loses_large_packets_is_no_good_news_alone() -> None:
    found, diagnosis = conclude("small-packets")
    assert diagnosis.verdict is Verdict.DIRECT
    assert "but large packets are lost" in headline(diagnosis, found)
    assert verdict_tone(Measurement("practice", found)) is Tone.NOTE
    well, direct = conclude("easy-home")
    assert "large packets" not in headline(direct, well)
    assert verdict_tone(Measurement("practice", well)) is Tone.GOOD
