"""What the lab needs of the machine that it runs on."""

from __future__ import annotations

import functools
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from tests.lab import namespaces

TOOLS = {
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "setpriv": "util-linux",
    "ip": "iproute2",
    "nft": "nftables",
    "openssl": "openssl",
    "miniupnpd": "miniupnpd-nftables",
    "turnserver": "coturn",
    "stund": "stun-server",
    "pgrep": "procps",
}
"""Programs that the lab uses, with the Debian package of each."""
LOOP_TOOLS = {"radvd": "radvd", "ufw": "ufw", "iptables": "iptables", "sysctl": "procps"}
"""Those that the closed loop uses besides."""


def ci() -> bool:
    """Whether this is a continuous integration run, where nothing may be left out."""
    return os.environ.get("CI", "").lower() in ("1", "true", "yes")


@functools.cache
def missing() -> str:
    """One sentence that says what the lab lacks here, or "" where it can be built."""
    if absent := without(TOOLS):
        return absent
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        return "the lab needs /dev/net/tun (modprobe tun, or the device in the container)"
    if not Path("/proc/self/task").exists():
        return "the lab needs Linux"
    if namespaces.unshare() is None:
        return "the lab needs user namespaces, or root (unshare is refused here)"
    return ""


def without(tools: Mapping[str, str]) -> str:
    """One sentence that says which of these programs are not here, or ""."""
    absent = {tool: package for tool, package in tools.items() if shutil.which(tool) is None}
    if not absent:
        return ""
    packages = " ".join(sorted(set(absent.values())))
    return f"the lab needs {', '.join(sorted(absent))} (Debian: apt-get install {packages})"
