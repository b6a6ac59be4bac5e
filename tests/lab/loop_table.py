"""The table of the closed loop: for each cause a site where it is, a partner that it keeps away,
and how each change that the program offers is made there for real.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

from probes.diagnosis.model import CauseId, Weight
from probes.diagnosis.remedies import RemedyId as R
from probes.diagnosis.what_if import Whose
from tests.lab import loop_hands as hands
from tests.lab.loop_place import Hand, Spot
from tests.lab.sites import SITES, IPv6, Outer, Site

_NEVER: Mapping[R, str] = MappingProxyType(
    {
        R.PEER_RELAY: "a relay of one's own is no direct connection",
        R.RUN_THERE: "it measures, and changes nothing",
    }
)


class After(StrEnum):
    """What becomes of the cause."""

    GONE = "gone"
    NOTE = "note"
    """It is there, and does no harm any more."""
    STAYS = "stays"
    """It is there as before, and another way leads past it."""


@dataclass(frozen=True, slots=True)
class Cure:
    """One change, made for real: by hand, then by the commands that the program shows."""

    remedy: R
    hand: Hand | None = None
    after: After = After.GONE
    whose: Whose = Whose.THIS
    partner: str = ""
    """Where the change helps with another kind of partner than the row's."""
    book: bool = False
    """The program's own commands are run, in their order."""
    then: Hand | None = None
    """Waits for what comes of it."""
    promise: str = "direct"
    """What `pair` says of the pair after it."""
    why: str = ""
    """Why the cause stays, or why nobody can promise a direct path."""


@dataclass(frozen=True, slots=True)
class Row:
    """A cause at a site."""

    cause: CauseId
    site: str
    partner: str
    weight: Weight
    cures: tuple[Cure, ...]
    exempt: Mapping[R, str] = field(default_factory=lambda: _NEVER)
    """Changes that cannot be the cure here, with the reason."""
    before: str = "relayed"
    """What `pair` says of the pair before."""
    packets: str = "relayed"
    """What they do before. Where they go direct already, the cure is that the cause goes."""

    @property
    def id(self) -> str:
        """Of the test."""
        return f"{self.cause}-{self.site}-{self.partner}"


def _hard(**more: object) -> Site:
    return replace(SITES["hard-home"], **more)  # type: ignore[arg-type]


SPOTS: dict[str, Spot] = {
    **{name: Spot(SITES[name]) for name in ("easy-home", "hard-home", "hard-home-ipv6")},
    "wan-open": Spot(SITES["easy-home-wan-open"]),
    "mapping-denied": Spot(SITES["hard-home"], hands.mapping_denied),
    "mapping-without-effect": Spot(SITES["hard-home"], hands.mapping_without_effect, as_root=True),
    "double-nat": Spot(
        _hard(outer=Outer.SECOND_ROUTER),
        hands.both(hands.accept_ipv6, hands.two_mapping_routers),
    ),
    "carrier": Spot(SITES["cgnat"], hands.accept_ipv6),
    "public-firewall": Spot(SITES["public-firewall"]),
    "public-nft": Spot(SITES["public"], hands.nft_firewall, as_root=True),
    "mapped-nft": Spot(
        SITES["easy-home"], hands.both(hands.port_mapping, hands.nft_firewall), as_root=True
    ),
    "mapped-iptables": Spot(
        SITES["easy-home"], hands.both(hands.port_mapping, hands.iptables_firewall), as_root=True
    ),
    "mapped-ufw": Spot(
        SITES["easy-home"], hands.both(hands.port_mapping, hands.ufw_firewall), as_root=True
    ),
    "outbound-cut": Spot(SITES["easy-home"], hands.outbound_cut, as_root=True),
    "udp-dropped": Spot(SITES["udp-dropped"], as_root=True),
    "stun-dropped": Spot(SITES["stun-dropped"], hands.accept_ipv6),
    "no-ipv6": Spot(SITES["hard-home"], hands.accept_ipv6),
    "ipv6-off": Spot(_hard(ipv6=IPv6.DISABLED), hands.both(hands.accept_ipv6, hands.offer_ipv6)),
    "ipv6-filtered": Spot(_hard(ipv6=IPv6.FILTERED)),
    "forgetful": Spot(
        replace(SITES["forgetful-home"], silence_s=15),
        ask=(
            *("--only", "local,stun,upnp,nat-pmp,pcp,behavior,lifetime"),
            *("--with", "lifetime", "--timeout", "40"),
        ),
    ),
    "taken-port": Spot(
        SITES["easy-home"],
        hands.taken_port,
        ("--skip", "classic,captive-portal"),
    ),
}
"""Every kind of connection in the table. What is offered to a device stands ready there."""

_THEIRS = "it is on this side, and the other one leads past it"
_OTHER = (
    Cure(R.PORT_MAPPING, hands.port_mapping, After.STAYS, Whose.OTHER, why=_THEIRS),
    Cure(R.FORWARD_PORT, hands.forward_port, After.STAYS, Whose.OTHER, why=_THEIRS),
)
"""Changes at a partner behind a hard NAT."""
_BESIDE = "IPv4 stays as it is, and IPv6 leads past it"


def _ipv6() -> Cure:
    """IPv6, for a cause that IPv4 has: it helps with partners that have it too."""
    return Cure(
        R.ENABLE_IPV6, hands.ENABLE_IPV6, After.STAYS, partner="hard-home-ipv6", why=_BESIDE
    )


def _host_firewall(spot: str) -> Row:
    return Row(
        CauseId.HOST_FIREWALL,
        spot,
        "hard-home",
        Weight.LIMITS,
        (Cure(R.ALLOW_INBOUND, None, book=True),),
    )


def _ipv6_row(cause: CauseId, spot: str, cure: Cure) -> Row:
    return Row(cause, spot, "hard-home-ipv6", Weight.LIMITS, (cure,))


def _hard_nat(partner: str) -> Row:
    return Row(
        CauseId.HARD_NAT,
        "no-ipv6",
        partner,
        Weight.BLOCKS,
        (
            Cure(R.PORT_MAPPING, hands.port_mapping, After.NOTE),
            Cure(R.FORWARD_PORT, hands.forward_port, After.NOTE),
            Cure(R.KEEP_ONE_PORT, hands.keep_one_port, partner="easy-home"),
            _ipv6(),
            *_OTHER,
        ),
    )


TABLE: tuple[Row, ...] = (
    # The longest first: it waits for a router to forget.
    Row(
        CauseId.SHORT_MAPPING_LIFETIME,
        "forgetful",
        "easy-home",
        Weight.LIMITS,
        (
            Cure(
                R.KEEP_TRAFFIC,
                hands.keep_traffic,
                After.STAYS,
                book=True,
                why="the router stays as it is, and the path is kept",
            ),
            Cure(R.LONGER_UDP_TIME, hands.remember_longer),
            Cure(R.PORT_MAPPING, hands.port_mapping, After.NOTE),
            Cure(R.FORWARD_PORT, hands.forward_port, After.NOTE),
        ),
        before="direct",
        packets="direct",
    ),
    Row(
        CauseId.PORT_MAPPING_OFF,
        "no-ipv6",
        "hard-home",
        Weight.LIMITS,
        (
            Cure(R.PORT_MAPPING, hands.port_mapping),
            Cure(R.FORWARD_PORT, hands.forward_port, After.NOTE),
            *_OTHER,
        ),
    ),
    _hard_nat("hard-home"),
    _hard_nat("easy-home"),
    Row(
        CauseId.DOUBLE_NAT,
        "double-nat",
        "hard-home",
        Weight.LIMITS,
        (
            Cure(R.FORWARD_TWICE, hands.forward_twice, After.NOTE),
            Cure(R.BRIDGE, hands.bridge),
            Cure(R.ACCESS_POINT, hands.access_point),
            Cure(R.EXPOSED_HOST, hands.exposed_host, After.NOTE),
            _ipv6(),
            *_OTHER,
        ),
    ),
    Row(
        CauseId.HARD_NAT,
        "double-nat",
        "hard-home",
        Weight.BLOCKS,
        (Cure(R.BRIDGE, hands.bridge, After.NOTE), _ipv6(), *_OTHER),
    ),
    Row(
        CauseId.PORT_MAPPING_BROKEN,
        "double-nat",
        "hard-home",
        Weight.LIMITS,
        # The first step of the repair is to take care of the box in front.
        (Cure(R.BRIDGE, hands.bridge), Cure(R.REPAIR_MAPPING, hands.bridge), *_OTHER),
    ),
    *(
        Row(
            cause,
            "carrier",
            "hard-home",
            weight,
            (Cure(R.PUBLIC_ADDRESS, hands.bridge), *more, *_OTHER),
        )
        for cause, weight, more in (
            (CauseId.CGNAT, Weight.LIMITS, (_ipv6(),)),
            (CauseId.HARD_NAT, Weight.BLOCKS, (_ipv6(),)),
            (CauseId.PORT_MAPPING_OFF, Weight.LIMITS, ()),
        )
    ),
    Row(
        CauseId.INBOUND_BLOCKED,
        "public-firewall",
        "hard-home",
        Weight.LIMITS,
        (Cure(R.OPEN_FIREWALL, hands.open_firewall), *_OTHER),
        exempt={
            **_NEVER,
            R.ALLOW_INBOUND: "perhaps: its own rules nobody may read; here it has none",
        },
    ),
    Row(
        CauseId.INBOUND_BLOCKED,
        "public-nft",
        "hard-home",
        Weight.LIMITS,
        (Cure(R.ALLOW_INBOUND, None, book=True), *_OTHER),
    ),
    _host_firewall("mapped-nft"),
    _host_firewall("mapped-iptables"),
    _host_firewall("mapped-ufw"),
    Row(
        CauseId.HOST_FIREWALL,
        "outbound-cut",
        "easy-home",
        Weight.BLOCKS,
        (Cure(R.ALLOW_OUTBOUND, None, book=True),),
    ),
    Row(
        CauseId.PORT_MAPPING_BROKEN,
        "mapping-denied",
        "hard-home",
        Weight.LIMITS,
        (
            Cure(R.REPAIR_MAPPING, hands.mapping_allowed),
            Cure(R.FORWARD_PORT, hands.forward_port, After.NOTE),
            *_OTHER,
        ),
    ),
    Row(
        CauseId.PORT_MAPPING_BROKEN,
        "mapping-without-effect",
        "hard-home",
        Weight.LIMITS,
        (
            Cure(R.REPAIR_MAPPING, hands.mapping_allowed),
            Cure(R.FORWARD_PORT, hands.forward_port, After.NOTE),
            *_OTHER,
        ),
    ),
    Row(
        CauseId.UDP_BLOCKED,
        "udp-dropped",
        "easy-home",
        Weight.BLOCKS,
        (
            Cure(R.OTHER_NETWORK, hands.other_network),
            Cure(R.UNBLOCK_UDP, hands.lift("meta l4proto udp drop")),
        ),
    ),
    Row(
        CauseId.UDP_BLOCKED,
        "outbound-cut",
        "easy-home",
        Weight.BLOCKS,
        (Cure(R.ALLOW_OUTBOUND, None, book=True),),
    ),
    Row(
        CauseId.STUN_BLOCKED,
        "stun-dropped",
        "easy-home",
        Weight.BLOCKS,
        (
            Cure(R.OTHER_NETWORK, hands.other_network),
            Cure(R.PORT_MAPPING, hands.port_mapping, After.STAYS, why="the mapping leads past it"),
            Cure(R.UNBLOCK_STUN, hands.lift("udp dport 3478 drop")),
            _ipv6(),
            *_OTHER,
        ),
    ),
    Row(
        CauseId.NAT_STATE_COLLISION,
        "wan-open",
        "easy-home",
        Weight.LIMITS,
        (
            Cure(R.DROP_STRANGERS, hands.drop_strangers),
            Cure(R.PORT_MAPPING, hands.port_mapping, After.NOTE),
            Cure(R.FORWARD_PORT, hands.forward_port, After.NOTE),
            *_OTHER,
        ),
        before="possible",
    ),
    _ipv6_row(
        CauseId.IPV6_OFF,
        "ipv6-off",
        Cure(R.ENABLE_IPV6_HERE, book=True, then=hands.ipv6_arrived),
    ),
    _ipv6_row(CauseId.IPV6_MISSING, "no-ipv6", Cure(R.ENABLE_IPV6, hands.ENABLE_IPV6)),
    _ipv6_row(
        CauseId.IPV6_FILTERED,
        "ipv6-filtered",
        Cure(R.UNBLOCK_IPV6, hands.lift("meta nfproto ipv6 meta l4proto udp drop")),
    ),
    Row(
        CauseId.PORT_CONFLICT,
        "taken-port",
        "easy-home",
        Weight.LIMITS,
        (Cure(R.FREE_PORT, hands.stop_holder, book=True), Cure(R.OWN_PORT, book=True)),
        before="direct",
        packets="direct",
    ),
)
