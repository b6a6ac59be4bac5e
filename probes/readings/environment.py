"""What the `environment` check finds out: what lies around Tailscale on this computer."""

from __future__ import annotations

from enum import StrEnum

from probes.model import CheckId, Confidence, IPAddress
from probes.readings.codec import ADDRESS, BOOL, INT, STR, enum, many, optional, record
from probes.readings.key import Key
from probes.values import dataclass


class Surrounding(StrEnum):
    """What this computer, or the program, runs inside of."""

    CONTAINER = "container"
    KUBERNETES = "kubernetes"
    WSL = "wsl"
    """Windows Subsystem for Linux."""
    VIRTUAL_MACHINE = "virtual-machine"
    CLOUD = "cloud"
    MOBILE = "mobile-network"
    TUNNEL = "tunnel"
    """A tunnel other than Tailscale's holds the default route."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sign of a surrounding."""

    kind: Surrounding
    name: str
    """Which one (``docker``, ``Amazon EC2``, ``wg0``), cleaned."""
    adds_nat: bool | None
    """It puts a NAT of its own before this computer; None where the sign does not tell."""
    how: str
    """The file, program or address that shows it."""
    sure: Confidence


class Effect(StrEnum):
    """What a setting of the daemon does to direct connections."""

    FORCES_RELAY = "forces-relay"
    HIDES_ENDPOINTS = "hides-endpoints"
    """Peers are not told where they could aim."""
    NO_PORT_MAPPING = "no-port-mapping"
    NO_PEER_RELAY = "no-peer-relay"
    NO_NETFILTER = "no-netfilter"
    """It adds no accept rule of its own to the packet filter."""
    USERSPACE = "userspace"
    SETS_PORT = "sets-port"
    RANDOM_PORT = "random-port"
    PRETENDS_ENDPOINT = "pretends-endpoint"
    """Peers are told an endpoint that somebody wrote down."""
    READS_RAW = "reads-raw"
    """It reads probes before the firewall does (TS_ENABLE_RAW_DISCO)."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of the daemon that bears on the path."""

    name: str
    value: str
    where: str
    """The file or the process that holds it."""
    effect: Effect


class BugEffect(StrEnum):
    """What a known fault of a Tailscale version does."""

    FALSE_NETCHECK = "false-netcheck"
    """netcheck says that UDP does not work although it does."""
    WRONG_MAPPED_PORT = "wrong-mapped-port"
    """A renewed UPnP mapping leads to the wrong port."""
    LOST_FIREWALL_RULES = "lost-firewall-rules"
    NO_ACCEPT_RULE = "no-accept-rule"
    """It does not add an accept rule for its own port yet."""
    ADDRESS_CLASH = "address-clash"
    """It drops packets of a network that uses 100.64.0.0/10 itself."""


@dataclass(frozen=True, slots=True)
class ClientBug:
    """A known fault of the installed Tailscale version that fits this device."""

    issue: int
    """At github.com/tailscale/tailscale/issues; 0: none, it is in the release notes."""
    effect: BugEffect


@dataclass(frozen=True, slots=True)
class CloudMetadata:
    """What a cloud's metadata service says. It was asked with consent."""

    provider: str
    address: IPAddress | None
    """The public address that leads to this machine alone; None: it has none, or does not tell."""


_EVIDENCE = record(
    Evidence,
    kind=enum(Surrounding),
    name=STR,
    adds_nat=optional(BOOL),
    how=STR,
    sure=enum(Confidence),
)
_SETTING = record(Setting, name=STR, value=STR, where=STR, effect=enum(Effect))
_BUG = record(ClientBug, issue=INT, effect=enum(BugEffect))

EVIDENCE = Key(
    "environment.evidence",
    CheckId.ENVIRONMENT,
    many(_EVIDENCE),
    "Signs of what this computer runs inside of, each with how it shows.",
)
SETTINGS = Key(
    "environment.settings",
    CheckId.ENVIRONMENT,
    many(_SETTING),
    "Settings of the Tailscale daemon that bear on direct connections.",
)
SET_PORT = Key(
    "environment.set_port",
    CheckId.ENVIRONMENT,
    INT,
    "The UDP port that the daemon is told to use; 0: any.",
)
CLIENT_BUGS = Key(
    "environment.client_bugs",
    CheckId.ENVIRONMENT,
    many(_BUG),
    "Known faults of the installed Tailscale version that fit this device.",
)

METADATA = Key(
    "environment.metadata",
    CheckId.ENVIRONMENT,
    record(CloudMetadata, provider=STR, address=optional(ADDRESS)),
    "What the cloud's metadata service says of this machine's public address.",
)

KEYS = (EVIDENCE, SETTINGS, SET_PORT, CLIENT_BUGS, METADATA)
