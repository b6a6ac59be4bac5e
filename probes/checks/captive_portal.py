"""The `captive-portal` check: does something answer plain web requests in the relays' place?

Relays answer `/generate_204` on port 80 with status 204 and nothing else (as Tailscale's own test
uses it). Another answer, twice, is a sign-in page. One alone may be a relay out of order.
"""

from __future__ import annotations

import asyncio

from probes.checks.context import Context
from probes.checks.ways_out import bind_for, usable
from probes.clean import clean
from probes.model import CheckId, Endpoint, Family, Reason
from probes.network.seam import Bind, NetworkError
from probes.readings import captive_portal, local
from probes.readings.captive_portal import PortalAnswer
from probes.relays import relay_map, tls_nodes
from probes.tailscale.derp_map import DerpMap, Node

PAGE = "/generate_204"
OWN_STATUS = 204
TIMEOUT_S = 3.0
MOST_BYTES = 4096
AGREE = 2
MOST_ASKED = 4


class CaptivePortalCheck:
    """See the module."""

    id = CheckId.CAPTIVE_PORTAL
    budget_ms = 12_000.0

    async def run(self, context: Context) -> None:
        """Ask two relays at once, and others one by one while it is open."""
        found = await relay_map(context)
        way_out = usable(await context.board.reading(local.WAY_OUT4))
        nodes = _nodes(found.map)[:MOST_ASKED]
        if not nodes:
            context.unknown(captive_portal.PRESENT, Reason.NO_SERVER, "no relay serves port 80")
            return
        bind = bind_for(way_out) if way_out is not None else None
        answers: list[PortalAnswer] = []
        for turn in (nodes[:AGREE], *([node] for node in nodes[AGREE:])):
            context.progress(len(answers), AGREE, "ask-pages", turn[0].host)
            asked = await asyncio.gather(*(_ask(context, node, bind) for node in turn))
            answers += [each for each in asked if each is not None]
            if answers:
                source = ", ".join(f"{each.host}: {each.status}" for each in answers)
                context.known(captive_portal.ANSWERS, tuple(answers), source)
            if _settled(context, answers):
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


async def _ask(context: Context, node: Node, bind: Bind | None) -> PortalAnswer | None:
    assert node.ipv4 is not None  # _nodes() passes no other
    to = Endpoint(node.ipv4, 80)
    url = f"http://{node.host or node.ipv4}{PAGE}"
    try:
        async with asyncio.timeout(TIMEOUT_S):
            reply = await context.network.http_get(
                url, most=MOST_BYTES, bind=bind or Bind(Family.V4), to=to
            )
    except (NetworkError, TimeoutError):
        return None
    location = next((value for name, value in reply.headers if name == "location"), "")
    return PortalAnswer(clean(node.host) or str(node.ipv4), reply.status, clean(location))


def _settled(context: Context, answers: list[PortalAnswer]) -> bool:
    own = [each for each in answers if each.status == OWN_STATUS]
    others = [each for each in answers if each.status != OWN_STATUS]
    if own:
        # A sign-in page would have caught this request as well.
        context.known(captive_portal.PRESENT, False, f"{own[0].host} answered for itself")
        return True
    if len(others) >= AGREE:
        hosts = ", ".join(each.host for each in others)
        source = f"something else answered for {hosts}"
        context.known(captive_portal.PRESENT, True, source)
        return True
    return False
