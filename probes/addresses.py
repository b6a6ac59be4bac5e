"""What an address is by its prefix alone."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, ip_network

from probes.model import IPAddress

_NOT_PUBLIC = tuple(
    ip_network(prefix)
    for prefix in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",  # RFC 1918
        "100.64.0.0/10",  # RFC 6598, also the tailnet's own
        "169.254.0.0/16",
        "127.0.0.0/8",
        "fc00::/7",  # RFC 4193, also the tailnet's own
        "fe80::/10",
    )
)


def may_be_public(address: IPAddress) -> bool:
    """Not an address that is known to mean something only inside some network."""
    return not any(address in prefix for prefix in _NOT_PUBLIC if prefix.version == address.version)


class AddressKind(StrEnum):
    """What an external address that a router names is worth."""

    PUBLIC = "public"
    PRIVATE = "private"
    """RFC 1918: another router stands in front of this one."""
    CARRIER = "carrier"
    """100.64.0.0/10 (RFC 6598): the provider's NAT stands in front of this one."""
    TRANSITION = "transition"
    """192.0.0.0/29 (RFC 7335): IPv4 travels inside IPv6, and the provider's NAT translates it."""
    UNSPECIFIED = "unspecified"
    """0.0.0.0: the router has no address out there, or does not say."""
    OTHER = "other"
    """Loopback, link-local or reserved: no address that a peer could be told."""

    @classmethod
    def of(cls, address: IPAddress) -> AddressKind:
        """The kind of an address."""
        if address.is_unspecified:
            return cls.UNSPECIFIED
        if isinstance(address, IPv4Address):
            if address in _CARRIER:
                return cls.CARRIER
            if address in _CONTINUITY:
                return cls.TRANSITION
            if any(address in prefix for prefix in _RFC1918):
                return cls.PRIVATE
            if address in _PROTOCOL_ASSIGNMENTS:
                return cls.OTHER
        return cls.PUBLIC if address.is_global or _stands_for_public(address) else cls.OTHER


_CARRIER = IPv4Network("100.64.0.0/10")
_CONTINUITY = IPv4Network("192.0.0.0/29")  # RFC 7335: DS-Lite and 464XLAT number from it
_PROTOCOL_ASSIGNMENTS = IPv4Network("192.0.0.0/24")  # RFC 6890: parts of it are called global
_EXAMPLES = tuple(
    ip_network(prefix)  # RFC 5737, RFC 2544, RFC 3849
    for prefix in (
        *("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15"),
        "2001:db8::/32",
    )
)
_RFC1918 = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))


def _stands_for_public(address: IPAddress) -> bool:
    """Nobody has these: in examples and in masked reports they stand in a public one's place."""
    return any(address in prefix for prefix in _EXAMPLES if prefix.version == address.version)


def is_rfc1918(address: IPAddress) -> bool:
    """Whether Tailscale would ask a gateway of this address for a port (netmon, isPrivate)."""
    return AddressKind.of(address) is AddressKind.PRIVATE
