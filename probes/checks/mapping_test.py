"""One family's side of a mapping test: a socket, whom it asked, and what the answers say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field

from probes.checks.context import Context
from probes.checks.inquiry import Asker, Inquiry
from probes.checks.ways_out import bind_for, way_out_reading
from probes.model import Endpoint, Family, Known, Reason
from probes.network.seam import Bind, NetworkError
from probes.readings import relays
from probes.readings.local import WayOut
from probes.readings.stun import BY_FAMILY, StunAnswer
from probes.values import dataclass


@dataclass(slots=True)
class Side:
    """One socket's questions and answers."""

    context: Context
    family: Family
    way_out: WayOut | None
    """None: the local check could not say; the routes decide."""
    asker: Asker
    inquiries: list[Inquiry] = field(default_factory=list)
    """To the relays."""
    elsewhere: list[Inquiry] = field(default_factory=list)
    """To other STUN servers. They never count as relays' answers."""
    on_change: Callable[[], None] = lambda: None

    def answered(self) -> list[Inquiry]:
        """The relays that answered, in the order of their answers."""
        return _by_arrival(self.inquiries)

    def answers(self) -> tuple[StunAnswer, ...]:
        """What the relays answered, in order."""
        return tuple(self._answer(each) for each in self.answered())

    def answers_elsewhere(self) -> tuple[StunAnswer, ...]:
        """What the other servers answered, in order."""
        return tuple(self._answer(each) for each in _by_arrival(self.elsewhere))

    def first_server(self) -> Endpoint:
        """The relay whose answer came first. Only when there is one."""
        return self.answered()[0].replies[0][1]

    def _answer(self, inquiry: Inquiry) -> StunAnswer:
        _, server, message = inquiry.replies[0]
        assert message.mapped is not None  # the asker passes no other
        return StunAnswer(
            region=inquiry.region,
            host=inquiry.host,
            server=server,
            mapped=message.mapped,
            local=self._local(),
            rtt_ms=round(self.rtt_ms(inquiry), 3),
            tries=len(inquiry.sent),
        )

    def rtt_ms(self, inquiry: Inquiry) -> float:
        """Round trip of an answered inquiry, in milliseconds, in the light of the relay's TLS."""
        known = {
            answer.region: answer.server_hello_ms
            for answer in self.context.board.report.value(relays.TCP_ANSWERS) or ()
            if answer.server_hello_ms is not None
        }
        return inquiry.rtt_ms(
            known.get(inquiry.region),
            min(known.values(), default=0.0),
            self.context.network.now(),
        )

    def _local(self) -> Endpoint:
        bound = self.asker.socket.local
        if bound.address.is_unspecified and self.way_out is not None:
            return Endpoint(self.way_out.source, bound.port)
        return bound

    def source(self, what: str) -> str:
        """Provenance, marked where the packets left through a tunnel."""
        if self.way_out is not None and self.way_out.through_tunnel:
            return f"{what}, seen through {self.way_out.tunnel}"
        return what

    def heard(self, inquiry: Inquiry) -> None:
        """A reply came: tell what it adds."""
        if inquiry in self.inquiries:
            self._tell()
        self.on_change()

    def _tell(self) -> None:
        answers = self.answers()
        keys, context = BY_FAMILY[self.family], self.context
        count = f"{len(answers)} answer{'s' if len(answers) > 1 else ''}"
        first = answers[0]
        context.known(keys.answers, answers, self.source(f"STUN, {count}"))
        context.known(keys.endpoint, first.mapped, self.source(f"STUN from {first.server}"))
        context.known(keys.can_send, True, "datagrams were sent")
        preserved = all(answer.mapped.port == answer.local.port for answer in answers)
        context.known(keys.port_preserved, preserved, self.source(f"STUN, {count}"))
        if len(answers) > 1:
            varies = len({answer.mapped for answer in answers}) > 1
            context.known(keys.varies, varies, self.source(f"STUN from one socket, {count}"))

    def conclude(self, waited_s: float) -> None:
        """The check's end: what did not answer is told as such."""
        keys, context = BY_FAMILY[self.family], self.context
        if self.asker.can_send is not None:
            sent = "datagrams were sent" if self.asker.can_send else "the system refused to send"
            context.known(keys.can_send, self.asker.can_send, sent)
        asked, answered = len(self.inquiries), len(self.answered())
        if answered:
            self._tell()  # round trips that were open have settled by now
            if answered == 1:
                context.unknown(keys.varies, Reason.TOO_FEW_ANSWERS, f"1 of {asked} answered")
            return
        if not asked:
            context.unknown(keys.endpoint, Reason.NO_SERVER, "no server with such an address")
            return
        detail = f"{asked} asked, {waited_s:.1f} s waited"
        context.known(keys.answers, (), self.source(f"no answer; {detail}"))
        for key in (keys.endpoint, keys.varies, keys.port_preserved):
            context.unknown(key, Reason.NO_ANSWER, detail)


async def open_side(context: Context, family: Family) -> Side | None:
    """The side of one family, its socket bound to the way out; None where there is no way out."""
    keys = BY_FAMILY[family]
    reading = await way_out_reading(context, family)
    way_out: WayOut | None = None
    bind = Bind(family)
    if isinstance(reading, Known):
        way_out = reading.value
        if way_out is None:
            detail = f"no usable IPv{int(family)} address or route"
            for key in keys.all():
                context.unknown(key, Reason.NOT_APPLICABLE, detail)
            return None
        bind = bind_for(way_out)
    try:
        socket = await context.network.udp(bind)
    except NetworkError as error:
        for key in keys.all():
            context.unknown(key, Reason.NOT_APPLICABLE, str(error))
        return None

    def heard(inquiry: Inquiry) -> None:
        side.heard(inquiry)

    # Side and asker know each other: heard() looks `side` up when the first reply comes.
    side = Side(context, family, way_out, Asker(context.network, socket, heard))
    return side


def _by_arrival(inquiries: list[Inquiry]) -> list[Inquiry]:
    return sorted(
        (each for each in inquiries if each.answered), key=lambda each: each.replies[0][0]
    )
