"""A NAT with any behaviour of RFC 4787, and a connection table that behaves as Linux's does.

Two tables work together. *Mappings* decide which public endpoint a flow gets (section 4) and whom
the filter lets in (section 5). *Sessions* are single flows: what one end sent to one other end and
under which addresses each of them sees it. No two sessions may look alike from outside; where
they would, the newer one gets another port, which is how an unsolicited packet that the router
accepted for itself steals the port of a later outgoing flow.
"""

from __future__ import annotations

from dataclasses import field, replace
from enum import StrEnum
from random import Random
from typing import TypeAlias, assert_never

from probes.model import Endpoint, IPAddress
from probes.network.simulated.nat_behavior import Dependence, Forward, NatBehavior
from probes.network.simulated.packet import Bounce, Packet, Transport
from probes.network.simulated.ports import AddressPool, PoolPolicy, PortPicker
from probes.values import dataclass


class Refusal(StrEnum):
    """Why a packet from outside goes no further."""

    FILTERED = "filtered"
    """Dropped without a word."""
    FOR_ROUTER = "for-router"
    """The router took it for itself."""


@dataclass(slots=True, eq=False)
class _Mapping:
    """A public endpoint given to a host's endpoint."""

    internal: Endpoint
    external: Endpoint
    expires: float
    contacted: dict[IPAddress, float] = field(default_factory=dict)
    """Remote addresses that were sent to, and until when that counts."""


@dataclass(slots=True, eq=False)
class _Session:
    """One flow."""

    internal: Endpoint | None
    """None: the router itself."""
    external: Endpoint
    remote: Endpoint
    shown: Endpoint
    """The remote end as the host sees it: another port where two flows would have been alike."""
    expires: float
    outbound: bool
    """Who began."""
    replied: bool = False
    mapping: _Mapping | None = None


_FlowKey: TypeAlias = tuple[Transport, Endpoint, Endpoint]


@dataclass(slots=True, eq=False)
class Nat:
    """A NAT at work. All times are the event loop's, in seconds."""

    behavior: NatBehavior
    rng: Random
    _pool: AddressPool = field(init=False)
    _picker: PortPicker = field(init=False)
    _mappings: dict[tuple[object, ...], _Mapping] = field(init=False)
    _holders: dict[tuple[Transport, Endpoint], list[_Mapping]] = field(init=False)
    _inside: dict[_FlowKey, _Session] = field(init=False)
    _outside: dict[_FlowKey, _Session] = field(init=False)
    _forwards: dict[tuple[Transport, int], Forward] = field(init=False)

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget every flow, as after a restart."""
        behavior = self.behavior
        self._pool = AddressPool(behavior.addresses, behavior.pool)
        self._picker = PortPicker(behavior.ports, *behavior.port_range, self.rng)
        self._mappings, self._holders, self._inside, self._outside = {}, {}, {}, {}
        self._forwards = {(each.transport, each.port): each for each in behavior.forwards}

    def owns(self, address: IPAddress) -> bool:
        """Whether it is one of the public addresses."""
        return address in self.behavior.addresses or address in self.behavior.one_to_one

    def open_port(self, transport: Transport, port: int, to: Endpoint) -> None:
        """From now on what arrives at a public port goes to one host."""
        self._forwards[transport, port] = Forward(transport, port, to)

    def close_port(self, transport: Transport, port: int) -> None:
        """The reverse. Idempotent."""
        self._forwards.pop((transport, port), None)

    # --- from inside ----------------------------------------------------------------------------

    def outward(self, packet: Packet, now: float) -> Packet | None:
        """The packet as it leaves; None when it cannot (no port left, an error about nothing)."""
        if isinstance(packet.payload, Bounce):
            return self._bounce_outward(packet, packet.payload, now)
        session = self._live(
            self._inside, (packet.transport, packet.source, packet.destination), now
        )
        if session is None:
            session = self._open(packet, now)
            if session is None:
                return None
        self._refresh(session, now, outbound=True)
        return replace(packet, source=session.external, destination=session.remote)

    def _open(self, packet: Packet, now: float) -> _Session | None:
        transport, internal, remote = packet.transport, packet.source, packet.destination
        mapping = self._mapping(transport, internal, remote, now)
        if mapping is None:
            return None
        external: Endpoint | None = mapping.external
        if self._live(self._outside, (transport, mapping.external, remote), now) is not None:
            external = self._other_external(transport, mapping.external.address, remote, now)
        if external is None:
            return None
        session = _Session(internal, external, remote, remote, now, True, mapping=mapping)
        self._inside[transport, internal, remote] = session
        self._outside[transport, external, remote] = session
        return session

    def _mapping(
        self, transport: Transport, internal: Endpoint, remote: Endpoint, now: float
    ) -> _Mapping | None:
        per_line = self.behavior.pool is PoolPolicy.PER_DESTINATION
        address = self._fixed_public(internal.address)
        if address is None and per_line:
            address = self._pool.choose(internal, remote)
        key = (transport, internal, address, *self._depends_on(remote))
        mapping = self._mappings.get(key)
        if mapping is not None and mapping.expires > now:
            return mapping
        if address is None:
            address = self._pool.choose(internal, remote)
        port = self._port(transport, address, internal, remote, now)
        if port is None:
            return None
        mapping = _Mapping(internal, Endpoint(address, port), now)
        self._mappings[key] = mapping
        holders = self._holders.setdefault((transport, mapping.external), [])
        holders[:] = [each for each in holders if each.expires > now] + [mapping]
        return mapping

    def _depends_on(self, remote: Endpoint) -> tuple[object, ...]:
        match self.behavior.mapping:
            case Dependence.NOTHING:
                return ()
            case Dependence.ADDRESS:
                return (remote.address,)
            case Dependence.ADDRESS_AND_PORT:
                return (remote.address, remote.port)
            case _:
                assert_never(self.behavior.mapping)

    def _fixed_public(self, host: IPAddress) -> IPAddress | None:
        pairs = self.behavior.one_to_one.items()
        return next((public for public, private in pairs if private == host), None)

    def _port(
        self,
        transport: Transport,
        address: IPAddress,
        internal: Endpoint,
        remote: Endpoint,
        now: float,
    ) -> int | None:
        if self._fixed_public(internal.address) is not None:
            return internal.port

        def free(port: int) -> bool:
            if self.behavior.overload:
                return True  # a clash of whole flows is dealt with where the flow is opened
            external = Endpoint(address, port)
            return self._holder(transport, external, now) is None and not self._forwarded_elsewhere(
                transport, port, internal
            )

        return self._picker.choose(internal, remote, free)

    def _forwarded_elsewhere(self, transport: Transport, port: int, internal: Endpoint) -> bool:
        forward = self._forwards.get((transport, port))
        return forward is not None and forward.to != internal

    def _other_external(
        self, transport: Transport, address: IPAddress, remote: Endpoint, now: float
    ) -> Endpoint | None:
        def free(port: int) -> bool:
            external = Endpoint(address, port)
            return (
                self._holder(transport, external, now) is None
                and self._live(self._outside, (transport, external, remote), now) is None
            )

        port = self._picker.random(free)
        return None if port is None else Endpoint(address, port)

    def _holder(self, transport: Transport, external: Endpoint, now: float) -> _Mapping | None:
        holders = self._holders.get((transport, external), ())
        return next((each for each in reversed(holders) if each.expires > now), None)

    # --- from outside ---------------------------------------------------------------------------

    def inward(self, packet: Packet, now: float) -> Packet | Refusal:
        """The packet as the host gets it, or why none does."""
        if isinstance(packet.payload, Bounce):
            return self._bounce_inward(packet, packet.payload, now)
        key = (packet.transport, packet.destination, packet.source)
        session = self._live(self._outside, key, now)
        if session is None:
            internal, mapping = self._admit(packet, now)
            if internal is None and not self.behavior.accepts_unsolicited:
                return Refusal.FILTERED
            session = self._open_inward(packet, internal, mapping, now)
        self._refresh(session, now, outbound=False)
        if session.internal is None:
            return Refusal.FOR_ROUTER
        return replace(packet, source=session.shown, destination=session.internal)

    def _admit(self, packet: Packet, now: float) -> tuple[Endpoint | None, _Mapping | None]:
        """Whom an unexpected packet may go to: by a forward, one to one, or a mapping's filter."""
        external = packet.destination
        forward = self._forwards.get((packet.transport, external.port))
        if forward is not None:
            return forward.to, None
        private = self.behavior.one_to_one.get(external.address)
        if private is not None:
            return Endpoint(private, external.port), None
        mapping = self._holder(packet.transport, external, now)
        if mapping is None or not self._lets_in(mapping, packet.source, now):
            return None, None
        return mapping.internal, mapping

    def _lets_in(self, mapping: _Mapping, sender: Endpoint, now: float) -> bool:
        match self.behavior.filtering:
            case Dependence.NOTHING:
                return True
            case Dependence.ADDRESS:
                return mapping.contacted.get(sender.address, now) > now
            case Dependence.ADDRESS_AND_PORT:
                return False  # the exact flow would have been found
            case _:
                assert_never(self.behavior.filtering)

    def _open_inward(
        self, packet: Packet, internal: Endpoint | None, mapping: _Mapping | None, now: float
    ) -> _Session:
        transport, remote, external = packet.transport, packet.source, packet.destination
        shown = remote
        if internal is not None:
            # The host may have a flow of its own to that end, from another public port. Both
            # would look alike to it: Linux then shows the newcomer from another port.
            port = remote.port
            while self._live(self._inside, (transport, internal, shown), now) is not None:
                port = self.rng.randint(1024, 65535)
                shown = Endpoint(remote.address, port)
        session = _Session(internal, external, remote, shown, now, False, mapping=mapping)
        self._outside[transport, external, remote] = session
        if internal is not None:
            self._inside[transport, internal, shown] = session
        return session

    # --- both ways ------------------------------------------------------------------------------

    @staticmethod
    def _live(table: dict[_FlowKey, _Session], key: _FlowKey, now: float) -> _Session | None:
        session = table.get(key)
        if session is None or session.expires > now:
            return session
        del table[key]
        return None

    def _refresh(self, session: _Session, now: float, *, outbound: bool) -> None:
        if outbound is not session.outbound:
            session.replied = True
        fresh = session.expires <= now
        if not outbound and not self.behavior.inbound_refresh and not fresh:
            return
        life = self.behavior.timeout_s if session.replied else self.behavior.unreplied_s
        session.expires = now + life
        mapping = session.mapping
        if mapping is None:
            return
        if outbound or self.behavior.inbound_refresh:
            mapping.expires = max(mapping.expires, session.expires)
        if outbound:
            mapping.contacted[session.remote.address] = session.expires

    def _bounce_inward(self, packet: Packet, bounce: Bounce, now: float) -> Packet | Refusal:
        """RFC 5508 section 4: the packet inside is translated back, too."""
        about = bounce.about
        session = self._live(self._outside, (about.transport, about.source, about.destination), now)
        if session is None or session.internal is None:
            return Refusal.FILTERED
        inner = replace(about, source=session.internal, destination=session.shown)
        return replace(packet, destination=session.internal, payload=Bounce(bounce.error, inner))

    def _bounce_outward(self, packet: Packet, bounce: Bounce, now: float) -> Packet | None:
        about = bounce.about
        session = self._live(self._inside, (about.transport, about.destination, about.source), now)
        if session is None:
            return None
        inner = replace(about, source=session.remote, destination=session.external)
        return replace(
            packet,
            source=Endpoint(session.external.address, 0),
            destination=session.remote,
            payload=Bounce(bounce.error, inner),
        )
