"""Which way probe packets leave this device, and the socket address that takes it.

A tunnel that holds the default route (an exit node, another VPN) would make every answer that of
another network. So the way out is the network's own interface, and sockets are bound to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network
from typing import assert_never

from probes.checks.context import Context
from probes.model import Failed, Family, IPAddress, Known, Reading, Unknown
from probes.network.seam import Bind, LocalView, Network, NetworkError
from probes.readings.local import Gateway, Interface, InterfaceKind, WayOut, way_out_key

TUNNELS = frozenset({InterfaceKind.TUNNEL, InterfaceKind.TAILSCALE})

TAILSCALE_ULA = IPv6Network("fd7a:115c:a1e0::/48")
"""Tailscale's part of the unique local addresses; never the network's own."""
_GLOBAL_UNICAST = IPv6Network("2000::/3")  # RFC 4291 section 2.4, IANA's assignment
_UNIQUE_LOCAL = IPv6Network("fc00::/7")  # RFC 4193 section 3.1


def bind_for(way_out: WayOut, port: int = 0) -> Bind:
    """Where a probe socket is bound to. The system chooses the address: it knows the best one."""
    interface = way_out.interface if way_out.bound else ""
    return Bind(way_out.family, interface=interface, port=port)


def usable(reading: Reading[WayOut | None]) -> WayOut | None:
    """The way out if there is one; None where there is none or nobody could tell."""
    match reading:
        case Known(value):
            return value
        case Unknown() | Failed():
            return None
        case _:
            assert_never(reading)


async def way_out(context: Context, family: Family) -> WayOut | None:
    """What `way_out_reading` says; None where there is none or nobody could tell."""
    return usable(await way_out_reading(context, family))


async def way_out_reading(context: Context, family: Family) -> Reading[WayOut | None]:
    """The `local` check's answer. Where that check was left out or broke, it is found here, once a
    run, and told in its place: without it nobody knows of which network the answers are."""
    key = way_out_key(family)
    reading = await context.board.reading(key)
    if isinstance(reading, Known):
        return reading

    async def look() -> None:
        found = await find(context.network, await context.network.local(), family)
        context.known(key, found, "found without the local check")

    with suppress(NetworkError):
        await context.board.once(key.id, look)
    return context.board.report[key]


async def find(network: Network, view: LocalView, family: Family) -> WayOut | None:
    """The way out of one family. None: no route, or no address that is the network's own."""
    wanted = choose(view, family)
    if wanted is None or not wanted.bound:
        return wanted
    if await network.can_bind(bind_for(wanted)):
        return wanted
    source = _source(view, family)
    if source is None:
        return None
    return replace(wanted, interface=wanted.tunnel, source=source, bound=False)


def choose(view: LocalView, family: Family) -> WayOut | None:
    """The way out if every interface could be bound to. Pure."""
    source = _source(view, family)
    if source is None or source.is_loopback:
        return None
    face = _holder(view, source)
    if face is not None and face.kind in TUNNELS:
        return _around(view, family, face, source)
    if isinstance(source, IPv6Address) and not is_usable(source):
        return None
    return WayOut(family, _name(view, family, face), source, bound=False, tunnel="")


def own_gateway(view: LocalView, family: Family, way: WayOut | None) -> Gateway | None:
    """The network's own default router: never a tunnel's; the one on the way out before others."""
    routes = _own_routes(view, family)
    for route in routes:
        if way is not None and route.interface == way.interface:
            return route
    return routes[0] if routes else None


def is_usable(address: IPAddress) -> bool:
    """The address can be the network's own: not loopback, link-local or Tailscale's own ULA.

    (Tailscale's IPv4 range is also what carriers use, RFC 6598: there the interface decides.)
    """
    if isinstance(address, IPv6Address):
        return address in _GLOBAL_UNICAST or (
            address in _UNIQUE_LOCAL and address not in TAILSCALE_ULA
        )
    return not (address.is_loopback or address.is_link_local or address.is_unspecified)


def _around(view: LocalView, family: Family, tunnel: Interface, source: IPAddress) -> WayOut | None:
    for route in _own_routes(view, family):
        face = next((face for face in view.interfaces if face.name == route.interface), None)
        for address in _addresses(face, family):
            return WayOut(family, route.interface, address, bound=True, tunnel=tunnel.name)
    through = WayOut(family, tunnel.name, source, bound=False, tunnel=tunnel.name)
    below = [face for face in view.interfaces if face.up and face.kind is InterfaceKind.PHYSICAL]
    if any(_addresses(face, family) for face in below):
        return through
    # The tunnel rides on a network that does not speak this family: then it is the tunnel's, not
    # the network's. Where it rides on nothing visible (its own namespace), it is all there is.
    other = Family.V6 if family is Family.V4 else Family.V4
    return None if any(_addresses(face, other) for face in below) else through


def _own_routes(view: LocalView, family: Family) -> Sequence[Gateway]:
    """Default routes that are no tunnel's; those of virtual networks on this host come last."""
    kinds = {face.name: face.kind for face in view.interfaces}
    routes = view.gateways4 if family is Family.V4 else view.gateways6
    none_of_it = (*TUNNELS, InterfaceKind.LOOPBACK)
    own = [route for route in routes if kinds.get(route.interface) not in none_of_it]
    return sorted(own, key=lambda route: kinds.get(route.interface) is InterfaceKind.BRIDGE)


def _addresses(face: Interface | None, family: Family) -> Sequence[IPAddress]:
    """Usable addresses of an interface, global ones before unique local ones."""
    if face is None:
        return ()
    found = [
        address.ip
        for address in face.addresses
        if address.version == family and is_usable(address.ip)
    ]
    return sorted(found, key=lambda address: address.version == 6 and address in _UNIQUE_LOCAL)


def _holder(view: LocalView, address: IPAddress) -> Interface | None:
    return next(
        (face for face in view.interfaces if any(own.ip == address for own in face.addresses)), None
    )


def _name(view: LocalView, family: Family, face: Interface | None) -> str:
    """The interface by which packets leave; a public address may sit on the loopback one."""
    if face is not None and face.kind is not InterfaceKind.LOOPBACK:
        return face.name
    routes = _own_routes(view, family)
    return routes[0].interface if routes else ""


def _source(view: LocalView, family: Family) -> IPAddress | None:
    return view.source4 if family is Family.V4 else view.source6
