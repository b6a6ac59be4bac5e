"""Looking for a router that speaks UPnP (SSDP), and believing only what comes from the router.

Anything on the network may answer a search. Only the default router's own answers are followed, and
only to an address of its own or right beside it; whoever else answers is named and left alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import field, replace
from ipaddress import ip_address
from urllib.parse import urlsplit

from probes.addresses import AddressKind
from probes.checks.context import Context
from probes.checks.gateway import Asked
from probes.clean import clean
from probes.model import Endpoint, IPAddress
from probes.network.seam import Datagram, NetworkError, UdpSocket
from probes.readings.igd import STRANGE, Strange, StrangeReason
from probes.readings.local import IPInterface
from probes.values import dataclass
from probes.wire import ssdp

NOT_SEEN_YET_S = 0.4
ABSENT_S = 1.4
"""The second search is at 0.4 s, and devices spread their answers over MX = 1 s."""
MOST_FOLLOWED = 4
MOST_STRANGE = 20
"""Kinds of odd answers that are named; a flood of more tells nothing new."""
_LONGEST_DETAIL = 120


@dataclass(frozen=True, slots=True)
class Location:
    """A description that may be fetched."""

    url: str
    host: IPAddress
    software: str
    """The SERVER header; cleaned."""


def judge(
    found: ssdp.Found, asked: Asked, beside: Sequence[IPInterface]
) -> Location | StrangeReason:
    """Whether the place that a router's answer points to may be contacted. Pure."""
    try:
        parts = urlsplit(found.location)
        host, port = ip_address(parts.hostname or ""), parts.port
    except ValueError:
        return StrangeReason.BAD_LOCATION
    plain = parts.scheme == "http" and parts.username is None and port != 0
    if not plain or not found.location.isascii() or not found.location.isprintable():
        return StrangeReason.BAD_LOCATION
    if not may_contact(host, asked, beside):
        return StrangeReason.LOCATION_ELSEWHERE
    return Location(found.location, host, clean(found.server, _LONGEST_DETAIL))


def may_contact(host: IPAddress, asked: Asked, beside: Sequence[IPInterface]) -> bool:
    """The router itself, or a private address in the same prefix as this device. Pure."""
    if host == asked.gateway:
        return True
    if host.version != 4 or host == asked.own:
        return False
    near = any(host in own.network for own in beside if own.ip == asked.own)
    return near and AddressKind.of(host) in (AddressKind.PRIVATE, AddressKind.CARRIER)


@dataclass(slots=True)
class Search:
    """One search: sends, listens, sorts what comes."""

    context: Context
    asked: Asked
    beside: tuple[IPInterface, ...]
    """This device's own addresses, with their prefixes."""
    answered: bool = False
    """The router itself answered that it is one."""
    unsent: str = ""
    """Why the system did not let the search out; "" where it did."""
    _locations: asyncio.Queue[Location] = field(default_factory=asyncio.Queue)
    _seen: set[str] = field(default_factory=set)
    _strange: dict[tuple[StrangeReason, str, str], int] = field(default_factory=dict)

    async def locations(self) -> AsyncGenerator[Location, None]:
        """The places to fetch, as they come in; ends when it is time to say "absent"."""
        socket = await self._open()
        listening = self.context.spawn(self._listen(socket))
        began = self.context.network.now()
        try:
            for rounds, until_s in ((0, NOT_SEEN_YET_S), (1, ABSENT_S)):
                if rounds == 0 or not self.answered:
                    self._send(socket, rounds)
                if self.unsent:
                    return
                while (left := began + until_s - self.context.network.now()) > 0:
                    try:
                        async with asyncio.timeout(left):
                            found = await self._locations.get()
                    except TimeoutError:
                        break
                    yield found
                if rounds == 0 and not self.answered:
                    self.context.progress(1, 4, "not-seen-yet", str(self.asked.gateway))
        finally:
            if self.answered:
                listening.cancel()

    async def late(self) -> None:
        """Wait until the router answers after all. Waits for ever; cancel it."""
        await self._locations.get()

    async def _open(self) -> UdpSocket:
        # A multicast leaves by the interface whose address it carries: no route says which.
        bind = replace(self.asked.bind, address=self.asked.own)
        return await self.context.network.udp(bind)

    def _send(self, socket: UdpSocket, rounds: int) -> None:
        gateway = Endpoint(self.asked.gateway, ssdp.PORT)
        first = ((ssdp.GATEWAY_1, ssdp.GROUP), (ssdp.ALL, gateway))
        again = (
            (ssdp.ALL, ssdp.GROUP),
            (ssdp.GATEWAY_1, gateway),
            (ssdp.GATEWAY_2, ssdp.GROUP),
        )
        faults = []
        wanted = again if rounds else first
        for target, to in wanted:
            try:
                socket.send(ssdp.search(target, to), to)
            except NetworkError as error:
                faults.append(str(error))
        if len(faults) == len(wanted):
            self.unsent = faults[0]

    async def _listen(self, socket: UdpSocket) -> None:
        while True:
            arrival = await socket.receive()
            if isinstance(arrival, Datagram):
                self._datagram(arrival)

    def _datagram(self, arrival: Datagram) -> None:
        sender = arrival.source.address
        try:
            found = ssdp.parse(arrival.data)
        except ssdp.Malformed as error:
            if sender == self.asked.gateway:
                self.strange(StrangeReason.GARBAGE, str(sender), str(error))
            return
        if not found.is_gateway:
            return  # a printer or a television: the search was not for them
        if sender != self.asked.gateway:
            self.strange(StrangeReason.NOT_THE_GATEWAY, str(sender), found.location)
            return
        self.answered = True
        place = judge(found, self.asked, self.beside)
        if isinstance(place, StrangeReason):
            self.strange(place, str(sender), found.location)
        elif place.url not in self._seen and len(self._seen) < MOST_FOLLOWED:
            self._seen.add(place.url)
            self._locations.put_nowait(place)

    def strange(self, reason: StrangeReason, sender: str, detail: str) -> None:
        """Note something that was not followed, and tell it if it is of a new kind."""
        key = (reason, sender, clean(detail, _LONGEST_DETAIL))
        if key in self._strange:
            self._strange[key] += 1
        elif len(self._strange) < MOST_STRANGE:
            self._strange[key] = 1
            self.tell_strange()

    def tell_strange(self) -> None:
        """Tell everything that was not followed, with how often."""
        found = tuple(Strange(*key, count) for key, count in self._strange.items())
        self.context.known(STRANGE, found, "answers to the search for a router")
