"""For whom the steps are: the system of this computer, the make of its router, and the values.

Both are found from readings, and both may be corrected by the person: a router often says nothing
about itself.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import field, replace
from enum import StrEnum

from probes.readings import environment, firewall, igd
from probes.readings.environment import Surrounding
from probes.readings.firewall import Fate, FirewallName
from probes.report import Report
from probes.values import dataclass
from tui.fixing.values import values_of


class System(StrEnum):
    """What this computer is, as far as steps on it differ."""

    LINUX_UFW = "linux-ufw"
    LINUX_FIREWALLD = "linux-firewalld"
    LINUX_NFTABLES = "linux-nftables"
    LINUX = "linux"
    MACOS = "macos"
    WINDOWS = "windows"
    CONTAINER = "container"

    @property
    def family(self) -> str:
        """linux, macos or windows: whose commands it understands."""
        other = self in (System.MACOS, System.WINDOWS)
        return self.value if other else System.LINUX.value

    @property
    def variants(self) -> tuple[str, ...]:
        """The variants of the words that hold for it, the most exact one first."""
        return tuple(dict.fromkeys((self.value, self.family)))


class Brand(StrEnum):
    """The make of the box that translates: a router, a provider's box, a firewall, a cloud."""

    GENERIC = "generic"
    PFSENSE = "pfsense"
    OPNSENSE = "opnsense"
    UNIFI = "unifi"
    MIKROTIK = "mikrotik"
    OPENWRT = "openwrt"
    FRESHTOMATO = "freshtomato"
    PEPLINK = "peplink"
    ALTA_LABS = "alta-labs"
    TP_LINK = "tp-link"
    NETGEAR = "netgear"
    EERO = "eero"
    GOOGLE_NEST = "google-nest"
    FRITZBOX = "fritzbox"
    ACTIONTEC = "actiontec"
    STARLINK = "starlink"
    ATT = "att"
    XFINITY = "xfinity"
    COX = "cox"
    VERIZON = "verizon"
    SPECTRUM = "spectrum"
    GOOGLE_FIBER = "google-fiber"
    FORTIGATE = "fortigate"
    PALO_ALTO = "palo-alto"
    JUNIPER = "juniper"
    SONICWALL = "sonicwall"
    CISCO_ASA = "cisco-asa"
    BARRACUDA = "barracuda"
    LINUX_ROUTER = "linux-router"
    AWS = "aws"
    AZURE = "azure"
    GCP = "gcp"
    ORACLE = "oracle"
    HETZNER = "hetzner"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """For whom the steps are."""

    system: System
    brand: Brand
    values: Mapping[str, str] = field(default_factory=dict)
    """Known values, by the names of the placeholders. Cleaned."""
    system_from: str = ""
    """What the system was told by; "" where it is the usual one, or the person's choice."""
    brand_from: str = ""
    """How the router names itself; "" where it does not."""
    masked: bool = False
    """The values are masks: what looks like an address is not the real one."""


def circumstances(
    report: Report, platform: str = sys.platform, peer: str = "", *, masked: bool = False
) -> Circumstances:
    """What the report tells.

    `platform` is what this program runs on, for a report taken here; `peer` the device of the
    tailnet that the person chose, where the report was not made for it. `masked`: the report is.
    """
    system, system_from = _system(report, platform)
    brand, brand_from = _brand(report)
    values = values_of(report, peer)
    return Circumstances(system, brand, values, system_from, brand_from, masked)


def fitting(found: Circumstances, system: str, brand: str) -> Circumstances:
    """For whom the steps are: what was found, unless the person said otherwise.

    `system` and `brand` are as progress keeps them; what is not known here says nothing.
    """
    if system in set(System):
        found = replace(found, system=System(system), system_from="")
    if brand in set(Brand):
        found = replace(found, brand=Brand(brand), brand_from="")
    return found


# --- the system -----------------------------------------------------------------------------------

_KEEPERS = {
    FirewallName.UFW: System.LINUX_UFW,
    FirewallName.FIREWALLD: System.LINUX_FIREWALLD,
    FirewallName.NFTABLES: System.LINUX_NFTABLES,
    FirewallName.IPTABLES: System.LINUX,
    FirewallName.TAILSCALE: System.LINUX,
    FirewallName.WINDOWS: System.WINDOWS,
    FirewallName.MACOS: System.MACOS,
    FirewallName.PF: System.MACOS,
}
"""In the order in which one is believed where several are on: ufw and firewalld write their rules
in nftables or iptables, never the reverse."""

_PLATFORMS = {"darwin": System.MACOS, "win32": System.WINDOWS}


def _system(report: Report, platform: str) -> tuple[System, str]:
    inside = report.value(environment.EVIDENCE) or ()
    container = next((each for each in inside if each.kind is Surrounding.CONTAINER), None)
    if container is not None:
        return System.CONTAINER, container.how
    # Whose rule drops the packet is whose rules have to be changed.
    for key in (firewall.INBOUND4, firewall.OUTBOUND4):
        found = report.value(key)
        if found is not None and found.fate is Fate.BLOCKED and found.by is not None:
            return _KEEPERS[found.by], found.where
    active = {each.name for each in report.value(firewall.FOUND) or () if each.active is not False}
    for name, system in _KEEPERS.items():
        if name in active:
            return system, name.value
    here = report.network == "real" and not report.elsewhere
    return (_PLATFORMS.get(platform, System.LINUX) if here else System.LINUX), ""


# --- the router -----------------------------------------------------------------------------------

_NAMES: tuple[tuple[str, Brand], ...] = (
    ("pfsense", Brand.PFSENSE),
    ("opnsense", Brand.OPNSENSE),
    ("unifi", Brand.UNIFI),
    ("ubiquiti", Brand.UNIFI),
    ("mikrotik", Brand.MIKROTIK),
    ("openwrt", Brand.OPENWRT),
    ("tomato", Brand.FRESHTOMATO),
    ("peplink", Brand.PEPLINK),
    ("pepwave", Brand.PEPLINK),
    ("alta labs", Brand.ALTA_LABS),
    ("route10", Brand.ALTA_LABS),
    ("tp-link", Brand.TP_LINK),
    ("netgear", Brand.NETGEAR),
    ("eero", Brand.EERO),
    ("nest wifi", Brand.GOOGLE_NEST),
    ("google wifi", Brand.GOOGLE_NEST),
    ("fritz!box", Brand.FRITZBOX),
    ("avm berlin", Brand.FRITZBOX),
    ("actiontec", Brand.ACTIONTEC),
    ("starlink", Brand.STARLINK),
    ("fortigate", Brand.FORTIGATE),
    ("fortinet", Brand.FORTIGATE),
    ("sonicwall", Brand.SONICWALL),
)
"""What a router's own description of itself holds, in lower case."""

_CLOUDS = {
    "Amazon EC2": Brand.AWS,
    "Microsoft Azure": Brand.AZURE,
    "Google Cloud": Brand.GCP,
    "Oracle Cloud": Brand.ORACLE,
    "Hetzner Cloud": Brand.HETZNER,
}


def _brand(report: Report) -> tuple[Brand, str]:
    for each in report.value(environment.EVIDENCE) or ():
        if each.kind is Surrounding.CLOUD and each.name in _CLOUDS:
            return _CLOUDS[each.name], each.name
    router = report.value(igd.IGD)
    if router is None:
        return Brand.GENERIC, ""
    told = (router.maker, router.model, router.name, router.software)
    for text in told:
        for name, brand in _NAMES:
            if name in text.lower():
                return brand, router.name or router.model or router.maker
    return Brand.GENERIC, ""
