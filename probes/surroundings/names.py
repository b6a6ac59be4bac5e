"""The names that this program itself gives to what a computer runs inside of.

They are the same for everybody, so they name nobody: masked output keeps them.
"""

from __future__ import annotations

from probes.surroundings import machines

_WSL = ("WSL 1", "WSL 2", *(f"WSL 2, {m} networking" for m in machines.WSL_MODES))
_CONTAINERS = (
    *("docker", "podman", "lxc", "containerd", "garden", "kubepods", "kubelet", "container"),
    *("systemd-nspawn", "openvz", "rkt", "wsl", "proot", "pouch"),  # systemd-detect-virt(1)
)

SURROUNDING_NAMES = frozenset(
    {*machines.CLOUD_NAMES, *machines.MACHINE_NAMES, *_WSL, *_CONTAINERS, "pod", "virtual machine"}
)
TUNNEL_NAMES = frozenset(machines.TUNNEL_NAMES)
"""An interface's name follows them in brackets."""
