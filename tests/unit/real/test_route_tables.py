"""Routes and neighbours as systems print them. Each recording names where it comes from."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import pytest

from probes.model import Family
from probes.network.real.interfaces import darwin, linux, windows
from probes.readings.local import Gateway

MAC = "02:1b:2c:3d:4e:5f"
RECORDED = Path(__file__).with_name("recorded")


def recorded(name: str) -> str:
    lines = (RECORDED / f"{name}.txt").read_text(encoding="utf-8").splitlines(keepends=True)
    assert lines[0].startswith("# ")
    return "".join(line for line in lines if not line.startswith("# "))


def via(address: str | None, interface: str) -> Gateway:
    return Gateway(ip_address(address) if address is not None else None, interface)


def test_every_recording_names_its_source() -> None:
    files = list(RECORDED.glob("*.txt"))
    assert len(files) >= 9
    for file in files:
        head = "".join(line for line in file.read_text("utf-8").splitlines() if line[:1] == "#")
        assert "https://" in head or "Recorded on" in head, file.name


def test_linux_ipv4_by_metric_without_what_rejects() -> None:
    assert linux.gateways4(recorded("linux.route")) == (
        via("192.0.2.1", "eth0"),
        via("198.51.100.1", "wlan0"),
        via(None, "tun0"),
    )


def test_linux_ipv6_of_all_tables() -> None:
    assert linux.gateways6(recorded("linux.ipv6_route")) == (
        via(None, "tun0"),
        via("fe80::1", "eth0"),
        via("fe80::2", "wlan0"),
    )


@pytest.mark.parametrize("table", ["", "\n", "Iface\n", "x\ny z\n", "Iface\neth0 zz 0 3 0 0 0 0\n"])
def test_linux_tables_that_are_none(table: str) -> None:
    assert linux.gateways4(table) == ()
    assert linux.gateways6(table) == ()
    assert linux.neighbour(table, via("192.0.2.1", "eth0")) == ""


def test_a_route_to_half_the_internet_is_no_default_route() -> None:
    """OpenVPN's def1: 0.0.0.0/1 has destination 0 too, but another mask."""
    table = "head\ntun0\t00000000\t0100080A\t0003\t0\t0\t0\t00000080\t0\t0\t0\n"
    assert linux.gateways4(table) == ()


@pytest.mark.parametrize(
    ("gateway", "mac"),
    [
        (via("192.0.2.1", "eth0"), "02:00:00:00:0a:01"),
        (via("192.0.2.1", "wlan0"), "02:00:00:00:00:99"),
        (via("192.0.2.1", "eth1"), ""),
        (via("192.0.2.77", "eth0"), ""),  # asked for, no answer yet
        (via("192.0.2.7", "eth0"), ""),
        (via(None, "eth0"), ""),
    ],
)
def test_linux_neighbours(gateway: Gateway, mac: str) -> None:
    assert linux.neighbour(recorded("linux.arp"), gateway) == mac


@pytest.mark.parametrize(
    ("name", "family", "routes"),
    [
        (
            "darwin-wifi-tailscale.inet",
            Family.V4,
            (via("192.0.2.1", "en0"), via(None, "utun8"), via(None, "bridge100")),
        ),
        ("darwin-wireguard-all.inet", Family.V4, (via(None, "utun3"), via("192.0.2.1", "en0"))),
        ("darwin-old.inet", Family.V4, (via("192.0.2.1", "en0"),)),
        (
            "darwin-utuns.inet6",
            Family.V6,
            (via("fe80::1", "en0"), via(None, "utun0"), via(None, "utun1")),
        ),
    ],
)
def test_macos_routes(name: str, family: Family, routes: tuple[Gateway, ...]) -> None:
    assert darwin.gateways(recorded(name), family) == routes


@pytest.mark.parametrize("table", ["", "default\n", "Destination Gateway\ndefault x\n"])
def test_macos_tables_that_are_none(table: str) -> None:
    assert darwin.gateways(table, Family.V4) == ()


@pytest.mark.parametrize(
    ("output", "mac"),
    [
        # arp(8) of macOS: no leading zeros.
        ("? (192.0.2.1) at 0:1b:2c:3d:4e:f on en0 ifscope [ethernet]\n", "00:1b:2c:3d:4e:0f"),
        ("? (192.0.2.1) at (incomplete) on en0 ifscope [ethernet]\n", ""),
        ("192.0.2.1 (192.0.2.1) -- no entry\n", ""),
        ("? (192.0.2.11) at 0:1b:2c:3d:4e:f on en0 ifscope [ethernet]\n", ""),
        # arp of Windows, after Microsoft's page on it.
        ("Interface: 192.0.2.18 --- 0xd\n  192.0.2.1   02-1B-2c-3d-4e-5f  dynamic\n", MAC),
        ("No ARP Entries Found.\n", ""),
    ],
)
def test_arp_of_macos_and_windows(output: str, mac: str) -> None:
    assert darwin.neighbour(output, ip_address("192.0.2.1")) == mac


def test_windows_ipv4() -> None:
    names = {ip_address("192.0.2.18"): "Wi-Fi", ip_address("10.64.0.2"): "wg-office"}
    found = windows.gateways4(recorded("windows-english.route-print"), names)
    assert found == (via(None, "wg-office"), via("192.0.2.1", "Wi-Fi"))


def test_windows_in_another_language() -> None:
    names = {ip_address("192.0.2.182"): "Ethernet", ip_address("198.51.100.41"): "Schule"}
    table = recorded("windows-chinese.route-print")
    expected = (via(None, "Schule"), via("192.0.2.254", "Ethernet"))
    assert windows.gateways4(table, names) == expected
    # The console writes in its own code page; what is no UTF-8 becomes replacement characters.
    garbled = table.encode("gb18030").decode("utf-8", "replace")
    assert windows.gateways4(garbled, names) == expected
    assert windows.gateways6(table, {53: "Schule"}) == ()


def test_windows_ipv6_without_persistent_routes() -> None:
    found = windows.gateways6(
        recorded("windows-english.route-print"), {13: "Wi-Fi", 41: "wg-office", 0: "none"}
    )
    assert found == (via(None, "wg-office"), via("fe80::1", "Wi-Fi"))


def test_windows_adapters() -> None:
    assert windows.descriptions(recorded("windows-english.route-print")) == {
        7: "Intel(R) Ethernet Connection (4) I219-LM",
        67: "Hyper-V Virtual Ethernet Adapter",
        13: "Intel(R) Dual Band Wireless-AC 8265",
        41: "WireGuard Tunnel",
        1: "Software Loopback Interface 1",
        18: "Teredo Tunneling Pseudo-Interface",
    }


def test_windows_routes_of_unknown_interfaces_are_left_out() -> None:
    table = recorded("windows-english.route-print")
    assert windows.gateways4(table, {}) == ()
    assert windows.gateways6(table, {}) == ()


@pytest.mark.parametrize(
    ("everywhere", "here", "strict"),
    [
        *(("0", "0", False), ("0", "1", True), ("1", "0", True), ("1", "1", True)),
        # The larger of the two counts, and 2 is loose (ip-sysctl).
        *(("2", "1", False), ("1", "2", False), ("0", None, False), (None, "1", True)),
    ],
)
def test_strict_reverse_path_filtering(
    tmp_path: Path, everywhere: str | None, here: str | None, strict: bool
) -> None:
    for name, value in (("all", everywhere), ("eth0", here)):
        (tmp_path / name).mkdir()
        if value is not None:
            (tmp_path / name / "rp_filter").write_text(f"{value}\n")
    assert linux.drops_answers("eth0", tmp_path) is strict
