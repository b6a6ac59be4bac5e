"""The `igd` port of the seam: one UPnP connection service of one router, driven by a library.

The library blocks and reads what a router says with C code. So the real side runs it in a child
process that can be killed, behind a relay that bounds every answer; the simulated side is a model.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from probes.network.seam import Bind, NetworkError
from probes.values import dataclass


class IgdFault(NetworkError):
    """The router answered with a UPnP error."""

    def __init__(self, code: int) -> None:
        super().__init__(f"UPnP error {code}")
        self.code = code


@dataclass(frozen=True, slots=True)
class IgdService:
    """A connection service that may be driven: its control address was found plausible."""

    control_url: str
    """http, with a literal address."""
    type: str
    """As ``urn:schemas-upnp-org:service:WANIPConnection:1``."""


@dataclass(frozen=True, slots=True)
class IgdEntry:
    """A mapping as the router tells it. Texts are untrusted."""

    protocol: str
    external_port: int
    client: str
    internal_port: int
    description: str
    enabled: bool
    remote_host: str
    lease_s: int


class IgdSession(Protocol):
    """Calls to one service, one at a time.

    All of them raise IgdFault for a UPnP error and NetworkError for silence, nonsense and a
    library that crashed.
    """

    async def status(self) -> tuple[str, int, str]:
        """GetStatusInfo: status, seconds of uptime, last error. Untrusted."""

    async def external_address(self) -> str:
        """GetExternalIPAddress. Untrusted; may be empty."""

    async def entry(self, index: int) -> IgdEntry | None:
        """GetGenericPortMappingEntry; None past the last one."""

    async def find(self, external_port: int) -> IgdEntry | None:
        """GetSpecificPortMappingEntry of a UDP port; None if nothing is mapped there."""

    async def add(
        self, external_port: int, client: str, internal_port: int, description: str, lease_s: int
    ) -> None:
        """AddPortMapping for UDP, from anybody."""

    async def delete(self, external_port: int) -> None:
        """DeletePortMapping for UDP."""


class IgdPort(Protocol):
    """What the seam offers. Raises Unsupported where the library is not installed."""

    def __call__(
        self, service: IgdService, bind: Bind
    ) -> AbstractAsyncContextManager[IgdSession]: ...
