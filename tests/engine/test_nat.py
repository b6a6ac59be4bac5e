"""The NAT model against RFC 4787, cell by cell, and against what Linux does to flows."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.model import Endpoint, IPAddress
from probes.network.seam import IcmpError
from probes.network.simulated.nat import Nat, Refusal
from probes.network.simulated.nat_behavior import Dependence, Forward, NatBehavior
from probes.network.simulated.packet import Bounce, Packet, Transport
from probes.network.simulated.ports import PoolPolicy, PortPolicy

PUBLIC = ip_address("45.83.223.10")
SECOND = ip_address("45.83.223.11")
HOST = Endpoint.of("192.168.1.20", 41641)
OTHER_HOST = Endpoint.of("192.168.1.21", 41641)
SERVER = Endpoint.of("45.83.220.1", 3478)
OTHER_PORT = Endpoint.of("45.83.220.1", 3479)
ELSEWHERE = Endpoint.of("45.83.221.1", 3478)


def nat(**behavior: Any) -> Nat:
    behavior.setdefault("addresses", (PUBLIC,))
    return Nat(NatBehavior(**behavior), Random(7))


def udp(source: Endpoint, destination: Endpoint) -> Packet:
    return Packet(Transport.UDP, source, destination, b"x")


def out(box: Nat, source: Endpoint, destination: Endpoint, now: float = 0.0) -> Endpoint:
    """The public endpoint that a packet leaves from."""
    packet = box.outward(udp(source, destination), now)
    assert packet is not None
    assert packet.destination == destination
    return packet.source


def back(box: Nat, source: Endpoint, external: Endpoint, now: float = 0.0) -> Endpoint | Refusal:
    """Where a packet from outside ends up."""
    result = box.inward(udp(source, external), now)
    return result if isinstance(result, Refusal) else result.destination


MAPPED_ALIKE = {
    # Does the mapping stay for (another port of the same address, another address)?
    Dependence.NOTHING: (True, True),
    Dependence.ADDRESS: (True, False),
    Dependence.ADDRESS_AND_PORT: (False, False),
}
LET_IN = {
    # Is a packet let in from (another port of an address that was sent to, another address)?
    Dependence.NOTHING: (True, True),
    Dependence.ADDRESS: (True, False),
    Dependence.ADDRESS_AND_PORT: (False, False),
}


@pytest.mark.parametrize("ports", list(PortPolicy))
@pytest.mark.parametrize("filtering", list(Dependence))
@pytest.mark.parametrize("mapping", list(Dependence))
def test_every_cell_of_rfc_4787(
    mapping: Dependence, filtering: Dependence, ports: PortPolicy
) -> None:
    box = nat(mapping=mapping, filtering=filtering, ports=ports)
    first = out(box, HOST, SERVER)
    # Filtering is looked at before anything is sent to the other ends: that would open it.
    same_address, other_address = LET_IN[filtering]
    assert back(box, SERVER, first) == HOST
    assert (back(box, OTHER_PORT, first) == HOST) is same_address
    assert (back(box, ELSEWHERE, first) == HOST) is other_address

    box = nat(mapping=mapping, filtering=filtering, ports=ports)
    first = out(box, HOST, SERVER)
    same_address, other_address = MAPPED_ALIKE[mapping]
    assert (out(box, HOST, OTHER_PORT) == first) is same_address
    assert (out(box, HOST, ELSEWHERE) == first) is other_address
    assert out(box, HOST, SERVER) == first


def test_nobody_gets_in_before_something_was_sent() -> None:
    box = nat(filtering=Dependence.NOTHING)
    assert back(box, SERVER, Endpoint(PUBLIC, HOST.port)) is Refusal.FILTERED


def test_answers_come_back_through_a_hard_nat_to_the_right_flow() -> None:
    box = nat(mapping=Dependence.ADDRESS_AND_PORT, ports=PortPolicy.RANDOM)
    first, second = out(box, HOST, SERVER), out(box, HOST, ELSEWHERE)
    assert back(box, SERVER, first) == HOST
    assert back(box, ELSEWHERE, second) == HOST
    assert back(box, SERVER, second) is Refusal.FILTERED


# --- ports and addresses ------------------------------------------------------------------------


def test_port_is_preserved_while_it_is_free() -> None:
    box = nat()
    assert out(box, HOST, SERVER) == Endpoint(PUBLIC, HOST.port)
    stolen = out(box, OTHER_HOST, SERVER)
    assert stolen.port != HOST.port
    assert back(box, SERVER, stolen) == OTHER_HOST


def test_overloading_shares_a_port_between_hosts_but_never_between_flows() -> None:
    box = nat(overload=True)
    assert out(box, HOST, SERVER).port == HOST.port
    assert out(box, OTHER_HOST, ELSEWHERE).port == HOST.port
    clash = out(box, OTHER_HOST, SERVER)
    assert clash.port != HOST.port
    assert back(box, SERVER, Endpoint(PUBLIC, HOST.port)) == HOST
    assert back(box, ELSEWHERE, Endpoint(PUBLIC, HOST.port)) == OTHER_HOST
    assert back(box, SERVER, clash) == OTHER_HOST


def test_sequential_ports_follow_each_other() -> None:
    box = nat(mapping=Dependence.ADDRESS, ports=PortPolicy.SEQUENTIAL, port_range=(5000, 5002))
    servers = [Endpoint.of(f"45.83.22{number}.1", 3478) for number in range(3)]
    assert [out(box, HOST, server).port for server in servers] == [5000, 5001, 5002]


def test_a_full_range_lets_nothing_more_out() -> None:
    box = nat(mapping=Dependence.ADDRESS, ports=PortPolicy.SEQUENTIAL, port_range=(5000, 5001))
    for number in range(2):
        out(box, HOST, Endpoint.of(f"45.83.22{number}.1", 3478))
    assert box.outward(udp(HOST, Endpoint.of("45.83.229.1", 3478)), 0.0) is None


def test_random_ports_stay_in_their_range_and_differ() -> None:
    box = nat(mapping=Dependence.ADDRESS, ports=PortPolicy.RANDOM, port_range=(40000, 40100))
    ports = [out(box, HOST, Endpoint.of(f"45.83.200.{number}", 9)).port for number in range(60)]
    assert len(set(ports)) == 60
    assert all(40000 <= port <= 40100 for port in ports)
    assert ports != sorted(ports)


def test_each_destination_has_a_port_range_of_its_own() -> None:
    box = nat(
        mapping=Dependence.ADDRESS, ports=PortPolicy.PER_DESTINATION, port_range=(1024, 65535)
    )
    first = [out(box, replace(HOST, port=port), SERVER).port for port in (40000, 40001, 40002)]
    second = [out(box, replace(HOST, port=port), ELSEWHERE).port for port in (40000, 40001, 40002)]
    assert max(first) < min(second)
    assert len({*first, *second}) == 6


def test_a_paired_pool_gives_a_host_one_address() -> None:
    box = nat(addresses=(PUBLIC, SECOND), mapping=Dependence.ADDRESS_AND_PORT)
    mine = {out(box, replace(HOST, port=port), SERVER).address for port in range(5000, 5010)}
    other = {out(box, replace(OTHER_HOST, port=port), SERVER).address for port in range(5000, 5010)}
    assert mine == {PUBLIC}
    assert other == {SECOND}


def test_an_arbitrary_pool_changes_the_address_with_each_mapping() -> None:
    box = nat(addresses=(PUBLIC, SECOND), pool=PoolPolicy.ARBITRARY)
    assert out(box, HOST, SERVER).address == PUBLIC
    assert out(box, replace(HOST, port=5000), SERVER).address == SECOND
    assert out(box, HOST, ELSEWHERE).address == PUBLIC, "the mapping itself does not move"


def test_two_lines_change_the_address_and_keep_the_port() -> None:
    box = nat(addresses=(PUBLIC, SECOND), pool=PoolPolicy.PER_DESTINATION)
    seen = [out(box, HOST, Endpoint.of(f"45.83.200.{number}", 3478)) for number in range(4)]
    assert {each.port for each in seen} == {HOST.port}
    assert {each.address for each in seen} == {PUBLIC, SECOND}
    assert out(box, HOST, Endpoint.of("45.83.200.0", 9)) == seen[0]


# --- time ---------------------------------------------------------------------------------------


def test_a_mapping_ends_after_its_time_and_outbound_packets_keep_it() -> None:
    box = nat(mapping=Dependence.ADDRESS, ports=PortPolicy.RANDOM, unreplied_s=30, timeout_s=120)
    first = out(box, HOST, SERVER, 0.0)
    assert out(box, HOST, SERVER, 29.0) == first
    assert out(box, HOST, SERVER, 58.0) == first
    assert out(box, HOST, SERVER, 88.1) != first


def test_a_mapping_lives_longer_once_both_ends_have_sent() -> None:
    box = nat(ports=PortPolicy.RANDOM, unreplied_s=30, timeout_s=120)
    first = out(box, HOST, SERVER, 0.0)
    assert back(box, SERVER, first, 10.0) == HOST
    assert out(box, HOST, SERVER, 129.0) == first
    assert back(box, SERVER, first, 129.0 + 120.1) is Refusal.FILTERED


@pytest.mark.parametrize(("refresh", "alive"), [(True, True), (False, False)])
def test_inbound_packets_refresh_only_where_they_may(refresh: bool, alive: bool) -> None:
    box = nat(unreplied_s=30, timeout_s=30, inbound_refresh=refresh)
    external = out(box, HOST, SERVER, 0.0)
    for now in (20.0, 40.0):
        result = back(box, SERVER, external, now)
    assert (result == HOST) is alive


def test_a_restart_forgets_everything() -> None:
    box = nat(filtering=Dependence.NOTHING)
    external = out(box, HOST, SERVER)
    box.reset()
    assert back(box, SERVER, external) is Refusal.FILTERED


# --- forwards, one to one, collisions -----------------------------------------------------------


def test_a_static_forward_lets_everybody_in_on_its_port() -> None:
    box = nat(
        mapping=Dependence.ADDRESS_AND_PORT,
        ports=PortPolicy.RANDOM,
        forwards=(Forward(Transport.UDP, 41641, HOST),),
    )
    assert back(box, SERVER, Endpoint(PUBLIC, 41641)) == HOST
    assert back(box, SERVER, Endpoint(PUBLIC, 41642)) is Refusal.FILTERED
    assert out(box, HOST, SERVER) == Endpoint(PUBLIC, 41641), "answers leave from the same port"
    assert out(box, HOST, ELSEWHERE).port != 41641, "flows of its own do not"


def test_a_forwarded_port_is_not_given_to_another_host() -> None:
    box = nat(forwards=(Forward(Transport.UDP, 41641, HOST),))
    assert out(box, OTHER_HOST, SERVER).port != 41641


def test_one_to_one_translates_the_address_alone_both_ways() -> None:
    box = nat(one_to_one={PUBLIC: HOST.address}, filtering=Dependence.NOTHING)
    assert back(box, SERVER, Endpoint(PUBLIC, 22)) == Endpoint(HOST.address, 22)
    assert out(box, HOST, ELSEWHERE) == Endpoint(PUBLIC, HOST.port)


def test_an_accepted_stranger_steals_the_port_of_a_later_flow_to_the_same_end() -> None:
    box = nat(accepts_unsolicited=True)
    peer, wanted = ELSEWHERE, Endpoint(PUBLIC, HOST.port)
    assert back(box, peer, wanted, 0.0) is Refusal.FOR_ROUTER
    stolen = out(box, HOST, peer, 1.0)
    assert stolen.port != HOST.port
    assert out(box, HOST, SERVER, 1.0) == wanted, "other flows keep the port"
    assert back(box, peer, wanted, 2.0) is Refusal.FOR_ROUTER, "the entry stays in the way"
    assert back(box, peer, stolen, 2.0) == HOST


def test_the_stolen_port_comes_back_when_the_entry_has_died() -> None:
    box = nat(accepts_unsolicited=True, unreplied_s=30)
    back(box, ELSEWHERE, Endpoint(PUBLIC, HOST.port), 0.0)
    assert out(box, HOST, ELSEWHERE, 31.0) == Endpoint(PUBLIC, HOST.port)


def test_a_router_that_drops_strangers_keeps_the_port() -> None:
    box = nat()
    assert back(box, ELSEWHERE, Endpoint(PUBLIC, HOST.port)) is Refusal.FILTERED
    assert out(box, HOST, ELSEWHERE) == Endpoint(PUBLIC, HOST.port)


def test_a_forwarded_newcomer_is_shown_from_another_port_if_flows_would_look_alike() -> None:
    forward = Forward(Transport.UDP, 41641, HOST)
    box = nat(mapping=Dependence.ADDRESS_AND_PORT, ports=PortPolicy.RANDOM, forwards=(forward,))
    own = out(box, HOST, ELSEWHERE)
    assert own.port != 41641
    arrived = box.inward(udp(ELSEWHERE, Endpoint(PUBLIC, 41641)), 0.0)
    assert isinstance(arrived, Packet)
    assert arrived.source.address == ELSEWHERE.address
    assert arrived.source.port != ELSEWHERE.port
    answer = box.outward(udp(HOST, arrived.source), 0.0)
    assert answer is not None
    assert (answer.source, answer.destination) == (Endpoint(PUBLIC, 41641), ELSEWHERE)


# --- ICMP ---------------------------------------------------------------------------------------


def test_an_icmp_error_finds_the_host_and_speaks_of_its_own_packet() -> None:
    box = nat(ports=PortPolicy.RANDOM)
    sent = box.outward(udp(HOST, SERVER), 0.0)
    assert sent is not None
    bounce = sent.bounce(IcmpError.PORT, SERVER)
    assert bounce is not None
    arrived = box.inward(bounce, 0.0)
    assert isinstance(arrived, Packet)
    assert arrived.destination == HOST
    assert isinstance(arrived.payload, Bounce)
    assert arrived.payload.about == udp(HOST, SERVER)


def test_an_icmp_error_about_nothing_is_dropped() -> None:
    box = nat()
    stray = udp(Endpoint(PUBLIC, 5), SERVER).bounce(IcmpError.PORT, SERVER)
    assert stray is not None
    assert box.inward(stray, 0.0) is Refusal.FILTERED


def test_an_icmp_error_does_not_end_the_mapping() -> None:
    box = nat(ports=PortPolicy.RANDOM)  # RFC 4787 REQ-12
    external = out(box, HOST, SERVER)
    bounce = udp(external, SERVER).bounce(IcmpError.HOST, SERVER)
    assert bounce is not None
    box.inward(bounce, 1.0)
    assert out(box, HOST, SERVER, 2.0) == external


# --- properties ---------------------------------------------------------------------------------

_HOSTS = st.sampled_from([Endpoint.of(f"192.168.1.{n}", p) for n in (20, 21) for p in (5, 6000)])
_ENDS = st.sampled_from([Endpoint.of(f"45.83.20{n}.1", p) for n in (0, 1) for p in (53, 3478)])
_STEP = st.tuples(st.sampled_from(["out", "in"]), _HOSTS, _ENDS, st.floats(0, 50))
_BEHAVIORS = st.builds(
    NatBehavior,
    addresses=st.sampled_from([(PUBLIC,), (PUBLIC, SECOND)]),
    mapping=st.sampled_from(Dependence),
    filtering=st.sampled_from(Dependence),
    ports=st.sampled_from(PortPolicy),
    port_range=st.just((2000, 2060)),
    pool=st.sampled_from(PoolPolicy),
    overload=st.booleans(),
    accepts_unsolicited=st.booleans(),
    inbound_refresh=st.booleans(),
)


@settings(max_examples=150, deadline=None)
@given(_BEHAVIORS, st.lists(_STEP, max_size=40))
def test_an_answer_to_a_live_flow_reaches_whoever_sent_last_from_there(
    behavior: NatBehavior, steps: list[tuple[str, Endpoint, Endpoint, float]]
) -> None:
    box = Nat(behavior, Random(3))
    now = 0.0
    seen: set[Endpoint] = {Endpoint(PUBLIC, 2000)}
    for kind, host, end, wait in steps:
        now += wait
        if kind == "in":
            for external in sorted(seen, key=str):
                box.inward(udp(end, external), now)
            continue
        left = box.outward(udp(host, end), now)
        if left is None:
            continue
        seen.add(left.source)
        assert left.source.address in behavior.addresses
        assert left.destination == end
        answer = box.inward(udp(end, left.source), now)
        assert isinstance(answer, Packet)
        assert (answer.destination, answer.source) == (host, end)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(_HOSTS, _ENDS), min_size=1, max_size=30), st.sampled_from(PortPolicy))
def test_an_endpoint_independent_mapping_never_moves_while_it_is_used(
    flows: list[tuple[Endpoint, Endpoint]], ports: PortPolicy
) -> None:
    box = nat(ports=ports, port_range=(2000, 60000))
    given_to: dict[Endpoint, Endpoint] = {}
    for number, (host, end) in enumerate(flows):
        external = out(box, host, end, float(number))
        assert given_to.setdefault(host, external) == external
    assert len(set(given_to.values())) == len(given_to), "no two hosts share a public endpoint"


def test_addresses_are_owned_by_whoever_has_them() -> None:
    box = nat(one_to_one={SECOND: HOST.address})
    owned: list[IPAddress] = [PUBLIC, SECOND]
    assert all(box.owns(address) for address in owned)
    assert not box.owns(SERVER.address)
