"""The sites: every kind of connection that the program is measured at, as data.

Each site's promise (what its NAT maps and filters) is checked by `test_sites` against a witness
that shares nothing with the program, before any conclusion is drawn from what the program says.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Layout(StrEnum):
    """Who holds the public IPv4 address."""

    HOME = "home"
    """The router; the device has 192.168.x.2 behind it."""
    ON_DEVICE = "on-device"
    """The device itself, straight at the provider."""
    ROUTED = "routed"
    """The device itself, behind a router that only routes."""
    UNPLUGGED = "unplugged"
    """Nobody: the device has nothing but its loopback."""


class IPv6(StrEnum):
    """What the site has of IPv6."""

    MISSING = "missing"
    """The system can, but has no address besides the link's own."""
    WORKS = "works"
    FILTERED = "filtered"
    """A global address and a route, but the router drops IPv6 UDP."""
    DISABLED = "disabled"
    """Switched off in the device's system (sysctl)."""


class Detour(StrEnum):
    """How a VPN takes the device's default route."""

    NONE = "none"
    METRIC = "metric"
    """A default route through the tunnel that is preferred to the router's."""
    HALVES = "halves"
    """0.0.0.0/1 and 128.0.0.0/1 through the tunnel, as OpenVPN does."""
    POLICY = "policy"
    """A routing rule that sends all unmarked packets to the tunnel's table, as wg-quick does."""


class Outer(StrEnum):
    """A NAT between the home router and the provider."""

    NONE = "none"
    SECOND_ROUTER = "second-router"
    """Another home router, with 192.168.100.0/24 between the two."""
    CARRIER = "carrier"
    """The provider's own, hard, with 100.64.17.0/24 between the two."""
    DS_LITE = "ds-lite"
    """The provider's own, with 192.0.0.0/29 between the two (RFC 6333). How IPv4 gets there inside
    IPv6 cannot be seen from the home, so here it is a cable of its own."""


MASQUERADE = "masquerade"
MASQUERADE_FULLY_RANDOM = "masquerade fully-random"
MASQUERADE_RANDOM = "masquerade random"
PORTS_BY_DESTINATION = """
    ip daddr 45.83.220.0/24 meta l4proto { tcp, udp } snat to {wan}:20000-21999
    ip daddr 45.83.221.0/24 meta l4proto { tcp, udp } snat to {wan}:22000-23999
    ip daddr 45.83.222.0/24 meta l4proto { tcp, udp } snat to {wan}:24000-25999
    masquerade"""
ADDRESS_BY_DESTINATION = """
    ip daddr 45.83.220.0/24 snat to {pool[0]}
    ip daddr 45.83.221.0/24 snat to {pool[1]}
    ip daddr 45.83.222.0/24 snat to {pool[2]}
    masquerade"""


ANYBODY = """
  map back {
    type inet_service : ipv4_addr
    flags dynamic,timeout
    timeout 5m
  }
  chain remember {
    type filter hook forward priority 10
    iifname "lan0" oifname "wan0" meta l4proto udp update @back { udp sport : ip saddr }
  }
  chain back {
    type nat hook prerouting priority dstnat
    iifname "wan0" meta l4proto udp dnat to udp dport map @back
  }
"""
"""Anybody reaches a port inside that has sent something to somebody."""
KNOWN_ADDRESSES = ANYBODY.replace(
    "  chain remember",
    """  set talked {
    type ipv4_addr . inet_service
    flags dynamic,timeout
    timeout 5m
  }
  chain talk {
    type filter hook forward priority 11
    iifname "lan0" oifname "wan0" meta l4proto udp update @talked { ip daddr . udp sport }
  }
  chain remember""",
).replace("udp dnat to", "udp ip saddr . udp dport @talked dnat to")
"""Only addresses reach it that it has sent to, from whatever port."""
HAIRPIN = ANYBODY.replace('iifname "wan0" meta', "ip daddr {wan} meta").replace(
    "  chain back",
    """  chain turned {
    type nat hook postrouting priority srcnat
    iifname "lan0" oifname "lan0" masquerade
  }
  chain back""",
)
"""As ANYBODY, from inside too."""
FORWARD = """
  chain forwards {
    type nat hook prerouting priority dstnat
    iifname "wan0" udp dport { 41641, 20000-20999 } dnat to {device}
  }
"""
"""Ports forwarded for good: the VPN's usual one, and a thousand below those that systems hand out,
for many meetings at once."""
ONE_TO_ONE = """
  chain inwards {
    type nat hook prerouting priority dstnat
    iifname "wan0" ip daddr {wan} dnat to {device}
  }
"""
"""The public address is the device's, as in many a cloud."""


@dataclass(frozen=True, slots=True)
class Site:
    """One kind of connection."""

    about: str
    """One sentence."""
    layout: Layout = Layout.HOME
    nat: str = MASQUERADE
    """The nftables rules for what leaves by the WAN side; `{wan}` and `{pool}` are filled in."""
    blocked: str = ""
    """Rules that stand first for everything that the router forwards."""
    admits: str = ""
    """nftables chains that let packets in which nobody asked for; `{wan}`, `{device}` filled in."""
    outer: Outer = Outer.NONE
    silence_s: int = 0
    """The router forgets a UDP flow after so many seconds of silence; 0: when it likes to."""
    wan_open: bool = False
    """The router itself accepts unsolicited packets on its WAN side."""
    opens_ports: bool = False
    """The router runs a miniupnpd: UPnP, NAT-PMP and PCP."""
    host_firewall: bool = False
    """The device drops what it did not ask for, in an nftables table of its own."""
    ipv4: bool = True
    """The device has IPv4 at all."""
    ipv6: IPv6 = IPv6.MISSING
    detour: Detour = Detour.NONE


SITES: dict[str, Site] = {
    "easy-home": Site("An ordinary home: one port for everybody, unsolicited packets are dropped."),
    "easy-home-wan-open": Site(
        "An ordinary home whose router accepts unsolicited packets itself.", wan_open=True
    ),
    "hard-home": Site(
        "A home whose router picks a new port for each destination.", nat=MASQUERADE_FULLY_RANDOM
    ),
    "hard-home-random": Site(
        "The same by nftables' other kind of randomness.", nat=MASQUERADE_RANDOM
    ),
    "hard-home-ranges": Site(
        "A home whose router has a range of ports for each destination.", nat=PORTS_BY_DESTINATION
    ),
    "hard-home-pool": Site(
        "An address for each destination, the port always kept.", nat=ADDRESS_BY_DESTINATION
    ),
    "hard-home-upnp": Site(
        "A hard home whose router opens ports on request.",
        nat=MASQUERADE_FULLY_RANDOM,
        opens_ports=True,
    ),
    "hard-home-forward": Site(
        "A hard home whose router forwards the VPN's port for good.",
        nat=MASQUERADE_FULLY_RANDOM,
        admits=FORWARD,
    ),
    "hard-home-upnp-firewall": Site(
        "A hard home whose router opens ports, before a device that drops strangers' packets.",
        nat=MASQUERADE_FULLY_RANDOM,
        opens_ports=True,
        host_firewall=True,
    ),
    "easy-home-upnp-firewall": Site(
        "An easy home whose router opens ports, before a device that drops strangers' packets.",
        opens_ports=True,
        host_firewall=True,
    ),
    "eif-home": Site("A home that lets anybody in where a port is in use.", admits=ANYBODY),
    "adf-home": Site("A home that lets in whoever was sent to.", admits=KNOWN_ADDRESSES),
    "hairpin-home": Site("A home that turns packets to itself back inside.", admits=HAIRPIN),
    "forgetful-home": Site("A home that forgets a silent flow after 22 seconds.", silence_s=22),
    "double-nat": Site("A home router behind another one.", outer=Outer.SECOND_ROUTER),
    "double-nat-upnp": Site(
        "The same, and the inner router opens ports, which is of no use.",
        outer=Outer.SECOND_ROUTER,
        opens_ports=True,
    ),
    "one-to-one": Site(
        "A public address that belongs to the device, by a NAT that lets everybody in.",
        nat="snat to {wan}",
        admits=ONE_TO_ONE,
    ),
    "ds-lite": Site(
        "Native IPv6, and IPv4 that the home router hands to the provider's NAT as it is.",
        nat="",
        outer=Outer.DS_LITE,
        ipv6=IPv6.WORKS,
    ),
    "ipv6-only": Site("Native IPv6 alone.", ipv4=False, ipv6=IPv6.WORKS),
    "cgnat": Site("A home behind the provider's own hard NAT.", outer=Outer.CARRIER),
    "public": Site("A public address on the device, nothing filtered.", layout=Layout.ON_DEVICE),
    "public-host-firewall": Site(
        "A public address on a device that drops strangers' packets itself.",
        layout=Layout.ON_DEVICE,
        host_firewall=True,
    ),
    "public-firewall": Site(
        "A public address on the device, behind a router that lets only answers in.",
        layout=Layout.ROUTED,
    ),
    "udp-dropped": Site("UDP vanishes, TCP and ICMP pass.", blocked="meta l4proto udp drop"),
    "udp-rejected": Site(
        "UDP is refused by ICMP (administratively prohibited), TCP passes.",
        blocked="meta l4proto udp reject with icmp type admin-prohibited",
    ),
    "udp-rejected-port": Site(
        "UDP is refused by ICMP (port unreachable), TCP passes.",
        blocked="meta l4proto udp reject with icmp type port-unreachable",
    ),
    "only-tcp": Site("Only TCP passes: UDP and ICMP vanish.", blocked="meta l4proto != tcp drop"),
    "stun-dropped": Site(
        "UDP to port 3478 vanishes, the rest passes.", blocked="udp dport 3478 drop"
    ),
    "all-dropped": Site("Nothing passes, and nobody says so.", blocked="drop"),
    "unplugged": Site("No interface but the loopback.", layout=Layout.UNPLUGGED),
    "ipv6-works": Site("An ordinary home with native IPv6.", ipv6=IPv6.WORKS),
    "ipv6-filtered": Site("A home with IPv6 addresses whose UDP vanishes.", ipv6=IPv6.FILTERED),
    "ipv6-disabled": Site("A device whose system has IPv6 switched off.", ipv6=IPv6.DISABLED),
    "hard-home-ipv6": Site(
        "A hard NAT for IPv4, beside native IPv6.", nat=MASQUERADE_FULLY_RANDOM, ipv6=IPv6.WORKS
    ),
    "tunnel": Site(
        "A hard home whose device sends everything through a VPN with an easy way out.",
        nat=MASQUERADE_FULLY_RANDOM,
        detour=Detour.METRIC,
    ),
    "tunnel-halves": Site(
        "The same, with the routes that OpenVPN sets.",
        nat=MASQUERADE_FULLY_RANDOM,
        detour=Detour.HALVES,
    ),
    "tunnel-policy": Site(
        "The same, with the routing rules that wg-quick sets.",
        nat=MASQUERADE_FULLY_RANDOM,
        detour=Detour.POLICY,
    ),
}
