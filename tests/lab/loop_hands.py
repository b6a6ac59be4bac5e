"""Changes at an end that is connected, as a person would make them: on its router, on its device,
on the box in front of the router. What a router needs a restart for gets one.
"""

from __future__ import annotations

import json
import re
import shlex
import sys
from dataclasses import replace
from ipaddress import ip_address

from tests.lab import customer, routers
from tests.lab.customer import Customer, Line
from tests.lab.internet import expect_ready, python_env
from tests.lab.loop_place import End, Ends, Hand, bin_of
from tests.lab.namespaces import Machine, await_until
from tests.lab.routers import ALLOW_ALL, DENY_ALL, Offer
from tests.lab.sites import MASQUERADE, SITES

PORT = 41641
"""The VPN's."""
HOTSPOT = Line(
    letter="c",
    wan="45.83.225.10",
    pool=("45.83.225.10", "45.83.225.11", "45.83.225.12"),
    lan="192.168.43",
    routed="",
    wan6="2a0e:b107:f00:2c::",
    lan6="2a0e:b107:f00:3::",
    vpn="",
)
"""Somebody else's line nearby."""
BETWEEN = "192.168.100"
"""The network between the two routers of one home."""
_BETWEEN6 = "2a0e:b107:f00:3f::"
"""The same for IPv6."""


def both(*hands: Hand) -> Hand:
    """One after another."""

    def hand(ends: Ends, end: End) -> None:
        for each in hands:
            each(ends, end)

    return hand


def router_of(end: End) -> Machine:
    """The home router."""
    router = end.customer.router
    assert router is not None
    return router


def outer_of(ends: Ends, end: End) -> Machine:
    """The box in front of the home router."""
    return ends.net.lab.machines[f"outer-{end.customer.line.letter}"]


def run(machine: Machine, *argv: str) -> str:
    """Run a command that has to work; what it printed."""
    done = machine.run(argv)
    assert done.returncode == 0, f"{shlex.join(argv)}: {done.stderr}"
    return done.stdout


# --- rules of a router ----------------------------------------------------------------------------


def remove_rules(machine: Machine, chain: str, pattern: str) -> None:
    """Delete the rules of an nftables chain (``inet home forward``) that fit."""
    listed = run(machine, "nft", "-a", "list", "chain", *chain.split()).splitlines()
    handles = [line.rpartition(" handle ")[2] for line in listed if re.search(pattern, line)]
    assert handles, f"no rule like {pattern!r} in {chain}: {listed}"
    for handle in handles:
        run(machine, "nft", "delete", "rule", *chain.split(), "handle", handle)


def lift(text: str) -> Hand:
    """The router no longer blocks what a rule of its forward chain blocks."""

    def hand(_ends: Ends, end: End) -> None:
        remove_rules(router_of(end), "inet home forward", text)

    return hand


def keep_one_port(_ends: Ends, end: End) -> None:
    """The NAT keeps one port for all destinations."""
    run(router_of(end), "nft", "flush", "chain", "ip", "nat", "chosen")
    run(router_of(end), "nft", "add", "rule", "ip", "nat", "chosen", MASQUERADE)


def drop_strangers(_ends: Ends, end: End) -> None:
    """The router drops packets to itself that nobody asked for."""
    run(router_of(end), "nft", "add", "rule", "inet", "home", "input", "iifname", "wan0", "drop")
    remove_rules(
        router_of(end), "inet home input", "iifname [^a-z]*wan0[^a-z]*(wan6)?[^a-z]*accept"
    )


def remember_longer(_ends: Ends, end: End) -> None:
    """The router remembers silent UDP flows for five minutes."""
    names = ("netfilter.nf_conntrack_udp_timeout", "netfilter.nf_conntrack_udp_timeout_stream")
    router_of(end).sysctl(dict.fromkeys(names, "300"))


_IDLE = "45.83.222.97"


def keep_traffic(ends: Ends, end: End) -> None:
    """Something is sent as often as the program says, and a silent flow beside it dies."""
    every_s, silence_s = ends.told["keepalive"], "18"
    idle = (sys.executable, "-m", "tests.lab.servers.idle")
    ends.net.servers.ip(f"address replace {_IDLE}/32 dev lo")
    expect_ready(ends.net.servers.start((*idle, "serve", _IDLE, "7000"), env=python_env()))
    argv = (*idle, "ask", _IDLE, "7000", silence_s, every_s)
    done = end.customer.device.run(argv, env=python_env())
    assert json.loads(done.stdout) == {"kept": True, "silent": False}, done


def _forward(machine: Machine, to: str) -> None:
    machine.nft(
        f"""
        table ip forwards {{
          chain prerouting {{
            type nat hook prerouting priority dstnat - 1; policy accept;
            iifname "wan0" udp dport {PORT} dnat to {to}
          }}
        }}
        """
    )
    address = to.partition(":")[0]
    routers.open_the_way(
        machine,
        f"ip daddr {address} udp dport {PORT} accept",
        f"ip saddr {address} udp sport {PORT} accept",
    )


def device_address(end: End) -> str:
    """The device's address in the home network."""
    return f"{end.customer.line.lan}.2"


def forward_port(_ends: Ends, end: End) -> None:
    """A static forward of the VPN's port."""
    _forward(router_of(end), device_address(end))


def open_firewall(_ends: Ends, end: End) -> None:
    """The firewall before a public address lets the VPN's port in."""
    to = ("ip", "daddr", end.customer.line.routed, "udp", "dport", str(PORT))
    run(router_of(end), "nft", "insert", "rule", "inet", "home", "forward", *to, "accept")


# --- port mapping ---------------------------------------------------------------------------------


def port_mapping(_ends: Ends, end: End) -> None:
    """UPnP, NAT-PMP and PCP on."""
    routers.miniupnpd(end.customer)


def mapping_denied(_ends: Ends, end: End) -> None:
    """On, but a rule of its own denies every request."""
    routers.miniupnpd(end.customer, Offer(allowed=DENY_ALL))


def mapping_without_effect(_ends: Ends, end: End) -> None:
    """On, but the router's firewall drops what comes in through it."""
    routers.miniupnpd(end.customer)
    routers.keep_forwarding(end.customer, allowed=False)


def mapping_allowed(_ends: Ends, end: End) -> None:
    """The rule that denies taken out, the daemon started anew."""
    _stop_mapping(router_of(end))
    routers.miniupnpd(end.customer, Offer(allowed=ALLOW_ALL))


def _stop_mapping(router: Machine) -> None:
    pid = (router.lab.folder / f"miniupnpd-{router.name}.pid").read_text().strip()
    router.lab.sh(f"kill {pid}")
    await_until("miniupnpd is gone", lambda: not run(router, "ss", "-Hlnt", "sport = :43211"))
    run(router, "nft", "delete", "table", "inet", "filter")
    run(router, "nft", "flush", "chain", "inet", "home", "forward")
    rules = ('iifname "wan0" ct state established,related accept', 'iifname "wan0" drop')
    for rule in rules:
        run(router, "nft", "add", "rule", "inet", "home", "forward", *rule.split())


def _outer_customer(ends: Ends, end: End) -> Customer:
    """The outer box, as if it were the only router."""
    line = replace(end.customer.line, lan=BETWEEN)
    return replace(end.customer, router=outer_of(ends, end), line=line)


def two_mapping_routers(ends: Ends, end: End) -> None:
    """Both routers of the home offer port mapping; the inner one has a private address outside."""
    routers.miniupnpd(_outer_customer(ends, end))
    _inner_mapping(end, f"{BETWEEN}.2")


def _inner_mapping(end: End, wan: str) -> None:
    routers.miniupnpd(replace(end.customer, line=replace(end.customer.line, wan=wan)))


# --- two routers ----------------------------------------------------------------------------------


def forward_twice(ends: Ends, end: End) -> None:
    """The outer box forwards the port to the inner router, that one to the device."""
    _forward(outer_of(ends, end), f"{BETWEEN}.2")
    _forward(router_of(end), device_address(end))


def exposed_host(ends: Ends, end: End) -> None:
    """The outer box passes everything on to the inner router, which forwards the port."""
    outer = outer_of(ends, end)
    to = f"{BETWEEN}.2"
    outer.nft(
        f"""
        table ip forwards {{
          chain prerouting {{
            type nat hook prerouting priority dstnat; policy accept;
            iifname "wan0" dnat to {to}
          }}
        }}
        """
    )
    routers.open_the_way(outer)
    _forward(router_of(end), device_address(end))


def _only_a_switch(box: Machine) -> None:
    """It neither translates nor filters any more: its two sides are one network."""
    run(box, "nft", "flush", "ruleset")
    box.ip(
        "address flush dev wan0\naddress flush dev lan0\nlink add joined type bridge\n"
        "link set wan0 master joined\nlink set lan0 master joined\nlink set joined up"
    )


def bridge(ends: Ends, end: End) -> None:
    """The box in front translates no more (a modem; a line with an address of its own), the home
    router has the public address, and it opens ports on request."""
    _only_a_switch(outer_of(ends, end))
    _public_address(end)


def _public_address(end: End) -> None:
    router, line = router_of(end), end.customer.line
    if (router.lab.folder / f"miniupnpd-{router.name}.pid").exists():
        _stop_mapping(router)
    router.ip(
        f"address flush dev wan0\naddress add {line.wan}/24 dev wan0\n"
        f"route replace default via {line.provider}"
    )
    routers.miniupnpd(end.customer)


def access_point(_ends: Ends, end: End) -> None:
    """The inner router becomes a switch, and the device a host of the outer one's network."""
    router = router_of(end)
    _stop_mapping(router)
    _only_a_switch(router)
    end.customer.device.ip(
        f"address flush dev eth0\naddress add {BETWEEN}.77/24 dev eth0\n"
        f"route replace default via {BETWEEN}.1 dev eth0 metric 100"
    )


# --- this device ----------------------------------------------------------------------------------

OWN_FIREWALL = """
table inet filter {
  chain input {
    type filter hook input priority filter; policy drop;
    iif "lo" accept
    ct state established,related accept
    ip saddr { 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 } accept
    meta l4proto { icmp, ipv6-icmp } accept
  }
}
"""
"""What a careful person's nftables.conf has: the own network may come in, strangers may not."""


def nft_firewall(_ends: Ends, end: End) -> None:
    """This computer's own nftables firewall."""
    end.customer.device.nft(OWN_FIREWALL)


def iptables_firewall(_ends: Ends, end: End) -> None:
    """The same in iptables."""
    for rule in (
        "-A INPUT -i lo -j ACCEPT",
        "-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT",
        "-A INPUT -s 192.168.0.0/16 -j ACCEPT",
        "-A INPUT -p icmp -j ACCEPT",
        "-P INPUT DROP",
    ):
        run(end.customer.device, "iptables", *rule.split())


def ufw_firewall(ends: Ends, end: End) -> None:
    """The same by ufw, as installed, and the own network let in."""
    ends.net.lab.sh(
        "mkdir -p /run/ufw && cp -a /etc/ufw /run/ufw/etc && mount --bind /run/ufw/etc /etc/ufw"
    )
    device = end.customer.device
    for command in ("ufw allow from 192.168.0.0/16", "ufw --force enable"):
        run(device, "env", "IPT_MODULES=", *command.split())


def outbound_cut(_ends: Ends, end: End) -> None:
    """This computer's own firewall lets out what the web needs, and no other UDP."""
    end.customer.device.nft(
        """
        table inet filter {
          chain output {
            type filter hook output priority filter; policy accept;
            oif "lo" accept
            udp dport { 53, 67, 123 } accept
            ip daddr { 192.168.0.0/16, 239.0.0.0/8 } accept
            meta l4proto udp drop
          }
        }
        """
    )


def other_network(ends: Ends, end: End) -> None:
    """The device leaves for another line: an ordinary home nearby."""
    device, lab = end.customer.device, ends.net.lab
    nearby = customer.connect(ends.net, SITES["easy-home"], HOTSPOT)
    assert nearby.router is not None
    nearby.device.ip("link delete eth0")
    device.ip("link delete eth0")
    lab.link(device, "eth0", nearby.router, "lan0")
    nearby.router.ip(f"address add {HOTSPOT.lan}.1/24 dev lan0")
    device.ip(
        f"address add {HOTSPOT.lan}.2/24 dev eth0\n"
        f"route add default via {HOTSPOT.lan}.1 dev eth0 metric 100"
    )


# --- IPv6 -----------------------------------------------------------------------------------------


def accept_ipv6(_ends: Ends, end: End) -> None:
    """The device takes the address that a router offers it, as devices do."""
    end.customer.device.sysctl(
        {f"ipv6.conf.{name}.accept_ra": "1" for name in ("all", "default", "eth0")}
    )


def offer_ipv6(ends: Ends, end: End) -> None:
    """The provider routes a network here, and the home router announces it (radvd)."""
    line, router = end.customer.line, router_of(end)
    port = f"line-{line.letter}"
    ends.net.provider.ip(
        f"address add {line.wan6}1/64 dev {port} nodad\nroute add {line.lan6}/64 via {line.wan6}10"
    )
    first = ends.net.lab.machines.get(f"outer-{line.letter}", router)
    first.ip(f"address add {line.wan6}10/64 dev wan0 nodad\nroute add default via {line.wan6}1")
    if first is not router:
        first.ip(
            f"address add {_BETWEEN6}1/64 dev lan0 nodad\nroute add {line.lan6}/64 via {_BETWEEN6}2"
        )
        router.ip(f"address add {_BETWEEN6}2/64 dev wan0 nodad\nroute add default via {_BETWEEN6}1")
        remove_rules(first, "inet home forward", "iifname .*wan0.* drop ")
    router.ip(f"address add {line.lan6}1/64 dev lan0 nodad")
    config = ends.folder / f"radvd-{line.letter}.conf"
    config.write_text(
        "interface lan0 { AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4;\n"
        f"  prefix {line.lan6}/64 {{ }};\n}};\n"
    )
    config.chmod(0o644)
    pid = ends.folder / f"radvd-{line.letter}.pid"
    router.start(("radvd", "-n", "-C", str(config), "-p", str(pid), "-m", "stderr"))


def ipv6_arrived(_ends: Ends, end: End) -> None:
    """The device has taken its address."""
    device = end.customer.device
    want = str(ip_address(f"{end.customer.line.lan6}")).rstrip(":")
    await_until(
        "the device has an IPv6 address and a route",
        lambda: (
            want in run(device, "ip", "-6", "address", "show", "scope", "global")
            and "default" in run(device, "ip", "-6", "route")
        ),
    )


ENABLE_IPV6 = both(offer_ipv6, ipv6_arrived)


# --- Tailscale ------------------------------------------------------------------------------------

_SETTINGS = "/etc/default/tailscaled"
_TAILSCALE = """#!/usr/bin/env python3
# Stands for tailscale and systemctl: the daemon itself is not to be had here. It takes its port as
# the daemon does, and prints a status of the same form.
import json, pathlib, socket, sys
folder = pathlib.Path(__file__).resolve().parent
word, *more = [pathlib.Path(sys.argv[0]).name, *sys.argv[1:]]
def restart():
    lines = pathlib.Path("/etc/default/tailscaled").read_text().splitlines()
    wanted = int(next(line for line in lines if line.startswith("PORT=")).split('"')[1])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        try:
            one.bind(("", wanted))
        except OSError:
            one.bind(("", 0))
        port = one.getsockname()[1]
    ends = [address + ":" + str(port) for address in ADDRESSES]
    self = {"ID": "n1", "PublicKey": "nodekey:" + "1" * 64, "HostName": "near", "OS": "linux",
        "DNSName": "near.lab.example.", "TailscaleIPs": ["100.64.99.1"], "Addrs": ends,
        "CurAddr": "", "Relay": "nyc", "Online": True, "CapMap": {"https": None}}
    (folder / "status.json").write_text(json.dumps({"Version": "1.92.5", "TUN": True,
        "BackendState": "Running", "HaveNodeKey": True, "AuthURL": "", "Self": self,
        "TailscaleIPs": ["100.64.99.1"], "Health": [], "MagicDNSSuffix": "lab.example",
        "Peer": {}}))
if word == "systemctl":
    restart() if more[:1] == ["restart"] else None
elif more[:1] == ["version"]:
    print("1.92.5")
elif more[:1] == ["status"] and "--json" in more:
    print((folder / "status.json").read_text())
else:
    sys.exit("not to be had here")
"""
_HOLDER = "import socket, time; s = socket.socket(type=socket.SOCK_DGRAM); s.bind(('', {port}));"


def taken_port(ends: Ends, end: End) -> None:
    """Another program holds the VPN's port, and the daemon moved away from it."""
    folder, device, line = bin_of(ends.net), end.customer.device, end.customer.line
    folder.mkdir()
    text = _TAILSCALE.replace("ADDRESSES", repr([line.wan, f"{line.lan}.2"]))
    for name in ("tailscale", "systemctl"):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    ends.net.lab.sh(f"mount -t tmpfs tmpfs /etc/default\necho 'PORT=\"{PORT}\"' >{_SETTINGS}")
    hold = _HOLDER.format(port=PORT) + " print('ready', flush=True); time.sleep(600)"
    expect_ready(device.start((sys.executable, "-c", hold)))
    run(device, str(folder / "systemctl"), "restart", "tailscaled")


def stop_holder(_ends: Ends, end: End) -> None:
    """That program is stopped."""
    shown = run(end.customer.device, "ss", "-Hulpn", f"sport = :{PORT}")
    (pid,) = re.findall(r"pid=(\d+)", shown)
    run(end.customer.device, "kill", "-KILL", pid)
    await_until(
        "the port is free",
        lambda: not run(end.customer.device, "ss", "-Hulpn", f"sport = :{PORT}"),
    )
