"""The `classic` check: RFC 3489's NAT types, by pystun3, as a second opinion.

pystun3's own `get_nat_type` does all tests on one socket, filtering before mapping. Behind a Linux
router that accepts unsolicited packets this makes an ordinary NAT look symmetric. Here its single
tests run on fresh sockets, in the order that does not disturb, and from the real local address, so
that "open internet" can be found.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from probes.checks.behavior_run import (
    ASKED_ENOUGH,
    Candidate,
    Outcome,
    Tests,
    behavior_outcome,
    behavior_tests,
)
from probes.checks.behavior_test import silence_s
from probes.checks.context import Context
from probes.checks.ways_out import bind_for
from probes.checks.ways_out import way_out as find_way_out
from probes.clean import clean
from probes.model import CheckId, Endpoint, Family, Reason
from probes.network.seam import Bind, NetworkError, UdpSocket
from probes.pystun import CHANGE_BOTH, CHANGE_PORT, EVERY_S, TRIES, Test, Unanswerable, stun_test
from probes.readings import classic, stun
from probes.readings.classic import ClassicType

TRANSACTIONS = 4
MOST_ASKED = 3


class ClassicCheck:
    """See the module."""

    id = CheckId.CLASSIC
    budget_ms = 20_000.0

    async def run(self, context: Context) -> None:
        """Begin with the first server that looks able; it counts once it turned out to be."""
        tests = await behavior_tests(context)
        over = asyncio.ensure_future(behavior_outcome(context))
        tried: dict[Endpoint, ClassicType | str] = {}
        try:
            either: set[asyncio.Future[Any]] = {over, tests.candidate}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if tests.candidate.done():
                first = tests.candidate.result()
                tried[first.primary] = await _ask(context, tests, first)
            outcome = await over
        finally:
            over.cancel()
        asked_first = sorted(outcome.able(Family.V4), key=lambda each: each.primary not in tried)
        for each in asked_first[:MOST_ASKED]:
            if each.primary not in tried:
                server = Candidate(each.host, each.primary, each.rtt_ms)
                tried[each.primary] = await _ask(context, tests, server)
            found = tried[each.primary]
            if isinstance(found, ClassicType):
                context.known(classic.TYPE4, found, f"pystun3 with {each.host}")
                return
        await _tell_why_not(context, outcome, tried)


async def _tell_why_not(
    context: Context, outcome: Outcome, tried: dict[Endpoint, ClassicType | str]
) -> None:
    able = outcome.able(Family.V4)
    if able:
        detail = "; ".join(str(tried[each.primary]) for each in able if each.primary in tried)
        context.unknown(classic.TYPE4, Reason.NO_SERVER, detail)
        return
    await context.board.reading(stun.UDP)
    report = context.board.report
    if report.value(stun.UDP) is False and not report.value(stun.ELSEWHERE):
        context.known(classic.TYPE4, ClassicType.BLOCKED, "no STUN server answered")
    else:
        context.unknown(classic.TYPE4, *outcome.why_not)


async def _ask(context: Context, tests: Tests, server: Candidate) -> ClassicType | str:
    """The type, or a clean sentence that says why this server could not tell."""
    if not tests.may_begin(TRANSACTIONS):
        return ASKED_ENOUGH
    way_out = await find_way_out(context, Family.V4)
    own = str(way_out.source) if way_out is not None else ""
    bind = bind_for(way_out) if way_out is not None else Bind(Family.V4)
    try:
        found = await _Run(context, bind, own, server, tests.turn).go()
    except Unanswerable as error:
        return clean(f"pystun3 could not read {server.host}'s answers: {error}")
    except NetworkError as error:
        return str(error)
    return found or f"{server.host} does not answer requests of RFC 3489"


class _Run:
    def __init__(
        self,
        context: Context,
        bind: Bind,
        own: str,
        server: Candidate,
        turn: Callable[[], Awaitable[None]],
    ) -> None:
        self.context = context
        self.bind = bind
        self.own = own
        self.host = server.host
        self.server = server.primary
        self.last_s = silence_s(server.rtt_ms) - (TRIES - 1) * EVERY_S
        self.turn = turn
        self.done = 0

    async def go(self) -> ClassicType | None:
        """RFC 3489 section 10.1; None if the server does not speak it."""
        control = await self.context.network.udp(self.bind)
        first = await self._test(control, self.server, self.server)
        changed = _endpoint(first.changed)
        if not first.answered or first.external is None or changed is None:
            return None
        # Tests II and III leave from sockets that have never sent anywhere else, so they disturb
        # neither each other nor the control socket, which goes on to the other address.
        port = Endpoint(self.server.address, changed.port)
        opened, half_opened, again = await asyncio.gather(
            self._fresh(CHANGE_BOTH, changed),
            self._fresh(CHANGE_PORT, port),
            self._test(control, changed, changed),
        )
        if first.external[0] == self.own:
            if opened.answered:
                return ClassicType.OPEN_INTERNET
            return ClassicType.SYMMETRIC_UDP_FIREWALL
        if opened.answered:
            return ClassicType.FULL_CONE
        if not again.answered or again.external is None:
            return None
        if again.external != first.external:
            return ClassicType.SYMMETRIC
        if half_opened.answered:
            return ClassicType.RESTRICTED_CONE
        return ClassicType.PORT_RESTRICTED_CONE

    async def _fresh(self, change: str, source: Endpoint) -> Test:
        socket = await self.context.network.udp(self.bind)
        return await self._test(socket, self.server, source, change)

    async def _test(
        self, socket: UdpSocket, to: Endpoint, source: Endpoint, change: str = ""
    ) -> Test:
        await self.turn()
        found = await stun_test(
            self.context.network,
            socket,
            to,
            lambda sender: sender == source,
            change,
            last_s=self.last_s,
        )
        self.done += 1
        self.context.progress(self.done, TRANSACTIONS, "ask-servers", self.host)
        return found


def _endpoint(pair: tuple[str, int] | None) -> Endpoint | None:
    try:
        return Endpoint.of(*pair) if pair is not None else None
    except ValueError:
        return None
