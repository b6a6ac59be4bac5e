"""What opens a way in at one side besides its own packets: a port mapping, a static forward; and
what this computer's own firewall then does with a stranger's packet.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import assert_never

from probes.addresses import AddressKind
from probes.diagnosis.facts import unasked
from probes.diagnosis.pairing import Leg
from probes.model import Family, Filtering, IPAddress
from probes.readings import firewall, port_mapping, tailscale
from probes.readings.firewall import Fate
from probes.readings.key import Key
from probes.readings.port_mapping import SERVICES, MappingProtocol, MappingTest
from probes.report import Report
from probes.values import dataclass

EIF, APDF = Filtering.ENDPOINT_INDEPENDENT, Filtering.ADDRESS_AND_PORT_DEPENDENT


class Held(StrEnum):
    """What is held of something that may or may not be so."""

    YES = "yes"
    MAYBE = "maybe"
    """It is offered, and was not tried."""
    DOUBT = "doubt"
    """Nothing speaks for it, and nothing rules it out."""
    NO = "no"


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether the router lets strangers in to the VPN's port."""

    held: Held
    seen: bool
    """A stranger's packet was seen to arrive through it."""
    because: tuple[str, ...]
    missing: tuple[str, ...] = ()
    through: bool = False
    """One came through the router, and this computer kept it out of the test's port."""


@dataclass(frozen=True, slots=True)
class HostFilter:
    """What this computer's own firewall does with unsolicited packets to the VPN's port."""

    fate: Fate
    sure: bool
    rules: bool
    """Some rule looks at such packets: those to another port may fare otherwise."""
    this_port: bool
    """A rule lets them pass, not a policy for all that no rule names."""
    because: tuple[str, ...]


def host_filter(report: Report, family: Family) -> HostFilter:
    """From the rules, as they were read for the VPN's port: Tailscale's own accept rule counts."""
    key = firewall.BY_FAMILY[family].inbound
    found = report.value(key)
    if found is None or found.fate is Fate.UNKNOWN:
        return HostFilter(Fate.UNKNOWN, False, True, False, ())
    this_port = found.lets_this_port_in
    return HostFilter(found.fate, found.sure, found.by is not None, this_port, (key.id,))


def opening(report: Report, family: Family) -> Opening:
    """The best of all ways in that the router may offer."""
    found = _forward(report) if family is Family.V4 else _pinhole(report)
    if family is Family.V4:
        for protocol in SERVICES:
            found = _better(found, _service(report, protocol))
    return found


_ORDER = (Held.NO, Held.DOUBT, Held.MAYBE, Held.YES)


def _better(one: Opening, other: Opening) -> Opening:
    ranks = [(_ORDER.index(each.held), each.seen) for each in (one, other)]
    best = one if ranks[0] >= ranks[1] else other
    if best.held is not Held.NO:
        missing = tuple(dict.fromkeys((*one.missing, *other.missing)))
        return replace(best, missing=() if best.held is Held.YES and best.seen else missing)
    return Opening(Held.NO, False, (*one.because, *other.because))


def _forward(report: Report) -> Opening:
    key = port_mapping.FORWARD
    found = report.value(key)
    if found is None:
        # Nobody guesses that a port was opened by hand; where the test was left out, nobody denies
        # it either.
        held = Held.MAYBE if unasked(report, key) else Held.DOUBT
        return Opening(held, False, (), (key.id,))
    return Opening(Held.YES if found.open else Held.NO, found.open, (key.id,))


def _pinhole(report: Report) -> Opening:
    key = port_mapping.PINHOLE6
    found = report.value(key)
    if found is None or not found.granted:
        return Opening(Held.NO, False, ())
    return _of_test(report, key, found, Family.V6)


def _service(report: Report, protocol: MappingProtocol) -> Opening:
    keys = SERVICES[protocol]
    if report.value(port_mapping.TAILSCALE_ASKS) is False:
        return Opening(Held.NO, False, (port_mapping.TAILSCALE_ASKS.id,))
    switched_off = "debug-disable-upnp" in (report.value(tailscale.ATTRIBUTES) or ())
    if switched_off and protocol is MappingProtocol.UPNP:
        return Opening(Held.NO, False, (tailscale.ATTRIBUTES.id,))
    test = report.value(keys.test)
    if test is not None:
        return _of_test(report, keys.test, test)
    present = report.value(keys.present)
    if present is None:
        # A router that nobody asked may well open ports: what was left out is not guessed.
        held = Held.MAYBE if unasked(report, keys.present) else Held.DOUBT
        return Opening(held, False, (), (keys.present.id,))
    if not present:
        return Opening(Held.NO, False, (keys.present.id,))
    external, error = report.value(keys.external), report.value(keys.error)
    if external is not None and _useless(external):
        return Opening(Held.NO, False, (keys.external.id,))
    if error is not None:
        return Opening(Held.DOUBT, False, (keys.error.id,), (keys.test.id,))
    return Opening(Held.MAYBE, False, (keys.present.id,), (keys.test.id,))


def _useless(address: IPAddress) -> bool:
    """The router's outer address is none that the internet knows: another NAT stands before it."""
    beyond = (AddressKind.PRIVATE, AddressKind.CARRIER, AddressKind.TRANSITION)
    return AddressKind.of(address) in beyond


def _of_test(
    report: Report, key: Key[MappingTest], test: MappingTest, family: Family = Family.V4
) -> Opening:
    """It may also be known that it was not the router that kept the packet out."""
    through = port_mapping.THROUGH[family]
    let = report.value(through)
    held, seen = _tested(test, host_filter(report, family))
    if held is Held.NO or seen or let is None:
        return Opening(held, seen, (key.id,))
    # Answers to what was sent do come in here, so it was the router, if the packet did not come;
    # unless the one that it threw away got in its own way.
    held = Held.YES if let else Held.DOUBT
    return Opening(held, False, (key.id, through.id), through=let)


def _tested(test: MappingTest, host: HostFilter) -> tuple[Held, bool]:
    """What a tried mapping is worth, and whether a stranger's packet came in through it."""
    if not test.granted or test.address_matches is False:
        return Held.NO, False
    if test.seen_from_outside is False and not (host.fate is Fate.BLOCKED and host.sure):
        # The packet may have come through the router, and been dropped by this computer: the test
        # has a port of its own, which a rule for the VPN's port does not let in.
        passed = host.fate is Fate.ALLOWED and not host.this_port
        return (Held.NO if passed else Held.MAYBE), False
    if test.seen_from_outside:
        return Held.YES, True
    # Where this computer drops every stranger's packet, none that was sent could be seen.
    return (Held.YES if test.address_matches else Held.MAYBE), False


@dataclass(frozen=True, slots=True)
class Ways:
    """Legs that are to be expected, and legs that are only not ruled out."""

    legs: tuple[Leg, ...]
    doubts: tuple[Leg, ...] = ()


def opened(leg: Leg, way_in: Opening, host: HostFilter) -> Ways:
    """A leg behind a NAT or a router's firewall, with the router's way in added where there is one.

    A router's way in lets everybody through the router; the computer's own firewall stays.
    """
    match way_in.held:
        case Held.YES:
            return _mapped(leg, host, seen=way_in.seen, through=way_in.through)
        case Held.MAYBE:
            with_it = _mapped(leg, host, seen=False)
            return Ways((leg, *with_it.legs), with_it.doubts)
        case Held.DOUBT:
            with_it = _mapped(leg, host, seen=False)
            return Ways((leg,), (*with_it.legs, *with_it.doubts))
        case Held.NO:
            return Ways((leg,))
        case _:
            assert_never(way_in.held)


def _mapped(leg: Leg, host: HostFilter, *, seen: bool, through: bool = False) -> Ways:
    """The leg with the mapped endpoint as well, for each thing that the computer may let in.

    A packet that meets the mapping is never taken by the router for itself.
    """
    mapped = replace(leg, stable=True, takes_strangers=False)
    everybody = replace(mapped, filtering=EIF, host_filtered=False)
    shut = replace(mapped, filtering=APDF, host_filtered=True)
    untried = replace(mapped, filtering=APDF, host_filtered=False)
    if host.fate is Fate.BLOCKED:
        return Ways((shut,)) if host.sure and not seen else Ways((shut, everybody))
    if seen:
        return Ways((everybody,))
    if through and host.this_port:
        # It came as far as the rules here, and they let in to the VPN's port whom they kept out of
        # the test's.
        return Ways((everybody,), () if host.sure else (shut,))
    if through:
        return Ways((everybody, shut))
    # Nobody was seen to come in: whatever else is on the way may still filter.
    return Ways((everybody, untried), () if host.fate is Fate.ALLOWED else (shut,))
