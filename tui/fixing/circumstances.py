"""For whom the steps are: the system of this computer, the make of its router, and the values.

Both are found from readings, and both may be corrected by the person: a router often says nothing
about itself.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_interface

from probes.readings import environment, firewall, igd, local, stun, tailscale
from probes.readings.environment import Effect, Surrounding
from probes.readings.firewall import Fate, FirewallName, Judgement
from probes.readings.key import Key
from probes.report import Report
from probes.surroundings import daemon_settings


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


def circumstances(report: Report, platform: str = sys.platform, peer: str = "") -> Circumstances:
    """What the report tells.

    `platform` is what this program runs on, for a report taken here; `peer` the device of the
    tailnet that the person chose, where the report was not made for it.
    """
    system, system_from = _system(report, platform)
    brand, brand_from = _brand(report)
    return Circumstances(system, brand, values_of(report, peer), system_from, brand_from)


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


# --- the values -----------------------------------------------------------------------------------

_WORD = re.compile(r"[A-Za-z0-9/][A-Za-z0-9 ._:/@\\+-]{0,79}")
"""What a value may look like. Anything else is for a person to look at, not for a command."""


def values_of(report: Report, peer: str = "") -> dict[str, str]:
    """The values that the report knows, by the names of the placeholders."""
    read = {name: _text(reader(report)) for name, reader in _READ.items()}
    if peer:
        read["peer"] = _text(peer)
    found = {name: value for name, value in read.items() if value is not None}
    if "gateway" in found:
        found["at_gateway"] = f"(`http://{found['gateway']}`)"
    return found


def _text(value: object) -> str | None:
    text = "" if value is None else str(value)
    return text if _WORD.fullmatch(text) and "  " not in text else None


def _lan_address(report: Report) -> object:
    way_out = report.value(local.WAY_OUT4)
    return None if way_out is None or way_out.through_tunnel else way_out.source


def _interface(report: Report) -> object:
    way_out = report.value(local.WAY_OUT4)
    return None if way_out is None or way_out.through_tunnel else way_out.interface


def _prefix(report: Report) -> object:
    own, name = _lan_address(report), _interface(report)
    for face in report.value(local.INTERFACES) or ():
        for each in face.addresses:
            if face.name == name and each.ip == own:
                return ip_interface(each).network
    return None


def _gateway(report: Report) -> object:
    gateway = report.value(local.GATEWAY4)
    return None if gateway is None else gateway.address


def _public_address(report: Report) -> object:
    endpoint = report.value(stun.ENDPOINT4)
    return None if endpoint is None else endpoint.address


def _port(report: Report) -> object:
    used: int | None = report.value(tailscale.PORT)
    if used is None:
        used = report.value(firewall.PORT)
    return used


def _chain(report: Report, key: Key[Judgement]) -> object:
    """The nftables chain that drops: family, table, chain."""
    found = report.value(key)
    if found is None or found.fate is not Fate.BLOCKED or found.by is not FirewallName.NFTABLES:
        return None
    return found.where if found.where.count(" ") == 2 else None


def _zone(report: Report) -> object:
    """The firewalld zone that drops."""
    found = report.value(firewall.INBOUND4)
    if found is None or found.by is not FirewallName.FIREWALLD:
        return None
    return found.where.removeprefix("zone ") if found.where.startswith("zone ") else None


def _setting(report: Report) -> environment.Setting | None:
    """What forces the relay. A file can be changed, so one in a file comes first."""
    found = [
        each
        for each in report.value(environment.SETTINGS) or ()
        if each.effect is Effect.FORCES_RELAY
    ]
    return next(iter(sorted(found, key=lambda each: not _in_file(each))), None)


def _in_file(setting: environment.Setting) -> bool:
    return setting.where in daemon_settings.FILES


def _setting_name(report: Report) -> object:
    setting = _setting(report)
    return None if setting is None else setting.name


def _setting_place(report: Report) -> object:
    setting = _setting(report)
    return None if setting is None else setting.where


def _setting_file(report: Report) -> object:
    setting = _setting(report)
    return None if setting is None or not _in_file(setting) else setting.where


def _peer(report: Report) -> object:
    choice = report.value(tailscale.CHOSEN)
    return choice.found[0].name if choice is not None and len(choice.found) == 1 else None


_READ: dict[str, Callable[[Report], object]] = {
    "port": _port,
    "lan_address": _lan_address,
    "lan_prefix": _prefix,
    "gateway": _gateway,
    "interface": _interface,
    "public_address": _public_address,
    "nft_chain": lambda report: _chain(report, firewall.INBOUND4),
    "nft_chain_out": lambda report: _chain(report, firewall.OUTBOUND4),
    "zone": _zone,
    "setting": _setting_name,
    "setting_name": _setting_name,
    "setting_file": _setting_file,
    "setting_place": _setting_place,
    "wanted_port": lambda report: report.value(environment.SET_PORT) or None,
    "exit_node": lambda report: report.value(tailscale.EXIT_NODE),
    "version": lambda report: report.value(tailscale.VERSION),
    "peer": _peer,
}
