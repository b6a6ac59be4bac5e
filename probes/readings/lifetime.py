"""What the opt-in checks `lifetime` and `hairpin` find out."""

from __future__ import annotations

from enum import StrEnum

from probes.model import CheckId
from probes.readings.codec import BOOL, INT, STR, enum, optional, record
from probes.readings.key import Key
from probes.values import dataclass

KEEPALIVES_S = (10, 15, 25, 50, 100, 120, 240)
"""Usual intervals: ICE sends every 15 s (RFC 8445 section 11), WireGuard by convention every 25."""


class LifetimeMethod(StrEnum):
    """How a mapping was found alive or expired."""

    RESPONSE_PORT = "response-port"
    """A server was asked to send to the silent socket's mapping (RFC 5780 section 4.6)."""
    REMAPPED = "remapped"
    """The silent socket sent again: another mapped port shows that the old mapping had expired.
    The same port shows nothing, since many NATs hand it out again."""


@dataclass(frozen=True, slots=True)
class Lifetime:
    """A bracket around the time that an idle UDP mapping lives."""

    lived_s: int
    """It was seen alive after so many seconds of silence; 0: not even the shortest test."""
    expired_s: int | None
    """It was seen expired after so many; None: it outlived the longest test."""
    method: LifetimeMethod
    server: str

    @property
    def keepalive_s(self) -> int:
        """How often something has to be sent for the mapping to stay, in seconds.

        The longest usual interval that leaves a fifth of the silence survived as a margin, since a
        packet may be late or lost; the shortest one where no silence was survived for certain.
        """
        fits = [each for each in KEEPALIVES_S if each <= self.lived_s * 0.8]
        return fits[-1] if fits else KEEPALIVES_S[0]


LIFETIME_RECORD = record(
    Lifetime,
    lived_s=INT,
    expired_s=optional(INT),
    method=enum(LifetimeMethod),
    server=STR,
)

LIFETIME4 = Key(
    "lifetime.mapping4",
    CheckId.LIFETIME,
    LIFETIME_RECORD,
    "How long an idle IPv4 UDP mapping lives, in seconds of silence.",
)
HAIRPIN4 = Key(
    "hairpin.works4",
    CheckId.HAIRPIN,
    BOOL,
    "Whether the NAT sends packets for its own public endpoints back inside (RFC 4787 REQ-9).",
)

KEYS = (LIFETIME4, HAIRPIN4)
