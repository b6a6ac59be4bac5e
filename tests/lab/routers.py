"""Routers that open ports on request: the real miniupnpd, and a strange one of our own."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from ipaddress import ip_address

from tests.lab.customer import Customer
from tests.lab.internet import Internet, expect_ready, python_env
from tests.lab.namespaces import Machine, Running, await_until
from tests.lab.sites import Outer

_CHAINS = """
table inet home {
  chain pinholes { }
}
table inet filter {
  chain prerouting_hook { type nat hook prerouting priority -100; jump prerouting_miniupnpd; }
  chain prerouting_miniupnpd { }
  chain postrouting_hook { type nat hook postrouting priority 90; jump postrouting_miniupnpd; }
  chain postrouting_miniupnpd { }
}
"""
ALLOW_ALL = ("allow 1024-65535 {lan}.0/24 1024-65535",)
DENY_ALL: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """What a miniupnpd offers."""

    upnp: bool = True
    pcp_and_nat_pmp: bool = True
    allowed: tuple[str, ...] = ALLOW_ALL
    """Its permission rules, before the last one that denies the rest; `{lan}` is filled in."""
    pinholes: bool = True
    """What it opens over IPv6 comes in; else its rules stand where nothing leads to them."""
    igd_version: int = 1
    shortest_lease_s: int = 120
    """What a shorter one asked for over PCP is raised to. miniupnpd's own choice, unless told."""


def open_the_way(router: Machine, *wanted: str) -> None:
    """Let in what the router opens to a host inside: the home's own rules drop it else."""
    for what in wanted or ("ct status dnat accept",):
        rule = ("nft", "insert", "rule", "inet", "home", "forward", *what.split())
        done = router.run(rule)
        assert done.returncode == 0, done.stderr


def miniupnpd(site: Customer, offer: Offer | None = None) -> Running:
    """Start a miniupnpd on a site's router, and wait until it listens."""
    offer = offer or Offer()
    router, lan = site.router, site.line.lan
    assert router is not None
    router.nft(_CHAINS)
    open_the_way(router, "ct status dnat accept", *(("jump pinholes",) if offer.pinholes else ()))
    rules = [rule.replace("{lan}", lan) for rule in offer.allowed]
    lines = (
        "ext_ifname=wan0",
        "ext_ifname6=wan0",
        # It takes a wrong one for a mistake of whoever set it up; without one it looks itself.
        f"ext_ip={site.line.wan}" if _holds_public_address(site) else "",
        "listening_ip=lan0",
        f"enable_upnp={'yes' if offer.upnp else 'no'}",
        f"enable_natpmp={'yes' if offer.pcp_and_nat_pmp else 'no'}",
        f"force_igd_desc_v1={'yes' if offer.igd_version == 1 else 'no'}",
        f"min_lifetime={offer.shortest_lease_s}",
        "http_port=43211",
        "secure_mode=yes",
        "friendly_name=Lab router",
        "uuid=6b1ad1f0-0000-4000-8000-0000000000ab",
        # A pinhole is a rule in the chain that the home's own rules ask first.
        "upnp_table_name=home",
        "upnp_nat_table_name=filter",
        "upnp_forward_chain=pinholes",
        "upnp_nat_chain=prerouting_miniupnpd",
        "upnp_nat_postrouting_chain=postrouting_miniupnpd",
        *rules,
        "deny 0-65535 0.0.0.0/0 0-65535",
    )
    config = router.lab.folder / f"miniupnpd-{router.name}.conf"
    config.write_text("\n".join(line for line in lines if line) + "\n")
    pid = router.lab.folder / f"miniupnpd-{router.name}.pid"
    # With everything denied it looks for a port that is not, and says so 64,000 times if it talks.
    talks = ("-d",) if offer.allowed else ()
    running = router.start(("miniupnpd", *talks, "-f", str(config), "-P", str(pid)))
    port = 43211 if offer.upnp else 5351
    await_until(f"miniupnpd listens on {port}", lambda: _listens(router, port))
    return running


def furnish(site: Customer) -> None:
    """Start what runs on the site's router, if anything does."""
    if site.site.opens_ports:
        miniupnpd(site)


def _holds_public_address(site: Customer) -> bool:
    return site.site.outer is Outer.NONE and ip_address(site.line.wan).is_global


def _listens(router: Machine, port: int) -> bool:
    shown = router.run(("ss", "-Hlntu")).stdout
    return re.search(rf":{port}\s", shown) is not None


def forwarded(router: Machine) -> set[int]:
    """The public UDP ports that miniupnpd has opened."""
    command = ("nft", "-j", "list", "chain", "inet", "filter", "prerouting_miniupnpd")
    shown = json.loads(router.run(command).stdout)
    found = set()
    for item in shown["nftables"]:
        for part in item.get("rule", {}).get("expr", ()):
            match = part.get("match", {})
            left = match.get("left", {}).get("payload", {})
            if left.get("field") == "dport":
                found.add(int(match["right"]))
    return found


def pinholes(router: Machine) -> set[int]:
    """The UDP ports that miniupnpd lets in over IPv6."""
    shown = router.run(("nft", "list", "chain", "inet", "home", "pinholes")).stdout
    # miniupnpd matches the destination as raw bytes: 128 bits of the IPv6 header from bit 192 on.
    rules = [line for line in shown.splitlines() if "@nh,192,128" in line]
    return {int(port) for line in rules for port in re.findall(r"dport (\d+)", line)}


def strange_igd(site: Customer, manner: str, *argv: str) -> Running:
    """Start the lab's own router daemon (`servers.igd`) on a site's router."""
    router = site.router
    assert router is not None
    address = f"{site.line.lan}.1"
    command = (sys.executable, "-m", "tests.lab.servers.igd", address, site.line.wan, manner, *argv)
    running = router.start(command, env=python_env())
    expect_ready(running)
    return running


def keep_forwarding(site: Customer, *, allowed: bool) -> None:
    """Whether the home lets in what its port mapping translates; else the mapping is of no use."""
    router = site.router
    assert router is not None
    if not allowed:
        drop = ("nft", "insert", "rule", "inet", "home", "forward", "ct", "status", "dnat", "drop")
        done = router.run(drop)
        assert done.returncode == 0, done.stderr


COTURN6 = ("2a0e:b107:f00:221::50", "2a0e:b107:f00:222::50")


def coturn(
    internet: Internet,
    first: str = "45.83.221.50",
    other: str = "45.83.222.50",
    ports: tuple[int, int] = (3478, 3479),
) -> str:
    """Start a coturn with two addresses (RFC 5780, RESPONSE-PORT too); its address."""
    machine = internet.servers
    bits = 128 if ":" in first else 32
    for address in (first, other):
        machine.ip(f"address replace {address}/{bits} dev lo" + (" nodad" if bits == 128 else ""))
    folder = machine.lab.folder
    machine.start(
        (
            *("turnserver", "-n", "--stun-only", "--no-tls", "--no-dtls", "--no-cli"),
            *("-L", first, "-L", other),
            *("--listening-port", str(ports[0]), "--alt-listening-port", str(ports[1])),
            *("--log-file", str(folder / "coturn.log"), "--simple-log"),
            *("--pidfile", str(folder / "coturn.pid"), "--userdb", str(folder / "coturn.db")),
        )
    )
    pattern = rf"{re.escape(f'[{first}]' if ':' in first else first)}:{ports[0]}\s"
    await_until(
        "coturn listens",
        lambda: re.search(pattern, machine.run(("ss", "-Hlnu")).stdout) is not None,
    )
    return first
