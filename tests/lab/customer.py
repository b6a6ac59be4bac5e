"""Builds a site: the machines at one customer line, wired to the provider."""

from __future__ import annotations

from dataclasses import dataclass

from tests.lab.internet import FORWARDING, Internet, tun_link
from tests.lab.namespaces import Machine
from tests.lab.sites import (
    MASQUERADE,
    MASQUERADE_FULLY_RANDOM,
    Detour,
    IPv6,
    Layout,
    Outer,
    Site,
)


@dataclass(frozen=True, slots=True)
class Line:
    """A customer line and its addresses. A lab has two: `LINE_A` and `LINE_B`."""

    letter: str
    wan: str
    """The public address, in a /24 whose .1 is the provider."""
    pool: tuple[str, str, str]
    lan: str
    """The first three bytes of the home network."""
    routed: str
    """A public address that the provider routes to the line."""
    wan6: str
    lan6: str
    """/64 prefixes without the last part."""
    vpn: str
    """Where a tunnel of this line comes out."""

    @property
    def provider(self) -> str:
        """The provider's address on the line."""
        return f"{self.wan.rpartition('.')[0]}.1"


LINE_A = Line(
    letter="a",
    wan="45.83.223.10",
    pool=("45.83.223.10", "45.83.223.11", "45.83.223.12"),
    lan="192.168.11",
    routed="45.83.226.10",
    wan6="2a0e:b107:f00:2a::",
    lan6="2a0e:b107:f00:1::",
    vpn="45.83.228.10",
)
LINE_B = Line(
    letter="b",
    wan="45.83.224.10",
    pool=("45.83.224.10", "45.83.224.11", "45.83.224.12"),
    lan="192.168.12",
    routed="45.83.227.10",
    wan6="2a0e:b107:f00:2b::",
    lan6="2a0e:b107:f00:2::",
    vpn="45.83.229.10",
)

TUNNEL = "tun0"
TUNNEL_ADDRESS = "10.8.0.2"
_TUNNEL_TABLE = "51820"

_HOME_FILTER = """
table inet home {
  chain input {
    type filter hook input priority filter
    iifname { "wan0", "wan6" } ct state established,related accept
    iifname { "wan0", "wan6" } meta l4proto icmpv6 accept
    iifname { "wan0", "wan6" } UNSOLICITED
  }
  chain forward {
    type filter hook forward priority filter
    BLOCKED
    iifname { "wan0", "wan6" } ct state established,related accept
    ADMITTED
    iifname { "wan0", "wan6" } drop
  }
}
"""
_HOST_FIREWALL = """
table inet host {
  chain input {
    type filter hook input priority filter; policy drop;
    iifname "lo" accept
    ct state established,related accept
    meta l4proto { icmp, icmpv6 } accept
  }
}
"""
_UDP_SILENCE = (
    "netfilter.nf_conntrack_udp_timeout",
    "netfilter.nf_conntrack_udp_timeout_stream",
)
_HOME_NAT = """
table ip nat {
  chain out {
    type nat hook postrouting priority srcnat
    oifname "wan0" jump chosen
  }
  chain chosen {
    RULES
  }
  MORE
}
"""


@dataclass(frozen=True, slots=True)
class Customer:
    """The machines of one site."""

    site: Site
    line: Line
    device: Machine
    """Where the program runs."""
    router: Machine | None
    """The home router; None where there is none."""
    interface: str
    """The device's own way out, "" where it has none."""


def line(number: int) -> Line:
    """One of a hundred further lines, for labs that have many sites at once."""
    assert 0 <= number < 100
    wan = f"45.83.{number + 1}"
    return Line(
        letter=f"c{number}",
        wan=f"{wan}.10",
        pool=(f"{wan}.10", f"{wan}.11", f"{wan}.12"),
        lan=f"192.168.{number + 101}",
        routed=f"45.83.{number + 101}.10",
        wan6=f"2a0e:b107:f00:3{number:02}::",
        lan6=f"2a0e:b107:f00:4{number:02}::",
        vpn=f"45.84.{number}.10",
    )


def connect(internet: Internet, site: Site, line: Line = LINE_A) -> Customer:
    """Build a site on a line."""
    lab = internet.lab
    device = lab.machine(f"device-{line.letter}")
    # As on the usual desktop: ICMP echo without special rights, and loose reverse path checks.
    device.sysctl({"ipv4.ping_group_range": "0 0", "ipv4.conf.all.rp_filter": "2"})
    if site.ipv6 is IPv6.DISABLED:
        device.sysctl({f"ipv6.conf.{name}.disable_ipv6": "1" for name in ("all", "default", "lo")})
    router = None
    match site.layout:
        case Layout.UNPLUGGED:
            return Customer(site, line, device, None, "")
        case Layout.ON_DEVICE:
            _wire_wan(internet, line, device, "eth0")
        case Layout.HOME | Layout.ROUTED:
            router = lab.machine(f"router-{line.letter}")
            router.sysctl(FORWARDING)
            if site.outer is Outer.NONE:
                _wire_wan(internet, line, router, "wan0")
            else:
                _wire_outer(internet, site.outer, line, router)
            lab.link(device, "eth0", router, "lan0")
            _wire_lan(site, line, device, router)
            if site.layout is Layout.ROUTED:
                internet.provider.ip(f"route add {line.routed} via {line.wan}")
            _load_rules(site, line, router)
    if site.ipv6 in (IPv6.WORKS, IPv6.FILTERED):
        assert router is not None
        port, wan = f"line-{line.letter}", "wan0"
        if site.outer is not Outer.NONE:
            port, wan = f"six-{line.letter}", "wan6"
            lab.link(internet.provider, port, router, wan)
        _wire_ipv6(internet, line, device, router, port, wan)
    if not site.ipv4:
        device.run(("ip", "-4", "address", "flush", "dev", "eth0"))
    if site.host_firewall:
        device.nft(_HOST_FIREWALL)
    if site.detour is not Detour.NONE:
        _wire_tunnel(internet, site.detour, line, device)
    return Customer(site, line, device, router, "eth0")


_BETWEEN = {
    Outer.SECOND_ROUTER: ("192.168.100", MASQUERADE),
    Outer.CARRIER: ("100.64.17", MASQUERADE_FULLY_RANDOM),
    Outer.DS_LITE: ("192.0.0", MASQUERADE),
}
"""The network between the two routers, and how the outer one translates."""


def _wire_outer(internet: Internet, outer: Outer, line: Line, router: Machine) -> None:
    """A second NAT at the provider's end of the line; it holds the public address."""
    network, nat = _BETWEEN[outer]
    box = internet.lab.machine(f"outer-{line.letter}")
    box.sysctl(FORWARDING)
    _wire_wan(internet, line, box, "wan0")
    internet.lab.link(router, "wan0", box, "lan0")
    box.ip(f"address add {network}.1/24 dev lan0")
    router.ip(f"address add {network}.2/24 dev wan0\nroute add default via {network}.1")
    if outer is Outer.DS_LITE:  # the home router translates nothing
        box.ip(f"route add {line.lan}.0/24 via {network}.2")
    rules = _HOME_FILTER.replace("UNSOLICITED", "drop").replace("BLOCKED", "")
    rules = rules.replace("ADMITTED", "")
    box.nft(rules + _HOME_NAT.replace("RULES", nat).replace("MORE", ""))


def _wire_wan(internet: Internet, line: Line, holder: Machine, interface: str) -> None:
    port = f"line-{line.letter}"
    internet.lab.link(internet.provider, port, holder, interface)
    internet.provider.ip(f"address add {line.provider}/24 dev {port}")
    addresses = dict.fromkeys((line.wan, *line.pool))
    if holder.name.startswith("device"):
        addresses = {line.wan: None}
    holder.ip(
        "".join(f"address add {address}/24 dev {interface}\n" for address in addresses)
        + f"route add default via {line.provider}"
    )


def _wire_lan(site: Site, line: Line, device: Machine, router: Machine) -> None:
    routed = site.layout is Layout.ROUTED
    router.ip(
        f"address add {line.lan}.1/24 dev lan0\n"
        + (f"route add {line.routed} dev lan0\n" if routed else "")
    )
    if routed:
        device.ip(
            f"address add {line.routed}/32 dev eth0\n"
            f"route add {line.lan}.1 dev eth0\n"
            f"route add default via {line.lan}.1 src {line.routed}"
        )
    else:
        device.ip(
            f"address add {line.lan}.2/24 dev eth0\n"
            f"route add default via {line.lan}.1 dev eth0 metric 100"
        )


def _load_rules(site: Site, line: Line, router: Machine) -> None:
    blocked = site.blocked
    if site.ipv6 is IPv6.FILTERED:
        blocked += "\nmeta nfproto ipv6 meta l4proto udp drop"
    rules = _HOME_FILTER.replace("UNSOLICITED", "accept" if site.wan_open else "drop")
    rules = rules.replace("BLOCKED", blocked)
    rules = rules.replace("ADMITTED", "ct status dnat accept" if site.admits else "")
    if site.layout is Layout.HOME:
        chosen = site.nat.replace("{wan}", line.wan)
        for index, address in enumerate(line.pool):
            chosen = chosen.replace(f"{{pool[{index}]}}", address)
        more = site.admits.replace("{wan}", line.wan).replace("{device}", f"{line.lan}.2")
        rules += _HOME_NAT.replace("RULES", chosen).replace("MORE", more)
    router.nft(rules)
    if site.silence_s:
        seconds = str(site.silence_s)
        router.sysctl(dict.fromkeys(_UDP_SILENCE, seconds))


def _wire_ipv6(
    internet: Internet, line: Line, device: Machine, router: Machine, port: str, wan: str
) -> None:
    internet.provider.ip(
        f"address add {line.wan6}1/64 dev {port} nodad\nroute add {line.lan6}/64 via {line.wan6}10"
    )
    router.ip(
        f"address add {line.wan6}10/64 dev {wan} nodad\n"
        f"address add {line.lan6}1/64 dev lan0 nodad\n"
        f"route add default via {line.wan6}1"
    )
    device.ip(
        f"address add {line.lan6}20/64 dev eth0 nodad\nroute add default via {line.lan6}1 dev eth0"
    )


def _wire_tunnel(internet: Internet, detour: Detour, line: Line, device: Machine) -> None:
    """A TUN device on the device whose packets come out of a VPN provider's NAT elsewhere."""
    vpn = internet.lab.machine(f"vpn-{line.letter}")
    vpn.sysctl(FORWARDING)
    port, gateway = f"vpn-{line.letter}", f"{line.vpn.rpartition('.')[0]}.1"
    internet.lab.link(internet.provider, port, vpn, "wan0")
    internet.provider.ip(f"address add {gateway}/24 dev {port}")
    vpn.ip(f"address add {line.vpn}/24 dev wan0\nroute add default via {gateway}")
    vpn.nft(_HOME_NAT.replace("RULES", MASQUERADE).replace("MORE", ""))
    tun_link(internet.lab, device, TUNNEL, vpn, "device", delay_ms=0.0)
    vpn.ip(f"address add 10.8.0.1 peer {TUNNEL_ADDRESS}/32 dev device")
    device.ip(f"address add {TUNNEL_ADDRESS} peer 10.8.0.1/32 dev {TUNNEL}")
    match detour:
        case Detour.METRIC:
            device.ip(f"route add default dev {TUNNEL} metric 50")
        case Detour.HALVES:
            device.ip(
                f"route add 0.0.0.0/1 via 10.8.0.1 dev {TUNNEL}\n"
                f"route add 128.0.0.0/1 via 10.8.0.1 dev {TUNNEL}"
            )
        case Detour.POLICY:
            device.ip(
                f"route add default dev {TUNNEL} table {_TUNNEL_TABLE}\n"
                f"rule add not fwmark {_TUNNEL_TABLE} table {_TUNNEL_TABLE}\n"
                "rule add table main suppress_prefixlength 0"
            )
        case Detour.NONE:
            return
