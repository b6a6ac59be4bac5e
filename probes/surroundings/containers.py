"""Signs of a container, of Kubernetes and of WSL, from files that everybody may read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_network

from probes.clean import clean
from probes.model import Confidence, IPAddress
from probes.readings.environment import Evidence, Surrounding

DOCKER_MARK = "/.dockerenv"
PODMAN_MARK = "/run/.containerenv"
CGROUP = "/proc/1/cgroup"
MOUNTS = "/proc/self/mountinfo"
FIRST_ENVIRON = "/proc/1/environ"
"""Readable for root, and in a container often for everybody."""
SYSTEMD_MARK = "/run/systemd/container"
KUBERNETES_NAMESPACE = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"
HOSTS = "/etc/hosts"
KERNEL = "/proc/sys/kernel/osrelease"

FILES = (
    DOCKER_MARK,
    PODMAN_MARK,
    CGROUP,
    MOUNTS,
    FIRST_ENVIRON,
    SYSTEMD_MARK,
    KUBERNETES_NAMESPACE,
    HOSTS,
    KERNEL,
)
MOST_BYTES = 64_000

_BRIDGES = {
    "172.17.0.0/16": "docker",
    "172.18.0.0/15": "docker",
    "172.20.0.0/14": "docker",
    "172.24.0.0/14": "docker",
    "172.28.0.0/14": "docker",
    "10.88.0.0/16": "podman",
    "10.0.3.0/24": "lxc",
}
"""Address ranges that container engines give to bridges of their own by default."""

_CGROUP_NAMES = re.compile(r"(docker|libpod|lxc|containerd|garden|kubepods)")
_CALLED = {"libpod": "podman"}
_ROOT_OVERLAY = re.compile(
    r"^\d+ \d+ \S+ \S+ / .*?(docker|containers/storage|containerd|kubelet)", re.M
)


def container(files: Mapping[str, str], address: IPAddress | None, said: str) -> Evidence | None:
    """A container, if anything says so. `said` is systemd-detect-virt's word ("none", "docker")."""
    found = _container_name(files, said)
    if found is None:
        return None
    name, how, sure = found
    bridge = None if address is None else bridge_of(address)
    # On the host's own network a container has the host's addresses, and adds no NAT.
    return Evidence(Surrounding.CONTAINER, clean(name), True if bridge else None, how, sure)


def bridge_of(address: IPAddress) -> str:
    """The engine whose default bridge has such addresses, or ""."""
    for prefix, name in _BRIDGES.items():
        network = ip_network(prefix)
        if address.version == network.version and address in network:
            return name
    return ""


def _container_name(files: Mapping[str, str], said: str) -> tuple[str, str, Confidence] | None:
    if said not in ("", "none", "wsl"):
        return said, "systemd-detect-virt --container", Confidence.CERTAIN
    if PODMAN_MARK in files:
        return "podman", PODMAN_MARK, Confidence.CERTAIN
    if DOCKER_MARK in files:
        return "docker", DOCKER_MARK, Confidence.CERTAIN
    marked = files.get(SYSTEMD_MARK, "").strip()
    if marked and marked != "wsl":
        return marked, SYSTEMD_MARK, Confidence.CERTAIN
    for entry in files.get(FIRST_ENVIRON, "").split("\0"):
        key, _, value = entry.partition("=")
        if key == "container" and value:
            return value, FIRST_ENVIRON, Confidence.CERTAIN
    match = _CGROUP_NAMES.search(files.get(CGROUP, ""))
    if match is not None:
        return _CALLED.get(match[1], match[1]), CGROUP, Confidence.CERTAIN
    match = _ROOT_OVERLAY.search(files.get(MOUNTS, ""))
    if match is not None:
        name = "podman" if match[1] == "containers/storage" else match[1]
        return name, MOUNTS, Confidence.LIKELY
    return None


def kubernetes(files: Mapping[str, str]) -> Evidence | None:
    """A pod, if anything says so."""
    for path, sign, sure in (
        (KUBERNETES_NAMESPACE, "", Confidence.CERTAIN),
        (CGROUP, "kubepods", Confidence.CERTAIN),
        (HOSTS, "Kubernetes-managed hosts file", Confidence.CERTAIN),
        (FIRST_ENVIRON, "KUBERNETES_SERVICE_HOST=", Confidence.LIKELY),
    ):
        if path in files and sign in files[path]:
            namespace = files.get(KUBERNETES_NAMESPACE, "").strip()
            name = f"namespace {clean(namespace, 63)}" if namespace else "pod"
            hosts = "Kubernetes-managed hosts file (host network)" in files.get(HOSTS, "")
            return Evidence(Surrounding.KUBERNETES, name, None if hosts else True, path, sure)
    return None


def wsl(files: Mapping[str, str], mode: str) -> Evidence | None:
    """Windows Subsystem for Linux. `mode` is what wslinfo says of its network, "" if nothing.

    WSL 1 shares Windows' network. WSL 2 is a virtual machine behind a NAT unless it mirrors it.
    """
    kernel = files.get(KERNEL, "").lower()
    if "microsoft" not in kernel:
        return None
    if "wsl2" not in kernel and "-standard" not in kernel:
        return Evidence(Surrounding.WSL, "WSL 1", False, KERNEL, Confidence.CERTAIN)
    known = {"nat": True, "mirrored": False, "bridged": False, "virtioproxy": True}
    name = f"WSL 2, {mode} networking" if mode in known else "WSL 2"
    how = "wslinfo --networking-mode" if mode in known else KERNEL
    return Evidence(Surrounding.WSL, name, known.get(mode), how, Confidence.CERTAIN)
