"""STUN servers: a relay's, plain ones, those of RFC 5780, and those that get it wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field, replace
from enum import StrEnum
from random import Random
from typing import TypeVar, assert_never

from probes.model import Endpoint, IPAddress
from probes.network.simulated.packet import Packet
from probes.values import dataclass
from probes.wire.stun import (
    BINDING,
    MAGIC_COOKIE,
    Attribute,
    AttributeType,
    ChangeRequest,
    ErrorCode,
    Malformed,
    Message,
    MessageClass,
    build,
    parse,
)

T = TypeVar("T")
_COOKIE = MAGIC_COOKIE.to_bytes(4)
RELAY_SOFTWARE = "tailnode"
"""What a relay's server wants to read in a request (Tailscale net/stun/stun.go)."""
_COMPREHENSION_OPTIONAL = 0x8000
_UNKNOWN_ATTRIBUTE, _BAD_REQUEST, _SERVER_ERROR = 420, 400, 500


class StunKind(StrEnum):
    """What a server can do."""

    RELAY = "relay"
    """Answers only requests with a relay client's SOFTWARE and a FINGERPRINT; ignores the rest."""
    PLAIN = "plain"
    """RFC 8489 Binding and nothing more."""
    BEHAVIOR = "rfc5780"
    """Two addresses and two ports: CHANGE-REQUEST and RESPONSE-PORT."""


class StunFault(StrEnum):
    """What is wrong with a server."""

    NONE = "none"
    SILENT = "silent"
    """Never answers."""
    GARBAGE = "garbage"
    """Answers with bytes that are no STUN."""
    WRONG_TRANSACTION = "wrong-transaction"
    WRONG_SOURCE = "wrong-source"
    """Answers from a port that was not asked."""
    NO_ADDRESS = "no-address"
    """A success response without an address."""
    ERROR = "error"
    """Answers every request with error 500."""
    LYING = "lying"
    """Promises CHANGE-REQUEST and answers it from the address that was asked."""
    REFUSING = "refusing"
    """Promises CHANGE-REQUEST and answers it with error 420."""
    BOASTING = "boasting"
    """Promises CHANGE-REQUEST and never answers it; its other address is dead."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A packet that a server sends, after a time."""

    packet: Packet
    after_s: float = 0.0


@dataclass(slots=True, eq=False)
class StunServer:
    """A server's STUN side. `ports` are (primary, alternate); the alternate may be missing."""

    kind: StunKind
    addresses: tuple[IPAddress, ...]
    """Of one family: the primary, then the alternate where there is one."""
    ports: tuple[int, ...]
    rng: Random
    fault: StunFault = StunFault.NONE
    answer_after_s: float = 0.0
    ignores_first: int = 0
    """So many requests get no answer."""
    software: str = ""
    _seen: int = field(default=0, init=False)

    def answer(self, packet: Packet) -> Iterable[Reply]:
        """The answers to a datagram that came to one of the addresses and ports."""
        assert isinstance(packet.payload, bytes)
        payload, old_id = packet.payload, b""
        if self.kind is StunKind.BEHAVIOR and payload[4:8] != _COOKIE:
            # RFC 3489: no cookie, its four bytes belong to the transaction id.
            payload, old_id = payload[:4] + _COOKIE + payload[8:], payload[4:8]
        try:
            request = parse(payload)
        except Malformed:
            return
        if request.message_class is not MessageClass.REQUEST or request.method != BINDING:
            return
        if self.kind is StunKind.RELAY and not _from_relay_client(request):
            return
        self._seen += 1
        if self._seen <= self.ignores_first:
            return
        for reply in self._replies(packet, request):
            if old_id and isinstance(reply.payload, bytes):
                data = reply.payload[:4] + old_id + reply.payload[8:]
                reply = replace(reply, payload=data)
            yield Reply(reply, self.answer_after_s)

    def _replies(self, packet: Packet, request: Message) -> Iterator[Packet]:
        match self.fault:
            case StunFault.SILENT:
                return
            case StunFault.GARBAGE:
                yield packet.answer(self.rng.randbytes(48))
            case StunFault.WRONG_TRANSACTION:
                forged = Message(MessageClass.SUCCESS, BINDING, self.rng.randbytes(12), ())
                yield packet.answer(_success(forged, packet.source))
            case StunFault.WRONG_SOURCE:
                other = Endpoint(packet.destination.address, packet.destination.port ^ 1)
                yield packet.answer(_success(request, packet.source), source=other)
            case StunFault.NO_ADDRESS:
                yield packet.answer(_build(MessageClass.SUCCESS, request))
            case StunFault.ERROR:
                yield packet.answer(_error(request, _SERVER_ERROR, "Server Error"))
            case StunFault.NONE | StunFault.LYING | StunFault.REFUSING | StunFault.BOASTING:
                yield from self._ordinary(packet, request)
            case _:
                assert_never(self.fault)

    def _ordinary(self, packet: Packet, request: Message) -> Iterator[Packet]:
        match self.kind:
            case StunKind.RELAY:
                yield packet.answer(_success(request, packet.source))
            case StunKind.PLAIN:
                unknown = _not_understood(request)
                if unknown:
                    yield packet.answer(_refuse(request, unknown))
                else:
                    yield packet.answer(_success(request, packet.source, software=self.software))
            case StunKind.BEHAVIOR:
                yield from self._behavior(packet, request)
            case _:
                assert_never(self.kind)

    def _behavior(self, packet: Packet, request: Message) -> Iterator[Packet]:
        """RFC 5780 section 6."""
        change = request.get(AttributeType.CHANGE_REQUEST)
        to_port = request.get(AttributeType.RESPONSE_PORT)
        asked = packet.destination
        if self.fault is StunFault.BOASTING and (change or asked.address != self.addresses[0]):
            return
        if self.fault is StunFault.REFUSING and change:
            yield packet.answer(_refuse(request, (AttributeType.CHANGE_REQUEST,)))
            return
        if to_port is not None and request.get(AttributeType.PADDING) is not None:
            yield packet.answer(_error(request, _BAD_REQUEST, "Bad Request"))
            return
        origin = asked
        if isinstance(change, ChangeRequest) and self.fault is not StunFault.LYING:
            origin = Endpoint(
                _other(self.addresses, asked.address) if change.ip else asked.address,
                _other(self.ports, asked.port) if change.port else asked.port,
            )
        other = Endpoint(_other(self.addresses, asked.address), _other(self.ports, asked.port))
        data = _success(request, packet.source, origin, other, self.software)
        answer = packet.answer(data, source=origin)
        if isinstance(to_port, int):
            answer = answer.sent_to(Endpoint(packet.source.address, to_port))
        yield answer


def _other(pair: tuple[T, ...], asked: T) -> T:
    """The one of two that was not asked; the only one where there is one."""
    return pair[1] if len(pair) > 1 and asked == pair[0] else pair[0]


def _from_relay_client(request: Message) -> bool:
    """The right SOFTWARE among the attributes, FINGERPRINT as the last one."""
    names = [each.value for each in request.attributes if each.type == AttributeType.SOFTWARE]
    last = request.attributes[-1].type if request.attributes else None
    return RELAY_SOFTWARE in names and last == AttributeType.FINGERPRINT


def _not_understood(request: Message) -> tuple[int, ...]:
    """RFC 8489 section 6.3.1: attributes that must be understood and are not."""
    return tuple(each.type for each in request.attributes if each.type < _COMPREHENSION_OPTIONAL)


def _success(
    request: Message,
    mapped: Endpoint,
    origin: Endpoint | None = None,
    other: Endpoint | None = None,
    software: str = "",
) -> bytes:
    attributes = [Attribute(AttributeType.XOR_MAPPED_ADDRESS, mapped)]
    if origin is not None and other is not None:
        # The names of RFC 3489 beside those of RFC 5780: servers serve both kinds of client.
        attributes += [
            Attribute(AttributeType.MAPPED_ADDRESS, mapped),
            Attribute(AttributeType.RESPONSE_ORIGIN, origin),
            Attribute(AttributeType.OTHER_ADDRESS, other),
            Attribute(AttributeType.SOURCE_ADDRESS, origin),
            Attribute(AttributeType.CHANGED_ADDRESS, other),
        ]
    if software:
        attributes.append(Attribute(AttributeType.SOFTWARE, software))
    return _build(MessageClass.SUCCESS, request, *attributes)


def _refuse(request: Message, unknown: tuple[int, ...]) -> bytes:
    return _error(
        request,
        _UNKNOWN_ATTRIBUTE,
        "Unknown Attribute",
        Attribute(AttributeType.UNKNOWN_ATTRIBUTES, unknown),
    )


def _error(request: Message, code: int, reason: str, *more: Attribute) -> bytes:
    attribute = Attribute(AttributeType.ERROR_CODE, ErrorCode(code, reason))
    return _build(MessageClass.ERROR, request, attribute, *more)


def _build(kind: MessageClass, request: Message, *attributes: Attribute) -> bytes:
    return build(Message(kind, BINDING, request.transaction, attributes))
