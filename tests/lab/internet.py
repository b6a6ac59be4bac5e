"""The provider's side of a lab: a router without NAT, and a machine that holds every server.

45.83.220.0/24 to 45.83.222.0/24 are where the servers are, 45.83.223.0/24 and 45.83.224.0/24 where
customers are connected. The addresses exist only inside the lab.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.lab.namespaces import Lab, LabError, Machine, Running
from tests.lab.relays import Relay, servers_json, stun_servers, web_servers
from tests.lab.servers.stun import StunServer

TOP = Path(__file__).resolve().parents[2]
ORACLES = ("45.83.220.9", "45.83.221.9", "45.83.222.9")
ORACLES6 = ("2a0e:b107:f00:220::9", "2a0e:b107:f00:221::9")
STRANGER, STRANGER6 = "45.83.222.99", "2a0e:b107:f00:222::99"
FORWARDING = {"ipv4.ip_forward": "1", "ipv6.conf.all.forwarding": "1"}
# The provider routes no private destinations, as real ones do: a forgotten NAT shows as silence.
_PROVIDER_RULES = """
table inet provider {
  chain forward {
    type filter hook forward priority filter
    ip daddr { 10.0.0.0/8, 100.64.0.0/10, 172.16.0.0/12, 192.168.0.0/16 } drop
    ip saddr { 10.0.0.0/8, 100.64.0.0/10, 172.16.0.0/12, 192.168.0.0/16 } drop
    LOSS
  }
}
"""


@dataclass(frozen=True, slots=True)
class Internet:
    """What a site is connected to."""

    lab: Lab
    provider: Machine
    servers: Machine


def build(lab: Lab, *, loss_percent: int = 0, delay_ms: float = 0.0) -> Internet:
    """Make the provider and the machine of the servers.

    `loss_percent` of all packets is lost in either direction; `delay_ms` is the length of the way
    to the servers, one way, for everything that is IP.
    """
    provider, servers = lab.machine("provider"), lab.machine("servers")
    provider.sysctl(FORWARDING)
    if delay_ms:
        tun_link(lab, provider, "servers", servers, "provider", delay_ms)
    else:
        lab.link(provider, "servers", servers, "provider")
    provider.ip(
        "address add 45.83.219.1/30 dev servers\n"
        "address add 2a0e:b107:f00:219::1/64 dev servers nodad\n"
        "route add 45.83.220.0/24 via 45.83.219.2\n"
        "route add 45.83.221.0/24 via 45.83.219.2\n"
        "route add 45.83.222.0/24 via 45.83.219.2\n"
        "route add 2a0e:b107:f00:220::/62 via 2a0e:b107:f00:219::2\n"
    )
    servers.ip(
        "address add 45.83.219.2/30 dev provider\n"
        "address add 2a0e:b107:f00:219::2/64 dev provider nodad\n"
        "route add default via 45.83.219.1\n"
        "route add default via 2a0e:b107:f00:219::1\n"
    )
    loss = f"numgen random mod 100 < {loss_percent} counter drop" if loss_percent else ""
    provider.nft(_PROVIDER_RULES.replace("LOSS", loss))
    return Internet(lab, provider, servers)


def tun_link(
    lab: Lab, near: Machine, near_name: str, far: Machine, far_name: str, delay_ms: float
) -> Running:
    """A cable between two machines that takes `delay_ms` each way; a TUN device at each end, up."""
    argv = ("-m", "tests.lab.servers.hop", near.name, near_name, far.name, far_name, str(delay_ms))
    hop = lab.start((sys.executable, *argv), env=python_env())
    expect_ready(hop)
    near.ip(f"link set {near_name} up")
    far.ip(f"link set {far_name} up")
    return hop


def serve(
    internet: Internet, fleet: Sequence[Relay], besides: Iterable[StunServer] = ()
) -> Running:
    """Start the relays, and STUN servers besides them."""
    others = list(besides)
    stun = [*stun_servers(fleet), *others]
    _add_addresses(internet.servers, [server.address for server in stun])
    web = web_servers(fleet, certificate(internet.lab.folder))
    running = internet.servers.start(
        (sys.executable, "-m", "tests.lab.servers"),
        env=python_env(),
        stdin=servers_json(stun, web),
    )
    expect_ready(running)
    return running


def serve_oracles(internet: Internet) -> None:
    """Start the witnesses of `servers.oracle`."""
    for fronts, stranger in ((ORACLES, STRANGER), (ORACLES6, STRANGER6)):
        _add_addresses(internet.servers, (*fronts, stranger))
        argv = (sys.executable, "-m", "tests.lab.servers.oracle", "serve", *fronts, stranger)
        expect_ready(internet.servers.start(argv, env=python_env()))


def serve_names(machine: Machine, names: Mapping[str, str]) -> None:
    """Let a machine resolve these names (and no others)."""
    listed = [f"{name}={address}" for name, address in names.items()]
    argv = (sys.executable, "-m", "tests.lab.servers.names", *listed)
    expect_ready(machine.start(argv, env=python_env()))


def certificate(folder: Path) -> Path:
    """A certificate that nobody vouches for, with its key, made in `folder`."""
    file = folder / "relay.pem"
    subprocess.run(
        (
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=relay.lab.example"),
            *("-addext", "subjectAltName=DNS:relay.lab.example"),
            *("-keyout", str(file), "-out", str(folder / "relay.crt")),
        ),
        check=True,
        capture_output=True,
    )
    with file.open("a") as both:
        both.write((folder / "relay.crt").read_text())
    return file


def python_env() -> dict[str, str]:
    """The environment in which the lab's own Python programs find themselves."""
    return {"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": str(TOP)}


def expect_ready(running: Running) -> None:
    """Wait until a server says that it listens. Raises LabError."""
    said = running.line()
    if said != "ready":
        raise LabError(f"{running.popen.args!r} said {said!r}")


def _add_addresses(machine: Machine, addresses: Iterable[str]) -> None:
    lines = (
        f"address replace {address}/{128 if ':' in address else 32} dev lo"
        for address in dict.fromkeys(addresses)
    )
    machine.ip("\n".join(lines))
