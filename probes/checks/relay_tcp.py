"""The `relay-tcp` check: relays over TCP, TLS and ICMP.

It tells a network without UDP from no network at all, measures the round trips from which other
checks learn their deadlines, and notices when somebody else answers in a relay's place.
"""

from __future__ import annotations

import asyncio
import hashlib

from probes.checks.context import Context
from probes.checks.deadline import blocked_after_s
from probes.checks.ways_out import bind_for, usable, way_out_reading
from probes.clean import clean
from probes.model import CheckId, Endpoint, Family, IPAddress, Reason
from probes.network.seam import Bind, NetworkError, NotPermitted, TlsReply, Unsupported
from probes.readings import local, relays
from probes.readings.relays import Certificate, TcpAnswer
from probes.relays import relay_map, tls_nodes
from probes.tailscale.derp_map import Node, Region
from probes.wire.x509 import issuer_of

MOST = 5
"""So many regions are asked, out of however many: relays are other people's."""
ENOUGH = 2
CONNECT_TIMEOUT_S = 2.5
"""Room for one lost SYN (sent again after 1 s) on a slow path."""
HANDSHAKE_TIMEOUT_S = 5.0
PINGED = 2
_PIN = "sha256-raw:"
"""A CertName of this form pins the certificate by the hash of its DER (tailcfg.DERPNode)."""

PUBLIC_ISSUERS = ("let's encrypt", "internet security research group", "google trust", "digicert")
"""Who signs relays' certificates. One of these not being trusted means that this system's own list
of authorities is missing or old, not that somebody listens in."""


class RelayTcpCheck:
    """See the module."""

    id = CheckId.RELAY_TCP
    budget_ms = 12_000.0

    async def run(self, context: Context) -> None:
        """Connect, shake hands, ping; each answer is told as it comes."""
        await _Run(context).go()


class _Run:
    def __init__(self, context: Context) -> None:
        self.context = context
        self.answers: list[TcpAnswer] = []
        self.failed: list[str] = []
        self.done = 0
        self.total = 0
        self.binds: dict[Family, Bind] = {}
        self.tunnel = ""

    async def go(self) -> None:
        context = self.context
        found = await relay_map(context)
        await self._ways_out()
        regions = [each for each in found.map.regions if tls_nodes(each)]
        if not regions or not self.binds:
            why = "no relay in the map" if self.binds else "no way out"
            for key in (relays.TCP, relays.RELAY_RTT, relays.TLS_INSPECTED, relays.ICMP4):
                context.unknown(key, Reason.NO_SERVER, why)
            return
        chosen = _spread(regions, MOST)
        self.total = len(chosen)
        context.progress(0, self.total, "connect")
        async with asyncio.TaskGroup() as group:
            group.create_task(self._icmp(chosen[:PINGED]))
            group.create_task(self._connect(chosen))
        self._conclude()

    async def _ways_out(self) -> None:
        for family in Family:
            reading = await way_out_reading(self.context, family)
            way_out = usable(reading)
            if way_out is not None:
                self.binds[family] = bind_for(way_out)
                if way_out.through_tunnel:
                    self.tunnel = way_out.tunnel
            elif not self.context.board.report.known(local.way_out_key(family)):
                self.binds[family] = Bind(family)  # the local check could not say: just try

    # --- TCP and TLS ----------------------------------------------------------------------------

    async def _connect(self, regions: list[Region]) -> None:
        """All at once; a dead one is not waited for much longer than the others took."""
        began = self.context.network.now()
        waiting = {asyncio.create_task(self._region(region)) for region in regions}
        try:
            while waiting:
                done, waiting = await asyncio.wait(
                    waiting, timeout=self._patience_s(began), return_when="FIRST_COMPLETED"
                )
                for task in done:
                    task.result()
                if not done:
                    break
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    def _patience_s(self, began: float) -> float | None:
        """How long the others are waited for once enough have answered: as for STUN's silence."""
        if len(self.answers) < ENOUGH:
            return None
        until = began + blocked_after_s(self.context.board.report)
        return max(0.0, until - self.context.network.now())

    async def _region(self, region: Region) -> None:
        node = tls_nodes(region)[0]
        try:
            address = await self._address(node)
            bind = self.binds[Family.of(address)]
            to = Endpoint(address, node.derp_port)
            name = node.host if node.cert_name.startswith(_PIN) else node.cert_name or node.host
            pinned = node.cert_name.startswith(_PIN)
            reply = await self.context.network.tls(
                to,
                bind,
                name or str(address),
                verify=not (node.insecure or pinned),
                connect_timeout_s=CONNECT_TIMEOUT_S,
                handshake_timeout_s=HANDSHAKE_TIMEOUT_S,
            )
            self.answers.append(_answer(region, node, to, reply))
            self._tell()
        except NetworkError as error:
            self.failed.append(f"{node.host or node.name}: {error}")
        self.done += 1
        count = len(self.answers)
        self.context.progress(self.done, self.total, "handshake", f"{count} of {self.total}")

    async def _address(self, node: Node) -> IPAddress:
        problem: NetworkError = NetworkError("no address of a family that this device has")
        for family in self.binds:
            literal = node.literal(family)
            if literal is not None:
                return literal
            if family in node.asks_dns:
                try:
                    return (await self.context.network.resolve(node.host, family))[0]
                except NetworkError as error:
                    problem = error
        raise problem

    def _tell(self) -> None:
        context, answers = self.context, tuple(self.answers)
        source = self._source(f"TCP and TLS to {', '.join(answer.host for answer in answers)}")
        context.known(relays.TCP_ANSWERS, answers, source)
        context.known(relays.TCP, True, source)
        hellos = [each.server_hello_ms for each in answers if each.server_hello_ms is not None]
        shortest = min(hellos) if hellos else min(each.connect_ms for each in answers)
        context.known(relays.RELAY_RTT, round(shortest, 3), source)
        others = [answer for answer in answers if answer.certificate is Certificate.OTHER]
        checked = [answer for answer in answers if answer.certificate is Certificate.VALID]
        if others:
            who = others[0].issuer or "an unnamed issuer"
            source = self._source(f"{others[0].host}'s certificate is by {who}")
            context.known(relays.TLS_INSPECTED, True, source)
        elif checked:
            source = self._source(f"{checked[0].host}'s certificate is its own")
            context.known(relays.TLS_INSPECTED, False, source)

    def _source(self, what: str) -> str:
        """Provenance, marked where the connections left through a tunnel."""
        return f"{what}, seen through {self.tunnel}" if self.tunnel else what

    def _conclude(self) -> None:
        context = self.context
        if self.answers:
            if not context.board.report.known(relays.TLS_INSPECTED):
                detail = "no relay's certificate could be checked"
                context.unknown(relays.TLS_INSPECTED, Reason.NO_SERVER, detail)
            return
        context.known(relays.TCP_ANSWERS, (), self._source("; ".join(self.failed[:3])))
        source = self._source(f"none of {self.done} relays; {self.failed[0]}")
        context.known(relays.TCP, False, source)
        context.unknown(relays.RELAY_RTT, Reason.NO_ANSWER)
        context.unknown(relays.TLS_INSPECTED, Reason.NO_ANSWER)

    # --- ICMP -----------------------------------------------------------------------------------

    async def _icmp(self, regions: list[Region]) -> None:
        """One echo to each of two relays; the first answer decides."""
        context, bind = self.context, self.binds.get(Family.V4)
        targets = [
            node.ipv4
            for region in regions
            for node in tls_nodes(region)[:1]
            if node.ipv4 is not None
        ]
        if bind is None or not targets:
            context.unknown(relays.ICMP4, Reason.NO_SERVER, "no relay with an IPv4 address")
            return
        pings = [asyncio.create_task(context.network.ping_ms(each, bind)) for each in targets]
        try:
            for next_ping in asyncio.as_completed(pings):
                rtt_ms = await next_ping
                if rtt_ms is not None:
                    source = self._source(f"ICMP echo, {rtt_ms:.1f} ms")
                    context.known(relays.ICMP4, True, source)
                    return
            source = self._source(f"no echo from {len(targets)} relays within 1 s")
            context.known(relays.ICMP4, False, source)
        except (NotPermitted, Unsupported) as error:
            context.unknown(relays.ICMP4, Reason.NO_RIGHTS, str(error))
        except NetworkError as error:
            context.known(relays.ICMP4, False, str(error))
        finally:
            for ping in pings:
                ping.cancel()
            await asyncio.gather(*pings, return_exceptions=True)


def _spread(regions: list[Region], most: int) -> list[Region]:
    """So many regions, evenly out of the list: relay maps are ordered by age, not by place."""
    if len(regions) <= most:
        return regions
    step = len(regions) / most
    return [regions[int(number * step)] for number in range(most)]


def _answer(region: Region, node: Node, to: Endpoint, reply: TlsReply) -> TcpAnswer:
    certificate, issuer = _judge(node, reply)
    hello = reply.server_hello_ms
    return TcpAnswer(
        region=region.id,
        host=clean(node.host) or str(to.address),
        address=to.address,
        port=to.port,
        connect_ms=round(reply.connect_ms, 3),
        server_hello_ms=None if hello is None else round(hello, 3),
        certificate=certificate,
        issuer=issuer,
    )


def _judge(node: Node, reply: TlsReply) -> tuple[Certificate, str]:
    """Whether the certificate is the relay's own; and who signed one that is not."""
    if node.insecure or not reply.certificate:
        return Certificate.NOT_CHECKED, ""
    if node.cert_name.startswith(_PIN):
        pin = node.cert_name.removeprefix(_PIN).lower()
        if hashlib.sha256(reply.certificate).hexdigest() == pin:
            return Certificate.VALID, ""
    elif reply.trusted:
        return Certificate.VALID, ""
    issuer = clean(issuer_of(reply.certificate), 80)
    if any(name in issuer.lower() for name in PUBLIC_ISSUERS):
        return Certificate.NOT_CHECKED, issuer
    return Certificate.OTHER, issuer
