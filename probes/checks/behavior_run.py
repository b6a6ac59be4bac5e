"""The RFC 5780 tests of one run: which servers are asked, how many, and how far they are.

Two servers must agree; a third decides. Those that lie, refuse or cannot are kept with the reason.
Several checks stand on the outcome, so the tests are made once.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from typing import Protocol, runtime_checkable

from probes.checks.behavior_test import TRANSACTIONS, ServerTest, Testimony
from probes.checks.context import Context
from probes.checks.inquiry import Asker
from probes.checks.pacing import Pacer
from probes.checks.ways_out import bind_for, usable, way_out_reading
from probes.model import Endpoint, Family, Reason
from probes.network.seam import Bind, NetworkError
from probes.options import HostPort
from probes.readings import local, stun
from probes.readings.behavior import ServerState
from probes.values import dataclass

DEFAULT_PORT = 3478
PUBLIC_SERVERS = tuple(
    HostPort(f"stun.{name}", DEFAULT_PORT)
    for name in (
        "m-online.net",
        "radiojar.com",
        "tula.nu",
        "vomessen.de",
        "bethesda.net",
        "cope.es",
        "sip.us",
        "mixvoip.com",
        "voipgate.com",
        "axialys.net",
        "pure-ip.com",
    )
)
"""Servers that answered for a year (99.5 % and more) and delivered what they advertise, each week
of the last month when it was looked at (2026-08). Validated again at every run."""

AGREE = 2
MOST_ASKED = 3
ASKED_ENOUGH = "this run has asked public servers often enough"
"""Two, and a third where they disagree or one is not able."""
MOST_NAMED = 4
MOST_TRIED = 5
"""Names that do not resolve included."""
RESOLVE_S = 1.5
"""All names together: where names do not resolve, nothing else waits for them."""
HEAD_START_S = 0.3
"""The relays' answers come first: what netcheck would know must not wait for these tests."""


@runtime_checkable
class HasBehaviorServers(Protocol):
    """A network that brings its own servers: a practice network."""

    @property
    def behavior_servers(self) -> tuple[HostPort, ...]:
        """The servers, by name."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """All servers' testimonies."""

    testimonies: tuple[Testimony, ...]
    unresolved: tuple[str, ...]
    tunnel: str = ""
    """The tunnel that the packets would leave through; then nothing was asked."""
    silent: bool = False
    """Nothing answers over UDP here; nobody was asked."""
    nowhere: bool = False
    """This device has no way to the internet; nobody was asked."""

    @property
    def why_not(self) -> tuple[Reason, str]:
        """Why there is no answer, where no server counts."""
        if self.tunnel:
            return Reason.THROUGH_TUNNEL, self.tunnel
        if self.nowhere:
            return Reason.NOT_APPLICABLE, "no way out"
        if self.silent:
            return Reason.NO_ANSWER, "nothing answers over UDP here"
        if self.unresolved and not self.testimonies:
            return Reason.NO_SERVER, "no server's name could be looked up"
        return Reason.NO_SERVER, "no server was able to tell"

    def able(self, family: Family) -> list[Testimony]:
        """Those that count, of one family."""
        return [each for each in self.testimonies if _counts(each, family)]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A server with a second address that has answered; whether it is honest is not known yet."""

    host: str
    primary: Endpoint
    rtt_ms: float


class Tests:
    """The tests of one run, which several checks stand on."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.watching: list[Context] = []
        """Whoever waits for the outcome is told how far it is."""
        self.named = bool(context.options.behavior_servers)
        self.pacer = Pacer(context.network)
        self.candidate: asyncio.Future[Candidate] = asyncio.get_running_loop().create_future()
        """The first IPv4 server that looks able."""
        self._binds: dict[Family, Bind] = {}
        self._controls: dict[Family, Asker] = {}
        self._testimonies: list[Testimony] = []
        self._unresolved: list[str] = []
        self._seen: set[Endpoint] = set()
        self._running: set[asyncio.Task[None]] = set()

    async def go(self) -> Outcome:
        """Ask servers until enough of them agree."""
        tunnel = await self._ways_out()
        if tunnel:
            return Outcome((), (), tunnel=tunnel)
        if not self._binds:
            return Outcome((), (), silent=True, nowhere=True)
        if not await self._worth_asking():
            return Outcome((), (), silent=True)
        found: asyncio.Queue[tuple[HostPort, Endpoint] | None] = asyncio.Queue()
        resolving = asyncio.create_task(self._resolve_all(found))
        try:
            await self._ask(found)
        finally:
            for task in (resolving, *self._running):
                task.cancel()
            await asyncio.gather(resolving, *self._running, return_exceptions=True)
        return Outcome(tuple(self._testimonies), tuple(self._unresolved))

    @property
    def left(self) -> int:
        """So many more transactions may be begun in this run."""
        return sys.maxsize if self.named else self.pacer.left

    def may_begin(self, count: int) -> bool:
        """Whether so many more transactions may be begun; they then take turns."""
        return self.named or self.pacer.reserve(count)

    def give_back(self, count: int) -> None:
        """So many of those were not needed: others may begin them."""
        if not self.named:
            self.pacer.give_back(count)

    async def turn(self) -> None:
        """Wait until one more transaction may begin."""
        if not self.named:
            await self.pacer.turn()

    async def _ask(self, found: asyncio.Queue[tuple[HostPort, Endpoint] | None]) -> None:
        wanted, asked, more = AGREE, 0, True
        while True:
            while more and (self.named or asked < wanted):
                item = await found.get()
                more = item is not None
                if item is not None and self._start(*item):
                    asked += 1
                    self._progress(0, asked, item[0].host)
            while self._running:
                over, _ = await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
                self._running -= over
                for task in over:
                    task.result()  # a fault is the check's, not one server's
                self._progress(len(self._testimonies), asked, "")
            udp = self.context.board.report.value(stun.UDP)
            if not more or self._enough() or asked >= MOST_ASKED or udp is False:
                return
            wanted = asked + 1

    async def _ways_out(self) -> str:
        for family in Family:
            reading = await way_out_reading(self.context, family)
            way_out = usable(reading)
            if way_out is not None:
                if way_out.through_tunnel:
                    return way_out.tunnel
                self._binds[family] = bind_for(way_out)
            elif not self.context.board.report.known(local.way_out_key(family)):
                self._binds[family] = Bind(family)
        return ""

    async def _worth_asking(self) -> bool:
        """Where the relays' silence says that UDP does not pass, others need not be bothered."""
        if not self.named:
            await self.context.board.reading(stun.UDP)
            return self.context.board.report.value(stun.UDP) is not False
        try:
            async with asyncio.timeout(HEAD_START_S):
                await self.context.board.reading(stun.UDP)
        except TimeoutError:
            pass
        return True

    def _hosts(self) -> list[HostPort]:
        options, network = self.context.options, self.context.network
        if options.behavior_servers:
            return list(options.behavior_servers[:MOST_NAMED])
        if isinstance(network, HasBehaviorServers):
            return list(network.behavior_servers)
        # Another order at each run, so that no operator carries all the load.
        return sorted(PUBLIC_SERVERS, key=lambda _: network.random_bytes(4))[:MOST_TRIED]

    def _enough(self) -> bool:
        for family in self._binds:
            votes = Counter(each.mapping for each in self._testimonies if _counts(each, family))
            if votes and votes.most_common(1)[0][1] >= AGREE:
                return True
        return False

    # --- names ----------------------------------------------------------------------------------

    async def _resolve_all(self, found: asyncio.Queue[tuple[HostPort, Endpoint] | None]) -> None:
        """Look all names up at once; None ends the list."""
        try:
            async with asyncio.timeout(RESOLVE_S), asyncio.TaskGroup() as group:
                for server in self._hosts():
                    group.create_task(self._resolve(server, found))
        except TimeoutError:
            pass
        finally:
            found.put_nowait(None)

    async def _resolve(
        self, server: HostPort, found: asyncio.Queue[tuple[HostPort, Endpoint] | None]
    ) -> None:
        self._unresolved.append(str(server))
        for family in self._binds:
            try:
                addresses = await self.context.network.resolve(server.host, family)
            except NetworkError:
                continue
            if not addresses:
                continue
            found.put_nowait((server, Endpoint(addresses[0], server.port)))
            if str(server) in self._unresolved:
                self._unresolved.remove(str(server))
            if not self.named:
                return  # other people's servers are asked over one family alone

    # --- one server -----------------------------------------------------------------------------

    def _start(self, server: HostPort, primary: Endpoint) -> bool:
        """False: two names of one machine are one witness, or the run's share is used up."""
        if primary in self._seen or not self.may_begin(TRANSACTIONS):
            return False
        self._seen.add(primary)
        self._running.add(asyncio.create_task(self._test(server, primary)))
        return True

    async def _test(self, server: HostPort, primary: Endpoint) -> None:
        test = ServerTest(
            self.context.network,
            str(server),
            primary,
            await self.asker(primary.family),
            await self._control(primary.family),
            prove_ability=self.named,
            must_be_public=not self.named and not _practice(self.context),
            turn=self.turn,
            looks_able=self._looks_able,
        )
        self._testimonies.append(await test.run())

    def _looks_able(self, host: str, primary: Endpoint, rtt_ms: float) -> None:
        if primary.family is Family.V4 and not self.candidate.done():
            self.candidate.set_result(Candidate(host, primary, rtt_ms))

    async def _control(self, family: Family) -> Asker:
        if family not in self._controls:
            self._controls[family] = await self.asker(family)
        return self._controls[family]

    async def asker(self, family: Family) -> Asker:
        """A socket of its own, listening until the report closes."""
        socket = await self.context.network.udp(self._binds[family])
        asker = Asker(self.context.network, socket, lambda _inquiry: None)
        self.context.spawn(asker.listen())
        return asker

    def _progress(self, done: int, total: int, detail: str) -> None:
        for context in self.watching:
            context.progress(done, total, "ask-servers", detail)


async def behavior_tests(context: Context) -> Tests:
    """The tests of this run, made once for all checks; not begun yet."""

    async def make() -> Tests:
        return Tests(context)

    return await context.board.once("behavior-tests", make)


async def behavior_outcome(context: Context) -> Outcome:
    """What the tests of this run say, once they are over."""
    tests = await behavior_tests(context)
    tests.watching.append(context)
    try:
        return await context.board.once("behavior", tests.go)
    finally:
        tests.watching.remove(context)


def _practice(context: Context) -> bool:
    return isinstance(context.network, HasBehaviorServers)


def _counts(testimony: Testimony, family: Family) -> bool:
    return testimony.state is ServerState.ABLE and testimony.primary.family is family
