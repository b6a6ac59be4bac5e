"""The causes that lie on this device: its own firewall, what it runs inside of, its Tailscale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from probes.diagnosis.cloud import OneToOne, cloud_address
from probes.diagnosis.facts import Concluded, Facts
from probes.diagnosis.model import Actor, Confidence, Filtering, NatClass, Weight
from probes.diagnosis.overruled import By, forced, shut_in
from probes.diagnosis.rule import Match, When
from probes.diagnosis.surroundings import translator
from probes.model import Family
from probes.readings import environment, firewall, port_mapping, stun, tailscale
from probes.readings.environment import Surrounding
from probes.readings.firewall import Fate
from probes.readings.port_mapping import SERVICES
from probes.readings.tailscale import Backend

# --- this computer's own firewall -----------------------------------------------------------------


def host_firewall(known: Concluded) -> Match | None:
    """Own rules that keep the VPN's packets in, or strangers' out where strangers would get so far.

    Two sides with easy NATs send first, both of them, and need no rule for what comes in.
    """
    facts = known.facts
    keys = firewall.BY_FAMILY[Family.V4]
    into, out = facts.value(keys.inbound), shut_in(facts)
    if out is not None:
        above = known.overruled is not None and known.overruled.by is By.FIREWALL
        weight = Weight.BLOCKS if above or facts.is_false(stun.UDP) else Weight.LIMITS
        return Match(weight, out.acts, out.because, out.confidence)
    way_in = _way_in(facts)
    if into is None or into.fate is Fate.UNKNOWN:
        return _kept_out(facts, way_in)
    if into.fate is not Fate.BLOCKED or not way_in:
        return None
    sure = Confidence.CERTAIN if into.sure else Confidence.LIKELY
    return Match(Weight.LIMITS, Actor.THIS_DEVICE, (keys.inbound.id, *way_in), sure)


def _kept_out(facts: Facts, way_in: tuple[str, ...]) -> Match | None:
    """Rules that nobody may read, and a stranger's packet that ended here, behind the router.

    Only possible: they may well let in to the VPN's port, which was not the test's.
    """
    tests = [facts.value(keys.test) for keys in SERVICES.values()]
    seen = {test.seen_from_outside for test in tests if test is not None}
    if True in seen or False not in seen or not facts.is_true(port_mapping.LET_THROUGH):
        return None
    missing = (firewall.INBOUND4.id,)
    return Match(Weight.LIMITS, Actor.THIS_DEVICE, way_in, Confidence.POSSIBLE, missing)


def _way_in(facts: Facts) -> tuple[str, ...]:
    """The readings that show that strangers' packets get as far as this device."""
    if facts.nat4.nat_class is NatClass.NONE:
        return facts.nat4.because
    forward = facts.value(port_mapping.FORWARD)
    opened = (port_mapping.FORWARD.id,) if forward is not None and forward.open else ()
    mapped = tuple(
        keys.test.id
        for keys in SERVICES.values()
        if (test := facts.value(keys.test)) is not None
        and test.granted
        and test.address_matches is True
    )
    through = mapped and facts.is_true(port_mapping.LET_THROUGH)
    return (*opened, *mapped, *((port_mapping.LET_THROUGH.id,) if through else ()))


# --- what this device runs inside of --------------------------------------------------------------


def _inside(*kinds: Surrounding) -> When:
    def rule(known: Concluded) -> Match | None:
        found = translator(known.facts, *kinds)
        if found is None:
            return None
        return Match(Weight.NOTES, found.acts, found.because, found.confidence)

    return rule


def cloud_nat(known: Concluded) -> Match | None:
    """The cloud's NAT; its own word would settle whether it gives one address to one machine.

    An address that is this machine's alone keeps its ports, and lets in whom the cloud's rules let
    in. Where nobody looked whether strangers get in, it may be one, and nothing is claimed.
    """
    facts = known.facts
    found = _inside(Surrounding.CLOUD)(known)
    if found is None or not _shares(facts):
        return None
    address = cloud_address(facts.report)
    if address is None or address.how is not OneToOne.LIKELY:
        return found
    return replace(found, missing=(environment.METADATA.id,))


def _shares(facts: Facts) -> bool:
    """Something was seen that speaks against an address of the machine's own."""
    nat, told = facts.nat4, facts.value(environment.METADATA)
    seen = facts.value(stun.ENDPOINT4)
    if told is not None and told.address is not None and seen is not None:
        return told.address != seen.address
    filters = nat.filtering not in (Filtering.ENDPOINT_INDEPENDENT, Filtering.UNKNOWN)
    return nat.varies or nat.port_preserved is False or filters


mobile_network = _inside(Surrounding.MOBILE)
container = _inside(Surrounding.CONTAINER)
virtual_machine = _inside(Surrounding.VIRTUAL_MACHINE, Surrounding.WSL)
kubernetes = _inside(Surrounding.KUBERNETES)


# --- Tailscale ------------------------------------------------------------------------------------

RANDOM_PORT = "randomize-client-port"


def forced_relay(known: Concluded) -> Match | None:
    """A setting of this device or of the tailnet's policy that leaves only the relays."""
    found = forced(known.facts)
    if found is None:
        return None
    if known.overruled is not None and known.overruled.by is By.SETTING:
        return Match(Weight.BLOCKS, found.acts, found.because, found.confidence)
    # A peer is direct all the same: it holds from the next start at the earliest.
    because = (*found.because, tailscale.PEERS.id)
    return Match(Weight.LIMITS, found.acts, because, Confidence.LIKELY)


def port_conflict(known: Concluded) -> Match | None:
    """The daemon was told a port and listens on another: something else holds it."""
    facts = known.facts
    wanted, used = facts.value(environment.SET_PORT), facts.value(tailscale.PORT)
    attributes = facts.value(tailscale.ATTRIBUTES)
    if not wanted or used is None or used == wanted:
        return None
    if attributes is None or RANDOM_PORT in attributes:
        return None  # the policy has the last word about the port
    because = (environment.SET_PORT.id, tailscale.PORT.id, tailscale.ATTRIBUTES.id)
    return Match(Weight.LIMITS, Actor.THIS_DEVICE, because)


def exit_node(known: Concluded) -> Match | None:
    """An exit node in use: what Tailscale's own test says then is of two networks at once."""
    if known.facts.value(tailscale.EXIT_NODE) is None:
        return None
    return Match(Weight.NOTES, Actor.THIS_DEVICE, (tailscale.EXIT_NODE.id,))


UNCONNECTED: Mapping[Backend, Actor] = {
    Backend.NO_DAEMON: Actor.THIS_DEVICE,
    Backend.STOPPED: Actor.THIS_DEVICE,
    Backend.NEEDS_LOGIN: Actor.THIS_DEVICE,
    Backend.NEEDS_APPROVAL: Actor.TAILNET_ADMIN,
}
"""States in which nothing is connected, and who can end them."""


def not_connected(known: Concluded) -> Match | None:
    """Tailscale is installed, and stopped, logged out or not let in yet: nothing is connected."""
    state = known.facts.value(tailscale.STATE)
    acts = None if state is None else UNCONNECTED.get(state)
    if acts is None:
        return None
    return Match(Weight.NOTES, acts, (tailscale.STATE.id,), foremost=True)


def client_bug(known: Concluded) -> Match | None:
    """A known fault of the installed version fits what was found."""
    if not known.facts.value(environment.CLIENT_BUGS):
        return None
    because = (environment.CLIENT_BUGS.id,)
    return Match(Weight.NOTES, Actor.THIS_DEVICE, because, Confidence.LIKELY)
