"""Packet filter rules in one form, whatever wrote them: what nftables and iptables have in common.

Only what bears on a UDP packet is kept. What a parser does not understand becomes a condition that
may hold or not, so that a strange rule makes an answer unclear and never wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from probes.model import IPAddress
from probes.values import dataclass


class Subject(StrEnum):
    """What of a packet a condition looks at."""

    PROTOCOL = "protocol"
    """Names of transport protocols, in lower case."""
    FAMILY = "family"
    """``4`` or ``6``."""
    SOURCE_PORT = "source-port"
    DESTINATION_PORT = "destination-port"
    SOURCE = "source"
    DESTINATION = "destination"
    IN_INTERFACE = "in-interface"
    """Names; a final ``*`` stands for any ending."""
    OUT_INTERFACE = "out-interface"
    STATE = "state"
    """Connection tracking states, in lower case."""
    ADDRESS_TYPE = "address-type"
    """Type of the destination address (local, broadcast …), in lower case."""
    MARK = "mark"
    """A mark that some rule must have set: ``0`` or anything else."""
    NEVER = "never"
    """Nothing that a VPN's packet can be."""
    UNCLEAR = "unclear"
    """Not understood, or a matter of chance (rate limits)."""


@dataclass(frozen=True, slots=True)
class AddressRange:
    """From one address to another of the same family, both included."""

    first: IPAddress
    last: IPAddress


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that a packet must (not) be for the rule to apply."""

    subject: Subject
    names: frozenset[str] = frozenset()
    ports: tuple[tuple[int, int], ...] = ()
    addresses: tuple[AddressRange, ...] = ()
    negated: bool = False


UNCLEAR = Condition(Subject.UNCLEAR)
NEVER = Condition(Subject.NEVER)


class Act(StrEnum):
    """What happens to a packet that fits."""

    ACCEPT = "accept"
    DROP = "drop"
    """Silently, or with an error to the sender."""
    JUMP = "jump"
    GOTO = "goto"
    RETURN = "return"
    CONTINUE = "continue"
    """Counted, logged or marked, and on to the next rule."""
    UNCLEAR = "unclear"
    """Handed to a program or sent elsewhere."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule."""

    conditions: tuple[Condition, ...]
    act: Act
    target: str
    """The chain to jump or go to, else ""."""
    text: str
    """As the person finds it in their own rules; cleaned."""
    marks: bool = False
    """It may mark the packet, and later rules may look at that mark."""


class Hook(StrEnum):
    """Where in the packet's way a chain is called."""

    INGRESS = "ingress"
    PREROUTING = "prerouting"
    INPUT = "input"
    OUTPUT = "output"
    POSTROUTING = "postrouting"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Base:
    """What makes a chain one that packets enter by themselves."""

    hook: Hook
    priority: int
    """Lower ones are called first."""
    accepts: bool
    """The policy: what happens to packets that no rule decides about."""
    nat: bool = False
    """It translates addresses: its accept lets nothing in, and it sees only new flows."""
    device: str = ""
    """Ingress chains belong to one interface."""


@dataclass(frozen=True, slots=True)
class Chain:
    """A list of rules."""

    family: str
    """``ip``, ``ip6``, ``inet`` …, as nftables calls it."""
    table: str
    name: str
    rules: tuple[Rule, ...]
    base: Base | None

    @property
    def place(self) -> str:
        """How a person names it."""
        return f"{self.family} {self.table} {self.name}"


ChainId = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Ruleset:
    """All chains, by family, table and name."""

    chains: Mapping[ChainId, Chain]
    unread: tuple[str, ...] = ()
    """What was not understood at all."""

    def tables(self) -> frozenset[tuple[str, str]]:
        """The tables that have chains."""
        return frozenset((family, table) for family, table, _ in self.chains)

    def without(self, tables: frozenset[tuple[str, str]]) -> Ruleset:
        """The same without some tables: another source describes them better."""
        kept = {key: chain for key, chain in self.chains.items() if key[:2] not in tables}
        return Ruleset(kept, self.unread)

    def beside(self, other: Ruleset) -> Ruleset:
        """Both together; packets pass the chains of both."""
        return Ruleset({**self.chains, **other.chains}, self.unread + other.unread)
