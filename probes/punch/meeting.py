"""Trying UDP at each other the way Tailscale does.

Both ends know each other's candidates. Each sends pings to all of them, again and again, from one
socket a family, and answers every ping that carries its nonce to wherever it came from, which is
then one more place to aim at. Direct means that an answer to an own ping came back.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from probes.model import Endpoint, Family
from probes.network.seam import Datagram, Network, NetworkError, UdpSocket
from probes.punch.offer import NONCE_BYTES, Offer

LIMIT_S = 8.0
"""Real daemons that go direct at all do so within 5.5 s; the rest are relayed."""
EVERY_S = 0.5
MOST_TARGETS = 48
_MAGIC = b"wrly"
_PING, _PONG = b"\x01", b"\x02"
_ID_BYTES = 8
_BYTES = len(_MAGIC) + 1 + NONCE_BYTES + _ID_BYTES


@dataclass(frozen=True, slots=True)
class Meeting:
    """What came of it, from one end."""

    direct: bool
    endpoint: Endpoint | None
    """Where the first answer came from."""
    rtt_ms: float | None
    after_s: float | None
    """Seconds from the first ping to the first answer."""
    heard: tuple[Endpoint, ...]
    """Where the peer's packets came from."""


@dataclass(slots=True)
class End:
    """One end, with its sockets. Make the offer from these very sockets."""

    network: Network
    sockets: dict[Family, UdpSocket]
    own: Offer
    _sent: dict[bytes, float] = field(default_factory=dict)
    _targets: list[Endpoint] = field(default_factory=list)
    _heard: list[Endpoint] = field(default_factory=list)
    _answer: tuple[Endpoint, float] | None = None
    _rtt_ms: float | None = None
    _answered: asyncio.Event = field(default_factory=asyncio.Event)

    async def meet(
        self, peer: Offer, *, starts_after_s: float = 0.0, limit_s: float = LIMIT_S
    ) -> Meeting:
        """Ping the peer's candidates until one answers, and answer its pings to the end.

        An end that is done goes on answering until the limit: its peer may not be done yet.
        """
        for candidate in peer.candidates:
            self._aim(candidate.endpoint)
        listeners = [
            asyncio.create_task(self._listen(socket, peer.nonce))
            for socket in self.sockets.values()
        ]
        try:
            await asyncio.sleep(starts_after_s)
            began = self.network.now()
            while self.network.now() - began < limit_s:
                if not self._answered.is_set():
                    self._ping_all(peer.nonce)
                await asyncio.sleep(EVERY_S)
        finally:
            for listener in listeners:
                listener.cancel()
            await asyncio.gather(*listeners, return_exceptions=True)
        heard = tuple(self._heard)
        if self._answer is None:
            return Meeting(False, None, None, None, heard)
        endpoint, at = self._answer
        return Meeting(True, endpoint, self._rtt_ms, at - began, heard)

    def _aim(self, endpoint: Endpoint) -> None:
        if endpoint not in self._targets and len(self._targets) < MOST_TARGETS:
            self._targets.append(endpoint)

    def _ping_all(self, nonce: bytes) -> None:
        for target in tuple(self._targets):
            number = self.network.random_bytes(_ID_BYTES)
            self._sent[number] = self.network.now()
            self._send(_PING + nonce + number, target)

    def _send(self, body: bytes, to: Endpoint) -> None:
        socket = self.sockets.get(to.family)
        if socket is None:
            return
        try:
            socket.send(_MAGIC + body, to)
        except NetworkError:
            return  # one candidate that cannot be reached is no reason to stop

    async def _listen(self, socket: UdpSocket, peer_nonce: bytes) -> None:
        while True:
            arrival = await socket.receive()
            if isinstance(arrival, Datagram) and len(arrival.data) == _BYTES:
                self._packet(arrival, peer_nonce)

    def _packet(self, arrival: Datagram, peer_nonce: bytes) -> None:
        """By its nonce a packet counts, whatever its source address."""
        data = arrival.data
        kind, nonce, number = data[4:5], data[5 : 5 + NONCE_BYTES], data[-_ID_BYTES:]
        if data[:4] != _MAGIC or nonce != self.own.nonce:
            return
        if arrival.source not in self._heard and len(self._heard) < MOST_TARGETS:
            self._heard.append(arrival.source)
        if kind == _PING:
            self._aim(arrival.source)
            self._send(_PONG + peer_nonce + number, arrival.source)
        elif kind == _PONG and number in self._sent and self._answer is None:
            self._answer = (arrival.source, arrival.at)
            self._rtt_ms = (arrival.at - self._sent[number]) * 1000.0
            self._answered.set()
