"""The vocabulary that every other module shares: readings, endpoints, ids."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Generic, TypeAlias, TypeVar

from probes.values import dataclass

IPAddress: TypeAlias = IPv4Address | IPv6Address

T_co = TypeVar("T_co", covariant=True)


class Family(IntEnum):
    """An IP version. Its value is the version number."""

    V4 = 4
    V6 = 6

    @classmethod
    def of(cls, address: IPAddress) -> Family:
        """The family that an address belongs to."""
        return cls(address.version)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An IP address and a UDP or TCP port."""

    address: IPAddress
    port: int

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 0xFFFF:
            raise ValueError(f"port {self.port} is not in 0..65535")

    @property
    def family(self) -> Family:
        """The IP version of the address."""
        return Family.of(self.address)

    def __str__(self) -> str:
        if self.address.version == 6:
            return f"[{self.address}]:{self.port}"
        return f"{self.address}:{self.port}"

    @classmethod
    def parse(cls, text: str) -> Endpoint:
        """Read ``192.0.2.1:3478`` or ``[2001:db8::1]:3478``. Raises ValueError."""
        host, colon, port = text.rpartition(":")
        if not colon or not port.isascii() or not port.isdigit():
            raise ValueError(f"{text!r} is not an address with a port")
        if host.startswith("[") and host.endswith("]"):
            address: IPAddress = IPv6Address(host[1:-1])
        else:
            address = IPv4Address(host)
        return cls(address, int(port))

    @classmethod
    def of(cls, address: str | IPAddress, port: int) -> Endpoint:
        """Shorthand for an endpoint from a literal address. Raises ValueError."""
        return cls(ip_address(address) if isinstance(address, str) else address, port)


class Reason(StrEnum):
    """Why a reading is unknown. Unknown is an answer of its own, never a no."""

    NOT_MEASURED = "not-measured"
    """No check that could tell has run (yet)."""
    SKIPPED = "skipped"
    """The person left the check out (--only, --skip)."""
    NO_ANSWER = "no-answer"
    """Asked, and nothing came back within the deadline."""
    TOO_FEW_ANSWERS = "too-few-answers"
    """Something answered, but not enough to conclude."""
    NO_SERVER = "no-server"
    """Nobody to ask: no server was known, reachable or able."""
    NOT_APPLICABLE = "not-applicable"
    """The question does not arise here."""
    NO_RIGHTS = "no-rights"
    """The system does not let this user look."""
    UNSUPPORTED_SYSTEM = "unsupported-system"
    """Not readable on this system yet."""
    THROUGH_TUNNEL = "through-tunnel"
    """The packets would have left through a tunnel: that is another network's answer."""
    NETWORK_CHANGED = "network-changed"
    """The network changed while the check ran."""
    TIMED_OUT = "timed-out"
    """The check used up its time."""
    NEEDS_CONSENT = "needs-consent"
    """Finding out changes something, and the person has not said yes."""
    CONTRADICTORY = "contradictory"
    """The answers do not fit together."""
    MEASURED_ELSEWHERE = "measured-elsewhere"
    """The report comes from another tool or device, which does not say."""


@dataclass(frozen=True, slots=True)
class Known(Generic[T_co]):
    """A measured value, with who said so."""

    value: T_co
    source: str
    """What the value rests on, as a short technical phrase (``STUN from 192.0.2.1:3478``)."""
    at_ms: float = 0.0
    """Milliseconds after the run began."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Not known, and why not."""

    reason: Reason
    detail: str = ""
    at_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Failed:
    """The attempt to find out broke: a fault of a program or a system, not a finding."""

    error: str
    at_ms: float = 0.0


Reading: TypeAlias = Known[T_co] | Unknown | Failed
"""What is held of one fact. Never a bare None."""

NOT_MEASURED = Unknown(Reason.NOT_MEASURED)


class CheckId(StrEnum):
    """The checks, by the ids that ``--only`` and ``--skip`` take."""

    LOCAL = "local"
    STUN = "stun"
    RELAY_TCP = "relay-tcp"
    CAPTIVE_PORTAL = "captive-portal"
    UPNP = "upnp"
    NAT_PMP = "nat-pmp"
    PCP = "pcp"
    BEHAVIOR = "behavior"
    COLLISION = "collision"
    CLASSIC = "classic"
    LIFETIME = "lifetime"
    HAIRPIN = "hairpin"
    LAYERS = "layers"
    FIREWALL = "firewall"
    ENVIRONMENT = "environment"
    TAILSCALE = "tailscale"


class CheckStatus(StrEnum):
    """How far a check is, and how it ended."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    """It ran to its end; what it found is in the readings."""
    TIMED_OUT = "timed-out"
    FAILED = "failed"
    """The check itself broke. Its readings are Failed; the run goes on."""
    SKIPPED = "skipped"
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        """Nothing more is to be expected of the check (but a late answer)."""
        return self not in (CheckStatus.WAITING, CheckStatus.RUNNING)


class Mapping(StrEnum):
    """RFC 4787 section 4.1, as far as measured."""

    ENDPOINT_INDEPENDENT = "endpoint-independent"
    ADDRESS_DEPENDENT = "address-dependent"
    ADDRESS_AND_PORT_DEPENDENT = "address-and-port-dependent"
    VARIES = "varies"
    """Two servers on one port differ: which of the two it depends on is open."""
    UNKNOWN = "unknown"


class Filtering(StrEnum):
    """RFC 4787 section 5, as far as measured."""

    ENDPOINT_INDEPENDENT = "endpoint-independent"
    ADDRESS_DEPENDENT = "address-dependent"
    ADDRESS_AND_PORT_DEPENDENT = "address-and-port-dependent"
    UNKNOWN = "unknown"


class Confidence(StrEnum):
    """How sure a conclusion is."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"
