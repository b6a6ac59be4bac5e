"""The values that steps and commands want, read from a report. Pure.

What looks like more than a word or a path is not used: it is for a person to look at, and not for a
command.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_interface

from probes.readings import environment, firewall, lifetime, local, stun, tailscale
from probes.readings.environment import Effect
from probes.readings.firewall import Fate, FirewallName, Judgement
from probes.readings.key import Key
from probes.report import Report
from probes.surroundings import daemon_settings

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
    # The firewall check has asked all who know: the person, the daemon, else what is usual.
    port: int | None = report.value(firewall.PORT)
    if port is None:
        port = report.value(tailscale.PORT)
    return port


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


def _keepalive(report: Report) -> object:
    """Seconds, from the bracket that was measured."""
    found = report.value(lifetime.LIFETIME4)
    return None if found is None or found.expired_s is None else found.keepalive_s


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
    "keepalive": _keepalive,
    "exit_node": lambda report: report.value(tailscale.EXIT_NODE),
    "version": lambda report: report.value(tailscale.VERSION),
    "peer": _peer,
}
