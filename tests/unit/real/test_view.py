"""The system's account of itself: put together on this system, and from others' outputs."""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Sequence
from contextlib import suppress
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


@given(st.binary(max_size=120), st.sampled_from(Family))
def test_no_bytes_from_the_kernel_are_a_fault(data: bytes, family: Family) -> None:
    for kind, body in netlink.messages(data):
        assert 0 <= kind <= 0xFFFF
        assert len(body) < len(data)
    with suppress(OSError):  # an interface index that nobody has
        assert netlink.parse(data, family) is None


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
