"""What a router says of itself over UPnP, its table, and who else answered the search."""

from __future__ import annotations

from enum import StrEnum

from probes.model import CheckId
from probes.readings.codec import BOOL, INT, STR, enum, many, record
from probes.readings.key import Key
from probes.values import dataclass


class EntryOwner(StrEnum):
    """Whose a mapping in the router's table is, as far as its description tells."""

    TAILSCALE = "tailscale"
    THIS_PROGRAM = "this-program"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Entry:
    """A mapping in the router's table (GetGenericPortMappingEntry)."""

    protocol: str
    external_port: int
    client: str
    """Address or name of the host that it leads to; cleaned."""
    internal_port: int
    description: str
    """Cleaned."""
    enabled: bool
    remote_host: str
    """Whom it is for; "" stands for anybody. Cleaned."""
    lease_s: int
    """Seconds left; 0 stands for ever in version 1."""
    owner: EntryOwner


@dataclass(frozen=True, slots=True)
class Entries:
    """The router's table, as far as it was read."""

    entries: tuple[Entry, ...]
    complete: bool
    """False: there are more than were read, or the router stopped answering."""


@dataclass(frozen=True, slots=True)
class Igd:
    """An Internet Gateway Device that answered (UPnP)."""

    host: str
    """Address that its description came from."""
    version: int
    """Of the InternetGatewayDevice."""
    service: str
    """The connection service with its version, as ``WANIPConnection:1``."""
    name: str
    """friendlyName; cleaned."""
    maker: str
    model: str
    software: str
    """The SERVER header of its answer; cleaned."""


@dataclass(frozen=True, slots=True)
class IgdStatus:
    """What the connection service says of itself (GetStatusInfo)."""

    status: str
    """``Connected`` or something else; cleaned."""
    uptime_s: int
    last_error: str

    @property
    def connected(self) -> bool:
        """Some routers say Up."""
        return self.status.lower() in ("connected", "up")


@dataclass(frozen=True, slots=True)
class FirewallControl:
    """What the router says of its IPv6 firewall (WANIPv6FirewallControl:1, GetFirewallStatus)."""

    enabled: bool
    """It is on: what nobody asked for does not come in over IPv6."""
    pinholes_allowed: bool
    """Devices may ask it for an opening."""


class StrangeReason(StrEnum):
    """Why an answer to the search for a router was not followed."""

    NOT_THE_GATEWAY = "not-the-gateway"
    """It came from another host."""
    LOCATION_ELSEWHERE = "location-elsewhere"
    """It points to a host that is neither the gateway nor next to it."""
    BAD_LOCATION = "bad-location"
    """It points to nothing that could be fetched."""
    BAD_DESCRIPTION = "bad-description"
    """What it points to is not a router's description: too large, too slow, or no such thing."""
    CONTROL_ELSEWHERE = "control-elsewhere"
    """The description wants another host to be controlled."""
    GARBAGE = "garbage"
    """No answer to a search at all."""


@dataclass(frozen=True, slots=True)
class Strange:
    """An answer that was not followed. Nothing was sent to whom it names."""

    reason: StrangeReason
    sender: str
    detail: str
    """Cleaned."""
    count: int


_ENTRY = record(
    Entry,
    protocol=STR,
    external_port=INT,
    client=STR,
    internal_port=INT,
    description=STR,
    enabled=BOOL,
    remote_host=STR,
    lease_s=INT,
    owner=enum(EntryOwner),
)
_IGD = record(
    Igd,
    host=STR,
    version=INT,
    service=STR,
    name=STR,
    maker=STR,
    model=STR,
    software=STR,
)
_STRANGE = record(Strange, reason=enum(StrangeReason), sender=STR, detail=STR, count=INT)

IGD = Key("upnp.igd", CheckId.UPNP, _IGD, "The router as it describes itself over UPnP.")
STATUS = Key(
    "upnp.status",
    CheckId.UPNP,
    record(IgdStatus, status=STR, uptime_s=INT, last_error=STR),
    "The state of the router's connection, as it says over UPnP.",
)
ENTRIES = Key(
    "upnp.entries",
    CheckId.UPNP,
    record(Entries, entries=many(_ENTRY), complete=BOOL),
    "The mappings that the router holds, as far as they were read.",
)
STRANGE = Key(
    "upnp.strange", CheckId.UPNP, many(_STRANGE), "Answers to the search that were not followed."
)
FIREWALL6 = Key(
    "upnp.firewall6",
    CheckId.UPNP,
    record(FirewallControl, enabled=BOOL, pinholes_allowed=BOOL),
    "Whether the router's IPv6 firewall is on, and whether it opens on request.",
)

KEYS = (IGD, STATUS, ENTRIES, STRANGE, FIREWALL6)
