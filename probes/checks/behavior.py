"""The `behavior` and `collision` checks: how the NAT maps and filters (RFC 4787, RFC 5780).

Two servers must agree; a third decides. A server that lies, refuses or cannot is dropped and named.
Where none is able the answer is "could not be measured", never "filtered".
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from probes.checks.behavior_test import ServerTest, Testimony
from probes.checks.context import Context
from probes.checks.from_outside import tell_forward
from probes.checks.inquiry import Asker
from probes.checks.pacing import Pacer
from probes.checks.ways_out import bind_for, usable
from probes.model import CheckId, Confidence, Endpoint, Family, Filtering, Mapping, Reason
from probes.network.seam import Bind, NetworkError
from probes.options import HostPort
from probes.readings import behavior, local, stun
from probes.readings.behavior import BehaviorServer, FilteringFound, MappingFound, ServerState

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
"""Two, and a third where they disagree or one is not able."""
MOST_NAMED = 4
MOST_TRIED = 5
"""Names that do not resolve included."""
RESOLVE_S = 1.5
TRANSACTIONS = 7
"""Of one server's test: four for filtering, three for mapping."""


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
    tunnel: str
    """The tunnel that the packets would leave through; then nothing was asked."""

    def able(self, family: Family) -> list[Testimony]:
        """Those that count, of one family."""
        return [
            each
            for each in self.testimonies
            if each.state is ServerState.ABLE and each.primary.family is family
        ]


async def behavior_outcome(context: Context) -> Outcome:
    """The test of this run, made once for both checks."""
    return await context.board.once("behavior", lambda: _Run(context).go())


class _Run:
    def __init__(self, context: Context) -> None:
        self.context = context
        self.binds: dict[Family, Bind] = {}
        self.controls: dict[Family, Asker] = {}
        self.testimonies: list[Testimony] = []
        self.unresolved: list[str] = []
        self.named = bool(context.options.behavior_servers)
        self.pacer = Pacer(context.network)

    async def go(self) -> Outcome:
        tunnel = await self._ways_out()
        if tunnel:
            return Outcome((), (), tunnel)
        hosts = self._hosts()
        at_once = len(hosts) if self.named else AGREE
        batch, rest = hosts[:at_once], hosts[at_once:]
        asked = 0
        while batch and asked < MOST_TRIED:
            self.context.progress(asked, asked + len(batch), "ask-servers", batch[0].host)
            await asyncio.gather(*(self._test(server) for server in batch))
            asked += len(batch)
            batch, rest = rest[:1], rest[1:]
            if self._enough() or (not self.named and len(self.testimonies) >= MOST_ASKED):
                break
            if self.context.board.report.value(stun.UDP) is False:
                break  # nothing answers here: more servers would only be more silence
        return Outcome(tuple(self.testimonies), tuple(self.unresolved), "")

    async def _ways_out(self) -> str:
        for family in Family:
            reading = await self.context.board.reading(local.way_out_key(family))
            way_out = usable(reading)
            if way_out is not None:
                if way_out.through_tunnel:
                    return way_out.tunnel
                self.binds[family] = bind_for(way_out)
            elif not self.context.board.report.known(local.way_out_key(family)):
                self.binds[family] = Bind(family)
        return ""

    def _hosts(self) -> list[HostPort]:
        options, network = self.context.options, self.context.network
        if options.behavior_servers:
            return list(options.behavior_servers[:MOST_NAMED])
        if isinstance(network, HasBehaviorServers):
            return list(network.behavior_servers)
        # Another order at each run, so that no operator carries all the load.
        return sorted(PUBLIC_SERVERS, key=lambda _: network.random_bytes(4))

    def _enough(self) -> bool:
        for family in Family:
            votes = Counter(each.mapping for each in self.testimonies if _counts(each, family))
            if votes and votes.most_common(1)[0][1] >= AGREE:
                return True
        return False

    async def _test(self, server: HostPort) -> None:
        primary = await self._resolve(server)
        if primary is None:
            self.unresolved.append(str(server))
            return
        if any(each.primary.address == primary.address for each in self.testimonies):
            return  # two names of one machine are one witness
        if not self.named and not await self.pacer.take(TRANSACTIONS):
            return
        control = await self._control(primary.family)
        fresh = await self._asker(primary.family)
        test = ServerTest(
            self.context.network,
            str(server),
            primary,
            fresh,
            control,
            prove_ability=self.named,
            must_be_public=not self.named and not _practice(self.context),
        )
        self.testimonies.append(await test.run())

    async def _resolve(self, server: HostPort) -> Endpoint | None:
        for family in self.binds:
            try:
                async with asyncio.timeout(RESOLVE_S):
                    found = await self.context.network.resolve(server.host, family)
            except (NetworkError, TimeoutError):
                continue
            if found:
                return Endpoint(found[0], server.port)
        return None

    async def _control(self, family: Family) -> Asker:
        if family not in self.controls:
            self.controls[family] = await self._asker(family)
        return self.controls[family]

    async def _asker(self, family: Family) -> Asker:
        socket = await self.context.network.udp(self.binds[family])
        asker = Asker(self.context.network, socket, lambda _inquiry: None)
        self.context.spawn(asker.listen())
        return asker


def _practice(context: Context) -> bool:
    return isinstance(context.network, HasBehaviorServers)


def _counts(testimony: Testimony, family: Family) -> bool:
    return testimony.state is ServerState.ABLE and testimony.primary.family is family


class BehaviorCheck:
    """See the module."""

    id = CheckId.BEHAVIOR
    budget_ms = 12_000.0

    async def run(self, context: Context) -> None:
        """Ask, judge, tell; beside it, look for a static forward with the same servers."""
        async with asyncio.TaskGroup() as group:
            group.create_task(tell_forward(context))
            group.create_task(self._behavior(context))

    async def _behavior(self, context: Context) -> None:
        outcome = await behavior_outcome(context)
        if outcome.tunnel:
            for family in Family:
                for key in (behavior.MAPPING[family], behavior.FILTERING[family]):
                    context.unknown(key, Reason.THROUGH_TUNNEL, outcome.tunnel)
            return
        servers = tuple(
            BehaviorServer(each.host, each.primary, each.other, each.state)
            for each in outcome.testimonies
        ) + tuple(
            BehaviorServer(host, None, None, ServerState.UNRESOLVED) for host in outcome.unresolved
        )
        context.known(behavior.SERVERS, servers, "RFC 5780 tests")
        for family in Family:
            _tell_mapping(context, family, outcome.able(family))
            _tell_filtering(context, family, outcome.able(family))


def _tell_mapping(context: Context, family: Family, able: list[Testimony]) -> None:
    key = behavior.MAPPING[family]
    votes = Counter(each.mapping for each in able if each.mapping is not Mapping.UNKNOWN)
    if not votes:
        context.unknown(key, Reason.NO_SERVER, "no server was able to tell")
        return
    (mapping, count), *others = votes.most_common()
    if others and others[0][1] == count:
        said = ", ".join(f"{each.host}: {each.mapping}" for each in able)
        context.unknown(key, Reason.CONTRADICTORY, said)
        return
    hosts = tuple(each.host for each in able if each.mapping is mapping)
    sure = Confidence.CERTAIN if count >= AGREE else Confidence.LIKELY
    context.known(key, MappingFound(mapping, sure, hosts), f"RFC 5780 with {', '.join(hosts)}")


_OPEN_FIRST = (
    Filtering.ENDPOINT_INDEPENDENT,
    Filtering.ADDRESS_DEPENDENT,
    Filtering.ADDRESS_AND_PORT_DEPENDENT,
)


def _tell_filtering(context: Context, family: Family, able: list[Testimony]) -> None:
    """One exact answer from a changed source is proof; silence needs witnesses."""
    key = behavior.FILTERING[family]
    if not able:
        context.unknown(key, Reason.NO_SERVER, "no server was able to tell")
        return
    filtering = min((each.filtering for each in able), key=_OPEN_FIRST.index)
    hosts = tuple(each.host for each in able if each.filtering is filtering)
    sure = Confidence.CERTAIN
    if filtering is Filtering.ADDRESS_AND_PORT_DEPENDENT:
        operators = {each.primary.address for each in able}
        proven = any(each.proven_able for each in able)
        sure = Confidence.CERTAIN if proven or len(operators) >= AGREE else Confidence.LIKELY
    found = FilteringFound(filtering, sure, hosts)
    context.known(key, found, f"RFC 5780 with {', '.join(hosts)}")


class CollisionCheck:
    """Whether the router's connection table gives this device's port away (see the module)."""

    id = CheckId.COLLISION
    budget_ms = 12_000.0

    async def run(self, context: Context) -> None:
        """Read it from the behaviour test: the same packets show it."""
        outcome = await behavior_outcome(context)
        seen = [each for each in outcome.able(Family.V4) if each.collision is not None]
        if outcome.tunnel:
            context.unknown(behavior.COLLISION, Reason.THROUGH_TUNNEL, outcome.tunnel)
        elif not outcome.able(Family.V4):
            context.unknown(behavior.COLLISION, Reason.NO_SERVER, "no server was able to tell")
        elif not seen:
            detail = "the mapping varies by itself, or every packet is let in"
            context.unknown(behavior.COLLISION, Reason.NOT_APPLICABLE, detail)
        else:
            positive = [each.host for each in seen if each.collision]
            source = f"unasked packets from {', '.join(positive or [seen[0].host])}"
            context.known(behavior.COLLISION, bool(positive), source)
