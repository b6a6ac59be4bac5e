"""Tailscale on a simulated device, as a scenario tells it: the daemon, its settings, its peers."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum

from probes.diagnosis.model import NatClass
from probes.model import Endpoint, IPAddress
from probes.network.simulated import schema
from probes.network.simulated.schema import Path, ScenarioError, shown
from probes.readings.tailscale import PeerPath
from probes.values import dataclass

USUAL_PORT = 41641


class Daemon(StrEnum):
    """Whether the service behind the program talks to it."""

    RUNS = "runs"
    ABSENT = "absent"
    DENIES = "denies"
    """It does not talk to this user."""
    HANGS = "hangs"


class State(StrEnum):
    """What the daemon is doing (ipn.State, by the names that Tailscale prints)."""

    NO_STATE = "NoState"
    IN_USE = "InUseOtherUser"
    NEEDS_LOGIN = "NeedsLogin"
    NEEDS_APPROVAL = "NeedsMachineAuth"
    STOPPED = "Stopped"
    STARTING = "Starting"
    RUNNING = "Running"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A path that holds from some moment on."""

    path: PeerPath
    at_s: float = 0.0
    """Seconds after the network was first used."""
    via: str = ""
    """The endpoint in use; the peer's own, its peer relay's or its relay's code unless given."""


@dataclass(frozen=True, slots=True)
class PeerSpec:
    """Another device of the tailnet."""

    addresses: tuple[IPAddress, ...]
    """Its tailnet addresses."""
    endpoint: Endpoint
    """Where its packets come from, as this device sees it."""
    relay: str
    """The region through which it can be reached."""
    nat: NatClass = NatClass.EASY
    """What is in front of it."""
    os: str = "linux"
    rtt_ms: float = 24.0
    """Round trip of the direct path."""
    online: bool = True
    active: bool = True
    """Something is sent to it anyway: its path is settled. Else pings wake it."""
    exit_node: bool = False
    """This device's traffic leaves through it."""
    path: tuple[Stretch, ...] = ()
    """How its path changes; empty: as the two sides allow (`TailscaleSpec.reaches`)."""
    again_s: float = 0.0
    """After so many seconds it changes in the same way once more, and so on; 0: once only."""
    tells: tuple[Endpoint, ...] = ()
    """The endpoints that it tells others: only an operator sees them."""


@dataclass(frozen=True, slots=True)
class TailscaleSpec:
    """Tailscale as it is installed on a device."""

    name: str = "laptop"
    version: str = "1.98.1"
    daemon: Daemon = Daemon.RUNS
    state: State = State.RUNNING
    addresses: tuple[IPAddress, ...] = ()
    """This device's tailnet addresses."""
    port: int = USUAL_PORT
    """The UDP port that the daemon listens on. No socket of the simulation stands for it."""
    seen: tuple[Endpoint, ...] = ()
    """Public endpoints that it tells its peers, besides the local ones."""
    reaches: tuple[NatClass, ...] = ()
    """With peers behind such a NAT it gets a direct path; with others it stays on the relay."""
    peer_relay: Endpoint | None = None
    """A peer relay that takes over where no direct path comes to be."""
    tun: bool = True
    exit_node: str = ""
    """Id of an exit node that is none of the peers."""
    attributes: tuple[str, ...] = ()
    """Of this device in the tailnet's policy."""
    health: tuple[str, ...] = ()
    """Warnings of the daemon itself."""
    domain: str = "tail5c1d.ts.net"
    operator: bool = False
    """This user may look into the daemon (``tailscale debug netmap``)."""
    evades: bool = True
    """netcheck's sockets go around a tunnel that holds the default route."""
    takes_ms: float = 8.0
    """For any answer but those that wait for packets."""
    peer: dict[str, PeerSpec] = field(default_factory=dict)
    """By name."""


def _path(value: object, path: Path) -> tuple[Stretch, ...]:
    """Stretches in order, the first one from the beginning."""
    found = _STRETCHES(value, path)
    times = [each.at_s for each in found]
    if times and (times[0] != 0 or times != sorted(set(times))):
        wanted = "stretches in order, the first one from 0 seconds on"
        raise ScenarioError(f"{shown(path)} has at_s {times}, but must be {wanted}.")
    return found


_STRETCHES = schema.array(
    schema.table(Stretch, path=schema.choice(PeerPath), at_s=schema.SECONDS, via=schema.text)
)
_NAT = schema.choice(NatClass)
_ADDRESSES = schema.array(schema.address)
_PEER = schema.table(
    PeerSpec,
    addresses=_ADDRESSES,
    endpoint=schema.endpoint,
    relay=schema.text,
    nat=_NAT,
    os=schema.text,
    rtt_ms=schema.MILLISECONDS,
    online=schema.boolean,
    active=schema.boolean,
    exit_node=schema.boolean,
    path=_path,
    again_s=schema.SECONDS,
    tells=schema.array(schema.endpoint),
)
TAILSCALE = schema.table(
    TailscaleSpec,
    name=schema.text,
    version=schema.text,
    daemon=schema.choice(Daemon),
    state=schema.choice(State),
    addresses=_ADDRESSES,
    port=schema.PORT,
    seen=schema.array(schema.endpoint),
    reaches=schema.array(_NAT),
    peer_relay=schema.endpoint,
    tun=schema.boolean,
    exit_node=schema.text,
    attributes=schema.array(schema.text),
    health=schema.array(schema.text),
    domain=schema.text,
    operator=schema.boolean,
    evades=schema.boolean,
    takes_ms=schema.MILLISECONDS,
    peer=schema.mapping(_PEER),
)
"""Reads the table of a device's Tailscale."""
