"""Addresses in place of addresses: of the same kind, consistently, and nobody's."""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_interface,
    ip_network,
)

from probes.model import IPAddress
from probes.values import dataclass

_KEPT4 = tuple(
    IPv4Network(each) for each in ("0.0.0.0/8", "127.0.0.0/8", "192.0.0.0/24", "224.0.0.0/3")
)
"""The same for everybody: unspecified, loopback, DS-Lite's, multicast and broadcast."""
_INSIDE4 = tuple(
    IPv4Network(each)
    for each in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16")
)
"""Kinds from which conclusions are drawn (RFC 1918, 6598, 3927): masked within themselves."""
_PUBLIC4 = tuple(
    IPv4Network(each)
    for each in ("203.0.113.0/24", "198.51.100.0/24", "192.0.2.0/24", "198.18.0.0/15")
)
"""For documentation (RFC 5737), and if they are not enough, for benchmarks (RFC 2544)."""

_KEPT6 = tuple(IPv6Network(each) for each in ("::/127", "ff00::/8"))
_EMBEDS4 = tuple(IPv6Network(each) for each in ("::ffff:0:0/96", "64:ff9b::/96"))
"""An IPv4 address in its last 32 bits: mapped (RFC 4291), NAT64 (RFC 6052)."""
_PREFIXES6 = tuple(
    (IPv6Network(within), int(IPv6Address(base)))
    for within, base in (
        ("fe80::/10", "fe80::"),
        ("fd7a:115c:a1e0::/48", "fd7a:115c:a1e0::"),
        ("fc00::/7", "fd00::"),
        ("::/0", "2001:db8::"),
    )
)
"""Link-local, Tailscale's, other unique local, and all else: RFC 3849's prefix."""


@dataclass(slots=True)
class Addresses:
    """Remembers what it has masked, so that equal addresses stay equal and neighbours neighbours.

    IPv4 addresses of one private /24 stay in one /24 and keep their last byte; IPv6 addresses of
    one /64 stay in one /64.
    """

    _masks: dict[IPAddress, IPAddress] = field(default_factory=dict)
    _subnets: dict[tuple[int, int], int] = field(default_factory=dict)
    """(kind, subnet) to the number that it got."""
    _given: Counter[tuple[str, int]] = field(default_factory=Counter)
    """How many numbers have been given: to subnets of a kind, to hosts of a masked subnet."""

    def mask(self, text: str) -> str | None:
        """Mask an address, one with a prefix length, or one with a port; None: it is none."""
        head, bracket, tail = text.partition("]")
        if bracket:  # [address]:port
            inner = self.mask(head.removeprefix("["))
            return None if inner is None or not text.startswith("[") else f"[{inner}]{tail}"
        if text.count(":") == 1:  # IPv4 address:port
            host, colon, port = text.partition(":")
            inner = self.mask(host) if port.isdigit() else None
            return None if inner is None else f"{inner}{colon}{port}"
        try:
            if "/" not in text:
                return str(self.address(ip_address(text)))
            found = ip_interface(text)
        except ValueError:
            return None
        masked = self.address(found.ip)
        length = found.network.prefixlen
        if found.ip == found.network.network_address and length < found.max_prefixlen:
            # A network's own address must stay one: no bits beyond the prefix.
            masked = ip_network(f"{masked}/{length}", strict=False).network_address
        return f"{masked}/{length}"

    def address(self, address: IPAddress) -> IPAddress:
        """The address to show in place of this one."""
        if address not in self._masks:
            self._masks[address] = (
                self._new4(address) if isinstance(address, IPv4Address) else self._new6(address)
            )
        return self._masks[address]

    def _new4(self, address: IPv4Address) -> IPv4Address:
        if any(address in kind for kind in _KEPT4):
            return address
        for kind in _INSIDE4:
            if address in kind:
                number = self._subnet(int(kind.network_address), int(address) >> 8)
                return kind.network_address + (number << 8) + (int(address) & 0xFF)
        number = self._next("public", 4)
        for kind in _PUBLIC4:
            hosts = kind.num_addresses - 2
            if number < hosts:
                return kind.network_address + 1 + number
            number -= hosts
        return IPv4Address("198.19.255.255")  # after 131 000 public addresses: told apart no more

    def _new6(self, address: IPv6Address) -> IPv6Address:
        # A zone (%eth0) names an interface of this device: it goes.
        address = IPv6Address(int(address))
        if any(address in kind for kind in _KEPT6):
            return address
        for kind in _EMBEDS4:
            if address in kind:
                inner = self.address(IPv4Address(int(address) & 0xFFFFFFFF))
                return kind.network_address + int(inner)
        base = next(base for within, base in _PREFIXES6 if address in within)
        subnet = base + (self._subnet(base, int(address) >> 64) << 64)
        return IPv6Address(subnet + 1 + self._next("host", subnet))

    def _subnet(self, kind: int, subnet: int) -> int:
        known = self._subnets.get((kind, subnet))
        if known is None:
            known = self._subnets[kind, subnet] = self._next("subnet", kind)
        return known

    def _next(self, what: str, within: int) -> int:
        number = self._given[what, within]
        self._given[what, within] += 1
        return number
