"""The process that removes a test mapping after the program has gone, on the loopback."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from random import randint

import pytest

from probes.mappings import DESCRIPTION, TestMapping
from probes.network.real.farewell import remove_later
from probes.network.real.igd import child_environment
from probes.readings.port_mapping import MappingProtocol
from probes.wire import natpmp, pcp
from tests.patience import UNHURRIED_S
from tests.unit.real.strange_router import StrangeRouter, strange_router

HERE = ip_address("127.0.0.1")


def mapping(protocol: MappingProtocol, gateway: str, **more: object) -> TestMapping:
    base = TestMapping(
        id="0123",
        protocol=protocol,
        made_at="2026-01-01T00:00:00+00:00",
        lease_s=60,
        gateway=ip_address(gateway),
        client=HERE,
        interface="",
        internal_port=50001,
        external_port=50002,
        nonce="ab" * 12,
    )
    return replace(base, **more)  # type: ignore[arg-type]


def unmap(order: str) -> int:
    """Run it as the program does; its exit status."""
    argv = (sys.executable, "-m", "probes.unmap")
    done = subprocess.run(
        argv, input=order, text=True, env=child_environment(), timeout=20, check=False
    )
    return done.returncode


def order(left: TestMapping, record: Path) -> str:
    return json.dumps({"mapping": left.to_text(), "record": str(record)})


@contextmanager
def router(
    *, deaf: int = 0, hold: threading.Event | None = None
) -> Iterator[tuple[str, list[bytes]]]:
    """Grants every deletion over NAT-PMP and PCP, after being deaf to the first requests.

    It keeps its answers until `hold` is set.

    The port is the protocols' own, so the address is a free one of the loopback's many: several
    test runs may be under way on one computer.
    """
    heard: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        address = bind_anywhere(server)

        def serve() -> None:
            with suppress(OSError):
                while True:
                    data, peer = server.recvfrom(2048)
                    heard.append(data)
                    if len(heard) <= deaf:
                        continue
                    if hold is not None:
                        hold.wait()
                    if data[0] == natpmp.VERSION:
                        granted = natpmp.Granted(50001, 0, 0)
                        server.sendto(natpmp.build(natpmp.Reply(1, 0, 5, granted=granted)), peer)
                    else:
                        asked = pcp.parse_request(data)
                        server.sendto(pcp.build(pcp.Reply(1, 0, 0, 5, asked.map)), peer)

        threading.Thread(target=serve, daemon=True).start()
        yield address, heard


def bind_anywhere(server: socket.socket) -> str:
    """Bind to the protocols' port on an address of the loopback where it is free; the address."""
    while True:
        address = f"127.{randint(1, 254)}.{randint(0, 255)}.{randint(1, 254)}"
        with suppress(OSError):
            server.bind((address, natpmp.PORT))
            return address


@pytest.mark.parametrize(
    ("protocol", "deaf"),
    [
        (MappingProtocol.NAT_PMP, 0),
        (MappingProtocol.NAT_PMP, 2),
        (MappingProtocol.PCP, 0),
    ],
)
def test_a_mapping_is_deleted_and_its_record_with_it(
    tmp_path: Path, protocol: MappingProtocol, deaf: int
) -> None:
    record = tmp_path / "0123.json"
    record.write_text("{}")
    with router(deaf=deaf) as (gateway, heard):
        assert unmap(order(mapping(protocol, gateway), record)) == 0
    assert not record.exists()
    last = heard[-1]
    if protocol is MappingProtocol.NAT_PMP:
        assert last == natpmp.delete_request(50001)
    else:
        asked = pcp.parse_request(last)
        assert asked.lifetime_s == 0
        assert asked.map is not None
        assert asked.map.nonce == b"\xab" * 12


def test_a_router_that_is_gone_leaves_the_record_for_the_next_start(tmp_path: Path) -> None:
    record = tmp_path / "0123.json"
    record.write_text("{}")
    began = time.monotonic()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        gateway = bind_anywhere(free)
    assert unmap(order(mapping(MappingProtocol.NAT_PMP, gateway), record)) == 1
    assert time.monotonic() - began < UNHURRIED_S
    assert record.exists()


def over_upnp(found: StrangeRouter) -> TestMapping:
    return mapping(
        MappingProtocol.UPNP,
        "127.0.0.1",
        control_url=found.service.control_url,
        service=found.service.type,
    )


def test_over_upnp_only_what_leads_here_is_deleted(tmp_path: Path) -> None:
    record = tmp_path / "0123.json"
    with strange_router() as found:
        found.table[50002] = ("127.0.0.1", 50001, DESCRIPTION, 60)
        found.table[41641] = ("127.0.0.1", 41641, "tailscale-portmap", 7200)
        record.write_text("{}")
        assert unmap(order(over_upnp(found), record)) == 0
        assert list(found.table) == [41641]
        assert not record.exists()
        found.table[50002] = ("127.0.0.1", 50001, "of another program", 60)
        record.write_text("{}")
        assert unmap(order(over_upnp(found), record)) == 0
        assert sorted(found.table) == [41641, 50002]


@pytest.mark.parametrize("text", ["", "{", "{}", "[]", '{"mapping": "{}", "record": ""}', "null"])
def test_an_order_that_is_none_does_nothing(text: str) -> None:
    assert unmap(text) == 2


def test_the_order_is_left_with_a_process_of_its_own_at_once(tmp_path: Path) -> None:
    record = tmp_path / "0123.json"
    record.write_text("{}")
    returned = threading.Event()
    with router(hold=returned) as (gateway, heard):
        remove_later(mapping(MappingProtocol.NAT_PMP, gateway).to_text(), str(record))
        returned.set()
        ends_at = time.monotonic() + UNHURRIED_S
        while record.exists() and time.monotonic() < ends_at:
            time.sleep(0.02)
    assert not record.exists()
    assert heard[-1] == natpmp.delete_request(50001)
