"""The opt-in `hairpin` check: does the NAT send a packet for its own public endpoint back inside?

Off unless asked for: some firewalls take such a packet for an attack (a "LAND" packet) and cut the
connection. Two sockets are used, so that none seems to send to itself.
"""

from __future__ import annotations

import asyncio
from typing import TypeAlias

from probes.checks.behavior_run import ASKED_ENOUGH, behavior_outcome, behavior_tests
from probes.checks.context import Context
from probes.checks.inquiry import SENDS_S, Asker
from probes.checks.ways_out import bind_for
from probes.checks.ways_out import way_out as find_way_out
from probes.model import CheckId, Endpoint, Family, Reason
from probes.network.seam import Bind, Datagram, UdpSocket
from probes.readings import lifetime

TRANSACTIONS = 2
WAIT_S = 1.5
NONCE_BYTES = 16
SOFTWARE = ("whyrelay",)


class HairpinCheck:
    """See the module."""

    id = CheckId.HAIRPIN
    budget_ms = 20_000.0

    async def run(self, context: Context) -> None:
        """Map one socket, send to its public endpoint from another."""
        outcome = await behavior_outcome(context)
        servers = outcome.able(Family.V4)
        if not servers:
            context.unknown(lifetime.HAIRPIN4, *outcome.why_not)
            return
        way_out = await find_way_out(context, Family.V4)
        bind = bind_for(way_out) if way_out is not None else Bind(Family.V4)
        if not (await behavior_tests(context)).may_begin(TRANSACTIONS):
            context.unknown(lifetime.HAIRPIN4, Reason.NO_SERVER, ASKED_ENOUGH)
            return
        context.progress(0, len(SENDS_S), "map")
        first = await context.network.udp(bind)
        second = await context.network.udp(bind)
        one = await _mapped(context, first, servers[0].host, servers[0].primary)
        two = await _mapped(context, second, servers[0].host, servers[0].primary)
        if one is None or two is None:
            context.unknown(lifetime.HAIRPIN4, Reason.NO_ANSWER, f"{servers[0].host} fell silent")
            return
        if way_out is not None and one.address == way_out.source:
            context.unknown(lifetime.HAIRPIN4, Reason.NOT_APPLICABLE, "there is no NAT")
            return
        works = await _comes_back(context, (first, one), (second, two))
        context.known(lifetime.HAIRPIN4, works, f"packets to our own endpoints {one} and {two}")


async def _mapped(
    context: Context, socket: UdpSocket, host: str, server: Endpoint
) -> Endpoint | None:
    asker = Asker(context.network, socket, lambda _inquiry: None)
    inquiry = asker.inquire(host, 0, (server,), software=SOFTWARE)
    tasks = [asyncio.create_task(asker.listen()), asyncio.create_task(asker.ask(inquiry))]
    try:
        async with asyncio.timeout(WAIT_S):
            await inquiry.over.wait()
    except TimeoutError:
        return None
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return inquiry.replies[0][2].mapped if inquiry.replies else None


_Mapped: TypeAlias = tuple[UdpSocket, Endpoint]


async def _comes_back(context: Context, first: _Mapped, second: _Mapped) -> bool:
    """Both send to the other's public endpoint, so that a filter on the way in lets them pass."""
    nonce = context.network.random_bytes(NONCE_BYTES)

    async def send() -> None:
        for number, offset_s in enumerate(SENDS_S):
            await asyncio.sleep(offset_s - SENDS_S[number - 1] if number else 0.0)
            context.progress(number + 1, len(SENDS_S), "send-home", str(second[1]))
            first[0].send(nonce, second[1])
            second[0].send(nonce, first[1])

    async def listen(socket: UdpSocket) -> None:
        while True:
            arrival = await socket.receive()
            # Whatever its source address: a NAT may or may not show the public one.
            if isinstance(arrival, Datagram) and arrival.data == nonce:
                return

    sending = asyncio.create_task(send())
    hearing = [asyncio.create_task(listen(first[0])), asyncio.create_task(listen(second[0]))]
    try:
        done, _ = await asyncio.wait(hearing, timeout=WAIT_S, return_when="FIRST_COMPLETED")
        return any(task.exception() is None for task in done)
    finally:
        for task in (sending, *hearing):
            task.cancel()
        await asyncio.gather(sending, *hearing, return_exceptions=True)
