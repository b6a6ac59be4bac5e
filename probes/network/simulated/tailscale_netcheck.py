"""`tailscale netcheck` on a simulated device: it asks the scenario's relays with real packets.

As net/netcheck does: one socket a family asks every region three times at most; where nobody
answers, TLS and ICMP stand in; port mapping is looked for once, for a quarter of a second.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import field
from typing import Any

from probes.addresses import is_rfc1918
from probes.model import Endpoint, Family, IPAddress
from probes.network.seam import Bind, Datagram, Network, NetworkError, UdpSocket
from probes.network.simulated.port_mapping import PortMapper
from probes.network.simulated.scenario import RegionSpec, ServerSpec
from probes.readings.local import InterfaceKind
from probes.values import dataclass
from probes.wire.stun import Malformed, binding_request, parse

TRIES_S = (0.0, 0.1, 0.2)
STUN_WAIT_S = 3.0
PORT_MAPPING_WAIT_S = 0.25
ENOUGH = 3
"""With so many regions' answers, twice the slowest is waited for the rest."""
_TLS_WAIT_S = 2.0
_PORTAL_AFTER_S = 0.2
_PORTAL_WAIT_S = 2.8


@dataclass(frozen=True, slots=True)
class _Asked:
    region: int
    family: Family
    at: float


@dataclass(frozen=True, slots=True)
class _Answer:
    region: int
    family: Family
    rtt_ms: float
    mapped: Endpoint


@dataclass(slots=True)
class _Book:
    asked: dict[bytes, _Asked] = field(default_factory=dict)
    answers: list[_Answer] = field(default_factory=list)
    sent: set[Family] = field(default_factory=set)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def answered(self, region: int, family: Family) -> bool:
        return any((each.region, each.family) == (region, family) for each in self.answers)

    def of(self, family: Family) -> list[_Answer]:
        return [each for each in self.answers if each.family is family]


async def netcheck(
    network: Network,
    regions: Iterable[RegionSpec],
    mappers: Iterable[PortMapper],
    *,
    evades: bool,
) -> dict[str, Any]:
    """One report, with netcheck's own keys."""
    view = await network.local()
    kinds = {face.name: face.kind for face in view.interfaces}
    own = [each for each in view.gateways4 if kinds.get(each.interface) is InterfaceKind.PHYSICAL]
    gateway = own[0] if own else None
    around = evades and gateway is not None and view.gateways4[0] is not gateway
    interface = gateway.interface if around and gateway is not None else ""
    sources = {Family.V4: view.source4, Family.V6: view.source6}
    measured = [each for each in regions if each.measured]
    book, began = _Book(), network.now()
    portal = asyncio.ensure_future(_captive_portal(network, measured, interface))
    try:
        await _stun(network, measured, sources, interface, book)
        latency: dict[str, int] = {}
        icmp = False
        if book.answers:
            portal.cancel()
        else:
            latency, icmp = await _without_udp(network, measured, interface)
        await asyncio.sleep(max(0.0, began + PORT_MAPPING_WAIT_S - network.now()))
        with suppress(asyncio.CancelledError):
            await asyncio.wait((portal,))
        captive = None if portal.cancelled() else portal.result()
    finally:
        portal.cancel()
    latency = latency or _latency(book.answers)
    four, six = book.of(Family.V4), book.of(Family.V6)
    return {
        "Now": network.wall().isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "UDP": bool(book.answers),
        "IPv6": bool(six),
        "IPv4": bool(four) or bool(latency) or icmp,
        "IPv6CanSend": Family.V6 in book.sent,
        "IPv4CanSend": Family.V4 in book.sent,
        "OSHasIPv6": view.os_ipv6,
        "ICMPv4": icmp,
        "MappingVariesByDestIP": _varies(four),
        **_port_mapping(gateway.address if gateway is not None else None, mappers),
        "PreferredDERP": int(min(latency, key=lambda each: latency[each])) if latency else 0,
        "RegionLatency": latency,
        "RegionV4Latency": _latency(four),
        "RegionV6Latency": _latency(six),
        "GlobalV4Counters": _counters(four),
        "GlobalV6Counters": _counters(six),
        "GlobalV4": str(four[0].mapped) if four else "",
        "GlobalV6": str(six[-1].mapped) if six else "",
        "CaptivePortal": captive,
    }


# --- STUN -----------------------------------------------------------------------------------------


async def _stun(
    network: Network,
    regions: list[RegionSpec],
    sources: dict[Family, IPAddress | None],
    interface: str,
    book: _Book,
) -> None:
    """Ask until all have answered, enough have, or three seconds are over."""
    sockets: dict[Family, UdpSocket] = {}
    plan: list[tuple[int, Endpoint]] = []
    for family, source in sources.items():
        if source is None or source.is_link_local:
            continue
        with suppress(NetworkError):
            sockets[family] = await network.udp(Bind(family, interface))
            plan += [(each.id, to) for each in regions for to in _stun_endpoints(each, family)]
    tasks = [asyncio.ensure_future(_listen(network, socket, book)) for socket in sockets.values()]
    tasks.append(asyncio.ensure_future(_ask(network, sockets, plan, book)))
    wanted = {(region, to.family) for region, to in plan}
    deadline = network.now() + (STUN_WAIT_S if wanted else 0.0)
    try:
        while (left := deadline - network.now()) > 0:
            if all(book.answered(*each) for each in wanted):
                return
            if len({each.region for each in book.answers}) >= ENOUGH:
                slowest = max(each.rtt_ms for each in book.answers) / 1000.0
                left = min(left, 2 * slowest)
            book.news.clear()
            try:
                async with asyncio.timeout(left):
                    await book.news.wait()
            except TimeoutError:
                return
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for socket in sockets.values():
            socket.close()


def _stun_endpoints(region: RegionSpec, family: Family) -> Iterator[Endpoint]:
    """The first server of a region that offers STUN in that family."""
    for node in region.node.values():
        address = node.ipv4 if family is Family.V4 else node.ipv6
        if node.offers_stun and address is not None:
            yield Endpoint(address, node.stun.ports[0] if node.stun else 3478)
            return


async def _ask(
    network: Network,
    sockets: dict[Family, UdpSocket],
    plan: list[tuple[int, Endpoint]],
    book: _Book,
) -> None:
    began = network.now()
    for after in TRIES_S:
        await asyncio.sleep(max(0.0, began + after - network.now()))
        for region, to in plan:
            if book.answered(region, to.family):
                continue
            transaction = network.random_bytes(12)
            book.asked[transaction] = _Asked(region, to.family, network.now())
            with suppress(NetworkError):
                sockets[to.family].send(binding_request(transaction, software=("tailnode",)), to)
                book.sent.add(to.family)


async def _listen(network: Network, socket: UdpSocket, book: _Book) -> None:
    while True:
        arrival = await socket.receive()
        if not isinstance(arrival, Datagram):
            continue
        try:
            message = parse(arrival.data)
        except Malformed:
            continue
        asked, mapped = book.asked.get(message.transaction), message.mapped
        if asked is None or mapped is None or book.answered(asked.region, asked.family):
            continue
        rtt_ms = (arrival.at - asked.at) * 1000.0
        book.answers.append(_Answer(asked.region, asked.family, rtt_ms, mapped))
        book.news.set()


# --- where nobody answers -------------------------------------------------------------------------


async def _without_udp(
    network: Network, regions: list[RegionSpec], interface: str
) -> tuple[dict[str, int], bool]:
    """TLS and ICMP to every region, side by side."""
    bind = Bind(Family.V4, interface)
    nodes = [(each.id, node) for each in regions for node in list(each.node.values())[:1]]
    tls = await asyncio.gather(*(_tls_ms(network, node, bind) for _, node in nodes))
    pings = await asyncio.gather(*(_ping_ms(network, node, bind) for _, node in nodes))
    found = zip((region for region, _ in nodes), tls, pings, strict=True)
    # The fallback that answers first fills the table; TLS is asked first.
    latency = {
        str(region): round(ms * 1e6)
        for region, over_tls, over_icmp in found
        if (ms := over_tls if over_tls is not None else over_icmp) is not None
    }
    return dict(sorted(latency.items())), any(each is not None for each in pings)


async def _tls_ms(network: Network, node: ServerSpec, bind: Bind) -> float | None:
    if node.ipv4 is None:
        return None
    to = Endpoint(node.ipv4, node.tls_port)
    with suppress(NetworkError):
        reply = await network.tls(
            to, bind, node.host, connect_timeout_s=_TLS_WAIT_S, handshake_timeout_s=_TLS_WAIT_S
        )
        return reply.server_hello_ms if reply.tls and reply.trusted else None
    return None


async def _ping_ms(network: Network, node: ServerSpec, bind: Bind) -> float | None:
    if node.ipv4 is None:
        return None
    with suppress(NetworkError):
        return await network.ping_ms(node.ipv4, bind)
    return None


async def _captive_portal(
    network: Network, regions: list[RegionSpec], interface: str
) -> bool | None:
    """Asked only where STUN is not through in time. None: nobody said anything."""
    await asyncio.sleep(_PORTAL_AFTER_S)
    for region in regions:
        for node in region.node.values():
            if node.ipv4 is None or not node.page:
                continue
            url = f"http://{node.ipv4}/generate_204"
            with suppress(NetworkError, TimeoutError):
                async with asyncio.timeout(_PORTAL_WAIT_S):
                    bind = Bind(Family.V4, interface)
                    return (await network.http_get(url, most=1000, bind=bind)).status != 204
            return False
    return False


# --- what is said of it ---------------------------------------------------------------------------


def _port_mapping(gateway: IPAddress | None, mappers: Iterable[PortMapper]) -> dict[str, bool]:
    """What the router itself answers to within a quarter of a second; only a private one is asked.

    Over UPnP netcheck looks no further than the answer to the search.
    """
    found = dict.fromkeys(("UPnP", "PMP", "PCP"), False)
    if gateway is None or not is_rfc1918(gateway):
        return found
    for mapper in mappers:
        spec = mapper.spec
        if mapper.inside != gateway or spec.answer_after_ms > PORT_MAPPING_WAIT_S * 1000.0:
            continue
        found["UPnP"] = spec.upnp
        found["PMP"] = spec.nat_pmp and spec.nat_pmp_result == 0
        found["PCP"] = spec.pcp and spec.pcp_result == 0
    return found


def _varies(answers: list[_Answer]) -> bool | None:
    return len({each.mapped for each in answers}) > 1 if len(answers) > 1 else None


def _latency(answers: list[_Answer]) -> dict[str, int]:
    """The lowest of each region, in nanoseconds; keys in the order of text, as Go prints them."""
    best: dict[str, int] = {}
    for each in answers:
        key, nanoseconds = str(each.region), round(each.rtt_ms * 1e6)
        best[key] = min(best.get(key, nanoseconds), nanoseconds)
    return dict(sorted(best.items()))


def _counters(answers: list[_Answer]) -> dict[str, int] | None:
    if not answers:
        return None
    return dict(sorted(Counter(str(each.mapped) for each in answers).items()))
