"""What the parts of the `firewall` check hand to each other."""

from __future__ import annotations

from collections.abc import Callable

from probes.model import Family, IPAddress, Reason
from probes.readings.firewall import FoundFirewall, Judgement
from probes.values import dataclass


@dataclass(frozen=True, slots=True)
class Outlook:
    """The VPN's packets of one family, as they come and go here."""

    family: Family
    port: int
    address: IPAddress | None
    """This device's address; None where it is not known."""
    interface: str
    """"" where it is not known."""


@dataclass(frozen=True, slots=True)
class Unseen:
    """The rules could not be read, and why."""

    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class Rules:
    """What was read."""

    found: tuple[FoundFirewall, ...]
    judge: Callable[[Outlook], tuple[Judgement, Judgement] | Unseen]
    """Inbound and outbound."""
    source: str
    """The programs and files that told it."""
