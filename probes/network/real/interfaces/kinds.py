"""What kind an interface is, from what the system says of it. Pure.

A tunnel is what must not be measured through; everything else that carries packets out is a way out
of its own. Where the kernel tells what a device is, names do not count.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network

from probes.readings.local import Interface, InterfaceKind, IPInterface
from probes.values import dataclass

_TAILSCALE_ULA = IPv6Network("fd7a:115c:a1e0::/48")
# RFC 7335: the IPv4 end of 464XLAT and DS-Lite. Such a device is how IPv4 leaves this network.
_IPV4_SERVICE = IPv4Network("192.0.0.0/29")

# ARPHRD_*, <linux/if_arp.h>
_ARPHRD_PPP = 512
_ARPHRD_LOOPBACK = 772
_ARPHRD_NONE = 65534
_ARPHRD_TUNNELS = frozenset({768, 769, 776, 778, 823, _ARPHRD_NONE})  # ipip, ip6tnl, sit, gre …

# ifType, IANA; as Windows gives it
_IFTYPE_PPP = 23
_IFTYPE_LOOPBACK = 24
_IFTYPE_PROP_VIRTUAL = 53  # Wintun: WireGuard, Tailscale, OpenVPN
_IFTYPE_TUNNEL = 131

# Names, for systems where nothing better tells. Without the digits at the end:
_TUNNEL_NAMES = frozenset(
    (
        *("utun", "tun", "tap", "wg", "ipsec", "gif", "stf", "sit", "gre", "gretap", "xfrm", "zt"),
        *("feth", "wt", "tinc", "nebula", "cscotun", "gpd"),
    )
)
_TUNNEL_WORDS = (
    *("wintun", "wireguard", "openvpn", "tap-windows", "zerotier", "anyconnect", "fortinet"),
    *("pangp", "globalprotect", "nordlynx", "proton", "mullvad", "cloudflarewarp", "netbird"),
    *("sonicwall", "vpn", "tunnel"),
)
"""In Windows' names and descriptions of adapters, lower case."""
_HOST_ONLY = (
    *(
        "docker",
        "br-",
        "virbr",
        "lxc",
        "lxd",
        "incus",
        "podman",
        "cni",
        "flannel",
        "cali",
        "cilium",
    ),
    *(
        "veth",
        "vnet",
        "vmnet",
        "vboxnet",
        "vmenet",
        "vnic",
        "kube-",
        "nodelocaldns",
        "dummy",
        "ifb",
    ),
    *("nerdctl", "weave", "ovs-", "vEthernet ("),
)
"""Bridges, their ports and virtual networks of containers and virtual machines begin so."""


@dataclass(frozen=True, slots=True)
class Traits:
    """One interface as the system describes it. Blank where it does not say."""

    name: str
    up: bool
    mtu: int | None
    addresses: tuple[IPInterface, ...]
    description: str = ""
    """Windows: the adapter's own name ("WireGuard Tunnel")."""
    iftype: int | None = None
    """Windows: IANA's ifType."""
    hardware: int | None = None
    """Linux: ARPHRD_* (/sys/class/net/*/type). None on other systems."""
    devtype: str = ""
    """Linux: DEVTYPE of the uevent file (``wireguard``, ``bridge``, ``wwan`` …)."""
    tun: str = ""
    """Linux: ``tun`` or ``tap`` for a device that a program feeds."""
    bridge: bool = False
    bridge_port: bool = False
    device: bool = False
    """Linux: there is hardware (or a hypervisor's card) at the bottom of it."""


def classify(
    traits: Sequence[Traits], default_routes: Iterable[str], *, pppoe: bool = False
) -> tuple[Interface, ...]:
    """The interfaces with their kinds.

    `default_routes`: names of interfaces that a default route goes by. `pppoe`: the kernel has a
    PPPoE session, so a ppp interface is the line itself.
    """
    routes = frozenset(default_routes)
    alone = [face for face in traits if not _loopback(face) and any(map(_routable, face.addresses))]
    found = []
    for face in traits:
        kind = _kind(face)
        others = {
            other.name
            for other in traits
            if other.name != face.name and _kind(other) is InterfaceKind.PHYSICAL
        }
        if _is_ppp(face) and not pppoe and any(name in routes for name in others - _ppps(traits)):
            # PPP is a line (PPPoE, mobile) or a VPN (L2TP, PPTP, SSTP). Beside a router of the
            # network's own it is taken for a VPN.
            kind = InterfaceKind.TUNNEL
        elif face.tun == "tap" and kind is InterfaceKind.TUNNEL and alone == [face]:
            # All that a rootless container or small virtual machine is given. A VPN would need
            # another interface to ride on.
            kind = InterfaceKind.PHYSICAL
        elif kind is InterfaceKind.BRIDGE and face.name.startswith("vEthernet"):
            # Hyper-V's external switch takes the address of the card behind it.
            kind = InterfaceKind.PHYSICAL if face.name in routes else kind
        found.append(Interface(face.name, kind, face.up, face.mtu, face.addresses))
    return tuple(found)


def _kind(face: Traits) -> InterfaceKind:
    if _loopback(face):
        return InterfaceKind.LOOPBACK
    if any(address.version == 4 and address.ip in _IPV4_SERVICE for address in face.addresses):
        return InterfaceKind.PHYSICAL
    if face.device and not face.bridge:
        return InterfaceKind.PHYSICAL
    if face.bridge:
        return InterfaceKind.PHYSICAL if face.device else InterfaceKind.BRIDGE
    if _base(face.name).lower() == "tailscale" or (
        _tunnel(face) and any(_tailscale_address(address) for address in face.addresses)
    ):
        return InterfaceKind.TAILSCALE
    if face.tun == "tap" and (face.bridge_port or not any(map(_routable, face.addresses))):
        return InterfaceKind.BRIDGE  # a virtual machine's end
    if _tunnel(face):
        return InterfaceKind.TUNNEL
    if face.bridge_port or _host_only(face):
        return InterfaceKind.BRIDGE
    return InterfaceKind.PHYSICAL


def _tunnel(face: Traits) -> bool:
    if face.tun or face.devtype == "wireguard":
        return True
    if face.hardware is not None:  # Linux knows its devices
        return face.hardware in _ARPHRD_TUNNELS and face.devtype != "wwan"
    if face.iftype in (_IFTYPE_PROP_VIRTUAL, _IFTYPE_TUNNEL):
        return True
    if _base(face.name) in _TUNNEL_NAMES:
        return True
    told = f"{face.name} {face.description}".lower() if face.iftype is not None else ""
    return any(word in told for word in _TUNNEL_WORDS)


def _host_only(face: Traits) -> bool:
    """A name that container and VM software gives to this host's end."""
    if _base(face.name) == "bridge" and len(face.name) >= len("bridge100"):
        return True  # macOS: internet sharing and virtual machines; bridge0 is Thunderbolt
    if not face.name.startswith(_HOST_ONLY):
        return False
    # In a container, veth0 may be what the container calls its only way out.
    return not face.name.startswith(("veth", "lxc")) or not any(map(_routable, face.addresses))


def _is_ppp(face: Traits) -> bool:
    return (
        face.hardware == _ARPHRD_PPP
        or face.iftype == _IFTYPE_PPP
        or (face.hardware is None and _base(face.name) == "ppp")
    )


def _ppps(traits: Sequence[Traits]) -> set[str]:
    return {face.name for face in traits if _is_ppp(face)}


def _loopback(face: Traits) -> bool:
    if face.hardware is not None:
        return face.hardware == _ARPHRD_LOOPBACK
    if face.iftype is not None:
        return face.iftype == _IFTYPE_LOOPBACK
    return _base(face.name) == "lo"


def _base(name: str) -> str:
    return name.rstrip("0123456789")


def _tailscale_address(address: IPInterface) -> bool:
    # Not 100.64.0.0/10 alone: carriers and other overlays use it too.
    return address.version == 6 and address.ip in _TAILSCALE_ULA


def _routable(address: IPInterface) -> bool:
    return not (address.ip.is_link_local or address.ip.is_loopback)
