"""What the daemon's own list of endpoints says about its socket (wgengine/magicsock).

The status does not print where an endpoint comes from, and the list keeps what was seen within the
last five minutes. So this is an inference from addresses and ports, never a measurement.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from probes.addresses import may_be_public
from probes.model import Endpoint, Family, IPAddress
from probes.readings.tailscale import EndpointKind, OwnSocket, SelfEndpoint


def own_port(endpoints: Sequence[Endpoint], own: Collection[IPAddress]) -> int | None:
    """The port that the daemon listens on: the one of its local endpoints.

    `own` are this device's addresses. IPv4 decides; None where no local endpoint is listed.
    """
    local = [each for each in endpoints if _is_local(each.address, own)]
    for family in Family:
        ports = Counter(each.port for each in local if each.family is family)
        if ports:
            return ports.most_common(1)[0][0]
    return None


def kinds(
    endpoints: Sequence[Endpoint], own: Collection[IPAddress], port: int | None
) -> tuple[SelfEndpoint, ...]:
    """Each endpoint with what its form says about where it comes from."""
    return tuple(SelfEndpoint(each, _kind(each, own, port)) for each in endpoints)


def _kind(endpoint: Endpoint, own: Collection[IPAddress], port: int | None) -> EndpointKind:
    if _is_local(endpoint.address, own):
        return EndpointKind.LOCAL
    if port is None:
        return EndpointKind.PUBLIC
    if endpoint.port == port:
        return EndpointKind.PUBLIC_OWN_PORT
    return EndpointKind.PUBLIC_OTHER_PORT


def _is_local(address: IPAddress, own: Collection[IPAddress]) -> bool:
    # A mapping on a router behind another router is private too, and no address of this device.
    # Where this device's addresses are known, they decide.
    return address in own if own else not may_be_public(address)


def socket_of(
    endpoints: Sequence[SelfEndpoint], own: Collection[IPAddress], port: int | None
) -> OwnSocket | None:
    """What the IPv4 endpoints together say. None: nothing to go by."""
    seen = [each for each in endpoints if each.endpoint.family is Family.V4]
    on_device = [
        each.endpoint.address
        for each in seen
        if each.endpoint.address in own and may_be_public(each.endpoint.address)
    ]
    outside = [
        each
        for each in seen
        if each.kind is not EndpointKind.LOCAL and may_be_public(each.endpoint.address)
    ]
    if not seen:
        return None
    if on_device and all(each.endpoint.address in on_device for each in outside):
        return OwnSocket.ON_DEVICE
    if not outside:
        return OwnSocket.NO_PUBLIC
    if port is None:
        return None
    if len({each.endpoint.address for each in outside}) > 1:
        return OwnSocket.SEVERAL_ADDRESSES
    ports = {each.endpoint.port for each in outside}
    if ports == {port}:
        return OwnSocket.PORT_KEPT
    if len(ports - {port}) > 1:
        return OwnSocket.SEVERAL_PORTS
    return OwnSocket.TWO_PORTS if port in ports else OwnSocket.PORT_CHANGED
