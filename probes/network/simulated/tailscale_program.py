"""The `tailscale` program on a simulated device: what it prints, and how long it takes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import field
from hashlib import sha256
from typing import Any, assert_never

from probes.diagnosis.model import NatClass
from probes.model import IPAddress
from probes.network.seam import Network
from probes.network.simulated.life import Life
from probes.network.simulated.node import Clock
from probes.network.simulated.port_mapping import PortMapper
from probes.network.simulated.scenario import Scenario
from probes.network.simulated.tailnet import Daemon, PeerSpec, State, Stretch, TailscaleSpec
from probes.network.simulated.tailscale_netcheck import netcheck
from probes.readings.local import InterfaceKind
from probes.readings.tailscale import PeerPath
from probes.values import dataclass

PROGRAM = "tailscale"
SETTLES_S = 3.0
"""From the first packet on the relay to the direct path (measured with the real daemon: the first
round carries no call-me-maybe, the heartbeat after three seconds does)."""
FOR_EVER_S = 86_400.0
_SYSTEMS = {"darwin": "macOS", "win32": "windows"}
"""As Go names them."""
_NEVER = "0001-01-01T00:00:00Z"
_NO_SERVICE = "failed to connect to local tailscaled; it doesn't appear to be running\n"
_NOT_OPERATOR = "Access denied: debug access denied\n"
_DENIED = "Access denied: status access denied\n"


@dataclass(frozen=True, slots=True)
class Printed:
    """How it ended."""

    stdout: str = ""
    stderr: str = ""
    status: int = 0


@dataclass(slots=True, eq=False)
class TailscaleProgram:
    """One device's program, with the daemon behind it."""

    spec: TailscaleSpec
    scenario: Scenario
    network: Network
    """The device's network, for the daemon's own packets."""
    clock: Clock
    mappers: tuple[PortMapper, ...]
    system: str = "linux"
    reached: tuple[NatClass, ...] | None = None
    """Before the network was changed, the path to peers behind such a NAT was direct; to all others
    it begins on the relay. None: nothing was changed."""
    life: Life = field(default_factory=Life)
    """Of the network, when it began to be used."""

    def _age_s(self) -> float:
        """How old the network is now."""
        return self.life.age_s + self.clock.since_start()

    async def run(self, arguments: Sequence[str]) -> Printed:
        """Run it with these arguments (those that this project uses)."""
        await asyncio.sleep(self.spec.takes_ms / 1000.0)
        match list(arguments):
            case ["version"]:
                return Printed(f"{self.spec.version}\n  go version: go1.25.5\n")
            case ["status", "--json"]:
                return await self._asked() or Printed(await self._status())
            case ["netcheck", "--format=json"]:
                return Printed(await self._netcheck())
            case ["debug", "netmap"]:
                return await self._asked() or self._netmap()
            case ["ping", *_, peer]:
                return await self._asked() or await self._ping(peer)
            case _:
                return Printed(stderr="flag provided but not defined\n", status=2)

    async def _asked(self) -> Printed | None:
        """What comes instead of an answer of the daemon."""
        match self.spec.daemon:
            case Daemon.RUNS:
                return None
            case Daemon.ABSENT:
                return Printed(stderr=_NO_SERVICE, status=1)
            case Daemon.DENIES:
                return Printed(stderr=_DENIED, status=1)
            case Daemon.HANGS:
                await asyncio.sleep(FOR_EVER_S)
                return Printed(status=1)
            case _:
                assert_never(self.spec.daemon)

    # --- status -----------------------------------------------------------------------------------

    async def _status(self) -> str:
        spec = self.spec
        on = spec.state in (State.RUNNING, State.STARTING)
        addresses = [str(each) for each in spec.addresses] or None
        known = spec.state not in (State.NEEDS_LOGIN, State.NO_STATE)
        domain = spec.domain if known else ""
        own = {
            **_node(spec.name, domain, spec.addresses if known else ()),
            "OS": _SYSTEMS.get(self.system, self.system),
            "Addrs": await self._endpoints() if on else [],
            "Relay": self._home() if on else "",
            "Online": on,
            "Active": False,
            "CapMap": dict.fromkeys(spec.attributes) or None,
        }
        exit_node = None
        if spec.exit_node:
            exit_node = {"ID": spec.exit_node, "Online": True, "TailscaleIPs": None}
        status = {
            "Version": spec.version,
            "TUN": spec.tun,
            "BackendState": str(spec.state),
            "HaveNodeKey": known,
            "AuthURL": "",
            "TailscaleIPs": addresses if known else None,
            "Self": own,
            **({"ExitNodeStatus": exit_node} if exit_node else {}),
            "Health": list(spec.health),
            "MagicDNSSuffix": domain,
            "CurrentTailnet": {"Name": "someone.example", "MagicDNSSuffix": domain}
            if known
            else None,
            "CertDomains": None,
            "Peer": {_key(name): self._peer(name, each) for name, each in spec.peer.items()}
            if on
            else None,
            "User": None,
            "ClientVersion": None,
        }
        return json.dumps(status, indent=2)

    async def _endpoints(self) -> list[str]:
        """What it tells its peers: what was seen from outside, then every address of its own."""
        view = await self.network.local()
        local = [
            address.ip
            for face in view.interfaces
            if face.up and face.kind is InterfaceKind.PHYSICAL
            for address in face.addresses
            if not address.ip.is_link_local
        ]
        port = self.spec.port
        texts = [f"[{each}]:{port}" if each.version == 6 else f"{each}:{port}" for each in local]
        return list(dict.fromkeys((*(str(each) for each in self.spec.seen), *texts)))

    def _home(self) -> str:
        regions = self.scenario.region
        return min(regions, key=lambda code: regions[code].rtt_ms) if regions else ""

    def _peer(self, name: str, peer: PeerSpec) -> dict[str, Any]:
        now = self.path(name)
        talks = now.path in _TALKS
        direct = now.via if now.path is PeerPath.DIRECT else ""
        return {
            **_node(name, self.spec.domain, peer.addresses),
            "OS": peer.os,
            "Addrs": None,
            "CurAddr": direct,
            "Relay": peer.relay,
            "PeerRelay": now.via if now.path is PeerPath.PEER_RELAY else "",
            "Online": peer.online,
            "LastSeen": _NEVER,
            "ExitNode": peer.exit_node,
            "ExitNodeOption": peer.exit_node,
            "Active": talks,
        }

    def _netmap(self) -> Printed:
        """What the control server told, for whoever may see it."""
        if not self.spec.operator:
            return Printed(stderr=_NOT_OPERATOR, status=1)
        peers = [
            {
                "Name": _node(name, self.spec.domain, ())["DNSName"],
                "Addresses": [f"{each}/{each.max_prefixlen}" for each in peer.addresses],
                "Endpoints": [str(each) for each in peer.tells],
                "Hostinfo": {"OS": peer.os, "Hostname": name},
            }
            for name, peer in self.spec.peer.items()
        ]
        return Printed(json.dumps({"Name": self.spec.name, "Peers": peers}, indent="\t"))

    # --- paths ------------------------------------------------------------------------------------

    def path(self, name: str) -> Stretch:
        """The path to a peer at this moment."""
        peer, now = self.spec.peer[name], self._age_s()
        if not peer.online:
            return Stretch(PeerPath.OFFLINE)
        if peer.path:
            at = now % peer.again_s if peer.again_s else now
            held = [each for each in peer.path if each.at_s <= at]
            return self._named(held[-1], peer)
        began = [] if peer.active else [self.life.woken.get(name)]
        if None in began:
            return Stretch(PeerPath.IDLE)
        if self.reached is not None and peer.nat not in self.reached:
            began.append(self.life.changed_s)
        if any(each is not None and now < each + SETTLES_S for each in began):
            return self._named(Stretch(PeerPath.DERP), peer)
        if peer.nat in self.spec.reaches:
            return self._named(Stretch(PeerPath.DIRECT), peer)
        relay = PeerPath.DERP if self.spec.peer_relay is None else PeerPath.PEER_RELAY
        return self._named(Stretch(relay), peer)

    def _named(self, stretch: Stretch, peer: PeerSpec) -> Stretch:
        """With the place that it leads through."""
        if stretch.via:
            return stretch
        match stretch.path:
            case PeerPath.DIRECT:
                via = str(peer.endpoint)
            case PeerPath.PEER_RELAY:
                via = f"{self.spec.peer_relay}:vni:1"
            case PeerPath.DERP:
                via = peer.relay
            case PeerPath.IDLE | PeerPath.OFFLINE | PeerPath.UNKNOWN:
                via = ""
            case _:
                assert_never(stretch.path)
        return Stretch(stretch.path, stretch.at_s, via)

    # --- ping -------------------------------------------------------------------------------------

    async def _ping(self, asked: str) -> Printed:
        """One ping, as ``ping --c=1 --until-direct=false``."""
        if self.spec.state is not State.RUNNING:
            return Printed(stderr="Tailscale is stopped.\n", status=1)
        if asked in {self.spec.name, *(str(each) for each in self.spec.addresses)}:
            return Printed(f"{asked} is local Tailscale IP\n")
        found = [
            (name, peer)
            for name, peer in self.spec.peer.items()
            if asked == name or asked in {str(each) for each in peer.addresses}
        ]
        if not found:
            return Printed(stderr=f"no matching peer for {asked!r}\n", status=1)
        name, peer = found[0]
        self.life.woken.setdefault(name, self._age_s())
        now = self.path(name)
        match now.path:
            case PeerPath.DIRECT:
                rtt_ms, via = peer.rtt_ms, now.via
            case PeerPath.PEER_RELAY:
                rtt_ms, via = peer.rtt_ms * 1.5, f"peer-relay({now.via})"
            case PeerPath.DERP:
                rtt_ms = self.scenario.region[peer.relay].rtt_ms + peer.rtt_ms
                via = f"DERP({now.via})"
            case PeerPath.IDLE | PeerPath.OFFLINE | PeerPath.UNKNOWN:
                await asyncio.sleep(_PING_WAIT_S)
                return Printed(f'ping "{peer.addresses[0]}" timed out\n', "no reply\n", 1)
            case _:
                assert_never(now.path)
        await asyncio.sleep(rtt_ms / 1000.0)
        return Printed(f"pong from {name} ({peer.addresses[0]}) via {via} in {rtt_ms:.0f}ms\n")

    # --- netcheck ---------------------------------------------------------------------------------

    async def _netcheck(self) -> str:
        found = await netcheck(
            self.network, self.scenario.region.values(), self.mappers, evades=self.spec.evades
        )
        return json.dumps(found, indent="\t")


_TALKS = (PeerPath.DIRECT, PeerPath.PEER_RELAY, PeerPath.DERP)
_PING_WAIT_S = 5.0


def _node(name: str, domain: str, addresses: Sequence[IPAddress]) -> dict[str, Any]:
    return {
        "ID": f"n{sha256(name.encode()).hexdigest()[:10]}",
        "HostName": name,
        "DNSName": f"{name}.{domain}." if domain else "",
        "TailscaleIPs": [str(each) for each in addresses] or None,
    }


def _key(name: str) -> str:
    return f"nodekey:{sha256(name.encode()).hexdigest()}"
