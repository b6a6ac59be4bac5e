"""A stop on the path to the other side, as it is drawn and told."""

from __future__ import annotations

from enum import StrEnum

from probes.values import dataclass
from tui.content import Tone


class HopId(StrEnum):
    """The hops, from here to there."""

    DEVICE = "device"
    TUNNEL = "tunnel"
    """Only where one carries the probes."""
    LAN = "lan"
    """The local network that both are in: all that lies between the two."""
    HOST = "host"
    """The computer around a container, a pod or a virtual machine, with a NAT of its own."""
    WAY_OUT = "way-out"
    """Router, provider, firewall: all before the open internet, where no more is known."""
    ROUTER = "router"
    """The first box, where it is known to be alone or what comes after it is known."""
    SECOND_ROUTER = "second-router"
    CARRIER = "carrier"
    """The provider's own NAT."""
    CLOUD = "cloud"
    """Whatever routes and translates before a rented machine."""
    INTERNET = "internet"
    RELAY = "relay"
    PEER = "peer"


@dataclass(frozen=True, slots=True)
class Hop:
    """One hop of the path."""

    id: HopId
    name: str
    detail: str
    """An address or a name; "" where none is known."""
    note: str
    """What happens here, in a few words; "" for nothing worth saying."""
    tone: Tone
    obstacle: bool
    """What stands in the way sits here."""
