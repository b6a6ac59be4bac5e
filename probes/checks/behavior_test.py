"""One RFC 5780 server's testimony: what it can do, and what the NAT did with its answers.

Filtering comes first, on a socket that has never sent anywhere else (section 4.4). Only then do
plain requests go to the server's other address: they show that it is there, and are steps II and
III of the mapping test (section 4.3), which all leave from one control socket.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from probes.addresses import may_be_public
from probes.checks.inquiry import SENDS_S, Asker, Inquiry
from probes.model import Endpoint, Filtering, Mapping
from probes.network.seam import Network
from probes.readings.behavior import ServerState
from probes.values import dataclass
from probes.wire.stun import Attribute, AttributeType, ChangeRequest

SOFTWARE = ("whyrelay",)
GRACE_S = 0.3
GRACE_ROUND_TRIPS = 3
SILENT_S = 1.4
"""A server that has not answered a plain request three times by then is passed over."""
TRANSACTIONS = 7
"""Of one server's test: four for filtering, three for mapping. The proof is for named ones."""

_CHANGE_BOTH = Attribute(AttributeType.CHANGE_REQUEST, ChangeRequest(ip=True, port=True))
_CHANGE_PORT = Attribute(AttributeType.CHANGE_REQUEST, ChangeRequest(ip=False, port=True))


@dataclass(frozen=True, slots=True)
class Testimony:
    """What one server's test says."""

    host: str
    primary: Endpoint
    other: Endpoint | None
    state: ServerState
    mapping: Mapping = Mapping.UNKNOWN
    filtering: Filtering = Filtering.UNKNOWN
    proven_able: bool = False
    """An answer with a changed source was seen, on whichever socket."""
    collision: bool | None = None
    """See `_collision`; None where the test does not apply."""
    rtt_ms: float = 0.0
    """Of the plain request; only of an able server."""


class ServerTest:
    """Tests against one server. `fresh` has never sent; `control` carries all mapping probes."""

    def __init__(
        self,
        network: Network,
        host: str,
        primary: Endpoint,
        fresh: Asker,
        control: Asker,
        *,
        prove_ability: bool,
        must_be_public: bool,
        turn: Callable[[], Awaitable[None]],
        looks_able: Callable[[str, Endpoint, float], None],
    ) -> None:
        """`turn` waits until a transaction may begin; `looks_able` is told the first good sign."""
        self.network = network
        self.host = host
        self.primary = primary
        self.fresh = fresh
        self.control = control
        self.prove_ability = prove_ability
        self.must_be_public = must_be_public
        self.turn = turn
        self.looks_able = looks_able

    async def run(self) -> Testimony:
        """All steps, one after the other."""
        plain = self._inquire(self.fresh, self.primary)
        both = self._inquire(self.fresh, self.primary, _CHANGE_BOTH)
        port = self._inquire(self.fresh, self.primary, _CHANGE_PORT)
        first = self._inquire(self.control, self.primary)
        await self._turns(4)
        asking = [
            asyncio.create_task(asker.ask(each))
            for asker, each in (
                (self.fresh, plain),
                (self.fresh, both),
                (self.fresh, port),
                (self.control, first),
            )
        ]
        try:
            if not await _over(plain, SILENT_S) or not plain.answered:
                return self._passed_over(ServerState.SILENT)
            other = plain.replies[0][2].other
            if not self._useful(other):
                return self._passed_over(ServerState.NO_OTHER_ADDRESS)
            assert other is not None
            self.looks_able(self.host, self.primary, plain.rtt_ms())
            await self._await_changed(plain, both, other)
        finally:
            for task in asking:
                task.cancel()
            await asyncio.gather(*asking, return_exceptions=True)
        state = self._honesty(both, port, other)
        if state is not None:
            return self._passed_over(state, other)
        return await self._mapping(first, plain, other, self._filtering(both, port, other))

    async def _turns(self, count: int) -> None:
        for _ in range(count):
            await self.turn()

    def _inquire(self, asker: Asker, to: Endpoint, *attributes: Attribute) -> Inquiry:
        return asker.inquire(
            self.host, 0, (to,), *attributes, software=SOFTWARE, any_source=bool(attributes)
        )

    def _useful(self, other: Endpoint | None) -> bool:
        if other is None or other.family is not self.primary.family:
            return False
        if other.address == self.primary.address or other.port == self.primary.port:
            return False
        return may_be_public(other.address) or not self.must_be_public

    def _passed_over(self, state: ServerState, other: Endpoint | None = None) -> Testimony:
        return Testimony(self.host, self.primary, other, state)

    # --- filtering ------------------------------------------------------------------------------

    async def _await_changed(self, plain: Inquiry, both: Inquiry, other: Endpoint) -> None:
        """Until the fully changed answer has come, or three tries and a grace have passed."""
        until = plain.sent[0][0] + silence_s(plain.rtt_ms())
        while (left_s := until - self.network.now()) > 0:
            if _came_from(both, other) or both.error_code is not None:
                return
            both.over.clear()
            await _over(both, left_s)

    def _honesty(self, both: Inquiry, port: Inquiry, other: Endpoint) -> ServerState | None:
        """Why the server does not count, or None."""
        if both.error_code is not None or port.error_code is not None:
            return ServerState.REFUSES
        changed_port = Endpoint(self.primary.address, other.port)
        if any(source != other for _, source, _ in both.replies):
            return ServerState.LIAR
        if any(source != changed_port for _, source, _ in port.replies):
            return ServerState.LIAR
        return None

    def _filtering(self, both: Inquiry, port: Inquiry, other: Endpoint) -> Filtering:
        if _came_from(both, other):
            return Filtering.ENDPOINT_INDEPENDENT
        if _came_from(port, Endpoint(self.primary.address, other.port)):
            return Filtering.ADDRESS_DEPENDENT
        return Filtering.ADDRESS_AND_PORT_DEPENDENT

    # --- mapping --------------------------------------------------------------------------------

    async def _mapping(
        self, first: Inquiry, plain: Inquiry, other: Endpoint, filtering: Filtering
    ) -> Testimony:
        second = self._inquire(self.control, Endpoint(other.address, self.primary.port))
        third = self._inquire(self.control, other)
        back = self._inquire(self.fresh, other)
        wait_s = silence_s(plain.rtt_ms())
        await self._turns(3)
        await asyncio.gather(
            ask_once(self.control, second, wait_s),
            ask_once(self.control, third, wait_s),
            ask_once(self.fresh, back, wait_s),
        )
        if not third.answered and not back.answered:
            proven = filtering is not Filtering.ADDRESS_AND_PORT_DEPENDENT
            if not proven:
                return self._passed_over(ServerState.OTHER_SILENT, other)
        proven = filtering is not Filtering.ADDRESS_AND_PORT_DEPENDENT
        mapping = _mapping(first, second, third)
        # Where each destination has a mapping of its own, the answer from elsewhere meets none.
        if not proven and self.prove_ability and mapping is Mapping.ENDPOINT_INDEPENDENT:
            proven = await self._proof(other, wait_s)
        return Testimony(
            self.host,
            self.primary,
            other,
            ServerState.ABLE,
            mapping,
            filtering,
            proven,
            _collision(plain, back, first, third, filtering),
            plain.rtt_ms(),
        )

    async def _proof(self, other: Endpoint, wait_s: float) -> bool:
        """The control socket has sent to the other address: its filter lets the answer in."""
        again = self._inquire(self.control, self.primary, _CHANGE_BOTH)
        await ask_once(self.control, again, wait_s)
        return _came_from(again, other)


def silence_s(rtt_ms: float) -> float:
    """Seconds after the first try when silence counts, of a server with this round trip."""
    return SENDS_S[-1] + max(GRACE_S, GRACE_ROUND_TRIPS * rtt_ms / 1000.0)


async def ask_once(asker: Asker, inquiry: Inquiry, wait_s: float) -> None:
    """Send the tries, and wait so long for an answer."""
    asking = asyncio.create_task(asker.ask(inquiry))
    try:
        await _over(inquiry, wait_s)
    finally:
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)


async def _over(inquiry: Inquiry, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await inquiry.over.wait()
    except TimeoutError:
        return False
    return True


def _came_from(inquiry: Inquiry, source: Endpoint) -> bool:
    return any(each == source for _, each, _ in inquiry.replies)


def _mapped(inquiry: Inquiry) -> Endpoint | None:
    return inquiry.replies[0][2].mapped if inquiry.replies else None


def _mapping(first: Inquiry, second: Inquiry, third: Inquiry) -> Mapping:
    """RFC 5780 section 4.3, from the mapped addresses of steps I, II and III."""
    one, two, three = _mapped(first), _mapped(second), _mapped(third)
    if one is None or (two is None and three is None):
        return Mapping.UNKNOWN
    if two is None:
        return Mapping.ENDPOINT_INDEPENDENT if one == three else Mapping.VARIES
    if one == two:
        return Mapping.ENDPOINT_INDEPENDENT
    if three is None:
        return Mapping.VARIES
    return Mapping.ADDRESS_DEPENDENT if two == three else Mapping.ADDRESS_AND_PORT_DEPENDENT


def _collision(
    plain: Inquiry, back: Inquiry, first: Inquiry, third: Inquiry, filtering: Filtering
) -> bool | None:
    """Whether an unsolicited packet made the router give this device another port.

    The other address sent to the fresh socket unasked, and nothing came in. If the fresh socket
    now leaves to that address from another port, while the control socket, to which nothing was
    sent unasked, keeps its own, then the router took the packet for itself and its connection
    table holds the port.
    """
    if filtering is Filtering.ENDPOINT_INDEPENDENT:
        return None
    mapped = (_mapped(plain), _mapped(back), _mapped(first), _mapped(third))
    if any(each is None for each in mapped) or mapped[2] != mapped[3]:
        return None
    return mapped[0] != mapped[1]
