"""The causes: a table of rules. Each looks at the facts and says whether, how surely, and why.

A rule never fires on an unknown reading, and none depends on another's place in the table; the
order of the table is only the order in which causes of one weight are shown.
"""

from __future__ import annotations

from probes.diagnosis import causes_device
from probes.diagnosis.causes_pair import PAIR_RULES
from probes.diagnosis.facts import Concluded, Facts
from probes.diagnosis.layers import Evidence, carrier_nat, double_nat
from probes.diagnosis.model import (
    Actor,
    Cause,
    CauseId,
    Confidence,
    Filtering,
    NatClass,
    Result,
    Weight,
)
from probes.diagnosis.nat import mapping_answers, ways_in
from probes.diagnosis.peer import Between
from probes.diagnosis.rule import Match, When
from probes.diagnosis.surroundings import who_acts
from probes.model import Family, Reason, Unknown
from probes.readings import (
    behavior,
    captive_portal,
    firewall,
    lifetime,
    local,
    port_mapping,
    relays,
    stun,
)
from probes.readings.firewall import Fate
from probes.readings.local import InterfaceKind


def _no_network(known: Concluded) -> Match | None:
    facts = known.facts
    if facts.no_way_out:
        because = (local.WAY_OUT4.id, local.WAY_OUT6.id)
        return Match(Weight.BLOCKS, Actor.THIS_DEVICE, because)
    if facts.value(captive_portal.ANSWERS) or facts.unasked(captive_portal.ANSWERS):
        return None  # something answered, be it a sign-in page; or nobody asked for one
    if facts.is_false(stun.UDP) and facts.is_false(relays.TCP) and not facts.answered_at_all:
        because = (stun.UDP.id, relays.TCP.id)
        return Match(Weight.BLOCKS, Actor.THIS_DEVICE, because, Confidence.LIKELY)
    return None


def _captive_portal(known: Concluded) -> Match | None:
    """A sign-in page. Whoever has not signed in is the one who can."""
    facts = known.facts
    if not facts.is_true(captive_portal.PRESENT):
        return None
    if facts.is_false(stun.UDP):
        because = (captive_portal.PRESENT.id, stun.UDP.id)
        return Match(Weight.BLOCKS, Actor.THIS_DEVICE, because)
    return Match(Weight.NOTES, Actor.THIS_DEVICE, (captive_portal.PRESENT.id,))


def _udp_blocked(known: Concluded) -> Match | None:
    facts = known.facts
    if facts.tunnel or not facts.is_false(stun.UDP):
        return None
    others = tuple(key.id for key in (relays.TCP, relays.ICMP4) if facts.is_true(key))
    if not others:
        return None
    if _silent_elsewhere(facts):
        because = (stun.UDP.id, stun.ELSEWHERE.id, *others)
        return Match(Weight.BLOCKS, Actor.NETWORK_ADMIN, because)
    if _nobody_elsewhere(facts):
        because, missing = (stun.UDP.id, *others), (stun.ELSEWHERE.id,)
        return Match(Weight.BLOCKS, Actor.NETWORK_ADMIN, because, Confidence.LIKELY, missing)
    return None


def _silent_elsewhere(facts: Facts) -> bool:
    """Servers on other ports were asked, and none of them answered either."""
    return facts.report.known(stun.ELSEWHERE) and not facts.value(stun.ELSEWHERE)


def _nobody_elsewhere(facts: Facts) -> bool:
    """No server on another port could be asked: where names do not resolve, for one."""
    elsewhere = facts.report[stun.ELSEWHERE]
    return isinstance(elsewhere, Unknown) and elsewhere.reason is Reason.NO_SERVER


def _stun_blocked(known: Concluded) -> Match | None:
    facts = known.facts
    if facts.tunnel or not facts.is_false(stun.UDP) or not facts.value(stun.ELSEWHERE):
        return None
    because = (stun.UDP.id, stun.ELSEWHERE.id)
    return Match(_without_stun(facts), Actor.NETWORK_ADMIN, because)


def _without_stun(facts: Facts) -> Weight:
    """Whoever has the public address itself needs nobody to tell it."""
    return Weight.NOTES if facts.nat4.nat_class is NatClass.NONE else Weight.BLOCKS


def _hard_nat(known: Concluded) -> Match | None:
    """Another port for each destination. A way in from outside takes the sting out of it."""
    nat = known.facts.nat4
    if not nat.varies:
        return None
    weight = Weight.BLOCKS if nat.nat_class is NatClass.HARD else Weight.NOTES
    # What the own router opens does not get through a provider's NAT before it.
    usual = Actor.ISP if carrier_nat(known.facts.report) is not None else Actor.ROUTER
    return Match(weight, who_acts(known.facts, usual), nat.because, nat.confidence)


def _multi_wan(known: Concluded) -> Match | None:
    """Answers differ in the address, while each address keeps its port."""
    nat = known.facts.nat4
    if not nat.varies:
        return None
    mapped = [answer.mapped for answer in mapping_answers(known.facts.report, Family.V4)]
    addresses = {each.address for each in mapped}
    ports = {each.port for each in mapped}
    # One answer for each address shows nothing about keeping, unless all have the same port.
    if len(addresses) < 2 or len(set(mapped)) > len(addresses):
        return None
    if len(ports) > 1 and len(mapped) == len(addresses):
        return None
    # A note: it names what the hard NAT is made of, and stands beside it.
    return Match(Weight.NOTES, Actor.ROUTER, nat.because, Confidence.LIKELY)


def _layer(evidence: Evidence | None, acts: Actor, known: Concluded) -> Match | None:
    """A second NAT on the way: in itself no obstacle, but a hard NAT's remedies end at it."""
    if evidence is None:
        return None
    nat = known.facts.nat4
    if nat.nat_class is NatClass.HARD:
        because = tuple(dict.fromkeys((*evidence.because, *nat.because)))
        return Match(Weight.LIMITS, acts, because, evidence.confidence)
    return Match(Weight.NOTES, acts, evidence.because, evidence.confidence)


def _double_nat(known: Concluded) -> Match | None:
    return _layer(double_nat(known.facts.report), Actor.SECOND_ROUTER, known)


def _cgnat(known: Concluded) -> Match | None:
    return _layer(carrier_nat(known.facts.report), Actor.ISP, known)


def _inbound_blocked(known: Concluded) -> Match | None:
    """A public address on the device itself, but strangers' packets do not get in."""
    nat = known.facts.nat4
    found = known.facts.value(behavior.FILTERING4)
    if nat.nat_class is not NatClass.NONE or found is None:
        return None
    if found.filtering in (Filtering.ENDPOINT_INDEPENDENT, Filtering.UNKNOWN):
        return None
    if ways_in(known.facts.report):
        return None  # the test used other ports: strangers do reach the VPN's own
    because = (*nat.because, behavior.FILTERING4.id)
    host = known.facts.value(firewall.INBOUND4)
    if host is not None and host.fate is Fate.BLOCKED:
        # No need to look further: this computer's own rules keep strangers out.
        because = (*because, firewall.INBOUND4.id)
        return Match(Weight.LIMITS, Actor.THIS_DEVICE, because, found.confidence)
    if host is not None and host.lets_this_port_in:
        # The rules let the VPN's port in by name: they may have dropped what the test sent.
        possible, missing = Confidence.POSSIBLE, (port_mapping.FORWARD.id,)
        return Match(Weight.LIMITS, Actor.NETWORK_ADMIN, because, possible, missing)
    return Match(Weight.LIMITS, Actor.NETWORK_ADMIN, because, found.confidence)


def _nat_state_collision(known: Concluded) -> Match | None:
    """A note where strangers are let in anyway: such a packet is never the router's own."""
    if not known.facts.is_true(behavior.COLLISION):
        return None
    opened = ways_in(known.facts.report)
    weight = Weight.NOTES if opened else Weight.LIMITS
    return Match(weight, Actor.ROUTER, (behavior.COLLISION.id, *opened))


VERY_SHORT_S = 30
"""Gone by then, a mapping dies between the keepalives of most programs."""
SHORT_S = 120
"""What a NAT owes at least (RFC 4787 REQ-5)."""


def _short_mapping_lifetime(known: Concluded) -> Match | None:
    found = known.facts.value(lifetime.LIFETIME4)
    if found is None or found.expired_s is None or found.expired_s >= SHORT_S:
        return None
    # What the router lets in for good does not hang on what it remembers.
    opened = ways_in(known.facts.report)
    limits = found.expired_s <= VERY_SHORT_S and not opened
    weight = Weight.LIMITS if limits else Weight.NOTES
    return Match(weight, Actor.ROUTER, (lifetime.LIFETIME4.id, *opened))


def _mtu(known: Concluded) -> Match | None:
    """Large packets are lost on the way out, while small ones pass."""
    found = known.facts.value(behavior.LARGE4)
    if found is None or found.passed or known.facts.tunnel:
        return None
    because = (behavior.LARGE4.id,)
    return Match(Weight.LIMITS, Actor.NETWORK_ADMIN, because, Confidence.LIKELY)


def _relay_map_without_stun(known: Concluded) -> Match | None:
    facts = known.facts
    if not facts.value(relays.REGIONS) or facts.value(relays.STUN_REGIONS) != 0:
        return None
    because = (relays.REGIONS.id, relays.STUN_REGIONS.id)
    return Match(_without_stun(facts), Actor.TAILNET_ADMIN, because)


def _other_vpn(known: Concluded) -> Match | None:
    """A tunnel other than the tailnet's holds the default route, evaded by binding or not."""
    facts = known.facts
    tunnels = {
        face.name
        for face in facts.value(local.INTERFACES) or ()
        if face.kind is InterfaceKind.TUNNEL
    }
    for key in (local.WAY_OUT4, local.WAY_OUT6):
        way_out = facts.value(key)
        if way_out is not None and way_out.tunnel in tunnels:
            because = (key.id, local.INTERFACES.id)
            return Match(Weight.NOTES, Actor.THIS_DEVICE, because)
    return None


def _ipv6_weight(known: Concluded) -> Weight:
    """IPv6 matters where IPv4 alone is not direct with an ordinary peer, and it would help."""
    if known.overruled is not None:
        return Weight.NOTES
    enough = known.outlook.easy.result in (Result.DIRECT, Result.UNKNOWN)
    return Weight.NOTES if enough else Weight.LIMITS


def _ipv6_off(known: Concluded) -> Match | None:
    facts = known.facts
    if not facts.is_false(local.OS_IPV6) or not facts.answered_at_all:
        return None
    return Match(_ipv6_weight(known), Actor.THIS_DEVICE, (local.OS_IPV6.id,))


def _ipv6_missing(known: Concluded) -> Match | None:
    facts = known.facts
    absent = facts.report.known(local.WAY_OUT6) and facts.value(local.WAY_OUT6) is None
    if not facts.is_true(local.OS_IPV6) or not absent or not facts.answered_at_all:
        return None
    because = (local.OS_IPV6.id, local.WAY_OUT6.id)
    return Match(_ipv6_weight(known), Actor.ROUTER, because)


def _ipv6_filtered(known: Concluded) -> Match | None:
    """An address and a route, yet silence, while the same relays answer over IPv4."""
    facts = known.facts
    asked = facts.report.known(stun.ANSWERS6) and facts.value(stun.ANSWERS6) == ()
    if facts.tunnel or not asked or not facts.value(local.WAY_OUT6) or not facts.is_true(stun.UDP):
        return None
    because = (local.WAY_OUT6.id, stun.ANSWERS6.id, stun.ANSWERS4.id)
    return Match(_ipv6_weight(known), Actor.ROUTER, because, Confidence.LIKELY)


RULES: dict[CauseId, When] = {
    CauseId.CAPTIVE_PORTAL: _captive_portal,
    CauseId.NO_NETWORK: _no_network,
    CauseId.UDP_BLOCKED: _udp_blocked,
    CauseId.STUN_BLOCKED: _stun_blocked,
    CauseId.FORCED_RELAY: causes_device.forced_relay,
    CauseId.RELAY_MAP_WITHOUT_STUN: _relay_map_without_stun,
    CauseId.HOST_FIREWALL: causes_device.host_firewall,
    CauseId.MULTI_WAN: _multi_wan,
    CauseId.HARD_NAT: _hard_nat,
    CauseId.DOUBLE_NAT: _double_nat,
    CauseId.CGNAT: _cgnat,
    CauseId.CLOUD_NAT: causes_device.cloud_nat,
    CauseId.MOBILE_NETWORK: causes_device.mobile_network,
    CauseId.CONTAINER: causes_device.container,
    CauseId.VIRTUAL_MACHINE: causes_device.virtual_machine,
    CauseId.KUBERNETES: causes_device.kubernetes,
    CauseId.OTHER_VPN: _other_vpn,
    CauseId.INBOUND_BLOCKED: _inbound_blocked,
    CauseId.NAT_STATE_COLLISION: _nat_state_collision,
    CauseId.SHORT_MAPPING_LIFETIME: _short_mapping_lifetime,
    CauseId.MTU: _mtu,
    CauseId.PORT_MAPPING_OFF: causes_device.port_mapping_off,
    CauseId.PORT_MAPPING_BROKEN: causes_device.port_mapping_broken,
    CauseId.IPV6_OFF: _ipv6_off,
    CauseId.IPV6_MISSING: _ipv6_missing,
    CauseId.IPV6_FILTERED: _ipv6_filtered,
    CauseId.PORT_CONFLICT: causes_device.port_conflict,
    CauseId.EXIT_NODE: causes_device.exit_node,
    CauseId.NOT_CONNECTED: causes_device.not_connected,
    CauseId.CLIENT_BUG: causes_device.client_bug,
}
"""One rule for each cause that one side has by itself; those of a pair are `PAIR_RULES`."""

_ORDER = (Weight.BLOCKS, Weight.LIMITS, Weight.NOTES)


def causes_of(known: Concluded, pair: Between | None = None) -> tuple[Cause, ...]:
    """The causes that hold, the weightiest first; with a chosen peer those of the pair too."""
    found = [(cause, when(known)) for cause, when in RULES.items()]
    if pair is not None:
        found += [(cause, when(pair)) for cause, when in PAIR_RULES.items()]
    causes = [
        Cause(cause, match.weight, match.confidence, match.acts, match.because, match.missing)
        for cause, match in found
        if match is not None
    ]
    return tuple(sorted(causes, key=lambda cause: _ORDER.index(cause.weight)))
