"""What the `upnp`, `nat-pmp` and `pcp` checks find out: does the router open ports on request?"""

from __future__ import annotations

from enum import StrEnum

from probes.model import CheckId, Family, IPAddress
from probes.readings.codec import ADDRESS, BOOL, INT, STR, Codec, enum, many, optional, record
from probes.readings.key import Key
from probes.values import dataclass


class MappingProtocol(StrEnum):
    """The languages in which a router can be asked for a port."""

    UPNP = "upnp"
    NAT_PMP = "nat-pmp"
    PCP = "pcp"


class MappingFault(StrEnum):
    """What a router's error means, whatever the protocol."""

    UNSUPPORTED_VERSION = "unsupported-version"
    """It speaks another version (usually PCP where NAT-PMP was asked, or the reverse)."""
    NOT_AUTHORISED = "not-authorised"
    """Switched off, or not allowed for this host or port."""
    NETWORK_FAILURE = "network-failure"
    """The router itself has no way to the internet just now."""
    OUT_OF_RESOURCES = "out-of-resources"
    UNSUPPORTED_OPCODE = "unsupported-opcode"
    MALFORMED_REQUEST = "malformed-request"
    UNSUPPORTED_OPTION = "unsupported-option"
    UNSUPPORTED_PROTOCOL = "unsupported-protocol"
    QUOTA = "quota"
    """This host has as many mappings as it may have."""
    CANNOT_PROVIDE_EXTERNAL = "cannot-provide-external"
    """The wanted port is taken and no other was allowed."""
    NAT_BETWEEN = "nat-between"
    """The router sees another address than this host's own: something translates in between."""
    TOO_MANY_PEERS = "too-many-peers"
    INVALID_ACTION = "invalid-action"
    """UPnP: the router does not know what was asked."""
    INVALID_ARGUMENTS = "invalid-arguments"
    ACTION_FAILED = "action-failed"
    """UPnP: a plain no, often because the router has no public address."""
    NO_SUCH_ENTRY = "no-such-entry"
    WILDCARD_REFUSED = "wildcard-refused"
    """UPnP 715, 716, 732: it wants a port or a sender named."""
    WILDCARD_NEEDED = "wildcard-needed"
    """UPnP 726, 727: it wants no sender or port named."""
    CONFLICT = "conflict"
    """The port belongs to another host or mapping."""
    SAME_PORT_NEEDED = "same-port-needed"
    ONLY_PERMANENT = "only-permanent"
    """It makes mappings for ever only. The test stops there: nothing permanent is made."""
    TABLE_FULL = "table-full"
    OTHER_MECHANISM = "other-mechanism"
    """The port is held by a static forward or by another protocol."""
    READ_ONLY = "read-only"
    UNKNOWN = "unknown"
    """A number that no standard explains."""


@dataclass(frozen=True, slots=True)
class MappingError:
    """A router said no."""

    code: int
    """As it came."""
    name: str
    """Its name in the standard, "" where it has none."""
    fault: MappingFault


@dataclass(frozen=True, slots=True)
class MappingTest:
    """One short-lived mapping, made and removed with the person's consent."""

    granted: bool
    error: MappingError | None
    """Why it was not granted; None also where the router just fell silent."""
    internal_port: int
    external_port: int | None
    external_address: IPAddress | None
    lease_s: int | None
    """As granted; None where the router does not say."""
    read_back: bool | None
    """The router's own table shows it (UPnP alone can tell)."""
    address_matches: bool | None
    """The external address is the one that STUN servers see; None: nobody could compare."""
    seen_from_outside: bool | None
    """A packet from an address never sent to came in through it; None: nobody could send one."""
    how: str
    """How that was seen."""
    removed: bool | None
    """It is gone again; None: not tried yet, or the router does not say."""

    @property
    def ok(self) -> bool | None:
        """The mapping is of use to peers; None: the address could not be compared."""
        if not self.granted or self.address_matches is False or self.seen_from_outside is False:
            return False
        return None if self.address_matches is None else True


class LeftoverState(StrEnum):
    """What became of a test mapping that an earlier run could not remove."""

    REMOVED = "removed"
    EXPIRED = "expired"
    """Its time was over: the router has forgotten it by itself."""
    GONE = "gone"
    """The router does not have it any more."""
    NOT_OURS = "not-ours"
    """The port leads somewhere else by now. It was left alone."""
    STILL_THERE = "still-there"
    """It could not be removed this time either."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """A test mapping of an earlier run."""

    protocol: MappingProtocol
    external_port: int
    made_at: str
    """RFC 3339, UTC."""
    state: LeftoverState


@dataclass(frozen=True, slots=True)
class Forward:
    """Whether a port is forwarded to this host for good, tested from outside."""

    port: int
    open: bool
    how: str


ERROR = record(MappingError, code=INT, name=STR, fault=enum(MappingFault))
TEST: Codec[MappingTest] = record(
    MappingTest,
    granted=BOOL,
    error=optional(ERROR),
    internal_port=INT,
    external_port=optional(INT),
    external_address=optional(ADDRESS),
    lease_s=optional(INT),
    read_back=optional(BOOL),
    address_matches=optional(BOOL),
    seen_from_outside=optional(BOOL),
    how=STR,
    removed=optional(BOOL),
)
_LEFTOVER = record(
    Leftover,
    protocol=enum(MappingProtocol),
    external_port=INT,
    made_at=STR,
    state=enum(LeftoverState),
)


@dataclass(frozen=True, slots=True)
class ServiceKeys:
    """The keys that each of the three services fills."""

    present: Key[bool]
    external: Key[IPAddress]
    error: Key[MappingError | None]
    test: Key[MappingTest]


def _service(prefix: str, check: CheckId, name: str) -> ServiceKeys:
    return ServiceKeys(
        Key(f"{prefix}.present", check, BOOL, f"Whether the router answers {name}."),
        Key(
            f"{prefix}.external_address",
            check,
            ADDRESS,
            f"The router's outer address, as it says over {name}.",
        ),
        Key(
            f"{prefix}.error",
            check,
            optional(ERROR),
            f"The last error that the router answered over {name}; null: none.",
        ),
        Key(
            f"{prefix}.mapping",
            check,
            TEST,
            f"What came of a short-lived test mapping over {name}.",
        ),
    )


UPNP = _service("upnp", CheckId.UPNP, "UPnP")
NAT_PMP = _service("nat_pmp", CheckId.NAT_PMP, "NAT-PMP")
PCP = _service("pcp", CheckId.PCP, "PCP")
SERVICES = {
    MappingProtocol.UPNP: UPNP,
    MappingProtocol.NAT_PMP: NAT_PMP,
    MappingProtocol.PCP: PCP,
}

NAT_PMP_EPOCH = Key(
    "nat_pmp.epoch_s", CheckId.NAT_PMP, INT, "Seconds since the router's mappings began (NAT-PMP)."
)
PCP_EPOCH = Key("pcp.epoch_s", CheckId.PCP, INT, "Seconds since the router's mappings began (PCP).")
PRESENT6 = Key("pcp.present6", CheckId.PCP, BOOL, "Whether the IPv6 router answers PCP.")
PINHOLE6 = Key(
    "pcp.pinhole6",
    CheckId.PCP,
    TEST,
    "What came of a short-lived opening in the router's IPv6 firewall.",
)
GATEWAY = Key(
    "port_mapping.gateway",
    CheckId.NAT_PMP,
    ADDRESS,
    "The router that is asked for a port.",
    shared=True,
)
TAILSCALE_ASKS = Key(
    "port_mapping.tailscale_asks",
    CheckId.NAT_PMP,
    BOOL,
    "Whether Tailscale would ask this router, too: it asks private (RFC 1918) addresses only.",
    shared=True,
)
LET_THROUGH = Key(
    "port_mapping.let_through",
    CheckId.NAT_PMP,
    BOOL,
    "Whether a stranger's packet that did not reach its test port came through the router all the"
    " same, and was kept out by this computer.",
    shared=True,
)
LET_THROUGH6 = Key(
    "port_mapping.let_through6",
    CheckId.PCP,
    BOOL,
    "The same of a stranger's packet to the opening in the router's IPv6 firewall.",
)
THROUGH = {Family.V4: LET_THROUGH, Family.V6: LET_THROUGH6}
LEFTOVERS = Key(
    "port_mapping.leftovers",
    CheckId.NAT_PMP,
    many(_LEFTOVER),
    "Test mappings that an earlier run could not remove, and what became of them.",
    shared=True,
)
FORWARD = Key(
    "forward.vpn_port",
    CheckId.BEHAVIOR,
    record(Forward, port=INT, open=BOOL, how=STR),
    "Whether the VPN's port is forwarded to this host for good.",
    shared=True,
)

KEYS = (
    *(UPNP.present, UPNP.external, UPNP.error, UPNP.test),
    *(NAT_PMP.present, NAT_PMP.external, NAT_PMP.error, NAT_PMP.test, NAT_PMP_EPOCH),
    *(PCP.present, PCP.external, PCP.error, PCP.test, PCP_EPOCH, PRESENT6, PINHOLE6),
    *(GATEWAY, TAILSCALE_ASKS, LET_THROUGH, LET_THROUGH6, LEFTOVERS, FORWARD),
)
