"""What follows from a report: the values that the rules produce and every view renders.

Ids are stable: scripts, saved reports and the words in the app hang on them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from probes.model import Confidence as Confidence
from probes.model import Filtering as Filtering
from probes.model import Mapping as Mapping
from probes.values import dataclass

if TYPE_CHECKING:
    from probes.diagnosis.peer import PeerOutlook


class NatClass(StrEnum):
    """How hard it is for a peer to aim at this side (by mapping; filtering refines the pair)."""

    NONE = "none"
    EASY = "easy"
    HARD = "hard"
    UNKNOWN = "unknown"


class Weight(StrEnum):
    """What a cause does to a direct connection."""

    BLOCKS = "blocks"
    LIMITS = "limits"
    NOTES = "notes"


class Actor(StrEnum):
    """Who has to act on a cause."""

    THIS_DEVICE = "this-device"
    ROUTER = "router"
    SECOND_ROUTER = "second-router"
    ISP = "isp"
    PEER = "peer"
    NETWORK_ADMIN = "network-admin"
    TAILNET_ADMIN = "tailnet-admin"
    NOBODY = "nobody"


class CauseId(StrEnum):
    """The causes that have a rule. Each has its words in the app."""

    NO_NETWORK = "no-network"
    CAPTIVE_PORTAL = "captive-portal"
    UDP_BLOCKED = "udp-blocked"
    STUN_BLOCKED = "stun-blocked"
    HARD_NAT = "hard-nat"
    MULTI_WAN = "multi-wan"
    DOUBLE_NAT = "double-nat"
    CGNAT = "cgnat"
    INBOUND_BLOCKED = "inbound-blocked"
    NAT_STATE_COLLISION = "nat-state-collision"
    SHORT_MAPPING_LIFETIME = "short-mapping-lifetime"
    OTHER_VPN = "other-vpn"
    IPV6_OFF = "ipv6-off"
    IPV6_MISSING = "ipv6-missing"
    IPV6_FILTERED = "ipv6-filtered"
    RELAY_MAP_WITHOUT_STUN = "relay-map-without-stun"
    HOST_FIREWALL = "host-firewall"
    CLOUD_NAT = "cloud-nat"
    MOBILE_NETWORK = "mobile-network"
    CONTAINER = "container"
    VIRTUAL_MACHINE = "virtual-machine"
    KUBERNETES = "kubernetes"
    PORT_MAPPING_OFF = "port-mapping-off"
    PORT_MAPPING_BROKEN = "port-mapping-broken"
    PORT_CONFLICT = "port-conflict"
    FORCED_RELAY = "forced-relay"
    EXIT_NODE = "exit-node"
    NOT_CONNECTED = "not-connected"
    CLIENT_BUG = "client-bug"
    MTU = "mtu"
    # By the pair: only with a chosen peer.
    SAME_NETWORK = "same-network"
    PEER_SIDE = "peer-side"
    BOTH_HARD = "both-hard"
    SETTLING = "settling"


@dataclass(frozen=True, slots=True)
class Cause:
    """Something that stands between this side and a direct connection."""

    id: CauseId
    weight: Weight
    confidence: Confidence
    acts: Actor
    because: tuple[str, ...]
    """Ids of the readings that carry it."""
    missing: tuple[str, ...] = ()
    """Ids of the readings that would settle it."""
    foremost: bool = False
    """It comes before all the rest, whatever it weighs: as long as it lasts, the rest cannot be
    seen or is of no use."""
    there: Mechanism | None = None
    """What keeps the two apart at the other side, where that was measured; None: nobody read it."""

    @property
    def in_the_way(self) -> bool:
        """More than good to know."""
        return self.foremost or self.weight is not Weight.NOTES


class Result(StrEnum):
    """What is to be expected of a connection."""

    DIRECT = "direct"
    POSSIBLE = "possible"
    """It depends on something that was not or cannot be measured from here."""
    RELAYED = "relayed"
    UNKNOWN = "unknown"


class Mechanism(StrEnum):
    """How a connection comes about, or what keeps it from being direct. Words are the view's."""

    PEER_REACHES_US = "peer-reaches-us"
    """This side can be aimed at, and lets anybody in."""
    WE_REACH_PEER = "we-reach-peer"
    """The peer has an open public address; this side just sends to it."""
    HOLE_PUNCHED = "hole-punched"
    """Both send at once to a known endpoint; each side's own packet opens its filter."""
    FILTER_DECIDES = "filter-decides"
    """It hangs on this side's inbound filter, which was not measured."""
    MOVING_PORT = "moving-port"
    """The hard side's port cannot be known beforehand, and the other side's filter wants it."""
    PORT_STOLEN = "port-stolen"
    """A router takes the peer's first packet for itself, and then moves this side's port."""
    WHO_STARTS = "who-starts"
    """A port mapping before a host firewall: it works if the peer sends first."""
    NO_UDP = "no-udp"
    """UDP does not leave this network."""
    NO_COMMON_FAMILY = "no-common-family"
    """One side sends UDP over IPv4 alone, the other over IPv6 alone."""
    NO_ENDPOINT = "no-endpoint"
    """This side cannot learn its public endpoint, so nobody can be told where to aim."""
    NO_NETWORK = "no-network"
    NOT_MEASURED = "not-measured"
    PEER_FILTER_DECIDES = "peer-filter-decides"
    """It hangs on the other side's inbound filter, which was not measured."""
    MAPPING_DECIDES = "mapping-decides"
    """It hangs on whether this side's router opens a port on request, which was not tried."""
    PEER_MAPPING_DECIDES = "peer-mapping-decides"
    """The same for the other side's router."""
    IPV6_DECIDES = "ipv6-decides"
    """IPv4 alone is not enough, and whether both sides have IPv6 was not measured."""
    SAME_LAN = "same-lan"
    """Both are in one local network and need no NAT at all."""
    HAIRPIN = "hairpin"
    """Both are behind one router, which sends packets for its own public address back inside."""
    NO_HAIRPIN = "no-hairpin"
    """Both are behind one router, in two networks, and it sends nothing back inside: it is direct
    only if the router passes packets between the two, which neither side sees."""
    LAN_DECIDES = "lan-decides"
    """Both are behind one public address; whether they reach each other inside is not known."""
    FORCED = "forced"
    """A setting of one side's Tailscale leaves only the relays."""
    SHUT_IN = "shut-in"
    """One side's own firewall lets none of the VPN's packets out."""
    SEEN_DIRECT = "seen-direct"
    """Tailscale itself uses a direct path to this peer."""
    SEEN_RELAYED = "seen-relayed"
    """Tailscale looked for a direct path to this peer long enough, and found none."""
    RELAYED_NOW = "relayed-now"
    """The peer was relayed when Tailscale was asked; every connection begins so."""
    PEER_NOT_MEASURED = "peer-not-measured"
    """Too little is known about the other side."""
    PEER_OFFLINE = "peer-offline"
    PEER_NOT_LISTED = "peer-not-listed"
    """No such peer was found among the tailnet's, or Tailscale could not be asked."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What this side can expect with one kind of peer (over IPv4)."""

    result: Result
    mechanism: Mechanism
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outlooks:
    """The outlook with a peer without NAT, behind an easy NAT, behind a hard one."""

    none: Outlook
    easy: Outlook
    hard: Outlook


@dataclass(frozen=True, slots=True)
class Nat:
    """One family's NAT as seen from here."""

    nat_class: NatClass
    mapping: Mapping
    filtering: Filtering
    port_preserved: bool | None
    confidence: Confidence
    because: tuple[str, ...]
    """Ids of the readings that carry the class."""
    missing: tuple[str, ...] = ()

    @property
    def varies(self) -> bool:
        """Each destination gets another endpoint, whether or not something makes up for it."""
        return self.mapping in (
            Mapping.ADDRESS_DEPENDENT,
            Mapping.ADDRESS_AND_PORT_DEPENDENT,
            Mapping.VARIES,
        )


class Verdict(StrEnum):
    """The one-word answer."""

    DIRECT = "direct"
    DEPENDS = "depends"
    RELAYED = "relayed"
    UNKNOWN = "unknown"


class Headline(StrEnum):
    """Which sentence sums it up; the words are the view's."""

    DIRECT_OPEN = "direct-open"
    """Public address on this device."""
    DIRECT_EASY = "direct-easy"
    CAPTIVE_PORTAL = "captive-portal"
    """A sign-in page, and nothing else gets out until the person has signed in."""
    DEPENDS_PORT_STOLEN = "depends-port-stolen"
    DEPENDS_MAPPING = "depends-mapping"
    """A hard NAT, whose router may open a port: that was not tried."""
    DEPENDS_OWN_FIREWALL = "depends-own-firewall"
    """A hard NAT, whose router opens a port; what comes in by it ends at this computer's rules."""
    DEPENDS_TOLD_BY_ROUTER = "depends-told-by-router"
    """No relay says where this side is seen; a port that its router opens may."""
    DEPENDS_UDP = "depends-udp"
    """No relay answers over UDP, and something speaks against its being stopped altogether."""
    DEPENDS_PORT_DOUBTED = "depends-port-doubted"
    """A hard NAT, whose router opens a port that was not seen to work."""
    RELAYED_HARD_NAT = "relayed-hard-nat"
    RELAYED_MULTI_WAN = "relayed-multi-wan"
    RELAYED_UDP_BLOCKED = "relayed-udp-blocked"
    RELAYED_STUN_BLOCKED = "relayed-stun-blocked"
    RELAYED_MAP_WITHOUT_STUN = "relayed-map-without-stun"
    RELAYED_FORCED = "relayed-forced"
    """A setting of Tailscale leaves only the relays."""
    RELAYED_SHUT_IN = "relayed-shut-in"
    """This computer's own firewall lets none of the VPN's packets out."""
    UNKNOWN_NO_NETWORK = "unknown-no-network"
    UNKNOWN_TUNNEL = "unknown-tunnel"
    UNKNOWN_TOO_LITTLE = "unknown-too-little"
    UNKNOWN_STILL_MEASURING = "unknown-still-measuring"
    # With a chosen peer, of that pair:
    PEER_DIRECT = "peer-direct"
    """It is direct now."""
    PEER_TURNED_DIRECT = "peer-turned-direct"
    """It began on a relay and turned direct while it was watched."""
    PEER_DIRECT_EXPECTED = "peer-direct-expected"
    PEER_SAME_NETWORK = "peer-same-network"
    """Not direct, though both are behind one public address."""
    PEER_BOTH_HARD = "peer-both-hard"
    PEER_OTHER_SIDE = "peer-other-side"
    """Not direct, and this side is not what stands in the way."""
    PEER_OWN_SIDE = "peer-own-side"
    """Not direct, for a cause on this side."""
    PEER_RELAYED = "peer-relayed"
    PEER_DEPENDS = "peer-depends"
    PEER_UNKNOWN = "peer-unknown"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All that follows from a report."""

    nat4: Nat
    nat6: Nat
    causes: tuple[Cause, ...]
    """First things first."""
    outlook: Outlooks
    verdict: Verdict
    """With a chosen peer, of that pair; else with an ordinary peer behind an easy NAT."""
    headline: Headline
    here: Headline
    """The same for this side alone, whatever peer was chosen."""
    peer: PeerOutlook | None = None
    """The pair with the peer that the person chose; None: none was chosen."""
