"""Two devices behind one router: in one local network, in two, or in two that are kept apart."""

from __future__ import annotations

from enum import StrEnum

from tests.lab.crowd import Crowd, Member
from tests.lab.customer import Customer
from tests.lab.namespaces import Machine


class Nearness(StrEnum):
    """What lies between the two."""

    ONE_LAN = "one LAN"
    """A switch."""
    JOINED = "two LANs, joined"
    """A router that passes packets between its networks, as routers do unless they are told not to;
    nothing sent to its public address comes back inside."""
    APART = "two LANs, kept apart"
    """A router that lets nothing pass from one of its networks to the other (a guest network)."""
    HAIRPIN = "two LANs, kept apart, hairpin"
    """The same, but it sends back inside what is meant for its own public address."""


ROUTER = {
    Nearness.ONE_LAN: "easy-home",
    Nearness.JOINED: "easy-home",
    Nearness.APART: "easy-home",
    Nearness.HAIRPIN: "easy-home",
}
_KEPT_APART = """
table inet apart {
  chain forward {
    type filter hook forward priority filter - 1
    ct status dnat accept
    iifname "lan0" oifname "lan1" drop
    iifname "lan1" oifname "lan0" drop
  }
}
"""
# As many home routers do it: whoever of the inside sends to the public address of a port in use
# reaches the device that uses it, and is seen as coming from the router's own address there.
_HAIRPIN = """
table ip hairpin {
  map back {
    type inet_service : ipv4_addr
    flags dynamic,timeout
    timeout 5m
  }
  chain remember {
    type filter hook forward priority 10
    iifname { "lan0", "lan1" } oifname "wan0" meta l4proto udp update @back { udp sport : ip saddr }
  }
  chain turn {
    type nat hook prerouting priority dstnat
    iifname { "lan0", "lan1" } ip daddr {wan} meta l4proto udp dnat to udp dport map @back
  }
  chain turned {
    type nat hook postrouting priority srcnat
    iifname { "lan0", "lan1" } oifname { "lan0", "lan1" } ct status dnat snat to {wan}
  }
}
"""


def settle(crowd: Crowd, nearness: Nearness, first: Member) -> Member:
    """Put a second device behind the first one's router."""
    site = first.site
    router = site.router
    assert router is not None
    device = crowd.internet.lab.machine(f"second-{site.line.letter}")
    device.sysctl({"ipv4.ping_group_range": "0 0", "ipv4.conf.all.rp_filter": "2"})
    crowd.internet.lab.link(device, "eth0", router, "lan1")
    match nearness:
        case Nearness.ONE_LAN:
            _switch(site, router)
            _address(device, site.line.lan, 3)
        case Nearness.JOINED | Nearness.APART | Nearness.HAIRPIN:
            network = f"192.168.{int(site.line.lan.rpartition('.')[2]) + 50}"
            router.ip(f"address add {network}.1/24 dev lan1")
            _address(device, network, 2)
            if nearness is not Nearness.JOINED:
                router.nft(_KEPT_APART)
            if nearness is Nearness.HAIRPIN:
                router.nft(_HAIRPIN.replace("{wan}", site.line.wan))
    return crowd.member(first.name, site, device)


def _address(device: Machine, network: str, last: int) -> None:
    device.ip(
        f"address add {network}.{last}/24 dev eth0\n"
        f"route add default via {network}.1 dev eth0 metric 100"
    )


def _switch(site: Customer, router: Machine) -> None:
    """Make one network of the router's two inner ports."""
    router.ip(
        f"address flush dev lan0\n"
        "link set lan0 down\n"
        "link set lan0 name port0\n"
        "link add lan0 type bridge\n"
        "link set port0 master lan0\n"
        "link set lan1 master lan0\n"
        "link set port0 up\n"
        "link set lan0 up\n"
        f"address add {site.line.lan}.1/24 dev lan0"
    )
