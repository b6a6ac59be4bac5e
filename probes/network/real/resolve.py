"""Host names to addresses, by the system's resolver, without ever being held up by it."""

from __future__ import annotations

import socket
from ipaddress import IPv6Address, ip_address

from probes.clean import clean
from probes.model import Family, IPAddress
from probes.network.real.addresses import AF
from probes.network.real.bridge import call
from probes.network.seam import NotResolved

_DEADLINE_S = 10.0
"""Resolvers with dead servers take 10 to 30 s to say so; no check waits for that."""


async def resolve(host: str, family: Family) -> tuple[IPAddress, ...]:
    """Addresses of one family, in the resolver's order. A literal one is answered without asking.

    Raises NotResolved.
    """
    literal = _literal(host)
    if literal is not None:
        if Family.of(literal) is not family:
            raise NotResolved(f"{host} is not an IPv{family} address")
        return (literal,)
    try:
        found = await call(
            lambda: socket.getaddrinfo(host, None, AF[family], socket.SOCK_DGRAM),
            name="resolver",
            deadline_s=_DEADLINE_S,
        )
    except TimeoutError as error:
        raise NotResolved(f"no answer from the resolver about {clean(host)}") from error
    except (OSError, UnicodeError) as error:
        # UnicodeError: an empty label, or one of more than 63 bytes.
        raise NotResolved(f"{clean(host)} does not resolve") from error
    addresses = dict.fromkeys(
        ip_address(str(entry[4][0]).partition("%")[0]) for entry in found
    )  # each once, order kept
    usable = tuple(address for address in addresses if not _mapped(address))
    if not usable:
        raise NotResolved(f"{clean(host)} has no IPv{family} address")
    return usable


def _literal(host: str) -> IPAddress | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _mapped(address: IPAddress) -> bool:
    return isinstance(address, IPv6Address) and address.ipv4_mapped is not None
