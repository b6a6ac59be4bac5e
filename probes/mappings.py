"""Test mappings on a router: all that must be known to remove one, kept as text meanwhile."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from probes.model import Family, IPAddress
from probes.network.seam import Bind
from probes.readings.codec import ADDRESS, INT, STR, CodecError, enum, record
from probes.readings.port_mapping import MappingProtocol
from probes.values import dataclass

DESCRIPTION = "whyrelay test"
"""What a router's own list shows: the program, and that it is no lasting thing."""
LEASE_S = 60
"""As asked for; many routers round up to 120."""
LONGEST_LEASE_S = 3600
"""A record older than that is of a mapping that any router has long forgotten."""


@dataclass(frozen=True, slots=True)
class TestMapping:
    """A mapping that was asked for, or is about to be."""

    __test__ = False  # not a test case, whatever pytest thinks of its name

    id: str
    protocol: MappingProtocol
    made_at: str
    """RFC 3339, UTC."""
    lease_s: int
    gateway: IPAddress
    client: IPAddress
    """This device's address that the mapping leads to."""
    interface: str
    """The interface to bind to; "" lets the routes decide."""
    internal_port: int
    external_port: int
    nonce: str = ""
    """PCP's, in hexadecimal."""
    control_url: str = ""
    """UPnP's, of the connection service."""
    service: str = ""
    """UPnP's service type."""

    @property
    def bind(self) -> Bind:
        """Where a socket that removes it is bound to."""
        family = Family.of(self.client)
        address = self.client if family is Family.V6 else None
        return Bind(family, interface=self.interface, address=address)

    def over(self, now: datetime, spare_s: float = 0.0) -> bool:
        """Whether the lease must have ended by `now`."""
        made = datetime.fromisoformat(self.made_at)
        return now > made + timedelta(seconds=self.lease_s + spare_s)

    def to_text(self) -> str:
        """As JSON."""
        return json.dumps(_CODEC.encode(self))

    @classmethod
    def from_text(cls, text: str) -> TestMapping:
        """The reverse. Raises ValueError for anything else."""
        try:
            found = _CODEC.decode(json.loads(text))
        except (CodecError, RecursionError) as error:
            raise ValueError(str(error)) from error
        if datetime.fromisoformat(found.made_at).tzinfo is None:
            raise ValueError("the time of the mapping has no zone")
        if not 0 < found.internal_port <= 0xFFFF or not 0 < found.external_port <= 0xFFFF:
            raise ValueError("a mapping has ports in 1..65535")
        bytes.fromhex(found.nonce)
        return found


_CODEC = record(
    TestMapping,
    id=STR,
    protocol=enum(MappingProtocol),
    made_at=STR,
    lease_s=INT,
    gateway=ADDRESS,
    client=ADDRESS,
    interface=STR,
    internal_port=INT,
    external_port=INT,
    nonce=STR,
    control_url=STR,
    service=STR,
)
