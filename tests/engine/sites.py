"""Sites for tests: hosts behind every kind of router, as pieces of scenario files.

The kinds are those of a measured grid of pairs. `site` gives one of them under a name of its own,
so that two can stand side by side in one network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PORT = 41641

SERVERS = """
description = "A test network."
[server.stun]
ipv4 = "45.83.220.1"
rtt_ms = 20
stun.ports = [3478]
[server.rfc5780]
ipv4 = "45.83.221.1"
rtt_ms = 30
[server.rfc5780.stun]
kind = "rfc5780"
other_ipv4 = "45.83.221.2"
"""

_PUBLIC_HOST = """
[host.{name}.interface.eth0]
addresses = ["45.83.{public}.10/24"]
gateways = ["45.83.{public}.1"]
via = "{via}"
"""
_PRIVATE_HOST = """
[host.{name}.interface.eth0]
addresses = ["192.168.{lan}.2/24"]
gateways = ["192.168.{lan}.1"]
via = "{name}-router"
"""
_ROUTER = """
[box.{name}-router]
inside = ["192.168.{lan}.1/24"]
outside = ["45.83.{wan}.10"]
line.delay_ms = 10
"""
_NAT = "[box.{name}-router.nat]\noverload = true\n"
_HARD = '[box.{name}-router.nat]\nmapping = "address-and-port-dependent"\nports = "random"\n'
_FORWARD = 'forwards = [{{ transport = "udp", port = 41641, to = "192.168.{lan}.2:41641" }}]\n'
_HOST_FIREWALL = "[host.{name}.firewall]\n"
_NO_UDP = (
    '[box.{name}-router.rule.no-udp]\naction = "drop"\ndirection = "both"\ntransport = "udp"\n'
)
_PUBLIC_ROUTER = """
[box.{name}-router]
inside = ["45.83.{public}.1/24"]
line.delay_ms = 10
[box.{name}-router.firewall]
"""
_EIF = '[box.{name}-router.nat]\nfiltering = "endpoint-independent"\n'
_ADF = '[box.{name}-router.nat]\nfiltering = "address-dependent"\n'
_BEHIND_ANOTHER = """
[box.{name}-router]
inside = ["192.168.{lan}.1/24"]
outside = ["{between}.2"]
via = "{name}-second"
[box.{name}-router.nat]
overload = true
[box.{name}-second]
inside = ["{between}.1/24"]
outside = ["45.83.{wan}.10"]
line.delay_ms = 10
[box.{name}-second.nat]
"""
_ONE_TO_ONE = """
[box.{name}-router]
inside = ["192.168.{lan}.1/24"]
line.delay_ms = 10
[box.{name}-router.nat]
filtering = "endpoint-independent"
one_to_one = {{ "45.83.{wan}.10" = "192.168.{lan}.2" }}
"""

_KINDS: dict[str, str] = {
    "open": _PUBLIC_HOST.replace("{via}", "internet"),
    "public-fw": _PUBLIC_HOST.replace("{via}", "{name}-router") + _PUBLIC_ROUTER,
    "eim-eif": _PRIVATE_HOST + _ROUTER + _EIF,
    "eim-adf": _PRIVATE_HOST + _ROUTER + _ADF,
    "eim-apdf": _PRIVATE_HOST + _ROUTER + _NAT,
    "hard": _PRIVATE_HOST + _ROUTER + _HARD,
    "hard+map": _PRIVATE_HOST + _ROUTER + _HARD + _FORWARD,
    "eim-apdf+map+hostfw": _PRIVATE_HOST + _ROUTER + _NAT + _FORWARD + _HOST_FIREWALL,
    "udp-blocked": _PRIVATE_HOST + _ROUTER + _NO_UDP + _NAT,
    "double-nat": _PRIVATE_HOST + _BEHIND_ANOTHER.replace("{between}", "192.168.1{lan}"),
    "cgnat-hard": _PRIVATE_HOST
    + _BEHIND_ANOTHER.replace("{between}", "100.64.{lan}")
    + 'mapping = "address-and-port-dependent"\nports = "random"\n',
    "one2one": _PRIVATE_HOST + _ONE_TO_ONE,
    "public-hostfw": _PUBLIC_HOST.replace("{via}", "internet") + _HOST_FIREWALL,
    "hard+map+hostfw": _PRIVATE_HOST + _ROUTER + _HARD + _FORWARD + _HOST_FIREWALL,
    "eim-apdf-wanopen": _PRIVATE_HOST + _ROUTER + _NAT + "accepts_unsolicited = true\n",
}
KINDS = tuple(_KINDS)
FORWARDED = frozenset(kind for kind in _KINDS if "+map" in kind)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a site's addresses lie."""

    name: str
    lan: int
    wan: int
    public: int

    def fields(self) -> Mapping[str, object]:
        """For the pieces above."""
        return {"name": self.name, "lan": self.lan, "wan": self.wan, "public": self.public}


HERE = Place("here", 11, 223, 226)
THERE = Place("there", 12, 224, 227)


def site(kind: str, place: Place) -> str:
    """A site of that kind as scenario text."""
    return _KINDS[kind].format(**place.fields())


def one(kind: str, more: str = "") -> str:
    """A whole network with one site."""
    return SERVERS + site(kind, HERE) + more


def two(here: str, there: str) -> str:
    """A whole network with two sites."""
    return SERVERS + site(here, HERE) + site(there, THERE)
