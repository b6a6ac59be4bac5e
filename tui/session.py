"""From where the person sits at this computer: at its own screen, or over a connection that a
change of the network can cut."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from ipaddress import ip_address, ip_network

from probes.values import dataclass

_TAILNET = (ip_network("100.64.0.0/10"), ip_network("fd7a:115c:a1e0::/48"))
"""Addresses that a tailnet gives out (Tailscale docs, "IP addresses")."""
_REMOTE_PARENTS = frozenset({"sshd", "sshd-session", "mosh-server", "dropbear", "tailscaled"})
"""Programs below which a remote login runs; Tailscale's own SSH runs below its daemon."""


@dataclass(frozen=True, slots=True)
class Session:
    """How the person is logged in. As far as it shows: "not remote" is no proof."""

    remote: bool = False
    over_tailnet: bool = False
    """The tailnet itself carries this login."""


def session(environ: Mapping[str, str], parents: Iterable[str] = ()) -> Session:
    """What the environment (sshd sets SSH_CONNECTION and SSH_CLIENT; see sshd(8)) and the names of
    the processes above this one say. sudo drops the former, tmux keeps those of its first start."""
    above = set(parents)
    words = " ".join(environ.get(name, "") for name in ("SSH_CONNECTION", "SSH_CLIENT")).split()
    remote = bool(words or environ.get("SSH_TTY") or above & _REMOTE_PARENTS)
    over = "tailscaled" in above or (bool(words) and _in_tailnet(words[0]))
    return Session(remote, over)


def _in_tailnet(text: str) -> bool:
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return any(address in net for net in _TAILNET if net.version == address.version)


def this_session() -> Session:
    """The session of this process. Never raises: what cannot be read is not remote."""
    return session(os.environ, _parents())


def _parents() -> list[str]:
    with suppress(Exception):  # any process may go, or be nobody's business, while it is read
        import psutil

        return [process.name() for process in psutil.Process().parents()]
    return []
