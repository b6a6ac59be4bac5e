"""The relay map of a run: from where it is taken, in which order, and what was passed over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol, runtime_checkable

from probes.checks.context import Context
from probes.clean import clean
from probes.network.seam import NetworkError
from probes.options import HostPort
from probes.readings import relays
from probes.readings.relays import MapOrigin, MapSource, RegionName
from probes.tailscale.derp_map import MOST_BYTES, BadDerpMap, DerpMap, Node, Region, parse_derp_map
from probes.values import dataclass

PUBLIC_URL = "https://controlplane.tailscale.com/derpmap/default"
"""Where `tailscale netcheck` itself gets the map without a daemon (ipn/prefs.go)."""
DAEMON_TIMEOUT_S = 2.0
URL_TIMEOUT_S = 3.0

BUILT_IN = (
    HostPort("stun.l.google.com", 19302),
    HostPort("stun.cloudflare.com", 3478),
    HostPort("stun.nextcloud.com", 443),
)
"""Plain STUN servers on three ports, for when no map can be had and for telling a blocked STUN port
from blocked UDP."""


@runtime_checkable
class HasRelayMap(Protocol):
    """A network that brings its own relay map: a practice network."""

    @property
    def relay_map(self) -> str:
        """The map's JSON."""


class NoMap(Exception):
    """The map that the person named cannot be had or read. One sentence."""


class _PassedOver(Exception):
    """A source gave nothing. Why, in a few words."""


@dataclass(frozen=True, slots=True)
class RelayMap:
    """The map in use."""

    source: MapSource
    map: DerpMap


async def relay_map(context: Context) -> RelayMap:
    """The map of this run, found once and told. Raises NoMap if the person named a bad one."""
    return await context.board.once("relay-map", lambda: _find_and_tell(context))


async def _find_and_tell(context: Context) -> RelayMap:
    try:
        found = await _find(context)
    except NoMap as error:
        context.failed(relays.MAP_SOURCE, str(error))
        raise
    where = found.source.where
    names = tuple(RegionName(each.id, each.code, each.name) for each in found.map.regions)
    context.known(relays.MAP_SOURCE, found.source, where)
    if found.source.origin is not MapOrigin.BUILT_IN:
        context.known(relays.REGIONS, names, where)
        offering = sum(1 for each in found.map.regions if stun_nodes(each))
        context.known(relays.STUN_REGIONS, offering, where)
    return found


async def _find(context: Context) -> RelayMap:
    network, options = context.network, context.options
    if options.derp_map_text:
        return _named(MapOrigin.FILE, options.derp_map, options.derp_map_text)
    if options.derp_map:
        try:
            text = await _fetch(context, options.derp_map)
        except _PassedOver as error:
            raise NoMap(f"The relay map at {clean(options.derp_map)} {error}.") from error
        return _named(MapOrigin.URL, options.derp_map, text)
    if isinstance(network, HasRelayMap):
        return _named(MapOrigin.SIMULATED, network.name, network.relay_map)
    passed_over: list[str] = []
    for origin, where, ask in (
        (MapOrigin.DAEMON, "tailscale debug derp-map", _from_daemon),
        (MapOrigin.CACHE, "the copy kept from an earlier run", _from_cache),
        (MapOrigin.PUBLIC, PUBLIC_URL, _from_public),
    ):
        try:
            found = parse_derp_map(await ask(context))
        except (_PassedOver, BadDerpMap) as error:
            passed_over.append(f"{where}: {error}")
            continue
        source = MapSource(origin, where, len(found.regions), tuple(passed_over))
        return RelayMap(source, found)
    names = ", ".join(str(server) for server in BUILT_IN)
    return RelayMap(
        MapSource(MapOrigin.BUILT_IN, f"built-in STUN servers {names}", 0, tuple(passed_over)),
        DerpMap(()),
    )


def _named(origin: MapOrigin, where: str, text: str) -> RelayMap:
    try:
        found = parse_derp_map(text)
    except BadDerpMap as error:
        raise NoMap(str(error)) from error
    return RelayMap(MapSource(origin, clean(where), len(found.regions), ()), found)


_Ask = Callable[[Context], Awaitable[str]]


async def _from_daemon(context: Context) -> str:
    argv = ("tailscale", "debug", "derp-map")
    result = await context.network.run(argv, timeout_s=DAEMON_TIMEOUT_S, most=MOST_BYTES)
    if not result.found:
        raise _PassedOver("no tailscale program here")
    if result.timed_out:
        raise _PassedOver("it did not answer in time")
    if result.status != 0 or result.truncated:
        raise _PassedOver("it gave no map")
    text = result.stdout.decode("utf-8", "replace")
    _keep(context, text)
    return text


async def _from_cache(context: Context) -> str:
    text = context.options.cache.load()
    if text is None:
        raise _PassedOver("there is none")
    return text


async def _from_public(context: Context) -> str:
    text = await _fetch(context, PUBLIC_URL)
    _keep(context, text)
    return text


def _keep(context: Context, text: str) -> None:
    try:
        parse_derp_map(text)
    except BadDerpMap:
        return
    context.options.cache.store(text)


async def _fetch(context: Context, url: str) -> str:
    try:
        async with asyncio.timeout(URL_TIMEOUT_S):
            reply = await context.network.http_get(url, most=MOST_BYTES)
    except TimeoutError:
        raise _PassedOver(f"did not answer within {URL_TIMEOUT_S:.0f} s") from None
    except NetworkError as error:
        raise _PassedOver(f"could not be fetched ({error})") from error
    if reply.status != 200:
        raise _PassedOver(f"was answered with HTTP status {reply.status}")
    if reply.truncated:
        raise _PassedOver(f"is larger than {MOST_BYTES // 1_000_000} MB")
    return reply.body.decode("utf-8", "replace")


def stun_nodes(region: Region) -> tuple[Node, ...]:
    """The servers of a region that offer STUN."""
    return tuple(node for node in region.nodes if node.stun_port is not None)


def tls_nodes(region: Region) -> tuple[Node, ...]:
    """The servers of a region that relay."""
    return tuple(node for node in region.nodes if not node.stun_only)
