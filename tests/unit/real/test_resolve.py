"""Names: the resolver is stood in for, so nothing here needs one."""

from __future__ import annotations

import asyncio
import socket
import threading
from ipaddress import ip_address
from typing import Any

import pytest

from probes.model import Family
from probes.network.real import RealNetwork, resolve
from probes.network.seam import NotResolved


def answer(
    monkeypatch: pytest.MonkeyPatch, *addresses: str, error: Exception | None = None
) -> None:
    def getaddrinfo(host: str, port: None, family: int, kind: int) -> list[Any]:
        if error is not None:
            raise error
        return [(family, kind, 0, "", (address, 0)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.mark.parametrize(("host", "family"), [("192.0.2.1", Family.V4), ("2001:db8::1", Family.V6)])
async def test_a_literal_address_asks_nobody(
    network: RealNetwork, monkeypatch: pytest.MonkeyPatch, host: str, family: Family
) -> None:
    answer(monkeypatch, error=AssertionError("the resolver was asked"))
    assert await network.resolve(host, family) == (ip_address(host),)
    other = Family.V6 if family is Family.V4 else Family.V4
    with pytest.raises(NotResolved, match=f"not an IPv{other}"):
        await network.resolve(host, other)


async def test_each_address_once_in_order(
    network: RealNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, "192.0.2.2", "192.0.2.1", "192.0.2.2")
    found = await network.resolve("relay.test", Family.V4)
    assert found == (ip_address("192.0.2.2"), ip_address("192.0.2.1"))


async def test_mapped_addresses_are_none(
    network: RealNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, "::ffff:192.0.2.1")
    with pytest.raises(NotResolved, match="no IPv6 address"):
        await network.resolve("relay.test", Family.V6)


@pytest.mark.parametrize(
    "error",
    [
        socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
        OSError(24, "Too many open files"),
        UnicodeError("label too long"),
    ],
)
async def test_failures(
    network: RealNetwork, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    answer(monkeypatch, error=error)
    with pytest.raises(NotResolved, match=r"re\\x1blay\.test does not resolve"):
        await network.resolve("re\x1blay.test", Family.V4)


@pytest.mark.parametrize("host", ["a" * 64 + ".test", "a..test"])
async def test_impossible_names_never_reach_the_wire(network: RealNetwork, host: str) -> None:
    with pytest.raises(NotResolved):
        await network.resolve(host, Family.V4)


async def test_a_dead_resolver_holds_nobody(
    network: RealNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: release.wait(30))
    monkeypatch.setattr(resolve, "_DEADLINE_S", 0.05)
    try:
        with pytest.raises(NotResolved, match="no answer"):
            await asyncio.wait_for(network.resolve("relay.test", Family.V4), 5)
    finally:
        release.set()
