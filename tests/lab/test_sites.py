"""Each site maps and filters as it claims. The witness is neither STUN nor the program."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from tests.lab import customer, internet
from tests.lab.customer import LINE_A, LINE_B, TUNNEL, Customer, Line
from tests.lab.internet import ORACLES, ORACLES6, STRANGER, Internet, python_env
from tests.lab.namespaces import Lab, Machine
from tests.lab.relays import relays
from tests.lab.sites import SITES

WAN, POOL, ROUTED, VPN = LINE_A.wan, LINE_A.pool, LINE_A.routed, LINE_A.vpn
PORT = 41641
ONLY_ASKED, ANYBODY = ["front"], ["front", "side", "stranger"]


def build(lab: Lab, name: str, line: Line = LINE_A) -> tuple[Internet, Customer]:
    net = internet.build(lab)
    site = customer.connect(net, SITES[name], line)
    internet.serve_oracles(net)
    return net, site


def silence_s(expected: object) -> float:
    """Nothing is waited for briefly, something patiently."""
    return 10.0 if expected else 0.5


def oracle(machine: Machine, *argv: object) -> Any:
    command = (sys.executable, "-m", "tests.lab.servers.oracle", *map(str, argv))
    done = machine.run(command, env=python_env())
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def ask(site: Customer, to_port: int = 7000, fronts: tuple[str, ...] = ORACLES) -> Any:
    return oracle(site.device, "ask", PORT, to_port, silence_s(fronts), *fronts)


def silence(site: Customer, to_port: int = 7000, fronts: tuple[str, ...] = ORACLES) -> bool:
    return not oracle(site.device, "ask", PORT, to_port, silence_s(""), *fronts)


def everywhere(address: str, heard: list[str], fronts: tuple[str, ...] = ORACLES) -> Any:
    """The same answer from every front, the port kept."""
    return {front: {"address": address, "port": PORT, "heard": heard} for front in fronts}


def reaches_443(net: Internet, site: Customer) -> bool:
    """Whether a TCP connection to a relay's 443 comes about."""
    fleet = relays(1)
    internet.serve(net, fleet)
    code = f"import socket; socket.create_connection(({fleet[0].address!r}, 443), 0.5)"
    return site.device.run((sys.executable, "-c", code)).returncode == 0


@pytest.mark.parametrize("line", [LINE_A, LINE_B], ids=lambda line: line.letter)
@pytest.mark.parametrize("name", ["easy-home", "easy-home-wan-open", "stun-dropped"])
def test_easy_home_has_one_endpoint_and_lets_only_answers_in(
    lab: Lab, name: str, line: Line
) -> None:
    _, site = build(lab, name, line)
    assert ask(site) == everywhere(line.wan, ONLY_ASKED)


@pytest.mark.parametrize(
    ("name", "heard"),
    [
        ("eif-home", ANYBODY),
        ("adf-home", ["front", "side"]),
        ("hairpin-home", ANYBODY),
        ("one-to-one", ANYBODY),
        ("double-nat-upnp", ONLY_ASKED),
        ("easy-home-upnp-firewall", ONLY_ASKED),
        ("forgetful-home", ONLY_ASKED),
        ("double-nat", ONLY_ASKED),
        ("ds-lite", ONLY_ASKED),
    ],
)
def test_easy_homes_let_in_what_they_say(lab: Lab, name: str, heard: list[str]) -> None:
    _, site = build(lab, name)
    assert ask(site) == everywhere(WAN, heard)


@pytest.mark.parametrize(
    "name",
    [
        *("hard-home", "hard-home-random", "hard-home-ipv6", "cgnat"),
        *("hard-home-upnp", "hard-home-upnp-firewall"),
    ],
)
def test_hard_home_has_another_port_for_each(lab: Lab, name: str) -> None:
    _, site = build(lab, name)
    seen = ask(site)
    assert {one["address"] for one in seen.values()} == {WAN}
    assert len({one["port"] for one in seen.values()} - {PORT}) == 3
    assert all(one["heard"] == ONLY_ASKED for one in seen.values())


def test_a_forwarded_port_lets_anybody_in_though_it_sends_from_others(lab: Lab) -> None:
    net, site = build(lab, "hard-home-forward")
    seen = ask(site)
    assert len({one["port"] for one in seen.values()} - {PORT}) == 3
    waits = (
        "import socket; s = socket.socket(2, 2); s.settimeout(10); "
        f"s.bind(('', {PORT})); print('ready', flush=True); print(s.recv(9).decode(), flush=True)"
    )
    waiting = site.device.start((sys.executable, "-c", waits))
    assert waiting.line() == "ready"
    code = f"import socket; socket.socket(2, 2).sendto(b'knock', ({WAN!r}, {PORT}))"
    net.servers.run((sys.executable, "-c", code))
    assert waiting.line() == "knock"


def test_ranges_are_as_wide_as_said(lab: Lab) -> None:
    _, site = build(lab, "hard-home-ranges")
    seen = ask(site)
    lows = (20000, 22000, 24000)
    assert [one["port"] // 2000 * 2000 for one in seen.values()] == list(lows)
    assert {one["address"] for one in seen.values()} == {WAN}


def test_pool_changes_the_address_and_keeps_the_port(lab: Lab) -> None:
    _, site = build(lab, "hard-home-pool")
    seen = ask(site)
    assert [one["address"] for one in seen.values()] == list(POOL)
    assert {one["port"] for one in seen.values()} == {PORT}


@pytest.mark.parametrize(
    ("name", "address", "heard"),
    [
        ("public", WAN, ANYBODY),
        ("public-firewall", ROUTED, ONLY_ASKED),
        ("public-host-firewall", WAN, ONLY_ASKED),
    ],
)
def test_public_address(lab: Lab, name: str, address: str, heard: list[str]) -> None:
    _, site = build(lab, name)
    assert f" {address}/" in site.device.run(("ip", "-4", "address", "show", "eth0")).stdout
    assert ask(site) == everywhere(address, heard)


@pytest.mark.parametrize(
    ("name", "tcp"),
    [("udp-dropped", True), ("only-tcp", True), ("all-dropped", False)],
)
def test_dropped_udp_is_silent(lab: Lab, name: str, tcp: bool) -> None:
    net, site = build(lab, name)
    assert silence(site)
    assert oracle(site.device, "refusal", 7000, silence_s(""), ORACLES[0]) == ""
    assert reaches_443(net, site) is tcp


@pytest.mark.parametrize(
    ("name", "error"), [("udp-rejected", "EHOSTUNREACH"), ("udp-rejected-port", "ECONNREFUSED")]
)
def test_rejected_udp_says_so(lab: Lab, name: str, error: str) -> None:
    net, site = build(lab, name)
    assert oracle(site.device, "refusal", 7000, silence_s(error), ORACLES[0]) == error
    assert reaches_443(net, site)


def test_only_port_3478_is_closed(lab: Lab) -> None:
    _, site = build(lab, "stun-dropped")
    assert silence(site, 3478)
    assert len(ask(site, 7000)) == 3


@pytest.mark.parametrize(
    ("name", "said"), [("easy-home", ""), ("easy-home-wan-open", "ECONNREFUSED")]
)
def test_unsolicited_packets_to_the_router(lab: Lab, name: str, said: str) -> None:
    net, _ = build(lab, name)
    assert oracle(net.servers, "refusal", 9, silence_s(said), WAN) == said


@pytest.mark.parametrize("name", ["ipv6-works", "hard-home-ipv6", "ds-lite", "ipv6-only"])
def test_ipv6_is_without_nat_and_lets_only_answers_in(lab: Lab, name: str) -> None:
    _, site = build(lab, name)
    seen = ask(site, fronts=ORACLES6)
    assert seen == everywhere(f"{LINE_A.lan6}20", ONLY_ASKED, ORACLES6)


def test_ipv6_filtered_has_an_address_and_no_udp(lab: Lab) -> None:
    _, site = build(lab, "ipv6-filtered")
    assert silence(site, fronts=ORACLES6)
    assert len(ask(site)) == 3
    shown = site.device.run(("ip", "-6", "address", "show", "scope", "global")).stdout
    assert LINE_A.lan6 in shown


@pytest.mark.parametrize(
    ("name", "sockets", "link"), [("easy-home", True, True), ("ipv6-disabled", False, False)]
)
def test_ipv6_absent(lab: Lab, name: str, sockets: bool, link: bool) -> None:
    _, site = build(lab, name)
    code = "import socket; socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).bind(('::1', 0))"
    assert (site.device.run((sys.executable, "-c", code)).returncode == 0) is sockets
    shown = site.device.run(("ip", "-6", "address", "show")).stdout
    assert ("fe80::" in shown) is link
    assert "2a0e:" not in shown


@pytest.mark.parametrize("name", ["tunnel", "tunnel-halves", "tunnel-policy"])
def test_tunnel_takes_everything_but_bound_sockets(lab: Lab, name: str) -> None:
    _, site = build(lab, name)
    assert ask(site) == everywhere(VPN, ONLY_ASKED)
    bound = (
        "import socket; s = socket.socket(2, 2); s.setsockopt(1, 25, b'eth0\\0');"
        f"s.settimeout(5); s.sendto(b'?', ({ORACLES[0]!r}, 7000)); print(s.recv(99).decode())"
    )
    front = site.device.run((sys.executable, "-c", bound)).stdout.split()
    assert front[:2] == ["front", WAN]
    refused = (sys.executable, "-m", "tests.lab.no_bind", sys.executable, "-c", bound)
    assert "PermissionError" in site.device.run(refused, env=python_env()).stderr
    assert TUNNEL in site.device.run(("ip", "link")).stdout


def test_two_sites_share_one_internet(lab: Lab) -> None:
    net, here = build(lab, "easy-home", LINE_A)
    there = customer.connect(net, SITES["hard-home"], LINE_B)
    assert ask(here) == everywhere(LINE_A.wan, ONLY_ASKED)
    assert {one["address"] for one in ask(there).values()} == {LINE_B.wan}
    # The other's router drops what it was not asked for, so the way there is told by its counter.
    assert there.router is not None
    there.router.nft(
        "table ip watch {\n chain seen {\n type filter hook prerouting priority raw\n"
        f" ip saddr {LINE_A.wan} udp dport {PORT} counter\n }}\n}}"
    )
    code = f"import socket; socket.socket(2, 2).sendto(b'hello', ({LINE_B.wan!r}, {PORT}))"
    here.device.run((sys.executable, "-c", code))
    seen = there.router.run(("nft", "list", "table", "ip", "watch")).stdout
    assert "counter packets 1 " in seen


def test_loss_is_what_was_asked_for(lab: Lab) -> None:
    net = internet.build(lab, loss_percent=10)
    site = customer.connect(net, SITES["public"])
    code = (
        "import socket; s = socket.socket(2, 2)\n"
        f"for _ in range(1000): s.sendto(b'x', ({STRANGER!r}, 9))"
    )
    site.device.run((sys.executable, "-c", code))
    rules = net.provider.run(("nft", "-j", "list", "ruleset")).stdout
    (counter,) = [
        part["counter"]
        for entry in json.loads(rules)["nftables"]
        for part in entry.get("rule", {}).get("expr", ())
        if "counter" in part
    ]
    # 1000 datagrams: 100 lost, standard deviation 9.5, and next to nothing comes back.
    assert 50 < counter["packets"] < 150


def test_a_delay_of_the_way_holds_for_udp_tcp_and_icmp(lab: Lab) -> None:
    net = internet.build(lab, delay_ms=60.0)
    site = customer.connect(net, SITES["easy-home"])
    internet.serve(net, relays(1))
    internet.serve_oracles(net)
    code = (
        "import socket, time\n"
        "def took(work):\n"
        "    began = time.monotonic(); work(); return (time.monotonic() - began) * 1000\n"
        "s = socket.socket(2, 2); s.settimeout(5)\n"
        "def udp():\n"
        f"    s.sendto(b'?', ({ORACLES[0]!r}, 7000)); s.recv(99)\n"
        "def tcp():\n"
        f"    socket.create_connection(({relays(1)[0].address!r}, 443), 5).close()\n"
        "print(*(min(took(work) for _ in range(4)) for work in (udp, tcp)))\n"
    )
    said = site.device.run((sys.executable, "-c", code)).stdout.split()
    udp_ms, tcp_ms = map(float, said)
    assert 120 <= udp_ms < 240
    assert 120 <= tcp_ms < 240
