"""The `classic` check: RFC 3489's NAT types, by pystun3, as a second opinion.

pystun3's own `get_nat_type` does all tests on one socket, filtering before mapping. Behind a Linux
router that accepts unsolicited packets this makes an ordinary NAT look symmetric. Here its single
tests run on fresh sockets, in the order that does not disturb, and from the real local address, so
that "open internet" can be found.
"""

from __future__ import annotations

from collections.abc import Callable

from probes.checks.behavior import behavior_outcome
from probes.checks.context import Context
from probes.checks.ways_out import bind_for, usable
from probes.clean import clean
from probes.model import CheckId, Endpoint, Family, Reason
from probes.network.seam import Bind, NetworkError, UdpSocket
from probes.pystun import CHANGE_BOTH, CHANGE_PORT, Test, Unanswerable, stun_test
from probes.readings import classic, local, stun
from probes.readings.classic import ClassicType

STEPS = 4


class ClassicCheck:
    """See the module."""

    id = CheckId.CLASSIC
    budget_ms = 20_000.0

    async def run(self, context: Context) -> None:
        """Ask one able server."""
        outcome = await behavior_outcome(context)
        if outcome.tunnel:
            context.unknown(classic.TYPE4, Reason.THROUGH_TUNNEL, outcome.tunnel)
            return
        able = outcome.able(Family.V4)
        if not able:
            await context.board.reading(stun.UDP)
            if _silent(context):
                source = "no STUN server answered"
                context.known(classic.TYPE4, ClassicType.BLOCKED, source)
            else:
                detail = "no server was able to tell"
                context.unknown(classic.TYPE4, Reason.NO_SERVER, detail)
            return
        way_out = usable(await context.board.reading(local.WAY_OUT4))
        own = str(way_out.source) if way_out is not None else ""
        bind = bind_for(way_out) if way_out is not None else Bind(Family.V4)
        run = _Run(context, bind, own, able[0].primary, able[0].host)
        try:
            found = await run.go()
        except Unanswerable as error:
            detail = clean(f"pystun3 could not read {able[0].host}'s answers: {error}")
            context.unknown(classic.TYPE4, Reason.CONTRADICTORY, detail)
        except NetworkError as error:
            context.unknown(classic.TYPE4, Reason.NO_ANSWER, str(error))
        else:
            if found is None:
                detail = f"{able[0].host} does not answer requests of RFC 3489"
                context.unknown(classic.TYPE4, Reason.NO_SERVER, detail)
            else:
                context.known(classic.TYPE4, found, f"pystun3 with {able[0].host}")


def _silent(context: Context) -> bool:
    report = context.board.report
    return report.value(stun.UDP) is False and not report.value(stun.ELSEWHERE)


class _Run:
    def __init__(self, context: Context, bind: Bind, own: str, server: Endpoint, host: str) -> None:
        self.context = context
        self.bind = bind
        self.own = own
        self.server = server
        self.host = host
        self.done = 0

    async def go(self) -> ClassicType | None:
        """RFC 3489 section 10.1; None if the server does not speak it."""
        control = await self.context.network.udp(self.bind)
        first = await self._test(control, self.server, _exactly(self.server))
        changed = _endpoint(first.changed)
        if not first.answered or first.external is None or changed is None:
            return None
        # Test II and III on sockets that have never sent anywhere else.
        opened = await self._fresh(CHANGE_BOTH, _exactly(changed))
        if first.external[0] == self.own:
            if opened.answered:
                return ClassicType.OPEN_INTERNET
            return ClassicType.SYMMETRIC_UDP_FIREWALL
        if opened.answered:
            return ClassicType.FULL_CONE
        port = Endpoint(self.server.address, changed.port)
        half_opened = await self._fresh(CHANGE_PORT, _exactly(port))
        # Only now does the control socket send to the other address.
        again = await self._test(control, changed, _exactly(changed))
        if not again.answered or again.external is None:
            return None
        if again.external != first.external:
            return ClassicType.SYMMETRIC
        if half_opened.answered:
            return ClassicType.RESTRICTED_CONE
        return ClassicType.PORT_RESTRICTED_CONE

    async def _fresh(self, change: str, expected: Callable[[Endpoint], bool]) -> Test:
        socket = await self.context.network.udp(self.bind)
        return await self._test(socket, self.server, expected, change)

    async def _test(
        self,
        socket: UdpSocket,
        to: Endpoint,
        expected: Callable[[Endpoint], bool],
        change: str = "",
    ) -> Test:
        self.done += 1
        self.context.progress(self.done, STEPS, "ask-servers", self.host)
        return await stun_test(self.context.network, socket, to, expected, change)


def _exactly(source: Endpoint) -> Callable[[Endpoint], bool]:
    return lambda sender: sender == source


def _endpoint(pair: tuple[str, int] | None) -> Endpoint | None:
    try:
        return Endpoint.of(*pair) if pair is not None else None
    except ValueError:
        return None
