"""The system's own account of its network, put together from its parts.

What only another system needs is imported where it is used.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from probes.clean import clean
from probes.model import Family
from probes.network.real.bridge import call
from probes.network.real.interfaces import kinds, linux, netlink, psutil_view, sources
from probes.network.real.interfaces.faces import Face
from probes.network.real.interfaces.kinds import Traits
from probes.network.seam import LocalView, NetworkError, ProcessResult
from probes.readings.local import Gateway, Interface, InterfaceKind

_PROGRAM_S = 2.0
_OUTPUT = 2_000_000

Run = Callable[[Sequence[str]], Awaitable[str]]


async def read(run: Callable[..., Awaitable[ProcessResult]]) -> LocalView:
    """Interfaces, routes, addresses. `run` is the network's own. Raises NetworkError."""

    async def output(argv: Sequence[str]) -> str:
        result = await run(argv, timeout_s=_PROGRAM_S, most=_OUTPUT)
        return result.stdout.decode("utf-8", "replace")

    try:
        if sys.platform == "linux":
            # A machine with a thousand containers has as many interfaces: not on the loop.
            return await call(_linux, name="interfaces")
        if sys.platform == "win32":
            return await _windows(output)
        return await _bsd(output)
    except OSError as error:
        raise NetworkError(f"the interfaces cannot be read: {clean(str(error))}") from error


def answers_are_dropped(interface: str) -> bool:
    """Linux would send IPv4 packets by this interface against its routes, but take no answers."""
    if sys.platform != "linux" or not linux.drops_answers(interface):
        return False
    usual = netlink.route_to(sources.PUBLIC[Family.V4])
    return usual is not None and usual.interface != interface


def _linux() -> LocalView:
    faces = psutil_view.read()
    gateways4 = _with_route_to(Family.V4, linux.gateways4(linux.text("/proc/net/route")), faces)
    gateways6 = _with_route_to(
        Family.V6, linux.gateways6(linux.text("/proc/net/ipv6_route")), faces
    )
    interfaces = kinds.classify(
        linux.traits(faces),
        (route.interface for route in (*gateways4, *gateways6)),
        # One line of headings, then one for each session.
        pppoe=linux.text("/proc/net/pppoe", 4096).count("\n") > 1,
    )
    router = _router(gateways4, interfaces)
    mac = linux.neighbour(linux.text("/proc/net/arp"), router) if router is not None else ""
    return _view(interfaces, gateways4, gateways6, mac)


def _with_route_to(
    family: Family,
    gateways: tuple[Gateway, ...],
    faces: Sequence[Face],
) -> tuple[Gateway, ...]:
    """The default routes, and the one that policy rules lead to where the table lacks it."""
    source = sources.source(family)
    if source is None:
        return gateways
    names = {face.name for face in faces if any(own.ip == source for own in face.addresses)}
    if any(route.interface in names for route in gateways):
        return gateways
    found = netlink.route_to(sources.PUBLIC[family])
    return (found, *gateways) if found is not None and found not in gateways else gateways


async def _bsd(output: Run) -> LocalView:
    from probes.network.real.interfaces import darwin

    faces, table4, table6 = await asyncio.gather(
        call(psutil_view.read, name="interfaces"),
        output(("netstat", "-rn", "-f", "inet")),
        output(("netstat", "-rn", "-f", "inet6")),
    )
    gateways4 = darwin.gateways(table4, Family.V4)
    gateways6 = darwin.gateways(table6, Family.V6)
    interfaces = kinds.classify(
        [Traits(face.name, face.up, face.mtu, face.addresses) for face in faces],
        (route.interface for route in (*gateways4, *gateways6)),
    )
    mac = await _arp(output, "-n", _router(gateways4, interfaces))
    return _view(interfaces, gateways4, gateways6, mac)


async def _windows(output: Run) -> LocalView:
    from probes.network.real.interfaces import windows

    faces, table = await asyncio.gather(
        call(psutil_view.read, name="interfaces"), output(("route", "print"))
    )
    names4 = {own.ip: face.name for face in faces for own in face.addresses}
    indices = {face.name: _index(face.name) for face in faces}
    names6 = {index: name for name, index in indices.items() if index}
    gateways4, gateways6 = windows.gateways4(table, names4), windows.gateways6(table, names6)
    described = windows.descriptions(table)
    interfaces = kinds.classify(
        [
            Traits(
                face.name,
                face.up,
                face.mtu,
                face.addresses,
                description=described.get(indices[face.name], ""),
                iftype=_iftype(face.name),
            )
            for face in faces
        ],
        (route.interface for route in (*gateways4, *gateways6)),
    )
    mac = await _arp(output, "-a", _router(gateways4, interfaces))
    return _view(interfaces, gateways4, gateways6, mac)


async def _arp(output: Run, option: str, router: Gateway | None) -> str:
    from probes.network.real.interfaces import darwin

    if router is None or router.address is None:
        return ""
    return darwin.neighbour(await output(("arp", option, str(router.address))), router.address)


def _router(gateways: Sequence[Gateway], interfaces: Sequence[Interface]) -> Gateway | None:
    """The network's own preferred router: a tunnel's has no MAC address."""
    tunnels = {
        face.name
        for face in interfaces
        if face.kind in (InterfaceKind.TUNNEL, InterfaceKind.TAILSCALE)
    }
    return next((route for route in gateways if route.interface not in tunnels), None)


def _view(
    interfaces: Sequence[Interface],
    gateways4: Sequence[Gateway],
    gateways6: Sequence[Gateway],
    mac: str,
) -> LocalView:
    return LocalView(
        tuple(replace(face, name=clean(face.name)) for face in interfaces),
        tuple(replace(route, interface=clean(route.interface)) for route in gateways4),
        tuple(replace(route, interface=clean(route.interface)) for route in gateways6),
        sources.os_ipv6(),
        sources.source(Family.V4),
        sources.source(Family.V6),
        sys.platform,
        clean(mac),
    )


def _index(name: str) -> int:
    if sys.platform == "win32":
        from probes.network.real.interfaces.windows_api import interface_index

        try:
            return interface_index(name)
        except OSError:
            return 0
    return 0


def _iftype(name: str) -> int | None:
    if sys.platform == "win32":
        from probes.network.real.interfaces.windows_api import interface_type

        try:
            return interface_type(name)
        except OSError:
            return None
    return None
