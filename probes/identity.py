"""Which network a report speaks of: what identifies it, and whether it changed under a run."""

from __future__ import annotations

import hashlib
from ipaddress import ip_network

from probes.network.seam import Network, NetworkError
from probes.readings import stun
from probes.report import Report
from probes.values import dataclass


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What the system says of the network, without a packet. "" = not known (yet)."""

    interface: str = ""
    prefix: str = ""
    gateway: str = ""
    gateway_mac: str = ""
    read: bool = True
    """The system told. Else nothing is known of where this is."""

    def lost_in(self, later: Fingerprint) -> bool:
        """There was a way out, and later the system knows of none."""
        return bool(self.interface) and later.read and not later.interface

    def differs(self, other: Fingerprint) -> bool:
        """A known part of one is another in the other. The unknown matches anything.

        (A router's MAC address may enter the neighbour table only during the run.)
        """
        pairs = (
            (self.interface, other.interface),
            (self.prefix, other.prefix),
            (self.gateway, other.gateway),
            (self.gateway_mac, other.gateway_mac),
        )
        return any(mine and theirs and mine != theirs for mine, theirs in pairs)


async def fingerprint(network: Network) -> Fingerprint:
    """Read it now. Never raises: what cannot be read is unknown."""
    try:
        view = await network.local()
    except NetworkError:
        return Fingerprint(read=False)
    tunnels = {face.name for face in view.interfaces if face.kind in ("tunnel", "tailscale")}
    gateway = next((route for route in view.gateways4 if route.interface not in tunnels), None)
    if gateway is None:
        return Fingerprint()
    prefix = next(
        (
            str(address.network)
            for face in view.interfaces
            if face.name == gateway.interface
            for address in face.addresses
            if address.version == 4
        ),
        "",
    )
    address = str(gateway.address) if gateway.address is not None else ""
    return Fingerprint(gateway.interface, prefix, address, view.gateway_mac)


def network_id(report: Report, found: Fingerprint, salt: bytes) -> str:
    """A salted hash by which runs on the same network are recognised; "" where nothing is known.

    The public prefix is wide (/16), since providers renew addresses within one.
    """
    endpoint = report.value(stun.ENDPOINT4)
    public = str(ip_network(f"{endpoint.address}/16", strict=False)) if endpoint else ""
    parts = (found.interface, found.prefix, found.gateway_mac or found.gateway, public)
    if not any(parts):
        return ""
    digest = hashlib.blake2b("|".join(parts).encode(), key=salt[:64], digest_size=8)
    return digest.hexdigest()
