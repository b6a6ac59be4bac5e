"""The `pcp` check: does the router open ports over PCP (RFC 6887)?

ANNOUNCE opens nothing. A test mapping, and an opening in an IPv6 firewall, is made only with
consent. The anycast addresses of RFC 7723 are not asked: where the router does not hold them, such
a packet would leave the house, and a stranger would be asked for a port.
"""

from __future__ import annotations

import asyncio
from typing import Any

from probes.checks import mapping_errors
from probes.checks.context import Context
from probes.checks.gateway import Asked, Silence, Talk, round_trip_s, whom
from probes.checks.mapping_leftovers import tell_leftovers
from probes.checks.mapping_service import OtherVersion, PcpService, read_pcp
from probes.checks.mapping_trial import try_mapping
from probes.model import CheckId, Family, Reason, Unknown
from probes.network.seam import NetworkError
from probes.readings.key import Key
from probes.readings.port_mapping import (
    LET_THROUGH6,
    PCP,
    PCP_EPOCH,
    PINHOLE6,
    PRESENT6,
    MappingTest,
    ServiceKeys,
)
from probes.values import dataclass
from probes.wire import pcp


class PcpCheck:
    """See the module."""

    id = CheckId.PCP
    budget_ms = 15_000.0
    """With a test mapping; without one it is over after two seconds at most."""

    async def run(self, context: Context) -> None:
        """Announce, over IPv4 and IPv6; with consent, try a mapping."""
        async with asyncio.TaskGroup() as group:
            for family in Family:
                group.create_task(_family(context, family))


@dataclass(frozen=True, slots=True)
class _Keys:
    """What one address family fills. The IPv6 side has no address to map: it opens a pinhole."""

    present: Key[bool]
    test: Key[MappingTest]
    service: ServiceKeys | None

    def all(self) -> tuple[Key[Any], ...]:
        """Everything that stays unknown where there is nobody to ask."""
        more = (self.service.external, self.service.error) if self.service else (LET_THROUGH6,)
        return (self.present, self.test, *more)


_KEYS = {
    Family.V4: _Keys(PCP.present, PCP.test, PCP),
    Family.V6: _Keys(PRESENT6, PINHOLE6, None),
}


async def _family(context: Context, family: Family) -> None:
    keys = _KEYS[family]
    asked = await whom(context, family)
    if isinstance(asked, Unknown):
        for key in keys.all():
            context.unknown(key, asked.reason, asked.detail)
        return
    try:
        talk = await Talk.open(
            context.network, asked, pcp.PORT, lambda: round_trip_s(context, asked)
        )
    except NetworkError as error:
        context.unknown(keys.present, Reason.NOT_APPLICABLE, str(error))
        return
    async with asyncio.TaskGroup() as group:
        group.create_task(tell_leftovers(context, asked))
        group.create_task(_Run(context, asked, talk, family, keys).go())


@dataclass(slots=True)
class _Run:
    context: Context
    asked: Asked
    talk: Talk
    family: Family
    keys: _Keys

    async def go(self) -> None:
        request = pcp.announce_request(self.asked.own)
        answer = await self.talk.ask(request, _read_announce, self._progress)
        if self.family is Family.V4:
            self.context.progress(1, 1, "announce", str(self.asked.gateway))
        match answer:
            case Silence():
                self._silent(answer)
            case OtherVersion():
                self._other_version(answer)
            case pcp.Reply():
                self._tell(answer)
                service = PcpService(self.talk)
                external = self.keys.service.external if self.keys.service else None
                await try_mapping(self.context, self.asked, service, self.keys.test, external)

    def _progress(self, sent: int, share: float) -> None:
        if self.family is Family.V4:
            detail = f"{self.asked.gateway}, try {sent}"
            self.context.progress(round(share * 100), 100, "announce", detail)

    def _silent(self, silence: Silence) -> None:
        if silence.unsent:
            self.context.unknown(self.keys.present, Reason.NO_RIGHTS, silence.why)
            self._not_asked(Reason.NO_RIGHTS, silence.why)
            return
        self._absent(f"{self.asked.gateway}: {silence.why}")
        if not silence.refused:
            self.context.spawn(self._late())

    async def _late(self) -> None:
        answer = await self.talk.later(_read_announce)
        if isinstance(answer, pcp.Reply):
            self._tell(answer)

    def _other_version(self, answer: OtherVersion) -> None:
        speaks = "NAT-PMP" if answer.version == 0 else f"version {answer.version}"
        self._absent(f"{self.asked.gateway} answered in {speaks}, not in PCP {pcp.VERSION}")

    def _absent(self, source: str) -> None:
        self.context.known(self.keys.present, False, source + self.talk.notes())
        self._not_asked(Reason.NOT_APPLICABLE, "the router does not speak PCP")

    def _not_asked(self, reason: Reason, detail: str) -> None:
        self.context.unknown(self.keys.test, reason, detail)
        if self.keys.service is not None:
            self.context.unknown(self.keys.service.external, reason, detail)
            self.context.unknown(self.keys.service.error, reason, detail)

    def _tell(self, reply: pcp.Reply) -> None:
        context = self.context
        source = f"PCP answer of {self.asked.gateway}{self.talk.notes()}"
        if not reply.ok:
            error = mapping_errors.pcp_result(reply.result)
            source += f", {error.name or error.code}"
        context.known(self.keys.present, True, source)
        service = self.keys.service
        if service is None:
            return
        context.known(PCP_EPOCH, reply.epoch_s, source)
        context.known(service.error, None if reply.ok else error, source)
        if not context.options.map_test:
            detail = "PCP tells the address only with a mapping"
            context.unknown(service.external, Reason.NEEDS_CONSENT, detail)


def _read_announce(data: bytes) -> pcp.Reply | OtherVersion | None:
    reply = read_pcp(data)
    if isinstance(reply, pcp.Reply) and reply.opcode != pcp.Opcode.ANNOUNCE:
        return None
    return reply
