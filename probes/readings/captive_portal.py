"""What the `captive-portal` check finds out."""

from __future__ import annotations

from probes.model import CheckId
from probes.readings.codec import BOOL, INT, STR, many, record
from probes.readings.key import Key
from probes.values import dataclass


@dataclass(frozen=True, slots=True)
class PortalAnswer:
    """How one relay's generate_204 page was answered."""

    host: str
    status: int
    """HTTP status; 204 is the relay itself."""
    location: str
    """Where a redirect points to, cleaned; "" for none."""


PORTAL_ANSWER = record(PortalAnswer, host=STR, status=INT, location=STR)

PRESENT = Key(
    "captive_portal.present",
    CheckId.CAPTIVE_PORTAL,
    BOOL,
    "Whether something answers plain web requests in the relays' place (a sign-in page).",
)
ANSWERS = Key(
    "captive_portal.answers",
    CheckId.CAPTIVE_PORTAL,
    many(PORTAL_ANSWER),
    "How the relays' generate_204 pages were answered.",
)

KEYS = (PRESENT, ANSWERS)
