"""The causes that lie in the way out: no network or a blocked one, relays that cannot help, another
tunnel, no IPv6.
"""

from __future__ import annotations

from probes.diagnosis.facts import Concluded, Facts
from probes.diagnosis.model import Actor, Confidence, NatClass, Result, Weight
from probes.diagnosis.rule import Match
from probes.model import Reason, Unknown
from probes.readings import captive_portal as portal
from probes.readings import local, relays, stun
from probes.readings.local import InterfaceKind


def no_network(known: Concluded) -> Match | None:
    """This system has no way out; or nobody answered, over whatever protocol."""
    facts = known.facts
    if facts.no_way_out:
        because = (local.WAY_OUT4.id, local.WAY_OUT6.id)
        return Match(Weight.BLOCKS, Actor.THIS_DEVICE, because)
    answers = facts.value(portal.ANSWERS)
    if answers or facts.is_true(portal.PRESENT):
        return None  # something answered, be it a sign-in page
    if facts.unasked(portal.ANSWERS) or facts.unasked(portal.PRESENT):
        return None
    if facts.is_false(stun.UDP) and facts.is_false(relays.TCP) and not facts.answered_at_all:
        because = (stun.UDP.id, relays.TCP.id)
        if _nobody_looked_for_a_page(facts):
            possible, missing = Confidence.POSSIBLE, (portal.PRESENT.id,)
            return Match(Weight.BLOCKS, Actor.THIS_DEVICE, because, possible, missing)
        return Match(Weight.BLOCKS, Actor.THIS_DEVICE, because, Confidence.LIKELY)
    return None


def _nobody_looked_for_a_page(facts: Facts) -> bool:
    page = facts.report[portal.PRESENT]
    never = (Reason.NOT_MEASURED, Reason.MEASURED_ELSEWHERE)
    return isinstance(page, Unknown) and page.reason in never


def captive_portal(known: Concluded) -> Match | None:
    """A sign-in page. Whoever has not signed in is the one who can."""
    facts = known.facts
    if not facts.is_true(portal.PRESENT):
        return None
    if facts.is_false(stun.UDP):
        because = (portal.PRESENT.id, stun.UDP.id)
        return Match(Weight.BLOCKS, Actor.THIS_DEVICE, because)
    return Match(Weight.NOTES, Actor.THIS_DEVICE, (portal.PRESENT.id,))


def udp_blocked(known: Concluded) -> Match | None:
    """No server answered over UDP, on any port, while the relays answer otherwise."""
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


def stun_blocked(known: Concluded) -> Match | None:
    """The relays' STUN port alone is silent: servers on other ports answered over UDP."""
    facts = known.facts
    if facts.tunnel or not facts.is_false(stun.UDP) or not facts.value(stun.ELSEWHERE):
        return None
    because = (stun.UDP.id, stun.ELSEWHERE.id)
    return Match(_without_stun(facts), Actor.NETWORK_ADMIN, because)


def _without_stun(facts: Facts) -> Weight:
    """Whoever has the public address itself needs nobody to tell it."""
    return Weight.NOTES if facts.nat4.nat_class is NatClass.NONE else Weight.BLOCKS


def relay_map_without_stun(known: Concluded) -> Match | None:
    """The relay map offers nobody who could tell an address."""
    facts = known.facts
    if not facts.value(relays.REGIONS) or facts.value(relays.STUN_REGIONS) != 0:
        return None
    because = (relays.REGIONS.id, relays.STUN_REGIONS.id)
    return Match(_without_stun(facts), Actor.TAILNET_ADMIN, because)


def other_vpn(known: Concluded) -> Match | None:
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
            # A tunnel that cannot be gone around leaves nothing else to judge.
            foremost = way_out.through_tunnel and facts.nat4.nat_class is NatClass.UNKNOWN
            return Match(Weight.NOTES, Actor.THIS_DEVICE, because, foremost=foremost)
    return None


def _ipv6_weight(known: Concluded) -> Weight:
    """IPv6 matters where IPv4 alone is not direct with an ordinary peer, and it would help."""
    if known.overruled is not None:
        return Weight.NOTES
    enough = known.outlook.easy.result in (Result.DIRECT, Result.UNKNOWN)
    return Weight.NOTES if enough else Weight.LIMITS


def ipv6_off(known: Concluded) -> Match | None:
    """The system itself has IPv6 switched off."""
    facts = known.facts
    if not facts.is_false(local.OS_IPV6) or not facts.answered_at_all:
        return None
    return Match(_ipv6_weight(known), Actor.THIS_DEVICE, (local.OS_IPV6.id,))


def ipv6_missing(known: Concluded) -> Match | None:
    """The system could, and has no IPv6 address or route."""
    facts = known.facts
    absent = facts.report.known(local.WAY_OUT6) and facts.value(local.WAY_OUT6) is None
    if not facts.is_true(local.OS_IPV6) or not absent or not facts.answered_at_all:
        return None
    because = (local.OS_IPV6.id, local.WAY_OUT6.id)
    return Match(_ipv6_weight(known), Actor.ROUTER, because)


def ipv6_filtered(known: Concluded) -> Match | None:
    """An address and a route, yet silence, while the same relays answer over IPv4."""
    facts = known.facts
    asked = facts.report.known(stun.ANSWERS6) and facts.value(stun.ANSWERS6) == ()
    if facts.tunnel or not asked or not facts.value(local.WAY_OUT6) or not facts.is_true(stun.UDP):
        return None
    because = (local.WAY_OUT6.id, stun.ANSWERS6.id, stun.ANSWERS4.id)
    return Match(_ipv6_weight(known), Actor.ROUTER, because, Confidence.LIKELY)
