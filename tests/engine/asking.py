"""Asking STUN servers by hand, over the seam: what the tests of the simulated network need."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from probes.model import Endpoint
from probes.network.seam import Bounced, Datagram, UdpSocket
from probes.network.simulated import SimulatedNetwork
from probes.wire.stun import (
    Attribute,
    AttributeType,
    ChangeRequest,
    Message,
    binding_request,
    parse,
)

RELAY_CLIENT = ("whyrelay", "tailnode")


def request(
    network: SimulatedNetwork,
    *,
    change: tuple[bool, bool] | None = None,
    response_port: int | None = None,
    software: tuple[str, ...] = RELAY_CLIENT,
) -> bytes:
    """A Binding request; `change` is (address, port)."""
    attributes = []
    if change is not None:
        attributes.append(Attribute(AttributeType.CHANGE_REQUEST, ChangeRequest(*change)))
    if response_port is not None:
        attributes.append(Attribute(AttributeType.RESPONSE_PORT, response_port))
    return binding_request(network.random_bytes(12), *attributes, software=software)


async def first(socket: UdpSocket, wait_s: float = 1.0) -> Datagram | Bounced | None:
    """The next arrival; None when nothing comes."""
    with suppress(TimeoutError):
        async with asyncio.timeout(wait_s):
            return await socket.receive()
    return None


async def exchange(socket: UdpSocket, data: bytes, to: Endpoint) -> tuple[Message, Endpoint] | None:
    """Send and wait: the parsed answer and where it came from."""
    socket.send(data, to)
    arrival = await first(socket)
    if not isinstance(arrival, Datagram):
        return None
    return parse(arrival.data), arrival.source


async def mapped(network: SimulatedNetwork, socket: UdpSocket, server: Endpoint) -> Endpoint | None:
    """The endpoint that a server sees."""
    answer = await exchange(socket, request(network, software=()), server)
    return answer[0].mapped if answer else None
