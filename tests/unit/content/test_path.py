"""The picture of the path: in every practice network the obstacle stands on its own hop."""

from __future__ import annotations

import pytest

from probes.diagnosis.diagnose import diagnose
from probes.diagnosis.model import CauseId, Verdict, Weight
from probes.elsewhere.recognise import recognise
from probes.elsewhere.report import report_of_found
from probes.network.simulated import load, names
from probes.options import Options
from probes.readings.tailscale import PeerPath
from probes.report import report_of
from tests.engine.test_scenarios import conclude, events_of
from tests.unit.content.test_pair_words import PEERS
from tests.unit.diagnosis.peer_cases import nas, report_for
from tests.unit.diagnosis.reports import PUBLIC
from tests.unit.tailscale.recorded import recorded
from tui import content
from tui.content import Tone
from tui.explain import HopId, headline, path
from tui.widgets.path import brief, column, hops, picture

H, BAD, NOTE = HopId, Tone.BAD, Tone.NOTE
OBSTACLES = {
    "captive-portal": (H.WAY_OUT, BAD, "wants you to sign in"),
    "cgnat": (H.CARRIER, BAD, "a new port for each peer"),
    "collision": (H.WAY_OUT, NOTE, "can give the port away"),
    "exit-node": (H.DEVICE, NOTE, "uses an exit node"),
    "forced-by-policy": (H.DEVICE, BAD, "set to relays only"),
    "forced-relay": (H.DEVICE, BAD, "set to relays only"),
    "hard-home": (H.WAY_OUT, BAD, "a new port for each peer"),
    "hard-home-pcp": (H.ROUTER, NOTE, "a new port for each peer"),
    "hard-home-upnp": (H.ROUTER, NOTE, "a new port for each peer"),
    "no-network": (H.WAY_OUT, BAD, "nothing gets out"),
    "offline": (H.DEVICE, BAD, "nothing gets out"),
    "own-firewall": (H.DEVICE, NOTE, "keeps strangers out"),
    "peer-relay": (H.WAY_OUT, BAD, "a new port for each peer"),
    "port-taken": (H.DEVICE, NOTE, "not on its usual port"),
    "public-firewall": (H.WAY_OUT, NOTE, "keeps strangers out"),
    "relays-without-stun": (H.RELAY, BAD, "offers no STUN"),
    "small-packets": (H.WAY_OUT, NOTE, "loses large packets"),
    "stun-blocked": (H.WAY_OUT, BAD, "stops UDP port 3478"),
    "tailscale-not-running": (H.DEVICE, NOTE, "Tailscale is not connected"),
    "tailscale-signed-out": (H.DEVICE, NOTE, "Tailscale is not connected"),
    "tailscale-stopped": (H.DEVICE, NOTE, "Tailscale is not connected"),
    "tls-inspection": (H.WAY_OUT, BAD, "stops UDP"),
    "tunnel-unbindable": (H.TUNNEL, NOTE, "carries everything"),
    "two-wans": (H.WAY_OUT, BAD, "2 public addresses"),
    "udp-blocked": (H.WAY_OUT, BAD, "stops UDP"),
    "udp-rejected": (H.WAY_OUT, BAD, "stops UDP"),
    "upnp-that-refuses": (H.ROUTER, NOTE, "a new port for each peer"),
}
"""Where it stands, and what happens there. In the others nothing is in the way."""
NO_PLACE = {CauseId.PORT_MAPPING_OFF, CauseId.IPV6_OFF, CauseId.IPV6_MISSING, CauseId.IPV6_FILTERED}
"""What is missing altogether stands nowhere on the way."""


def test_the_table_is_of_practice_networks() -> None:
    assert OBSTACLES.keys() <= set(names())


@pytest.mark.parametrize("name", names())
def test_the_obstacle_stands_on_its_hop(name: str) -> None:
    report, diagnosis = conclude(name)
    found = [(hop.id, hop.tone, hop.note) for hop in path(diagnosis, report) if hop.obstacle]
    assert found == ([OBSTACLES[name]] if name in OBSTACLES else [])
    weighty = {each.id for each in diagnosis.causes if each.weight is not Weight.NOTES}
    assert found or not weighty - NO_PLACE, headline(diagnosis, report)


@pytest.mark.parametrize("name", OBSTACLES)
def test_it_is_read_in_every_width(name: str) -> None:
    report, diagnosis = conclude(name)
    note = OBSTACLES[name][2]
    stops = hops(report, diagnosis)
    assert sum(hop.obstacle for hop in stops) == 1
    for width in (56, 76, 116):
        assert note in " ".join(line.plain for line in picture(stops, width))
        assert note in " ".join(line.plain for line in column(stops, width))


@pytest.mark.parametrize("name", names())
def test_where_there_is_no_height_one_line_names_the_obstacle_first(name: str) -> None:
    report, diagnosis = conclude(name)
    stops = hops(report, diagnosis)
    obstacles = [hop for hop in stops if hop.obstacle]
    for width in (40, 56, 116):
        line = brief(stops, width)
        assert line.cell_length <= width
        assert all(hop.name in line.plain for hop in obstacles)
        signs = [sign for sign in line.plain if sign in "●○✗!?"]
        assert len(signs) == len(stops), "every stop is there, named or not"
    assert all(hop.name in brief(stops, 116).plain for hop in stops)


def test_in_one_line_the_other_side_has_a_shorter_name_before_it_has_none() -> None:
    report, diagnosis = conclude("small-packets")
    assert brief(hops(report, diagnosis), 56).plain.endswith("──○ other side")


@pytest.mark.parametrize("name", OBSTACLES)
def test_the_wire_breaks_off_only_where_nothing_gets_past(name: str) -> None:
    report, diagnosis = conclude(name)
    wire = picture(hops(report, diagnosis), 100)[0].plain
    if diagnosis.verdict is Verdict.DIRECT:
        assert "╌" not in wire
    assert ("╌" in wire) is (name in {"captive-portal", "no-network", "offline"})


def test_the_box_before_a_guest_is_the_computer_around_it() -> None:
    """Its NAT is no router of the home's."""
    for name in ("container", "virtual-machine"):
        report, diagnosis = conclude(name)
        stops = [hop.id for hop in path(diagnosis, report)]
        assert stops[:3] == [HopId.DEVICE, HopId.HOST, HopId.ROUTER]
    assert content.label(HopId.HOST) == "host computer"


def test_a_cloud_that_translates_one_to_one_is_no_home_s_router() -> None:
    report, diagnosis = conclude("one-to-one-cloud")
    device, cloud, *_ = path(diagnosis, report)
    assert (device.id, device.detail) == (HopId.DEVICE, "172.31.5.20")
    assert (cloud.id, cloud.detail, cloud.note) == (
        *(HopId.CLOUD, "45.83.223.10"),
        "translates one to one",
    )
    said = headline(diagnosis, report)
    assert said.endswith("the cloud gives 45.83.223.10 to this device alone.")


def test_the_relay_of_a_report_from_elsewhere_is_the_one_that_netcheck_printed() -> None:
    found = report_of_found(recognise(recorded("hard_hard.netcheck1.txt").encode()), "paste")
    stops = hops(found, diagnose(found))
    (relay,) = [hop for hop in stops if hop.id is HopId.RELAY]
    assert relay.detail == "r01 20 ms"
    assert stops[0].name == "that device", "whose netcheck it is, nobody knows; not this one's"
    assert "╌" not in picture(stops, 100)[0].plain, "UDP did reach it"


@pytest.mark.parametrize(
    ("via", "between"),
    [
        ("192.168.1.30:41641", [("local network", "", "")]),
        ("[2001:db8:9::5]:41641", [("router and provider", "IPv6", None), ("internet", "", "")]),
    ],
)
def test_who_is_reached_past_the_nat_is_drawn_there(
    via: str, between: list[tuple[str, str, str | None]]
) -> None:
    report = report_for(nas(PeerPath.DIRECT, via))
    diagnosis = diagnose(report)
    stops = hops(report, diagnosis)
    assert [hop.name for hop in stops] == ["this device", *(each[0] for each in between), "nas"]
    assert [hop.detail for hop in stops[1:-1]] == [each[1] for each in between]
    assert stops[-1].detail == via
    assert not any(hop.obstacle for hop in stops)
    drawn = " ".join(line.plain for line in (*picture(stops, 76), *column(stops, 28)))
    assert PUBLIC not in drawn
    assert "NAT" not in drawn or "no NAT" in drawn


def test_the_relay_in_use_has_its_latency_as_the_nearest_one_has() -> None:
    report = report_of(events_of(load("easy-home"), Options(peer="home-nas")))
    (relay,) = [hop for hop in hops(report, diagnose(report)) if hop.id is HopId.RELAY]
    assert relay.detail == "fra 90 ms"


def test_what_a_pair_only_depends_on_is_a_note() -> None:
    met = set()
    for found, _, _ in PEERS.values():
        diagnosis = diagnose(found)
        tones = {hop.tone for hop in path(diagnosis, found) if hop.obstacle}
        if tones and diagnosis.verdict in (Verdict.DEPENDS, Verdict.RELAYED):
            assert tones == {NOTE if diagnosis.verdict is Verdict.DEPENDS else BAD}
            met.add(diagnosis.verdict)
    assert met == {Verdict.DEPENDS, Verdict.RELAYED}


def test_where_only_ipv6_leads_out_the_way_shows_the_nat_that_is_met_there() -> None:
    report, diagnosis = conclude("ipv6-only")
    (out,) = (hop for hop in hops(report, diagnosis) if hop.id is HopId.WAY_OUT)
    assert (out.note, out.tone) == ("no NAT", Tone.GOOD)
