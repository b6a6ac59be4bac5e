"""The `local` check: this device's interfaces and routers, and the way its probes leave by.

It sends nothing. What it finds is the system's own account of itself.
"""

from __future__ import annotations

import hashlib
from ipaddress import IPv4Address

from probes.checks.context import Context
from probes.checks.ways_out import find, own_gateway
from probes.model import CheckId, Family, Reason
from probes.network.seam import LocalView
from probes.readings.key import Key
from probes.readings.local import (
    GATEWAY4,
    GATEWAY6,
    GATEWAY_MAC,
    INTERFACES,
    OS_IPV6,
    Gateway,
    WayOut,
    way_out_key,
)


class LocalCheck:
    """Reads interfaces, default routes and addresses, and chooses the way out."""

    id = CheckId.LOCAL
    budget_ms = 3000.0
    """macOS and Windows answer through a program; a loaded machine starts those slowly."""

    async def run(self, context: Context) -> None:
        """Tell every key of `probes.readings.local`."""
        context.progress(0, 2, "read-interfaces")
        view = await context.network.local()
        context.known(INTERFACES, view.interfaces, "the system's list of interfaces")
        context.known(OS_IPV6, view.os_ipv6, "binding a socket to [::1]")
        context.progress(1, 2, "find-way-out")
        for family, key in ((Family.V4, GATEWAY4), (Family.V6, GATEWAY6)):
            way = await find(context.network, view, family)
            context.known(way_out_key(family), way, _why(view, family, way))
            _tell_gateway(context, view, family, key, way)
        _tell_mac(context, view)
        context.progress(2, 2, "find-way-out")


def _why(view: LocalView, family: Family, way: WayOut | None) -> str:
    source = view.source4 if family is Family.V4 else view.source6
    if way is None:
        if source is None:
            return f"the system has no route to the IPv{family} internet"
        return f"the system would use {source}, which is not this network's own address"
    if way.bound:
        return f"bound to {way.interface}; the default route is {way.tunnel}'s"
    if way.tunnel:
        return f"the default route is {way.tunnel}'s, and there is no way around it"
    return f"the system's choice of address, {way.source}"


def _tell_gateway(
    context: Context,
    view: LocalView,
    family: Family,
    key: Key[Gateway | None],
    way: WayOut | None,
) -> None:
    named = context.options.gateway
    if named is not None and Family.of(named) is family:
        interface = way.interface if way is not None else ""
        context.known(key, Gateway(named, interface), "--gateway")
        return
    gateway = own_gateway(view, family, way)
    if gateway is None and way is not None and not way.tunnel:
        # There is a way out, so there is a route: in a table that we cannot read.
        context.unknown(
            key, Reason.UNSUPPORTED_SYSTEM, "the default route is not in the main routing table"
        )
        return
    context.known(key, gateway, "the system's routing table")


def _tell_mac(context: Context, view: LocalView) -> None:
    own = own_gateway(view, Family.V4, None)
    named = context.options.gateway
    if own is None or (isinstance(named, IPv4Address) and named != own.address):
        why = "there is no IPv4 router" if own is None else "--gateway names another router"
        context.unknown(GATEWAY_MAC, Reason.NOT_APPLICABLE, why)
    elif view.gateway_mac:
        digest = hashlib.blake2b(
            view.gateway_mac.lower().encode(), key=context.options.salt[:64], digest_size=8
        )
        context.known(GATEWAY_MAC, digest.hexdigest(), "the system's neighbour table, salted")
    else:
        context.unknown(
            GATEWAY_MAC, Reason.NOT_MEASURED, "the router is not in the neighbour table (yet)"
        )
