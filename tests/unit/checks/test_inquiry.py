"""One socket asking servers: what counts as an answer, what is only noted, and round trips."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from probes.checks.inquiry import MOST_FAULTS, Asker, Inquiry
from probes.model import Endpoint
from probes.network.seam import Arrival, Bounced, Datagram, IcmpError, NotPermitted
from probes.readings.stun import Fault
from probes.wire import stun
from probes.wire.stun import Attribute, AttributeType, ErrorCode, Message, MessageClass

SERVER = Endpoint.parse("203.0.113.1:3478")
OTHER = Endpoint.parse("203.0.113.2:3478")
STRANGER = Endpoint.parse("192.0.2.66:3478")
MAPPED = Endpoint.parse("198.51.100.7:51820")


class FakeSocket:
    """A socket whose sends are kept and whose arrivals the test provides."""

    local = Endpoint.parse("192.168.1.20:51820")

    def __init__(self) -> None:
        self.sent: list[tuple[bytes, Endpoint]] = []
        self.arrivals: asyncio.Queue[Arrival] = asyncio.Queue()
        self.refuse: Exception | None = None

    def send(self, data: bytes, to: Endpoint, *, ttl: int | None = None) -> None:
        """Keep it."""
        self.sent.append((data, to))
        if self.refuse is not None:
            raise self.refuse

    async def receive(self) -> Arrival:
        """What the test put in."""
        return await self.arrivals.get()

    def close(self) -> None:
        """Nothing to close."""


class FakeNetwork:
    """A clock that the test turns, and ids that count."""

    def __init__(self) -> None:
        self.time = 100.0
        self.count = 0

    def now(self) -> float:
        """The test's time."""
        return self.time

    def random_bytes(self, count: int) -> bytes:
        """The next id."""
        self.count += 1
        return self.count.to_bytes(count)


class Bench:
    """An asker with its fakes."""

    def __init__(self) -> None:
        self.network = FakeNetwork()
        self.socket = FakeSocket()
        self.told: list[Inquiry] = []
        self.asker = Asker(self.network, self.socket, self.told.append)  # type: ignore[arg-type]

    async def send_once(self, *servers: Endpoint) -> Inquiry:
        inquiry = self.asker.inquire("relay.example", 1, servers or (SERVER,))
        await self.asker.ask(inquiry, (0.0,))
        return inquiry

    async def arrive(self, *arrivals: Arrival) -> None:
        """Hand these to the asker and let it look at each."""
        for arrival in arrivals:
            self.socket.arrivals.put_nowait(arrival)
        listening = asyncio.create_task(self.asker.listen())
        for _ in range(len(arrivals) + 2):  # one turn of the loop for each, and to start and end
            await asyncio.sleep(0)
        assert self.socket.arrivals.empty()
        listening.cancel()

    def faults(self) -> dict[Fault, int]:
        return {each.fault: each.count for each in self.asker.rejected()}


def reply(
    inquiry: Inquiry,
    *,
    source: Endpoint = SERVER,
    at: float = 100.02,
    mapped: Endpoint | None = MAPPED,
    transaction: bytes | None = None,
    message_class: MessageClass = MessageClass.SUCCESS,
    extra: tuple[Attribute, ...] = (),
) -> Datagram:
    attributes = extra
    if mapped is not None:
        attributes = (Attribute(AttributeType.XOR_MAPPED_ADDRESS, mapped), *extra)
    message = Message(message_class, stun.BINDING, transaction or inquiry.transaction, attributes)
    return Datagram(stun.build(message), source, at)


async def test_a_reply_from_the_asked_server_counts() -> None:
    bench = Bench()
    inquiry = await bench.send_once()
    await bench.arrive(reply(inquiry))
    assert bench.told == [inquiry]
    assert inquiry.rtt_ms() == pytest.approx(20.0)
    assert bench.asker.rejected() == ()


Make = Callable[[Inquiry], Datagram]


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (lambda inquiry: Datagram(b"hello", SERVER, 100.0), Fault.GARBAGE),
        (lambda inquiry: reply(inquiry, transaction=bytes(12)), Fault.WRONG_TRANSACTION),
        (lambda inquiry: reply(inquiry, source=STRANGER), Fault.WRONG_SOURCE),
        (
            lambda inquiry: reply(inquiry, source=Endpoint(SERVER.address, 3479)),
            Fault.WRONG_SOURCE,
        ),
        (lambda inquiry: reply(inquiry, mapped=None), Fault.NO_ADDRESS),
        (
            lambda inquiry: reply(inquiry, mapped=Endpoint.parse("[2001:db8::1]:5")),
            Fault.NO_ADDRESS,
        ),
        (
            lambda inquiry: reply(inquiry, message_class=MessageClass.INDICATION),
            Fault.NO_ADDRESS,
        ),
        (
            lambda inquiry: reply(
                inquiry,
                mapped=None,
                message_class=MessageClass.ERROR,
                extra=(Attribute(AttributeType.ERROR_CODE, ErrorCode(420, "no")),),
            ),
            Fault.ERROR_RESPONSE,
        ),
    ],
)
async def test_what_does_not_count_is_noted(make: Make, fault: Fault) -> None:
    bench = Bench()
    inquiry = await bench.send_once()
    await bench.arrive(make(inquiry))
    assert not inquiry.answered
    assert bench.told == []
    assert bench.faults() == {fault: 1}


async def test_a_forged_reply_does_not_keep_the_true_one_out() -> None:
    bench = Bench()
    inquiry = await bench.send_once()
    await bench.arrive(reply(inquiry, source=STRANGER), reply(inquiry, at=100.03))
    assert inquiry.answered
    assert inquiry.replies[0][2].mapped == MAPPED


async def test_a_refusal_ends_that_wait_and_no_other() -> None:
    bench = Bench()
    refused = await bench.send_once(SERVER)
    waiting = await bench.send_once(OTHER)
    await bench.arrive(Bounced(IcmpError.PROHIBITED, SERVER, None, 100.01))
    assert refused.over.is_set()
    assert not waiting.over.is_set()
    assert bench.faults() == {Fault.REFUSED: 1}


async def test_one_refusing_server_of_two_leaves_the_other_its_time() -> None:
    bench = Bench()
    inquiry = bench.asker.inquire("relay.example", 1, (SERVER, OTHER))
    await bench.asker.ask(inquiry, (0.0, 0.0))
    await bench.arrive(Bounced(IcmpError.PORT, SERVER, None, 100.01))
    assert not inquiry.over.is_set()
    await bench.arrive(reply(inquiry, source=OTHER))
    assert inquiry.answered


async def test_an_answer_after_a_refusal_still_wins() -> None:
    bench = Bench()
    inquiry = await bench.send_once()
    await bench.arrive(Bounced(IcmpError.HOST, SERVER, None, 100.01), reply(inquiry))
    assert inquiry.answered
    assert bench.told == [inquiry]


async def test_a_refused_send_is_noted_and_ends_the_wait() -> None:
    bench = Bench()
    bench.socket.refuse = NotPermitted("Operation not permitted")
    inquiry = await bench.send_once()
    assert inquiry.over.is_set()
    assert bench.asker.can_send is False
    assert bench.faults() == {Fault.UNSENT: 1}


async def test_tries_rotate_over_the_servers() -> None:
    bench = Bench()
    inquiry = bench.asker.inquire("relay.example", 1, (SERVER, OTHER))
    await bench.asker.ask(inquiry, (0.0, 0.0, 0.0))
    assert [to for _, to in bench.socket.sent] == [SERVER, OTHER, SERVER]
    assert len({data for data, _ in bench.socket.sent}) == 1


def sent_at(inquiry: Inquiry, *times: float) -> None:
    inquiry.sent[:] = [(when, SERVER) for when in times]


async def test_the_round_trip_of_a_lost_first_try_is_that_of_the_second() -> None:
    bench = Bench()
    inquiry = await bench.send_once()
    sent_at(inquiry, 100.0, 100.2)
    await bench.arrive(reply(inquiry, at=100.23))
    assert inquiry.rtt_ms() == pytest.approx(30.0)


async def test_a_duplicate_shows_that_an_earlier_try_was_answered() -> None:
    """A satellite link: the answer to the first try comes after the third was sent."""
    bench = Bench()
    inquiry = await bench.send_once()
    sent_at(inquiry, 100.0, 100.2, 100.6)
    await bench.arrive(reply(inquiry, at=100.65), reply(inquiry, at=100.85))
    await bench.arrive(reply(inquiry, at=101.25))
    assert inquiry.rtt_ms() == pytest.approx(650.0)


async def test_a_flood_of_forgeries_fills_no_memory() -> None:
    bench = Bench()
    await bench.send_once()
    flood = [
        Datagram(b"x", Endpoint.of("192.0.2.66", port), 100.0)
        for port in range(1000, 1000 + 20 * MOST_FAULTS)
    ]
    await bench.arrive(*flood)
    assert len(bench.asker.rejected()) == MOST_FAULTS


async def test_a_round_trip_over_tls_tells_which_try_was_answered() -> None:
    """Before any duplicate has come."""
    bench = Bench()
    inquiry = await bench.send_once()
    sent_at(inquiry, 100.0, 100.2, 100.6)
    await bench.arrive(reply(inquiry, at=100.65))
    assert inquiry.rtt_ms() == pytest.approx(50.0)
    assert inquiry.rtt_ms(620.0) == pytest.approx(650.0)
    assert inquiry.rtt_ms(30.0) == pytest.approx(50.0)
    assert inquiry.rtt_ms(least_ms=600.0) == pytest.approx(650.0)
    assert inquiry.rtt_ms(least_ms=20.0) == pytest.approx(50.0)


async def test_duplicates_overrule_a_round_trip_over_tls() -> None:
    """Where UDP alone is slow, the TLS round trip points to the wrong try, until a duplicate."""
    bench = Bench()
    inquiry = await bench.send_once()
    sent_at(inquiry, 100.0, 100.2)
    await bench.arrive(reply(inquiry, at=100.21))
    assert inquiry.rtt_ms(10.0) == pytest.approx(10.0)
    assert inquiry.settled_at() > 100.41
    await bench.arrive(reply(inquiry, at=100.41))
    assert inquiry.rtt_ms(10.0) == pytest.approx(210.0)
    assert inquiry.settled_at() == pytest.approx(100.41)


async def test_a_single_try_is_settled_by_its_answer() -> None:
    bench = Bench()
    inquiry = await bench.send_once()
    await bench.arrive(reply(inquiry))
    assert inquiry.settled_at() == pytest.approx(100.02)


async def test_no_relay_seems_nearer_than_it_is_before_it_is_settled() -> None:
    bench = Bench()
    inquiry = await bench.send_once()
    sent_at(inquiry, 100.0, 100.2)
    await bench.arrive(reply(inquiry, at=100.25))
    assert inquiry.rtt_ms(now=100.3) == pytest.approx(250.0)
    assert inquiry.rtt_ms(now=100.6) == pytest.approx(50.0), "no duplicate came: a lost first try"
