"""Signs of a virtual machine, of a cloud and of a mobile network: firmware strings and addresses.

The firmware strings are those by which cloud-init and systemd-detect-virt know a machine. Nothing
is asked over the network: a provider's metadata service is not touched without consent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, ip_address, ip_network

from probes.clean import clean
from probes.model import Confidence, IPAddress
from probes.readings.environment import Evidence, Surrounding
from probes.readings.local import Gateway

DMI = "/sys/class/dmi/id/"
FIELDS = (
    "sys_vendor",
    "product_name",
    "board_vendor",
    "bios_vendor",
    "bios_version",
    "chassis_vendor",
    "chassis_asset_tag",
)
FILES = tuple(DMI + field for field in FIELDS)
MOST_BYTES = 500

_CLOUDS = (
    ("sys_vendor", "Amazon EC2", "Amazon EC2"),
    ("bios_vendor", "Amazon EC2", "Amazon EC2"),
    ("bios_version", "amazon", "Amazon EC2"),
    ("product_name", "Google Compute Engine", "Google Cloud"),
    ("chassis_asset_tag", "7783-7084-3265-9085-8269-3286-77", "Microsoft Azure"),
    ("chassis_asset_tag", "OracleCloud", "Oracle Cloud"),
    ("sys_vendor", "DigitalOcean", "DigitalOcean"),
    ("sys_vendor", "Hetzner", "Hetzner Cloud"),
    ("sys_vendor", "Vultr", "Vultr"),
    ("sys_vendor", "Akamai", "Akamai (Linode)"),
    ("sys_vendor", "Linode", "Akamai (Linode)"),
    ("sys_vendor", "Scaleway", "Scaleway"),
    ("sys_vendor", "Alibaba Cloud", "Alibaba Cloud"),
    ("sys_vendor", "Tencent Cloud", "Tencent Cloud"),
    ("sys_vendor", "UpCloud", "UpCloud"),
    ("sys_vendor", "Exoscale", "Exoscale"),
    ("product_name", "Exoscale", "Exoscale"),
    ("sys_vendor", "OpenStack", "an OpenStack cloud"),
    ("product_name", "OpenStack", "an OpenStack cloud"),
)
"""Field, text in it, and the provider's name."""

_MACHINES = (
    ("sys_vendor", "innotek", "VirtualBox"),
    ("product_name", "VirtualBox", "VirtualBox"),
    ("sys_vendor", "VMware", "VMware"),
    ("sys_vendor", "QEMU", "QEMU"),
    ("product_name", "KVM", "KVM"),
    ("bios_vendor", "SeaBIOS", "QEMU"),
    ("sys_vendor", "Xen", "Xen"),
    ("product_name", "HVM domU", "Xen"),
    ("sys_vendor", "Parallels", "Parallels"),
    ("product_name", "Parallels", "Parallels"),
    ("product_name", "Apple Virtualization", "Apple Virtualization"),
)
_HYPER_V = "Microsoft Corporation"

_CALLED = {
    "oracle": "VirtualBox",
    "vmware": "VMware",
    "qemu": "QEMU",
    "kvm": "KVM",
    "microsoft": "Hyper-V",
    "xen": "Xen",
    "parallels": "Parallels",
    "apple": "Apple Virtualization",
    "amazon": "Amazon EC2",
    "google": "Google Cloud",
}
"""systemd-detect-virt's words."""


def cloud(dmi: Mapping[str, str]) -> Evidence | None:
    """The provider, by its firmware strings (`dmi`: field → text)."""
    for field, text, name in _CLOUDS:
        if text.lower() in dmi.get(field, "").lower():
            return Evidence(Surrounding.CLOUD, name, None, DMI + field, Confidence.CERTAIN)
    return None


def virtual_machine(
    dmi: Mapping[str, str], said: str, own: Sequence[IPAddress], gateway: Gateway | None
) -> Evidence | None:
    """A virtual machine on somebody's own computer, and whether its network is a NAT's.

    `said` is systemd-detect-virt's word. A bridged machine is a device of the network like any
    other, so the addresses decide whether there is a NAT; without any sign of a machine they prove
    little, since a home may use the same ones.
    """
    name, how = _machine(dmi, said)
    network = _nat_network(own, gateway, name)
    if name:
        adds_nat = True if network else None
        shown = f"{how}; {network}" if network else how
        sure = Confidence.LIKELY if network else Confidence.CERTAIN
        return Evidence(Surrounding.VIRTUAL_MACHINE, name, adds_nat, shown, sure)
    if network:
        kind = Surrounding.VIRTUAL_MACHINE
        return Evidence(kind, "virtual machine", True, network, Confidence.POSSIBLE)
    return None


def _machine(dmi: Mapping[str, str], said: str) -> tuple[str, str]:
    for field, text, name in _MACHINES:
        if text.lower() in dmi.get(field, "").lower():
            return name, DMI + field
    vendor, product = dmi.get("sys_vendor", ""), dmi.get("product_name", "")
    if vendor.startswith(_HYPER_V) and product.startswith("Virtual Machine"):
        return "Hyper-V", DMI + "sys_vendor"
    if said not in ("", "none"):
        return _CALLED.get(said, clean(said, 40)), "systemd-detect-virt --vm"
    return "", ""


_NAT_NETWORKS = (
    ("10.0.2.0/24", "10.0.2.2", "the NAT network of VirtualBox and QEMU"),
    ("192.168.122.0/24", "192.168.122.1", "libvirt's default network"),
    ("192.168.64.0/24", "192.168.64.1", "the shared network of macOS"),
    ("192.168.5.0/24", "192.168.5.2", "Lima's user network"),
    ("10.211.55.0/24", "10.211.55.1", "the shared network of Parallels"),
)
"""Network, its gateway, and whose default it is."""


def _nat_network(own: Sequence[IPAddress], gateway: Gateway | None, machine: str) -> str:
    router = gateway.address if gateway is not None else None
    for prefix, expected, name in _NAT_NETWORKS:
        inside = any(each.version == 4 and each in ip_network(prefix) for each in own)
        if inside and router == ip_address(expected):
            return f"{name} ({prefix})"
    if not isinstance(router, IPv4Address):
        return ""
    if machine == "VMware" and router.is_private and int(router) & 0xFF == 2:
        # VMware's NAT device is host 2 of its network; on a bridged one that is rare.
        return f"VMware's NAT network (router {router})"
    if machine == "Hyper-V" and router in ip_network("172.16.0.0/12"):
        return f"Hyper-V's default switch (router {router})"
    return ""


_MODEMS = ("wwan", "wwp", "rmnet", "ccmni", "pdp_ip", "wwx")
"""Interface names of mobile modems on Linux, Android and Apple's systems."""


def mobile(interface: str) -> Evidence | None:
    """A mobile network, by the name of the interface that packets leave by."""
    if not interface.startswith(_MODEMS):
        return None
    how = f"interface {clean(interface, 40)}"
    return Evidence(Surrounding.MOBILE, clean(interface, 40), None, how, Confidence.LIKELY)


_TUNNELS = (
    ("nordlynx", "NordVPN"),
    ("proton", "Proton VPN"),
    ("wg-mullvad", "Mullvad"),
    ("wg0-mullvad", "Mullvad"),
    ("CloudflareWARP", "Cloudflare WARP"),
    ("zt", "ZeroTier"),
    ("nebula", "Nebula"),
    ("netbird", "NetBird"),
    ("wt", "NetBird"),
    ("ppp", "a PPP tunnel"),
    ("ipsec", "IPsec"),
    ("wg", "WireGuard"),
    ("gpd", "GlobalProtect"),
    ("cscotun", "Cisco AnyConnect"),
    ("tun", "a tunnel (OpenVPN and others)"),
    ("tap", "a tunnel (OpenVPN and others)"),
    ("utun", "a VPN"),
)


def tunnel(interface: str) -> Evidence:
    """Another VPN that holds the default route, named by its interface."""
    low = interface.lower()
    name = next((name for start, name in _TUNNELS if low.startswith(start.lower())), "a VPN")
    shown = clean(interface, 40)
    how = f"the default route leaves by {shown}"
    return Evidence(Surrounding.TUNNEL, f"{name} ({shown})", True, how, Confidence.CERTAIN)


CLOUD_NAMES = frozenset(name for _, _, name in _CLOUDS)
MACHINE_NAMES = frozenset({*(name for _, _, name in _MACHINES), *_CALLED.values(), "Hyper-V"})
TUNNEL_NAMES = frozenset({*(name for _, name in _TUNNELS), "a VPN"})
WSL_MODES = ("nat", "mirrored", "bridged", "virtioproxy")
