"""The opt-in `lifetime` check: how long an idle UDP mapping lives (RFC 5780 section 4.6).

Six sockets are mapped at once and then stay silent for six different times, so the whole test takes
as long as the longest of them. After its silence, another socket asks the server to answer to the
silent one's mapping (RESPONSE-PORT). It stops early once a mapping was found expired.
"""

from __future__ import annotations

import asyncio

from probes.checks import hairpin
from probes.checks.behavior_run import ASKED_ENOUGH, Tests, behavior_outcome, behavior_tests
from probes.checks.behavior_test import Testimony
from probes.checks.context import Context
from probes.checks.inquiry import KNOCKS_S, Asker, Inquiry
from probes.checks.ways_out import bind_for
from probes.checks.ways_out import way_out as find_way_out
from probes.model import CheckId, Endpoint, Family, Reason
from probes.network.seam import Bind, Datagram, UdpSocket
from probes.readings import lifetime
from probes.readings.lifetime import Lifetime, LifetimeMethod
from probes.values import dataclass
from probes.wire import stun
from probes.wire.stun import Attribute, AttributeType

SILENCES_S = (20, 35, 65, 125, 185, 305)
"""Each a little longer than a usual timeout: 30 s, 60 s, 120 s, 180 s, 300 s."""
MOST_TELLING_S = (35, 125, 65, 20, 185, 305)
"""The same, those first that say whether a mapping is kept for 30 s and for two minutes."""
EACH, BESIDES = 2, 2
"""Transactions of each silence, and of showing that the server can be heard at all."""
ANSWER_S = 1.5
TICK_S = 1.0
SOFTWARE = ("whyrelay",)


@dataclass(slots=True)
class _Silent:
    """A socket that was mapped once and then kept still."""

    silence_s: int
    asker: Asker
    socket: UdpSocket
    mapped: Endpoint
    mapped_at: float


class LifetimeCheck:
    """See the module."""

    id = CheckId.LIFETIME
    budget_ms = (SILENCES_S[-1] + 30) * 1000.0

    async def run(self, context: Context) -> None:
        """Map, wait, ask."""
        outcome = await behavior_outcome(context)
        servers = outcome.able(Family.V4)
        if not servers:
            context.unknown(lifetime.LIFETIME4, *outcome.why_not)
            return
        way_out = await find_way_out(context, Family.V4)
        bind = bind_for(way_out) if way_out is not None else Bind(Family.V4)
        tests = await behavior_tests(context)
        silences_s = _affordable(tests.left - _kept_for_hairpin(context))
        if not silences_s or not tests.may_begin(BESIDES + EACH * len(silences_s)):
            context.unknown(lifetime.LIFETIME4, Reason.NO_SERVER, ASKED_ENOUGH)
            return
        await _Run(context, bind, servers[0], silences_s, tests).go()


def _affordable(left: int) -> tuple[int, ...]:
    """The silences that the run's share of public servers' answers allows."""
    count = max(0, min((left - BESIDES) // EACH, len(SILENCES_S)))
    return tuple(sorted(MOST_TELLING_S[:count]))


def _kept_for_hairpin(context: Context) -> int:
    return hairpin.TRANSACTIONS if CheckId.HAIRPIN in context.board.report.checks else 0


class _Run:
    def __init__(
        self,
        context: Context,
        bind: Bind,
        server: Testimony,
        silences_s: tuple[int, ...],
        tests: Tests,
    ) -> None:
        self.context = context
        self.bind = bind
        self.server = server.primary
        self.host = server.host
        self.silences_s = silences_s
        self.turn = tests.turn
        self.may_begin = tests.may_begin
        self.lived_s = 0
        self.expired_s: int | None = None

    async def go(self) -> None:
        context = self.context
        context.progress(0, self.silences_s[-1], "map", self.host)
        probe = await self._map(0) or await self._map_again()
        silent = [each for each in [await self._map(each) for each in self.silences_s] if each]
        helper = await self._open()
        if probe is None or not silent:
            context.unknown(lifetime.LIFETIME4, Reason.NO_ANSWER, f"{self.host} fell silent")
            return
        direct = await self._reached(helper, probe)
        method = LifetimeMethod.RESPONSE_PORT if direct else LifetimeMethod.REMAPPED
        for each in silent:
            await self._wait_for(each)
            alive = await (self._reached(helper, each) if direct else self._kept(each))
            self._note(each.silence_s, alive, method)
            if self.expired_s is not None:
                return
        if self.lived_s == 0:
            detail = "the mapped port stayed the same, which proves nothing by itself"
            context.unknown(lifetime.LIFETIME4, Reason.NO_SERVER, detail)

    def _note(self, silence_s: int, alive: bool | None, method: LifetimeMethod) -> None:
        if alive:
            self.lived_s = silence_s
        elif alive is False:
            self.expired_s = silence_s
        if alive is None:
            return
        found = Lifetime(self.lived_s, self.expired_s, method, self.host)
        self.context.known(lifetime.LIFETIME4, found, f"{method} with {self.host}")

    async def _open(self) -> Asker:
        socket = await self.context.network.udp(self.bind)
        asker = Asker(self.context.network, socket, lambda _inquiry: None)
        self.context.spawn(asker.listen())
        return asker

    async def _map(self, silence_s: int) -> _Silent | None:
        """A fresh socket with a mapping; None if the server did not answer."""
        network = self.context.network
        socket = await network.udp(self.bind)
        asker = Asker(network, socket, lambda _inquiry: None)
        listening = asyncio.create_task(asker.listen())
        try:
            answer = await self._ask(asker)
        finally:
            # From here on the socket is read by whoever asks whether it was reached.
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        if answer is None:
            return None
        return _Silent(silence_s, asker, socket, answer, network.now())

    async def _map_again(self) -> _Silent | None:
        """The whole test hangs on the first answer: one more try, where the run may ask again."""
        return await self._map(0) if self.may_begin(1) else None

    async def _ask(self, asker: Asker) -> Endpoint | None:
        await self.turn()
        inquiry = asker.inquire(self.host, 0, (self.server,), software=SOFTWARE)
        asking = asyncio.create_task(asker.ask(inquiry))
        try:
            async with asyncio.timeout(ANSWER_S):
                await inquiry.over.wait()
        except TimeoutError:
            return None
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
        return inquiry.replies[0][2].mapped if inquiry.replies else None

    async def _wait_for(self, silent: _Silent) -> None:
        """Silence, with honest progress."""
        network = self.context.network
        while (left_s := silent.mapped_at + silent.silence_s - network.now()) > 0:
            done = silent.silence_s - int(left_s)
            self.context.progress(done, self.silences_s[-1], "keep-silent", f"{silent.silence_s} s")
            await asyncio.sleep(min(TICK_S, left_s))

    async def _reached(self, helper: Asker, silent: _Silent) -> bool:
        """Whether the server's answer to `helper`, sent to the silent mapping, arrives there."""
        await self.turn()
        port = Attribute(AttributeType.RESPONSE_PORT, silent.mapped.port)
        inquiry = helper.inquire(self.host, 0, (self.server,), port, software=SOFTWARE)
        asking = asyncio.create_task(helper.ask(inquiry, KNOCKS_S))
        try:
            async with asyncio.timeout(ANSWER_S):
                return await _heard(silent.socket, inquiry)
        except TimeoutError:
            return False
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    async def _kept(self, silent: _Silent) -> bool | None:
        """Without RESPONSE-PORT: another mapped port is proof of expiry; the same is none."""
        listening = asyncio.create_task(silent.asker.listen())
        try:
            again = await self._ask(silent.asker)
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        return False if again is not None and again != silent.mapped else None


async def _heard(socket: UdpSocket, inquiry: Inquiry) -> bool:
    while True:
        arrival = await socket.receive()
        if not isinstance(arrival, Datagram) or arrival.source != inquiry.servers[0]:
            continue
        try:
            message = stun.parse(arrival.data)
        except stun.Malformed:
            continue
        if message.transaction == inquiry.transaction:
            return True
