"""What the `local` check finds out: this device and its way out."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import IPv4Interface, IPv6Interface, ip_interface
from typing import TypeAlias

from probes.model import CheckId, Family, IPAddress
from probes.readings.codec import (
    ADDRESS,
    BOOL,
    INT,
    STR,
    Codec,
    CodecError,
    enum,
    many,
    optional,
    record,
)
from probes.readings.key import Key
from probes.values import dataclass

IPInterface: TypeAlias = IPv4Interface | IPv6Interface


class InterfaceKind(StrEnum):
    """What an interface is, as far as a name and its flags tell."""

    PHYSICAL = "physical"
    """Ethernet, Wi-Fi, mobile modem, or the virtual card of a machine: a way out of its own."""
    LOOPBACK = "loopback"
    TUNNEL = "tunnel"
    """A VPN or other tunnel: what leaves by it comes out elsewhere."""
    TAILSCALE = "tailscale"
    """Tailscale's own tunnel. Its addresses are the tailnet's, never the network's."""
    BRIDGE = "bridge"
    """A bridge or virtual network for containers and virtual machines on this host."""


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface of this device."""

    name: str
    kind: InterfaceKind
    up: bool
    mtu: int | None
    """Bytes, or None where the system does not say."""
    addresses: tuple[IPInterface, ...]
    """Address and prefix length each."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """The router that a default route points to."""

    address: IPAddress | None
    """None for a point-to-point link without a router address."""
    interface: str


@dataclass(frozen=True, slots=True)
class WayOut:
    """How probe packets of one family leave this device."""

    family: Family
    interface: str
    source: IPAddress
    """The local address that the packets carry."""
    bound: bool
    """The sockets are bound to the interface, so no tunnel can catch them."""
    tunnel: str
    """The tunnel that holds the default route, or "" where there is none."""

    @property
    def through_tunnel(self) -> bool:
        """The packets would leave through the tunnel: nothing here speaks for this network."""
        return bool(self.tunnel) and not self.bound


def _interface(value: object) -> IPInterface:
    if not isinstance(value, str):
        raise CodecError(f"{value!r} is not a string")
    try:
        return ip_interface(value)
    except ValueError as error:
        raise CodecError(str(error)) from error


_IP_INTERFACE: Codec[IPInterface] = Codec(str, _interface, {"type": "string"})
INTERFACE = record(
    Interface,
    name=STR,
    kind=enum(InterfaceKind),
    up=BOOL,
    mtu=optional(INT),
    addresses=many(_IP_INTERFACE),
)
GATEWAY = record(Gateway, address=optional(ADDRESS), interface=STR)
WAY_OUT = record(WayOut, family=enum(Family), interface=STR, source=ADDRESS, bound=BOOL, tunnel=STR)

INTERFACES = Key("local.interfaces", CheckId.LOCAL, many(INTERFACE), "This device's interfaces.")
GATEWAY4 = Key(
    "local.gateway4", CheckId.LOCAL, optional(GATEWAY), "The IPv4 default router; null: none."
)
GATEWAY6 = Key(
    "local.gateway6", CheckId.LOCAL, optional(GATEWAY), "The IPv6 default router; null: none."
)
OS_IPV6 = Key(
    "local.os_ipv6", CheckId.LOCAL, BOOL, "Whether the operating system can open IPv6 sockets."
)
WAY_OUT4 = Key(
    "local.way_out4",
    CheckId.LOCAL,
    optional(WAY_OUT),
    "How IPv4 probes leave this device; null: no usable address or route.",
    shared=True,
)
WAY_OUT6 = Key(
    "local.way_out6",
    CheckId.LOCAL,
    optional(WAY_OUT),
    "How IPv6 probes leave this device; null: no usable address or route.",
    shared=True,
)
GATEWAY_MAC = Key(
    "local.gateway_mac", CheckId.LOCAL, STR, "Salted hash of the default router's MAC address."
)

KEYS = (INTERFACES, GATEWAY4, GATEWAY6, OS_IPV6, WAY_OUT4, WAY_OUT6, GATEWAY_MAC)


def way_out_key(family: Family) -> Key[WayOut | None]:
    """The key of one family's way out."""
    return WAY_OUT4 if family is Family.V4 else WAY_OUT6
