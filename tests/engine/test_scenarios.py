"""Every practice network, measured by the real checks: it shows what it says, and only that."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from probes.checks.registry import select
from probes.diagnosis.diagnose import diagnose
from probes.diagnosis.model import CauseId, Diagnosis, Headline, NatClass, Verdict
from probes.engine import measure
from probes.events import Event
from probes.model import CheckId, CheckStatus, Failed
from probes.network.simulated import load, names, parse, run_virtual
from probes.network.simulated.library import scenario
from probes.network.simulated.network import SimulatedNetwork
from probes.options import Options
from probes.readings import local, relays, stun
from probes.report import Report, report_of
from tests.engine.port_mapping import Drawer

MOST_CPU_S = 0.2
EXITS = {Verdict.DIRECT: 0, Verdict.DEPENDS: 1, Verdict.RELAYED: 1, Verdict.UNKNOWN: 3}


HARD = (
    '[box.router.nat]\nmapping = "address-and-port-dependent"\nports = "random"\noverload = false\n'
)


def events_of(network: SimulatedNetwork, options: Options | None = None) -> tuple[Event, ...]:
    """A whole run."""
    wanted = options or Options()

    async def run() -> tuple[Event, ...]:
        checks, skipped = select(wanted)
        return tuple([event async for event in measure(network, checks, wanted, skipped)])

    return run_virtual(run())


def conclude(name: str) -> tuple[Report, Diagnosis]:
    """The report of a run on a practice network, and what follows from it."""
    report = report_of(events_of(load(name)))
    return report, diagnose(report)


@pytest.mark.parametrize("name", names())
def test_it_finds_what_the_scenario_says(name: str) -> None:
    expect = scenario(name).expect
    assert expect is not None
    report, diagnosis = conclude(name)
    assert sorted(cause.id for cause in diagnosis.causes) == sorted(expect.causes)
    assert diagnosis.verdict is expect.verdict
    assert EXITS[diagnosis.verdict] == expect.exit
    assert diagnosis.nat4.nat_class is expect.nat
    if expect.nat6 is not None:
        assert diagnosis.nat6.nat_class is expect.nat6
    if expect.hard:
        assert diagnosis.outlook.hard.result == expect.hard
    assert report.closed
    assert report.network == f"simulated:{name}"


@pytest.mark.parametrize("name", names())
def test_nothing_breaks_and_every_reading_that_carries_a_cause_is_known(name: str) -> None:
    report, diagnosis = conclude(name)
    broken = {check: state.error for check, state in report.checks.items() if state.error}
    assert not broken
    assert {state.status for state in report.checks.values()} == {CheckStatus.DONE}
    assert not [key for key, reading in report.readings.items() if isinstance(reading, Failed)]
    for cause in diagnosis.causes:
        assert cause.because
        assert set(cause.because) <= set(report.readings)


@pytest.mark.parametrize("name", names())
def test_a_run_is_the_same_each_time(name: str) -> None:
    assert events_of(load(name)) == events_of(load(name))


def test_a_run_costs_little() -> None:
    networks = [load(name) for name in names()]
    began = time.process_time()
    for network in networks:
        events_of(network)
    assert time.process_time() - began < MOST_CPU_S * len(networks)


# --- what single networks are about -------------------------------------------------------------


def test_two_lines_show_two_addresses_and_one_port() -> None:
    report, _ = conclude("two-wans")
    mapped = [answer.mapped for answer in report.value(stun.ANSWERS4) or ()]
    assert len({each.address for each in mapped}) == 2
    assert len({each.port for each in mapped}) == 1


def test_a_hard_nat_shows_another_port_to_each_relay() -> None:
    report, _ = conclude("hard-home")
    mapped = [answer.mapped for answer in report.value(stun.ANSWERS4) or ()]
    assert len(mapped) >= 3
    assert len(set(mapped)) == len(mapped)


@pytest.mark.parametrize(
    ("name", "nat", "verdict", "causes"),
    [
        ("hard-home-upnp", NatClass.EASY, Verdict.DIRECT, {"hard-nat": "notes"}),
        ("hard-home-pcp", NatClass.EASY, Verdict.DIRECT, {"hard-nat": "notes"}),
        (
            "upnp-that-refuses",
            NatClass.HARD,
            Verdict.RELAYED,
            {"hard-nat": "blocks", "port-mapping-broken": "limits"},
        ),
    ],
)
def test_a_test_mapping_decides_what_an_offer_leaves_open(
    name: str, nat: NatClass, verdict: Verdict, causes: dict[str, str]
) -> None:
    _, before = conclude(name)
    assert (before.nat4.nat_class, before.verdict) == (NatClass.HARD, Verdict.DEPENDS)
    assert before.headline is Headline.DEPENDS_MAPPING
    wanted = Options(map_test=True, journal=Drawer().journal)
    after = diagnose(report_of(events_of(load(name), wanted)))
    assert (after.nat4.nat_class, after.verdict) == (nat, verdict)
    found = {str(each.id): str(each.weight) for each in after.causes}
    found.pop("ipv6-missing")
    assert found == causes


def test_satellite_answers_count_though_connections_stand_at_once() -> None:
    report, _ = conclude("slow-satellite")
    answers = report.value(relays.TCP_ANSWERS) or ()
    assert answers
    assert all(answer.connect_ms < 20 for answer in answers)
    assert all((answer.server_hello_ms or 0) > 600 for answer in answers)
    assert report.value(stun.UDP) is True
    assert all(answer.rtt_ms > 500 for answer in report.value(stun.ANSWERS4) or ())


def test_tls_inspection_is_seen() -> None:
    report, _ = conclude("tls-inspection")
    assert report.value(relays.TLS_INSPECTED) is True
    assert {each.issuer for each in report.value(relays.TCP_ANSWERS) or ()} == {
        "Example Corp Security"
    }


def test_exit_node_is_evaded_and_a_vpn_without_the_right_to_bind_is_not() -> None:
    report, _ = conclude("exit-node")
    way_out = report.value(local.WAY_OUT4)
    assert way_out is not None
    assert (way_out.interface, way_out.bound, way_out.tunnel) == ("wlan0", True, "tailscale0")
    endpoint = report.value(stun.ENDPOINT4)
    assert endpoint is not None
    assert str(endpoint.address) == "45.83.223.10"

    report, _ = conclude("tunnel-unbindable")
    way_out = report.value(local.WAY_OUT4)
    assert way_out is not None
    assert way_out.through_tunnel
    endpoint = report.value(stun.ENDPOINT4)
    assert endpoint is not None
    assert str(endpoint.address) == "45.83.230.8", "seen through the tunnel"


OPEN = 'description = "A server."\ninclude = ["regions", "open"]\n'
HOME = 'description = "A home."\ninclude = ["regions", "home"]\n'
REGIONS = {"nyc": "1a", "sfo": "2a", "sin": "3a", "fra": "4a", "sao": "11a"}


def relays_with(stun_side: str, regions: Sequence[str] = tuple(REGIONS)) -> str:
    """The same STUN side for each of these regions' relays."""
    return "".join(
        f"[region.{code}.node.{REGIONS[code]}.stun]\nkind = 'relay'\n{stun_side}\n"
        for code in regions
    )


def measured(text: str) -> tuple[Report, Diagnosis]:
    """What comes of a network of a test's own."""
    report = report_of(events_of(parse(text)))
    return report, diagnose(report)


def test_servers_that_answer_late_do_not_count_as_blocked() -> None:
    report, diagnosis = measured(HOME + relays_with("answer_after_ms = 900"))
    assert report.value(stun.UDP) is True
    assert diagnosis.nat4.nat_class is NatClass.EASY
    assert all(answer.connect_ms < 400 for answer in report.value(relays.TCP_ANSWERS) or ())


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        ("garbage", stun.Fault.GARBAGE),
        ("wrong-transaction", stun.Fault.WRONG_TRANSACTION),
        ("wrong-source", stun.Fault.WRONG_SOURCE),
        ("no-address", stun.Fault.NO_ADDRESS),
        ("error", stun.Fault.ERROR_RESPONSE),
    ],
)
def test_what_is_no_answer_is_ignored_and_said(fault: str, named: stun.Fault) -> None:
    # On an open host: a port-restricted NAT would keep an answer from another source out.
    report, diagnosis = measured(OPEN + relays_with(f"fault = '{fault}'", ["nyc"]))
    assert {answer.region for answer in report.value(stun.ANSWERS4) or ()} == {2, 3, 4, 11}
    assert named in {each.fault for each in report.value(stun.REJECTED) or ()}
    assert diagnosis.nat4.nat_class is NatClass.NONE
    alone, _ = measured(OPEN + relays_with(f"fault = '{fault}'"))
    assert not alone.value(stun.UDP), "nothing but such answers is no answer"


def test_a_relay_map_without_stun_is_named() -> None:
    offers = "".join(
        f"[region.{code}.node.{node}]\noffers_stun = false\n" for code, node in REGIONS.items()
    )
    report, diagnosis = measured(HOME + offers)
    assert report.value(relays.STUN_REGIONS) == 0
    assert CauseId.RELAY_MAP_WITHOUT_STUN in {cause.id for cause in diagnosis.causes}


def test_a_host_firewall_that_drops_outbound_udp_is_told_as_not_sent() -> None:
    report, _ = measured(HOME + '[host.here.rule.no-udp]\naction = "drop"\ntransport = "udp"\n')
    assert report.value(stun.CAN_SEND4) is False
    assert stun.Fault.UNSENT in {each.fault for each in report.value(stun.REJECTED) or ()}


@pytest.mark.parametrize("seed", range(12))
def test_bad_lines_change_no_verdict(seed: int) -> None:
    line = "[host.here.interface.wlan0]\nline = { loss = 0.1, jitter_ms = 40, duplicate = 0.1 }\n"
    for nat, expected in (("", NatClass.EASY), (HARD, NatClass.HARD)):
        _, diagnosis = measured(f"seed = {seed}\n{HOME}{line}{nat}")
        assert diagnosis.nat4.nat_class is expected


def test_a_refusal_ends_the_wait_early_and_silence_does_not() -> None:
    rejected, _ = conclude("udp-rejected")
    dropped, _ = conclude("udp-blocked")
    ended = [each.checks[CheckId.STUN].finished_ms or 0.0 for each in (rejected, dropped)]
    assert ended[0] < ended[1]


def test_without_any_network_the_run_still_ends() -> None:
    report, _ = conclude("no-network")
    assert report.elapsed_ms <= 12_000
    assert report.value(relays.TCP) is False
    offline, _ = conclude("offline")
    assert offline.elapsed_ms < 1000
