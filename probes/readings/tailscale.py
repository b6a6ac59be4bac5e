"""What the `tailscale` check finds out: the account that Tailscale gives of itself.

Nothing here was measured by this program. It is one witness among others, with its own blind spots:
`tailscale netcheck` asks from a socket of its own and not from the daemon's, the list of peers says
which path was used last and not which is possible.
"""

from __future__ import annotations

from enum import StrEnum

from probes.model import CheckId, Endpoint, IPAddress
from probes.readings.codec import (
    ADDRESS,
    BOOL,
    ENDPOINT,
    FLOAT,
    INT,
    STR,
    enum,
    many,
    optional,
    record,
)
from probes.readings.key import Key
from probes.readings.netcheck import NETCHECK_RECORD
from probes.values import dataclass


class Backend(StrEnum):
    """What Tailscale is doing on this device."""

    NOT_INSTALLED = "not-installed"
    """No `tailscale` program was found."""
    NO_DAEMON = "no-daemon"
    """The program is here, the service behind it does not run."""
    NO_RIGHTS = "no-rights"
    """The service does not talk to this user."""
    OTHER_USER = "other-user"
    """Another user of this computer holds the connection (Windows)."""
    NO_STATE = "no-state"
    STOPPED = "stopped"
    """Switched off by `tailscale down`."""
    NEEDS_LOGIN = "needs-login"
    NEEDS_APPROVAL = "needs-approval"
    """An administrator of the tailnet has not let the device in yet."""
    STARTING = "starting"
    RUNNING = "running"
    OTHER = "other"
    """A state that this program does not know: a newer Tailscale."""


class PeerPath(StrEnum):
    """How packets to a peer travel, as Tailscale said at that moment."""

    DIRECT = "direct"
    PEER_RELAY = "peer-relay"
    """Over UDP through another node of the tailnet."""
    DERP = "derp"
    """Over TCP through a relay server."""
    IDLE = "idle"
    """Nothing is sent, so there is no path to speak of."""
    OFFLINE = "offline"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Peer:
    """Another device of the tailnet."""

    name: str
    """Its short name, as a person knows it."""
    dns_name: str
    """Its full MagicDNS name without the final dot, "" if it has none."""
    addresses: tuple[IPAddress, ...]
    """Its tailnet addresses."""
    system: str
    """Its operating system, as Tailscale names it."""
    path: PeerPath
    via: str
    """The peer's endpoint, the peer relay's, or the code of the relay, by `path`; else ""."""
    home_relay: str
    """Code of the relay through which it can be reached, whether used or not; "" if none."""
    online: bool | None
    """Connected to the control server; None where this version does not say."""
    exit_node: bool
    """This device's traffic leaves through it."""

    @property
    def key(self) -> str:
        """What tells it from the others, by which it is chosen too: its address, else its name."""
        return str(self.addresses[0]) if self.addresses else self.dns_name or self.name


@dataclass(frozen=True, slots=True)
class PeerChoice:
    """The peer that the person named, looked up among the tailnet's."""

    asked: str
    found: tuple[Peer, ...]
    """Exactly one if the name fits one; none or several else."""
    similar: tuple[str, ...]
    """Names that the person may have meant, where none fits."""


@dataclass(frozen=True, slots=True)
class PeerPing:
    """A row of pings of one peer, about one a second (`tailscale ping`)."""

    name: str
    path: PeerPath
    """What the row shows: direct, peer-relay or derp; unknown where it was too short to call the
    path relayed, or nothing answered."""
    via: str
    """The endpoint or the relay of the last answer; "" if none."""
    relayed_first: int
    """How many answers came over a relay before the first direct one, or in all."""
    after_ms: float | None
    """Until the first direct answer, or how long none came. None: the output does not tell."""


@dataclass(frozen=True, slots=True)
class PeerTold:
    """What the control server passes on of a peer. None: it does not say."""

    name: str
    endpoints: tuple[Endpoint, ...]
    """What the peer's own daemon tells others, in its own order."""
    mapping_varies: bool | None
    """Of the peer's own netcheck."""
    udp: bool | None
    port_mapping: bool | None
    """A port mapping is held by its daemon."""


class EndpointKind(StrEnum):
    """Where an endpoint that the daemon advertises comes from, as far as its form tells.

    The daemon does not print the kinds, so this is an inference from address and port.
    """

    LOCAL = "local"
    """An address of this device: its port is the one that the daemon listens on."""
    PUBLIC_OWN_PORT = "public-own-port"
    """A public address with the daemon's own port: seen by STUN or mapped, or, behind a hard NAT, a
    guess that only a static forward makes true (stun4localport)."""
    PUBLIC_OTHER_PORT = "public-other-port"
    """A public address with another port: seen by STUN, or granted by a router."""
    PUBLIC = "public"
    """A public address, while the daemon's own port is not known."""


@dataclass(frozen=True, slots=True)
class SelfEndpoint:
    """An endpoint that the daemon tells its peers."""

    endpoint: Endpoint
    kind: EndpointKind


class OwnSocket(StrEnum):
    """What the advertised IPv4 endpoints say about the NAT in front of the daemon's own socket."""

    NO_PUBLIC = "no-public"
    """No public address: no relay answered its STUN requests, or it has no relay map."""
    ON_DEVICE = "on-device"
    """The public address is on this device."""
    PORT_KEPT = "port-kept"
    """One public endpoint with the daemon's own port: an easy NAT, or a mapping to that port."""
    PORT_CHANGED = "port-changed"
    """One public endpoint with another port: a NAT that does not keep ports, or a mapping."""
    TWO_PORTS = "two-ports"
    """The daemon's own port and one other on one address: a hard NAT, or an easy one with a mapped
    port beside."""
    SEVERAL_PORTS = "several-ports"
    """Several other ports on one address: a hard NAT, or one whose mappings do not last."""
    SEVERAL_ADDRESSES = "several-addresses"
    """More than one public address: several ways out, or the network changed minutes ago."""


PEER = record(
    Peer,
    name=STR,
    dns_name=STR,
    addresses=many(ADDRESS),
    system=STR,
    path=enum(PeerPath),
    via=STR,
    home_relay=STR,
    online=optional(BOOL),
    exit_node=BOOL,
)
_CHOICE = record(PeerChoice, asked=STR, found=many(PEER), similar=many(STR))
_PING = record(
    PeerPing,
    name=STR,
    path=enum(PeerPath),
    via=STR,
    relayed_first=INT,
    after_ms=optional(FLOAT),
)
_TOLD = record(
    PeerTold,
    name=STR,
    endpoints=many(ENDPOINT),
    mapping_varies=optional(BOOL),
    udp=optional(BOOL),
    port_mapping=optional(BOOL),
)
_SELF_ENDPOINT = record(SelfEndpoint, endpoint=ENDPOINT, kind=enum(EndpointKind))

PROGRAM = Key("tailscale.program", CheckId.TAILSCALE, STR, "The tailscale program that was asked.")
STATE = Key(
    "tailscale.state", CheckId.TAILSCALE, enum(Backend), "What Tailscale is doing on this device."
)
VERSION = Key("tailscale.version", CheckId.TAILSCALE, STR, "Version of the Tailscale daemon.")
NAME = Key("tailscale.name", CheckId.TAILSCALE, STR, "This device's name in the tailnet.")
ADDRESSES = Key(
    "tailscale.addresses", CheckId.TAILSCALE, many(ADDRESS), "This device's tailnet addresses."
)
USERSPACE = Key(
    "tailscale.userspace",
    CheckId.TAILSCALE,
    BOOL,
    "Whether the daemon runs without a network interface of its own (userspace networking).",
)
HOME_RELAY = Key(
    "tailscale.home_relay",
    CheckId.TAILSCALE,
    STR,
    'Code of the relay that the daemon has chosen; "": none.',
)
HEALTH = Key(
    "tailscale.health", CheckId.TAILSCALE, many(STR), "Warnings that the daemon itself gives."
)
SELF_ENDPOINTS = Key(
    "tailscale.self_endpoints",
    CheckId.TAILSCALE,
    many(_SELF_ENDPOINT),
    "The endpoints that the daemon tells its peers.",
)
PORT = Key("tailscale.port", CheckId.TAILSCALE, INT, "The UDP port that the daemon listens on.")
OWN_SOCKET = Key(
    "tailscale.own_socket",
    CheckId.TAILSCALE,
    enum(OwnSocket),
    "What the advertised IPv4 endpoints say about the NAT before the daemon's own socket.",
)
ATTRIBUTES = Key(
    "tailscale.attributes",
    CheckId.TAILSCALE,
    many(STR),
    "Attributes from the tailnet's policy that bear on the path.",
)
EXIT_NODE = Key(
    "tailscale.exit_node",
    CheckId.TAILSCALE,
    optional(STR),
    "The exit node in use by this device; null: none.",
)
PEERS = Key("tailscale.peers", CheckId.TAILSCALE, many(PEER), "The tailnet's other devices.")
CHOSEN = Key("tailscale.peer", CheckId.TAILSCALE, _CHOICE, "The peer that the person named.")
PINGS = Key(
    "tailscale.pings",
    CheckId.TAILSCALE,
    many(_PING),
    "What rows of `tailscale ping` showed: a direct path within ten seconds, or none.",
)
PEER_TOLD = Key(
    "tailscale.peer_told",
    CheckId.TAILSCALE,
    _TOLD,
    "What the chosen peer tells others: its endpoints, and its netcheck where that is passed on.",
)
NETCHECK = Key(
    "tailscale.netcheck",
    CheckId.TAILSCALE,
    NETCHECK_RECORD,
    "What `tailscale netcheck` printed, with latencies in milliseconds.",
)
UNREAD = Key(
    "tailscale.unread",
    CheckId.TAILSCALE,
    many(STR),
    "What `tailscale status` holds in another form than this program knows, or lacks.",
)

KEYS = (
    PROGRAM,
    STATE,
    VERSION,
    NAME,
    ADDRESSES,
    USERSPACE,
    HOME_RELAY,
    HEALTH,
    SELF_ENDPOINTS,
    PORT,
    OWN_SOCKET,
    ATTRIBUTES,
    EXIT_NODE,
    PEERS,
    CHOSEN,
    PINGS,
    PEER_TOLD,
    NETCHECK,
    UNREAD,
)
