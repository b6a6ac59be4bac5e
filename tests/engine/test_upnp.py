"""UPnP over the simulated network: what is asked, what is believed, what hostile answers do."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from probes.checks.nat_pmp import NatPmpCheck
from probes.checks.pcp import PcpCheck
from probes.checks.upnp import UpnpCheck
from probes.checks.upnp_drive import MOST_ENTRIES
from probes.events import CheckFinished, Event, Observed, Progressed
from probes.mappings import DESCRIPTION
from probes.model import CheckId, Endpoint, Known, Reason, Unknown
from probes.network.simulated import SimulatedNetwork
from probes.network.simulated.packet import (
    HttpAnswer,
    HttpRequest,
    Packet,
    Syn,
    SynAck,
    Transport,
)
from probes.network.simulated.stun_server import Reply
from probes.readings.igd import (
    ENTRIES,
    IGD,
    STATUS,
    STRANGE,
    EntryOwner,
    StrangeReason,
)
from probes.readings.port_mapping import (
    NAT_PMP,
    PCP,
    UPNP,
)
from probes.report import Report, report_of
from probes.wire import igd_description, ssdp
from tests.engine.port_mapping import (
    DEVICE,
    OUTER,
    ROUTER,
    events_of,
    home,
    report,
)

GOOD = f"http://{ROUTER}:5000/rootDesc.xml"


def answers(network: SimulatedNetwork, *replies: tuple[str, str]) -> SimulatedNetwork:
    """Each search is answered by these: sender and location."""
    router = network.world.boxes["router"]
    services = dict(router.services)

    def search(packet: Packet) -> list[Reply]:
        return [
            Reply(
                packet.answer(
                    ssdp.build(ssdp.Found(location, ssdp.GATEWAY_1, "uuid:x", "evil \x1b[31m")),
                    source=Endpoint.of(sender, 1900),
                )
            )
            for sender, location in replies
        ]

    services[Transport.UDP, 1900] = search
    router.services = services
    return network


def page(network: SimulatedNetwork, answer: HttpAnswer) -> SimulatedNetwork:
    """The router's web server answers everything with this."""
    router = network.world.boxes["router"]
    services = dict(router.services)

    def serve(packet: Packet) -> list[Reply]:
        match packet.payload:
            case Syn():
                return [Reply(packet.answer(SynAck()))]
            case HttpRequest():
                return [Reply(packet.answer(answer))]
            case _:
                return []

    services[Transport.TCP, 5000] = serve
    router.services = services
    return network


def loses(network: SimulatedNetwork, count: int) -> SimulatedNetwork:
    """So many of the requests to the router's web server are lost."""
    router, left = network.world.boxes["router"], [count]
    services = dict(router.services)
    usual = services[Transport.TCP, 5000]

    def serve(packet: Packet) -> list[Reply]:
        if isinstance(packet.payload, HttpRequest) and left[0]:
            left[0] -= 1
            return []
        return list(usual(packet))

    services[Transport.TCP, 5000] = serve
    router.services = services
    return network


def strange(found: Report) -> dict[StrangeReason, str]:
    return {each.reason: each.sender for each in found.value(STRANGE) or ()}


def ended_ms(events: list[Event]) -> float:
    return next(
        each.at_ms
        for each in events
        if isinstance(each, CheckFinished) and each.check is CheckId.UPNP
    )


# --- what is there ------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [1, 2])
def test_a_router_is_found_described_and_asked(version: int) -> None:
    table = f"""
    upnp = true
    upnp_version = {version}
    name = "Home \\u202e[b]router"
    """
    found = report(home(table), UpnpCheck())
    assert found.value(UPNP.present) is True
    igd = found.value(IGD)
    assert igd is not None
    assert igd.version == version
    assert igd.service == f"WANIPConnection:{version}"
    assert igd.name == "Home \\u202e[b]router"
    status = found.value(STATUS)
    assert status is not None
    assert status.connected
    assert found.value(UPNP.external) == ip_address(OUTER)
    assert isinstance(found[UPNP.error], Known)
    assert found.value(UPNP.error) is None
    reading = found[UPNP.test]
    assert isinstance(reading, Unknown)
    assert reading.reason is Reason.NEEDS_CONSENT


def test_none_is_said_after_one_and_a_half_seconds_and_doubt_after_less() -> None:
    events = events_of(home(), UpnpCheck())
    found = report_of(events)
    assert found.value(UPNP.present) is False
    assert 1400 <= ended_ms(events) <= 1450
    doubt = [e for e in events if isinstance(e, Progressed) and e.doing == "not-seen-yet"]
    assert [round(each.at_ms, -2) for each in doubt] == [400]


def test_all_three_are_absent_within_one_and_a_half_seconds() -> None:
    events = events_of(home(), UpnpCheck(), NatPmpCheck(), PcpCheck())
    found = report_of(events)
    assert [found.value(each.present) for each in (UPNP, NAT_PMP, PCP)] == [False] * 3
    assert max(each.at_ms for each in events if isinstance(each, CheckFinished)) <= 1500


@pytest.mark.parametrize("delay_ms", [0, 300, 800, 1000])
def test_a_device_may_take_its_time_up_to_mx(delay_ms: int) -> None:
    found = report(home(f"upnp = true\nanswer_after_ms = {delay_ms}"), UpnpCheck())
    assert found.value(UPNP.present) is True


def test_presence_is_told_before_the_rest() -> None:
    events = events_of(home("upnp = true"), UpnpCheck())
    order = [each.key for each in events if isinstance(each, Observed) and each.check == "upnp"]
    told = [UPNP.present.id, IGD.id, STATUS.id, UPNP.external.id, ENTRIES.id]
    assert [key for key in order if key in told] == told


def test_a_missing_library_costs_what_it_shows_and_nothing_else() -> None:
    found = report(home("upnp = true", "[host.here]\nupnp_library = false"), UpnpCheck())
    assert found.value(UPNP.present) is True
    assert found.known(IGD)
    for reading in (found[UPNP.external], found[STATUS], found[ENTRIES], found[UPNP.test]):
        assert isinstance(reading, Unknown)
        assert reading.reason is Reason.UNSUPPORTED_SYSTEM
        assert "miniupnpc" in reading.detail


def entry(name: str, port: int, to: str = DEVICE, description: str = "") -> str:
    return (
        f"[box.router.port_mapping.entry.{name}]\nport = {port}\n"
        f'to = "{to}:{port}"\ndescription = "{description}"\n'
    )


def test_mappings_are_listed_with_their_owners() -> None:
    more = (
        entry("a", 41641, DEVICE, "tailscale-portmap")
        + entry("b", 3074, "192.168.1.30", "xbox \\u0007")
        + entry("c", 50000, DEVICE, DESCRIPTION)
    )
    entries = report(home("upnp = true", more), UpnpCheck()).value(ENTRIES)
    assert entries is not None
    assert entries.complete
    shown = {each.external_port: (each.owner, each.description) for each in entries.entries}
    assert shown == {
        41641: (EntryOwner.TAILSCALE, "tailscale-portmap"),
        3074: (EntryOwner.OTHER, "xbox \\x07"),
        50000: (EntryOwner.THIS_PROGRAM, DESCRIPTION),
    }


def test_an_endless_table_is_read_only_so_far() -> None:
    more = "".join(entry(f"e{n}", 2000 + n) for n in range(MOST_ENTRIES + 10))
    entries = report(home("upnp = true", more), UpnpCheck()).value(ENTRIES)
    assert entries is not None
    assert len(entries.entries) == MOST_ENTRIES
    assert not entries.complete


@pytest.mark.parametrize("external", ["192.168.178.20", "100.72.3.4", "0.0.0.0"])
def test_a_useless_outer_address_is_called_by_its_kind(external: str) -> None:
    found = report(home(f'upnp = true\nexternal = "{external}"'), UpnpCheck())
    assert found.value(UPNP.external) == ip_address(external)
    kinds = {"192": "private", "100": "carrier", "0": "unspecified"}
    assert kinds[external.partition(".")[0]] in str(found[UPNP.external])


# --- what is not believed -----------------------------------------------------------------------


def test_an_answer_of_another_host_is_named_and_never_followed() -> None:
    network = answers(home("upnp = true"), ("192.168.1.66", "http://192.168.1.66:5000/x"))
    found = report(network, UpnpCheck())
    assert found.value(UPNP.present) is False
    assert strange(found) == {StrangeReason.NOT_THE_GATEWAY: "192.168.1.66"}


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://45.83.1.1/x", StrangeReason.LOCATION_ELSEWHERE),
        ("http://192.168.77.1/x", StrangeReason.LOCATION_ELSEWHERE),
        (f"http://{DEVICE}:631/", StrangeReason.LOCATION_ELSEWHERE),
        ("http://127.0.0.1:8080/x", StrangeReason.LOCATION_ELSEWHERE),
        ("http://169.254.169.254/latest", StrangeReason.LOCATION_ELSEWHERE),
        ("http://router.example/x", StrangeReason.BAD_LOCATION),
        (f"https://{ROUTER}/x", StrangeReason.BAD_LOCATION),
        (f"http://u:p@{ROUTER}/x", StrangeReason.BAD_LOCATION),
        ("file:///etc/passwd", StrangeReason.BAD_LOCATION),
        (f"http://{ROUTER}:99999/x", StrangeReason.BAD_LOCATION),
        (f"http://{ROUTER}:0/x", StrangeReason.BAD_LOCATION),
        ("http://[::1", StrangeReason.BAD_LOCATION),
    ],
)
def test_a_location_elsewhere_is_never_contacted(location: str, reason: StrangeReason) -> None:
    network = answers(home("upnp = true"), (ROUTER, location))
    sent: list[str] = []
    host = network.host
    leave = type(host)._leave

    def watch(self: object, packet: Packet, face: object) -> None:
        if packet.transport is Transport.TCP:
            sent.append(str(packet.destination))
        leave(host, packet, face)  # type: ignore[arg-type]

    patched = pytest.MonkeyPatch()
    patched.setattr(type(host), "_leave", watch)
    try:
        found = report(network, UpnpCheck())
    finally:
        patched.undo()
    assert strange(found) == {reason: ROUTER}
    assert found.value(UPNP.present) is True
    reading = found[UPNP.external]
    assert isinstance(reading, Unknown)
    assert reading.reason is Reason.CONTRADICTORY
    assert sent == []


def test_the_good_one_of_several_answers_is_followed() -> None:
    replies = ((ROUTER, "http://45.83.1.1/x"), ("192.168.1.66", GOOD), (ROUTER, GOOD))
    found = report(answers(home("upnp = true"), *replies), UpnpCheck())
    assert found.value(UPNP.external) == ip_address(OUTER)
    assert set(strange(found)) == {
        StrangeReason.LOCATION_ELSEWHERE,
        StrangeReason.NOT_THE_GATEWAY,
    }


def test_a_flood_of_ten_thousand_answers_is_bounded() -> None:
    flood = [(f"10.{n // 250}.{n % 250}.7", f"http://10.0.0.1/{n}") for n in range(9990)]
    mine = [(ROUTER, f"http://{ROUTER}:5000/{n}") for n in range(10)]
    network = page(answers(home("upnp = true"), *flood, *mine), HttpAnswer(404))
    events = events_of(network, UpnpCheck())
    found = report_of(events)
    assert found.value(UPNP.present) is True
    odd = found.value(STRANGE)
    assert odd is not None
    assert len(odd) == 20
    assert sum(1 for each in events if isinstance(each, Observed)) < 60
    assert ended_ms(events) < 3000


def test_other_devices_that_answer_a_search_are_no_news() -> None:
    network = home("upnp = true")
    router = network.world.boxes["router"]
    services = dict(router.services)
    own = services[Transport.UDP, 1900]

    def television(packet: Packet) -> list[Reply]:
        found = ssdp.Found("http://192.168.1.50/d", "urn:x:device:MediaRenderer:1", "uuid:tv", "tv")
        source = Endpoint.of("192.168.1.50", 1900)
        return [Reply(packet.answer(ssdp.build(found), source=source)), *own(packet)]

    services[Transport.UDP, 1900] = television
    router.services = services
    found = report(network, UpnpCheck())
    assert found.value(STRANGE) == ()
    assert found.value(UPNP.external) == ip_address(OUTER)


_PLAIN = igd_description.build("urn:schemas-upnp-org:service:WANIPConnection:1", "/ctl/IPConn")
_BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY a%d "&a%d;&a%d;">' % (n, n - 1, n - 1) for n in range(1, 30))
    + b"]><root>&a29;</root>"
)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (HttpAnswer(404), "404"),
        (HttpAnswer(302, (("location", "http://45.83.1.1/"),)), "302"),
        (HttpAnswer(200, body=b""), "not XML"),
        (HttpAnswer(200, body=b"<html><body>Sign in</body></html>"), "no connection service"),
        (HttpAnswer(200, body=b"\xff\xfe\x00"), "not XML"),
        (HttpAnswer(200, body=_PLAIN + b" " * 400_000), "too large"),
        (HttpAnswer(200, body=b"<a>" * 5000), "too deep"),
        (HttpAnswer(200, body=b"<r>" + b"<a/>" * 20000 + b"</r>"), "too many"),
        (HttpAnswer(200, body=_BOMB), "entities"),
    ],
)
def test_a_description_that_is_none_is_said(answer: HttpAnswer, why: str) -> None:
    found = report(page(home("upnp = true"), answer), UpnpCheck())
    assert found.value(UPNP.present) is True
    assert strange(found) == {StrangeReason.BAD_DESCRIPTION: ROUTER}
    assert why in str(found.value(STRANGE))
    reading = found[UPNP.external]
    assert isinstance(reading, Unknown)
    assert reading.reason is Reason.CONTRADICTORY


def test_a_description_may_be_lost_and_is_fetched_once_more() -> None:
    found = report(loses(home("upnp = true"), 2), UpnpCheck())
    assert found.value(IGD) is not None
    assert strange(found) == {}


def test_a_description_that_never_comes_is_waited_for_twice_and_no_longer() -> None:
    events = events_of(loses(home("upnp = true"), 1000), UpnpCheck())
    found = report_of(events)
    assert strange(found) == {StrangeReason.BAD_DESCRIPTION: ROUTER}
    assert "does not come in time" in str(found.value(STRANGE))
    assert 4000 < ended_ms(events) < 5000


@pytest.mark.parametrize(
    "control",
    ["http://45.83.1.1/ctl", "http://127.0.0.1:22/", "http://router.example/", f"//{DEVICE}:80/"],
)
def test_a_control_address_elsewhere_is_never_driven(control: str) -> None:
    body = igd_description.build("urn:schemas-upnp-org:service:WANIPConnection:1", control)
    found = report(page(home("upnp = true"), HttpAnswer(200, body=body)), UpnpCheck())
    assert strange(found) == {StrangeReason.CONTROL_ELSEWHERE: ROUTER}
    assert not found.known(UPNP.external)
