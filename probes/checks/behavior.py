"""The `behavior` and `collision` checks: how the NAT maps and filters (RFC 4787, RFC 5780).

Two servers must agree; a third decides. A server that lies, refuses or cannot is dropped and named.
Where none is able the answer is "could not be measured", never "filtered".
"""

from __future__ import annotations

import asyncio
from collections import Counter

from probes.checks.behavior_run import AGREE, behavior_outcome, behavior_tests
from probes.checks.behavior_test import Testimony
from probes.checks.context import Context
from probes.checks.from_outside import tell_forward
from probes.checks.packet_size import tell_size
from probes.model import CheckId, Confidence, Family, Filtering, Mapping, Reason
from probes.readings import behavior, local
from probes.readings.behavior import BehaviorServer, FilteringFound, MappingFound, ServerState


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
        context.progress(0, 0, "ask-servers")
        outcome = await behavior_outcome(context)
        servers = tuple(
            BehaviorServer(each.host, each.primary, each.other, each.state)
            for each in outcome.testimonies
        ) + tuple(
            BehaviorServer(host, None, None, ServerState.UNRESOLVED) for host in outcome.unresolved
        )
        if outcome.tunnel or outcome.silent:
            context.unknown(behavior.SERVERS, *outcome.why_not)
        else:
            context.known(behavior.SERVERS, servers, "RFC 5780 tests")
        for family in Family:
            if outcome.able(family):
                _tell_mapping(context, family, outcome.able(family))
                _tell_filtering(context, family, outcome.able(family))
                continue
            why = outcome.why_not
            report = context.board.report
            way_out = local.way_out_key(family)
            if not outcome.tunnel and report.known(way_out) and report.value(way_out) is None:
                why = Reason.NOT_APPLICABLE, f"no IPv{family.value} way out"
            for key in (behavior.MAPPING[family], behavior.FILTERING[family]):
                context.unknown(key, *why)
        await tell_size(context, await behavior_tests(context), outcome)


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
        context.progress(0, 0, "ask-servers")
        outcome = await behavior_outcome(context)
        seen = [each for each in outcome.able(Family.V4) if each.collision is not None]
        if not outcome.able(Family.V4):
            context.unknown(behavior.COLLISION, *outcome.why_not)
        elif not seen:
            detail = "the mapping varies by itself, or every packet is let in"
            context.unknown(behavior.COLLISION, Reason.NOT_APPLICABLE, detail)
        else:
            positive = [each.host for each in seen if each.collision]
            source = f"unasked packets from {', '.join(positive or [seen[0].host])}"
            context.known(behavior.COLLISION, bool(positive), source)
