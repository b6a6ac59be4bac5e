"""What kind each interface is: the cases that a wrong guess would measure the wrong network by."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_interface
from pathlib import Path
from typing import Any

import pytest

from probes.network.real.interfaces.faces import Face
from probes.network.real.interfaces.kinds import Traits, classify
from probes.network.real.interfaces.linux import traits
from probes.readings.local import InterfaceKind

ETHERNET = Traits("eth0", True, 1500, (ip_interface("192.0.2.2/24"),), hardware=1, device=True)


def face(name: str, *addresses: str, **more: Any) -> Traits:
    found = tuple(ip_interface(address) for address in addresses)
    return replace(Traits(name, True, 1500, found), **more)


def linux(name: str, *addresses: str, **more: Any) -> Traits:
    return face(name, *addresses, **{"hardware": 1, **more})


def kind_of(
    one: Traits, *others: Traits, routes: tuple[str, ...] = (), **more: Any
) -> InterfaceKind:
    return classify((one, *others), routes, **more)[0].kind


@pytest.mark.parametrize(
    ("one", "kind"),
    [
        # Linux: what the kernel says counts, not the name.
        (linux("lo", "127.0.0.1/8", hardware=772), "loopback"),
        (linux("enp3s0", "192.0.2.2/24", device=True), "physical"),
        (linux("tun9", "192.0.2.2/24", device=True), "physical"),
        (linux("eth0", "172.17.0.2/16"), "physical"),
        (linux("veth0", "10.0.0.2/24"), "physical"),
        (linux("tailscale0", "100.101.1.2/32", hardware=65534, tun="tun"), "tailscale"),
        (linux("ts0", "100.101.1.2/32", "fd7a:115c:a1e0::1/128", tun="tun"), "tailscale"),
        (linux("wt0", "100.101.1.2/16", hardware=65534, devtype="wireguard"), "tunnel"),
        (linux("home", "10.6.0.2/32", hardware=65534, devtype="wireguard"), "tunnel"),
        (linux("tun0", "10.8.0.2/24", hardware=65534, tun="tun"), "tunnel"),
        (linux("ztabc123", "10.147.17.5/24", tun="tap"), "tunnel"),
        (linux("ipsec0", "10.9.0.2/32", hardware=65534), "tunnel"),
        (linux("he-ipv6", "2001:db8::2/64", hardware=776), "tunnel"),
        (linux("gre1", "10.9.0.2/30", hardware=778), "tunnel"),
        (linux("wwan0", "100.72.1.2/30", hardware=65534, device=True, devtype="wwan"), "physical"),
        (linux("rmnet_data0", "100.72.1.2/30", hardware=519), "physical"),
        (linux("ppp0", "100.72.1.2/32", hardware=512, devtype="ppp"), "physical"),
        (linux("clat", "192.0.0.4/32", hardware=65534, tun="tun"), "physical"),
        (linux("ds-wan", "192.0.0.2/29", hardware=769), "physical"),
        (linux("docker0", "172.17.0.1/16", bridge=True), "bridge"),
        (linux("vmbr0", "192.0.2.2/24", bridge=True, device=True), "physical"),
        (linux("br-lan", "192.0.2.1/24", bridge=True), "bridge"),
        (linux("veth1a2b3c", "fe80::1/64", bridge_port=True), "bridge"),
        (linux("cali12345", "fe80::1/64"), "bridge"),
        (linux("vnet3", "fe80::1/64", tun="tap", bridge_port=True), "bridge"),
        (linux("tap7", tun="tap"), "bridge"),
        (linux("dummy0", "192.0.2.9/32"), "bridge"),
        (linux("eth0.7", "192.0.2.9/24", devtype="vlan"), "physical"),
        # macOS: names and addresses are all there is.
        (face("lo0", "127.0.0.1/8"), "loopback"),
        (face("en0", "192.0.2.2/24"), "physical"),
        (face("utun3", "10.6.0.2/32"), "tunnel"),
        (face("utun4", "100.101.1.2/32", "fd7a:115c:a1e0::1/48"), "tailscale"),
        (face("utun5", "100.101.1.2/32"), "tunnel"),
        (face("ipsec0", "10.9.0.2/32"), "tunnel"),
        (face("feth1234", "10.147.17.5/24"), "tunnel"),
        (face("bridge0"), "physical"),
        (face("bridge100", "192.168.64.1/24"), "bridge"),
        (face("vmenet0"), "bridge"),
        (face("pdp_ip0", "100.72.1.2/32"), "physical"),
        # Windows: ifType and the adapter's own name.
        (face("Loopback Pseudo-Interface 1", "127.0.0.1/8", iftype=24), "loopback"),
        (face("Wi-Fi", "192.0.2.2/24", iftype=71), "physical"),
        (face("Ethernet", "192.0.2.2/24", iftype=6), "physical"),
        (face("Mobile", "100.72.1.2/30", iftype=243), "physical"),
        (face("Tailscale", "100.101.1.2/32", iftype=53), "tailscale"),
        (face("office", "10.6.0.2/32", iftype=53), "tunnel"),
        (
            face("Ethernet 3", "10.8.0.2/24", iftype=6, description="TAP-Windows Adapter V9"),
            "tunnel",
        ),
        (face("Teredo", "2001::1/32", iftype=131), "tunnel"),
        (face("vEthernet (WSL)", "172.22.32.1/20", iftype=6), "bridge"),
    ],
    ids=lambda value: value.name if isinstance(value, Traits) else None,
)
def test_one_interface(one: Traits, kind: str) -> None:
    beside = (
        replace(ETHERNET, name="other0")
        if one.hardware is not None
        else face("en9", "192.0.2.9/24")
    )
    assert kind_of(one, beside) is InterfaceKind(kind)


def test_ppp_is_the_line_or_a_vpn() -> None:
    ppp = linux("ppp0", "100.72.1.2/32", hardware=512)
    assert kind_of(ppp, ETHERNET, routes=("ppp0",)) is InterfaceKind.PHYSICAL
    assert kind_of(ppp, ETHERNET, routes=("ppp0", "eth0")) is InterfaceKind.TUNNEL
    assert kind_of(ppp, ETHERNET, routes=("ppp0", "eth0"), pppoe=True) is InterfaceKind.PHYSICAL
    second = linux("ppp1", "100.72.1.3/32", hardware=512)
    assert kind_of(ppp, second, routes=("ppp0", "ppp1")) is InterfaceKind.PHYSICAL


def test_a_tap_device_that_is_all_there_is() -> None:
    """slirp4netns gives a rootless container nothing but tap0."""
    tap = linux("tap0", "10.0.2.100/24", tun="tap")
    loopback = linux("lo", "127.0.0.1/8", hardware=772)
    assert kind_of(tap, loopback, routes=("tap0",)) is InterfaceKind.PHYSICAL
    assert kind_of(tap, loopback, ETHERNET, routes=("tap0",)) is InterfaceKind.TUNNEL
    tun = linux("tun0", "10.0.2.100/24", tun="tun")
    assert kind_of(tun, loopback, routes=("tun0",)) is InterfaceKind.TUNNEL


def test_hyper_vs_external_switch_is_a_way_out() -> None:
    switch = face("vEthernet (LAN)", "192.0.2.2/24", iftype=6)
    assert kind_of(switch, routes=("vEthernet (LAN)",)) is InterfaceKind.PHYSICAL
    assert kind_of(switch) is InterfaceKind.BRIDGE


def build(root: Path, name: str, **files: str) -> Path:
    folder = root / name
    folder.mkdir(parents=True)
    for file, text in files.items():
        (folder / file).write_text(text)
    return folder


def test_reading_sys_class_net(tmp_path: Path) -> None:
    """A bridge over a VLAN over a bond over a card; a bridge with a container's end alone."""
    card = build(tmp_path, "eth0", type="1\n", uevent="INTERFACE=eth0\nIFINDEX=2\n")
    (card / "device").mkdir()
    bond = build(tmp_path, "bond0", type="1\n", uevent="DEVTYPE=bond\nINTERFACE=bond0\n")
    (bond / "lower_eth0").symlink_to(card)
    vlan = build(tmp_path, "bond0.7", type="1\n", uevent="DEVTYPE=vlan\n")
    (vlan / "lower_bond0").symlink_to(bond)
    bridge = build(tmp_path, "vmbr0", type="1\n", uevent="DEVTYPE=bridge\n")
    (bridge / "bridge").mkdir()
    (bridge / "lower_bond0.7").symlink_to(vlan)
    veth = build(tmp_path, "veth7", type="1\n", uevent="INTERFACE=veth7\n")
    (veth / "brport").mkdir()
    docker = build(tmp_path, "docker0", type="1\n", uevent="DEVTYPE=bridge\n")
    (docker / "bridge").mkdir()
    (docker / "lower_veth7").symlink_to(veth)
    build(tmp_path, "tun0", type="65534\n", tun_flags="0x1001\n")
    build(tmp_path, "tap0", type="1\n", tun_flags="0x1002\n")
    build(tmp_path, "wg0", type="65534\n", uevent="DEVTYPE=wireguard\n")

    names = ("eth0", "bond0", "bond0.7", "vmbr0", "veth7", "docker0", "tun0", "tap0", "wg0", "gone")
    found = {
        one.name: one for one in traits([Face(name, True, 1500, ()) for name in names], tmp_path)
    }
    assert {name for name, one in found.items() if one.device} == {
        "eth0",
        "bond0",
        "bond0.7",
        "vmbr0",
    }
    assert {name for name, one in found.items() if one.bridge} == {"vmbr0", "docker0"}
    assert {name for name, one in found.items() if one.bridge_port} == {"veth7"}
    assert (found["tun0"].tun, found["tap0"].tun, found["eth0"].tun) == ("tun", "tap", "")
    assert found["wg0"].devtype == "wireguard"
    assert found["tun0"].hardware == 65534
    assert found["gone"].hardware is None


def test_links_that_go_in_circles_come_to_an_end(tmp_path: Path) -> None:
    one, two = build(tmp_path, "one", type="1"), build(tmp_path, "two", type="1")
    (one / "lower_two").symlink_to(two)
    (two / "lower_one").symlink_to(one)
    assert not traits([Face("one", True, 1500, ())], tmp_path)[0].device
