"""What one end tells the other: where to aim, and by which nonce its packets are known.

Offers travel over somebody else's channel, so they are read with limits and without trust.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

from probes.model import Endpoint

SCHEMA = "whyrelay-offer/1"
MOST_BYTES = 8192
MOST_CANDIDATES = 24
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


class BadOffer(ValueError):
    """The text is no offer. One sentence."""


def encode(offer: Offer) -> str:
    """One line of JSON."""
    return json.dumps(
        {
            "schema": SCHEMA,
            "nonce": offer.nonce.hex(),
            "candidates": [[str(each.kind), str(each.endpoint)] for each in offer.candidates],
        }
    )


def decode(text: str) -> Offer:
    """The reverse of `encode`. Raises BadOffer."""
    if len(text) > MOST_BYTES:
        raise BadOffer("The other end's offer is too long to be one.")
    try:
        value = json.loads(text)
        if value["schema"] != SCHEMA:
            raise BadOffer("The other end speaks another version of the offer.")
        nonce = bytes.fromhex(value["nonce"])
        pairs = value["candidates"][:MOST_CANDIDATES]
        candidates = tuple(
            Candidate(CandidateKind(kind), Endpoint.parse(endpoint)) for kind, endpoint in pairs
        )
    except BadOffer:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise BadOffer("The other end's offer cannot be read.") from None
    if len(nonce) != NONCE_BYTES:
        raise BadOffer("The other end's offer has no proper nonce.")
    return Offer(nonce, candidates)
