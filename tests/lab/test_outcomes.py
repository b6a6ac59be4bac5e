"""What the installed program concludes at each site, asked as a script would ask it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.lab.customer import LINE_A
from tests.lab.expected import (
    AT,
    IPV6_MISSED,
    IPV6_MISSING,
    PUBLIC,
    RELAYED,
    UNKNOWN,
    Expected,
    easy,
    faults,
    hard,
    schema_faults,
    seen,
    value,
)
from tests.lab.internet import serve_names
from tests.lab.place import Place
from tests.lab.relays import ASK_ELSEWHERE, ELSEWHERE, relays
from tests.lab.servers.stun import Lie
from tests.lab.sites import SITES
from tests.patience import UNHURRIED_S

At = Callable[..., Place]
Check = Callable[[Any], None]

HOMES = ("easy-home", "hard-home", "hard-home-random", "hard-home-ranges", "hard-home-pool")
NO_UDP = ("udp-dropped", "udp-rejected", "udp-rejected-port", "only-tcp")


def test_every_site_has_its_outcome() -> None:
    assert list(AT) == list(SITES)


def _ipv6(*, works: bool, os_has: bool, can_send: bool) -> Check:
    """As netcheck tells it."""

    def told(said: Any) -> None:
        netcheck = said["netcheck"]
        assert bool(netcheck["IPv6"]) is works
        assert netcheck["OSHasIPv6"] is os_has
        assert bool(netcheck["IPv6CanSend"]) is can_send
        assert netcheck["GlobalV6"].startswith(f"[{LINE_A.lan6}20]:") is works
        assert len(netcheck["RegionV6Latency"] or ()) == (3 if works else 0)

    return told


def _every_endpoint_counts(said: Any) -> None:
    assert sorted(said["netcheck"]["GlobalV4Counters"].values()) == [1, 1, 1]
    assert said["nat"]["port_preserved"] is False


def _around_the_tunnel(said: Any) -> None:
    assert said["local"]["bound_to"] == "eth0"
    endpoints = said["netcheck"]["GlobalV4Counters"]
    assert all(endpoint.startswith(f"{LINE_A.wan}:") for endpoint in endpoints)


def _nobody_near(said: Any) -> None:
    assert said["netcheck"]["PreferredDERP"] == 0


def _boxes(*between: tuple[str, str]) -> Check:
    """The boxes on the way with their hop: those between the router and the public address."""

    def named(said: Any) -> None:
        found = [(each["hop"], each["address"], each["kind"]) for each in said["nat"]["layers"]]
        own = [(f"{LINE_A.lan}.2", "host"), (f"{LINE_A.lan}.1", "router")]
        assert found[:-1] == [(hop, *box) for hop, box in enumerate((*own, *between))]
        assert found[-1][1:] == (LINE_A.wan, "public")

    return named


MORE: dict[str, tuple[Check, ...]] = {
    "easy-home": (_boxes(), _ipv6(works=False, os_has=True, can_send=False)),
    "hard-home": (_every_endpoint_counts,),
    "double-nat": (_boxes(("192.168.100.1", "second-router")),),
    "cgnat": (_boxes(("100.64.17.1", "carrier")),),
    "ipv6-works": (_ipv6(works=True, os_has=True, can_send=True),),
    "ipv6-filtered": (_ipv6(works=False, os_has=True, can_send=True),),
    "ipv6-disabled": (_ipv6(works=False, os_has=False, can_send=False),),
    "all-dropped": (_nobody_near,),
    **dict.fromkeys(("tunnel", "tunnel-halves", "tunnel-policy"), (_around_the_tunnel,)),
}
"""What else holds at a site: one run there tells it all."""


@pytest.mark.parametrize("name", [name for name in AT if name not in (*NO_UDP, "stun-dropped")])
def test_site(at: At, name: str) -> None:
    outcome = at(name).check()
    assert seen(outcome) == AT[name]
    assert schema_faults(outcome.json) == [], "as published"
    assert outcome.seconds < UNHURRIED_S
    for check in MORE.get(name, ()):
        check(outcome.json)


@pytest.mark.parametrize("name", HOMES)
def test_homes_under_loss(at: At, name: str) -> None:
    # Five relays: that four of them lose all three tries happens once in a hundred million runs.
    place = at(name, fleet=relays(5), loss_percent=10)
    assert [seen(place.check()) for _ in range(5)] == [AT[name]] * 5


def test_easy_home_says_what_netcheck_says(at: At) -> None:
    # Far enough apart that a busy machine does not change which is the nearest, and all before the
    # second try goes out.
    delays_ms = (10.0, 80.0, 150.0)
    said = at("easy-home", fleet=relays(3, delays_ms)).check().json
    netcheck = said["netcheck"]
    (mapped,) = netcheck["GlobalV4Counters"]
    assert netcheck["GlobalV4"] == mapped
    assert mapped.startswith(f"{LINE_A.wan}:")
    assert netcheck["GlobalV4Counters"][mapped] == 3
    assert netcheck["PreferredDERP"] == 1
    latencies = netcheck["RegionLatency"]
    assert latencies == netcheck["RegionV4Latency"]
    assert sorted(latencies, key=latencies.__getitem__) == ["1", "2", "3"]
    for region, delay_ms in zip("123", delays_ms, strict=True):
        assert delay_ms * 1e6 <= latencies[region] < (delay_ms + 50) * 1e6
    assert netcheck["OSHasIPv6"] is True
    assert netcheck["IPv4"] is True
    assert netcheck["ICMPv4"] is True
    assert not netcheck["IPv6"]
    assert said["nat"]["port_preserved"] is True
    assert said["local"]["gateways"] == [
        {"family": 4, "address": f"{LINE_A.lan}.1", "interface": "eth0"}
    ]


@pytest.mark.parametrize(
    ("name", "address"), [("public", LINE_A.wan), ("public-firewall", LINE_A.routed)]
)
def test_public_address_leaves_the_inbound_side_open(at: At, name: str, address: str) -> None:
    place = at(name)
    outcome = place.check()
    assert outcome.json["nat"]["filtering"] == "unknown"
    assert outcome.json["netcheck"]["GlobalV4"].startswith(f"{address}:")
    plain = place.program.run("check", "--plain", "--derp-map", str(place.map_file))
    assert "Filtering: not measured." in plain.stdout
    assert plain.status == 0


@pytest.mark.parametrize("name", NO_UDP)
@pytest.mark.parametrize("more", [(), ASK_ELSEWHERE], ids=["relays-alone", "elsewhere-too"])
def test_udp_blocked(at: At, name: str, more: tuple[str, ...]) -> None:
    place = at(name, besides=[ELSEWHERE])
    outcome = place.check(*more)
    # Only where other ports were asked too is it certain: else UDP might yet reach a peer.
    outlook = RELAYED if more else ("possible", "relayed", "relayed")
    assert seen(outcome) == replace(AT[name], outlook=outlook)
    assert value(outcome, "relay_tcp.reachable") is True
    (blocked,) = [each for each in outcome.json["causes"] if each["id"] == "udp-blocked"]
    assert blocked["confidence"] == ("certain" if more else "likely")
    assert schema_faults(outcome.json) == [], "as published"
    assert outcome.seconds < UNHURRIED_S
    if name == "udp-rejected":  # a refusal is taken at its word
        assert {("refused", relay.address) for relay in relays()} <= faults(outcome)
        assert f"by {LINE_A.lan}.1" in value(outcome, "stun.rejected")[0]["detail"]


def test_stun_blocked(at: At) -> None:
    outcome = at("stun-dropped", besides=[ELSEWHERE]).check(*ASK_ELSEWHERE)
    assert seen(outcome) == AT["stun-dropped"]
    (answer,) = value(outcome, "stun.elsewhere")
    assert answer["server"] == f"{ELSEWHERE.address}:{ELSEWHERE.port}"
    assert outcome.json["netcheck"]["GlobalV4"] == ""
    assert not outcome.json["netcheck"]["GlobalV4Counters"]


@pytest.mark.parametrize(
    ("name", "cause"), [("stun-dropped", "stun-blocked"), ("udp-dropped", "udp-blocked")]
)
def test_built_in_servers_tell_what_is_blocked(at: At, name: str, cause: str) -> None:
    place = at(name, besides=[ELSEWHERE])
    serve_names(place.site.device, {"stun.l.google.com": ELSEWHERE.address})
    outcome = place.check()
    (blocked,) = [each for each in outcome.json["causes"] if each["weight"] == "blocks"]
    assert (blocked["id"], blocked["confidence"]) == (cause, "certain")
    assert outcome.status == 1


def test_relays_with_names(at: At) -> None:
    fleet = tuple(replace(relay, host=f"{relay.code}.lab.example") for relay in relays())
    place = at("easy-home", fleet=fleet)
    serve_names(place.site.device, {relay.host: relay.address for relay in fleet})
    outcome = place.check()
    assert seen(outcome) == easy(IPV6_MISSING)
    hosts = [answer["host"] for answer in value(outcome, "stun.answers4")]
    assert hosts == [relay.host for relay in fleet]


def test_a_map_from_the_web(at: At) -> None:
    url = f"http://{relays()[0].address}/derp-map.json"
    outcome = at("easy-home").program.run("check", "--json", "--derp-map", url)
    assert seen(outcome) == easy(IPV6_MISSING)
    source = value(outcome, "relays.source")
    assert (source["origin"], source["where"]) == ("url", url)


def test_slow_udp_beside_quick_tcp_is_not_blocked(at: At) -> None:
    outcome = at("easy-home", fleet=relays(3, (900.0, 900.0, 900.0))).check()
    assert seen(outcome) == easy(IPV6_MISSING)
    assert value(outcome, "relay_tcp.rtt_ms") < 100
    assert {answer["tries"] for answer in value(outcome, "stun.answers4")} == {3}


def test_a_long_way_is_not_blocked(at: At) -> None:
    outcome = at("hard-home", delay_ms=300.0).check()
    assert seen(outcome) == hard(IPV6_MISSED)
    assert value(outcome, "relay_tcp.rtt_ms") >= 600


@pytest.mark.parametrize("silent", [1, 2, 3])
def test_one_relay_of_three_is_dead(at: At, silent: int) -> None:
    outcome = at("easy-home", fleet=_with_lies({silent: Lie.SILENT})).check()
    assert seen(outcome) == easy(IPV6_MISSING)
    assert {answer["region"] for answer in value(outcome, "stun.answers4")} == {1, 2, 3} - {silent}


@pytest.mark.parametrize("name", ["easy-home", "hard-home"])
def test_two_relays_of_three_are_dead(at: At, name: str) -> None:
    outcome = at(name, fleet=_with_lies({1: Lie.SILENT, 3: Lie.SILENT})).check()
    assert seen(outcome) == Expected(
        3, True, None, "unknown", "unknown", frozenset((IPV6_MISSING,)), UNKNOWN
    )
    assert len(value(outcome, "stun.answers4")) == 1


@pytest.mark.parametrize(
    ("lie", "name", "expected"),
    [
        (Lie.GARBAGE, "easy-home", easy(IPV6_MISSING)),
        (Lie.WRONG_TRANSACTION, "easy-home", easy(IPV6_MISSING)),
        # Behind a NAT an answer from elsewhere would not even arrive.
        (Lie.WRONG_SOURCE, "public", PUBLIC),
        (Lie.GARBAGE, "hard-home", hard(IPV6_MISSED)),
    ],
)
def test_liars_are_ignored_and_named(at: At, lie: Lie, name: str, expected: Expected) -> None:
    outcome = at(name, fleet=_with_lies({2: lie})).check()
    assert seen(outcome) == expected
    assert {answer["region"] for answer in value(outcome, "stun.answers4")} == {1, 3}
    liar = relays()[1].address
    assert [str(lie)] == [fault for fault, host in faults(outcome) if host.startswith(liar)]


def test_three_liars_are_no_answer(at: At) -> None:
    fleet = _with_lies({1: Lie.GARBAGE, 2: Lie.WRONG_TRANSACTION, 3: Lie.WRONG_SOURCE})
    outcome = at("public", fleet=fleet).check()
    assert seen(outcome).udp is False
    assert value(outcome, "stun.endpoint4") is None
    assert {fault for fault, _ in faults(outcome)} >= {
        "garbage",
        "wrong-transaction",
        "wrong-source",
    }


def _with_lies(lies: dict[int, Lie]) -> tuple[object, ...]:
    return tuple(replace(relay, lie=lies.get(relay.region, Lie.NONE)) for relay in relays())


@pytest.mark.parametrize("name", ["tunnel", "tunnel-halves", "tunnel-policy"])
def test_through_a_tunnel_where_binding_is_forbidden(at: At, name: str) -> None:
    outcome = at(name).forbid_binding().check()
    said = outcome.json
    assert said["nat"]["class"] == "unknown"
    assert outcome.status == 3
    assert said["verdict"] == "unknown"
    assert "other-vpn" in {cause["id"] for cause in said["causes"]}
    assert not {cause["id"] for cause in said["causes"]} & {"hard-nat", "multi-wan"}
    assert said["readings"]["local.way_out4"]["value"]["tunnel"] == "tun0"
    assert said["readings"]["local.way_out4"]["value"]["bound"] is False
    readings = said["readings"]
    seen_from_far_away = {
        name
        for name, reading in readings.items()
        if name.startswith(("stun.", "relay_tcp.")) and reading["state"] == "known"
    } - {"stun.can_send4"}
    assert {"stun.udp", "stun.endpoint4", "relay_tcp.icmp4"} <= seen_from_far_away
    for name in seen_from_far_away:
        assert readings[name]["source"].endswith("seen through tun0"), name
