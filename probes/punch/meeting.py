"""Trying UDP at each other the way Tailscale does.

Both ends know each other's candidates. Each sends pings to all of them, again and again, from one
socket a family, and answers every ping that carries its nonce to wherever it came from, which is
then one more place to aim at. Direct means that an answer to an own ping came back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import field
from typing import Any

from probes.model import Endpoint, Family
from probes.network.seam import Datagram, Network, NetworkError, UdpSocket
from probes.punch.offer import Offer
from probes.punch.packet import ID_BYTES, Kind, Packet, decode, encode
from probes.values import dataclass

LIMIT_S = 8.0
"""Real daemons that go direct at all do so within 5.5 s; the rest are relayed."""
PATIENCE_S = 120.0
"""Longest try while it is not known that the other end has begun: folders are slow to sync."""
EVERY_S = 0.5
SELDOM_S = 2.0
"""Between pings once `LIMIT_S` has passed and the other end has not begun yet."""
LINGER_S = 0.5
"""Both ends are done: the last word may be lost, so it is said for a little longer."""
MOST_TARGETS = 48


@dataclass(frozen=True, slots=True)
class Path:
    """A way on which an own ping was answered."""

    endpoint: Endpoint
    """Where the answer came from."""
    seen_as: Endpoint | None
    """Where the other end says our ping came from."""
    rtt_ms: float
    """The shortest round trip."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """What came of it, from one end."""

    paths: tuple[Path, ...]
    """The quickest first; none: not direct."""
    after_s: float | None
    """Seconds from the first ping to the first answer."""
    tried_s: float
    """Seconds from the first ping to the end."""
    heard: tuple[Endpoint, ...]
    """Where the peer's packets came from."""

    @property
    def direct(self) -> bool:
        """Packets went both ways."""
        return bool(self.paths)

    @property
    def endpoint(self) -> Endpoint | None:
        """Of the quickest path."""
        return self.paths[0].endpoint if self.paths else None

    @property
    def rtt_ms(self) -> float | None:
        """Of the quickest path."""
        return self.paths[0].rtt_ms if self.paths else None


@dataclass(slots=True)
class End:
    """One end, with its sockets. Make the offer from these very sockets."""

    network: Network
    sockets: dict[Family, UdpSocket]
    own: Offer
    _sent: dict[bytes, float] = field(default_factory=dict)
    _targets: list[Endpoint] = field(default_factory=list)
    _heard: list[Endpoint] = field(default_factory=list)
    _paths: dict[Endpoint, Path] = field(default_factory=dict)
    _first_at: float | None = None
    """When the first answer arrived."""
    _peer_began_at: float | None = None
    _peer_done_at: float | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def meet(
        self,
        peer: Offer,
        *,
        starts_after_s: float = 0.0,
        limit_s: float = LIMIT_S,
        peer_began: Callable[[], Coroutine[Any, Any, None]] | None = None,
    ) -> Meeting:
        """Ping the peer's candidates until one answers, and answer its pings to the end.

        An end that is done goes on answering until its peer is done too. `limit_s` counts from when
        both have begun; `peer_began` returns once the peer has (None: it does at the same time).
        """
        for candidate in peer.candidates:
            self._aim(candidate.endpoint)
        work = [self._listen(socket, peer.nonce) for socket in self.sockets.values()]
        if peer_began is not None:
            work.append(self._watch(peer_began))
        tasks = [asyncio.create_task(each) for each in work]
        try:
            await asyncio.sleep(starts_after_s)
            began = self.network.now()
            if peer_began is None:
                self._peer_began_at = began
            await self._try(peer.nonce, began, limit_s)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return Meeting(
            paths=tuple(sorted(self._paths.values(), key=lambda path: path.rtt_ms)),
            after_s=None if self._first_at is None else max(0.0, self._first_at - began),
            tried_s=self.network.now() - began,
            heard=tuple(self._heard),
        )

    async def _try(self, nonce: bytes, began: float, limit_s: float) -> None:
        sent_at = began - EVERY_S
        while True:
            now = self.network.now()
            ends_at = self._ends_at(began, limit_s)
            if now >= ends_at:
                return
            every_s = (
                SELDOM_S if now > max(began, self._peer_began_at or 0.0) + limit_s else EVERY_S
            )
            if now >= sent_at + every_s:
                sent_at = now
                self._send_round(nonce)
            # It may be less than a clock can tell, and then it never passes.
            wait_s = max(0.001, min(sent_at + every_s, ends_at) - now)
            self._changed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._changed.wait()

    def _ends_at(self, began: float, limit_s: float) -> float:
        latest = began + max(PATIENCE_S, limit_s)
        if self._peer_began_at is not None:
            latest = min(latest, max(began, self._peer_began_at) + limit_s)
        if self._first_at is not None and self._peer_done_at is not None:
            latest = min(latest, max(began, self._first_at, self._peer_done_at) + LINGER_S)
        return latest

    async def _watch(self, peer_began: Callable[[], Coroutine[Any, Any, None]]) -> None:
        await peer_began()
        self._note_began()

    def _note_began(self) -> None:
        if self._peer_began_at is None:
            self._peer_began_at = self.network.now()
            self._changed.set()

    def _aim(self, endpoint: Endpoint) -> None:
        if endpoint not in self._targets and len(self._targets) < MOST_TARGETS and endpoint.port:
            self._targets.append(endpoint)

    def _send_round(self, nonce: bytes) -> None:
        """To every place until one has answered; then to those that have, with the good news."""
        for target in tuple(self._paths or self._targets):
            self._ping(nonce, target)
            if self._paths:
                self._send(Packet(Kind.DONE, nonce, bytes(ID_BYTES)), target)

    def _ping(self, nonce: bytes, target: Endpoint) -> None:
        number = self.network.random_bytes(ID_BYTES)
        self._sent[number] = self.network.now()
        self._send(Packet(Kind.PING, nonce, number), target)

    def _send(self, packet: Packet, to: Endpoint) -> None:
        socket = self.sockets.get(to.family)
        if socket is None:
            return
        # One candidate that cannot be reached is no reason to stop.
        with suppress(NetworkError):
            socket.send(encode(packet), to)

    async def _listen(self, socket: UdpSocket, peer_nonce: bytes) -> None:
        while True:
            arrival = await socket.receive()
            if isinstance(arrival, Datagram):
                packet = decode(arrival.data)
                if packet is not None and packet.nonce == self.own.nonce:
                    self._packet(packet, arrival, peer_nonce)

    def _packet(self, packet: Packet, arrival: Datagram, peer_nonce: bytes) -> None:
        """By its nonce a packet counts, whatever its source address."""
        if arrival.source not in self._heard and len(self._heard) < MOST_TARGETS:
            self._heard.append(arrival.source)
        self._note_began()
        match packet.kind:
            case Kind.PING:
                self._aim(arrival.source)
                pong = Packet(Kind.PONG, peer_nonce, packet.id, arrival.source)
                self._send(pong, arrival.source)
            case Kind.PONG if packet.id in self._sent:
                self._answered(packet, arrival, peer_nonce)
            case Kind.DONE if self._peer_done_at is None:
                self._peer_done_at = arrival.at
                self._changed.set()

    def _answered(self, packet: Packet, arrival: Datagram, peer_nonce: bytes) -> None:
        rtt_ms = max(0.0, (arrival.at - self._sent[packet.id]) * 1000.0)
        known = self._paths.get(arrival.source)
        if known is None or rtt_ms < known.rtt_ms:
            self._paths[arrival.source] = Path(arrival.source, packet.seen, rtt_ms)
        if known is None:
            self._send(Packet(Kind.DONE, peer_nonce, bytes(ID_BYTES)), arrival.source)
        if self._first_at is None:
            self._first_at = arrival.at
            self._changed.set()
