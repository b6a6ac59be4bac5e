"""What each file and program says about where the computer runs."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.model import Confidence
from probes.readings.environment import BugEffect, Effect, Surrounding
from probes.readings.local import Gateway
from probes.readings.tailscale import Backend
from probes.surroundings import containers, daemon_settings, machines
from probes.surroundings.client_bugs import BUGS, Client, bugs_of, parse_version

BRIDGED = ip_address("172.17.0.2")
HOME = ip_address("192.168.1.20")


@pytest.mark.parametrize(
    ("files", "said", "name", "sure"),
    [
        ({}, "docker", "docker", Confidence.CERTAIN),
        ({"/.dockerenv": ""}, "", "docker", Confidence.CERTAIN),
        ({"/run/.containerenv": 'engine="podman"'}, "none", "podman", Confidence.CERTAIN),
        ({"/run/systemd/container": "lxc\n"}, "", "lxc", Confidence.CERTAIN),
        ({"/proc/1/environ": "A=b\0container=lxc\0"}, "", "lxc", Confidence.CERTAIN),
        ({"/proc/1/cgroup": "0::/docker/abc\n"}, "", "docker", Confidence.CERTAIN),
        ({"/proc/1/cgroup": "1:cpu:/machine/libpod-7\n"}, "", "podman", Confidence.CERTAIN),
        (
            {"/proc/self/mountinfo": "1 2 0:3 / / rw - overlay overlay lowerdir=/var/lib/docker/x"},
            "",
            "docker",
            Confidence.LIKELY,
        ),
    ],
)
def test_containers(files: dict[str, str], said: str, name: str, sure: Confidence) -> None:
    found = containers.container(files, HOME, said)
    assert found is not None
    assert (found.kind, found.name, found.sure) == (Surrounding.CONTAINER, name, sure)
    # On the host's network it adds no NAT that anything here could see; on its bridge it does.
    assert found.adds_nat is None
    bridged = containers.container(files, BRIDGED, said)
    assert bridged is not None
    assert bridged.adds_nat is True


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, ""),
        ({}, "none"),
        ({"/proc/1/cgroup": "0::/init.scope\n", "/proc/1/environ": "PATH=/bin\0"}, "none"),
        (
            {"/proc/self/mountinfo": "1 2 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:4 /docker /mnt rw"},
            "",
        ),
        ({}, "wsl"),
    ],
)
def test_no_container(files: dict[str, str], said: str) -> None:
    assert containers.container(files, HOME, said) is None
    assert containers.kubernetes(files) is None


@pytest.mark.parametrize(
    ("files", "name", "adds_nat"),
    [
        ({containers.KUBERNETES_NAMESPACE: "vpn\n"}, "namespace vpn", True),
        ({"/proc/1/cgroup": "0::/kubepods/burstable/pod1"}, "pod", True),
        ({"/etc/hosts": "# Kubernetes-managed hosts file.\n"}, "pod", True),
        ({"/etc/hosts": "# Kubernetes-managed hosts file (host network).\n"}, "pod", None),
        ({"/proc/1/environ": "KUBERNETES_SERVICE_HOST=10.0.0.1\0"}, "pod", True),
    ],
)
def test_kubernetes(files: dict[str, str], name: str, adds_nat: bool | None) -> None:
    found = containers.kubernetes(files)
    assert found is not None
    assert (found.name, found.adds_nat) == (name, adds_nat)


@pytest.mark.parametrize(
    ("kernel", "mode", "name", "adds_nat"),
    [
        ("5.15.90.1-microsoft-standard-WSL2", "nat", "WSL 2, nat networking", True),
        ("5.15.90.1-microsoft-standard-WSL2", "mirrored", "WSL 2, mirrored networking", False),
        ("5.15.90.1-microsoft-standard-WSL2", "", "WSL 2", None),
        ("4.4.0-19041-Microsoft", "", "WSL 1", False),
    ],
)
def test_wsl(kernel: str, mode: str, name: str, adds_nat: bool | None) -> None:
    found = containers.wsl({containers.KERNEL: kernel + "\n"}, mode)
    assert found is not None
    assert (found.name, found.adds_nat) == (name, adds_nat)
    assert containers.wsl({containers.KERNEL: "6.1.0-18-amd64"}, "") is None


@pytest.mark.parametrize(
    ("dmi", "name"),
    [
        ({"sys_vendor": "Amazon EC2", "product_name": "t3.micro"}, "Amazon EC2"),
        ({"sys_vendor": "Google", "product_name": "Google Compute Engine"}, "Google Cloud"),
        (
            {
                "sys_vendor": "Microsoft Corporation",
                "product_name": "Virtual Machine",
                "chassis_asset_tag": "7783-7084-3265-9085-8269-3286-77",
            },
            "Microsoft Azure",
        ),
        ({"sys_vendor": "QEMU", "chassis_asset_tag": "OracleCloud.com"}, "Oracle Cloud"),
        ({"sys_vendor": "Hetzner", "product_name": "vServer"}, "Hetzner Cloud"),
    ],
)
def test_clouds(dmi: dict[str, str], name: str) -> None:
    found = machines.cloud(dmi)
    assert found is not None
    assert (found.name, found.sure) == (name, Confidence.CERTAIN)


def test_an_ordinary_computer_is_neither_cloud_nor_guest() -> None:
    dmi = {"sys_vendor": "LENOVO", "product_name": "20XW", "bios_vendor": "LENOVO"}
    gateway = Gateway(ip_address("192.168.1.1"), "wlan0")
    assert machines.cloud(dmi) is None
    assert machines.virtual_machine(dmi, "none", [HOME], gateway) is None


@pytest.mark.parametrize(
    ("dmi", "said", "own", "router", "name", "adds_nat", "sure"),
    [
        ("VirtualBox", "", "10.0.2.15", "10.0.2.2", "VirtualBox", True, Confidence.LIKELY),
        ("VirtualBox", "", "192.168.1.9", "192.168.1.1", "VirtualBox", None, Confidence.CERTAIN),
        ("", "kvm", "192.168.122.7", "192.168.122.1", "KVM", True, Confidence.LIKELY),
        ("VMware7,1", "vmware", "192.168.44.9", "192.168.44.2", "VMware", True, Confidence.LIKELY),
        ("", "vmware", "192.168.44.9", "192.168.44.1", "VMware", None, Confidence.CERTAIN),
        ("Virtual Machine", "", "172.20.1.9", "172.20.0.1", "Hyper-V", True, Confidence.LIKELY),
        ("", "none", "10.0.2.15", "10.0.2.2", "virtual machine", True, Confidence.POSSIBLE),
    ],
)
def test_virtual_machines(
    dmi: str, said: str, own: str, router: str, name: str, adds_nat: bool | None, sure: Confidence
) -> None:
    vendor = "Microsoft Corporation" if dmi == "Virtual Machine" else dmi
    fields = {"sys_vendor": vendor, "product_name": dmi}
    gateway = Gateway(ip_address(router), "eth0")
    found = machines.virtual_machine(fields, said, [ip_address(own)], gateway)
    assert found is not None
    assert (found.name, found.adds_nat, found.sure) == (name, adds_nat, sure)


def test_a_home_that_uses_such_addresses_with_another_router_is_no_guest() -> None:
    gateway = Gateway(ip_address("10.0.2.1"), "eth0")
    assert machines.virtual_machine({}, "", [ip_address("10.0.2.15")], gateway) is None


@pytest.mark.parametrize(
    ("interface", "named"),
    [("wg0", "WireGuard"), ("nordlynx", "NordVPN"), ("utun4", "a VPN"), ("x\x1b", "a VPN")],
)
def test_tunnels_by_name(interface: str, named: str) -> None:
    found = machines.tunnel(interface)
    assert found.name.startswith(named)
    assert found.name.isprintable()
    assert found.how.isprintable()


def test_mobile_networks_by_the_interfaces_name() -> None:
    assert machines.mobile("wwan0") is not None
    assert machines.mobile("rmnet_data2") is not None
    assert machines.mobile("wlan0") is None


# --- the daemon's settings ------------------------------------------------------------------------


def _effects(text: str) -> list[tuple[str, str, Effect]]:
    found = daemon_settings.from_environment(daemon_settings.read_file(text), "file")
    return [(each.name, each.value, each.effect) for each in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('PORT="41641"\nFLAGS=""\n', [("PORT", "41641", Effect.SETS_PORT)]),
        ("PORT=0", [("PORT", "0", Effect.RANDOM_PORT)]),
        ("PORT=seventy\nPORT2=1", []),
        ("# TS_DEBUG_ALWAYS_USE_DERP=1\n", []),
        ("TS_DEBUG_ALWAYS_USE_DERP=0", []),
        (
            "export TS_DEBUG_ALWAYS_USE_DERP = true # for a test",
            [("TS_DEBUG_ALWAYS_USE_DERP", "true", Effect.FORCES_RELAY)],
        ),
        (
            "TS_DEBUG_NEVER_DIRECT_UDP='1'",
            [("TS_DEBUG_NEVER_DIRECT_UDP", "1", Effect.FORCES_RELAY)],
        ),
        ("TS_DISABLE_UPNP=1", [("TS_DISABLE_UPNP", "1", Effect.NO_PORT_MAPPING)]),
        (
            'FLAGS="--tun=userspace-networking --port 7000"',
            [
                ("--tun", "userspace-networking", Effect.USERSPACE),
                ("--port", "7000", Effect.SETS_PORT),
            ],
        ),
        ("FLAGS='unbalanced\nPORT=1", [("PORT", "1", Effect.SETS_PORT)]),
        (
            "TS_DEBUG_PRETENDPOINT=1.2.3.4:5\x1b",
            [("TS_DEBUG_PRETENDPOINT", r"1.2.3.4:5\x1b", Effect.PRETENDS_ENDPOINT)],
        ),
    ],
)
def test_a_settings_file(text: str, expected: list[tuple[str, str, Effect]]) -> None:
    assert _effects(text) == expected


def test_a_unit_with_a_drop_in() -> None:
    environment, process = daemon_settings.read_unit(
        'Environment=TS_NO_LOGS=1 "TS_DEBUG_ALWAYS_USE_DERP=1"\nMainPID=812\nExecStart={ x }\n'
    )
    assert (environment["TS_DEBUG_ALWAYS_USE_DERP"], process) == ("1", 812)
    assert daemon_settings.read_unit("MainPID=0\nEnvironment=\n") == ({}, None)
    assert daemon_settings.read_unit("garbage\nMainPID=\u0664\n") == ({}, None)


def test_the_command_line_decides_about_the_port() -> None:
    found = [
        *daemon_settings.from_environment({"PORT": "41641"}, "file"),
        *daemon_settings.from_arguments(["--state=x", "-port=9"], "cmdline"),
    ]
    decided = daemon_settings.port_of(found)
    assert decided is not None
    assert (decided.value, decided.where) == ("9", "cmdline")
    assert daemon_settings.port_of([]) is None


@given(st.text(max_size=200))
def test_any_text_is_read_without_a_fault(text: str) -> None:
    found = daemon_settings.from_environment(daemon_settings.read_file(text), "file")
    assert all(each.value.isprintable() for each in found)
    daemon_settings.read_unit(text)
    daemon_settings.read_environ(text)
    daemon_settings.from_arguments(text.split(), "file")


# --- known faults ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("1.92.5-t0123abc-g9", (1, 92, 5)),
        ("v1.8", (1, 8, 0)),
        ("1.92.5-ERR-BuildInfo", (1, 92, 5)),
        ("unstable", None),
        ("", None),
    ],
)
def test_versions(text: str, version: tuple[int, int, int] | None) -> None:
    assert parse_version(text) == version


def _client(version: str, **changes: object) -> Client:
    parsed = parse_version(version)
    assert parsed is not None
    usual: dict[str, object] = {
        "system": "linux",
        "state": Backend.RUNNING,
        "exit_node": False,
        "netcheck_udp": True,
        "upnp": False,
        "gateway": ip_address("192.168.1.1"),
    }
    return Client(parsed, **{**usual, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("client", "issues"),
    [
        (_client("1.102.2"), []),
        (_client("1.102.2", system="win32", exit_node=True), [18465]),
        (_client("1.102.2", system="win32"), []),
        (_client("1.96.4", netcheck_udp=False), [19259]),
        (_client("1.96.4"), []),
        (_client("1.94.2", netcheck_udp=False), []),
        (_client("1.77.9", netcheck_udp=False), [14287]),
        (_client("1.14.0", state=Backend.NEEDS_LOGIN, netcheck_udp=False), [2993, 0]),
        (_client("1.94.0", upnp=True), [18348]),
        (_client("1.96.0", upnp=True), []),
        (_client("1.54.0", system="win32"), [10375]),
        (_client("1.54.0"), [0]),
        (_client("1.102.2", gateway=ip_address("100.64.0.1")), [12829]),
    ],
)
def test_faults_are_named_only_where_they_fit(client: Client, issues: list[int]) -> None:
    assert [bug.issue for bug in bugs_of(client)] == issues


def test_every_fault_of_the_table_can_be_named() -> None:
    assert {bug.effect for bug, _ in BUGS} == set(BugEffect)
