"""What the `classic` check finds out: the NAT type in the words of RFC 3489."""

from __future__ import annotations

from enum import StrEnum

from probes.model import CheckId
from probes.readings.codec import enum
from probes.readings.key import Key


class ClassicType(StrEnum):
    """RFC 3489 section 5 and 10.1. The words are old, but people still ask for them."""

    OPEN_INTERNET = "open-internet"
    FULL_CONE = "full-cone"
    RESTRICTED_CONE = "restricted-cone"
    PORT_RESTRICTED_CONE = "port-restricted-cone"
    SYMMETRIC = "symmetric"
    SYMMETRIC_UDP_FIREWALL = "symmetric-udp-firewall"
    BLOCKED = "blocked"


TYPE4 = Key("classic.type4", CheckId.CLASSIC, enum(ClassicType), "The RFC 3489 NAT type.")

KEYS = (TYPE4,)
