"""The `nat-pmp` check: does the router open ports over NAT-PMP (RFC 6886)?

Asking for the external address opens nothing. A test mapping is made only with consent.
"""

from __future__ import annotations

import asyncio

from probes.addresses import AddressKind
from probes.checks import mapping_errors
from probes.checks.context import Context
from probes.checks.gateway import Asked, Silence, Talk, round_trip_s, whom
from probes.checks.mapping_leftovers import tell_leftovers
from probes.checks.mapping_service import NatPmpService, OtherVersion, read_nat_pmp
from probes.checks.mapping_trial import try_mapping
from probes.model import CheckId, Reason, Unknown
from probes.network.seam import NetworkError
from probes.readings.port_mapping import NAT_PMP, NAT_PMP_EPOCH
from probes.values import dataclass
from probes.wire import natpmp


class NatPmpCheck:
    """See the module."""

    id = CheckId.NAT_PMP
    budget_ms = 15_000.0
    """With a test mapping; without one it is over after two seconds at most."""

    async def run(self, context: Context) -> None:
        """Ask for the external address; with consent, try a mapping."""
        asked = await whom(context)
        if isinstance(asked, Unknown):
            for key in (NAT_PMP.present, NAT_PMP.external, NAT_PMP.error, NAT_PMP.test):
                context.unknown(key, asked.reason, asked.detail)
            return
        try:
            talk = await Talk.open(
                context.network, asked, natpmp.PORT, lambda: round_trip_s(context, asked)
            )
        except NetworkError as error:
            context.unknown(NAT_PMP.present, Reason.NOT_APPLICABLE, str(error))
            return
        async with asyncio.TaskGroup() as group:
            group.create_task(tell_leftovers(context, asked))
            group.create_task(_Run(context, asked, talk).go())


@dataclass(slots=True)
class _Run:
    context: Context
    asked: Asked
    talk: Talk

    async def go(self) -> None:
        answer = await self.talk.ask(natpmp.address_request(), _read_address, self._progress)
        self.context.progress(1, 1, "ask", str(self.asked.gateway))
        match answer:
            case Silence():
                self._silent(answer)
            case OtherVersion():
                self._absent(f"{self.asked.gateway} answered in version {answer.version}, PCP's")
            case natpmp.Reply():
                self._tell(answer)
                if answer.result != natpmp.ResultCode.UNSUPPORTED_VERSION:
                    service = NatPmpService(self.talk)
                    await try_mapping(
                        self.context, self.asked, service, NAT_PMP.test, NAT_PMP.external
                    )

    def _progress(self, sent: int, share: float) -> None:
        detail = f"{self.asked.gateway}, try {sent}"
        self.context.progress(round(share * 100), 100, "ask", detail)

    def _silent(self, silence: Silence) -> None:
        if silence.unsent:
            for key in (NAT_PMP.present, NAT_PMP.external, NAT_PMP.error, NAT_PMP.test):
                self.context.unknown(key, Reason.NO_RIGHTS, silence.why)
            return
        self._absent(f"{self.asked.gateway}: {silence.why}")
        if not silence.refused:
            self.context.spawn(self._late())

    async def _late(self) -> None:
        answer = await self.talk.later(_read_address)
        if isinstance(answer, natpmp.Reply):
            self._tell(answer)

    def _absent(self, source: str) -> None:
        context = self.context
        context.known(NAT_PMP.present, False, source + self.talk.notes())
        for key in (NAT_PMP.external, NAT_PMP.error, NAT_PMP.test):
            context.unknown(key, Reason.NOT_APPLICABLE, "the router does not speak NAT-PMP")

    def _tell(self, reply: natpmp.Reply) -> None:
        context, gateway = self.context, self.asked.gateway
        source = f"NAT-PMP answer of {gateway}{self.talk.notes()}"
        if reply.result == natpmp.ResultCode.UNSUPPORTED_VERSION:
            self._absent(f"{gateway} answered that it does not speak this version")
            context.known(NAT_PMP.error, mapping_errors.nat_pmp(reply.result), source)
            return
        context.known(NAT_PMP.present, True, source)
        context.known(NAT_PMP_EPOCH, reply.epoch_s, source)
        if reply.external is not None:
            kind = AddressKind.of(reply.external)
            context.known(NAT_PMP.external, reply.external, f"{source}: a {kind} address")
            context.known(NAT_PMP.error, None, source)
            return
        error = mapping_errors.nat_pmp(reply.result)
        context.known(NAT_PMP.error, error, source)
        detail = f"the router answered {error.name or error.code}"
        context.unknown(NAT_PMP.external, Reason.NO_ANSWER, detail)


def _read_address(data: bytes) -> natpmp.Reply | OtherVersion | None:
    reply = read_nat_pmp(data)
    if isinstance(reply, natpmp.Reply) and reply.opcode != natpmp.Opcode.ADDRESS:
        # A refusal to speak this version carries no opcode that could be compared.
        return reply if reply.result == natpmp.ResultCode.UNSUPPORTED_VERSION else None
    return reply
