"""Known faults of Tailscale versions that make a diagnosis mislead, as a table.

Each was read in Tailscale's issues in 2026; an open one is listed for every version since.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_network

from probes.model import IPAddress
from probes.readings.environment import BugEffect, ClientBug
from probes.readings.tailscale import Backend
from probes.values import dataclass

Version = tuple[int, int, int]

_VERSION = re.compile(r"^v?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?")
_SHARED = ip_network("100.64.0.0/10")  # RFC 6598


@dataclass(frozen=True, slots=True)
class Client:
    """What the table looks at. None: not known."""

    version: Version
    system: str
    """As `sys.platform`."""
    state: Backend | None
    exit_node: bool
    netcheck_udp: bool | None
    upnp: bool | None
    gateway: IPAddress | None


def parse_version(text: str) -> Version | None:
    """``1.92.5-t0123abc`` as numbers; None where it is no version."""
    match = _VERSION.match(text)
    return None if match is None else (int(match[1]), int(match[2]), int(match[3] or 0))


def _exit_node_on_windows(client: Client) -> bool:
    return client.system == "win32" and client.exit_node


def _linux_1_96_4(client: Client) -> bool:
    linux = client.system == "linux" and client.version == (1, 96, 4)
    return linux and client.netcheck_udp is False


def _development_1_77(client: Client) -> bool:
    return client.version[:2] == (1, 77) and client.netcheck_udp is False


def _logged_out_before_1_16(client: Client) -> bool:
    old = client.version < (1, 16, 0)
    return old and client.state is Backend.NEEDS_LOGIN and client.netcheck_udp is False


def _upnp_before_1_96(client: Client) -> bool:
    return client.version < (1, 96, 0) and client.upnp is True


def _windows_rules_before_1_56(client: Client) -> bool:
    return client.system == "win32" and client.version < (1, 56, 0)


def _no_accept_rule_before_1_56(client: Client) -> bool:
    return client.system == "linux" and client.version < (1, 56, 0)


def _shared_addresses_on_linux(client: Client) -> bool:
    gateway = client.gateway
    shared = gateway is not None and gateway.version == 4 and gateway in _SHARED
    return client.system == "linux" and shared and client.state is Backend.RUNNING


BUGS: tuple[tuple[ClientBug, Callable[[Client], bool]], ...] = (
    (ClientBug(18465, BugEffect.FALSE_NETCHECK), _exit_node_on_windows),
    (ClientBug(19259, BugEffect.FALSE_NETCHECK), _linux_1_96_4),
    (ClientBug(14287, BugEffect.FALSE_NETCHECK), _development_1_77),
    (ClientBug(2993, BugEffect.FALSE_NETCHECK), _logged_out_before_1_16),
    (ClientBug(18348, BugEffect.WRONG_MAPPED_PORT), _upnp_before_1_96),
    (ClientBug(10375, BugEffect.LOST_FIREWALL_RULES), _windows_rules_before_1_56),
    (ClientBug(0, BugEffect.NO_ACCEPT_RULE), _no_accept_rule_before_1_56),
    (ClientBug(12829, BugEffect.ADDRESS_CLASH), _shared_addresses_on_linux),
)


def bugs_of(client: Client) -> tuple[ClientBug, ...]:
    """Those that fit."""
    return tuple(bug for bug, fits in BUGS if fits(client))
