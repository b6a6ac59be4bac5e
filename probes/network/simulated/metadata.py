"""A cloud's metadata service, as each provider's answers (link-local, port 80)."""

from __future__ import annotations

from collections.abc import Callable

from probes.model import IPAddress
from probes.network.simulated import schema
from probes.network.simulated.packet import (
    HttpAnswer,
    HttpRequest,
    Packet,
    Syn,
    SynAck,
    Transport,
)
from probes.network.simulated.stun_server import Reply
from probes.surroundings.metadata import QUESTIONS, Provider, Question
from probes.values import dataclass

HTTP_PORT = 80
TOKEN = "practice-token"  # noqa: S105 - part of a practice network


@dataclass(frozen=True, slots=True)
class MetadataSpec:
    """Whose service it is, and what it tells."""

    provider: Provider
    address: IPAddress | None = None
    """None: this machine has no public address of its own."""


@dataclass(frozen=True, slots=True)
class MetadataService:
    """Answers what its provider answers, and only to whoever asks the provider's way."""

    spec: MetadataSpec

    def services(self) -> dict[tuple[Transport, int], Callable[[Packet], list[Reply]]]:
        """What it answers, by transport and port."""
        return {(Transport.TCP, HTTP_PORT): self._http}

    def _http(self, packet: Packet) -> list[Reply]:
        match packet.payload:
            case Syn():
                return [Reply(packet.answer(SynAck()))]
            case HttpRequest() as request:
                return [Reply(packet.answer(self._answer(request)))]
            case _:
                return []

    def _answer(self, request: HttpRequest) -> HttpAnswer:
        own = next(each for each in QUESTIONS if each.provider is self.spec.provider)
        headers = set(request.ask.headers)
        if own.token_path and request.path == own.token_path:
            good = request.ask.method == "PUT" and headers >= set(own.token_headers)
            return HttpAnswer(200, body=TOKEN.encode()) if good else HttpAnswer(400)
        if request.path != own.path.partition("?")[0]:
            return HttpAnswer(404)
        if not headers >= set(own.headers):
            return HttpAnswer(403)
        if own.token_path and (own.token_goes_in, TOKEN) not in headers:
            return HttpAnswer(401)
        return self._tell(own)

    def _tell(self, own: Question) -> HttpAnswer:
        shown = (own.shown_by,) if own.shown_by is not None else ()
        if not own.names_address:
            return HttpAnswer(200, shown, b'[{"privateIp": "10.0.0.2"}]')
        if self.spec.address is None:
            empty = self.spec.provider is Provider.AZURE
            return HttpAnswer(200 if empty else 404, shown)
        return HttpAnswer(200, shown, str(self.spec.address).encode())


METADATA = schema.table(MetadataSpec, provider=schema.choice(Provider), address=schema.address4)
"""Reads a box's `metadata` table."""
