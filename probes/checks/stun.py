"""The `stun` check: UDP, public endpoints and mapping, by asking the relays' STUN servers.

One socket a family asks every region of the relay map (RFC 5780 section 4.3: all requests of a
mapping test leave from one socket). Each answer is told the moment it exists. The sockets stay open
after the check's end: a late answer still wins over "blocked".
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from probes.checks.context import Context
from probes.checks.deadline import blocked_after_s
from probes.checks.inquiry import SENDS_S
from probes.checks.mapping_test import Side, open_side
from probes.model import CheckId, Endpoint, Family, Reason
from probes.network.seam import NetworkError
from probes.options import HostPort
from probes.readings import relays, stun
from probes.readings.relays import MapOrigin
from probes.readings.stun import Fault
from probes.relays import BUILT_IN, RelayMap, relay_map, stun_nodes
from probes.tailscale.derp_map import Node, Region

ENOUGH_REGIONS = 3
"""As many answers as netcheck wants before it looks at the clock (netcheck.go, enoughRegions)."""
FEWEST_SERVERS = 2
"""One silent server proves nothing about the network."""


class StunCheck:
    """See the module."""

    id = CheckId.STUN
    budget_ms = 12_000.0

    async def run(self, context: Context) -> None:
        """Ask, and tell; ends when what can be known is known."""
        await _Run(context).go()


class _Run:
    def __init__(self, context: Context) -> None:
        self.context = context
        self.sides: list[Side] = []
        self.changed = asyncio.Event()
        self.asking: set[asyncio.Task[None]] = set()
        self.total = 0
        self.began = 0.0
        self.asked_elsewhere = False
        self.fault: BaseException | None = None

    async def go(self) -> None:
        self.context.progress(0, 0, "get-map")
        found, sides = await asyncio.gather(
            relay_map(self.context),
            asyncio.gather(*(open_side(self.context, family) for family in Family)),
        )
        self.sides = [side for side in sides if side is not None]
        self.began = self.context.network.now()
        for side in self.sides:
            side.on_change = self._on_change
            self.context.spawn(side.asker.listen())
        self.context.spawn(self._watch_relay_answers())
        try:
            self._ask_map(found)
            if self.context.options.stun:
                self._ask_elsewhere(self.context.options.stun)
            await self._wait()
        finally:
            for task in self.asking:
                task.cancel()
        self._conclude(found)

    # --- asking ---------------------------------------------------------------------------------

    def _ask_map(self, found: RelayMap) -> None:
        regions = [each for each in found.map.regions if each.measured and stun_nodes(each)]
        for side in self.sides:
            for region in regions:
                if _has_family(region, side.family):
                    self._start(self._ask_region(side, region))
                    self.total += 1
        if found.source.origin is MapOrigin.BUILT_IN:
            # No relay to ask: plain servers stand in, so that UDP and the mapping can be known.
            # They are the very servers that would be asked elsewhere.
            self.asked_elsewhere = True
            for side in self.sides:
                for server in BUILT_IN:
                    self._start(self._ask_plain(side, server, stands_in=True))
                    self.total += 1
        self._progress()

    async def _ask_region(self, side: Side, region: Region) -> None:
        servers: list[Endpoint] = []
        for node in stun_nodes(region):
            servers += await self._endpoints(node, side)
        if not servers:
            return
        host = stun_nodes(region)[0].host or str(servers[0].address)
        inquiry = side.asker.inquire(host, region.id, servers)
        side.inquiries.append(inquiry)
        await side.asker.ask(inquiry)

    async def _endpoints(self, node: Node, side: Side) -> list[Endpoint]:
        assert node.stun_port is not None  # stun_nodes() passes no other
        literal = node.literal(side.family)
        if literal is not None:
            return [Endpoint(literal, node.stun_port)]
        if side.family not in node.asks_dns:
            return []
        return await self._resolve(HostPort(node.host, node.stun_port), side)

    async def _resolve(self, server: HostPort, side: Side) -> list[Endpoint]:
        try:
            found = await self.context.network.resolve(server.host, side.family)
        except NetworkError as error:
            # A name without an address of this family is no finding; one with none at all is.
            if side.family is Family.V4:
                side.asker.fault(Fault.UNRESOLVED, server.host, str(error))
            return []
        return [Endpoint(address, server.port) for address in found[:1]]

    def _ask_elsewhere(self, servers: Sequence[HostPort]) -> None:
        """Other servers on other ports: they tell a blocked STUN port from blocked UDP."""
        self.asked_elsewhere = True
        for side in self.sides:
            for server in servers:
                self._start(self._ask_plain(side, server, stands_in=False))

    async def _ask_plain(self, side: Side, server: HostPort, *, stands_in: bool) -> None:
        servers = await self._resolve(server, side)
        if not servers:
            return
        inquiry = side.asker.inquire(str(server), 0, servers)
        (side.inquiries if stands_in else side.elsewhere).append(inquiry)
        await side.asker.ask(inquiry)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self.asking.add(task)
        task.add_done_callback(self._asked)

    def _asked(self, task: asyncio.Task[None]) -> None:
        self.asking.discard(task)
        self.changed.set()
        if not task.cancelled() and (fault := task.exception()) is not None:
            # Surfaces in the check's own wait, so that it ends as Failed with this reason.
            self.fault = fault

    # --- waiting --------------------------------------------------------------------------------

    async def _wait(self) -> None:
        """Until every side has settled, or its deadline has come."""
        last_try = self.began + SENDS_S[-1]
        while True:
            if self.fault is not None:
                raise self.fault
            now = self.context.network.now()
            if now >= last_try and not self.asked_elsewhere and not self._any_answer():
                self._ask_elsewhere(BUILT_IN)
                self.context.progress(0, self.total, "ask-elsewhere")
            until = max((self._ends_at(side, now) for side in self.sides), default=now)
            if until <= now:
                return
            if now < last_try:
                until = min(until, last_try)
            self.changed.clear()
            try:
                async with asyncio.timeout(until - now):
                    await self.changed.wait()
            except TimeoutError:
                pass

    def _ends_at(self, side: Side, now: float) -> float:
        """When this side needs no more waiting, as far as can be said now."""
        waiting = [each for each in (*side.inquiries, *side.elsewhere) if not each.over.is_set()]
        if not waiting and not self.asking:
            if side.answered():
                return self._settled_at(side)
            # All said no at once: other ports are asked before giving up.
            known = self.asked_elsewhere or self._any_answer()
            return now if known else max(now, self.began + SENDS_S[-1])
        arrived_s = [each.replies[0][0] - self.began for each in side.answered()]
        if len(arrived_s) >= ENOUGH_REGIONS:
            # Whoever has not answered by then is not the nearest relay; late answers still count.
            enough_at = self.began + 2 * arrived_s[ENOUGH_REGIONS - 1]
            return max(enough_at, self._settled_at(side))
        blocked_at = self.began + blocked_after_s(self.context.board.report)
        if len(arrived_s) >= FEWEST_SERVERS:
            last_at = self.began + SENDS_S[-1] + 2 * arrived_s[-1]
            return min(blocked_at, max(last_at, self._settled_at(side)))
        return blocked_at

    def _settled_at(self, side: Side) -> float:
        """When the round trips are certain: a duplicate may show that an earlier try was meant."""
        return max(each.settled_at() for each in side.answered())

    def _any_answer(self) -> bool:
        return any(side.answered() for side in self.sides)

    async def _watch_relay_answers(self) -> None:
        """The deadline is learned from the relays' TCP answers: wake up at each."""
        seen: object = None

        while True:
            report = await self.context.board.wait(
                lambda report, last=seen: (  # type: ignore[misc]
                    report.readings.get(relays.TCP_ANSWERS.id) is not last
                )
            )
            seen = report.readings.get(relays.TCP_ANSWERS.id)
            self.changed.set()

    # --- telling --------------------------------------------------------------------------------

    def _on_change(self) -> None:
        self.changed.set()
        if self._any_answer():
            sources = [str(side.first_server()) for side in self.sides if side.answered()]
            source = self._source(f"STUN answers, first from {sources[0]}")
            self.context.known(stun.UDP, True, source)
            nearest = min(
                (each for side in self.sides for each in side.answers() if each.region),
                key=lambda each: each.rtt_ms,
                default=None,
            )
            if nearest is not None:
                source = self._source(f"{nearest.rtt_ms:.1f} ms to {nearest.server}")
                self.context.known(stun.PREFERRED, nearest.region, source)
        self._tell_elsewhere()
        self._progress()

    def _tell_elsewhere(self) -> None:
        found = tuple(answer for side in self.sides for answer in side.answers_elsewhere())
        if found:
            hosts = ", ".join(answer.host for answer in found)
            self.context.known(stun.ELSEWHERE, found, self._source(f"STUN from {hosts}"))

    def _source(self, what: str) -> str:
        """Provenance of what both families' sides say, marked where one is seen by a tunnel."""
        marked = (source for side in self.sides if (source := side.source(what)) != what)
        return next(marked, what)

    def _progress(self) -> None:
        done = sum(len(side.answered()) for side in self.sides)
        self.context.progress(done, self.total, "ask-relays", f"{done} of {self.total}")

    def _conclude(self, found: RelayMap) -> None:
        context = self.context
        waited_s = context.network.now() - self.began
        for side in self.sides:
            side.conclude(waited_s)
        self._on_change()
        asked = {
            (inquiry.host, inquiry.region)
            for side in self.sides
            for inquiry in (*side.inquiries, *side.elsewhere)
        }
        answered = sum(len(side.answered()) for side in self.sides)
        if not answered:
            relays_asked = any(side.inquiries for side in self.sides)
            if relays_asked and len(asked) >= FEWEST_SERVERS:
                source = (
                    f"no answer from {len(asked)} servers within {waited_s:.1f} s, 3 tries each"
                )
                context.known(stun.UDP, False, self._source(source))
                context.unknown(stun.PREFERRED, Reason.NO_ANSWER)
            else:
                why = "no server had an address that could be asked"
                one = "only one server to ask, and its silence proves nothing"
                detail = one if relays_asked else why
                context.unknown(stun.UDP, Reason.NO_SERVER, detail)
                context.unknown(stun.PREFERRED, Reason.NO_SERVER)
        elsewhere = [inquiry for side in self.sides for inquiry in side.elsewhere]
        if elsewhere and not any(inquiry.answered for inquiry in elsewhere):
            hosts = ", ".join(dict.fromkeys(inquiry.host for inquiry in elsewhere))
            context.known(stun.ELSEWHERE, (), self._source(f"no answer from {hosts}"))
        elif not elsewhere and not answered:
            detail = "no other server had an address that could be asked"
            context.unknown(stun.ELSEWHERE, Reason.NO_SERVER, detail)
        elif not elsewhere:
            context.unknown(stun.ELSEWHERE, Reason.NOT_APPLICABLE, "the relays answered")
        rejected = tuple(each for side in self.sides for each in side.asker.rejected())
        context.known(stun.REJECTED, rejected, self._source("everything that arrived or bounced"))
        context.progress(answered, self.total, "settle", f"{answered} of {self.total}")


def _has_family(region: Region, family: Family) -> bool:
    return any(
        node.literal(family) is not None or family in node.asks_dns for node in stun_nodes(region)
    )
