"""Asking STUN servers from one socket: retransmission, matching, and what did not count.

A reply counts only if it is well-formed, answers a transaction that is open, and comes from an
address that was asked. Everything else is kept as a fault, so that it can be shown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import field

from probes.clean import clean
from probes.model import Endpoint
from probes.network.seam import (
    Bounced,
    Datagram,
    Network,
    NetworkError,
    NotPermitted,
    UdpSocket,
    Unreachable,
)
from probes.readings.stun import Fault, Rejected
from probes.values import dataclass
from probes.wire import stun

SENDS_S = (0.0, 0.2, 0.6)
"""When each try is sent, seconds after the first."""
KNOCKS_S = (0.0, 0.15, 0.3, 0.45, 0.6)
"""The same where silence is the answer: on a line that loses one packet in ten, three tries are
lost once in 150 times and five once in 4000, and a closed way in would be told of an open one."""

SOFTWARE = ("whyrelay", "tailnode")
"""Our own name first; relays answer only those who also say `tailnode` (tailscale/net/stun)."""


@dataclass(slots=True)
class Inquiry:
    """One transaction: a request, where it was sent to and when, and what came of it."""

    host: str
    """The server as a person knows it; cleaned."""
    region: int
    servers: Sequence[Endpoint]
    """Try n goes to servers[n % len]; a reply may come from any that was asked."""
    transaction: bytes
    request: bytes
    sent: list[tuple[float, Endpoint]] = field(default_factory=list)
    replies: list[tuple[float, Endpoint, stun.Message]] = field(default_factory=list)
    refused: set[Endpoint] = field(default_factory=set)
    error_code: int | None = None
    """Of an error response (RFC 8489 section 14.8), if one came."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Answered, or nothing more can come."""
    any_source: bool = False
    """A request to answer from elsewhere: whoever knows the transaction id may answer; the sources
    are judged by the check."""

    @property
    def answered(self) -> bool:
        """A reply that counts has come."""
        return bool(self.replies)

    def rtt_ms(
        self, own_ms: float | None = None, least_ms: float = 0.0, now: float | None = None
    ) -> float:
        """Round trip of the first reply, in milliseconds. Only when answered.

        One transaction has up to three sends, so a reply may answer an earlier one than the last.
        Every send is taken to be answered once, and the replies that came for those to the latest
        sends: a duplicate corrects a first guess that was too short. Until one has come, `own_ms`,
        this server's round trip over TLS, tells which send is the likeliest. `least_ms` is what
        even the nearest relay takes (a satellite line): nothing much quicker is believed. Before it
        is settled (`now`), the longest candidate stands: no relay may seem nearer than it is.
        """
        at, server, _ = self.replies[0]
        sends = [when for when, to in self.sent if to == server]
        round_trips = [(at - when) * 1000.0 for when in sends if when <= at]
        count = sum(1 for _, source, _ in self.replies if source == server)
        if own_ms is not None and count == 1:
            return min(round_trips, key=lambda rtt_ms: abs(rtt_ms - own_ms))
        if now is not None and now < self.settled_at():
            return round_trips[0]
        index = min(max(0, len(sends) - count), len(round_trips) - 1)
        while index > 0 and round_trips[index] < least_ms * _SLACK:
            index -= 1
        return round_trips[index]

    def settled_at(self) -> float:
        """When no duplicate can come any more that would change `rtt_ms`. Only when answered."""
        at, server, _ = self.replies[0]
        sends = [when for when, to in self.sent if to == server]
        duplicates = [when for when, source, _ in self.replies if source == server]
        if len(duplicates) >= len(sends):
            return duplicates[-1]
        return sends[-1] + (at - sends[0]) + _JITTER_S


_SLACK = 0.9
_JITTER_S = 0.02


class Asker:
    """One UDP socket that asks servers, for as long as `listen` runs."""

    def __init__(
        self, network: Network, socket: UdpSocket, tell: Callable[[Inquiry], None]
    ) -> None:
        """`tell` is called at every reply that counts, the late ones included."""
        self.network = network
        self.socket = socket
        self.can_send: bool | None = None
        """Whether the system let a datagram out; None before the first."""
        self._tell = tell
        self._open: dict[bytes, Inquiry] = {}
        self._faults: dict[tuple[Fault, str, str], int] = {}

    def inquire(
        self,
        host: str,
        region: int,
        servers: Sequence[Endpoint],
        *attributes: stun.Attribute,
        software: tuple[str, ...] = SOFTWARE,
        any_source: bool = False,
    ) -> Inquiry:
        """Open a transaction; nothing is sent yet."""
        transaction = self.network.random_bytes(stun.TRANSACTION_BYTES)
        request = stun.binding_request(transaction, *attributes, software=software)
        inquiry = Inquiry(clean(host), region, servers, transaction, request, any_source=any_source)
        self._open[transaction] = inquiry
        return inquiry

    async def ask(self, inquiry: Inquiry, sends_s: Sequence[float] = SENDS_S) -> None:
        """Send the tries, each unless it was answered before; does not wait for the last answer."""
        began = self.network.now()
        for number, offset in enumerate(sends_s):
            delay = began + offset - self.network.now()
            if delay > 0:
                try:
                    async with asyncio.timeout(delay):
                        await inquiry.over.wait()
                except TimeoutError:
                    pass
            if inquiry.over.is_set():
                return
            self._send(inquiry, inquiry.servers[number % len(inquiry.servers)])

    def _send(self, inquiry: Inquiry, server: Endpoint) -> None:
        inquiry.sent.append((self.network.now(), server))
        try:
            self.socket.send(inquiry.request, server)
        except NotPermitted as error:
            self._unsent(inquiry, server, str(error))
        except (Unreachable, NetworkError) as error:
            self._unsent(inquiry, server, str(error))
        else:
            self.can_send = True

    def _unsent(self, inquiry: Inquiry, server: Endpoint, why: str) -> None:
        if self.can_send is None:
            self.can_send = False
        self.fault(Fault.UNSENT, inquiry.host, clean(why))
        self._refuse(inquiry, server)

    def _refuse(self, inquiry: Inquiry, server: Endpoint) -> None:
        """A clear no ends this inquiry's wait once every server of it has said so; no other's."""
        inquiry.refused.add(server)
        if not inquiry.answered and inquiry.refused >= set(inquiry.servers):
            inquiry.over.set()

    async def listen(self) -> None:
        """Take what arrives, for ever; cancel it."""
        while True:
            arrival = await self.socket.receive()
            match arrival:
                case Datagram():
                    self._datagram(arrival)
                case Bounced():
                    self._bounced(arrival)

    def _datagram(self, arrival: Datagram) -> None:
        sender = str(arrival.source)
        try:
            message = stun.parse(arrival.data)
        except stun.Malformed as error:
            self.fault(Fault.GARBAGE, sender, str(error))
            return
        inquiry = self._open.get(message.transaction)
        if inquiry is None:
            self.fault(Fault.WRONG_TRANSACTION, sender, "")
            return
        if not inquiry.any_source and all(arrival.source != to for _, to in inquiry.sent):
            self.fault(Fault.WRONG_SOURCE, inquiry.host, f"answered from {sender}")
            return
        if message.message_class is stun.MessageClass.ERROR:
            code = message.error
            detail = f"{code.code} {clean(code.reason, 80)}" if code else ""
            inquiry.error_code = code.code if code else 0
            self.fault(Fault.ERROR_RESPONSE, inquiry.host, detail)
            self._refuse(inquiry, arrival.source)
            return
        mapped = message.mapped
        asked_family = self.socket.local.family
        if (
            message.message_class is not stun.MessageClass.SUCCESS
            or mapped is None
            or mapped.family is not asked_family
        ):
            self.fault(Fault.NO_ADDRESS, inquiry.host, "")
            return
        inquiry.replies.append((arrival.at, arrival.source, message))
        inquiry.over.set()
        self._tell(inquiry)

    def _bounced(self, arrival: Bounced) -> None:
        reporter = f" by {arrival.reporter}" if arrival.reporter is not None else ""
        for inquiry in self._open.values():
            if any(server == arrival.destination for _, server in inquiry.sent):
                self.fault(Fault.REFUSED, inquiry.host, f"{arrival.error}{reporter}")
                self._refuse(inquiry, arrival.destination)

    def fault(self, fault: Fault, host: str, detail: str) -> None:
        """Note something that did not count."""
        key = (fault, host, detail)
        if key in self._faults or len(self._faults) < MOST_FAULTS:
            self._faults[key] = self._faults.get(key, 0) + 1

    def rejected(self) -> tuple[Rejected, ...]:
        """All faults so far."""
        return tuple(Rejected(*key, count) for key, count in self._faults.items())


MOST_FAULTS = 50
"""A flood of forged replies must not fill the memory; more kinds than these tell nothing new."""
