"""The `captive-portal` check: does something answer plain web requests in the relays' place?

Relays answer `/generate_204` on port 80 with status 204 and nothing else (as Tailscale's own test
uses it). Another answer, twice, is a sign-in page. One alone may be a relay out of order.
"""

from __future__ import annotations

import asyncio

from probes.checks.context import Context
from probes.checks.deadline import blocked_after_s
from probes.checks.ways_out import bind_for, usable, way_out_reading
from probes.clean import clean
from probes.model import CheckId, Endpoint, Family, Known, Reason
from probes.network.seam import Bind, NetworkError
from probes.readings import captive_portal
from probes.readings.captive_portal import PortalAnswer
from probes.relays import relay_map, tls_nodes
from probes.tailscale.derp_map import DerpMap, Node

PAGE = "/generate_204"
OWN_STATUS = 204
NEXT_AFTER_S = 0.7
"""When others are asked too: silence of the first two is no reason to wait for their deadline."""
MOST_BYTES = 4096
AGREE = 2
MOST_ASKED = 4


class CaptivePortalCheck:
    """See the module."""

    id = CheckId.CAPTIVE_PORTAL
    budget_ms = 4_000.0

    async def run(self, context: Context) -> None:
        """Ask two relays at once, and others too while it is open."""
        reading = await way_out_reading(context, Family.V4)
        way_out = usable(reading)
        if way_out is None and isinstance(reading, Known):
            context.unknown(captive_portal.PRESENT, Reason.NOT_APPLICABLE, "no IPv4 way out")
            return
        if way_out is not None and way_out.through_tunnel:
            context.unknown(captive_portal.PRESENT, Reason.THROUGH_TUNNEL, way_out.tunnel)
            return
        found = await relay_map(context)
        nodes = _nodes(found.map)[:MOST_ASKED]
        if not nodes:
            context.unknown(captive_portal.PRESENT, Reason.NO_SERVER, "no relay serves port 80")
            return
        bind = bind_for(way_out) if way_out is not None else Bind(Family.V4)
        answers = await _Run(context, nodes, bind).go()
        if _verdict(answers) is not None:
            return
        if answers:
            detail = "one other answer alone may be a relay out of order"
            context.unknown(captive_portal.PRESENT, Reason.TOO_FEW_ANSWERS, detail)
        else:
            context.unknown(captive_portal.PRESENT, Reason.NO_ANSWER, "no page answered")


def _nodes(relays: DerpMap) -> list[Node]:
    """One server of each region that serves port 80 and whose address the map gives.

    By address, not by name: a sign-in page often answers the DNS as well.
    """
    found = []
    for region in relays.regions:
        for node in tls_nodes(region):
            if node.can_port_80 and node.ipv4 is not None:
                found.append(node)
                break
    return found


class _Run:
    def __init__(self, context: Context, nodes: list[Node], bind: Bind) -> None:
        self.context = context
        self.nodes = nodes
        self.bind = bind
        self.answers: list[PortalAnswer] = []

    async def go(self) -> list[PortalAnswer]:
        """The answers, as soon as they settle it; at the deadline, those that came."""
        network = self.context.network
        began = network.now()
        pending = {self._start(node) for node in self.nodes[:AGREE]}
        later = self.nodes[AGREE:]
        try:
            while pending and _verdict(self.answers) is None:
                until = began + blocked_after_s(self.context.board.report)
                if later:
                    until = min(until, began + NEXT_AFTER_S)
                left_s = until - network.now()
                over: set[asyncio.Task[None]] = set()
                if left_s > 0:
                    over, pending = await asyncio.wait(
                        pending, timeout=left_s, return_when=asyncio.FIRST_COMPLETED
                    )
                    for task in over:
                        task.result()
                    if over and pending:
                        continue
                elif not later:
                    break
                pending |= {self._start(node) for node in later}
                later = []
        finally:
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)
        return self.answers

    def _start(self, node: Node) -> asyncio.Task[None]:
        host = clean(node.host) or str(node.ipv4)
        self.context.progress(len(self.answers), AGREE, "ask-pages", host)
        return asyncio.create_task(self._ask(node))

    async def _ask(self, node: Node) -> None:
        assert node.ipv4 is not None  # _nodes() passes no other
        to = Endpoint(node.ipv4, 80)
        url = f"http://{node.host or node.ipv4}{PAGE}"
        try:
            reply = await self.context.network.http_get(url, most=MOST_BYTES, bind=self.bind, to=to)
        except NetworkError:
            return
        location = next((value for name, value in reply.headers if name == "location"), "")
        host = clean(node.host) or str(node.ipv4)
        self.answers.append(PortalAnswer(host, reply.status, clean(location)))
        source = ", ".join(f"{each.host}: {each.status}" for each in self.answers)
        self.context.known(captive_portal.ANSWERS, tuple(self.answers), source)
        verdict = _verdict(self.answers)
        if verdict is not None:
            self.context.known(captive_portal.PRESENT, *verdict)


def _verdict(answers: list[PortalAnswer]) -> tuple[bool, str] | None:
    """Whether it is there, and what shows it; None while that is open."""
    own = [each for each in answers if each.status == OWN_STATUS]
    if own:
        # A sign-in page would have caught this request as well.
        return False, f"{own[0].host} answered for itself"
    others = [each for each in answers if each.status != OWN_STATUS]
    if len(others) >= AGREE:
        return True, f"something else answered for {', '.join(each.host for each in others)}"
    return None
