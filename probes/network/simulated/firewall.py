"""Stateful firewalls, and fixed rules about what may pass."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from typing import TypeAlias, assert_never

from probes.model import Endpoint, Family, IPAddress
from probes.network.seam import IcmpError
from probes.network.simulated.nat_behavior import Dependence
from probes.network.simulated.packet import Bounce, Packet, Transport
from probes.readings.local import IPInterface
from probes.values import dataclass


class Action(StrEnum):
    """What a rule does with a packet."""

    DROP = "drop"
    REJECT = "reject"
    """Drop it and say so: ICMP, or RST for TCP."""


class Direction(StrEnum):
    """Which packets a rule looks at, seen from the protected side."""

    OUT = "out"
    IN = "in"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Rule:
    """A fixed rule. Everything that is left empty matches anything."""

    action: Action
    direction: Direction = Direction.OUT
    transport: Transport | None = None
    family: Family | None = None
    ports: frozenset[int] = frozenset()
    """Ports of the far end."""
    except_ports: frozenset[int] = frozenset()
    to: tuple[IPInterface, ...] = ()
    """Prefixes of the far end."""
    error: IcmpError = IcmpError.PROHIBITED
    """What a rejection says (TCP is reset instead)."""

    def matches(self, packet: Packet, *, outward: bool) -> bool:
        """Whether it speaks of the packet."""
        wrong_way = Direction.IN if outward else Direction.OUT
        far = packet.destination if outward else packet.source
        return (
            self.direction is not wrong_way
            and not isinstance(packet.payload, Bounce)
            and self.transport in (None, packet.transport)
            and self.family in (None, packet.family)
            and (not self.ports or far.port in self.ports)
            and far.port not in self.except_ports
            and (not self.to or any(far.address in each.network for each in self.to))
        )


def first_match(rules: tuple[Rule, ...], packet: Packet, *, outward: bool) -> Rule | None:
    """The rule that decides about the packet, if any does."""
    return next((rule for rule in rules if rule.matches(packet, outward=outward)), None)


@dataclass(frozen=True, slots=True)
class FirewallBehavior:
    """What a stateful firewall lets in besides answers."""

    filtering: Dependence = Dependence.ADDRESS_AND_PORT
    """Whose packets count as answers (RFC 6092 section 3 for IPv6 routers)."""
    action: Action = Action.DROP
    """What happens to the others."""
    allow: frozenset[tuple[Transport, int]] = frozenset()
    """Local ports that anybody may send to."""
    timeout_s: float = 120.0
    unreplied_s: float = 30.0


_FlowKey: TypeAlias = tuple[Transport, Endpoint, Endpoint]


@dataclass(slots=True, eq=False)
class _Flow:
    expires: float
    outbound: bool
    replied: bool = False


@dataclass(slots=True, eq=False)
class Firewall:
    """A stateful firewall at work: lets out everything, and in what belongs to it."""

    behavior: FirewallBehavior
    _flows: dict[_FlowKey, _Flow] = field(default_factory=dict)
    _contacted: dict[tuple[Transport, Endpoint, IPAddress | None], float] = field(
        default_factory=dict
    )
    _openings: dict[tuple[Transport, Endpoint], float] = field(default_factory=dict)

    def reset(self) -> None:
        """Forget every flow."""
        self._flows.clear()
        self._contacted.clear()
        self._openings.clear()

    def open_to(self, transport: Transport, inside: Endpoint, until: float) -> None:
        """Let anybody in to one endpoint until then."""
        self._openings[transport, inside] = until

    def close_to(self, transport: Transport, inside: Endpoint) -> None:
        """The reverse. Idempotent."""
        self._openings.pop((transport, inside), None)

    def outward(self, packet: Packet, now: float) -> None:
        """A packet leaves: remember its flow."""
        if isinstance(packet.payload, Bounce):
            return
        transport, inside, far = packet.transport, packet.source, packet.destination
        expires = self._touch((transport, inside, far), now, outbound=True)
        self._contacted[transport, inside, far.address] = expires
        self._contacted[transport, inside, None] = expires

    def inward(self, packet: Packet, now: float) -> bool:
        """Whether a packet from outside may come in."""
        if isinstance(packet.payload, Bounce):
            about = packet.payload.about
            flow = self._flows.get((about.transport, about.source, about.destination))
            return flow is not None and flow.expires > now
        transport, inside, far = packet.transport, packet.destination, packet.source
        key = (transport, inside, far)
        flow = self._flows.get(key)
        known = flow is not None and flow.expires > now
        if not known and not self._lets_in(transport, inside, far, now):
            return False
        self._touch(key, now, outbound=False)
        return True

    def _lets_in(self, transport: Transport, inside: Endpoint, far: Endpoint, now: float) -> bool:
        if (transport, inside.port) in self.behavior.allow:
            return True
        if self._openings.get((transport, inside), now) > now:
            return True
        match self.behavior.filtering:
            case Dependence.NOTHING:
                return self._contacted.get((transport, inside, None), now) > now
            case Dependence.ADDRESS:
                return self._contacted.get((transport, inside, far.address), now) > now
            case Dependence.ADDRESS_AND_PORT:
                return False
            case _:
                assert_never(self.behavior.filtering)

    def _touch(self, key: _FlowKey, now: float, *, outbound: bool) -> float:
        flow = self._flows.get(key)
        if flow is None or flow.expires <= now:
            flow = self._flows[key] = _Flow(now, outbound)
        flow.replied = flow.replied or flow.outbound is not outbound
        life = self.behavior.timeout_s if flow.replied else self.behavior.unreplied_s
        flow.expires = now + life
        return flow.expires
