"""What one end tells the other: where to aim, and by which nonce its packets are known.

Offers travel over somebody else's channel, by hand too, so they are read with limits and without
trust; line breaks and spaces that a mail or a terminal put in do no harm.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import StrEnum

from probes.model import Endpoint
from probes.readings.port_mapping import MappingProtocol
from probes.values import dataclass

SCHEMA = "whyrelay-offer/1"
MOST_BYTES = 8192
MOST_CANDIDATES = 24
MOST_SEEN = 64
NONCE_BYTES = 16


class CandidateKind(StrEnum):
    """Where an endpoint is known from (the kinds that tailscaled announces)."""

    LOCAL = "local"
    """An address of an interface."""
    STUN = "stun"
    """What a server saw of this very socket."""
    STUN_LOCAL_PORT = "stun4localport"
    """The public address with the socket's own port: a static forward would lead here."""
    PORT_MAPPING = "portmap"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An endpoint that a peer may aim at."""

    kind: CandidateKind
    endpoint: Endpoint


@dataclass(frozen=True, slots=True)
class Offer:
    """One end's offer."""

    nonce: bytes
    """Packets to this end carry it. Whoever knows it was told."""
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """An offer as it is shown, with what its end has seen of others by then."""

    offer: Offer
    seen: frozenset[bytes] = frozenset()
    """The nonces of the offers that lie beside it. Whoever left one there and went sees nobody."""
    meets: bytes | None = None
    """The nonce of the end that it has begun to try."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A port that the router has opened for a meeting."""

    protocol: MappingProtocol
    endpoint: Endpoint
    """As the internet would see it, if the router tells the truth."""


class BadOffer(ValueError):
    """The text is no offer. One sentence."""


def encode(offer: Offer, seen: Iterable[bytes] = (), meets: bytes | None = None) -> str:
    """One line of JSON."""
    value: dict[str, object] = {
        "schema": SCHEMA,
        "nonce": offer.nonce.hex(),
        "candidates": [[str(each.kind), str(each.endpoint)] for each in offer.candidates],
    }
    if kept := sorted(each.hex() for each in seen):
        value["seen"] = kept[:MOST_SEEN]
    if meets is not None:
        value["meets"] = meets.hex()
    return json.dumps(value)


def encode_note(note: Note) -> str:
    """One line of JSON."""
    return encode(note.offer, note.seen, note.meets)


def decode(text: str) -> Offer:
    """The reverse of `encode`, for the offer alone. Raises BadOffer."""
    return decode_note(text).offer


def decode_note(text: str) -> Note:
    """The reverse of `encode_note`. Raises BadOffer."""
    if len(text) > MOST_BYTES:
        raise BadOffer("The other end's offer is too long to be one.")
    try:
        value = json.loads("".join(text.split()))
        if value["schema"] != SCHEMA:
            raise BadOffer("The other end speaks another version of the offer.")
        nonce = bytes.fromhex(value["nonce"])
        pairs = value["candidates"][:MOST_CANDIDATES]
        candidates = tuple(
            Candidate(CandidateKind(kind), Endpoint.parse(endpoint)) for kind, endpoint in pairs
        )
        seen = frozenset(bytes.fromhex(each) for each in value.get("seen", ())[:MOST_SEEN])
        meets = bytes.fromhex(value["meets"]) if "meets" in value else None
    except BadOffer:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise BadOffer("The other end's offer cannot be read.") from None
    if len(nonce) != NONCE_BYTES:
        raise BadOffer("The other end's offer has no proper nonce.")
    return Note(Offer(nonce, candidates), seen, meets)
