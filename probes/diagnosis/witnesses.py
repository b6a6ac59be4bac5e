"""What a contradiction between witnesses is made of."""

from __future__ import annotations

from enum import StrEnum

from probes.values import dataclass


class Topic(StrEnum):
    """What the accounts are about."""

    UDP = "udp"
    """Whether UDP works."""
    ADDRESS = "address"
    """The public IPv4 address."""
    IPV6 = "ipv6"
    """Whether IPv6 works."""
    MAPPING = "mapping"
    """Whether the IPv4 mapping varies by destination."""
    FILTERING = "filtering"
    """Whom the IPv4 NAT lets in."""
    UPNP = "upnp"
    NAT_PMP = "nat-pmp"
    PCP = "pcp"


class Witness(StrEnum):
    """Who says so."""

    PROBES = "probes"
    """This program's own measurements."""
    NETCHECK = "netcheck"
    """`tailscale netcheck`: Tailscale's means, from a socket of its own."""
    DAEMON = "daemon"
    """The endpoints that the Tailscale daemon advertises: its own socket."""
    PYSTUN3 = "pystun3"


class Likely(StrEnum):
    """Why they contradict each other, as far as can be said."""

    CLIENT_BUG = "client-bug"
    """A known fault of this Tailscale version says so falsely."""
    EXIT_NODE = "exit-node"
    """Tailscale's answers came through the exit node in use."""
    OTHER_TUNNEL = "other-tunnel"
    """A tunnel holds the default route, and not every witness goes around it."""
    NOT_CONNECTED = "not-connected"
    """Tailscale is stopped or logged out: what it says is old, or was not asked for."""
    ONE_ANSWER_ONLY = "one-answer-only"
    """One of them had no more than one answer."""
    OTHER_PORT = "other-port"
    """The daemon speaks from its own port, the probes from others, and the router treats that port
    in a way of its own."""
    SLOW_ROUTER = "slow-router"
    """netcheck looks once, for a quarter of a second."""
    NOT_ASKED = "not-asked"
    """Tailscale does not ask a router with such an address."""
    OTHER_BOX = "other-box"
    """netcheck takes the answer of any box for the router's."""
    SEVERAL_WAYS_OUT = "several-ways-out"
    """The network leads out by more than one address."""
    STUN_PORT = "stun-port"
    """Tailscale asks the relays alone, and the way to their STUN port is shut."""
    ONLY_TCP = "only-tcp"
    """The tailnet's policy keeps Tailscale on this device to TCP."""
    ONE_SERVER = "one-server"
    """pystun3 asks one server and takes it at its word."""
    OTHER_MOMENT = "other-moment"
    """They looked at different moments; nothing here says more."""


@dataclass(frozen=True, slots=True)
class Account:
    """What one witness says."""

    witness: Witness
    says: str
    """``yes``, ``no``, an address, or an id of the topic's own values."""
    reading: str
    """Id of the reading that it is taken from."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A contradiction."""

    what: Topic
    accounts: tuple[Account, ...]
    likely_because: Likely
    because: tuple[str, ...]
    """Ids of the readings that make the reason likely."""
