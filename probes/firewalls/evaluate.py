"""What a set of rules does with one packet: allowed, blocked, or not to be told; and by which rule.

The packet is an unsolicited UDP datagram between this device's VPN port and some host of the
internet that nobody can name beforehand. So a rule for one remote network does not concern it, and
one for half the internet may.

In Linux's packet filter an accept ends only the chain at hand: every base chain of every table at
the hook is asked in the order of priority, and one drop is enough.
"""

from __future__ import annotations

from enum import Enum, StrEnum
from ipaddress import ip_address
from typing import assert_never

from probes.firewalls.rules import (
    Act,
    AddressRange,
    Chain,
    ChainId,
    Condition,
    Hook,
    Rule,
    Ruleset,
    Subject,
)
from probes.model import Family, IPAddress
from probes.values import dataclass


class Direction(StrEnum):
    """Which way the packet goes."""

    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class Packet:
    """A UDP packet of a flow that the firewall has not seen before."""

    direction: Direction
    family: Family
    port: int
    """This device's port."""
    address: IPAddress | None
    """This device's address; None where it is not known."""
    interface: str
    """The interface by which it comes or leaves; "" where it is not known."""


class Verdict(StrEnum):
    """What happens to the packet."""

    ALLOWED = "allowed"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens to the packet, and which rule or policy says so."""

    verdict: Verdict
    place: str
    """Family, table and chain; "" where no chain looks at it at all."""
    rule: str
    """The rule's text, or ``policy accept``; "" where no chain looks at it at all."""


class _Truth(Enum):
    YES = "yes"
    NO = "no"
    MAYBE = "maybe"

    def negated(self) -> _Truth:
        return {_Truth.YES: _Truth.NO, _Truth.NO: _Truth.YES}.get(self, _Truth.MAYBE)


class _End(Enum):
    ACCEPT = "accept"
    DROP = "drop"
    FALL = "fall"
    """Out of the chain at its end, or by a return."""


_Ends = dict[_End, tuple[str, str]]
"""The ways in which a walk through a chain may end, each with place and rule of the first."""

DEEPEST = 32
"""Jumps inside jumps; the kernel itself allows 16 (nftables) of them."""

_HOOKS = {
    Direction.IN: (Hook.INGRESS, Hook.PREROUTING, Hook.INPUT),
    Direction.OUT: (Hook.OUTPUT, Hook.POSTROUTING),
}


def evaluate(ruleset: Ruleset, packet: Packet) -> Decision:
    """The fate of the packet."""
    walker = _Walker(ruleset, packet)
    unclear: tuple[str, str] | None = None
    accepted: tuple[str, str] | None = None
    for chain in _base_chains(ruleset, packet):
        ends = walker.base(chain)
        if _End.DROP in ends and len(ends) == 1:
            return Decision(Verdict.BLOCKED, *ends[_End.DROP])
        if _End.DROP in ends:
            unclear = unclear or ends[_End.DROP]
        elif chain.base is not None and not chain.base.nat:
            accepted = _telling(accepted, ends[_End.ACCEPT])
    if unclear is not None:
        return Decision(Verdict.UNKNOWN, *unclear)
    return Decision(Verdict.ALLOWED, *(accepted or ("", "")))


def _telling(before: tuple[str, str] | None, now: tuple[str, str]) -> tuple[str, str]:
    """A rule that lets the packet in says more than a policy that lets everything in."""
    return now if before is None or before[1].startswith("policy") else before


def _base_chains(ruleset: Ruleset, packet: Packet) -> list[Chain]:
    hooks = _HOOKS[packet.direction]
    families = {"inet", "netdev", "ip" if packet.family is Family.V4 else "ip6"}
    found = [
        chain
        for chain in ruleset.chains.values()
        if chain.base is not None
        and chain.base.hook in hooks
        and chain.family in families
        and chain.base.device in ("", packet.interface)
    ]
    return sorted(found, key=_order)


def _order(chain: Chain) -> tuple[int, int]:
    base = chain.base
    if base is None:
        raise ValueError(f"{chain.place} is no base chain")
    return list(Hook).index(base.hook), base.priority


class _Walker:
    """Walks each chain once: the packet stays the same, so a chain always ends the same way."""

    def __init__(self, ruleset: Ruleset, packet: Packet) -> None:
        self.ruleset = ruleset
        self.packet = packet
        self._known: dict[ChainId, _Ends] = {}
        self._open: set[ChainId] = set()
        self._marked = False
        """A rule that may mark the packet has been met."""

    def base(self, chain: Chain) -> _Ends:
        """The ends of a base chain: its policy decides what falls out of it."""
        ends = dict(self.walk(chain, 0))
        fell = ends.pop(_End.FALL, None)
        if fell is not None and chain.base is not None:
            end = _End.ACCEPT if chain.base.accepts else _End.DROP
            ends.setdefault(end, (chain.place, f"policy {end.value}"))
        return ends

    def walk(self, chain: Chain, depth: int) -> _Ends:
        key = (chain.family, chain.table, chain.name)
        known = self._known.get(key)
        if known is not None:
            return known
        ends: _Ends = {}
        self._open.add(key)
        for rule in chain.rules:
            truth = self._fits(rule)
            if truth is _Truth.NO:
                continue
            self._marked = self._marked or rule.marks
            outcome, goes_on = self._apply(chain, rule, depth)
            for end, decider in outcome.items():
                ends.setdefault(end, decider)
            if truth is _Truth.YES and not goes_on:
                break
        else:
            ends.setdefault(_End.FALL, (chain.place, ""))
        self._open.discard(key)
        self._known[key] = ends
        return ends

    def _apply(self, chain: Chain, rule: Rule, depth: int) -> tuple[_Ends, bool]:
        """How the walk may end at this rule, and whether it may go on behind it."""
        here = (chain.place, rule.text)
        match rule.act:
            case Act.ACCEPT:
                return {_End.ACCEPT: here}, False
            case Act.DROP:
                return {_End.DROP: here}, False
            case Act.RETURN:
                return {_End.FALL: here}, False
            case Act.CONTINUE:
                return {}, True
            case Act.UNCLEAR:
                return {_End.ACCEPT: here, _End.DROP: here}, False
            case Act.JUMP | Act.GOTO:
                key = (chain.family, chain.table, rule.target)
                target = self.ruleset.chains.get(key)
                # The kernel refuses loops; a text may hold anything.
                if target is None or key in self._open or depth >= DEEPEST:
                    return {_End.ACCEPT: here, _End.DROP: here}, True
                ends = dict(self.walk(target, depth + 1))
                if rule.act is Act.JUMP:
                    return ends, ends.pop(_End.FALL, None) is not None
                return ends, False
            case _:
                assert_never(rule.act)

    def _fits(self, rule: Rule) -> _Truth:
        result = _Truth.YES
        for condition in rule.conditions:
            truth = _holds(condition, self.packet)
            if condition.subject is Subject.MARK and self._marked:
                truth = _Truth.MAYBE
            if truth is _Truth.NO:
                return truth
            if truth is _Truth.MAYBE:
                result = truth
        return result


def _holds(condition: Condition, packet: Packet) -> _Truth:
    truth = _holds_plainly(condition, packet)
    return truth.negated() if condition.negated else truth


def _holds_plainly(condition: Condition, packet: Packet) -> _Truth:
    inward = packet.direction is Direction.IN
    match condition.subject:
        case Subject.PROTOCOL:
            return _truth(bool(condition.names & {"udp", "17", "all", "0"}))
        case Subject.FAMILY:
            return _truth(str(packet.family.value) in condition.names)
        case Subject.STATE:
            return _truth("new" in condition.names)
        case Subject.SOURCE_PORT:
            return _any_port(condition) if inward else _own_port(condition, packet)
        case Subject.DESTINATION_PORT:
            return _own_port(condition, packet) if inward else _any_port(condition)
        case Subject.SOURCE:
            return _any_host(condition, packet) if inward else _own_host(condition, packet)
        case Subject.DESTINATION:
            return _own_host(condition, packet) if inward else _any_host(condition, packet)
        case Subject.IN_INTERFACE:
            return _interface(condition, packet) if inward else _Truth.NO
        case Subject.OUT_INTERFACE:
            return _Truth.NO if inward else _interface(condition, packet)
        case Subject.ADDRESS_TYPE:
            return _truth(("local" if inward else "unicast") in condition.names)
        case Subject.MARK:
            return _truth("0" in condition.names)
        case Subject.NEVER:
            return _Truth.NO
        case Subject.UNCLEAR:
            return _Truth.MAYBE
        case _:
            assert_never(condition.subject)


def _truth(value: bool) -> _Truth:
    return _Truth.YES if value else _Truth.NO


def _own_port(condition: Condition, packet: Packet) -> _Truth:
    return _truth(any(low <= packet.port <= high for low, high in condition.ports))


_USUAL_PORT = 41641
_HIGH_PORTS = range(1024, 65536)
"""Where a peer's port is to be expected."""
_FEW = 0.1


def _any_port(condition: Condition) -> _Truth:
    """The other end's port, which nobody knows beforehand."""
    covered = sum(
        max(0, min(high, _HIGH_PORTS[-1]) - max(low, _HIGH_PORTS[0]) + 1)
        for low, high in condition.ports
    )
    share = covered / len(_HIGH_PORTS)
    usual = any(low <= _USUAL_PORT <= high for low, high in condition.ports)
    if share >= 1.0:
        return _Truth.YES
    return _Truth.MAYBE if usual or share > _FEW else _Truth.NO


_FAMILY_SPACE = {
    Family.V4: AddressRange(ip_address("0.0.0.0"), ip_address("255.255.255.255")),  # noqa: S104
    Family.V6: AddressRange(
        ip_address("2000::"), ip_address("3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
    ),
}
"""Where hosts of the internet are (IPv6: RFC 4291 section 2.4, IANA's assignment)."""
_LITTLE = 0.01
"""A rule for less than this share of all addresses does not concern a host that nobody named."""


def _any_host(condition: Condition, packet: Packet) -> _Truth:
    """The other end's address, which nobody knows beforehand."""
    space = _FAMILY_SPACE[packet.family]
    low, high = int(space.first), int(space.last)
    covered = sum(
        max(0, min(int(each.last), high) - max(int(each.first), low) + 1)
        for each in condition.addresses
        if each.first.version == packet.family.value
    )
    share = covered / (high - low + 1)
    if share >= 1.0:
        return _Truth.YES
    return _Truth.MAYBE if share > _LITTLE else _Truth.NO


def _own_host(condition: Condition, packet: Packet) -> _Truth:
    ranges = [each for each in condition.addresses if each.first.version == packet.family.value]
    own = packet.address
    if own is not None and own.version == packet.family.value:
        return _truth(any(int(each.first) <= int(own) <= int(each.last) for each in ranges))
    if any(int(each.first) == 0 and int(each.last) >= 2**32 - 1 for each in ranges):
        return _Truth.YES
    return _Truth.MAYBE if ranges else _Truth.NO


def _interface(condition: Condition, packet: Packet) -> _Truth:
    if packet.interface:
        return _truth(any(_named(packet.interface, each) for each in condition.names))
    if "*" in condition.names:
        return _Truth.YES
    inside = all(each.startswith(("lo", "tailscale")) for each in condition.names)
    return _Truth.NO if inside else _Truth.MAYBE


def _named(name: str, pattern: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
