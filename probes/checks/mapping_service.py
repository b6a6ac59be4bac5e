"""Making and removing one mapping, in each of the three languages, behind one protocol."""

from __future__ import annotations

from dataclasses import field
from ipaddress import IPv4Address, IPv6Address
from typing import Protocol

from probes.checks import mapping_errors
from probes.checks.gateway import LONGEST_S, Silence, Talk
from probes.mappings import DESCRIPTION, TestMapping
from probes.model import IPAddress
from probes.network.igd import IgdEntry, IgdFault, IgdSession
from probes.network.seam import NetworkError
from probes.readings.port_mapping import MappingError, MappingFault, MappingProtocol
from probes.values import dataclass
from probes.wire import natpmp, pcp


@dataclass(frozen=True, slots=True)
class OtherVersion:
    """The router answered, but in another version of the protocol."""

    version: int


@dataclass(frozen=True, slots=True)
class Granted:
    """What the router says it has made."""

    external_port: int
    external_address: IPAddress | None
    """None where the answer does not name it."""
    lease_s: int | None


class Service(Protocol):
    """One of the three languages. Everything raises NetworkError on silence."""

    @property
    def protocol(self) -> MappingProtocol:
        """Which one."""

    @property
    def restarted(self) -> bool:
        """The router lost its mappings between two of its answers."""

    async def add(self, wanted: TestMapping) -> Granted | MappingError:
        """Make a mapping."""

    async def read_back(self, made: TestMapping) -> bool | None:
        """Whether the router's table shows it; None where nobody can look."""

    async def remove(self, made: TestMapping) -> bool:
        """Remove exactly this one. False: the router says no, or still shows it."""


def read_nat_pmp(data: bytes) -> natpmp.Reply | OtherVersion | None:
    """A NAT-PMP answer; None for what is none."""
    try:
        return natpmp.parse(data)
    except natpmp.OtherVersion as other:
        return OtherVersion(other.version)
    except natpmp.Malformed:
        return None


def read_pcp(data: bytes) -> pcp.Reply | OtherVersion | None:
    """A PCP answer; None for what is none."""
    try:
        return pcp.parse(data)
    except pcp.OtherVersion as other:
        return OtherVersion(other.version)
    except pcp.Malformed:
        return None


@dataclass(slots=True)
class _Epochs:
    """Watches the router's clock of mappings."""

    restarted: bool = False
    _last: tuple[int, float] | None = None

    def nat_pmp(self, epoch_s: int, now: float) -> None:
        if self._last is not None:
            self.restarted |= natpmp.restarted(self._last[0], epoch_s, now - self._last[1])
        self._last = (epoch_s, now)

    def pcp(self, epoch_s: int, now: float) -> None:
        if self._last is not None:
            self.restarted |= pcp.restarted(self._last[0], epoch_s, now - self._last[1])
        self._last = (epoch_s, now)


@dataclass(slots=True)
class NatPmpService:
    """RFC 6886."""

    talk: Talk
    _epochs: _Epochs = field(default_factory=_Epochs)

    @property
    def protocol(self) -> MappingProtocol:
        """NAT-PMP."""
        return MappingProtocol.NAT_PMP

    @property
    def restarted(self) -> bool:
        """Section 3.6."""
        return self._epochs.restarted

    async def add(self, wanted: TestMapping) -> Granted | MappingError:
        """Section 3.3."""
        request = natpmp.map_request(wanted.internal_port, wanted.external_port, wanted.lease_s)
        reply = await self._ask(request, wanted.internal_port)
        if not reply.ok:
            return mapping_errors.nat_pmp(reply.result)
        if reply.granted is None:
            raise NetworkError("the router granted a mapping but does not say which")
        return Granted(reply.granted.external_port, None, reply.granted.lifetime_s)

    async def read_back(self, made: TestMapping) -> bool | None:
        """NAT-PMP has no way to look."""
        return None

    async def remove(self, made: TestMapping) -> bool:
        """Section 3.4: success means that it is gone, also if it was not there any more."""
        return (await self._ask(natpmp.delete_request(made.internal_port), made.internal_port)).ok

    async def _ask(self, request: bytes, internal_port: int) -> natpmp.Reply:
        def read(data: bytes) -> natpmp.Reply | None:
            reply = read_nat_pmp(data)
            if not isinstance(reply, natpmp.Reply) or reply.opcode != natpmp.Opcode.MAP_UDP:
                return None
            granted = reply.granted
            return reply if granted is None or granted.internal_port == internal_port else None

        answer = await self.talk.ask(request, read, at_least_s=LONGEST_S)
        if isinstance(answer, Silence):
            raise NetworkError(answer.why)
        self._epochs.nat_pmp(answer.epoch_s, self.talk.network.now())
        return answer


@dataclass(slots=True)
class PcpService:
    """RFC 6887, for a mapping over IPv4 and a pinhole over IPv6."""

    talk: Talk
    _epochs: _Epochs = field(default_factory=_Epochs)

    @property
    def protocol(self) -> MappingProtocol:
        """PCP."""
        return MappingProtocol.PCP

    @property
    def restarted(self) -> bool:
        """Section 8.5."""
        return self._epochs.restarted

    async def add(self, wanted: TestMapping) -> Granted | MappingError:
        """Section 11.2."""
        mapping = _pcp_map(wanted)
        reply = await self._ask(pcp.map_request(wanted.client, mapping, wanted.lease_s), mapping)
        if not reply.ok:
            return mapping_errors.pcp_result(reply.result)
        if reply.map is None:
            raise NetworkError("the router granted a mapping but does not say which")
        return Granted(reply.map.external_port, reply.map.external, reply.lifetime_s)

    async def read_back(self, made: TestMapping) -> bool | None:
        """PCP has no way to look."""
        return None

    async def remove(self, made: TestMapping) -> bool:
        """Section 15.1, with the nonce that made it."""
        mapping = _pcp_map(made)
        return (await self._ask(pcp.delete_request(made.client, mapping), mapping)).ok

    async def _ask(self, request: bytes, mapping: pcp.Map) -> pcp.Reply:
        def read(data: bytes) -> pcp.Reply | None:
            reply = read_pcp(data)
            if not isinstance(reply, pcp.Reply) or reply.opcode != pcp.Opcode.MAP:
                return None
            told = reply.map
            if told is None:
                return reply  # an error may leave out what was asked
            same = told.nonce == mapping.nonce and told.internal_port == mapping.internal_port
            return reply if same and told.protocol == mapping.protocol else None

        answer = await self.talk.ask(request, read, at_least_s=LONGEST_S)
        if isinstance(answer, Silence):
            raise NetworkError(answer.why)
        self._epochs.pcp(answer.epoch_s, self.talk.network.now())
        return answer


def _pcp_map(wanted: TestMapping) -> pcp.Map:
    anywhere: IPAddress = IPv4Address(0) if wanted.client.version == 4 else IPv6Address(0)
    return pcp.Map(
        bytes.fromhex(wanted.nonce), wanted.internal_port, wanted.external_port, anywhere
    )


@dataclass(slots=True)
class UpnpService:
    """WANIPConnection and WANPPPConnection, versions 1 and 2."""

    session: IgdSession

    @property
    def protocol(self) -> MappingProtocol:
        """UPnP."""
        return MappingProtocol.UPNP

    @property
    def restarted(self) -> bool:
        """UPnP keeps no such clock."""
        return False

    async def add(self, wanted: TestMapping) -> Granted | MappingError:
        """AddPortMapping, with a lease: a router that makes permanent ones only says 725."""
        try:
            await self.session.add(
                wanted.external_port,
                str(wanted.client),
                wanted.internal_port,
                DESCRIPTION,
                wanted.lease_s,
            )
        except IgdFault as fault:
            return mapping_errors.upnp(fault.code)
        return Granted(wanted.external_port, None, wanted.lease_s)

    async def read_back(self, made: TestMapping) -> bool | None:
        """GetSpecificPortMappingEntry shows the mapping, and leads here."""
        found = await self._find(made)
        return found is not None and leads_to(found, made)

    async def remove(self, made: TestMapping) -> bool:
        """Delete it if it leads here, then look again."""
        found = await self._find(made)
        if found is None:
            return True
        if not leads_to(found, made):
            return False
        try:
            await self.session.delete(made.external_port)
        except IgdFault as fault:
            if mapping_errors.upnp(fault.code).fault is not MappingFault.NO_SUCH_ENTRY:
                return False
        left = await self._find(made)
        return left is None or not leads_to(left, made)

    async def _find(self, made: TestMapping) -> IgdEntry | None:
        return await self.session.find(made.external_port)


def leads_to(entry: IgdEntry, made: TestMapping) -> bool:
    """Whether a mapping in the router's table is the one that was made here."""
    return (
        entry.client == str(made.client)
        and entry.internal_port == made.internal_port
        and entry.description == DESCRIPTION
    )
