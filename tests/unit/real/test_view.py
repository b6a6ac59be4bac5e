"""The system's account of itself: put together on this system, and from others' outputs."""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Sequence
from ipaddress import ip_address, ip_interface
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.checks.local import LocalCheck
from probes.engine import measure
from probes.model import CheckId, CheckStatus, Family
from probes.network.real import RealNetwork
from probes.network.real.interfaces import linux, netlink, psutil_view, sources, view
from probes.network.real.interfaces.faces import Face
from probes.network.real.interfaces.psutil_view import interface
from probes.network.seam import Bind, LocalView, NetworkError, ProcessResult
from probes.options import Options
from probes.readings import local
from probes.readings.local import Gateway, InterfaceKind
from probes.report import report_of
from tests.unit.real.test_route_tables import recorded

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="rtnetlink is Linux's")


async def test_this_system(network: RealNetwork) -> None:
    found = await network.local()
    assert found.system == sys.platform
    loopback = [face for face in found.interfaces if face.kind is InterfaceKind.LOOPBACK]
    assert any(ip_address("127.0.0.1") in [own.ip for own in face.addresses] for face in loopback)
    names = {face.name for face in found.interfaces}
    assert {route.interface for route in (*found.gateways4, *found.gateways6)} <= names
    for source in (found.source4, found.source6):
        assert source is None or any(
            source in [own.ip for own in face.addresses] for face in found.interfaces
        )


def answers(**outputs: str) -> Any:
    async def run(argv: Sequence[str], *, timeout_s: float, most: int) -> ProcessResult:
        key = "_".join(part.strip("-") for part in argv)
        text = outputs.get(key, "")
        return ProcessResult(tuple(argv), bool(text), 0, text.encode(), b"", False, False)

    return run


def stand_on(
    monkeypatch: pytest.MonkeyPatch, system: str, faces: Sequence[Face], source4: str | None
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(psutil_view, "read", lambda: tuple(faces))
    address = ip_address(source4) if source4 is not None else None
    monkeypatch.setattr(sources, "source", lambda family: address if family is Family.V4 else None)


def a_face(name: str, *addresses: str) -> Face:
    return Face(name, True, 1500, tuple(ip_interface(address) for address in addresses))


async def test_macos_with_tailscale(monkeypatch: pytest.MonkeyPatch) -> None:
    faces = [
        a_face("lo0", "127.0.0.1/8"),
        a_face("en0", "192.0.2.5/24"),
        a_face("utun8", "100.67.190.17/32", "fd7a:115c:a1e0::17/48"),
        a_face("bridge100", "192.168.64.1/24"),
    ]
    stand_on(monkeypatch, "darwin", faces, "192.0.2.5")
    found: LocalView = await view.read(
        answers(
            netstat_rn_f_inet=recorded("darwin-wifi-tailscale.inet"),
            **{"arp_n_192.0.2.1": "? (192.0.2.1) at 0:1b:2c:3d:4e:5f on en0 ifscope [ethernet]"},
        )
    )
    assert [face.kind.value for face in found.interfaces] == [
        *("loopback", "physical", "tailscale", "bridge")
    ]
    assert found.gateways4[0] == Gateway(ip_address("192.0.2.1"), "en0")
    assert found.gateways6 == ()
    assert found.gateway_mac == "00:1b:2c:3d:4e:5f"
    assert found.source4 == ip_address("192.0.2.5")


async def test_the_routers_mac_is_not_asked_of_a_tunnel(monkeypatch: pytest.MonkeyPatch) -> None:
    faces = [a_face("en0", "192.0.2.5/24"), a_face("utun3", "10.6.0.2/32")]
    stand_on(monkeypatch, "darwin", faces, "10.6.0.2")
    found = await view.read(
        answers(
            netstat_rn_f_inet=recorded("darwin-wireguard-all.inet"),
            **{"arp_n_192.0.2.1": "? (192.0.2.1) at 0:1b:2c:3d:4e:5f on en0 ifscope [ethernet]"},
        )
    )
    assert found.gateways4 == (Gateway(None, "utun3"), Gateway(ip_address("192.0.2.1"), "en0"))
    assert found.gateway_mac == "00:1b:2c:3d:4e:5f"


async def test_macos_whose_programs_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_on(monkeypatch, "darwin", [a_face("en0", "192.0.2.5/24")], "192.0.2.5")
    found = await view.read(answers())
    assert (found.gateways4, found.gateways6, found.gateway_mac) == ((), (), "")


async def test_odd_names_cannot_touch_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_on(monkeypatch, "darwin", [a_face("en\x1b[31m", "192.0.2.5/24")], None)
    assert (await view.read(answers())).interfaces[0].name == r"en\x1b[31m"


async def test_what_the_system_refuses_is_an_error_of_the_network(
    monkeypatch: pytest.MonkeyPatch, network: RealNetwork
) -> None:
    def refuse() -> tuple[Face, ...]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(psutil_view, "read", refuse)
    monkeypatch.setattr(netlink, "read", refuse)
    with pytest.raises(NetworkError, match="Permission denied"):
        await network.local()


@pytest.mark.parametrize(
    ("family", "address", "mask", "expected"),
    [
        (socket.AF_INET, "192.0.2.2", "255.255.255.0", "192.0.2.2/24"),
        (socket.AF_INET, "10.8.0.6", None, "10.8.0.6/32"),
        (socket.AF_INET6, "2001:db8::2", "ffff:ffff:ffff:ffff::", "2001:db8::2/64"),
        (socket.AF_INET6, "fe80::2%eth0", "ffff:ffff:ffff:ffff::", "fe80::2/64"),
        (socket.AF_INET6, "2001:db8::2", None, "2001:db8::2/128"),
        (socket.AF_INET, "nonsense", "255.0.0.0", None),
        (socket.AF_INET6, "::1", "nonsense", None),
        (-1, "02:00:00:00:00:01", None, None),
    ],
)
def test_addresses_and_masks(
    family: int, address: str, mask: str | None, expected: str | None
) -> None:
    found = interface(family, address, mask)
    assert found == (ip_interface(expected) if expected is not None else None)


@on_linux
def test_the_kernel_tells_the_route_to_loopback() -> None:
    assert netlink.route_to(ip_address("127.0.0.1")) == Gateway(None, "lo")


@on_linux
def test_netlink_answers_of_every_kind() -> None:
    index = socket.if_nametoindex("lo")
    gateway = ip_address("192.0.2.1")

    def answer(kind: int, *attributes: tuple[int, bytes]) -> bytes:
        body = bytes(12)
        for name, value in attributes:
            padded = value + bytes(-len(value) % 4)
            body += struct.pack("=HH", 4 + len(value), name) + padded
        return struct.pack("=IHHII", 16 + len(body), kind, 0, 1, 0) + body

    whole = answer(
        24, (8, b"odd"), (4, struct.pack("=I", index)), (5, gateway.packed), (7, bytes(4))
    )
    assert netlink.parse(whole, Family.V4) == Gateway(gateway, "lo")
    assert netlink.parse(answer(24, (4, struct.pack("=I", index))), Family.V4) == Gateway(
        None, "lo"
    )
    assert netlink.parse(answer(24), Family.V4) is None
    assert netlink.parse(answer(2), Family.V4) is None  # NLMSG_ERROR: no route
    for length in range(len(whole)):
        found = netlink.parse(whole[:length], Family.V4)
        assert found is None or found.interface == "lo"
    assert netlink.parse(whole[:28] + bytes(20), Family.V4) is None


@on_linux
@pytest.mark.parametrize(
    ("strict", "usual", "expected"),
    [(True, "wg0", False), (True, "lo", True), (False, "wg0", True), (True, None, True)],
)
async def test_a_socket_that_would_hear_no_answer_is_not_bound(
    network: RealNetwork,
    monkeypatch: pytest.MonkeyPatch,
    strict: bool,
    usual: str | None,
    expected: bool,
) -> None:
    monkeypatch.setattr(linux, "drops_answers", lambda _: strict)
    found = Gateway(None, usual) if usual is not None else None
    monkeypatch.setattr(netlink, "route_to", lambda _: found)
    assert await network.can_bind(Bind(Family.V4, interface="lo")) is expected


@on_linux
def test_netlink_and_psutil_tell_the_same() -> None:
    ours = {face.name: face for face in netlink.read()}
    theirs = {face.name: face for face in psutil_view.read()}
    assert set(ours) == set(theirs)
    for name, face in ours.items():
        assert set(face.addresses) == set(theirs[name].addresses), name
        assert (face.mtu, face.up) == (theirs[name].mtu, theirs[name].up), name


def attribute(name: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), name) + value + bytes(-len(value) % 4)


def held(index: int, length: int, *attributes: bytes, flags: int = 0) -> bytes:
    return struct.pack("=BBBBI", 0, length, flags, 0, index) + b"".join(attributes)


def link(index: int, name: bytes, flags: int, mtu: int = 1500) -> bytes:
    body = struct.pack("=BxHiII", 0, 1, index, flags, 0)
    return body + attribute(3, name + b"\0") + attribute(4, struct.pack("=I", mtu))


def test_interfaces_from_netlink_messages() -> None:
    ours, peer = ip_address("10.0.0.1").packed, ip_address("10.0.0.2").packed
    old, new = ip_address("2001:db8::1").packed, ip_address("2001:db8::2").packed
    links = [link(1, b"ppp0", 0x41, 1492), link(2, b"eth0", 0x1), link(3, b"eth1", 0x40), b"short"]
    addresses = [
        held(1, 32, attribute(1, peer), attribute(2, ours)),
        held(2, 64, attribute(1, old), flags=0x20),
        held(2, 64, attribute(1, new)),
        held(2, 64, attribute(1, ip_address("2001:db8::3").packed), flags=0x08),
        held(2, 99, attribute(1, ours)),
        held(9, 64, attribute(1, new)),
        b"short",
    ]
    assert netlink.faces(links, addresses) == (
        Face("ppp0", True, 1492, (ip_interface("10.0.0.1/32"),)),
        Face("eth0", False, 1500, (ip_interface("2001:db8::2/64"), ip_interface("2001:db8::1/64"))),
        Face("eth1", False, 1500, ()),
    )


@given(st.binary(max_size=120))
def test_no_bytes_from_the_kernel_are_a_fault(data: bytes) -> None:
    for kind, body in netlink.messages(data):
        assert 0 <= kind <= 0xFFFF
        netlink.faces([body], [body])
    netlink.faces([data], [data])


@on_linux
async def test_a_sandbox_without_netlink(
    network: RealNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> tuple[Face, ...]:
        raise OSError(93, "Protocol not supported")

    usual = await network.local()
    monkeypatch.setattr(netlink, "read", refuse)
    found = await network.local()
    assert {face.name: face.kind for face in found.interfaces} == {
        face.name: face.kind for face in usual.interfaces
    }


async def test_windows_with_wireguard(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {"Loopback Pseudo-Interface 1": (1, 24), "Wi-Fi": (13, 71), "wg-office": (41, 53)}
    calls = SimpleNamespace(
        interface_index=lambda name: names[name][0], interface_type=lambda name: names[name][1]
    )
    monkeypatch.setitem(sys.modules, "probes.network.real.interfaces.windows_api", cast(Any, calls))
    faces = [
        a_face("Loopback Pseudo-Interface 1", "127.0.0.1/8"),
        a_face("Wi-Fi", "192.0.2.18/24"),
        a_face("wg-office", "10.64.0.2/32"),
    ]
    stand_on(monkeypatch, "win32", faces, "10.64.0.2")
    found = await view.read(
        answers(
            route_print=recorded("windows-english.route-print"),
            **{"arp_a_192.0.2.1": "  192.0.2.1   02-1b-2c-3d-4e-5f   dynamic"},
        )
    )
    assert [face.kind.value for face in found.interfaces] == ["loopback", "physical", "tunnel"]
    assert found.gateways4 == (
        Gateway(None, "wg-office"),
        Gateway(ip_address("192.0.2.1"), "Wi-Fi"),
    )
    assert found.gateways6 == (Gateway(None, "wg-office"), Gateway(ip_address("fe80::1"), "Wi-Fi"))
    assert found.gateway_mac == "02:1b:2c:3d:4e:5f"


async def test_the_local_check_on_this_system(network: RealNetwork) -> None:
    told = [event async for event in measure(network, [LocalCheck()], Options())]
    report = report_of(told)
    assert report.checks[CheckId.LOCAL].status is CheckStatus.DONE
    assert {key.id for key in local.KEYS} == set(report.readings)
    assert report.value(local.INTERFACES)
